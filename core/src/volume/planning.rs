//! Planning through the transform cache: level, then plan, for patches on the volume's axes and warped ones.

use std::sync::Arc;

use super::plan::{Placement, ReadPlan};
use super::transform_key::{FieldKey, PlanKey};
use super::warp_plan::WarpPlan;
use super::{Caches, Level, Resample, Volume, choose_level};
use crate::geometry::{ElasticField, PatchGrid, Zyx};
use crate::telemetry::{Meter, Stage};
use crate::{Error, Result};

/// A patch that touches more decoded bytes than this is a mistake in its voxel size.
const LARGEST_READ_BYTES: u64 = 1 << 36;
/// Averages over more voxels of one axis than this are a mistake too.
const LARGEST_AVERAGE_VOXELS: u64 = 1 << 26;

/// What reading a patch would touch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedRead {
    /// Index of the level.
    pub level: usize,
    /// Chunks, by their position in the level's chunk grid.
    pub chunks: Vec<Zyx<u64>>,
}

/// What [`super::read_patch`] would touch for these arguments. Reads nothing.
///
/// # Errors
/// [`Error::TooLarge`] for a patch so coarse that it touches more than memory holds.
pub fn plan_patch(volume: &Volume, grid: &PatchGrid, resample: Resample, caches: &Caches) -> Result<PlannedRead> {
    let _here = caches.meter.enter();
    let level = level_of(volume, grid);
    if grid.warp.is_none() {
        let plan = plan_read(volume, level, grid, resample, caches)?;
        Ok(PlannedRead { level: plan.level, chunks: plan.chunks().collect() })
    } else {
        let plan = plan_warp(volume, level, grid, resample, caches)?;
        Ok(PlannedRead { level: plan.level, chunks: plan.chunks.iter().flatten().copied().collect() })
    }
}

/// True if every voxel of a patch of labels is inside of the level that it is read from, for certain. Reads nothing.
///
/// # Errors
/// As [`plan_patch`].
pub fn lies_inside(volume: &Volume, grid: &PatchGrid, caches: &Caches) -> Result<bool> {
    let _here = caches.meter.enter();
    let level = level_of(volume, grid);
    if grid.warp.is_none() {
        Ok(plan_read(volume, level, grid, Resample::Nearest, caches)?.outside_voxels() == 0)
    } else {
        Ok(plan_warp(volume, level, grid, Resample::Nearest, caches)?.lies_inside())
    }
}

/// The plan of a patch on the volume's axes, to be read from level `index`.
pub(super) fn plan_read(
    volume: &Volume,
    index: usize,
    grid: &PatchGrid,
    resample: Resample,
    caches: &Caches,
) -> Result<Arc<ReadPlan>> {
    let _planning = Meter::nested(Stage::Plan, String::new);
    let level = &volume.levels()[index];
    let placements = || Zyx::from_fn(|axis| Placement::of(level, grid, resample, axis));
    let too_large = || too_large(volume, placements().map(|placement| placement.reach()));
    let plan = caches.transforms.plan(&PlanKey::new((index, level), grid, resample), || {
        let placements = placements();
        if placements.any(|placement| placement.key.average && placement.reach() > LARGEST_AVERAGE_VOXELS) {
            return Err(too_large());
        }
        let tables = {
            let _tables = Meter::nested(Stage::Augment, String::new);
            let [z, y, x] = placements.to_array().map(|placement| caches.transforms.table(&placement.key));
            Zyx::new(z?, y?, x?)
        };
        Ok(ReadPlan::new((index, level), grid, &placements, &tables))
    })?;
    if reads_too_much(level, plan.chunk_count() as u64) { Err(too_large()) } else { Ok(plan) }
}

/// The plan of a warped patch, to be read from level `index`.
pub(super) fn plan_warp(
    volume: &Volume,
    index: usize,
    grid: &PatchGrid,
    resample: Resample,
    caches: &Caches,
) -> Result<Arc<WarpPlan>> {
    let _planning = Meter::nested(Stage::Plan, String::new);
    let level = &volume.levels()[index];
    let too_large = || {
        let extent = grid.footprint().extent_nm() / level.voxel_size_nm();
        too_large(volume, extent.map(|voxels| voxels as u64))
    };
    let plan = caches.transforms.warp(&PlanKey::new((index, level), grid, resample), || {
        let _warping = Meter::nested(Stage::Augment, String::new);
        let field = field_of(grid, caches, too_large)?;
        let mut plan = WarpPlan::new((index, level), grid, field.as_deref(), resample).ok_or_else(too_large)?;
        // Before they are listed.
        if reads_too_much(level, plan.box_chunks()) {
            return Err(too_large());
        }
        plan.list_chunks();
        Ok(plan)
    })?;
    if reads_too_much(level, plan.box_chunks()) { Err(too_large()) } else { Ok(plan) }
}

/// The control points that act on a patch, if it has any.
fn field_of(grid: &PatchGrid, caches: &Caches, too_large: impl FnOnce() -> Error) -> Result<Option<Arc<ElasticField>>> {
    let Some(elastic) = &grid.warp.elastic else { return Ok(None) };
    let half_nm = grid.shape.map(|n| n.saturating_sub(1) as f64 / 2.0) * grid.voxel_size_nm;
    let half_nm = grid.orientation.along_world(half_nm);
    let make = || ElasticField::about(elastic, half_nm).ok_or_else(too_large);
    caches.transforms.field(&FieldKey::new(elastic, half_nm), make).map(Some)
}

/// Index of the level to read, chosen by the voxel size of the patch before it is warped, so that a draw of scale or rotation does
/// not change how much is read. (A patch that is shrunk is interpolated between stored voxels.)
pub(super) fn level_of(volume: &Volume, grid: &PatchGrid) -> usize {
    choose_level(volume.levels(), grid.orientation.along_world(grid.voxel_size_nm))
}

fn reads_too_much(level: &Level, chunks: u64) -> bool {
    chunks > 1 && chunks.saturating_mul(level.chunk_bytes()) > LARGEST_READ_BYTES
}

fn too_large(volume: &Volume, voxels: Zyx<u64>) -> Error {
    Error::TooLarge { path: volume.path().to_owned(), shape: voxels.to_array() }
}
