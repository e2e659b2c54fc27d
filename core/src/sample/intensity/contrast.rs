//! Contrast: distances from the patch's mean are scaled.

use serde::{Deserialize, Serialize};

use super::patch::{Patch, unit};
use super::{Apply, Operate, Scene};
use crate::Result;
use crate::sample::draw::Draw;
use crate::sample::range::{Check, Range};

/// `contrast = { range = [0.8, 1.2], probability = 0.5 }`
///
/// x becomes m + f · (x - m), m the mean of the patch, as `RandomContrast` of cellmap-data and `IntensityAugment` of
/// gunpowder mean it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contrast {
    /// Factor f: 1 changes nothing.
    pub range: Range,
    /// Of being applied to a sample.
    pub probability: f64,
}

/// A drawn contrast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ContrastStep {
    /// Factor of distances from the patch's mean.
    pub factor: f64,
}

impl Operate for Contrast {
    type Step = ContrastStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        check.range("range", self.range, (0.0, 100.0))
    }

    fn draw(&self, draw: &mut Draw, _scene: &Scene) -> ContrastStep {
        ContrastStep { factor: self.range.draw(draw) }
    }
}

impl Apply for ContrastStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        let (mean, factor) = (patch.mean(), self.factor as f32);
        patch.map(|value| unit(mean + factor * (value - mean)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, changed, grid, scattered};
    use super::*;
    use crate::geometry::Orientation;

    #[test]
    fn distances_from_the_mean_are_scaled() {
        let voxels = scattered(60);
        let mean = voxels.iter().map(|&v| f64::from(v)).sum::<f64>() / 60.0;
        for factor in [0.0, 0.5, 1.0, 1.7] {
            let step = ContrastStep { factor };
            let grid = grid([3, 4, 5], [8.0; 3], Orientation::IDENTITY);
            let out = changed(&voxels, &grid, |patch| step.apply(patch));
            let expected = voxels.iter().map(|&v| (mean + factor * (f64::from(v) - mean)).clamp(0.0, 1.0));
            assert_close(&out, expected, 1e-6);
        }
    }
}
