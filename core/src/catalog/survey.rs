//! Where classes are inside crops, as samples will read them: every crop is looked through once, on all cores.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::counts::ClassCount;
use super::occupancy::{Occupancy, OccupiedBlock, block_edge, tally};
use super::survey_cache::SurveyCache;
use super::{Catalog, ClassLabels};
use crate::geometry::{ChunkWindow, GridTransform, Orientation, PatchGrid, VoxelBox, Warp, Zyx, chunk_windows};
use crate::volume::{Caches, PatchOut, Resample, read_patch};
use crate::{Error, Result};

/// Edge of what is read at a time, voxels.
const TILE: u64 = 64;

/// A box of a crop, as voxels of the samples that are drawn from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurveyBox {
    /// Index of the dataset in the catalog.
    pub dataset_index: usize,
    /// Index of the crop in the dataset.
    pub crop_index: usize,
    /// Voxel 0 and voxel size, nm.
    pub world_from_voxel: GridTransform,
    /// Voxels.
    pub shape: Zyx<u64>,
}

/// What to look through, and how.
#[derive(Clone, Copy)]
pub struct SurveyPlan<'a> {
    /// Boxes of crops, as samples see them.
    pub boxes: &'a [SurveyBox],
    /// Classes to look for.
    pub classes: &'a [String],
    /// What is read goes through these.
    pub caches: &'a Caches,
    /// Findings are kept here, array by array, also of a survey that is given up.
    pub cache_folder: Option<&'a Path>,
    /// Takes what cannot be read for unknown, with a warning.
    pub skip_unreadable: bool,
    /// Asked often; gives the survey up.
    pub is_stopped: &'a (dyn Fn() -> bool + Sync),
}

impl std::fmt::Debug for SurveyPlan<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { boxes, classes, cache_folder, .. } = self;
        write!(f, "SurveyPlan of {} boxes for {classes:?}, kept in {cache_folder:?}", boxes.len())
    }
}

/// One class in one box.
#[derive(Debug, Clone, PartialEq)]
pub struct SurveyRow {
    /// Index of the dataset in the catalog.
    pub dataset_index: usize,
    /// Index of the crop in the dataset.
    pub crop_index: usize,
    /// Class name.
    pub class: String,
    /// Its voxels, of the samples' voxel size.
    pub count: ClassCount,
    /// Where they are.
    pub occupancy: Occupancy,
}

/// How far the work is.
struct Watch<'a> {
    plan: &'a SurveyPlan<'a>,
    total: u64,
    done: AtomicU64,
}

/// One array to look through.
struct Job<'a> {
    place: &'a SurveyBox,
    labels: &'a ClassLabels,
}

/// See [`Catalog::survey`].
pub(super) fn survey(catalog: &Catalog, plan: &SurveyPlan<'_>) -> Result<Vec<SurveyRow>> {
    let cache = plan.cache_folder.map(SurveyCache::open).transpose()?;
    let jobs = jobs(catalog, plan);
    let mut rows: Vec<Option<SurveyRow>> = jobs.iter().map(|job| known(job, cache.as_ref())).collect();
    let open: Vec<_> = (0..jobs.len()).filter(|index| rows[*index].is_none()).collect();
    let voxels = |index: &usize| jobs[*index].place.shape.product();
    let watch = Watch { plan, total: open.iter().map(voxels).sum(), done: AtomicU64::new(0) };
    if !open.is_empty() {
        watch.announce(open.len());
    }
    let look = |index: usize| Ok((index, look(&jobs[index], &watch, cache.as_ref())?));
    let looked: Vec<(usize, SurveyRow)> = open.into_par_iter().map(look).collect::<Result<_>>()?;
    for (index, row) in looked {
        rows[index] = Some(row);
    }
    Ok(rows.into_iter().flatten().collect())
}

fn jobs<'a>(catalog: &'a Catalog, plan: &SurveyPlan<'a>) -> Vec<Job<'a>> {
    let crop = |place: &SurveyBox| catalog.datasets.get(place.dataset_index)?.crops.get(place.crop_index);
    let in_box = |place: &'a SurveyBox| {
        let labels = crop(place).into_iter().flat_map(|crop| &crop.classes);
        let wanted = labels.filter(|labels| plan.classes.contains(&labels.class));
        wanted.map(move |labels| Job { place, labels }).collect::<Vec<_>>()
    };
    plan.boxes.iter().flat_map(in_box).collect()
}

/// What metadata (of a class that is nowhere in the crop) or an earlier survey say.
fn known(job: &Job<'_>, cache: Option<&SurveyCache>) -> Option<SurveyRow> {
    if ClassCount::from_metadata(job.labels).is_some_and(|count| count.present == 0 && count.unknown == 0) {
        let count =
            ClassCount { absent: job.place.shape.product(), voxel_nm3: job.voxel_nm3(), ..ClassCount::default() };
        return Some(job.row(count, Occupancy::new(job.place.shape, Vec::new())));
    }
    let (count, occupancy) = cache?.get(job.labels, job.place)?;
    Some(job.row(ClassCount { voxel_nm3: job.voxel_nm3(), ..count }, occupancy))
}

/// Reads one array, tile by tile.
fn look(job: &Job<'_>, watch: &Watch<'_>, cache: Option<&SurveyCache>) -> Result<SurveyRow> {
    let shape = job.place.shape;
    // Before the voxels: what changes meanwhile is looked at again next time.
    let entry = cache.and_then(|cache| cache.entry(job.labels, job.place));
    let tile = Zyx::splat(TILE.max(block_edge(shape)));
    let tiles: Vec<_> = chunk_windows(&VoxelBox::of_shape(shape), shape, tile).collect();
    let found = tiles.par_iter().map(|tile: &ChunkWindow| look_at_tile(job, &tile.voxels, watch));
    let Found { blocks, known, unreadable } = found.try_reduce(Found::default, |a, b| Ok(a.and(b)))?;
    let occupancy = Occupancy::new(shape, blocks);
    let (present, total) = (occupancy.present(), shape.product());
    let count = ClassCount { present, absent: known - present, unknown: total - known, voxel_nm3: job.voxel_nm3() };
    match (unreadable, entry) {
        (Some(error), _) => {
            let labels = job.labels.volume.path();
            tracing::warn!(labels, "nothing is drawn for this class where its labels cannot be read: {error}");
        }
        (None, Some(entry)) => entry.save(&count, &occupancy),
        (None, None) => {}
    }
    Ok(job.row(count, occupancy))
}

/// What some tiles hold.
#[derive(Debug, Default)]
struct Found {
    blocks: Vec<OccupiedBlock>,
    /// Voxels that somebody looked at.
    known: u64,
    /// Why one of them could not be read.
    unreadable: Option<Error>,
}

impl Found {
    fn and(mut self, other: Self) -> Self {
        self.blocks.extend(other.blocks);
        Self { known: self.known + other.known, unreadable: self.unreadable.or(other.unreadable), blocks: self.blocks }
    }
}

/// # Errors
/// A chunk that cannot be read or decoded, unless that is skipped; [`Error::Stopped`].
fn look_at_tile(job: &Job<'_>, tile: &VoxelBox, watch: &Watch<'_>) -> Result<Found> {
    if (watch.plan.is_stopped)() {
        return Err(Error::Stopped);
    }
    let shape = tile.shape().map(|n| n as usize);
    let middle = tile.lo.zip_map(tile.hi, |lo, hi| (lo + hi - 1) as f64 / 2.0);
    let grid = PatchGrid {
        center_nm: job.place.world_from_voxel.world_from_voxel(middle),
        shape,
        voxel_size_nm: job.place.world_from_voxel.voxel_size_nm,
        orientation: Orientation::IDENTITY,
        warp: Warp::NONE,
    };
    let (mut present, mut known) = (vec![0; shape.product()], vec![0; shape.product()]);
    let out = PatchOut::Present8(&mut present);
    let read = read_patch(&job.labels.volume, &grid, Resample::Nearest, watch.plan.caches, out, Some(&mut known));
    watch.advance(present.len() as u64);
    match read {
        Ok(_) => {
            let known = known.iter().map(|known| u64::from(*known)).sum();
            Ok(Found { blocks: tally(&present, tile, job.place.shape), known, unreadable: None })
        }
        Err(error) if watch.plan.skip_unreadable => Ok(Found { unreadable: Some(error), ..Found::default() }),
        Err(error) => Err(error),
    }
}

impl Job<'_> {
    fn row(&self, count: ClassCount, occupancy: Occupancy) -> SurveyRow {
        let SurveyBox { dataset_index, crop_index, .. } = *self.place;
        SurveyRow { dataset_index, crop_index, class: self.labels.class.clone(), count, occupancy }
    }

    fn voxel_nm3(&self) -> f64 {
        self.place.world_from_voxel.voxel_size_nm.product()
    }
}

impl Watch<'_> {
    fn announce(&self, arrays: usize) {
        let kept = self.plan.cache_folder.map_or_else(
            || "set data.counts_cache to a folder, and it is done once".to_owned(),
            |folder| format!("what is found is kept in {}", folder.display()),
        );
        tracing::info!(arrays, voxels = self.total, "label crops are looked through for their classes; {kept}");
    }

    /// Says every tenth of the whole.
    fn advance(&self, voxels: u64) {
        let before = self.done.fetch_add(voxels, Ordering::Relaxed);
        let tenth = |done: u64| u128::from(done) * 10 / u128::from(self.total.max(1));
        if tenth(before) < tenth(before + voxels) {
            tracing::info!("label crops: {} % looked through", tenth(before + voxels) * 10);
        }
    }
}
