//! Sharpening by an unsharp mask: what a blur would take away is added.

use serde::{Deserialize, Serialize};

use super::blur::{blur, scratch_len};
use super::patch::{Patch, unit};
use super::{Apply, Operate, Scene};
use crate::Result;
use crate::geometry::Zyx;
use crate::sample::draw::Draw;
use crate::sample::range::{Check, LENGTHS_NM, Range};

/// `sharpen = { sigma_nm = [4, 12], amount = [0.5, 1.5], probability = 0.2 }`
///
/// x becomes x + a · (x - b), b the patch after a blur of σ.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sharpen {
    /// Standard deviation σ of the blur, nm.
    pub sigma_nm: Range,
    /// Factor a: 0 changes nothing.
    pub amount: Range,
    /// Of being applied to a sample.
    pub probability: f64,
}

/// A drawn sharpening.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SharpenStep {
    /// Standard deviation of the blur, nm.
    pub sigma_nm: f64,
    /// Factor of what the blur takes away.
    pub amount: f64,
}

impl Operate for Sharpen {
    type Step = SharpenStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        check.range("sigma_nm", self.sigma_nm, LENGTHS_NM)?;
        check.range("amount", self.amount, (0.0, 100.0))
    }

    fn draw(&self, draw: &mut Draw, _scene: &Scene) -> SharpenStep {
        SharpenStep { sigma_nm: self.sigma_nm.draw(draw), amount: self.amount.draw(draw) }
    }

    fn scratch_len(&self, shape: Zyx<usize>) -> usize {
        shape.product() + scratch_len(shape)
    }
}

impl Apply for SharpenStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        let (len, amount) = (patch.voxels.len(), self.amount as f32);
        let sigma_voxels = patch.grid.voxel_size_nm.map(|size_nm| self.sigma_nm / size_nm);
        patch.scratch.resize(len + scratch_len(patch.grid.shape), 0.0);
        let (blurred, memory) = patch.scratch.split_at_mut(len);
        blurred.copy_from_slice(patch.voxels);
        blur(blurred, patch.grid.shape, sigma_voxels, memory);
        for (value, blurred) in patch.voxels.iter_mut().zip(blurred) {
            *value = unit(*value + amount * (*value - *blurred));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::blur::BlurStep;
    use super::super::testing::{assert_close, changed, grid, scattered};
    use super::*;
    use crate::geometry::Orientation;

    #[test]
    fn what_the_blur_takes_away_is_added() {
        let grid = grid([4, 6, 7], [16.0, 4.0, 4.0], Orientation::IDENTITY);
        let voxels = scattered(168);
        let blurred = changed(&voxels, &grid, |patch| BlurStep { sigma_nm: 6.0 }.apply(patch));
        let out = changed(&voxels, &grid, |patch| SharpenStep { sigma_nm: 6.0, amount: 0.8 }.apply(patch));
        let expected = voxels.iter().zip(blurred).map(|(&v, b)| f64::from(v) + 0.8 * (f64::from(v) - f64::from(b)));
        assert_close(&out, expected.map(|v| v.clamp(0.0, 1.0)), 1e-6);
    }
}
