//! Reading a warped patch: plan, fetch what the cache lacks, and one gather, for every element type and output.

use std::sync::Arc;

use super::convert::Intensity;
use super::patch::{LARGEST_READ_BYTES, grid_voxel_size_in_world};
use super::walker::Walker;
use super::warp_gather::{Mean, Nearest, gather};
use super::warp_plan::WarpPlan;
use super::{Caches, Chunk, LabelCodes, PatchOut, PatchReport, Resample, Volume, Voxel, choose_level};
use crate::geometry::PatchGrid;
use crate::telemetry::{Meter, Stage};
use crate::{Error, Result, with_dtype};

/// Reads a warped patch; sizes are checked and ids are read as nearest by the caller.
pub(super) fn read(
    volume: &Volume,
    grid: &PatchGrid,
    resample: Resample,
    caches: &Caches,
    out: &mut PatchOut<'_>,
    known: Option<&mut [u8]>,
) -> Result<PatchReport> {
    let plan = make_plan(volume, grid, resample)?;
    let wanted: Vec<_> = plan.chunks().collect();
    let fetch = |chunk: &Option<_>| match chunk {
        Some(chunk) => volume.chunk(plan.level, *chunk, &caches.chunks),
        None => Ok(None),
    };
    let chunks = wanted.iter().map(fetch).collect::<Result<Vec<Option<Arc<Chunk>>>>>()?;

    let mut gathering = Meter::nested(Stage::Gather, || volume.name().to_owned());
    gathering.add_bytes((out.size_bytes() + known.as_ref().map_or(0, |known| known.len())) as u64);
    let outside_voxels = with_dtype!(volume.dtype(), T => {
        let fill = T::elements_of(volume.fill(plan.level)).and_then(|fill| fill.first()).copied().unwrap_or_default();
        gather_into(Walker::<T>::new(&plan, &chunks, fill), resample, (out, known), volume.codes())
    });
    let touched = wanted.iter().flatten().count();
    let present = chunks.iter().flatten().count();
    Ok(PatchReport { level: plan.level, chunks: touched, absent_chunks: touched - present, outside_voxels })
}

fn make_plan(volume: &Volume, grid: &PatchGrid, resample: Resample) -> Result<WarpPlan> {
    let _planning = Meter::nested(Stage::Plan, String::new);
    let index = choose_level(volume.levels(), grid_voxel_size_in_world(grid));
    let level = &volume.levels()[index];
    let too_large = || {
        let extent = grid.footprint().extent_nm() / level.voxel_size_nm();
        Error::TooLarge { path: volume.path().to_owned(), shape: extent.map(|voxels| voxels as u64).to_array() }
    };
    let plan = WarpPlan::new((index, level), grid, resample).ok_or_else(too_large)?;
    let chunk_bytes = level.chunk_shape.product() * level.dtype.size_bytes() as u64;
    let box_chunks = plan.box_chunks();
    if box_chunks.saturating_mul(chunk_bytes) > LARGEST_READ_BYTES && box_chunks > 1 {
        return Err(too_large());
    }
    Ok(plan)
}

/// Dispatches on the output. What lies outside becomes 0. Answers how many patch voxels do.
fn gather_into<S: Intensity>(
    walker: Walker<'_, S>,
    resample: Resample,
    (out, known): (&mut PatchOut<'_>, Option<&mut [u8]>),
    codes: LabelCodes,
) -> usize {
    match out {
        PatchOut::U8(out) => gather_raw(walker, resample, (out, known), S::byte, S::mean_byte),
        PatchOut::F16(out) => {
            let half = half::f16::from_f32;
            gather_raw(walker, resample, (out, known), |v| half(v.unit()), |mean| half(S::mean_unit(mean)))
        }
        PatchOut::F32(out) => gather_raw(walker, resample, (out, known), S::unit, S::mean_unit),
        PatchOut::Ids8(out) => gather_ids(walker, out, known, |id| id as u8),
        PatchOut::Ids16(out) => gather_ids(walker, out, known, |id| id as u16),
        PatchOut::Ids32(out) => gather_ids(walker, out, known, |id| id as u32),
        PatchOut::Ids64(out) => gather_ids(walker, out, known, |id| id),
        PatchOut::Present8(out) => gather_ids(walker, out, known, |id| codes.present_byte(id)),
        PatchOut::PresentF32(out) => gather_ids(walker, out, known, |id| codes.present_f32(id)),
    }
}

fn gather_raw<S: Intensity, D: Copy + Default>(
    walker: Walker<'_, S>,
    resample: Resample,
    (out, known): (&mut [D], Option<&mut [u8]>),
    convert: impl Fn(S) -> D,
    finish: impl Fn(f32) -> D,
) -> usize {
    match resample {
        Resample::Nearest => gather(walker, &Nearest(convert), out, known),
        Resample::Area => gather(walker, &Mean(finish), out, known),
    }
}

fn gather_ids<S: Voxel, D: Copy + Default>(
    walker: Walker<'_, S>,
    out: &mut [D],
    known: Option<&mut [u8]>,
    narrow: impl Fn(u64) -> D,
) -> usize {
    gather(walker, &Nearest(|voxel: S| narrow(voxel.to_id())), out, known)
}
