//! The recipe of one sample: drawn for all of its inputs, applied to each.

use serde::{Deserialize, Serialize};

use super::patch::{Patch, unit};
use super::{Apply, Operation, Scene, Step};
use crate::Result;
use crate::catalog::Intensities;
use crate::geometry::{PatchGrid, Zyx};
use crate::sample::draw::{Draw, Purpose};
use crate::sample::range::Check;

/// What is done to the intensities of one sample, in this order: every random number is in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntensityRecipe {
    /// The operations that were drawn.
    pub steps: Vec<Step>,
}

impl IntensityRecipe {
    /// True if nothing is done.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Draws from `operations` for a sample whose first array lies on `grid`, in a dataset of these intensities; each
    /// operation has its own stream.
    pub(in crate::sample) fn draw(
        operations: &[Operation],
        grid: &PatchGrid,
        intensities: Option<Intensities>,
        stream: impl Fn(Purpose) -> Draw,
    ) -> Self {
        let scene = Scene { grid: *grid, intensities };
        Self { steps: operations.iter().filter_map(|operation| operation.draw(&stream, &scene)).collect() }
    }

    /// The normalisation alone, which is not random: of a sample in a dataset of these intensities that gets it.
    pub(crate) fn normalising(operations: &[Operation], intensities: Option<Intensities>) -> Self {
        let step = |operation: &Operation| match operation {
            Operation::Normalise(keys) if keys.probability > 0.0 => Some(Step::Normalise(keys.step(intensities))),
            _ => None,
        };
        Self { steps: operations.iter().filter_map(step).collect() }
    }

    /// Changes one channel: `voxels` in C order z, y, x of `grid`, one per voxel of it, intensities in 0–1.
    ///
    /// `scratch` is working memory, at most [`scratch_len`] elements of it.
    pub(crate) fn apply(&self, voxels: &mut [f32], grid: &PatchGrid, scratch: &mut Vec<f32>) {
        for step in 0..self.steps.len() {
            self.apply_step(step, voxels, grid, scratch);
        }
    }

    /// As [`IntensityRecipe::apply`], one step of it: those before it have been applied.
    pub(crate) fn apply_step(&self, index: usize, voxels: &mut [f32], grid: &PatchGrid, scratch: &mut Vec<f32>) {
        let mut patch = Patch::new(voxels, grid, scratch);
        let step = &self.steps[index];
        // A normalisation may be there to bring floats into 0–1; everything else begins there.
        if index == 0 && !matches!(step, Step::Normalise(_)) {
            patch.map(unit);
        }
        step.apply(&mut patch);
    }
}

/// Most elements of working memory that a recipe of `operations` takes for a patch of `shape`.
pub(crate) fn scratch_len(operations: &[Operation], shape: Zyx<usize>) -> usize {
    operations.iter().map(|operation| operation.scratch_len(shape)).max().unwrap_or(0)
}

/// Checks the operations of `[augment]`.
///
/// # Errors
/// [`crate::Error::Config`] that names the key and what would be right.
pub(crate) fn check(operations: &[Operation]) -> Result<()> {
    for (index, operation) in operations.iter().enumerate() {
        let check = Check { operation: operation.key() };
        operation.check()?;
        if operations[..index].iter().any(|earlier| earlier.key() == operation.key()) {
            return check.wrong("", "stands there twice; each operation is applied once");
        }
        if makes_z_scores(operation) && index + 1 < operations.len() {
            let next = operations[index + 1].key();
            return check
                .wrong("", format!("the other operations take intensities in 0–1; write it last, behind `{next}`"));
        }
    }
    Ok(())
}

/// Whether an operation needs the intensities of the sample's dataset.
pub(crate) fn needs_intensities(operations: &[Operation]) -> bool {
    operations.iter().any(|operation| matches!(operation, Operation::Normalise(keys) if keys.dataset))
}

/// Whether what comes out of the operations is not in 0–1.
pub(crate) fn ends_in_z_scores(operations: &[Operation]) -> bool {
    operations.last().is_some_and(makes_z_scores)
}

const fn makes_z_scores(operation: &Operation) -> bool {
    matches!(operation, Operation::Normalise(normalise) if normalise.makes_z_scores())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{grid, kolmogorov_p, scattered, uniform_cdf};
    use super::super::{
        Blur, Brightness, Contrast, Gamma, GammaStep, Noise, NoiseStep, Poisson, PoissonStep, Range, Sharpen,
    };
    use super::*;
    use crate::geometry::Orientation;

    const RANGE: Range = Range { from: 0.25, to: 0.75 };

    fn recipe(operations: &[Operation], index: u64) -> IntensityRecipe {
        let grid = grid([4, 5, 6], [8.0; 3], Orientation::IDENTITY);
        IntensityRecipe::draw(operations, &grid, None, |purpose| Draw::new(7, 1, index, 0, purpose))
    }

    #[test]
    fn every_parameter_is_uniform_and_every_operation_as_probable_as_it_says() {
        let probability = 0.5;
        let operations = [
            Operation::Contrast(Contrast { range: RANGE, probability }),
            Operation::Brightness(Brightness { range: RANGE, probability }),
            Operation::Gamma(Gamma { range: RANGE, probability }),
            Operation::Noise(Noise { sigma: RANGE, probability }),
            Operation::Poisson(Poisson { counts: RANGE, probability }),
            Operation::Blur(Blur { sigma_nm: RANGE, probability }),
            Operation::Sharpen(Sharpen { sigma_nm: RANGE, amount: RANGE, probability }),
        ];
        let values = |step: &Step| match step {
            Step::Contrast(s) => vec![s.factor],
            Step::Brightness(s) => vec![s.shift],
            Step::Gamma(s) => vec![s.gamma],
            Step::Noise(s) => vec![s.sigma],
            Step::Poisson(s) => vec![s.counts],
            Step::Blur(s) => vec![s.sigma_nm],
            Step::Sharpen(s) => vec![s.sigma_nm, s.amount],
            other => unreachable!("{other:?}"),
        };
        let mut drawn = vec![Vec::new(); operations.len()];
        for index in 0..10_000 {
            for step in recipe(&operations, index).steps {
                let at = operations.iter().position(|o| {
                    o.draw(
                        &|p| Draw::new(7, 1, index, 0, p),
                        &Scene { grid: grid([4, 5, 6], [8.0; 3], Orientation::IDENTITY), intensities: None },
                    ) == Some(step.clone())
                });
                drawn[at.unwrap()].push(values(&step));
            }
        }
        for (draws, operation) in drawn.iter().zip(&operations) {
            // 5000 ± 3.3 · √2500.
            assert!((4835..5165).contains(&draws.len()), "{}: {}", operation.key(), draws.len());
            for parameter in 0..draws[0].len() {
                let p = kolmogorov_p(draws.iter().map(|d| d[parameter]), uniform_cdf(0.25, 0.75));
                assert!(p > 0.01, "{} {parameter}: {p}", operation.key());
            }
        }
    }

    #[test]
    fn an_operation_is_drawn_alike_wherever_it_stands_and_applied_in_order() {
        let contrast = Operation::Contrast(Contrast { range: RANGE, probability: 1.0 });
        let gamma = Operation::Gamma(Gamma { range: RANGE, probability: 1.0 });
        let one = recipe(&[contrast.clone(), gamma.clone()], 3);
        let other = recipe(&[gamma.clone(), contrast], 3);
        assert_eq!(one.steps, other.steps.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!(recipe(&[gamma], 3).steps, one.steps[1..]);
        let grid = grid([4, 5, 6], [8.0; 3], Orientation::IDENTITY);
        let apply = |recipe: &IntensityRecipe| {
            let mut voxels = scattered(120);
            recipe.apply(&mut voxels, &grid, &mut Vec::new());
            voxels
        };
        assert_ne!(apply(&one), apply(&other));
    }

    #[test]
    fn the_recipe_is_the_one_that_users_have_seen() {
        // Recorded when this was first written; a change here changes samples of users.
        let text = serde_json::to_string(&recipe(&[Operation::Noise(Noise { sigma: RANGE, probability: 1.0 })], 3));
        assert_eq!(text.unwrap(), r#"[{"noise":{"sigma":0.42009233503420645,"seed":18151882255961355995}}]"#);
        let steps = vec![
            Step::Noise(NoiseStep { sigma: 0.1, seed: 1 }),
            Step::Poisson(PoissonStep { counts: 50.0, seed: 2 }),
            Step::Gamma(GammaStep { gamma: 1.3 }),
        ];
        let mut voxels = vec![0.5; 120];
        let grid = grid([4, 5, 6], [8.0; 3], Orientation::IDENTITY);
        IntensityRecipe { steps }.apply(&mut voxels, &grid, &mut Vec::new());
        assert_eq!(
            voxels[..3].iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
            [1_055_248_670, 1_054_527_559, 1_059_128_305]
        );
    }

    #[test]
    fn floats_outside_the_unit_range_come_into_it_first() {
        let recipe = recipe(&[Operation::Contrast(Contrast { range: RANGE, probability: 1.0 })], 0);
        let apply = |values: [f32; 3]| {
            let mut voxels = scattered(120);
            voxels[..3].copy_from_slice(&values);
            recipe.apply(&mut voxels, &grid([4, 5, 6], [8.0; 3], Orientation::IDENTITY), &mut Vec::new());
            voxels
        };
        assert_eq!(apply([f32::NAN, f32::INFINITY, -1e30]), apply([0.0, 1.0, 0.0]));
    }
}
