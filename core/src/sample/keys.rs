//! `[sampling]` of the configuration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How the place of a sample is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Every patch position of every source with equal probability.
    #[default]
    Uniform,
    /// For validation: tiles that cover every source completely, each voxel once, in an order of which every prefix is
    /// spread evenly over crops and space. The same in every epoch.
    Grid,
    /// The class seen least so far, by its real foreground; then one of its voxels, evenly, and a patch around it.
    ClassBalanced,
    /// With a probability a class, each equally often, one of its voxels, evenly, and a patch around it; else uniform.
    Foreground,
    /// A crop by its weight, and in it every patch position with equal probability.
    Weighted,
}

impl Strategy {
    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Grid => "grid",
            Self::ClassBalanced => "class_balanced",
            Self::Foreground => "foreground",
            Self::Weighted => "weighted",
        }
    }
}

/// `foreground = { probability = 0.67 }`, for `strategy = "foreground"`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Foreground {
    /// Share of the samples that are drawn around a voxel of a class; the others are drawn uniformly.
    pub probability: f64,
}

impl Default for Foreground {
    fn default() -> Self {
        Self { probability: 0.67 }
    }
}

/// What to do with a crop that is smaller than a patch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmallCrops {
    /// Centre the patch on the crop; what lies outside is unknown. (Strategy `grid` begins at the crop's lower edge.)
    #[default]
    Pad,
    /// Let the crop lie anywhere inside the patch, by whole voxels, each position equally likely. Strategy `grid` has no
    /// choice of position, and pads.
    Jitter,
    /// Leave the crop out.
    Drop,
}

/// What to do with a sample whose raw lies in chunks that are not in the store.
///
/// Zarr lets a writer leave out chunks that hold nothing but the fill value, and label arrays are often written so: an
/// absent chunk of labels means the fill value, as the format says. Of EM it more often means that only a part was
/// downloaded (`csc fetch-data` fetches the chunks around the crops): black there is no black in the specimen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AbsentChunks {
    /// The raw reads as the array's fill value; targets are unknown there, so that no network learns from nothing.
    #[default]
    Mask,
    /// Draw another sample in its place; count it.
    Skip,
    /// End with an error that names the array.
    Fail,
}

/// `subset = { count = 5000, datasets = ["jrc_*"], crops = ["crop7"] }`: draw from a part only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Subset {
    /// So many different positions, drawn once by the seed; an epoch goes through all before any comes again. Left out:
    /// every position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Names of datasets; wildcards are allowed. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<String>,
    /// Names of crops, or `dataset/crop`; wildcards are allowed. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub crops: Vec<String>,
}

/// `[sampling]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sampling {
    /// How places are chosen.
    pub strategy: Strategy,
    /// For `strategy = "foreground"`; left out: its default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreground: Option<Foreground>,
    /// For `strategy = "weighted"`: weights by names of crops (`fib25/crop1`) or datasets, wildcards allowed, the longest
    /// name that matches; 1 where none does. Empty: weights follow from the classes that crops hold.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
    /// So many samples in a row come from one neighbourhood of chunks; 1: each from anywhere.
    pub chunk_local: u64,
    /// Samples in one epoch, of all ranks together. Left out: [`Sampling::SAMPLES_PER_EPOCH`], or every tile of a grid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub samples_per_epoch: Option<u64>,
    /// Instead of `samples_per_epoch`: batches in one epoch, of all ranks together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iterations_per_epoch: Option<u64>,
    /// Draw from a part only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subset: Option<Subset>,
    /// What to do with a crop that is smaller than a patch.
    pub small_crops: SmallCrops,
    /// What to do where raw is not in the store.
    pub absent_chunks: AbsentChunks,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            foreground: None,
            weights: BTreeMap::new(),
            chunk_local: 1,
            samples_per_epoch: None,
            iterations_per_epoch: None,
            subset: None,
            small_crops: SmallCrops::default(),
            absent_chunks: AbsentChunks::default(),
        }
    }
}

impl Sampling {
    /// Samples in one epoch, unless the configuration or a grid says otherwise.
    pub const SAMPLES_PER_EPOCH: u64 = 8000;

    /// Samples in one epoch, of all ranks together, in batches of `batch_size`; `tiles` is their number on a grid, beyond
    /// which an epoch of it does not go.
    #[must_use]
    pub fn epoch_samples(&self, batch_size: usize, tiles: Option<u64>) -> u64 {
        let asked = match (self.samples_per_epoch, self.iterations_per_epoch) {
            (Some(samples), _) => samples,
            (None, Some(batches)) => batches.saturating_mul(batch_size as u64),
            (None, None) => tiles.unwrap_or(Self::SAMPLES_PER_EPOCH),
        };
        asked.min(tiles.unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_is_as_long_as_asked_and_no_longer_than_a_grid() {
        let sampling = Sampling::default();
        assert_eq!(sampling.epoch_samples(4, None), 8000);
        assert_eq!(sampling.epoch_samples(4, Some(37)), 37);
        let samples = Sampling { samples_per_epoch: Some(100), ..Sampling::default() };
        assert_eq!((samples.epoch_samples(8, None), samples.epoch_samples(8, Some(37))), (100, 37));
        let batches = Sampling { iterations_per_epoch: Some(5), ..Sampling::default() };
        assert_eq!((batches.epoch_samples(8, None), batches.epoch_samples(8, Some(37))), (40, 37));
        assert_eq!((batches.epoch_samples(2, Some(37)), batches.epoch_samples(usize::MAX, None)), (10, u64::MAX));
    }
}
