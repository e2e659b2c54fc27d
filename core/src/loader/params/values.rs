//! A configuration as plain values by dotted key: read one, write one, and check the whole as a file is checked.

use super::super::{LoaderConfig, config_text};
use super::{Param, SECTIONS, param};
use crate::{Error, Result};

/// What a key is, as TOML has it.
pub type Value = toml::Value;

/// The tables of a configuration, as TOML has them.
pub type Values = toml::Table;

/// Every key of `config` that is not left out, with its value.
///
/// # Errors
/// [`Error::Config`]: a value that TOML cannot say, such as a path that is no text.
pub fn values(config: &LoaderConfig) -> Result<Values> {
    let key = "configuration".to_owned();
    Values::try_from(config).map_err(|error| Error::Config { file: None, line: None, key, problem: error.to_string() })
}

/// The value of a dotted key; `None` where it is left out.
#[must_use]
pub fn get<'a>(values: &'a Values, key: &str) -> Option<&'a Value> {
    let parts = parts(key);
    let (name, tables) = parts.split_last()?;
    let table = tables.iter().try_fold(values, |table, name| table.get(*name)?.as_table())?;
    table.get(*name)
}

/// Sets a dotted key, or leaves it out; nothing is checked. A table that is not there yet begins as the description's
/// typical one. An operation on intensities that is not there yet is applied where the description has it.
pub fn put(values: &mut Values, key: &str, value: Option<Value>) {
    let parts = parts(key);
    let Some((name, tables)) = parts.split_last() else { return };
    let is_there = |operation: &&str| get(values, &format!("augment.{operation}")).is_some();
    let is_new = parts.get(1).copied().filter(|operation| !is_there(operation));
    let mut table = &mut *values;
    for depth in 0..tables.len() {
        if value.is_none() && !table.contains_key(tables[depth]) {
            return;
        }
        let begin = || {
            let typical = param(&tables[..=depth].join(".")).and_then(typical);
            typical.unwrap_or_else(|| Value::Table(Values::new()))
        };
        let entry = table.entry(tables[depth]).or_insert_with(begin);
        let Value::Table(inner) = entry else { return };
        table = inner;
    }
    match value {
        Some(value) => drop(table.insert((*name).to_owned(), value)),
        None => drop(table.remove(*name)),
    }
    if let Some(Value::Table(augment)) = values.get_mut("augment") {
        if let ["augment", operation, ..] = parts[..]
            && Some(operation) == is_new
        {
            put_in_order(augment, operation);
        }
        keep_z_scores_last(augment);
    }
}

/// Moves the last entry before the first one that the description has behind it; the others keep their order.
fn put_in_order(augment: &mut Values, last: &str) {
    let rank = |name: &str| super::params().position(|param| param.key.strip_prefix("augment.") == Some(name));
    let behind: Vec<String> =
        augment.keys().skip_while(|name| name.as_str() != last && rank(name) < rank(last)).cloned().collect();
    for name in behind.iter().filter(|name| *name != last) {
        if let Some(value) = augment.remove(name) {
            augment.insert(name.clone(), value);
        }
    }
}

/// Z-scores leave 0–1, which all other operations take.
fn keep_z_scores_last(augment: &mut Values) {
    let is_z_scores = |value: &Value| ["mean", "std", "dataset"].iter().any(|key| value.get(key).is_some());
    if augment.get("normalise").is_some_and(is_z_scores)
        && let Some(value) = augment.remove("normalise")
    {
        augment.insert("normalise".to_owned(), value);
    }
}

/// The configuration that `values` say, checked as a file is.
///
/// # Errors
/// As [`LoaderConfig::from_toml`], without a line.
pub fn check(values: &Values) -> Result<LoaderConfig> {
    let text = toml::to_string(values).map_err(|error| Error::Config {
        file: None,
        line: None,
        key: "configuration".to_owned(),
        problem: error.to_string(),
    })?;
    config_text::parse(&text, None).map_err(|error| match error {
        Error::Config { key, problem, .. } => Error::Config { file: None, line: None, key, problem },
        other => other,
    })
}

/// `config` with a dotted key set, or left out.
///
/// # Errors
/// What a file with that value would be refused for, in the same words.
pub fn set(config: &LoaderConfig, key: &str, value: Option<Value>) -> Result<LoaderConfig> {
    let mut values = values(config)?;
    put(&mut values, key, value);
    Ok(LoaderConfig { file: config.file.clone(), ..check(&values)? })
}

/// The dotted key that an error about a configuration is about, and what it says of it.
#[must_use]
pub fn problem_of(error: &Error) -> (String, String) {
    match error {
        Error::Config { key, problem, .. } => (key.clone(), problem.clone()),
        other => {
            let words = other.to_string();
            let problem = words.strip_prefix("loader.memory: ").unwrap_or(&words).to_owned();
            ("loader.memory".to_owned(), problem)
        }
    }
}

/// Every dotted key that `values` have or could have; `*` has become the names of their arrays. The items of lists of
/// tables are one value.
#[must_use]
pub fn keys(values: &Values) -> Vec<(String, &'static Param)> {
    let mut found = Vec::new();
    for section in SECTIONS.iter().filter(|section| !section.is_list()) {
        let (group, is_named) = section.name.split_once(".*").map_or((section.name, false), |(group, _)| (group, true));
        let arrays = values.get(group).and_then(Value::as_table).filter(|_| is_named);
        match arrays {
            Some(arrays) => found.extend(
                arrays
                    .keys()
                    .flat_map(|name| section.all().map(move |param| (param.key.replacen('*', name, 1), param))),
            ),
            None if is_named => {}
            None => found.extend(section.all().map(|param| (param.key.to_owned(), param))),
        }
    }
    found
}

/// What a key goes back to: its value in the default configuration, else the typical one of the example; `None` where it
/// is left out.
#[must_use]
pub fn standard(param: &Param) -> Option<Value> {
    let defaults = values(&LoaderConfig::default()).unwrap_or_default();
    let of_table = || get(typical(param.table()?)?.as_table()?, param.name()).cloned();
    let required = || param.usual.then(|| typical(param)).flatten().filter(|_| param.key.contains('*'));
    get(&defaults, param.key).cloned().or_else(of_table).or_else(required)
}

/// The first example of a key: what it becomes when it is switched on. `None` for one whose examples stand in its table.
#[must_use]
pub fn typical(param: &Param) -> Option<Value> {
    let text = format!("value = {}", param.examples.first()?);
    text.parse::<Values>().ok()?.remove("value")
}

/// The names in a dotted key. That of an array may hold dots itself.
pub(super) fn parts(key: &str) -> Vec<&str> {
    let of_array = key.split_once('.').filter(|(group, _)| ["input", "target"].contains(group));
    match of_array.and_then(|(group, rest)| Some((group, rest.rsplit_once('.')?))) {
        Some((group, (name, last))) => vec![group, name, last],
        None => key.split('.').collect(),
    }
}
