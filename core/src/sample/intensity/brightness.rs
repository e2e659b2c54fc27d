//! Brightness: the same is added to every voxel.

use serde::{Deserialize, Serialize};

use super::patch::{Patch, unit};
use super::{Apply, Operate, Scene};
use crate::Result;
use crate::sample::draw::Draw;
use crate::sample::range::{Check, Range};

/// `brightness = { range = [-0.1, 0.1], probability = 0.5 }`
///
/// x becomes x + b.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brightness {
    /// Summand b, of intensities in 0–1.
    pub range: Range,
    /// Of being applied to a sample.
    pub probability: f64,
}

/// A drawn brightness.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BrightnessStep {
    /// Added to every voxel.
    pub shift: f64,
}

impl Operate for Brightness {
    type Step = BrightnessStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        check.range("range", self.range, (-1.0, 1.0))
    }

    fn draw(&self, draw: &mut Draw, _scene: &Scene) -> BrightnessStep {
        BrightnessStep { shift: self.range.draw(draw) }
    }
}

impl Apply for BrightnessStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        let shift = self.shift as f32;
        patch.map(|value| unit(value + shift));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, changed, grid, scattered};
    use super::*;
    use crate::geometry::Orientation;

    #[test]
    fn the_shift_is_added_and_the_result_clamped() {
        let voxels = scattered(60);
        for shift in [-0.3, 0.0, 0.25] {
            let grid = grid([3, 4, 5], [8.0; 3], Orientation::IDENTITY);
            let out = changed(&voxels, &grid, |patch| BrightnessStep { shift }.apply(patch));
            assert_close(&out, voxels.iter().map(|&v| (f64::from(v) + shift).clamp(0.0, 1.0)), 1e-6);
        }
    }
}
