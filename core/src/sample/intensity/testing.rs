//! What the tests of intensity operations share: small patches, formulas of distributions, and their tests.

use super::patch::Patch;
use crate::geometry::{Orientation, PatchGrid, Sections, Warp, Zyx};

/// Sections of 8 nm, of which one begins at the patch's centre.
pub(super) const EVEN: Sections = Sections { thickness_nm: 8.0, edge_nm: 0.0 };

/// A grid of `shape` voxels of `voxel_size_nm` about the origin.
pub(super) fn grid(shape: [usize; 3], voxel_size_nm: [f64; 3], orientation: Orientation) -> PatchGrid {
    PatchGrid {
        center_nm: Zyx::splat(0.0),
        shape: shape.into(),
        voxel_size_nm: voxel_size_nm.into(),
        orientation,
        warp: Warp::NONE,
    }
}

/// Runs `change` on a patch of `voxels` in that grid.
pub(super) fn changed(voxels: &[f32], grid: &PatchGrid, change: impl FnOnce(&mut Patch<'_>)) -> Vec<f32> {
    let mut out = voxels.to_vec();
    change(&mut Patch::new(&mut out, grid, &mut Vec::new()));
    out
}

/// Values from 0 to nearly 1 without order.
pub(super) fn scattered(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919 + 13) % 1009) as f32 / 1009.0).collect()
}

/// Panics unless both are equal to within `tolerance`.
pub(super) fn assert_close(found: &[f32], expected: impl IntoIterator<Item = f64>, tolerance: f64) {
    let expected: Vec<_> = expected.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((f64::from(*found) - expected).abs() <= tolerance, "voxel {at}: {found}, not {expected}");
    }
}

/// The probability that draws of the distribution `cdf` lie at least as far from it as these (Kolmogorov 1933).
pub(super) fn kolmogorov_p(draws: impl IntoIterator<Item = f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    let mut sorted: Vec<_> = draws.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let distance = |(i, &draw): (usize, &f64)| {
        let expected = cdf(draw);
        (expected - i as f64 / n).abs().max(((i + 1) as f64 / n - expected).abs())
    };
    let farthest = sorted.iter().enumerate().map(distance).fold(0.0, f64::max);
    let lambda = (n.sqrt() + 0.12 + 0.11 / n.sqrt()) * farthest;
    let term = |k: i32| (-2.0 * f64::from(k * k) * lambda * lambda).exp() * if k % 2 == 0 { -2.0 } else { 2.0 };
    (1..100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

/// Of a uniform draw.
pub(super) fn uniform_cdf(lo: f64, hi: f64) -> impl Fn(f64) -> f64 {
    move |x| ((x - lo) / (hi - lo)).clamp(0.0, 1.0)
}

/// Of a draw of mean 0 and standard deviation 1, by Simpson's rule over its density.
pub(super) fn normal_cdf(x: f64) -> f64 {
    const STEPS: u32 = 200;
    let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let h = x / f64::from(STEPS);
    let weight = |k: u32| if k == 0 || k == STEPS { 1.0 } else { 2.0 + 2.0 * f64::from(k % 2) };
    0.5 + h / 3.0 * (0..=STEPS).map(|k| weight(k) * density(h * f64::from(k))).sum::<f64>()
}
