//! Gamma: intensities are raised to a power.

use serde::{Deserialize, Serialize};

use super::math::power;
use super::patch::{Patch, unit};
use super::{Apply, Operate, Scene};
use crate::Result;
use crate::sample::draw::Draw;
use crate::sample::range::{Check, Range};

/// `gamma = { range = [0.7, 1.5], probability = 0.3 }`
///
/// x becomes x to the power of γ, as `RandomGamma` of cellmap-data and torchio mean it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gamma {
    /// Exponent γ: below 1 brightens, above 1 darkens.
    pub range: Range,
    /// Of being applied to a sample.
    pub probability: f64,
}

/// A drawn gamma.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GammaStep {
    /// Exponent of every voxel.
    pub gamma: f64,
}

impl Operate for Gamma {
    type Step = GammaStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        check.range("range", self.range, (0.01, 100.0))
    }

    fn draw(&self, draw: &mut Draw, _scene: &Scene) -> GammaStep {
        GammaStep { gamma: self.range.draw(draw) }
    }
}

impl Apply for GammaStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        let gamma = self.gamma as f32;
        patch.map(|value| unit(power(unit(value), gamma)));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, changed, grid, scattered};
    use super::*;
    use crate::geometry::Orientation;

    #[test]
    fn intensities_are_raised_to_the_power() {
        let voxels = scattered(60);
        for gamma in [0.2, 1.0, 2.2] {
            let grid = grid([3, 4, 5], [8.0; 3], Orientation::IDENTITY);
            let out = changed(&voxels, &grid, |patch| GammaStep { gamma }.apply(patch));
            assert_close(&out, voxels.iter().map(|&v| f64::from(v).powf(gamma)), 1e-6);
        }
    }
}
