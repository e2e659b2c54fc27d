//! A configuration as Python: the same keys as keywords.

use microtome_core::loader::params::{Value, Values};

/// A call that makes the loader of a configuration: one keyword for each of its tables.
#[must_use]
pub fn python_text(values: &Values) -> String {
    let mut text = "import microtome\n\nloader = microtome.Loader(\n".to_owned();
    for (name, value) in values.iter().filter(|(_, value)| value.as_table().is_none_or(|table| !table.is_empty())) {
        text.push_str(&format!("    {name}={},\n", written(value, 1)));
    }
    text.push_str(")\n");
    text
}

/// A value; tables that hold tables have a line for each key.
fn written(value: &Value, depth: usize) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Boolean(true) => "True".to_owned(),
        Value::Boolean(false) => "False".to_owned(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| written(item, depth)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) => {
            let pairs = table.iter().map(|(key, value)| format!("{}: {}", quoted(key), written(value, depth + 1)));
            let pairs: Vec<_> = pairs.collect();
            if depth > 2 {
                return format!("{{{}}}", pairs.join(", "));
            }
            let (inner, outer) = ("    ".repeat(depth + 1), "    ".repeat(depth));
            format!("{{\n{inner}{},\n{outer}}}", pairs.join(&format!(",\n{inner}")))
        }
        number => number.to_string(),
    }
}

/// JSON's way to write a text is one of Python's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
