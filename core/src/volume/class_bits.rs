//! Reading what every voxel of a patch says about several classes at once, in parts that stay in a core's cache.

use std::ops::Range;
use std::sync::Arc;

use super::bundle::{ClassBundle, known_of};
use super::gather::mark_planes;
use super::plan::ReadPlan;
use super::planning::{level_of, plan_read, plan_warp};
use super::scratch::Scratch;
use super::slab::{Source, copy_planes, fewest_planes, slabs};
use super::warp_gather::Nearest;
use super::warp_plan::WarpPlan;
use super::warp_window::gather;
use super::{Caches, Chunk, PatchReport, Resample, Volume, Voxel};
use crate::Result;
use crate::geometry::{PatchGrid, Zyx};
use crate::telemetry::{Meter, Stage};

/// What some voxels of a patch say: bit c of a byte is class c.
#[derive(Debug, Clone)]
pub struct ClassSlab<'a> {
    /// Which voxels of the patch, in its C order.
    pub voxels: Range<usize>,
    /// Which classes are there.
    pub present: &'a [u8],
    /// Of which classes that is known; `None`: of all.
    pub known: Option<&'a [u8]>,
}

/// Reads all classes of a bundle at once, and hands each part of the patch over.
///
/// # Errors
/// As [`super::read_patch`].
pub fn read_bundle(
    bundle: &ClassBundle,
    grid: &PatchGrid,
    caches: &Caches,
    mut each: impl FnMut(&ClassSlab<'_>),
) -> Result<PatchReport> {
    let _here = caches.meter.enter();
    let volume = bundle.volume();
    let cut = Cut::fetch((volume, 1), grid, caches, |level, chunk| bundle.chunk(level, chunk, &caches.chunks))?;
    let mut gathering = Meter::nested(Stage::Gather, || format!("{} and others", volume.name()));
    gathering.add_bytes(grid.shape.product() as u64);
    let plane = grid.shape.y * grid.shape.x;
    let fill = bundle.fill(cut.level());
    let known_chunks = known_of(cut.chunks());
    let known_whole = known_chunks.as_ref().and_then(|chunks| cut.whole(grid.shape, chunks, u8::MAX));
    let (mut present, mut known, mut unused) = (Scratch::of(0), Scratch::of(0), Scratch::of(0));
    let outside = cut.slabs::<u8>((grid.shape, 2), fill, |planes, bits, inside| {
        let voxels = planes.start * plane..planes.end * plane;
        if inside.is_none() && known_chunks.is_none() {
            return each(&ClassSlab { voxels, present: bits, known: None });
        }
        present.set_len(bits.len());
        present.copy_from_slice(bits);
        known.set_len(bits.len());
        match (&known_whole, &known_chunks) {
            (Some(whole), _) => known.copy_from_slice(&whole.values[voxels.clone()]),
            (None, Some(chunks)) => {
                unused.set_len(bits.len());
                cut.plain_planes(chunks, u8::MAX, &planes, (&mut known, &mut unused));
            }
            (None, None) => known.fill(u8::MAX),
        }
        forget_outside(inside, &mut present, &mut known);
        each(&ClassSlab { voxels, present: &present, known: Some(&known) });
    });
    Ok(cut.report(outside))
}

/// Nothing is there, and nothing known, where `inside` is 0.
pub(super) fn forget_outside(inside: Option<&[u8]>, present: &mut [u8], known: &mut [u8]) {
    let Some(inside) = inside else { return };
    for ((present, known), inside) in present.iter_mut().zip(known).zip(inside) {
        // All bits, or none.
        let kept = 0_u8.wrapping_sub(*inside);
        (*present, *known) = (*present & kept, *known & kept);
    }
}

/// A whole warped patch.
struct Whole<T> {
    values: Scratch<T>,
    /// 1 inside of the volume, else 0; nothing where the patch lies inside for certain.
    inside: Scratch<u8>,
    outside: usize,
}

/// What a patch is cut from, on the volume's axes or warped: its plan and its chunks.
pub(super) enum Cut {
    Plain(Arc<ReadPlan>, Vec<Option<Arc<Chunk>>>),
    Warped(Arc<WarpPlan>, Vec<Option<Arc<Chunk>>>),
}

impl Cut {
    /// Plans a patch of labels of the geometry of `volume`, and gets its chunks, of so many bytes a voxel.
    pub(super) fn fetch(
        (volume, voxel_bytes): (&Volume, u64),
        grid: &PatchGrid,
        caches: &Caches,
        chunk: impl Fn(usize, Zyx<u64>) -> Result<Option<Arc<Chunk>>>,
    ) -> Result<Self> {
        let level = level_of(volume, grid);
        if grid.warp.is_none() {
            let plan = plan_read(volume, level, grid, Resample::Nearest, caches)?;
            let chunks = plan.chunks().map(|at| chunk(level, at)).collect::<Result<_>>()?;
            caches.meter.count_used(plan.used_voxels().saturating_mul(voxel_bytes));
            return Ok(Self::Plain(plan, chunks));
        }
        let plan = plan_warp(volume, level, grid, Resample::Nearest, caches)?;
        let chunk = |at: &Option<Zyx<u64>>| at.map_or(Ok(None), |at| chunk(level, at));
        let chunks = plan.chunks.iter().map(chunk).collect::<Result<_>>()?;
        caches.meter.count_used((grid.shape.product() as u64).saturating_mul(voxel_bytes));
        Ok(Self::Warped(plan, chunks))
    }

    pub(super) fn level(&self) -> usize {
        match self {
            Self::Plain(plan, _) => plan.level,
            Self::Warped(plan, _) => plan.level,
        }
    }

    fn chunks(&self) -> &[Option<Arc<Chunk>>] {
        match self {
            Self::Plain(_, chunks) | Self::Warped(_, chunks) => chunks,
        }
    }

    /// Hands over some planes after others: which of the patch, the values of their voxels, and, if some are outside of the
    /// volume, 1 for those inside and 0 for the others. Answers how many are outside. Whoever takes them makes `word_bytes`
    /// of each voxel.
    pub(super) fn slabs<T: Voxel>(
        &self,
        (shape, word_bytes): (Zyx<usize>, usize),
        fill: T,
        mut each: impl FnMut(Range<usize>, &[T], Option<&[u8]>),
    ) -> usize {
        let plane = shape.y * shape.x;
        let whole = self.whole(shape, self.chunks(), fill);
        let fewest = match self {
            Self::Plain(plan, _) => fewest_planes(plan, size_of::<T>()),
            Self::Warped(..) => 1,
        };
        let (mut values, mut inside) = (Scratch::of(0), Scratch::of(0));
        let mut all_outside = whole.as_ref().map_or(0, |whole| whole.outside);
        for planes in slabs(shape, size_of::<T>() + word_bytes, fewest) {
            if let Some(whole) = &whole {
                let voxels = planes.start * plane..planes.end * plane;
                let inside = (whole.outside > 0).then(|| &whole.inside[voxels.clone()]);
                each(planes, &whole.values[voxels], inside);
                continue;
            }
            values.set_len(planes.len() * plane);
            inside.set_len(planes.len() * plane);
            let outside = self.plain_planes(self.chunks(), fill, &planes, (&mut values, &mut inside));
            all_outside += outside;
            each(planes, &values, (outside > 0).then_some(&inside));
        }
        all_outside
    }

    /// All of a warped patch: it is made in an order of its own.
    fn whole<T: Voxel>(&self, shape: Zyx<usize>, chunks: &[Option<Arc<Chunk>>], fill: T) -> Option<Whole<T>> {
        let Self::Warped(plan, _) = self else { return None };
        let mut values = Scratch::of(shape.product());
        let mut inside = Scratch::of(if plan.lies_inside() { 0 } else { shape.product() });
        let asked = (!inside.is_empty()).then_some(&mut *inside);
        let outside = gather(plan, (chunks, fill), &Nearest(|v| v), &mut values, asked);
        Some(Whole { values, inside, outside })
    }

    /// Some planes of a patch on the volume's axes, from these chunks of its places; and which voxels are inside, if some of
    /// the patch are not. Answers how many of these are outside.
    fn plain_planes<T: Voxel>(
        &self,
        chunks: &[Option<Arc<Chunk>>],
        fill: T,
        planes: &Range<usize>,
        (values, inside): (&mut [T], &mut [u8]),
    ) -> usize {
        let Self::Plain(plan, _) = self else { return 0 };
        copy_planes(plan, &Source { chunks, fill }, planes, values);
        if plan.outside_voxels() == 0 {
            return 0;
        }
        mark_planes(plan, planes, inside);
        inside.iter().filter(|inside| **inside == 0).count()
    }

    pub(super) fn report(&self, outside_voxels: usize) -> PatchReport {
        let count = |chunks: &[Option<Arc<Chunk>>], touched: usize| PatchReport {
            level: self.level(),
            chunks: touched,
            absent_chunks: touched - chunks.iter().flatten().count(),
            outside_voxels,
        };
        match self {
            Self::Plain(_, chunks) => count(chunks, chunks.len()),
            Self::Warped(plan, chunks) => count(chunks, plan.chunks.iter().flatten().count()),
        }
    }
}
