//! Samples that could not be read and were drawn again, kept until somebody asks why.

use std::collections::{HashSet, VecDeque};

use parking_lot::Mutex;
use serde::Serialize;

/// A sample that could not be read, with `on_error = "skip"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

/// One skipped sample per reason: a damaged chunk meets many samples, but is one piece of news. How many samples were
/// skipped in all is in [`Stats`](crate::telemetry::Stats).
#[derive(Debug, Default)]
pub(super) struct SkippedSamples(Mutex<News>);

#[derive(Debug, Default)]
struct News {
    untold: VecDeque<SkippedSample>,
    reasons: HashSet<String>,
}

impl SkippedSamples {
    /// Reasons that are told apart; by then everything is broken, and no further one is news.
    const REASONS: usize = 1000;

    /// Keeps the sample until it is taken, and answers true, if its reason is new.
    pub(super) fn push(&self, sample: &SkippedSample) -> bool {
        let mut news = self.0.lock();
        let is_new = news.reasons.len() < Self::REASONS && news.reasons.insert(sample.reason.clone());
        if is_new {
            news.untold.push_back(sample.clone());
        }
        is_new
    }

    pub(super) fn take(&self) -> Vec<SkippedSample> {
        std::mem::take(&mut self.0.lock().untold).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(index: u64, reason: u64) -> SkippedSample {
        SkippedSample { epoch: 0, index, dataset: "a".to_owned(), crop: None, reason: reason.to_string() }
    }

    #[test]
    fn every_reason_is_told_once() {
        let skipped = SkippedSamples::default();
        let new = (0..10).filter(|index| skipped.push(&sample(*index, index / 5))).count();
        assert_eq!(new, 2);
        let told: Vec<_> = skipped.take().into_iter().map(|sample| (sample.index, sample.reason)).collect();
        assert_eq!(told, [(0, "0".to_owned()), (5, "1".to_owned())]);
        assert!(!skipped.push(&sample(11, 0)) && skipped.take().is_empty());
    }

    #[test]
    fn memory_stays_bounded() {
        let skipped = SkippedSamples::default();
        let new = (0..5000).filter(|&index| skipped.push(&sample(index, index))).count();
        assert_eq!((new, skipped.take().len()), (SkippedSamples::REASONS, SkippedSamples::REASONS));
    }
}
