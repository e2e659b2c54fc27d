//! Gaussian blur, the same in every direction of the world whatever the voxel size.

use serde::{Deserialize, Serialize};

use super::math::exp;
use super::patch::Patch;
use super::{Apply, Operate, Scene};
use crate::Result;
use crate::geometry::Zyx;
use crate::sample::draw::Draw;
use crate::sample::range::{Check, LENGTHS_NM, Range};

/// `blur = { sigma_nm = [0, 12], probability = 0.2 }`
///
/// Each axis is convolved with exp(-d² / 2σ²), d in nm, cut at 4σ (as scipy's `gaussian_filter`) or at the patch's
/// extent if that is less, and normalised. Beyond the patch its outermost voxels go on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blur {
    /// Standard deviation σ, nm.
    pub sigma_nm: Range,
    /// Of being applied to a sample.
    pub probability: f64,
}

/// A drawn blur.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BlurStep {
    /// Standard deviation, nm.
    pub sigma_nm: f64,
}

impl Operate for Blur {
    type Step = BlurStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        check.range("sigma_nm", self.sigma_nm, LENGTHS_NM)
    }

    fn draw(&self, draw: &mut Draw, _scene: &Scene) -> BlurStep {
        BlurStep { sigma_nm: self.sigma_nm.draw(draw) }
    }

    fn scratch_len(&self, shape: Zyx<usize>) -> usize {
        scratch_len(shape)
    }
}

impl Apply for BlurStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        let sigma_voxels = patch.grid.voxel_size_nm.map(|size_nm| self.sigma_nm / size_nm);
        patch.scratch.resize(scratch_len(patch.grid.shape), 0.0);
        blur(patch.voxels, patch.grid.shape, sigma_voxels, patch.scratch);
    }
}

/// Elements of working memory that blurring a patch takes.
pub(super) fn scratch_len(shape: Zyx<usize>) -> usize {
    // A plane for z and y; for x a row with what lies beyond both of its ends. And the weights.
    let plane = shape.x * shape.y.max(shape.z);
    plane.max(3 * shape.x) + 2 * shape.z.max(shape.y).max(shape.x)
}

/// Blurs along x, y, z in turn.
pub(super) fn blur(voxels: &mut [f32], shape: Zyx<usize>, sigma_voxels: Zyx<f64>, scratch: &mut [f32]) {
    if shape.any(|n| n == 0) {
        return;
    }
    let longest = shape.z.max(shape.y).max(shape.x);
    let (weights, lines) = scratch.split_at_mut(2 * longest);
    if let Some(weights) = kernel(sigma_voxels.x, shape.x, weights) {
        for row in voxels.chunks_exact_mut(shape.x) {
            blur_row(row, weights, lines);
        }
    }
    if let Some(weights) = kernel(sigma_voxels.y, shape.y, weights) {
        for plane in voxels.chunks_exact_mut(shape.y * shape.x) {
            blur_rows(plane, shape.x, shape.x, weights, lines);
        }
    }
    if let Some(weights) = kernel(sigma_voxels.z, shape.z, weights) {
        for y in 0..shape.y {
            blur_rows(&mut voxels[y * shape.x..], shape.y * shape.x, shape.x, weights, lines);
        }
    }
}

/// The weights of a line of `len` voxels in the front of `memory`; `None` where they change nothing.
fn kernel(sigma: f64, len: usize, memory: &mut [f32]) -> Option<&[f32]> {
    const CUT: f64 = 4.0;
    // Narrower than this the neighbours' weight is below half a step of single precision.
    const NARROWEST: f64 = 0.17;
    if sigma < NARROWEST || len < 2 {
        return None;
    }
    let radius = ((CUT * sigma + 0.5) as usize).clamp(1, len - 1);
    let weights = &mut memory[..2 * radius + 1];
    for (at, weight) in weights.iter_mut().enumerate() {
        let distance = (at as f64 - radius as f64) / sigma;
        *weight = exp((-0.5 * distance * distance) as f32);
    }
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    Some(weights)
}

/// One row along x.
fn blur_row(row: &mut [f32], weights: &[f32], memory: &mut [f32]) {
    let radius = weights.len() / 2;
    let (first, last) = (row[0], row[row.len() - 1]);
    let padded = &mut memory[..row.len() + 2 * radius];
    padded[..radius].fill(first);
    padded[radius..radius + row.len()].copy_from_slice(row);
    padded[radius + row.len()..].fill(last);
    row.fill(0.0);
    for (offset, weight) in weights.iter().enumerate() {
        for (value, from) in row.iter_mut().zip(&padded[offset..]) {
            *value += weight * from;
        }
    }
}

/// Rows of `width` that begin every `stride` elements, blurred across each other.
fn blur_rows(voxels: &mut [f32], stride: usize, width: usize, weights: &[f32], memory: &mut [f32]) {
    let radius = weights.len() / 2;
    let rows = voxels.chunks(stride).filter(|row| row.len() >= width).count();
    for (copy, row) in memory.chunks_exact_mut(width).zip(voxels.chunks(stride)) {
        copy.copy_from_slice(&row[..width]);
    }
    for (at, row) in voxels.chunks_mut(stride).enumerate().take(rows) {
        let row = &mut row[..width];
        row.fill(0.0);
        for (offset, weight) in weights.iter().enumerate() {
            let from = (at + offset).saturating_sub(radius).min(rows - 1) * width;
            for (value, from) in row.iter_mut().zip(&memory[from..from + width]) {
                *value += weight * from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, changed, grid, scattered};
    use super::*;
    use crate::geometry::{Axis, Orientation};

    /// The definition, voxel by voxel: one three-dimensional sum.
    fn slow(voxels: &[f32], shape: [usize; 3], size_nm: [f64; 3], sigma_nm: f64) -> Vec<f64> {
        let weights = |n: usize, size_nm: f64| {
            let sigma = sigma_nm / size_nm;
            let radius = ((4.0 * sigma + 0.5) as i64).clamp(0, n as i64 - 1);
            let raw: Vec<_> = (-radius..=radius).map(|d| (d, (-0.5 * (d as f64 / sigma).powi(2)).exp())).collect();
            let sum: f64 = raw.iter().map(|(_, w)| w).sum();
            raw.into_iter().map(|(d, w)| (d, w / sum)).collect::<Vec<_>>()
        };
        let at = |n: usize, i: usize, d: i64| (i as i64 + d).clamp(0, n as i64 - 1) as usize;
        let [nz, ny, nx] = shape;
        let (wz, wy, wx) = (weights(nz, size_nm[0]), weights(ny, size_nm[1]), weights(nx, size_nm[2]));
        let mut out = Vec::new();
        for i in 0..nz * ny * nx {
            let (z, y, x) = (i / (ny * nx), i / nx % ny, i % nx);
            let mut sum = 0.0;
            for (dz, a) in &wz {
                for (dy, b) in &wy {
                    for (dx, c) in &wx {
                        let from = (at(nz, z, *dz) * ny + at(ny, y, *dy)) * nx + at(nx, x, *dx);
                        sum += a * b * c * f64::from(voxels[from]);
                    }
                }
            }
            out.push(sum);
        }
        out
    }

    #[test]
    fn a_blur_is_the_sum_of_its_definition_on_anisotropic_voxels_too() {
        let (shape, size_nm) = ([5, 9, 12], [16.0, 4.0, 8.0]);
        let voxels = scattered(540);
        for sigma_nm in [4.0, 11.0, 40.0] {
            let grid = grid(shape, size_nm, Orientation::IDENTITY);
            let out = changed(&voxels, &grid, |patch| BlurStep { sigma_nm }.apply(patch));
            assert_close(&out, slow(&voxels, shape, size_nm, sigma_nm), 2e-6);
        }
    }

    #[test]
    fn no_width_changes_nothing_and_any_width_keeps_an_even_patch() {
        let grid = grid([3, 4, 5], [8.0; 3], Orientation::IDENTITY);
        let voxels = scattered(60);
        assert_eq!(changed(&voxels, &grid, |patch| BlurStep { sigma_nm: 0.0 }.apply(patch)), voxels);
        for sigma_nm in [1.0, 8.0, 1e6] {
            assert_close(&changed(&[0.4; 60], &grid, |patch| BlurStep { sigma_nm }.apply(patch)), [0.4; 60], 1e-6);
        }
    }

    #[test]
    fn a_point_spreads_as_far_in_nm_along_every_axis() {
        let grid = grid([9, 33, 33], [16.0, 4.0, 4.0], Orientation::IDENTITY);
        let mut point = vec![0.0; 9 * 33 * 33];
        point[(4 * 33 + 16) * 33 + 16] = 1.0;
        let out = changed(&point, &grid, |patch| BlurStep { sigma_nm: 16.0 }.apply(patch));
        // 16 nm from the middle the intensity is e^-½ of the middle's, along z (1 voxel) and along x (4 voxels).
        let value = |at: Zyx<usize>| out[(at.z * 33 + at.y) * 33 + at.x];
        let middle = Zyx::new(4, 16, 16);
        for (axis, step) in [(Axis::Z, 1), (Axis::Y, 4), (Axis::X, 4)] {
            let mut beside = middle;
            beside[axis] += step;
            assert!((value(beside) / value(middle) - (-0.5_f32).exp()).abs() < 1e-4, "{axis:?}");
        }
    }
}
