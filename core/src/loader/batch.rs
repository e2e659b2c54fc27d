//! A batch: named arrays of `[batch, channel, z, y, x]` and where each sample came from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{BatchArrays, Known, SkippedSample};
use crate::geometry::{BoxNm, PatchGrid};
use crate::sample::Reason;
use crate::sample::intensity::IntensityRecipe;
use crate::volume::Buffer;

/// Whether an array is what the network sees or what it should say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Raw intensities.
    Input,
    /// Labels.
    Target,
}

/// One named array of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchArray {
    /// The name in the configuration: `raw` of `[input.raw]`.
    pub name: String,
    /// Input or target.
    pub role: Role,
    /// `[batch, channel, z, y, x]`. The channels of a target are the classes, in the configured order; with `affinity`
    /// each class has as many as there are offsets, and with `bits` all classes share one.
    pub shape: [usize; 5],
    /// Elements in C order.
    pub data: Buffer,
    /// Targets only, same shape: 1 where the label is known, 0 where nobody annotated (never background).
    pub known: Option<Known<u8>>,
    /// `bits` only, instead of `known` and of the same shape: bit c says whether class c is known.
    pub known_bits: Option<Known<u64>>,
    /// Targets: the classes in order, of the channels, or of the bits from the lowest. Empty for an input.
    pub classes: Arc<[String]>,
}

impl BatchArray {
    /// Bytes of data and mask.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        let bits = self.known_bits.as_deref().map_or(0, size_of_val);
        (self.data.size_bytes() + self.known.as_deref().map_or(0, size_of_val) + bits) as u64
    }

    /// Bytes that are this batch's alone: not those of a mask in which everything is known, which all batches share.
    #[must_use]
    pub fn own_bytes(&self) -> u64 {
        let shared = self.known.as_ref().filter(|known| known.is_shared()).map_or(0, |known| size_of_val(&**known));
        let shared_bits =
            self.known_bits.as_ref().filter(|known| known.is_shared()).map_or(0, |bits| size_of_val(&**bits));
        self.size_bytes() - (shared + shared_bits) as u64
    }
}

impl BatchArray {
    /// Fills it with bytes that nobody wants.
    pub(super) fn spoil(&mut self) {
        crate::with_buffer!(&mut self.data, data => bytemuck::cast_slice_mut::<_, u8>(data).fill(0xA5));
        // What is shared belongs to others, too.
        self.known.iter_mut().filter(|known| !known.is_shared()).for_each(|known| known.fill(0xA5));
        let bits = self.known_bits.iter_mut().filter(|known| !known.is_shared());
        bits.for_each(|known| known.fill(u64::from_ne_bytes([0xA5; 8])));
    }
}

/// Which level an array of a sample was read from, and what that took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReadSource {
    /// The array's name in the configuration.
    pub array: String,
    /// The class, for a channel of a target.
    pub class: Option<String>,
    /// Index of the level; `None` where the class is not annotated here.
    pub level: Option<usize>,
    /// Chunks touched.
    pub chunks: usize,
    /// Touched chunks that are absent from the store (they read as the fill value).
    pub absent_chunks: usize,
    /// Of a class that is not annotated here: the annotated classes whose presence says that it is absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inferred_from: Vec<String>,
}

/// Where a sample came from: enough to draw it again and to find it in the volume.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Epoch, from 0.
    pub epoch: u64,
    /// Index of the sample in the epoch, from 0.
    pub index: u64,
    /// It comes for the second time in its epoch, so that every rank gets as many samples.
    #[serde(default)]
    pub repeated: bool,
    /// The configured seed.
    pub seed: u64,
    /// 0, or how often the draw was repeated because a sample could not be read.
    pub attempt: u32,
    /// Index of the dataset in the catalog.
    pub dataset_index: usize,
    /// The dataset's name.
    pub dataset: String,
    /// The label crop that was drawn from, if the dataset has any.
    pub crop: Option<String>,
    /// The grid of the batch's first array: centre, shape, voxel size, orientation (mirror and transpose) and warp
    /// (rotation, scale, shear, and the parameters of the displacement field).
    pub grid: PatchGrid,
    /// The smallest box around its footprint in the world, nm.
    pub world_box: BoxNm,
    /// Of a tile of a grid: the box (half-open, nm) that it alone shows; targets are unknown outside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tile: Option<BoxNm>,
    /// Of a tile of a grid that could not be read: why. Its inputs are 0 and its targets unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacking: Option<String>,
    /// What was done to the intensities of every input, in this order.
    #[serde(default)]
    pub intensity: IntensityRecipe,
    /// Why it lies where it does: strategy, class, foreground voxel, neighbourhood.
    #[serde(default)]
    pub reason: Reason,
    /// Per array and class: the level read.
    pub sources: Vec<ReadSource>,
}

/// One batch, owned by whoever took it. When its arrays are dropped, their memory serves a later one of the same loader.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Epoch of its first sample.
    pub epoch: u64,
    /// Number of the batch since the start, from 0.
    pub number: u64,
    /// Inputs by name, then targets by name.
    pub arrays: BatchArrays,
    /// One per sample.
    pub provenance: Vec<Provenance>,
    /// What could not be read: other samples were drawn in the place of these; tiles of a grid came without their data.
    pub skipped: Vec<SkippedSample>,
}

impl Batch {
    /// Bytes of all arrays.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.arrays.iter().map(BatchArray::size_bytes).sum()
    }

    /// The array of that name.
    #[must_use]
    pub fn array(&self, name: &str) -> Option<&BatchArray> {
        self.arrays.iter().find(|array| array.name == name)
    }
}
