//! A configuration as Python: the same keys as keywords, for `microtome` or for cellmap-data.

use microtome_core::catalog::Catalog;
use microtome_core::loader::LoaderConfig;
use microtome_core::loader::cellmap::{Setting, export};
use microtome_core::loader::params::{Value, Values};

/// A call that makes the loader of a configuration: one keyword for each of its tables.
#[must_use]
pub fn python_text(values: &Values) -> String {
    let is_said = |value: &Value| value.as_table().is_none_or(|table| !table.is_empty());
    let keywords: Vec<_> = values.iter().filter(|(_, value)| is_said(value)).map(entry).collect();
    format!("import microtome\n\nloader = microtome.Loader(\n{})\n", keyword_lines(&keywords))
}

/// Calls that make cellmap-data's datasets and loader do the same, as nearly as it can; what it cannot say stands behind
/// `#`. `catalog`: what is open.
#[must_use]
pub fn cellmap_text(config: &LoaderConfig, catalog: Option<&Catalog>) -> String {
    let exported = export(config, catalog);
    let mut text = "from cellmap_data import CellMapDataLoader, CellMapDataSplit\n".to_owned();
    let mut names = exported.transforms.clone();
    names.push("NaNtoNum");
    names.sort_unstable();
    text.push_str(&format!("from cellmap_data.transforms.augment import {}\n", names.join(", ")));
    text.push_str("import torch\nfrom torchvision.transforms.v2 import Compose, Normalize, ToDtype\n");
    text.push_str(&format!("\ndatasplit = CellMapDataSplit(\n{})\n", keyword_lines(&exported.split)));
    let data = "    datasplit.train_datasets_combined,\n";
    text.push_str(&format!("loader = CellMapDataLoader(\n{data}{})\n", keyword_lines(&exported.loader)));
    if !exported.unsaid.is_empty() {
        text.push_str("\n# Not said, because cellmap-data has no words for it:\n");
        let lines = exported.unsaid.iter().map(|line| format!("# {}\n", line.replace('\n', " ")));
        text.extend(lines);
    }
    text
}

fn keyword_lines(keywords: &[(String, Setting)]) -> String {
    keywords.iter().map(|(name, value)| format!("    {name}={},\n", written(value, 1))).collect()
}

fn entry((name, value): (&String, &Value)) -> (String, Setting) {
    (name.clone(), setting(value))
}

fn setting(value: &Value) -> Setting {
    match value {
        Value::String(text) => Setting::Text(text.clone()),
        Value::Boolean(value) => Setting::Bool(*value),
        Value::Integer(number) => Setting::Integer(*number),
        Value::Float(number) => Setting::Float(*number),
        Value::Datetime(time) => Setting::Text(time.to_string()),
        Value::Array(items) => Setting::List(items.iter().map(setting).collect()),
        Value::Table(table) => Setting::Map(table.iter().map(entry).collect()),
    }
}

/// A value; dictionaries that hold dictionaries have a line for each key.
fn written(value: &Setting, depth: usize) -> String {
    let all = |items: &[Setting]| items.iter().map(|item| written(item, depth)).collect::<Vec<_>>().join(", ");
    match value {
        Setting::None => "None".to_owned(),
        Setting::Bool(true) => "True".to_owned(),
        Setting::Bool(false) => "False".to_owned(),
        Setting::Integer(number) => number.to_string(),
        // With a point or an exponent, as Python tells numbers apart.
        Setting::Float(number) => format!("{number:?}"),
        Setting::Text(text) => quoted(text),
        Setting::List(items) => format!("[{}]", all(items)),
        Setting::Map(entries) => {
            let pairs = entries.iter().map(|(key, value)| format!("{}: {}", quoted(key), written(value, depth + 1)));
            let pairs: Vec<_> = pairs.collect();
            if depth > 2 {
                return format!("{{{}}}", pairs.join(", "));
            }
            let (inner, outer) = ("    ".repeat(depth + 1), "    ".repeat(depth));
            format!("{{\n{inner}{},\n{outer}}}", pairs.join(&format!(",\n{inner}")))
        }
        Setting::Call { name, positional, keywords } => {
            let named = keywords.iter().map(|(name, value)| format!("{name}={}", written(value, depth)));
            let arguments = positional.iter().map(|argument| written(argument, depth)).chain(named);
            format!("{name}({})", arguments.collect::<Vec<_>>().join(", "))
        }
        Setting::Unknown { source, .. } => source.clone(),
    }
}

/// JSON's way to write a text is one of Python's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
