//! Vertical grid lines of the timeline: round steps and human labels.

use super::view::RangeNs;
use crate::format;

/// One line of the grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Where, nanoseconds of the recorder's clock.
    pub at_ns: i64,
    /// Its label.
    pub label: String,
}

/// The grid of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// The lines, in order.
    pub ticks: Vec<Tick>,
    /// What the labels count from, in words: `before now`, or `after −1.24 s` when zoomed in far.
    pub origin: String,
}

/// Grid lines for `range`, at most `max_lines` of them. Labels count back from `now_ns`, or forward from a round instant
/// near the left edge when the range is so short that counting from `now_ns` would need many digits.
#[must_use]
pub fn grid(range: RangeNs, now_ns: i64, max_lines: usize) -> Grid {
    let step = round_step(range.length(), max_lines);
    let first = now_ns.saturating_sub(now_ns.saturating_sub(range.start).div_euclid(step).saturating_mul(step));
    let lines = (0..).map(|line: i64| first.saturating_add(line.saturating_mul(step)));
    let instants: Vec<i64> = lines.take(max_lines + 2).take_while(|at| *at <= range.end).collect();
    let far = (now_ns - range.start).unsigned_abs() / step as u64 >= 1000;
    let origin_ns = if far { first } else { now_ns };
    let ticks = instants.into_iter().map(|at_ns| Tick { at_ns, label: label(at_ns - origin_ns, step, far) }).collect();
    let origin = if far { format!("after {}", exact(first - now_ns, 1_000_000)) } else { "before now".to_owned() };
    Grid { ticks, origin }
}

/// The smallest of 1, 2, 5 × 10ⁿ nanoseconds that needs at most `max_lines` steps.
fn round_step(length_ns: i64, max_lines: usize) -> i64 {
    let wanted = (length_ns.max(1) as f64 / max_lines.max(1) as f64).max(1.0);
    let mut power = 1_i64;
    while (power as f64) * 10.0 <= wanted && power < i64::MAX / 100 {
        power *= 10;
    }
    [1, 2, 5, 10].into_iter().map(|digit| digit * power).find(|step| *step as f64 >= wanted).unwrap_or(power * 10)
}

fn label(offset_ns: i64, step_ns: i64, far: bool) -> String {
    let sign = if far && offset_ns > 0 { "+" } else { "" };
    format!("{sign}{}", exact(offset_ns, step_ns))
}

/// A time with just the decimals that multiples of `step_ns` need: `−1.25 s` for steps of 50 ms.
fn exact(value_ns: i64, step_ns: i64) -> String {
    if value_ns == 0 {
        return "0".to_owned();
    }
    let size = value_ns.unsigned_abs();
    let (unit_ns, unit) = match size {
        1_000_000_000.. => (1_000_000_000, "s"),
        1_000_000.. => (1_000_000, "ms"),
        1_000.. => (1_000, "µs"),
        _ => (1, "ns"),
    };
    let mut decimals = 0;
    let mut resolution = unit_ns as u64;
    while resolution > 1 && !size.is_multiple_of(resolution) && resolution > step_ns.unsigned_abs().max(1) {
        resolution /= 10;
        decimals += 1;
    }
    let sign = if value_ns < 0 { "−" } else { "" };
    if size >= 3_600_000_000_000 {
        return format::nanoseconds(value_ns);
    }
    format!("{sign}{:.decimals$} {unit}", size as f64 / unit_ns as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_few() {
        assert_eq!(round_step(2_000_000_000, 10), 200_000_000);
        assert_eq!(round_step(2_000_000_001, 10), 500_000_000);
        assert_eq!(round_step(1_000, 8), 200);
        assert_eq!(round_step(0, 8), 1);
        assert_eq!(round_step(7, 0), 10);
    }

    #[test]
    fn labels_count_back_from_now() {
        let grid = grid(RangeNs::new(8_000_000_000, 10_000_000_000), 10_000_000_000, 4);
        let labels: Vec<&str> = grid.ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["−2 s", "−1.5 s", "−1 s", "−500 ms", "0"]);
        assert_eq!(grid.ticks[0].at_ns, 8_000_000_000);
        assert_eq!(grid.origin, "before now");
    }

    #[test]
    fn far_in_the_past_labels_count_from_a_named_instant() {
        let grid = grid(RangeNs::new(5_000_000_000, 5_000_004_000), 10_000_000_000, 4);
        let labels: Vec<&str> = grid.ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["0", "+1 µs", "+2 µs", "+3 µs", "+4 µs"]);
        assert_eq!(grid.origin, "after −5 s");
    }

    #[test]
    fn lines_stay_inside_and_are_bounded() {
        for lines in 1..20 {
            let range = RangeNs::new(-123_456, 7_654_321);
            let grid = grid(range, 7_654_321, lines);
            assert!(!grid.ticks.is_empty() && grid.ticks.len() <= lines + 1, "{lines}: {}", grid.ticks.len());
            assert!(grid.ticks.iter().all(|tick| (range.start..=range.end).contains(&tick.at_ns)));
        }
    }

    #[test]
    fn decimals_follow_the_step() {
        assert_eq!(exact(-1_240_000_000, 20_000_000), "−1.24 s");
        assert_eq!(exact(-1_000_000_000, 20_000_000), "−1 s");
        assert_eq!(exact(1_500, 500), "1.5 µs");
        assert_eq!(exact(999, 1), "999 ns");
    }
}
