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
use super::{Caches, Chunk, LabelCodes, PatchReport, Presence, Resample, Volume, Voxel};
use crate::geometry::{PatchGrid, Zyx};
use crate::telemetry::{Meter, Stage};
use crate::{Result, with_dtype};

/// As many classes as a word has bits: bit c is class c.
pub trait Word: Voxel + std::ops::BitAnd<Output = Self> + std::ops::BitOr<Output = Self> {
    /// Bit `bit` alone.
    fn bit(bit: usize) -> Self;
}

impl Word for u8 {
    fn bit(bit: usize) -> Self {
        1 << bit
    }
}

impl Word for u64 {
    fn bit(bit: usize) -> Self {
        1 << bit
    }
}

/// What some voxels of a patch say.
#[derive(Debug, Clone)]
pub struct ClassSlab<'a, W> {
    /// Which voxels of the patch, in its C order.
    pub voxels: Range<usize>,
    /// Which classes are there.
    pub present: &'a [W],
    /// Of which classes that is known; `None`: of all.
    pub known: Option<&'a [W]>,
}

/// For each id of an array of ids which classes are there, and of which that is known.
#[derive(Debug, Clone)]
pub struct IdBits<W> {
    /// By id: present, known.
    table: Vec<[W; 2]>,
    /// Of larger ids it is asked.
    codes: Vec<(usize, LabelCodes)>,
}

impl<W: Word> IdBits<W> {
    /// Ids that are looked up.
    const TABLE: u64 = 1 << 8;

    /// Of classes by their bit and the codes by which the array speaks of them.
    #[must_use]
    pub fn new(codes: Vec<(usize, LabelCodes)>) -> Self {
        Self { table: (0..Self::TABLE).map(|id| bits_of(&codes, id)).collect(), codes }
    }

    #[inline]
    fn of(&self, id: u64) -> [W; 2] {
        match self.table.get(usize::try_from(id).unwrap_or(usize::MAX)) {
            Some(bits) => *bits,
            None => bits_of(&self.codes, id),
        }
    }
}

fn bits_of<W: Word>(codes: &[(usize, LabelCodes)], id: u64) -> [W; 2] {
    let mut bits = [W::default(); 2];
    for (bit, codes) in codes {
        let (present, known) = match codes.presence(id) {
            Presence::Present => (true, true),
            Presence::Absent => (false, true),
            Presence::Unknown => (false, false),
        };
        for (bits, is_set) in bits.iter_mut().zip([present, known]) {
            *bits = if is_set { *bits | W::bit(*bit) } else { *bits };
        }
    }
    bits
}

/// Reads an array of ids once, and hands each part of the patch over for each of `tables`, with the table's index.
///
/// # Errors
/// As [`super::read_patch`].
pub fn read_id_bits<W: Word>(
    volume: &Volume,
    tables: &[IdBits<W>],
    grid: &PatchGrid,
    caches: &Caches,
    mut each: impl FnMut(usize, &ClassSlab<'_, W>),
) -> Result<PatchReport> {
    let _here = caches.meter.enter();
    let cut = Cut::fetch(volume, grid, caches, |level, chunk| volume.chunk(level, chunk, &caches.chunks))?;
    let mut gathering = Meter::nested(Stage::Gather, || volume.name().to_owned());
    gathering.add_bytes((grid.shape.product() * tables.len() * size_of::<[W; 2]>()) as u64);
    let plane = grid.shape.y * grid.shape.x;
    let (mut present, mut known) = (Scratch::of(0), Scratch::of(0));
    let outside = with_dtype!(volume.dtype(), T => {
        let fill = T::elements_of(volume.fill(cut.level())).and_then(|fill| fill.first()).copied().unwrap_or_default();
        cut.slabs::<T>((grid.shape, size_of::<[W; 2]>()), fill, |planes, ids, inside| {
            let voxels = planes.start * plane..planes.end * plane;
            for (index, table) in tables.iter().enumerate() {
                split(ids, |id| table.of(id.to_id()), &mut present, &mut known);
                forget_outside(inside, &mut present, Some(&mut known));
                each(index, &ClassSlab { voxels: voxels.clone(), present: &present, known: Some(&known) });
            }
        })
    });
    Ok(cut.report(outside))
}

/// Reads all classes of a bundle at once, and hands each part of the patch over.
///
/// # Errors
/// As [`super::read_patch`].
pub fn read_bundle(
    bundle: &ClassBundle,
    grid: &PatchGrid,
    caches: &Caches,
    mut each: impl FnMut(&ClassSlab<'_, u8>),
) -> Result<PatchReport> {
    let _here = caches.meter.enter();
    let volume = bundle.volume();
    let cut = Cut::fetch(volume, grid, caches, |level, chunk| bundle.chunk(level, chunk, &caches.chunks))?;
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
        forget_outside(inside, &mut present, Some(&mut known));
        each(&ClassSlab { voxels, present: &present, known: Some(&known) });
    });
    Ok(cut.report(outside))
}

/// The two halves of what `bits` says of each voxel.
fn split<T: Copy, W: Word>(voxels: &[T], bits: impl Fn(T) -> [W; 2], present: &mut Scratch<W>, known: &mut Scratch<W>) {
    present.set_len(voxels.len());
    known.set_len(voxels.len());
    for ((voxel, present), known) in voxels.iter().zip(present.iter_mut()).zip(known.iter_mut()) {
        [*present, *known] = bits(*voxel);
    }
}

/// Nothing is there, and nothing known, where `inside` is 0.
fn forget_outside<W: Word>(inside: Option<&[u8]>, present: &mut [W], known: Option<&mut [W]>) {
    let Some(inside) = inside else { return };
    let forget = |words: &mut [W]| {
        let outside = words.iter_mut().zip(inside).filter(|(_, inside)| **inside == 0);
        outside.for_each(|(word, _)| *word = W::default());
    };
    forget(present);
    known.map(forget);
}

/// A whole warped patch.
struct Whole<T> {
    values: Scratch<T>,
    /// 1 inside of the volume, else 0.
    inside: Scratch<u8>,
    outside: usize,
}

/// What a patch is cut from, on the volume's axes or warped: its plan and its chunks.
enum Cut {
    Plain(Arc<ReadPlan>, Vec<Option<Arc<Chunk>>>),
    Warped(Arc<WarpPlan>, Vec<Option<Arc<Chunk>>>),
}

impl Cut {
    /// Plans a patch of labels of the geometry of `volume`, and gets its chunks.
    fn fetch(
        volume: &Volume,
        grid: &PatchGrid,
        caches: &Caches,
        chunk: impl Fn(usize, Zyx<u64>) -> Result<Option<Arc<Chunk>>>,
    ) -> Result<Self> {
        let level = level_of(volume, grid);
        if grid.warp.is_none() {
            let plan = plan_read(volume, level, grid, Resample::Nearest, caches)?;
            let chunks = plan.chunks().map(|at| chunk(level, at)).collect::<Result<_>>()?;
            return Ok(Self::Plain(plan, chunks));
        }
        let plan = plan_warp(volume, level, grid, Resample::Nearest, caches)?;
        let chunk = |at: &Option<Zyx<u64>>| at.map_or(Ok(None), |at| chunk(level, at));
        let chunks = plan.chunks.iter().map(chunk).collect::<Result<_>>()?;
        Ok(Self::Warped(plan, chunks))
    }

    fn level(&self) -> usize {
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
    fn slabs<T: Voxel>(
        &self,
        (shape, word_bytes): (Zyx<usize>, usize),
        fill: T,
        mut each: impl FnMut(Range<usize>, &[T], Option<&[u8]>),
    ) -> usize {
        let plane = shape.y * shape.x;
        let whole = self.whole(shape, self.chunks(), fill);
        let fewest = match self {
            Self::Plain(plan, _) => fewest_planes(plan),
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
        let (mut values, mut inside) = (Scratch::of(shape.product()), Scratch::of(shape.product()));
        let outside = gather(plan, (chunks, fill), &Nearest(|v| v), &mut values, Some(&mut inside));
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

    fn report(&self, outside_voxels: usize) -> PatchReport {
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
