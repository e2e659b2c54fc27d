//! Gaussian noise: an independent normal draw is added to every voxel.

use serde::{Deserialize, Serialize};

use super::math::fill_normal;
use super::patch::{Patch, unit};
use super::{Apply, Operate, Scene};
use crate::Result;
use crate::sample::draw::Draw;
use crate::sample::range::{Check, Range};

/// `noise = { sigma = [0.0, 0.05], probability = 0.5 }`
///
/// x becomes x + n, n normal with mean 0 and standard deviation σ, independent from voxel to voxel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noise {
    /// Standard deviation σ, of intensities in 0–1.
    pub sigma: Range,
    /// Of being applied to a sample.
    pub probability: f64,
}

/// Drawn Gaussian noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NoiseStep {
    /// Standard deviation.
    pub sigma: f64,
    /// Names the field of noise: row r of the patch is stream r of it.
    pub seed: u64,
}

impl Operate for Noise {
    type Step = NoiseStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        check.range("sigma", self.sigma, (0.0, 1.0))
    }

    fn draw(&self, draw: &mut Draw, _scene: &Scene) -> NoiseStep {
        NoiseStep { sigma: self.sigma.draw(draw), seed: draw.word() }
    }
}

impl Apply for NoiseStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        let (sigma, variant, width) = (self.sigma as f32, patch.variant(), patch.grid.shape.x);
        patch.scratch.resize(width, 0.0);
        let mut words = Vec::new();
        for (number, row) in patch.voxels.chunks_exact_mut(width.max(1)).enumerate() {
            fill_normal(&mut Draw::of_recipe(self.seed, variant, number as u64), patch.scratch, &mut words);
            for (value, normal) in row.iter_mut().zip(patch.scratch.iter()) {
                *value = unit(*value + sigma * normal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{changed, grid, kolmogorov_p, normal_cdf};
    use super::*;
    use crate::geometry::Orientation;

    fn noise(seed: u64, sigma: f64, width: usize, size_nm: f64) -> Vec<f32> {
        let grid = grid([20, 20, width], [size_nm; 3], Orientation::IDENTITY);
        let gray = vec![0.5; 400 * width];
        changed(&gray, &grid, |patch| NoiseStep { sigma, seed }.apply(patch))
    }

    #[test]
    fn noise_is_normal_with_the_drawn_deviation() {
        for (seed, sigma, width) in [(1, 0.02, 51), (2, 0.1, 64)] {
            let values = noise(seed, sigma, width, 8.0);
            let p = kolmogorov_p(values.iter().map(|&v| (f64::from(v) - 0.5) / sigma), normal_cdf);
            assert!(p > 0.01, "{p}");
        }
    }

    #[test]
    fn each_row_grid_and_seed_has_its_own_noise() {
        let values = noise(1, 0.1, 32, 8.0);
        assert_eq!(values, noise(1, 0.1, 32, 8.0));
        assert_ne!(values[..32], values[32..64]);
        assert_ne!(values, noise(2, 0.1, 32, 8.0));
        assert_ne!(values, noise(1, 0.1, 32, 16.0));
        assert_eq!(noise(1, 0.0, 32, 8.0), vec![0.5; 12_800]);
    }
}
