//! What the sampler answers: where one sample lies and what is done to it, as plain values.

use serde::{Deserialize, Serialize};

use super::Strategy;
use super::intensity::IntensityRecipe;
use crate::geometry::{BoxNm, PatchGrid, Zyx};

/// What to read for one sample. All arrays of a sample share its centre, orientation and warp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Epoch, from 0.
    pub epoch: u64,
    /// Index of the sample in the epoch, from 0.
    pub index: u64,
    /// The configured seed.
    pub seed: u64,
    /// 0, or how often the draw was repeated.
    pub attempt: u32,
    /// Index of the dataset in the catalog.
    pub dataset_index: usize,
    /// Index of the label crop in the dataset, if it was drawn from one.
    pub crop_index: Option<usize>,
    /// The grid of the first array.
    pub grid: PatchGrid,
    /// Of a tile of a grid: the box (half-open, nm) that it alone shows. Targets are unknown outside it, so that every voxel
    /// of a source is known in one tile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile: Option<BoxNm>,
    /// What is done to the intensities of every input.
    #[serde(default)]
    pub intensity: IntensityRecipe,
    /// Why it lies where it does.
    #[serde(default)]
    pub reason: Reason,
}

/// Why a sample lies where it does.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The strategy that chose its place.
    pub strategy: Strategy,
    /// The class that it was drawn for, if it was for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The middle of the voxel of that class, nm, that it was placed around.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreground_nm: Option<Zyx<f64>>,
    /// With `chunk_local`: the group of samples whose neighbourhood it shares, counted from 0 in the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<u64>,
}

impl Request {
    /// The grid of another array of the same sample: `shape` voxels of `voxel_size_nm` about the same centre.
    #[must_use]
    pub fn grid_of(&self, shape: Zyx<usize>, voxel_size_nm: Zyx<f64>) -> PatchGrid {
        PatchGrid { shape, voxel_size_nm, ..self.grid }
    }
}
