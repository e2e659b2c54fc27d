//! Byte sizes as people write them: `"4 GiB"`, `"500 MB"`, or a plain number of bytes.

/// Units that are understood, with their bytes.
const UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Bytes from `4 GiB`, `1.5GB`, `512`. Upper and lower case are the same.
///
/// # Errors
/// One line that says what would be right.
pub fn parse(text: &str) -> Result<u64, String> {
    let wrong = || {
        format!("\"{text}\" is no size; write a number and B, KB, MB, GB, TB, KiB, MiB, GiB or TiB, such as \"4 GiB\"")
    };
    let text = text.trim();
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim() {
        "" => "B",
        unit => unit,
    };
    let (_, unit_bytes) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).ok_or_else(wrong)?;
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(*unit_bytes).ok_or_else(wrong);
    }
    let bytes = number.parse::<f64>().map_err(|_| wrong())? * *unit_bytes as f64;
    // u64::MAX as f64 is 2⁶⁴, the first value that does not fit.
    if bytes < u64::MAX as f64 { Ok(bytes.round() as u64) } else { Err(wrong()) }
}

/// The shortest exact way to write `bytes` that [`parse`] reads back: `4 GiB`, `500 MB`, `4097 B`.
#[must_use]
pub fn format(bytes: u64) -> String {
    let exact = UNITS.iter().filter(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit));
    let (name, unit) = exact.max_by_key(|(_, unit)| *unit).unwrap_or(&UNITS[0]);
    format!("{} {name}", bytes / unit)
}

/// `#[serde(with)]`: a text with a unit, or an integer of bytes.
pub(super) mod toml {
    use serde::{Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(bytes: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::format(*bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_any(Bytes)
    }

    struct Bytes;

    impl de::Visitor<'_> for Bytes {
        type Value = u64;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a size such as \"4 GiB\", or a whole number of bytes")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<u64, E> {
            super::parse(text).map_err(E::custom)
        }

        fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<u64, E> {
            Ok(bytes)
        }

        fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<u64, E> {
            u64::try_from(bytes).map_err(|_| E::invalid_value(de::Unexpected::Signed(bytes), &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_binary_and_decimal_units() {
        for (text, bytes) in [
            ("4 GiB", 4 << 30),
            ("4gib", 4 << 30),
            ("1.5 KiB", 1536),
            ("500 MB", 500_000_000),
            (" 7 ", 7),
            ("0B", 0),
            ("16777215 TiB", 16_777_215 << 40),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_says_so() {
        for text in
            ["", "GiB", "4 GiBs", "-1 GiB", "1e9", "nan", "16777216 TiB", "99999999.5 TiB", "1.2.3 GB", "4 GiB x"]
        {
            let error = parse(text).unwrap_err();
            assert!(error.contains("such as \"4 GiB\""), "{text}: {error}");
        }
    }

    #[test]
    fn writing_and_reading_are_inverse() {
        for bytes in [0, 1, 1000, 1024, 4 << 30, 4_000_000_000, (4 << 30) + 1, u64::MAX] {
            assert_eq!(parse(&format(bytes)), Ok(bytes), "{}", format(bytes));
        }
        assert_eq!((format(4 << 30), format(500_000_000)), ("4 GiB".to_owned(), "500 MB".to_owned()));
    }
}
