//! Poisson noise: the image as so many counted electrons would show it.

use serde::{Deserialize, Serialize};

use super::math::{exp, fill_normal, open_unit};
use super::patch::{Patch, unit};
use super::{Apply, Operate, Scene};
use crate::Result;
use crate::sample::draw::Draw;
use crate::sample::range::{Check, Range};

/// `poisson = { counts = [100, 1000], probability = 0.3 }`
///
/// x becomes k / n, k a Poisson draw of mean n · x: noise grows with the root of the intensity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Poisson {
    /// Counts n of a voxel of intensity 1: fewer are noisier.
    pub counts: Range,
    /// Of being applied to a sample.
    pub probability: f64,
}

/// Drawn Poisson noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PoissonStep {
    /// Counts of a voxel of intensity 1.
    pub counts: f64,
    /// Names the field of noise: row r of the patch is stream r of it.
    pub seed: u64,
}

/// From this mean on counts come from a normal draw.
const MANY: f32 = 10.0;

impl Operate for Poisson {
    type Step = PoissonStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        check.range("counts", self.counts, (1.0, 1e6))
    }

    fn draw(&self, draw: &mut Draw, _scene: &Scene) -> PoissonStep {
        PoissonStep { counts: self.counts.draw(draw), seed: draw.word() }
    }
}

impl Apply for PoissonStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        let (counts, variant, width) = (self.counts as f32, patch.variant(), patch.grid.shape.x);
        patch.scratch.resize(width, 0.0);
        let mut words = Vec::new();
        for (number, row) in patch.voxels.chunks_exact_mut(width.max(1)).enumerate() {
            let mut draw = Draw::of_recipe(self.seed, variant, number as u64);
            fill_normal(&mut draw, patch.scratch, &mut words);
            words.resize(width, 0);
            draw.words(&mut words);
            for ((value, normal), word) in row.iter_mut().zip(patch.scratch.iter()).zip(&words) {
                let mean = counts * unit(*value);
                let count =
                    if mean < MANY { count_of_few(mean, open_unit(*word)) } else { count_of_many(mean, *normal) };
                *value = unit(count / counts);
            }
        }
    }
}

/// The smallest count whose cumulative probability reaches `fraction`: inversion by sequential search.
fn count_of_few(mean: f32, fraction: f32) -> f32 {
    // Beyond it lies less than one in 2³² of the mean's largest value.
    const LARGEST: u32 = 40;
    let mut probability = exp(-mean);
    let mut left = fraction - probability;
    let mut count = 0;
    while left > 0.0 && count < LARGEST {
        count += 1;
        probability *= mean / count as f32;
        left -= probability;
    }
    count as f32
}

/// The count at the quantile of a normal draw w: the expansion Q_N3 of Giles, "Algorithm 955: approximation of the
/// inverse Poisson cumulative distribution function", ACM TOMS 42 (2016), rounded down.
fn count_of_many(mean: f32, w: f32) -> f32 {
    let root = mean.sqrt();
    let square = w * w;
    let first = 1.0 / 3.0 + square / 6.0;
    let second = -w * (1.0 / 36.0 + square / 72.0) / root;
    let third = (-8.0 / 405.0 + square * (7.0 / 810.0 + square / 270.0)) / mean;
    (mean + root * w + first + second + third).floor().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{changed, grid};
    use super::*;
    use crate::geometry::Orientation;

    /// χ² of counts against the Poisson formula over counts of at least 5 expected, and its degrees of freedom.
    fn chi2(counts: &[u64], mean: f64) -> (f64, usize) {
        let n = counts.len() as f64;
        let (mut probability, mut k) = ((-mean).exp(), 0_u64);
        let (mut chi2, mut classes) = (0.0, 0);
        let (mut expected, mut found, mut covered) = (0.0, 0.0, 0.0);
        while n - covered > 5.0 || expected > 0.0 {
            expected += n * probability;
            found += counts.iter().filter(|&&count| count == k).count() as f64;
            covered += n * probability;
            if expected >= 5.0 {
                chi2 += (found - expected) * (found - expected) / expected;
                classes += 1;
                (expected, found) = (0.0, 0.0);
            }
            k += 1;
            probability *= mean / k as f64;
            if k > 4 * mean as u64 + 40 {
                break;
            }
        }
        (chi2, classes - 1)
    }

    #[test]
    fn counts_follow_the_formula() {
        for (seed, counts, intensity) in [(1, 20.0, 0.05_f32), (2, 40.0, 0.225), (3, 40.0, 0.3), (4, 200.0, 0.5)] {
            let grid = grid([20, 20, 50], [8.0; 3], Orientation::IDENTITY);
            let gray = vec![intensity; 20_000];
            let out = changed(&gray, &grid, |patch| PoissonStep { counts, seed }.apply(patch));
            let found: Vec<_> = out.iter().map(|&v| (f64::from(v) * counts).round() as u64).collect();
            // Counts above the one of intensity 1 are clamped to it: too rare here to matter.
            let (chi2, freedom) = chi2(&found, f64::from(intensity) * counts);
            let freedom = freedom as f64;
            // Wilson and Hilferty: above it once in a thousand.
            let limit = freedom * (1.0 - 2.0 / (9.0 * freedom) + 3.09 * (2.0 / (9.0 * freedom)).sqrt()).powi(3);
            assert!(chi2 < limit, "mean {}: {chi2} of {freedom}", f64::from(intensity) * counts);
        }
    }

    #[test]
    fn nothing_stays_nothing_and_many_counts_change_little() {
        let grid = grid([1, 1, 4], [8.0; 3], Orientation::IDENTITY);
        let out = changed(&[0.0, 0.25, 0.5, 0.75], &grid, |patch| PoissonStep { counts: 1e6, seed: 1 }.apply(patch));
        assert_eq!(out[0], 0.0);
        assert!(out.iter().zip([0.0, 0.25, 0.5, 0.75]).all(|(a, b)| (a - b).abs() < 0.004), "{out:?}");
    }
}
