//! A smooth random displacement of space: cubic B-splines over control points, each drawn from its place alone.
//!
//! Free-form deformation as in Rueckert et al. 1999, "Nonrigid registration using free-form deformations", IEEE
//! Transactions on Medical Imaging 18(8), <https://doi.org/10.1109/42.796284>, eq. 2, with random control points.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use super::Zyx;

/// Displacement of a control point that makes the field's standard deviation at control points `sigma_nm`: there each
/// axis mixes three points by 1/6, 4/6 and 1/6, whose squares add up to 1/2.
const GAIN: f64 = 2.828_427_124_746_190_3;
/// No normal number made of 53 random bits is larger: √(2 ln 2⁵³).
pub(super) const LARGEST_NORMAL: f64 = 8.6;
/// Fields of more control points than this are not tabulated.
const MAX_POINTS: f64 = (1_u64 << 22) as f64;
/// Tells the streams of fields from all other random streams.
const OF_FIELD: [u8; 4] = *b"bend";

/// The parameters of a random displacement field; the same parameters mean the same field, on any machine.
///
/// Control point `i` lies `i · spacing_nm` from the patch's centre, along the world's axes. Between control points the
/// standard deviation of the displacement falls to 0.88 `sigma_nm`; its slope along an axis is `sigma_nm / spacing_nm`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elastic {
    /// From one control point to the next, nm.
    pub spacing_nm: Zyx<f64>,
    /// Standard deviation of the displacement along each axis, at control points, nm.
    pub sigma_nm: Zyx<f64>,
    /// Names the field.
    pub seed: u64,
}

impl Elastic {
    /// How far control point `index` is moved, nm: normally distributed, a pure function of seed and index.
    #[must_use]
    pub fn control_point_nm(&self, index: Zyx<i64>) -> Zyx<f64> {
        const BITS: u32 = 21;
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[28..].copy_from_slice(&OF_FIELD);
        let mut rng = ChaCha8Rng::from_seed(key);
        let [z, y, x] = index.map(|i| i as u64 & ((1 << BITS) - 1)).to_array();
        rng.set_stream((z << (2 * BITS)) | (y << BITS) | x);
        let (a, b) = normals(&mut rng);
        let (c, _) = normals(&mut rng);
        Zyx::new(a, b, c) * self.sigma_nm * GAIN
    }

    /// How far the world point that lies `offset_nm` from the centre is moved, nm.
    #[must_use]
    pub fn displacement_nm(&self, offset_nm: Zyx<f64>) -> Zyx<f64> {
        let knots = (offset_nm / self.spacing_nm).map(Knot::at);
        let mut sum = Zyx::splat(0.0);
        for (z, wz) in knots.z.points() {
            for (y, wy) in knots.y.points() {
                for (x, wx) in knots.x.points() {
                    sum = sum + self.control_point_nm(Zyx::new(z, y, x)) * (wz * wy * wx);
                }
            }
        }
        sum
    }

    /// A bound of the displacement along each axis, nm, over offsets of up to `half_extent_nm`.
    ///
    /// The field lies between the control points around (the splines are positive and add up to 1).
    #[must_use]
    pub fn largest_nm(&self, half_extent_nm: Zyx<f64>) -> Zyx<f64> {
        match ElasticField::about(self, half_extent_nm) {
            Some(field) => field.largest_nm(),
            None => self.sigma_nm * (GAIN * LARGEST_NORMAL),
        }
    }
}

/// Two normally distributed numbers (Box and Muller 1958), with functions computed in software.
pub(super) fn normals(rng: &mut ChaCha8Rng) -> (f64, f64) {
    const STEPS: f64 = (1_u64 << 53) as f64;
    // 53 bits; the first is never 0.
    let first = ((rng.next_u64() >> 11) + 1) as f64 / STEPS;
    let second = (rng.next_u64() >> 11) as f64 / STEPS;
    let radius = (-2.0 * libm::log(first)).sqrt();
    let (sin, cos) = libm::sincos(2.0 * std::f64::consts::PI * second);
    (radius * cos, radius * sin)
}

/// Which four control points along one axis act on a position, and with what weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Knot {
    /// Index of the first.
    pub first: i64,
    /// Weights, which add up to 1: the uniform cubic B-spline.
    pub weights: [f64; 4],
}

impl Knot {
    /// Of a position in units of the spacing.
    #[must_use]
    pub fn at(position: f64) -> Self {
        let base = position.floor();
        let t = position - base;
        let s = 1.0 - t;
        let weights = [
            s * s * s / 6.0,
            (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0,
            (3.0 * s * s * s - 6.0 * s * s + 4.0) / 6.0,
            t * t * t / 6.0,
        ];
        Self { first: (base as i64).saturating_sub(1), weights }
    }

    fn points(self) -> impl Iterator<Item = (i64, f64)> {
        (self.first..).zip(self.weights)
    }
}

/// The control points that act on a patch.
#[derive(Debug, Clone, PartialEq)]
pub struct ElasticField {
    /// Index of the first control point.
    pub first: Zyx<i64>,
    /// Control points along each axis.
    pub counts: Zyx<usize>,
    /// Their displacements, nm, z, y, x, in C order.
    pub points_nm: Vec<[f64; 3]>,
}

impl ElasticField {
    /// Those that act on offsets of up to `half_extent_nm` from the centre; `None` if they are too many to list.
    #[must_use]
    pub fn about(elastic: &Elastic, half_extent_nm: Zyx<f64>) -> Option<Self> {
        let reach = half_extent_nm / elastic.spacing_nm;
        if !(reach.map(|r| 2.0 * r + 5.0).product() < MAX_POINTS && reach.all(|r| r >= 0.0)) {
            return None;
        }
        // One more on each side, for positions that are at the edge but for rounding.
        let first = reach.map(|r| Knot::at(-r - 1e-6).first);
        let counts = first.zip_map(reach.map(|r| Knot::at(r + 1e-6).first + 4), |lo, hi| (hi - lo) as usize);
        let index = |i: usize| Zyx::new(i / (counts.y * counts.x), i / counts.x % counts.y, i % counts.x);
        let point = |i: usize| elastic.control_point_nm(first + index(i).map(|i| i as i64)).to_array();
        Some(Self { first, counts, points_nm: (0..counts.product()).map(point).collect() })
    }

    /// The largest displacement of a control point along each axis, nm.
    #[must_use]
    pub fn largest_nm(&self) -> Zyx<f64> {
        let largest = |axis: usize| self.points_nm.iter().map(|point| point[axis].abs()).fold(0.0, f64::max);
        Zyx::new(largest(0), largest(1), largest(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elastic(seed: u64) -> Elastic {
        Elastic { spacing_nm: Zyx::new(400.0, 200.0, 100.0), sigma_nm: Zyx::new(0.0, 30.0, 10.0), seed }
    }

    #[test]
    fn displacements_at_control_points_and_their_slopes_are_as_large_as_promised() {
        let (mut at, mut between, mut slope) = ([0.0_f64; 3], 0.0_f64, 0.0_f64);
        const N: u64 = 4000;
        for seed in 0..N {
            let field = elastic(seed);
            let here = field.displacement_nm(Zyx::new(800.0, -200.0, 0.0)).to_array();
            let beside = field.displacement_nm(Zyx::new(800.0, -199.9, 0.0));
            (0..3).for_each(|i| at[i] += here[i].powi(2) / N as f64);
            slope += ((beside.y - here[1]) / 0.1).powi(2) / N as f64;
            between += field.displacement_nm(Zyx::new(200.0, 100.0, 50.0)).y.powi(2) / N as f64;
        }
        // The standard deviation of 4000 draws is known to 1.1 %; 4 of these.
        let near = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 0.045, "{found}, {expected}");
        assert_eq!(at[0], 0.0);
        near(at[1].sqrt(), 30.0);
        near(at[2].sqrt(), 10.0);
        near(slope.sqrt(), 30.0 / 200.0);
        near(between.sqrt(), 30.0 * 0.8828);
    }

    #[test]
    fn control_points_are_normally_distributed() {
        let field = elastic(11);
        let index = |i: i64| Zyx::new(i % 20 - 10, i / 20 % 20 - 10, i / 400);
        let mut values: Vec<_> = (0..8000).map(|i| field.control_point_nm(index(i)).y / (30.0 * GAIN)).collect();
        values.sort_by(f64::total_cmp);
        let n = values.len() as f64;
        let distribution = |v: f64| 0.5 * libm::erfc(-v / std::f64::consts::SQRT_2);
        let distance = |(i, v): (usize, &f64)| (distribution(*v) - (i as f64 + 0.5) / n).abs();
        let ks = values.iter().enumerate().map(distance).fold(0.0, f64::max) * n.sqrt();
        // Above 1.95 once in a thousand.
        assert!(ks < 1.95, "{ks}");
    }

    #[test]
    fn the_field_is_smooth_and_its_bound_holds() {
        let field = elastic(5);
        let bound = field.largest_nm(Zyx::splat(300.0));
        let mut last = field.displacement_nm(Zyx::splat(-300.0));
        for step in -299..=300 {
            let here = field.displacement_nm(Zyx::splat(f64::from(step)));
            assert!((here - last).map(f64::abs).all(|d| d < 2.0), "a jump at {step}");
            assert!(here.map(f64::abs).zip_map(bound, |here, bound| here <= bound).all(|ok| ok));
            last = here;
        }
        let endless = Elastic { spacing_nm: Zyx::splat(1e-6), ..field };
        assert!(ElasticField::about(&endless, Zyx::splat(1e3)).is_none());
        assert!(endless.largest_nm(Zyx::splat(1e3)).y > 30.0 * GAIN * 8.0);
    }

    #[test]
    fn the_field_is_the_one_that_users_have_seen() {
        // Recorded when this was first written; a change here changes every elastic sample of every user.
        let found = elastic(1).control_point_nm(Zyx::new(-1, 0, 2)).map(|v| (v * 1e6).round());
        assert_eq!(found, Zyx::new(0.0, -101_969_128.0, -5_880_035.0));
    }

    #[test]
    fn weights_are_those_of_the_cubic_spline() {
        assert_eq!(Knot::at(3.0), Knot { first: 2, weights: [1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0, 0.0] });
        assert_eq!(Knot::at(-0.5).first, -2);
        let half = Knot::at(-0.5).weights;
        let expected = [1.0 / 48.0, 23.0 / 48.0, 23.0 / 48.0, 1.0 / 48.0];
        assert!(half.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15));
    }
}
