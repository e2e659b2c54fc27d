//! Reading a warped patch: plan, fetch what the cache lacks, and one gather, for every element type and output.

use std::sync::Arc;

use super::convert::Intensity;
use super::planning::{level_of, plan_warp};
use super::warp_gather::{Mean, Nearest};
use super::warp_plan::WarpPlan;
use super::warp_window::gather;
use super::{Caches, Chunk, LabelCodes, PatchOut, PatchReport, Resample, Volume, Voxel};
use crate::geometry::PatchGrid;
use crate::telemetry::{Meter, Stage};
use crate::{Result, with_dtype};

/// Reads a warped patch; sizes are checked and ids are read as nearest by the caller.
pub(super) fn read(
    volume: &Volume,
    grid: &PatchGrid,
    resample: Resample,
    caches: &Caches,
    out: &mut PatchOut<'_>,
    known: Option<&mut [u8]>,
) -> Result<PatchReport> {
    let plan = plan_warp(volume, level_of(volume, grid), grid, resample, caches)?;
    let chunks = fetch(volume, &plan, caches)?;
    // About as many voxels of the level as the patch has.
    caches.meter.count_used((out.len() * volume.dtype().size_bytes()) as u64);

    let mut gathering = Meter::nested(Stage::Gather, || volume.name().to_owned());
    gathering.add_bytes((out.size_bytes() + known.as_ref().map_or(0, |known| known.len())) as u64);
    let outside_voxels = with_dtype!(volume.dtype(), T => {
        let fill = T::elements_of(volume.fill(plan.level)).and_then(|fill| fill.first()).copied().unwrap_or_default();
        gather_into::<T>((&plan, &chunks, fill), resample, (out, known), volume.codes())
    });
    let touched = plan.chunks.iter().flatten().count();
    let present = chunks.iter().flatten().count();
    Ok(PatchReport { level: plan.level, chunks: touched, absent_chunks: touched - present, outside_voxels })
}

/// The chunks of a plan's box through the cache; `None` for absent ones, and for those that the patch does not touch.
pub(super) fn fetch(volume: &Volume, plan: &WarpPlan, caches: &Caches) -> Result<Vec<Option<Arc<Chunk>>>> {
    let fetch = |chunk: &Option<_>| match chunk {
        Some(chunk) => volume.chunk(plan.level, *chunk, &caches.chunks),
        None => Ok(None),
    };
    plan.chunks.iter().map(fetch).collect()
}

/// A plan, its chunks, and the value of absent ones.
type From<'a, S> = (&'a WarpPlan, &'a [Option<Arc<Chunk>>], S);

/// Dispatches on the output. What lies outside becomes 0. Answers how many patch voxels do.
fn gather_into<S: Intensity>(
    from: From<'_, S>,
    resample: Resample,
    (out, known): (&mut PatchOut<'_>, Option<&mut [u8]>),
    codes: &LabelCodes,
) -> usize {
    match out {
        PatchOut::U8(out) => gather_raw(from, resample, (out, known), S::byte, S::mean_byte),
        PatchOut::F16(out) => {
            let half = half::f16::from_f32;
            gather_raw(from, resample, (out, known), |v| half(v.unit()), |mean| half(S::mean_unit(mean)))
        }
        PatchOut::F32(out) => gather_raw(from, resample, (out, known), S::unit, S::mean_unit),
        PatchOut::Ids8(out) => gather_ids(from, out, known, |id| id as u8),
        PatchOut::Ids16(out) => gather_ids(from, out, known, |id| id as u16),
        PatchOut::Ids32(out) => gather_ids(from, out, known, |id| id as u32),
        PatchOut::Ids64(out) => gather_ids(from, out, known, |id| id),
        PatchOut::Present8(out) => gather_ids(from, out, known, |id| codes.present_byte(id)),
    }
}

fn gather_raw<S: Intensity, D: Voxel>(
    from: From<'_, S>,
    resample: Resample,
    (out, known): (&mut [D], Option<&mut [u8]>),
    convert: impl Fn(S) -> D,
    finish: impl Fn(f32) -> D,
) -> usize {
    let (plan, chunks, fill) = from;
    match resample {
        Resample::Nearest => gather(plan, (chunks, fill), &Nearest(convert), out, known),
        Resample::Area => gather(plan, (chunks, fill), &Mean(finish), out, known),
    }
}

fn gather_ids<S: Voxel, D: Voxel>(
    from: From<'_, S>,
    out: &mut [D],
    known: Option<&mut [u8]>,
    narrow: impl Fn(u64) -> D,
) -> usize {
    let (plan, chunks, fill) = from;
    gather(plan, (chunks, fill), &Nearest(|voxel: S| narrow(voxel.to_id())), out, known)
}
