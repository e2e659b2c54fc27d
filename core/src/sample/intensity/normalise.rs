//! Normalising: intensities are put onto a range, by numbers that are given or by percentiles of the patch.

use serde::{Deserialize, Serialize};

use super::patch::{Patch, unit};
use super::{Apply, Operate, Scene};
use crate::Result;
use crate::catalog::Intensities;
use crate::geometry::Zyx;
use crate::sample::draw::Draw;
use crate::sample::range::{Check, Range};

/// `normalise = { range = [0.2, 0.8] }`, `{ percentile = [1, 99] }`, `{ mean = 0.5, std = 0.15 }` or `{ dataset = true }`
///
/// With a range or percentiles x becomes (x - a) / (b - a), clamped to 0–1; with mean and standard deviation it becomes
/// the z-score (x - mean) / std, which is not clamped; with `dataset`, both are measured of each dataset. Percentiles are of the patch as it is, interpolated linearly
/// between voxels (as NumPy's `percentile` does).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalise {
    /// What becomes 0 and what becomes 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// The percentiles of the patch that become 0 and 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentile: Option<Range>,
    /// Mean of the data, in 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Standard deviation of the data, in 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std: Option<f64>,
    /// Mean and standard deviation are those of the sample's dataset, measured once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dataset: bool,
    /// Of being applied to a sample.
    #[serde(default = "always")]
    pub probability: f64,
}

const fn always() -> f64 {
    1.0
}

/// A normalisation that was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormaliseStep {
    /// These intensities become 0 and 1.
    Range(Range),
    /// These percentiles of the patch become 0 and 1.
    Percentile(Range),
    /// Z-scores by this mean and standard deviation.
    ZScore {
        /// What becomes 0.
        mean: f64,
        /// What becomes a distance of 1.
        std: f64,
    },
}

/// Smallest distance of the intensities that become 0 and 1: an even patch has no contrast to stretch.
const SMALLEST_SPAN: f64 = 1e-6;

impl Normalise {
    /// Whether the results are z-scores.
    pub(super) const fn makes_z_scores(&self) -> bool {
        self.mean.is_some() || self.std.is_some() || self.dataset
    }

    /// What is done to a sample of a dataset of these intensities: nothing of it is random.
    pub(super) fn step(&self, intensities: Option<Intensities>) -> NormaliseStep {
        if let (true, Some(Intensities { mean, std, .. })) = (self.dataset, intensities) {
            return NormaliseStep::ZScore { mean, std };
        }
        match (self.range, self.percentile) {
            (Some(range), _) => NormaliseStep::Range(range),
            (None, Some(percentile)) => NormaliseStep::Percentile(percentile),
            (None, None) => NormaliseStep::ZScore { mean: self.mean.unwrap_or(0.0), std: self.std.unwrap_or(1.0) },
        }
    }
}

impl Operate for Normalise {
    type Step = NormaliseStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        const ANY: (f64, f64) = (-1e9, 1e9);
        let numbers = self.mean.is_some() || self.std.is_some();
        let ways = [self.range.is_some(), self.percentile.is_some(), numbers, self.dataset];
        if ways.into_iter().filter(|given| *given).count() != 1 {
            return check.wrong("", "give one of `range`, `percentile`, `mean` with `std`, or `dataset = true`");
        }
        for (key, range, limits) in [("range", self.range, ANY), ("percentile", self.percentile, (0.0, 100.0))] {
            let Some(range) = range else { continue };
            check.range(key, range, limits)?;
            if range.to - range.from < SMALLEST_SPAN {
                return check.wrong(key, format!("[{}, {}] leaves nothing between", range.from, range.to));
            }
        }
        match (self.mean, self.std) {
            (Some(mean), Some(std)) => {
                check.number("mean", mean, ANY)?;
                check.number("std", std, (SMALLEST_SPAN, 1e9))
            }
            (Some(_), None) => check.wrong("mean", "`std` is missing beside it"),
            (None, Some(_)) => check.wrong("std", "`mean` is missing beside it"),
            (None, None) => Ok(()),
        }
    }

    fn draw(&self, _draw: &mut Draw, scene: &Scene) -> NormaliseStep {
        self.step(scene.intensities)
    }

    fn scratch_len(&self, shape: Zyx<usize>) -> usize {
        if self.percentile.is_some() { shape.product() } else { 0 }
    }
}

impl Apply for NormaliseStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        match *self {
            Self::Range(Range { from, to }) => stretch(patch, from, to),
            Self::Percentile(Range { from, to }) => {
                let [from, to] = [from, to].map(|percent| percentile(patch, percent));
                stretch(patch, from, to);
            }
            Self::ZScore { mean, std } => {
                let (mean, std) = (mean as f32, std as f32);
                patch.map(|value| {
                    let value = if value.is_finite() { value } else { 0.0 };
                    ((value - mean) / std).clamp(f32::MIN, f32::MAX)
                });
            }
        }
    }
}

impl NormaliseStep {
    /// Factor from distances above `from` to 0–1.
    pub(super) fn scale(from: f64, to: f64) -> f32 {
        (1.0 / (to - from).max(SMALLEST_SPAN)) as f32
    }
}

fn stretch(patch: &mut Patch<'_>, from: f64, to: f64) {
    let scale = NormaliseStep::scale(from, to);
    let from = from as f32;
    patch.map(|value| unit((value - from) * scale));
}

/// The intensity below which `percent` of the patch's finite voxels lie; 0 if there are none.
fn percentile(patch: &mut Patch<'_>, percent: f64) -> f64 {
    patch.scratch.clear();
    patch.scratch.extend(patch.voxels.iter().filter(|value| value.is_finite()));
    let Some(last) = patch.scratch.len().checked_sub(1) else { return 0.0 };
    let place = percent / 100.0 * last as f64;
    let below = (place.floor() as usize).min(last);
    let (_, &mut lower, above) = patch.scratch.select_nth_unstable_by(below, f32::total_cmp);
    let upper = above.iter().copied().min_by(f32::total_cmp).unwrap_or(lower);
    f64::from(lower) + (place - below as f64) * (f64::from(upper) - f64::from(lower))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, changed, grid, scattered};
    use super::*;
    use crate::geometry::{Orientation, PatchGrid};

    fn small() -> PatchGrid {
        grid([3, 4, 5], [8.0; 3], Orientation::IDENTITY)
    }

    fn apply(voxels: &[f32], step: NormaliseStep) -> Vec<f32> {
        changed(voxels, &small(), |patch| step.apply(patch))
    }

    #[test]
    fn a_range_becomes_0_to_1() {
        let voxels = scattered(60);
        let out = apply(&voxels, NormaliseStep::Range(Range { from: 0.2, to: 0.7 }));
        assert_close(&out, voxels.iter().map(|&v| ((f64::from(v) - 0.2) / 0.5).clamp(0.0, 1.0)), 1e-6);
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_patch() {
        let voxels = scattered(60);
        let mut sorted: Vec<_> = voxels.iter().map(|&v| f64::from(v)).collect();
        sorted.sort_by(f64::total_cmp);
        for [from, to] in [[0.0, 100.0], [5.0, 95.0], [13.7, 61.2]] {
            let out = apply(&voxels, NormaliseStep::Percentile(Range { from, to }));
            let value = |percent: f64| {
                let place = percent / 100.0 * 59.0;
                let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
                below + place.fract() * (above - below)
            };
            let (lo, hi) = (value(from), value(to));
            assert_close(&out, voxels.iter().map(|&v| ((f64::from(v) - lo) / (hi - lo)).clamp(0.0, 1.0)), 1e-5);
        }
        // An even patch has nothing to stretch, one without a number neither.
        assert_eq!(apply(&[0.3; 60], NormaliseStep::Percentile(Range { from: 1.0, to: 99.0 })), vec![0.0; 60]);
        assert_eq!(apply(&[f32::NAN; 60], NormaliseStep::Percentile(Range { from: 1.0, to: 99.0 })), vec![0.0; 60]);
    }

    #[test]
    fn z_scores_are_not_clamped() {
        let voxels = scattered(60);
        let out = apply(&voxels, NormaliseStep::ZScore { mean: 0.4, std: 0.1 });
        assert_close(&out, voxels.iter().map(|&v| (f64::from(v) - 0.4) / 0.1), 1e-5);
        assert!(out.iter().any(|&v| v < 0.0) && out.iter().any(|&v| v > 1.0));
    }
}
