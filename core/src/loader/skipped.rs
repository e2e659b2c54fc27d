//! Samples that could not be read and were drawn again, kept until somebody asks why.

use std::collections::VecDeque;

use parking_lot::Mutex;

/// A sample that could not be read, with `on_error = "skip"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedSample {
    /// Epoch of the sample.
    pub epoch: u64,
    /// Index of the sample in its epoch.
    pub index: u64,
    /// Name of the dataset that it was drawn from.
    pub dataset: String,
    /// Name of the label crop, if it was drawn from one.
    pub crop: Option<String>,
    /// What could not be read, where, and what to do.
    pub reason: String,
}

/// The last samples that were skipped. How many there were in all is in [`Stats`](crate::telemetry::Stats).
#[derive(Debug, Default)]
pub(super) struct SkippedSamples(Mutex<VecDeque<SkippedSample>>);

impl SkippedSamples {
    /// Kept until they are taken; older ones go, so that nobody needs to ask.
    const KEPT: usize = 64;

    pub(super) fn push(&self, sample: SkippedSample) {
        let mut kept = self.0.lock();
        if kept.len() == Self::KEPT {
            kept.pop_front();
        }
        kept.push_back(sample);
    }

    pub(super) fn take(&self) -> Vec<SkippedSample> {
        std::mem::take(&mut *self.0.lock()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_are_kept_and_only_until_taken() {
        let skipped = SkippedSamples::default();
        for index in 0..100 {
            let (dataset, reason) = ("a".to_owned(), "b".to_owned());
            skipped.push(SkippedSample { epoch: 0, index, dataset, crop: None, reason });
        }
        let indices: Vec<_> = skipped.take().into_iter().map(|sample| sample.index).collect();
        assert_eq!(indices, (36..100).collect::<Vec<_>>());
        assert!(skipped.take().is_empty());
    }
}
