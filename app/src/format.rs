//! Numbers as people read them: bytes in binary units, times, rates and counts.

pub mod drawn;

use std::time::Duration;

/// Between a number and its unit, and between groups of digits: thin, and no line breaks there.
const THIN: char = '\u{2009}';

/// `1.9 GiB`, `310 MiB`, `12 B`: two to four significant digits, binary units.
#[must_use]
pub fn bytes(value: u64) -> String {
    bytes_f64(value as f64)
}

/// `310 MiB/s`.
#[must_use]
pub fn bytes_per_second(value: f64) -> String {
    if value.is_finite() { format!("{}/s", bytes_f64(value)) } else { "–".to_owned() }
}

fn bytes_f64(value: f64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = value.max(0.0);
    let mut unit = 0;
    // 1023.5 would be written as 1024.
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if unit == 0 { format!("{value:.0}") } else { short(value) };
    format!("{digits} {}", UNITS[unit])
}

/// `12 ms`, `3.4 s`, `2 min 05 s`, `1 h 03 min`.
#[must_use]
pub fn duration(value: Duration) -> String {
    nanoseconds(i64::try_from(value.as_nanos()).unwrap_or(i64::MAX))
}

/// As [`duration`], of signed nanoseconds; a true minus sign where negative.
#[must_use]
pub fn nanoseconds(value: i64) -> String {
    let sign = if value < 0 { "−" } else { "" };
    let ns = value.unsigned_abs() as f64;
    let text = if ns < 999.5 {
        format!("{ns:.0} ns")
    } else if ns < 999.5e3 {
        format!("{} µs", short(ns / 1e3))
    } else if ns < 999.5e6 {
        format!("{} ms", short(ns / 1e6))
    } else if ns < 59.5e9 {
        format!("{} s", short(ns / 1e9))
    } else {
        long_duration((ns / 1e9).round() as u64)
    };
    format!("{sign}{text}")
}

fn long_duration(seconds: u64) -> String {
    if seconds < 3600 {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    } else {
        let minutes = (seconds + 30) / 60;
        format!("{} h {:02} min", count(minutes / 60), minutes % 60)
    }
}

/// `118/s`, `3.8/s`, `0.25/s`; the caller adds of what.
#[must_use]
pub fn per_second(value: f64) -> String {
    if value.is_finite() { format!("{}/s", number(value)) } else { "–".to_owned() }
}

/// A number as it is typed: at most six decimals, and none that are 0.
#[must_use]
pub fn decimal(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A plain number with as many decimals as make sense: `0.25`, `3.8`, `118`, `12 345`.
#[must_use]
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let size = value.abs();
    let sign = if value < 0.0 { "−" } else { "" };
    if size == 0.0 {
        "0".to_owned()
    } else if size < 0.095 {
        format!("{sign}{size:.3}")
    } else if size < 0.995 {
        format!("{sign}{size:.2}")
    } else if size < 999.5 {
        format!("{sign}{}", short(size))
    } else {
        format!("{sign}{}", count(size.round() as u64))
    }
}

/// `52 %` of a share of 0–1; one decimal below 1 % and next to 100 %, so that neither is rounded away.
#[must_use]
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return "–".to_owned();
    }
    let value = share * 100.0;
    let near_end = (value > 0.0 && value < 0.95) || (value > 99.0 && value < 99.95);
    if near_end { format!("{value:.1} %") } else { format!("{value:.0} %") }
}

/// `12 345 678`, grouped by thin spaces.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(THIN);
        }
        text.push(digit);
    }
    text
}

/// `1 span`, `12 345 spans`.
#[must_use]
pub fn counted(value: u64, singular: &str, plural: &str) -> String {
    format!("{} {}", count(value), if value == 1 { singular } else { plural })
}

/// One decimal below ten, none above.
fn short(value: f64) -> String {
    if value < 9.95 { format!("{value:.1}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_binary_and_never_reach_1024_of_a_unit() {
        for (value, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (310 << 20, "310 MiB"),
            ((1 << 30) - 1, "1.0 GiB"),
            (4 << 30, "4.0 GiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(bytes(value), text, "{value}");
        }
        assert_eq!(bytes_per_second(2.5 * 1024.0 * 1024.0), "2.5 MiB/s");
        assert_eq!(bytes_per_second(f64::NAN), "–");
    }

    #[test]
    fn times_change_unit_where_rounding_would_show_a_thousand() {
        for (value, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.0 µs"),
            (999_499, "999 µs"),
            (999_600, "1.0 ms"),
            (12_000_000, "12 ms"),
            (-12_000_000, "−12 ms"),
            (3_400_000_000, "3.4 s"),
            (59_400_000_000, "59 s"),
            (59_600_000_000, "1 min 00 s"),
            (125_000_000_000, "2 min 05 s"),
            (3_780_000_000_000, "1 h 03 min"),
        ] {
            assert_eq!(nanoseconds(value), text, "{value}");
        }
        assert_eq!(duration(Duration::from_millis(250)), "250 ms");
        assert!(nanoseconds(i64::MIN).starts_with('−'), "no overflow");
    }

    #[test]
    fn rates_keep_two_digits_that_matter() {
        for (value, text) in
            [(0.0, "0/s"), (0.004, "0.004/s"), (0.25, "0.25/s"), (3.84, "3.8/s"), (118.2, "118/s"), (f64::NAN, "–")]
        {
            assert_eq!(per_second(value), text, "{value}");
        }
        assert_eq!(number(12_345.0), "12\u{2009}345");
        assert_eq!(number(-3.0), "−3.0");
    }

    #[test]
    fn shares_do_not_round_something_to_nothing() {
        for (share, text) in
            [(0.0, "0 %"), (0.004, "0.4 %"), (0.523, "52 %"), (0.994, "99.4 %"), (1.0, "100 %"), (1.3, "130 %")]
        {
            assert_eq!(percent(share), text, "{share}");
        }
    }

    #[test]
    fn counts_are_grouped_from_the_right() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1\u{2009}000");
        assert_eq!(count(12_345_678), "12\u{2009}345\u{2009}678");
        assert_eq!(counted(1, "span", "spans"), "1 span");
        assert_eq!(counted(2, "span", "spans"), "2 spans");
    }
}
