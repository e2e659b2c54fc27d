//! Reading a patch: plan, fetch what the cache lacks, and one gather straight into the caller's memory.

use std::sync::Arc;

use super::convert::Intensity;
use super::gather;
use super::plan::ReadPlan;
use super::planning::{level_of, plan_read};
use super::slab::Source;
use super::{Chunk, ChunkCache, LabelCodes, TransformCache, Volume, Voxel};
use crate::geometry::PatchGrid;
use crate::telemetry::{Meter, Stage};
use crate::{Error, Result, with_dtype};

/// How values between voxel centres are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resample {
    /// The voxel whose centre is nearest (ties: the one with the larger index): labels.
    Nearest,
    /// Mean over a box as wide as the larger of target and stored voxel, axis by axis: raw. With equal voxel sizes and
    /// a fractional shift that is linear interpolation; when the target is coarser it is area weighting. A warped patch
    /// has no axes to go by: it takes the mean of trilinear samples spread over each of its voxels, which is the same
    /// where the patch is not turned and its voxels are whole multiples of the stored ones.
    Area,
}

/// The caller's memory for one channel of one sample, C order z, y, x.
#[derive(Debug)]
pub enum PatchOut<'a> {
    /// Raw as stored for `u8`; other integers are scaled to 0–255, floats are clamped to 0–1 and scaled.
    U8(&'a mut [u8]),
    /// Raw in 0–1: integers divided by their maximum, floats as they are.
    F16(&'a mut [half::f16]),
    /// Raw in 0–1: integers divided by their maximum, floats as they are.
    F32(&'a mut [f32]),
    /// Ids that fit 8 bits; 0 where the volume's codes say absent or unknown.
    Ids8(&'a mut [u8]),
    /// Ids that fit 16 bits; 0 where the volume's codes say absent or unknown.
    Ids16(&'a mut [u16]),
    /// Ids that fit 32 bits; 0 where the volume's codes say absent or unknown.
    Ids32(&'a mut [u32]),
    /// Any ids; 0 where the volume's codes say absent or unknown.
    Ids64(&'a mut [u64]),
    /// 1 where the volume's codes say present, 0 where absent or unknown.
    Present8(&'a mut [u8]),
}

/// What reading one patch took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PatchReport {
    /// Index of the level read.
    pub level: usize,
    /// Chunks touched.
    pub chunks: usize,
    /// Touched chunks absent from the store.
    pub absent_chunks: usize,
    /// Patch voxels outside the volume (0 in the output, and 0 in `known`).
    pub outside_voxels: usize,
}

/// The two caches that every read goes through, and the meter that it reports to.
#[derive(Debug)]
pub struct Caches {
    /// Decoded chunks.
    pub chunks: ChunkCache,
    /// Plans, lookup tables and displacement fields.
    pub transforms: TransformCache,
    /// Totals per stage.
    pub meter: Arc<Meter>,
}

impl Caches {
    /// Empty caches that may hold so many bytes, and a meter at zero.
    #[must_use]
    pub fn new(chunk_bytes: u64, transform_bytes: u64) -> Self {
        Self {
            chunks: ChunkCache::new(chunk_bytes),
            transforms: TransformCache::new(transform_bytes),
            meter: Meter::new(),
        }
    }
}

impl PatchOut<'_> {
    /// Elements.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(out) | Self::Ids8(out) | Self::Present8(out) => out.len(),
            Self::F16(out) => out.len(),
            Self::F32(out) => out.len(),
            Self::Ids16(out) => out.len(),
            Self::Ids32(out) => out.len(),
            Self::Ids64(out) => out.len(),
        }
    }

    /// True if there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the elements.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::U8(out) | Self::Ids8(out) | Self::Present8(out) => size_of_val(&**out),
            Self::F16(out) => size_of_val(&**out),
            Self::F32(out) => size_of_val(&**out),
            Self::Ids16(out) => size_of_val(&**out),
            Self::Ids32(out) => size_of_val(&**out),
            Self::Ids64(out) => size_of_val(&**out),
        }
    }

    const fn holds_ids(&self) -> bool {
        !matches!(self, Self::U8(_) | Self::F16(_) | Self::F32(_))
    }
}

/// Reads `grid` from the level that suits its voxel size. `known`, if given, gets 1 inside the volume, else 0; of labels
/// also 0 where the volume's codes say unknown.
///
/// Ids are never averaged: with an output of ids, [`Resample::Nearest`] is used whatever is asked for.
///
/// # Errors
/// A chunk that cannot be read or decoded; [`Error::TooLarge`] for a patch so coarse that it touches more than memory
/// holds; [`Error::PatchSize`] if `out` or `known` have not as many elements as `grid` has voxels.
pub fn read_patch(
    volume: &Volume,
    grid: &PatchGrid,
    resample: Resample,
    caches: &Caches,
    mut out: PatchOut<'_>,
    mut known: Option<&mut [u8]>,
) -> Result<PatchReport> {
    let _here = caches.meter.enter();
    check_size(volume, grid, out.len())?;
    check_size(volume, grid, known.as_ref().map_or(out.len(), |known| known.len()))?;
    let resample = if out.holds_ids() { Resample::Nearest } else { resample };
    let report = gather_patch(volume, grid, resample, caches, &mut out, known.as_deref_mut())?;
    volume.codes().settle(&mut out, known);
    Ok(report)
}

/// Reads `grid` into `out` before labels are settled; of `known` it says what lies inside.
fn gather_patch(
    volume: &Volume,
    grid: &PatchGrid,
    resample: Resample,
    caches: &Caches,
    out: &mut PatchOut<'_>,
    known: Option<&mut [u8]>,
) -> Result<PatchReport> {
    if !grid.warp.is_none() {
        return super::warped::read(volume, grid, resample, caches, out, known);
    }
    let plan = plan_read(volume, level_of(volume, grid), grid, resample, caches)?;
    let chunks = fetch(volume, &plan, caches)?;
    caches.meter.count_used(plan.used_voxels().saturating_mul(volume.dtype().size_bytes() as u64));

    let mut gathering = Meter::nested(Stage::Gather, || volume.name().to_owned());
    gathering.add_bytes((out.size_bytes() + known.as_ref().map_or(0, |known| known.len())) as u64);
    with_dtype!(volume.dtype(), T => {
        let fill = T::elements_of(volume.fill(plan.level)).and_then(|fill| fill.first()).copied().unwrap_or_default();
        gather_into::<T>(&plan, &Source { chunks: &chunks, fill }, out, volume.codes());
    });
    if let Some(known) = known {
        gather::mark_known(&plan, known);
    }
    Ok(PatchReport {
        level: plan.level,
        chunks: chunks.len(),
        absent_chunks: chunks.iter().filter(|chunk| chunk.is_none()).count(),
        outside_voxels: plan.outside_voxels(),
    })
}

/// The chunks of a plan through the cache; `None` for absent ones.
pub(super) fn fetch(volume: &Volume, plan: &ReadPlan, caches: &Caches) -> Result<Vec<Option<Arc<Chunk>>>> {
    plan.chunks().map(|chunk| volume.chunk(plan.level, chunk, &caches.chunks)).collect()
}

pub(super) fn check_size(volume: &Volume, grid: &PatchGrid, got: usize) -> Result<()> {
    let expected = grid.shape.to_array().into_iter().try_fold(1, usize::checked_mul);
    if expected == Some(got) {
        return Ok(());
    }
    Err(Error::PatchSize { path: volume.path().to_owned(), shape: grid.shape.to_array(), got })
}

/// Dispatches on the output. What lies outside becomes 0.
fn gather_into<S: Intensity>(plan: &ReadPlan, source: &Source<'_, S>, out: &mut PatchOut<'_>, codes: &LabelCodes) {
    match out {
        PatchOut::U8(out) => gather_raw(plan, source, out, S::byte, S::mean_byte),
        PatchOut::F16(out) => {
            let half = half::f16::from_f32;
            gather_raw(plan, source, out, |v| half(v.unit()), |mean| half(S::mean_unit(mean)));
        }
        PatchOut::F32(out) => gather_raw(plan, source, out, S::unit, S::mean_unit),
        PatchOut::Ids8(out) => gather_ids(plan, source, out, |id| id as u8),
        PatchOut::Ids16(out) => gather_ids(plan, source, out, |id| id as u16),
        PatchOut::Ids32(out) => gather_ids(plan, source, out, |id| id as u32),
        PatchOut::Ids64(out) => gather_ids(plan, source, out, |id| id),
        PatchOut::Present8(out) => {
            let present = |voxel: S| codes.present_byte(voxel.to_id());
            let plain = |voxel: S| u8::from(voxel.to_id() != 0);
            if codes.is_plain() {
                gather::copy(plan, source, out, plain);
            } else {
                gather::copy(plan, source, out, present);
            }
        }
    }
}

fn gather_raw<S: Intensity, D: Voxel>(
    plan: &ReadPlan,
    source: &Source<'_, S>,
    out: &mut [D],
    convert: impl Fn(S) -> D,
    finish: impl Fn(f32) -> D,
) {
    if plan.copies() {
        gather::copy_stored(plan, source, out, convert);
    } else {
        gather::average(plan, source, out, finish);
    }
}

fn gather_ids<S: Voxel, D: Voxel>(plan: &ReadPlan, source: &Source<'_, S>, out: &mut [D], narrow: impl Fn(u64) -> D) {
    gather::copy_stored(plan, source, out, |voxel: S| narrow(voxel.to_id()));
}
