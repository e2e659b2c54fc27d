//! One parameter of `[augment]` held at a value: what a sweep over it, or a look at its ends, is made of.

use super::super::LoaderConfig;
use super::{Kind, Limits, Param, Value, Values, check, get, keys, put};
use crate::Result;

/// A parameter of `[augment]` and the values that it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Dotted key.
    pub key: String,
    /// Of its numbers: `nm`, `°`; empty where they have none.
    pub unit: &'static str,
    /// Smallest value: of a range its own, of other numbers where a slider begins.
    pub from: f64,
    /// Largest value.
    pub to: f64,
    /// Only whole numbers.
    pub is_whole: bool,
}

impl Span {
    /// So many values from the smallest to the largest, both among them, evenly; a whole number only once.
    #[must_use]
    pub fn values(&self, count: usize) -> Vec<f64> {
        let last = count.saturating_sub(1).max(1) as f64;
        let at = |index: usize| self.from + (self.to - self.from) * index as f64 / last;
        let mut values: Vec<f64> =
            (0..count).map(|index| if self.is_whole { at(index).round() } else { at(index) }).collect();
        values.dedup();
        values
    }
}

/// Every parameter of `[augment]` that is a number or a range of numbers and is not left out. Probabilities of being applied
/// are none: they say how often, not what.
#[must_use]
pub fn spans(values: &Values) -> Vec<Span> {
    keys(values).into_iter().filter_map(|(key, param)| span(values, key, param)).collect()
}

fn span(values: &Values, key: String, param: &Param) -> Option<Span> {
    // These ranges are no draws, but what becomes 0 and 1.
    const FIXED: [&str; 2] = ["augment.normalise.range", "augment.normalise.percentile"];
    let value = get(values, &key)?;
    if !key.starts_with("augment.") || param.name() == "probability" || FIXED.contains(&param.key) {
        return None;
    }
    let (unit, [from, to], is_whole) = match param.kind {
        Kind::Range(limits) => (limits.unit, ends(value, limits)?, false),
        Kind::IntegerRange(limits) => (limits.unit, ends(value, limits)?, true),
        Kind::Number(limits) => (limits.unit, [limits.from, limits.to], false),
        // An axis is mirrored or it is not.
        Kind::Probability => ("", [0.0, 1.0], key.starts_with("augment.mirror.")),
        _ => return None,
    };
    Some(Span { key, unit, from, to, is_whole })
}

/// The ends of a range; of one that is a single value those of its slider.
fn ends(value: &Value, limits: Limits) -> Option<[f64; 2]> {
    let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64));
    let [from, to] = value.as_array()?.as_slice() else { return None };
    let ends = [number(from)?, number(to)?];
    Some(if ends[0] < ends[1] { ends } else { [limits.from, limits.to] })
}

/// The configuration with the parameter of `span` at this value in every sample: its operation is always applied, and
/// everything else is drawn as before.
///
/// # Errors
/// As [`check`].
pub fn pinned(values: &Values, span: &Span, at: f64) -> Result<LoaderConfig> {
    let mut values = values.clone();
    let number = if span.is_whole { Value::from(at.round() as i64) } else { Value::from(at) };
    let is_range = get(&values, &span.key).is_some_and(Value::is_array);
    let value = if is_range { Value::Array(vec![number.clone(), number]) } else { Value::from(at) };
    put(&mut values, &span.key, Some(value));
    if let Some((table, _)) = span.key.rsplit_once('.') {
        let probability = format!("{table}.probability");
        if super::param(&probability).is_some() {
            put(&mut values, &probability, Some(Value::from(1.0)));
        }
    }
    check(&values)
}
