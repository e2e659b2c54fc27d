//! Low contrast: some sections are faint, as where staining or focus failed.

use serde::{Deserialize, Serialize};

use super::patch::{Patch, unit};
use super::{Apply, Operate, Scene};
use crate::Result;
use crate::geometry::Sections;
use crate::sample::draw::Draw;
use crate::sample::range::{Check, Range};

/// `low_contrast = { fraction = 0.05, range = [0.1, 0.5], probability = 0.2 }`
///
/// In a faint section x becomes m + f · (x - m), m the mean of the section.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowContrast {
    /// Probability of each section to be faint.
    pub fraction: f64,
    /// Factor f, at most 1.
    pub range: Range,
    /// Of being applied to a sample.
    pub probability: f64,
}

/// Drawn faint sections.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LowContrastStep {
    /// Probability of each section to be faint.
    pub fraction: f64,
    /// Factors are drawn from here.
    pub range: Range,
    /// Where sections lie.
    pub sections: Sections,
    /// Names the draws: section s is stream s of it.
    pub seed: u64,
}

impl Operate for LowContrast {
    type Step = LowContrastStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        check.probability("fraction", self.fraction)?;
        check.range("range", self.range, (0.0, 1.0))
    }

    fn draw(&self, draw: &mut Draw, scene: &Scene) -> LowContrastStep {
        let Self { fraction, range, .. } = *self;
        LowContrastStep { fraction, range, sections: scene.sections(), seed: draw.word() }
    }
}

impl LowContrastStep {
    /// The factor of a section, if it is faint.
    pub(super) fn of_section(&self, number: i64) -> Option<f64> {
        let mut draw = Draw::of_recipe(self.seed, 0, number.cast_unsigned());
        draw.chance(self.fraction).then(|| self.range.draw(&mut draw))
    }
}

impl Apply for LowContrastStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        for section in patch.sections(&self.sections) {
            let Some(factor) = self.of_section(section.number) else { continue };
            let (factor, mean) = (factor as f32, section.mean(patch.voxels));
            section.update(patch.voxels, |_, _, value| unit(mean + factor * (value - mean)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EVEN, assert_close, changed, grid, kolmogorov_p, scattered, uniform_cdf};
    use super::*;
    use crate::geometry::Orientation;

    const STEP: LowContrastStep =
        LowContrastStep { fraction: 0.5, range: Range { from: 0.1, to: 0.6 }, sections: EVEN, seed: 3 };

    #[test]
    fn faint_sections_shrink_towards_their_mean() {
        let voxels = scattered(200);
        let grid = grid([10, 4, 5], [8.0; 3], Orientation::IDENTITY);
        let out = changed(&voxels, &grid, |patch| STEP.apply(patch));
        for (plane, number) in (-5..5).enumerate() {
            let section = &voxels[plane * 20..(plane + 1) * 20];
            let factor = STEP.of_section(number).unwrap_or(1.0);
            let mean = section.iter().map(|&v| f64::from(v)).sum::<f64>() / 20.0;
            let expected = section.iter().map(|&v| mean + factor * (f64::from(v) - mean));
            assert_close(&out[plane * 20..(plane + 1) * 20], expected, 1e-6);
        }
    }

    #[test]
    fn the_fraction_is_faint_by_a_uniform_factor() {
        let factors: Vec<_> = (-5000..5000).filter_map(|number| STEP.of_section(number)).collect();
        // 5000 ± 3.3 · √2500.
        assert!((4835..5165).contains(&factors.len()), "{}", factors.len());
        assert!(kolmogorov_p(factors, uniform_cdf(0.1, 0.6)) > 0.01);
    }
}
