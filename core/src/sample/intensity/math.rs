//! Powers, exponentials and normal draws from IEEE operations only: the same bits on any machine, many voxels at a time.
//!
//! The functions of the standard library come from the platform and differ between platforms in the last bit.

use std::f32::consts::{FRAC_PI_2, LN_2, LOG2_E};

use crate::sample::draw::Draw;

/// Base-2 logarithm of a positive, normal number; absolute error below 3e-7 for results within ±1, else 1 ulp or so.
///
/// With x = m · 2ᵉ and m between √½ and √2, ln m = 2 artanh t, t = (m - 1)/(m + 1), by five terms of its series.
fn log2(x: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    let exponent = x.to_bits().wrapping_sub(SQRT_HALF_BITS).cast_signed() >> 23;
    let m = f32::from_bits(x.to_bits().wrapping_sub((exponent << 23).cast_unsigned()));
    let t = (m - 1.0) / (m + 1.0);
    let s = t * t;
    let series = 1.0 + s * (1.0 / 3.0 + s * (1.0 / 5.0 + s * (1.0 / 7.0 + s * (1.0 / 9.0))));
    exponent as f32 + 2.0 * LOG2_E * t * series
}

/// 2ʸ; 0 below the smallest normal number, finite above the largest.
fn exp2(y: f32) -> f32 {
    let clamped = y.clamp(-127.0, 127.0);
    // Adding and taking away 1.5 · 2²³ rounds to the nearest whole number.
    const ROUND: f32 = 12_582_912.0;
    let whole = (clamped + ROUND) - ROUND;
    let f = (clamped - whole) * LN_2;
    let series = 1.0 + f * (1.0 + f * (1.0 / 2.0 + f * (1.0 / 6.0 + f * (1.0 / 24.0 + f * (1.0 / 120.0 + f / 720.0)))));
    let scale = f32::from_bits(((whole as i32 + 127) << 23).cast_unsigned());
    if y < -126.0 { 0.0 } else { series * scale }
}

/// eˣ; relative error below 1e-5 while the result is a normal number.
pub(super) fn exp(x: f32) -> f32 {
    exp2(x * LOG2_E)
}

/// xʸ for x from 0 to 1 and y above 0; absolute error below 3e-7 for y up to 1, relative error below 1e-6 · y above.
pub(super) fn power(x: f32, y: f32) -> f32 {
    let positive = x.max(f32::MIN_POSITIVE);
    let result = exp2(y * log2(positive));
    if x < f32::MIN_POSITIVE { 0.0 } else { result }
}

/// Sine and cosine of a turn by `word` / 2³².
fn sin_cos_of_turn(word: u32) -> (f32, f32) {
    // The upper two bits after rounding are the quadrant, the rest an angle of at most an eighth of a turn.
    let shifted = word.wrapping_add(1 << 29);
    let quadrant = shifted >> 30;
    let angle = (word.wrapping_sub(quadrant << 30).cast_signed() as f32) * (FRAC_PI_2 / (1_u32 << 30) as f32);
    let s = angle * angle;
    let sin = angle * (1.0 - s * (1.0 / 6.0 - s * (1.0 / 120.0 - s * (1.0 / 5040.0 - s / 362_880.0))));
    let cos = 1.0 - s * (1.0 / 2.0 - s * (1.0 / 24.0 - s * (1.0 / 720.0 - s / 40320.0)));
    let (sin, cos) = if quadrant & 1 == 0 { (sin, cos) } else { (cos, -sin) };
    if quadrant & 2 == 0 { (sin, cos) } else { (-sin, -cos) }
}

/// Uniform in (0, 1) from a word: the middle of one of 2³² steps, rounded (the last steps round to 1).
pub(super) fn open_unit(word: u32) -> f32 {
    (word as f32 + 0.5) * (1.0 / 4_294_967_296.0)
}

/// Fills `out` with draws of mean 0 and standard deviation 1 (Box and Muller 1958), two of each pair of words.
///
/// `words` is working memory. What `out[i]` becomes depends on the draw and on `out.len()` only.
pub(super) fn fill_normal(draw: &mut Draw, out: &mut [f32], words: &mut Vec<u32>) {
    let half = out.len().div_ceil(2);
    words.resize(2 * half, 0);
    draw.words(words);
    let (radii, turns) = words.split_at(half);
    let (first, second) = out.split_at_mut(half);
    for (i, (&radius, &turn)) in radii.iter().zip(turns).enumerate() {
        let radius = (-2.0 * LN_2 * log2(open_unit(radius))).max(0.0).sqrt();
        let (sin, cos) = sin_cos_of_turn(turn);
        first[i] = radius * cos;
        if let Some(value) = second.get_mut(i) {
            *value = radius * sin;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{kolmogorov_p, normal_cdf};
    use super::*;

    #[test]
    fn powers_agree_with_the_standard_library() {
        for gamma in [0.01_f32, 0.3, 0.5, 1.0, 1.7, 2.2, 5.0, 100.0] {
            for step in 0..=10_000_u16 {
                let x = f32::from(step) / 10_000.0;
                let expected = f64::from(x).powf(f64::from(gamma));
                let error = (f64::from(power(x, gamma)) - expected).abs();
                let allowed = 3e-7 + 1e-6 * f64::from(gamma) * expected;
                assert!(error <= allowed, "{x}^{gamma}: {error}");
            }
        }
        assert_eq!((power(0.0, 0.5), power(1.0, 3.3), power(1e-40, 0.01)), (0.0, 1.0, 0.0));
    }

    #[test]
    fn exponentials_agree_with_the_standard_library() {
        for step in -8000..=8000_i16 {
            let x = f32::from(step) / 100.0;
            let expected = f64::from(x).exp();
            assert!((f64::from(exp(x)) / expected - 1.0).abs() < 1e-5, "{x}: {} {expected}", exp(x));
        }
        assert_eq!((exp(-1000.0), exp(0.0)), (0.0, 1.0));
        assert!(exp(1000.0).is_finite());
    }

    #[test]
    fn turns_agree_with_the_standard_library() {
        for step in 0..10_000_u32 {
            let word = step.wrapping_mul(429_497);
            let angle = f64::from(word) / 4_294_967_296.0 * std::f64::consts::TAU;
            let (sin, cos) = sin_cos_of_turn(word);
            assert!((f64::from(sin) - angle.sin()).abs() < 3e-7, "{word}");
            assert!((f64::from(cos) - angle.cos()).abs() < 3e-7, "{word}");
        }
    }

    #[test]
    fn normal_draws_follow_the_bell_curve() {
        let mut out = vec![0.0; 20_001];
        fill_normal(&mut Draw::of_recipe(5, 0, 0), &mut out, &mut Vec::new());
        let p = kolmogorov_p(out.iter().map(|&v| f64::from(v)), normal_cdf);
        assert!(p > 0.01, "{p}");
        // Neighbours and the two halves are independent: |r| stays below 3.3 / √n in 999 of 1000 cases.
        for lag in [1, 10_001] {
            let pairs = out.iter().zip(&out[lag..]);
            let n = pairs.len() as f32;
            let r = pairs.map(|(a, b)| a * b).sum::<f32>() / n;
            assert!(r.abs() < 3.3 / n.sqrt(), "lag {lag}: {r}");
        }
    }
}
