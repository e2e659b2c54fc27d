//! How long it takes until a rare class was seen so many times. Pure.
//!
//! Draws are taken as independent, each showing the class with the same probability. The number of draws until the k-th
//! that shows it then has the negative binomial distribution (for k = 1 the geometric), with mean k / p: W. Feller, An
//! Introduction to Probability Theory and Its Applications, volume 1, third edition, chapter VI.8 (waiting times).

/// Draws until the `times`-th that shows a class, on average, if each shows it with `probability`; infinite if none does.
#[must_use]
pub fn expected_draws(times: u64, probability: f64) -> f64 {
    if probability > 0.0 {
        times as f64 / probability.min(1.0)
    } else if times == 0 {
        0.0
    } else {
        f64::INFINITY
    }
}

/// The fewest draws after which a class was seen `times` times with at least `certainty` (0 to 1); `None` if never, or
/// only after more than 2⁵³ draws.
#[must_use]
pub fn draws_for_certainty(times: u64, probability: f64, certainty: f64) -> Option<u64> {
    if times == 0 {
        return Some(0);
    }
    if !(probability > 0.0 && certainty < 1.0) {
        return None;
    }
    let is_enough = |draws: u64| 1.0 - fewer_than(times, draws, probability.min(1.0)) >= certainty;
    let mut enough = times;
    while !is_enough(enough) {
        enough = enough.checked_mul(2).filter(|draws| *draws <= 1 << 53)?;
    }
    let mut too_few = (enough / 2).max(times).min(enough) - 1;
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if is_enough(middle) { enough = middle } else { too_few = middle }
    }
    Some(enough)
}

/// The probability that fewer than `times` of `draws` show the class: Σ C(n, i) pⁱ (1 − p)ⁿ⁻ⁱ for i < k, summed by the ratio
/// of neighbouring terms, in logarithms because the first one may be as small as (1 − p)ⁿ.
fn fewer_than(times: u64, draws: u64, probability: f64) -> f64 {
    if probability >= 1.0 {
        return if draws < times { 1.0 } else { 0.0 };
    }
    let (n, odds) = (draws as f64, (probability / (1.0 - probability)).ln());
    let mut log_term = n * (-probability).ln_1p();
    let mut sum = log_term.exp();
    for i in 1..times.min(draws + 1) {
        log_term += ((n - i as f64 + 1.0) / i as f64).ln() + odds;
        sum += log_term.exp();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::draw::{Draw, Purpose};

    /// Draws until the k-th success, many times over, with a fixed seed.
    fn simulated(times: u64, probability: f64) -> Vec<u64> {
        let run = |index| {
            let mut draw = Draw::new(7, 0, index, 0, Purpose::Position);
            let (mut seen, mut draws) = (0, 0);
            while seen < times {
                draws += 1;
                seen += u64::from(draw.chance(probability));
            }
            draws
        };
        let mut all: Vec<u64> = (0..4000).map(run).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn mean_and_quantile_are_those_of_a_simulation() {
        for (times, probability) in [(1, 0.02), (5, 0.1), (20, 0.3), (3, 0.9)] {
            let all = simulated(times, probability);
            let mean = all.iter().sum::<u64>() as f64 / all.len() as f64;
            let expected = expected_draws(times, probability);
            // The standard deviation of the mean is below 1 / √4000 of it: 1.6 %.
            assert!((mean / expected - 1.0).abs() < 0.06, "{times} × {probability}: {mean}, expected {expected}");
            let sure = draws_for_certainty(times, probability, 0.95).unwrap();
            let within = all.iter().filter(|draws| **draws <= sure).count() as f64 / all.len() as f64;
            let before = all.iter().filter(|draws| **draws < sure).count() as f64 / all.len() as f64;
            assert!(within >= 0.935 && before <= 0.965, "{times} × {probability}: {before} to {within} by {sure}");
        }
    }

    #[test]
    fn what_is_certain_or_impossible_is_said() {
        assert_eq!((expected_draws(3, 1.0), draws_for_certainty(3, 1.0, 0.95)), (3.0, Some(3)));
        assert_eq!((expected_draws(3, 0.0), draws_for_certainty(3, 0.0, 0.95)), (f64::INFINITY, None));
        assert_eq!((expected_draws(0, 0.0), draws_for_certainty(0, 0.0, 0.95)), (0.0, Some(0)));
        assert_eq!(draws_for_certainty(1, 0.5, 0.75), Some(2));
        // Not lost where (1 − p)ⁿ is no number any more.
        let far = draws_for_certainty(1000, 0.5, 0.95).unwrap();
        assert!((2000..2200).contains(&far), "{far}");
        assert_eq!(draws_for_certainty(1, 1e-18, 0.95), None);
    }
}
