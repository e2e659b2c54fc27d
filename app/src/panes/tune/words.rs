//! Values as people type them, and back.

use microtome_core::loader::params::{Kind, Limits, Value};

use crate::format::decimal;

/// A value in few words: numbers without the tail that halves and tenths leave in binary.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Float(number) => decimal(*number),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// What stands in the text field of a key.
pub(super) fn typed(kind: Kind, value: Option<&Value>) -> String {
    match (kind, value) {
        (_, None) => String::new(),
        (Kind::Map | Kind::Offsets, Some(value)) => value.to_string(),
        (_, Some(value)) => shown(value),
    }
}

/// The value that a text says; `Err` where it says none. An empty text leaves the key out, where that can be.
pub(super) fn parsed(kind: Kind, text: &str) -> Result<Option<Value>, String> {
    let text = text.trim();
    let words = || text.split(',').map(str::trim).filter(|word| !word.is_empty());
    match kind {
        _ if text.is_empty() => Ok(None),
        Kind::Texts => Ok(Some(Value::Array(words().map(|word| Value::from(word.to_owned())).collect()))),
        Kind::Integers => {
            let numbers: Result<Vec<i64>, _> = words().map(str::parse).collect();
            let numbers = numbers.map_err(|_| "whole numbers with commas between them, such as 0, 2".to_owned())?;
            Ok(Some(Value::from(numbers)))
        }
        Kind::Map | Kind::Offsets => {
            let table = format!("value = {text}").parse::<microtome_core::loader::params::Values>();
            let value = table.ok().and_then(|mut table| table.remove("value"));
            value.map(Some).ok_or_else(|| "as in the file, such as { name = 2.0 } or [[-1, 0, 0]]".to_owned())
        }
        _ => Ok(Some(Value::from(text.to_owned()))),
    }
}

/// A number of a key, whatever TOML made of it.
pub(super) fn number(value: &Value) -> f64 {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64)).unwrap_or(0.0)
}

/// Whether two values are the same: 8 is 8.0.
pub(super) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Integer(_), Value::Float(_)) | (Value::Float(_), Value::Integer(_)) => number(a) == number(b),
        _ => a == b,
    }
}

/// The numbers of a list.
pub(super) fn numbers(value: Option<&Value>) -> Vec<f64> {
    value.and_then(Value::as_array).map(|items| items.iter().map(number).collect()).unwrap_or_default()
}

/// A number as TOML, on the limits' steps: 0.3 and not 0.30000000000000004.
pub(super) fn value_of(number: f64, limits: Limits, whole: bool) -> Value {
    if whole {
        return Value::from(number.round() as i64);
    }
    // Dividing by a whole number of steps gives the nearest float to the decimal.
    let per_one = (1.0 / limits.step).round().max(1.0) * 100.0;
    Value::from((number * per_one).round() / per_one)
}

/// The words for a key in the accessibility tree, such as `mirror z`, and `raw shape` for one of an array.
pub(super) fn spoken(key: &str) -> String {
    let rest = key.split_once('.').map_or(key, |(_, rest)| rest);
    rest.replace(['.', '_'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_typed() {
        let cases = [
            (Kind::Texts, Value::from(vec!["mito", "er"]), "mito, er"),
            (Kind::Integers, Value::from(vec![0, 2]), "0, 2"),
            (Kind::Bytes, Value::from("4 GiB"), "4 GiB"),
        ];
        for (kind, value, text) in cases {
            assert_eq!(typed(kind, Some(&value)), text);
            assert_eq!(parsed(kind, text), Ok(Some(value)));
        }
        let offsets = parsed(Kind::Offsets, "[[-1, 0, 0]]").unwrap().unwrap();
        assert_eq!(parsed(Kind::Offsets, &typed(Kind::Offsets, Some(&offsets))), Ok(Some(offsets)));
        assert!(parsed(Kind::Offsets, "[[").is_err() && parsed(Kind::Integers, "a").is_err());
        assert_eq!(parsed(Kind::Text, "  "), Ok(None));
    }

    #[test]
    fn numbers_stand_on_steps() {
        let limits = |step| Limits { unit: "", from: 0.0, to: 1.0, step, neutral: None };
        assert_eq!(value_of(0.1 + 0.2, limits(0.01), false), Value::from(0.3));
        assert!(
            same(&Value::from(vec![8, 9]), &Value::from(vec![8.0, 9.0])) && !same(&Value::from(8), &Value::from(8.5))
        );
        assert_eq!(value_of(2.6, limits(1.0), true), Value::from(3));
        assert_eq!(
            (decimal(0.25), decimal(10.0), shown(&Value::from(vec![0.5, 1.0]))),
            ("0.25".into(), "10".into(), "0.5, 1".into())
        );
    }

    #[test]
    fn keys_are_spoken_without_their_table() {
        assert_eq!(
            (spoken("augment.mirror.z"), spoken("input.raw.voxel_size_nm")),
            ("mirror z".into(), "raw voxel size nm".into())
        );
    }
}
