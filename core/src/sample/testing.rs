//! Sources for the tests of this room.

use super::{PatchSpec, Source};
use crate::geometry::{BoxNm, GridTransform, Zyx};
use crate::volume::{DType, Level};

/// A level of `shape`³ voxels of `voxel_nm`, the centre of the first at 0.
pub(super) fn level(shape: u64, voxel_nm: f64) -> Level {
    Level {
        path: "s0".to_owned(),
        shape: Zyx::splat(shape),
        chunk_shape: Zyx::splat(64),
        shard_shape: None,
        dtype: DType::U8,
        world_from_voxel: GridTransform::new(Zyx::splat(voxel_nm), Zyx::splat(0.0)),
        fill_value: 0.0,
        zarr_format: 2,
        codecs: Vec::new(),
    }
}

/// A cube of `shape` voxels of 8 nm; with a crop if `crop` says from which to which voxel edge along every axis.
pub(super) fn source(dataset_index: usize, shape: u64, crop: Option<(f64, f64)>) -> Source {
    let edge = |voxel: f64| Zyx::splat((voxel - 0.5) * 8.0);
    Source {
        dataset_index,
        dataset: format!("d{dataset_index}"),
        crop_index: crop.map(|_| 0),
        crop: crop.map(|_| "crop1".to_owned()),
        crop_bounds: crop.map(|(lo, hi)| BoxNm::new(edge(lo), edge(hi))),
        raw_levels: vec![level(shape, 8.0)],
    }
}

/// Patches of so many voxels of 8 nm.
pub(super) fn cubes(shape: Zyx<usize>) -> PatchSpec {
    let voxel_size_nm = Zyx::splat(8.0);
    PatchSpec { shape, voxel_size_nm, tile_nm: shape.map(|n| n as f64) * voxel_size_nm }
}
