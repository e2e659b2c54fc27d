//! A recipe as steps that change each voxel by itself, by means, and by where it lies: plain numbers, for those who apply
//! it by other means than this crate.

use std::ops::Range;

use super::patch::{Patch, Section};
use super::{Fill, IntensityRecipe, NormaliseStep, Step};
use crate::geometry::{Axis, PatchGrid, Zyx};
use crate::sample::draw::Draw;

/// What is done to every voxel x of a patch, in single precision. *Unit* puts numbers into 0–1, and NaN to 0.
#[derive(Debug, Clone, PartialEq)]
pub enum PointStep {
    /// unit(x)
    Unit,
    /// unit(m + factor · (x - m) + summand), m the mean of the patch if `about_mean`, else 0.
    Linear {
        /// Factor.
        factor: f32,
        /// Summand.
        summand: f32,
        /// Whether distances are those from the mean of the patch.
        about_mean: bool,
    },
    /// unit(unit(x) to the power of this).
    Power(f32),
    /// unit(x + σ · n), n normal: two words of a ChaCha8 stream each, by Box and Muller. The stream's number is that of the
    /// row of the patch. Of a row of w voxels the first h = ⌈w / 2⌉ have radius word i and turn word h + i and take the
    /// cosine, voxel h + i takes the sine of the same two.
    Noise {
        /// σ
        sigma: f32,
        /// The key of the streams.
        key: [u32; 8],
    },
    /// (x - mean) / std; what is not finite counts as 0.
    ZScore {
        /// Mean.
        mean: f32,
        /// Standard deviation.
        std: f32,
    },
    /// unit(m + factor · (x - m) + summand), m the mean of the voxel's section.
    Sections {
        /// The patch axis across sections.
        axis: Axis,
        /// For each voxel along it factor and summand; `None`: it stays.
        steps: Vec<Option<[f32; 2]>>,
    },
    /// Whole sections become something else.
    Missing {
        /// The patch axis across sections.
        axis: Axis,
        /// For each voxel along it.
        is_missing: Vec<bool>,
        /// What they become: 0 or the mean of the patch.
        fill: Fill,
    },
    /// Boxes become something else.
    Boxes {
        /// Voxels along each patch axis.
        boxes: Vec<Zyx<Range<usize>>>,
        /// What they become: 0 or the mean of the patch.
        fill: Fill,
    },
    /// unit(x + r · c), r and c by row and column of the voxel's section.
    Spots {
        /// The patch axis across sections; of the others rows lie along the slower one.
        axis: Axis,
        /// For each voxel along it r by row and c by column; `None`: it stays.
        spots: Vec<Option<[Vec<f32>; 2]>>,
    },
}

impl IntensityRecipe {
    /// The recipe as such steps, for a patch on `grid`.
    ///
    /// # Errors
    /// The key in `[augment]` of an operation that is none of them: it needs neighbours, percentiles or counts.
    pub fn point_steps(&self, grid: &PatchGrid) -> Result<Vec<PointStep>, &'static str> {
        let (mut none, mut scratch) = ([], Vec::new());
        let patch = Patch::new(&mut none, grid, &mut scratch);
        let mut steps = Vec::new();
        // As `IntensityRecipe::apply_step` begins.
        if self.steps.first().is_some_and(|step| !matches!(step, Step::Normalise(_))) {
            steps.push(PointStep::Unit);
        }
        for step in &self.steps {
            steps.push(point_step(step, &patch).ok_or(step.key())?);
        }
        Ok(steps)
    }
}

fn point_step(step: &Step, patch: &Patch<'_>) -> Option<PointStep> {
    let grid = patch.grid;
    Some(match step {
        Step::Contrast(step) => PointStep::Linear { factor: step.factor as f32, summand: 0.0, about_mean: true },
        Step::Brightness(step) => PointStep::Linear { factor: 1.0, summand: step.shift as f32, about_mean: false },
        Step::Gamma(step) => PointStep::Power(step.gamma as f32),
        Step::Noise(step) => {
            PointStep::Noise { sigma: step.sigma as f32, key: Draw::key_of_recipe(step.seed, patch.variant()) }
        }
        Step::Normalise(NormaliseStep::Range(range)) => {
            let scale = NormaliseStep::scale(range.from, range.to);
            PointStep::Linear { factor: scale, summand: -(range.from as f32) * scale, about_mean: false }
        }
        Step::Normalise(NormaliseStep::ZScore { mean, std }) => {
            PointStep::ZScore { mean: *mean as f32, std: *std as f32 }
        }
        Step::SectionShift(step) => sections(patch, step.sections, |section| {
            let (scale, shift) = step.of_section(section.number);
            Some([scale as f32, shift as f32])
        }),
        Step::LowContrast(step) => {
            sections(patch, step.sections, |section| step.of_section(section.number).map(|factor| [factor as f32, 0.0]))
        }
        Step::MissingSections(step) => {
            let is_missing = patch.sections(&step.sections).map(|section| step.is_missing(section.number));
            PointStep::Missing { axis: patch.section_axis(), is_missing: is_missing.collect(), fill: step.fill }
        }
        Step::Cutout(step) => {
            let boxes = step.boxes_nm.iter().map(|box_nm| super::cutout::inside(grid, box_nm)).collect();
            PointStep::Boxes { boxes, fill: step.fill }
        }
        Step::Charging(step) => {
            let spots = patch.sections(&step.sections).map(|section| step.lines_of(&section, grid)).collect();
            PointStep::Spots { axis: patch.section_axis(), spots }
        }
        Step::Poisson(_) | Step::Blur(_) | Step::Sharpen(_) | Step::Normalise(NormaliseStep::Percentile(_)) => {
            return None;
        }
    })
}

fn sections(
    patch: &Patch<'_>,
    sections: crate::geometry::Sections,
    step: impl Fn(Section) -> Option<[f32; 2]>,
) -> PointStep {
    PointStep::Sections { axis: patch.section_axis(), steps: patch.sections(&sections).map(step).collect() }
}
