//! The configuration: the same keys in TOML, on the command line, in the window and (later) in Python.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::catalog::Catalog;
use crate::geometry::{Axis, Zyx};

/// What a raw volume and its labels are called on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// EM image group, or a whole CellMap dataset (then `labels` may be left out). Relative to the file.
    pub raw: PathBuf,
    /// `…/crop1/[mito,er]`, `…/crop1` (every class) or `…/crop1/mito`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
}

/// `[data]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// What to train on.
    pub train: Vec<DataSource>,
    /// Target channels, in this order; empty: every class found, sorted.
    pub classes: Vec<String>,
}

/// Element type and meaning of an array of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Inputs: 0–255. Targets: 0/1 with a mask of what is known.
    U8,
    /// Inputs: 0–1 in half precision.
    F16,
    /// Inputs: 0–1. Targets: 0/1, NaN where unknown.
    F32,
    /// Targets: ids as stored, in the smallest unsigned type that holds every class array, with a mask.
    Ids,
}

/// `[input.NAME]` or `[target.NAME]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArraySpec {
    /// Voxels.
    pub shape: Zyx<usize>,
    /// Voxel size, nm.
    pub voxel_size_nm: Zyx<f64>,
    /// Element type and meaning.
    pub encoding: Encoding,
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
    /// Samples in one epoch.
    pub samples_per_epoch: u64,
    /// What to do with a crop that is smaller than a patch.
    pub small_crops: SmallCrops,
}

/// `mirror = { z = 0.5, y = 0.5, x = 0.5 }`: probability per axis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "axes")]
pub struct Mirror {
    pub z: f64,
    pub y: f64,
    pub x: f64,
}

/// `transpose = { axes = ["z", "y", "x"], probability = 1.0 }`: permutes the listed axes only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transpose {
    /// Axes that may change places.
    pub axes: Vec<Axis>,
    /// Probability that a random permutation is drawn at all.
    pub probability: f64,
}

/// `[augment]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augment {
    /// Mirror probabilities.
    pub mirror: Option<Mirror>,
    /// Axis permutation.
    pub transpose: Option<Transpose>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { samples_per_epoch: 8000, small_crops: SmallCrops::default() }
    }
}

impl Default for LoaderKeys {
    fn default() -> Self {
        Self { batch_size: 8, seed: 1, memory: 4 << 30, threads: 0, on_error: OnError::default() }
    }
}

/// What to do with a sample that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// Count it, log it, and draw another in its place.
    #[default]
    Skip,
    /// End with the error.
    Fail,
}

/// `[loader]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoaderKeys {
    /// Samples per batch.
    pub batch_size: usize,
    /// Same seed, same bytes.
    pub seed: u64,
    /// Cache, queues and batches in flight together, bytes. In TOML a number with a unit: `"4 GiB"`.
    pub memory: u64,
    /// Worker threads; 0 = all cores.
    pub threads: usize,
    /// What to do with a sample that cannot be read.
    pub on_error: OnError,
}

/// The whole configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoaderConfig {
    /// What to train on.
    pub data: Data,
    /// What the network sees, by name.
    pub input: BTreeMap<String, ArraySpec>,
    /// What it should say, by name.
    pub target: BTreeMap<String, ArraySpec>,
    /// Where samples are drawn.
    pub sampling: Sampling,
    /// How they are varied.
    pub augment: Augment,
    /// How they are made.
    pub loader: LoaderKeys,
}

impl LoaderConfig {
    /// Reads a TOML file. Paths in it become relative to the file.
    ///
    /// # Errors
    /// [`crate::Error::Config`] with file, line and key; an unknown key names the nearest known one.
    pub fn from_file(path: &Path) -> Result<Self> {
        todo!("{path:?}")
    }

    /// A configuration that fits what a catalog holds: the finest raw voxel size, 128³ or what fits, every class.
    #[must_use]
    pub fn for_catalog(catalog: &Catalog) -> Self {
        todo!("{catalog:?}")
    }

    /// Opens the datasets of `[data]`.
    ///
    /// # Errors
    /// What [`Catalog::open`] says, with the key of the entry.
    pub fn open_catalog(&self) -> Result<Catalog> {
        todo!()
    }

    /// The documented example: every key and its meaning, itself a valid configuration.
    #[must_use]
    pub fn example() -> &'static str {
        todo!()
    }

    /// Checks values that the types cannot.
    ///
    /// # Errors
    /// [`crate::Error::Config`] that names the key and what would be right.
    pub fn validate(&self) -> Result<()> {
        todo!()
    }
}
