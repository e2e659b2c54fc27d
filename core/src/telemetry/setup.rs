//! What a loader was told to do, as far as its speed depends on it, in plain values: what a diagnosis reads beside the
//! measurements, also at the other end of a wire.

use serde::{Deserialize, Serialize};

/// The configuration in force, and the machine it runs on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setup {
    /// Worker threads.
    pub threads: usize,
    /// Batches that may be built at a time.
    pub builders: usize,
    /// Processors that the process may use.
    pub cores: usize,
    /// Samples in a batch.
    pub batch_size: usize,
    /// Bytes of a full batch.
    pub batch_bytes: u64,
    /// Batches that may be in flight or wait, by their bytes.
    pub batches_ahead: u64,
    /// `loader.memory`, bytes.
    pub memory_bytes: u64,
    /// `sampling.chunk_local`.
    pub chunk_local: u64,
    /// Every array of a batch, in its order.
    pub arrays: Vec<ArraySetup>,
    /// The keys of what `[augment]` switches on, such as `augment.elastic`.
    pub augmentations: Vec<String>,
}

/// One array of every batch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArraySetup {
    /// Its table in the configuration, such as `input.raw`.
    pub key: String,
    /// Its encoding's name, such as `u8`.
    pub encoding: String,
    /// Voxels of a patch along z, y, x.
    pub shape: [u64; 3],
    /// Voxel size, nm, along z, y, x.
    pub voxel_size_nm: [f64; 3],
    /// Channels of an input, or classes of a target.
    pub channels: usize,
    /// The classes of a target.
    pub classes: Vec<String>,
    /// Bytes that it takes in a batch for each sample, masks among them.
    pub sample_bytes: u64,
    /// The level that it is read from, in the first dataset; `None` where that is not one volume.
    pub stored: Option<StoredSetup>,
}

/// The level that an array is read from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoredSetup {
    /// Where its volume is.
    pub path: String,
    /// Which level of it, 0 the finest.
    pub level: usize,
    /// Its voxels along z, y, x.
    pub shape: [u64; 3],
    /// Its voxel size, nm, along z, y, x.
    pub voxel_size_nm: [f64; 3],
    /// That of the next coarser level, if there is one.
    pub coarser_nm: Option<[f64; 3]>,
    /// Voxels of a chunk along z, y, x.
    pub chunk_shape: [u64; 3],
    /// Bytes of a decoded voxel.
    pub voxel_bytes: u64,
    /// Whether chunks lie in shards.
    pub is_sharded: bool,
}
