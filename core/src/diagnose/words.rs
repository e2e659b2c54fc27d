//! Times, sizes and rates in sentences.

/// A time in the unit that suits it.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s >= 100.0 => format!("{s:.0} s"),
        s if s >= 1.0 => format!("{s:.1} s"),
        s if s >= 0.01 => format!("{:.0} ms", s * 1e3),
        s if s >= 0.001 => format!("{:.1} ms", s * 1e3),
        s => format!("{:.0} µs", s * 1e6),
    }
}

/// A size in the binary unit that suits it.
pub(super) fn bytes(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes.max(0.0), 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    if value < 10.0 && unit > 0 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

/// A share of 0–1 as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_suit_the_value() {
        assert_eq!(
            [seconds(120.0), seconds(0.0123), seconds(0.00234), seconds(0.0000012)],
            ["120 s", "12 ms", "2.3 ms", "1 µs"]
        );
        assert_eq!([bytes(512.0), bytes(1536.0), bytes(3e9)], ["512 B", "1.5 KiB", "2.8 GiB"]);
        assert_eq!(percent(0.524), "52 %");
    }
}
