//! Section-wise intensity: each section has a contrast and a brightness of its own, as in serial-section EM.

use serde::{Deserialize, Serialize};

use super::patch::{Patch, unit};
use super::{Apply, Operate, Scene};
use crate::Result;
use crate::geometry::Sections;
use crate::sample::draw::Draw;
use crate::sample::range::{Check, Range};

/// `section_shift = { scale = [0.9, 1.1], shift = [-0.05, 0.05], probability = 0.3 }`
///
/// In every section x becomes m + f · (x - m) + b, m the mean of the section, f and b drawn for it, as
/// `IntensityAugment` of gunpowder with `z_section_wise` means it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionShift {
    /// Factor f: 1 changes nothing.
    #[serde(default = "one")]
    pub scale: Range,
    /// Summand b, of intensities in 0–1.
    pub shift: Range,
    /// Of being applied to a sample.
    pub probability: f64,
}

const fn one() -> Range {
    Range { from: 1.0, to: 1.0 }
}

/// Drawn section-wise intensities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SectionShiftStep {
    /// Factors are drawn from here.
    pub scale: Range,
    /// Summands are drawn from here.
    pub shift: Range,
    /// Where sections lie.
    pub sections: Sections,
    /// Names the draws: section s is stream s of it.
    pub seed: u64,
}

impl Operate for SectionShift {
    type Step = SectionShiftStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        check.range("scale", self.scale, (0.0, 100.0))?;
        check.range("shift", self.shift, (-1.0, 1.0))
    }

    fn draw(&self, draw: &mut Draw, scene: &Scene) -> SectionShiftStep {
        let Self { scale, shift, .. } = *self;
        SectionShiftStep { scale, shift, sections: scene.sections(), seed: draw.word() }
    }
}

impl SectionShiftStep {
    /// Factor and summand of a section.
    pub(super) fn of_section(&self, number: i64) -> (f64, f64) {
        let mut draw = Draw::of_recipe(self.seed, 0, number.cast_unsigned());
        (self.scale.draw(&mut draw), self.shift.draw(&mut draw))
    }
}

impl Apply for SectionShiftStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        for section in patch.sections(&self.sections) {
            let (scale, shift) = self.of_section(section.number);
            let (scale, shift, mean) = (scale as f32, shift as f32, section.mean(patch.voxels));
            section.update(patch.voxels, |_, _, value| unit(mean + scale * (value - mean) + shift));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EVEN, assert_close, changed, grid, kolmogorov_p, scattered, uniform_cdf};
    use super::*;
    use crate::geometry::Orientation;

    const STEP: SectionShiftStep = SectionShiftStep {
        scale: Range { from: 0.5, to: 1.5 },
        shift: Range { from: -0.2, to: 0.3 },
        sections: EVEN,
        seed: 9,
    };

    #[test]
    fn each_section_has_its_own_factor_and_summand() {
        let voxels = scattered(60);
        let grid = grid([3, 4, 5], [8.0; 3], Orientation::IDENTITY);
        let out = changed(&voxels, &grid, |patch| STEP.apply(patch));
        for (plane, number) in [-1, 0, 1].into_iter().enumerate() {
            let (scale, shift) = STEP.of_section(number);
            let section = &voxels[plane * 20..(plane + 1) * 20];
            let mean = section.iter().map(|&v| f64::from(v)).sum::<f64>() / 20.0;
            let expected = section.iter().map(|&v| (mean + scale * (f64::from(v) - mean) + shift).clamp(0.0, 1.0));
            assert_close(&out[plane * 20..(plane + 1) * 20], expected, 1e-6);
        }
    }

    #[test]
    fn sections_are_drawn_uniformly() {
        let draws: Vec<_> = (-1000..1000).map(|number| STEP.of_section(number)).collect();
        assert!(kolmogorov_p(draws.iter().map(|d| d.0), uniform_cdf(0.5, 1.5)) > 0.01);
        assert!(kolmogorov_p(draws.iter().map(|d| d.1), uniform_cdf(-0.2, 0.3)) > 0.01);
    }
}
