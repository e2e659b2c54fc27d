//! Reading a box of one level as it is stored: no resampling, no conversion.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::{Buffer, Chunk, ChunkCache, Volume, Voxel};
use crate::geometry::{ChunkWindow, VoxelBox, Zyx, chunk_windows};
use crate::{Error, Result, with_buffer, with_dtype};

/// The elements of a box of voxels of one level (counted as in [`Volume::levels`]), C order, z, y, x; what is outside of
/// the level is its fill value. Chunks are decoded side by side on rayon's pool.
///
/// # Errors
/// [`Error::TooLarge`] for a box that no memory holds; a chunk that cannot be read or decoded.
pub fn read_region(volume: &Volume, level: usize, region: &VoxelBox, cache: &ChunkCache) -> Result<Buffer> {
    let index = level.min(volume.levels().len() - 1);
    let level = &volume.levels()[index];
    let shape = region.shape();
    let too_large = || Error::TooLarge { path: volume.path().to_owned(), shape: shape.to_array() };
    let len = shape.to_array().into_iter().try_fold(1_u64, u64::checked_mul).ok_or_else(too_large)?;
    let bytes = len.checked_mul(level.dtype.size_bytes() as u64).filter(|bytes| i64::try_from(*bytes).is_ok());
    let len = bytes.and_then(|_| usize::try_from(len).ok()).ok_or_else(too_large)?;
    let windows: Vec<_> = chunk_windows(region, level.shape, level.chunk_shape).collect();
    with_dtype!(level.dtype, T => {
        let fill = T::elements_of(volume.fill(index)).and_then(|fill| fill.first()).copied().unwrap_or_default();
        let mut out = Vec::<T>::new();
        out.try_reserve_exact(len).map_err(|_| too_large())?;
        out.resize(len, fill);
        // As many at a time as are decoded at once: what is decoded need not all be held.
        for windows in windows.chunks(2 * rayon::current_num_threads()) {
            let read = |window: &ChunkWindow| Ok((*window, volume.chunk(index, window.chunk, cache)?));
            let chunks: Result<Vec<_>> = windows.into_par_iter().map(read).collect();
            for (window, chunk) in chunks? {
                if let Some(chunk) = chunk {
                    copy_window(&window, level.chunk_shape, &chunk, region, &mut out);
                }
            }
        }
        Ok(T::into_buffer(out))
    })
}

/// Copies the part of a chunk that a window names to its place in the box.
fn copy_window<T: Voxel>(window: &ChunkWindow, chunk_shape: Zyx<u64>, chunk: &Chunk, region: &VoxelBox, out: &mut [T]) {
    with_buffer!(&chunk.data, stored => {
        // The chunk's elements have the level's type, by which `T` was chosen.
        let Ok(stored) = bytemuck::try_cast_slice::<_, T>(stored) else { return };
        let origin = window.chunk.zip_map(chunk_shape, |chunk, n| (chunk * n) as i64);
        let row = |at: Zyx<i64>, shape: Zyx<usize>| {
            let at = at.map(|v| v as usize);
            (at.z * shape.y + at.y) * shape.x + at.x
        };
        let out_shape = region.shape().map(|n| n as usize);
        let VoxelBox { lo, hi } = window.voxels;
        let len = (hi.x - lo.x) as usize;
        for z in lo.z..hi.z {
            for y in lo.y..hi.y {
                let voxel = Zyx::new(z, y, lo.x);
                let (from, to) = (row(voxel - origin, chunk.shape), row(voxel - region.lo, out_shape));
                out[to..to + len].copy_from_slice(&stored[from..from + len]);
            }
        }
    });
}
