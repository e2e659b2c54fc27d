//! `[sampling]` of the configuration.

use serde::{Deserialize, Serialize};

/// How the place of a sample is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Every patch position of every source with equal probability.
    #[default]
    Uniform,
}

/// What to do with a crop that is smaller than a patch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmallCrops {
    /// Centre the patch on the crop; what lies outside is unknown.
    #[default]
    Pad,
    /// Leave the crop out.
    Drop,
}

/// `[sampling]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sampling {
    /// How places are chosen.
    pub strategy: Strategy,
    /// Samples in one epoch.
    pub samples_per_epoch: u64,
    /// What to do with a crop that is smaller than a patch.
    pub small_crops: SmallCrops,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { strategy: Strategy::default(), samples_per_epoch: 8000, small_crops: SmallCrops::default() }
    }
}
