//! One level of a pyramid as plain values, and the choice of the level to read for a voxel size.

use serde::Serialize;

use super::DType;
use crate::geometry::{BoxNm, GridTransform, VoxelBox, Zyx};

/// What a level is, without its data. Spatial values are z, y, x whatever the array's own axis order.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Level {
    /// Path of the array inside its group, such as `s0`.
    pub path: String,
    /// Voxels. An axis that the array lacks counts 1.
    pub shape: Zyx<u64>,
    /// Voxels of the unit that is read and decoded at once: a chunk, or an inner chunk of a shard.
    pub chunk_shape: Zyx<u64>,
    /// Voxels of a shard, for sharded arrays.
    pub shard_shape: Option<Zyx<u64>>,
    /// Element type.
    pub dtype: DType,
    /// World from voxel, nm.
    pub world_from_voxel: GridTransform,
    /// Value of absent chunks.
    pub fill_value: f64,
    /// Zarr format version, 2 or 3.
    pub zarr_format: u8,
    /// Codec names, outermost last, such as `sharding_indexed(blosc)`.
    pub codecs: Vec<String>,
}

impl Level {
    /// Voxel size, nm.
    #[must_use]
    pub fn voxel_size_nm(&self) -> Zyx<f64> {
        self.world_from_voxel.voxel_size_nm
    }

    /// The level's box in the world, edge to edge, nm.
    #[must_use]
    pub fn bounds(&self) -> BoxNm {
        self.world_from_voxel.world_box(&VoxelBox::of_shape(self.shape))
    }

    /// Bytes of a decoded chunk.
    #[must_use]
    pub fn chunk_bytes(&self) -> u64 {
        self.chunk_shape.product().saturating_mul(self.dtype.size_bytes() as u64)
    }

    /// Chunks per axis.
    #[must_use]
    pub fn chunk_grid(&self) -> Zyx<u64> {
        self.shape.zip_map(self.chunk_shape, |n, c| n.div_ceil(c.max(1)))
    }
}

/// The coarsest level that is nowhere coarser than `voxel_size_nm` (1 % tolerance), else the finest.
///
/// cellmap reference 2.1: version A's promise ("never coarser than requested if a fine enough level exists").
#[must_use]
pub fn choose_level(levels: &[Level], voxel_size_nm: Zyx<f64>) -> usize {
    const TOLERANCE: f64 = 1.01;
    let volume_nm3 = |level: &Level| level.voxel_size_nm().product();
    let by_size = |a: &usize, b: &usize| volume_nm3(&levels[*a]).total_cmp(&volume_nm3(&levels[*b]));
    let fine_enough = |index: &usize| {
        let size = levels[*index].voxel_size_nm();
        size.zip_map(voxel_size_nm, |have, asked| have <= asked * TOLERANCE).all(|ok| ok)
    };
    (0..levels.len()).filter(fine_enough).max_by(by_size).or_else(|| (0..levels.len()).min_by(by_size)).unwrap_or(0)
}
