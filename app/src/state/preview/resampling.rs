//! From a request to what the graphics card has to do for it, or why the loader has to. Pure: reads nothing.

use std::sync::Arc;

use microtome_core::geometry::{Axis, PatchGrid, Zyx};
use microtome_core::loader::{ArraySpec, LookSources, LookedClass};
use microtome_core::sample::intensity::{Fill, PointStep};
use microtome_core::sample::{Request, Sampler};
use microtome_core::volume::{Caches, DType, FieldLookUp, LookUp, Resample, Volume};
use microtome_render::{
    AxisWay, ChainStep, ClassFrom, ClassPlan, FieldWay, LabelPlan, LevelGeometry, LevelSource, NearestVoxels, RawPlan,
    ResamplePlan, WarpWay, Way, fold_id,
};

use super::PreviewJob;
use crate::state::LayerKind;
use crate::state::layers::slot_of;

/// More control points than this are not made in a frame.
const MOST_CONTROL_POINTS: usize = 1 << 15;
/// Means over more stored voxels than this are not made in a frame.
const MOST_SAMPLES: usize = 64;

/// A place that was drawn, and all that is needed to lay other augmentation onto it without reading anything.
#[derive(Debug)]
pub struct PreviewPlace {
    /// The sample as it was drawn.
    pub request: Request,
    /// What draws augmentation.
    pub sampler: Arc<Sampler>,
    /// Numbers of samples beyond it begin again at 0.
    pub samples_per_epoch: u64,
    /// Where its voxels come from.
    pub sources: LookSources,
}

/// What the graphics card has to do for a sample, and which volumes it needs.
#[derive(Debug, Clone)]
pub struct Resampling {
    /// What to do.
    pub plan: Arc<ResamplePlan>,
    /// Volumes by their numbers among the textures, and whether they are raw.
    pub volumes: Vec<(u64, Arc<Volume>, bool)>,
    /// The classes of the labels, by name.
    pub classes: Vec<String>,
}

impl Resampling {
    /// The volume of a number among the textures, and whether it is raw.
    #[must_use]
    pub fn volume(&self, slot: u64) -> Option<(&Arc<Volume>, bool)> {
        self.volumes.iter().find(|(number, ..)| *number == slot).map(|(_, volume, is_raw)| (volume, *is_raw))
    }
}

impl PreviewPlace {
    /// The sample of this place as a job augments it.
    #[must_use]
    pub fn request_of(&self, job: &PreviewJob) -> Request {
        let number = (job.epoch, job.after.numbers % self.samples_per_epoch.max(1));
        self.sampler.plan(&self.request, &job.after.augment, number).applied_to(&self.request)
    }
}

/// Works out what the graphics card has to do for plane `slice` of the first input of a request, and for the labels there.
///
/// # Errors
/// Why the loader has to do it, in words.
pub fn resampling(
    sources: &LookSources,
    request: &Request,
    slice: usize,
    caches: &Caches,
) -> Result<Resampling, String> {
    if request.tile.is_some() {
        return Err("tiles of a grid: shown by the loader".to_owned());
    }
    let Some((spec, volume)) = &sources.input else { return Err("there is no input".to_owned()) };
    let grid = request.grid_of(spec.shape, spec.voxel_size_nm);
    let chain = request.intensity.point_steps(&grid);
    let chain = chain.map_err(|key| format!("{}: shown by the loader", key.replace('_', " ")))?;
    let raw = raw_plan(volume, &grid, slice, caches)?;
    let mut volumes = vec![(raw.source.volume, Arc::new(volume.clone()), true)];
    let mut classes = Vec::new();
    let label_slice = sources.target.as_ref().and_then(|(target, _)| same_slice(slice, spec, target));
    let labels = match (&sources.target, label_slice) {
        (Some((spec, looked)), Some(slice)) => {
            classes.extend(looked.iter().map(|(name, _)| name.clone()));
            Some(label_plan((spec, looked), request, slice, caches, &mut volumes)?)
        }
        _ => None,
    };
    let plan = ResamplePlan { raw, chain: chain.into_iter().map(chain_step).collect(), labels };
    Ok(Resampling { plan: Arc::new(plan), volumes, classes })
}

fn level_source(volume: &Volume, level: usize, is_raw: bool) -> Option<LevelSource> {
    let of = volume.levels().get(level)?;
    let geometry =
        LevelGeometry { shape: of.shape, chunk_shape: of.chunk_shape, world_from_voxel: of.world_from_voxel };
    let kind = if is_raw { LayerKind::Raw } else { LayerKind::Labels { crop: 0, class: 0, color: 0 } };
    Some(LevelSource { volume: slot_of(volume, kind), level: u32::try_from(level).ok()?, geometry })
}

fn raw_plan(volume: &Volume, grid: &PatchGrid, slice: usize, caches: &Caches) -> Result<RawPlan, String> {
    if grid.warp.elastic.is_some_and(|elastic| control_points(grid, elastic.spacing_nm) > MOST_CONTROL_POINTS as f64) {
        return Err("so fine an elastic field: shown by the loader".to_owned());
    }
    let look_up = LookUp::new(volume, grid, Resample::Area, caches).map_err(|error| error.to_string())?;
    let level = look_up.level();
    let source = level_source(volume, level, true).ok_or("there is no such level")?;
    let way = match (look_up.axes(), look_up.warped()) {
        (Some(axes), _) => {
            let most = |axis: Axis| axes[axis].taps.iter().flatten().map(|taps| taps.weights.len()).max().unwrap_or(1);
            check_samples(most(Axis::Z) * most(Axis::Y) * most(Axis::X))?;
            Way::Axes(Zyx::from_fn(|axis| {
                let taps =
                    axes[axis].taps.iter().map(|taps| taps.as_ref().map(|taps| (taps.first, taps.weights.clone())));
                AxisWay { patch_axis: axes[axis].patch_axis, taps: taps.collect() }
            }))
        }
        (None, Some(warped)) => {
            check_samples(warped.samples.len())?;
            let positions = look_up.positions(slice).unwrap_or_default();
            let nearest = look_up.nearest(slice);
            let plane = positions.into_iter().zip(nearest).map(|(position, inside)| inside.map(|_| position));
            Way::Warp(Box::new(WarpWay {
                origin: warped.origin,
                steps: warped.steps,
                samples: warped.samples,
                field: warped.field.map(field_way),
                slips: warped.slips,
                plane: plane.collect(),
            }))
        }
        (None, None) => return Err("it lies nowhere".to_owned()),
    };
    let voxels = look_up.voxels();
    Ok(RawPlan {
        chunks: look_up.chunks(),
        source,
        shape: grid.shape.map(|n| u32::try_from(n).unwrap_or(u32::MAX)),
        plane: u32::try_from(slice).unwrap_or(u32::MAX),
        to_unit: to_unit(volume.levels()[level].dtype),
        voxels,
        way,
    })
}

fn check_samples(samples: usize) -> Result<(), String> {
    if samples <= MOST_SAMPLES {
        return Ok(());
    }
    Err(format!("a voxel is the mean of {samples} stored ones: shown by the loader"))
}

/// About how many control points act on a patch.
fn control_points(grid: &PatchGrid, spacing_nm: Zyx<f64>) -> f64 {
    let extent_nm = grid.orientation.along_world(grid.shape.map(|n| n as f64) * grid.voxel_size_nm);
    (extent_nm / spacing_nm).map(|n| n + 5.0).product()
}

/// Factor from stored values to intensities in 0–1.
fn to_unit(dtype: DType) -> f32 {
    let largest = match dtype {
        DType::U8 => f64::from(u8::MAX),
        DType::U16 => f64::from(u16::MAX),
        DType::U32 => f64::from(u32::MAX),
        DType::U64 => u64::MAX as f64,
        DType::I8 => f64::from(i8::MAX),
        DType::I16 => f64::from(i16::MAX),
        DType::I32 => f64::from(i32::MAX),
        DType::I64 => i64::MAX as f64,
        DType::F16 | DType::F32 | DType::F64 => 1.0,
    };
    (1.0 / largest) as f32
}

fn field_way(field: FieldLookUp) -> FieldWay {
    let knots = |axis: Axis| field.knots[axis].iter().map(|knot| (knot.first, knot.weights)).collect();
    FieldWay { counts: field.counts, knots: Zyx::from_fn(knots), points: field.points }
}

fn chain_step(step: PointStep) -> ChainStep {
    match step {
        PointStep::Unit => ChainStep::Unit,
        PointStep::Linear { factor, summand, about_mean } => ChainStep::Linear { factor, summand, about_mean },
        PointStep::Power(exponent) => ChainStep::Power(exponent),
        PointStep::Noise { sigma, key } => ChainStep::Noise { sigma, key },
        PointStep::ZScore { mean, std } => ChainStep::ZScore { mean, std },
        PointStep::Sections { axis, steps } => ChainStep::Sections { axis, steps },
        PointStep::Missing { axis, is_missing, fill } => {
            ChainStep::Missing { axis, is_missing, with_mean: fill == Fill::Mean }
        }
        PointStep::Boxes { boxes, fill } => ChainStep::Boxes { boxes, with_mean: fill == Fill::Mean },
        PointStep::Spots { axis, spots } => ChainStep::Spots { axis, spots },
    }
}

fn label_plan(
    (spec, looked): (&ArraySpec, &[(String, LookedClass)]),
    request: &Request,
    slice: usize,
    caches: &Caches,
    volumes: &mut Vec<(u64, Arc<Volume>, bool)>,
) -> Result<LabelPlan, String> {
    if !spec.encoding.is_local() {
        return Err(format!("labels as {}: shown by the loader", spec.encoding.name()));
    }
    let grid = request.grid_of(spec.shape, spec.voxel_size_nm);
    // Classes mostly lie on one grid.
    let mut known: Vec<(LevelGeometry, NearestVoxels)> = Vec::new();
    let mut class = |(name, from): &(String, LookedClass)| {
        let volume = match from {
            LookedClass::Nowhere => return Ok(ClassPlan { from: None }),
            LookedClass::Inferred => return Err(format!("{name} follows from other classes: shown by the loader")),
            LookedClass::Labels(volume) => volume,
        };
        let codes = volume.codes().plain_codes();
        let codes =
            codes.ok_or_else(|| format!("{name} is one of several classes of an array: shown by the loader"))?;
        let look_up = LookUp::new(volume, &grid, Resample::Nearest, caches).map_err(|error| error.to_string())?;
        let source = level_source(volume, look_up.level(), false).ok_or("there is no such level")?;
        let nearest = match known.iter().find(|(geometry, _)| *geometry == source.geometry) {
            Some((_, nearest)) => Arc::clone(nearest),
            None => {
                let nearest = Arc::new(look_up.nearest(slice));
                known.push((source.geometry, Arc::clone(&nearest)));
                nearest
            }
        };
        volumes.push((source.volume, Arc::clone(volume), false));
        let codes = codes.map(|code| code.map(fold_id));
        let presence_only = spec.encoding.says_presence();
        Ok(ClassPlan { from: Some(ClassFrom { source, nearest, codes, presence_only }) })
    };
    let classes = looked.iter().map(&mut class).collect::<Result<_, String>>()?;
    let side = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(LabelPlan { size: [side(spec.shape.x), side(spec.shape.y)], classes })
}

/// The slice of one array that shows what a slice of another does; both have the same middle.
#[must_use]
pub fn same_slice(slice: usize, from: &ArraySpec, to: &ArraySpec) -> Option<usize> {
    let offset_nm = (slice as f64 - (from.shape.z as f64 - 1.0) / 2.0) * from.voxel_size_nm.z;
    let z = (offset_nm / to.voxel_size_nm.z + (to.shape.z as f64 - 1.0) / 2.0).round();
    (z >= 0.0 && z < to.shape.z as f64).then_some(z as usize)
}

#[cfg(test)]
mod tests {
    use microtome_core::loader::Encoding;

    use super::*;

    #[test]
    fn labels_are_those_of_the_same_nanometres() {
        let spec = |depth, size_nm| ArraySpec::new(Zyx::new(depth, 4, 4), Zyx::splat(size_nm), Encoding::U8);
        let (fine, coarse) = (spec(8, 8.0), spec(4, 16.0));
        assert_eq!(
            (0..8).map(|z| same_slice(z, &fine, &fine)).collect::<Vec<_>>(),
            (0..8).map(Some).collect::<Vec<_>>()
        );
        assert_eq!([0, 1, 6, 7].map(|z| same_slice(z, &fine, &coarse)), [Some(0), Some(0), Some(3), Some(3)]);
        // A target in the middle of its input.
        let small = spec(2, 8.0);
        assert_eq!([2, 3, 4, 5].map(|z| same_slice(z, &fine, &small)), [None, Some(0), Some(1), None]);
    }
}
