//! Whole boxes of voxels as they are stored: copies from cached chunks, no resampling.

use super::{Buffer, ChunkCache, Volume, Voxel};
use crate::geometry::{ChunkWindow, VoxelBox, Zyx, chunk_windows};
use crate::{Error, Result, with_dtype};

/// See [`Volume::read_box`]. `level` is valid.
pub(super) fn read_box(volume: &Volume, level: usize, roi: &VoxelBox, cache: &ChunkCache) -> Result<Buffer> {
    with_dtype!(volume.dtype(), T => read_typed::<T>(volume, level, roi, cache).map(T::into_buffer))
}

fn read_typed<T: Voxel>(volume: &Volume, level: usize, roi: &VoxelBox, cache: &ChunkCache) -> Result<Vec<T>> {
    let info = &volume.levels()[level];
    let fill = T::elements_of(volume.fill(level)).and_then(|fill| fill.first()).copied().unwrap_or_default();
    let mut out = allocate(volume.path(), roi.shape(), fill)?;
    let out_shape = roi.shape().map(|n| n as usize);
    let chunk_shape = info.chunk_shape.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
    for ChunkWindow { chunk, voxels } in chunk_windows(roi, info.shape, info.chunk_shape) {
        let Some(found) = volume.chunk(level, chunk, cache)? else { continue };
        let Some(from) = T::elements_of(&found.data) else { continue };
        let origin = chunk.map(|c| c as i64) * chunk_shape;
        let extent = voxels.shape().map(|n| n as usize);
        let source = (voxels.lo - origin).map(|v| v as usize);
        let target = (voxels.lo - roi.lo).map(|v| v as usize);
        for z in 0..extent.z {
            for y in 0..extent.y {
                let row = |at: Zyx<usize>, shape: Zyx<usize>| ((at.z + z) * shape.y + at.y + y) * shape.x + at.x;
                let (a, b) = (row(source, found.shape), row(target, out_shape));
                out[b..b + extent.x].copy_from_slice(&from[a..a + extent.x]);
            }
        }
    }
    Ok(out)
}

/// A buffer for a box, or an error if no memory holds it.
fn allocate<T: Voxel>(path: &str, shape: Zyx<u64>, fill: T) -> Result<Vec<T>> {
    let len = shape.to_array().into_iter().try_fold(1_u64, u64::checked_mul).and_then(|n| usize::try_from(n).ok());
    let mut out = Vec::new();
    match len {
        Some(len) if out.try_reserve_exact(len).is_ok() => {
            out.resize(len, fill);
            Ok(out)
        }
        _ => Err(Error::TooLarge { path: path.to_owned(), shape: shape.to_array() }),
    }
}
