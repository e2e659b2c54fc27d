//! The middle plane of a sample, small enough to be sent: what thumbnails are drawn from.

use serde::{Deserialize, Serialize};

/// The middle plane of one sample of a batch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleSlice {
    /// Number of the batch.
    pub batch: u64,
    /// Which sample of the batch this is, from 0.
    pub sample: u32,
    /// How many samples of the batch are sent.
    pub samples: u32,
    /// Where it came from, as JSON: the loader's own `Provenance`.
    pub provenance: String,
    /// Of the first input, its first channel.
    pub raw: Option<RawPlane>,
    /// Of the first target.
    pub labels: Option<LabelPlane>,
}

/// Grey values of a plane.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RawPlane {
    /// The array's name.
    pub array: String,
    /// Columns, rows.
    pub size: [u32; 2],
    /// In C order.
    pub values: Vec<f32>,
}

/// Labels of a plane.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelPlane {
    /// The array's name.
    pub array: String,
    /// Columns, rows.
    pub size: [u32; 2],
    /// Its classes.
    pub classes: Vec<String>,
    /// In C order: of one class its ids; of several bit c for class c.
    pub values: Vec<u64>,
    /// In C order: bit c if class c is known there.
    pub known: Vec<u64>,
}

impl SampleSlice {
    /// Whether every plane has as many values as its size says.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let voxels = |[columns, rows]: [u32; 2]| u64::from(columns) * u64::from(rows);
        let raw = self.raw.as_ref().is_none_or(|plane| plane.values.len() as u64 == voxels(plane.size));
        let labels = self.labels.as_ref().is_none_or(|plane| {
            let all = voxels(plane.size);
            plane.values.len() as u64 == all && plane.known.len() as u64 == all
        });
        raw && labels && self.sample < self.samples
    }
}

/// The slices of the newest batch, as they come one by one.
#[derive(Debug, Clone, Default)]
pub struct SliceLog {
    slices: Vec<SampleSlice>,
}

impl SliceLog {
    /// Most samples of a batch that are kept.
    const MAX_SAMPLES: usize = 64;

    /// Takes a slice; one of another batch is the first of a new one.
    pub fn push(&mut self, slice: SampleSlice) {
        if self.slices.first().is_some_and(|first| first.batch != slice.batch) {
            self.slices.clear();
        }
        // One that comes twice takes the place of the first.
        self.slices.retain(|other| other.sample != slice.sample);
        self.slices.push(slice);
        self.slices.sort_by_key(|slice| slice.sample);
        self.slices.truncate(Self::MAX_SAMPLES);
    }

    /// The slices of the newest batch in order, once all have come.
    #[must_use]
    pub fn whole(&self) -> Option<&[SampleSlice]> {
        let samples = self.slices.first()?.samples as usize;
        (self.slices.len() >= samples.min(Self::MAX_SAMPLES)).then_some(&self.slices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_whole_when_all_of_its_samples_have_come() {
        let slice = |batch, sample| SampleSlice { batch, sample, samples: 2, ..SampleSlice::default() };
        let mut log = SliceLog::default();
        assert!(log.whole().is_none());
        log.push(slice(1, 1));
        log.push(slice(1, 1));
        assert!(log.whole().is_none());
        log.push(slice(1, 0));
        assert_eq!(log.whole(), Some(&[slice(1, 0), slice(1, 1)][..]));
        log.push(slice(2, 0));
        assert!(log.whole().is_none(), "the next batch has begun");
    }

    #[test]
    fn planes_that_lack_values_are_not_whole() {
        let raw = RawPlane { array: String::new(), size: [2, 2], values: vec![0.0; 3] };
        let slice = SampleSlice { samples: 1, raw: Some(raw), ..SampleSlice::default() };
        assert!(!slice.is_whole());
        let labels = LabelPlane { size: [1, 1], values: vec![0], known: vec![], ..LabelPlane::default() };
        assert!(!SampleSlice { samples: 1, labels: Some(labels), ..SampleSlice::default() }.is_whole());
        assert!(!SampleSlice { sample: 1, samples: 1, ..SampleSlice::default() }.is_whole());
    }
}
