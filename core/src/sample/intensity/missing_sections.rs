//! Missing sections: some planes of the volume hold nothing, as where a section was lost.

use serde::{Deserialize, Serialize};

use super::patch::Patch;
use super::{Apply, Fill, Operate, Scene};
use crate::Result;
use crate::geometry::Sections;
use crate::sample::draw::Draw;
use crate::sample::range::Check;

/// `missing_sections = { fraction = 0.03, fill = "dark", probability = 0.2 }`
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingSections {
    /// Probability of each section to be missing.
    pub fraction: f64,
    /// What stands in its place.
    #[serde(default)]
    pub fill: Fill,
    /// Of being applied to a sample.
    pub probability: f64,
}

/// Drawn missing sections.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MissingSectionsStep {
    /// Probability of each section to be missing.
    pub fraction: f64,
    /// What stands in its place.
    pub fill: Fill,
    /// Where sections lie.
    pub sections: Sections,
    /// Names the draws: section s is stream s of it.
    pub seed: u64,
}

impl Operate for MissingSections {
    type Step = MissingSectionsStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        check.probability("fraction", self.fraction)
    }

    fn draw(&self, draw: &mut Draw, scene: &Scene) -> MissingSectionsStep {
        let Self { fraction, fill, .. } = *self;
        MissingSectionsStep { fraction, fill, sections: scene.sections(), seed: draw.word() }
    }
}

impl MissingSectionsStep {
    pub(super) fn is_missing(&self, section: i64) -> bool {
        Draw::of_recipe(self.seed, 0, section.cast_unsigned()).chance(self.fraction)
    }
}

impl Apply for MissingSectionsStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        let fill = self.fill.value(patch);
        for section in patch.sections(&self.sections).filter(|section| self.is_missing(section.number)) {
            section.update(patch.voxels, |_, _, _| fill);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EVEN, changed, grid, scattered};
    use super::*;
    use crate::geometry::Orientation;

    #[test]
    fn missing_sections_are_filled_and_the_others_stay() {
        let voxels = scattered(400);
        let mean = super::super::patch::mean(voxels.iter().copied());
        let grid = grid([20, 4, 5], [8.0; 3], Orientation::IDENTITY);
        for (fill, expected) in [(Fill::Dark, 0.0), (Fill::Mean, mean)] {
            let step = MissingSectionsStep { fraction: 0.4, fill, sections: EVEN, seed: 4 };
            let out = changed(&voxels, &grid, |patch| step.apply(patch));
            let mut missing = 0;
            for (plane, number) in (-10..10).enumerate() {
                let range = plane * 20..(plane + 1) * 20;
                if step.is_missing(number) {
                    missing += 1;
                    assert_eq!(out[range], [expected; 20]);
                } else {
                    assert_eq!(out[range.clone()], voxels[range]);
                }
            }
            assert!(missing > 0 && missing < 20, "{missing}");
        }
    }

    #[test]
    fn the_fraction_is_missing() {
        let step = MissingSectionsStep { fraction: 0.1, fill: Fill::Dark, sections: EVEN, seed: 4 };
        let missing = (-5000..5000).filter(|&number| step.is_missing(number)).count();
        // 1000 ± 3.3 · √900.
        assert!((901..1099).contains(&missing), "{missing}");
    }
}
