//! Where a patch shows voxels of chunks that are not in the store.

use std::sync::Arc;

use super::gather;
use super::patch::{check_size, fetch};
use super::planning::{plan_read, plan_warp};
use super::slab::Source;
use super::warp_gather::Nearest;
use super::warp_window::gather as gather_warped;
use super::{Buffer, Caches, Chunk, Resample, Volume, warped};
use crate::Result;
use crate::geometry::PatchGrid;

/// Of each voxel of `grid`: 1 in `absent` if the chunk of the voxel of `level` whose centre is nearest is not in the store,
/// else 0; outside the volume 0.
///
/// Chunks are looked up as they are read, through the cache: after a read of the same place they are there.
///
/// # Errors
/// A chunk that cannot be read or decoded; as [`super::read_patch`] for the sizes.
pub fn read_absence(volume: &Volume, level: usize, grid: &PatchGrid, caches: &Caches, absent: &mut [u8]) -> Result<()> {
    let _here = caches.meter.enter();
    check_size(volume, grid, absent.len())?;
    let level = level.min(volume.levels().len() - 1);
    absent.fill(0);
    // Gathered from stand-ins: chunks of ones in the place of absent ones, and nothing, which is 0, in that of the others.
    if grid.warp.is_none() {
        let plan = plan_read(volume, level, grid, Resample::Nearest, caches)?;
        let chunks = stand_ins(volume, level, &fetch(volume, &plan, caches)?);
        gather::copy_stored(&plan, &Source { chunks: &chunks, fill: 0_u8 }, absent, |voxel| voxel);
    } else {
        let plan = plan_warp(volume, level, grid, Resample::Nearest, caches)?;
        // A chunk of the plan's box that the patch does not touch is not looked up, and no voxel is taken from it.
        let chunks = stand_ins(volume, level, &warped::fetch(volume, &plan, caches)?);
        gather_warped(&plan, (&chunks, 0_u8), &Nearest(|voxel: u8| voxel), absent, None);
    }
    Ok(())
}

fn stand_ins(volume: &Volume, level: usize, chunks: &[Option<Arc<Chunk>>]) -> Vec<Option<Arc<Chunk>>> {
    let shape = volume.levels()[level].chunk_shape.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    let is_needed = chunks.iter().any(Option::is_none);
    let ones = is_needed.then(|| Arc::new(Chunk::new(shape, Buffer::U8(vec![1; shape.product()]))));
    chunks.iter().map(|chunk| if chunk.is_none() { ones.clone() } else { None }).collect()
}
