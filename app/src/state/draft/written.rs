//! A configuration file with some keys changed: comments, order and everything else stay as they are.

use anyhow::Context as _;
use microtome_core::loader::LoaderConfig;
use microtome_core::loader::params::{Value, Values};
use toml_edit::{DocumentMut, Item, Table, TableLike};

/// What the file said when it was read, and what it is to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Saving {
    /// Every key as it was read.
    pub before: Values,
    /// Every key as it is to be.
    pub after: Values,
    /// Whether the file is the one that was read; else it is a new one.
    pub is_own: bool,
}

/// `text` with what differs between before and after; without a text everything is written.
///
/// # Errors
/// The text is no TOML, or would be no valid configuration: somebody else has changed it.
pub fn rewritten(text: Option<&str>, saving: &Saving) -> anyhow::Result<String> {
    let Some(text) = text else {
        return toml_text(&saving.after);
    };
    let mut document: DocumentMut = text.parse().context("the file is no TOML any more")?;
    update(document.as_table_mut(), &saving.before, &saving.after, 0)?;
    reorder(&mut document, &saving.after);
    let new = document.to_string();
    LoaderConfig::from_toml(&new).context("with these changes the file would be no configuration")?;
    Ok(new)
}

fn toml_text(values: &Values) -> anyhow::Result<String> {
    let mut document = DocumentMut::new();
    update(document.as_table_mut(), &Values::new(), values, 0)?;
    Ok(document.to_string())
}

/// Tables in tables down to this depth have lines of their own: `[input.raw]`.
const OWN_LINES: usize = 1;

fn update(table: &mut dyn TableLike, before: &Values, after: &Values, depth: usize) -> anyhow::Result<()> {
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        table.remove(name);
    }
    for (name, value) in after.iter().filter(|(name, value)| before.get(*name) != Some(value)) {
        let old = before.get(name).and_then(Value::as_table);
        match (value, table.get_mut(name).and_then(Item::as_table_like_mut)) {
            (Value::Table(new), Some(inner)) => update(inner, old.unwrap_or(&Values::new()), new, depth + 1)?,
            (Value::Table(new), None) if depth == 0 || depth == OWN_LINES && holds_arrays(new) => {
                let mut inner = Table::new();
                inner.set_implicit(new.values().all(|value| value.as_table().is_some_and(holds_arrays)));
                update(&mut inner, &Values::new(), new, depth + 1)?;
                table.insert(name, Item::Table(inner));
            }
            _ => put(table, name, value)?,
        }
    }
    Ok(())
}

/// Whether it is `[input.NAME]` or `[target.NAME]`, which stand on lines of their own.
fn holds_arrays(table: &Values) -> bool {
    table.contains_key("encoding")
}

/// Sets a value; the comment behind it stays.
fn put(table: &mut dyn TableLike, name: &str, value: &Value) -> anyhow::Result<()> {
    let mut new: toml_edit::Value = value.to_string().parse().context("a value cannot be written as TOML")?;
    if let Some(old) = table.get(name).and_then(Item::as_value) {
        *new.decor_mut() = old.decor().clone();
    }
    match table.get_mut(name) {
        Some(item) => *item = Item::Value(new),
        None => drop(table.insert(name, Item::Value(new))),
    }
    Ok(())
}

/// Intensities are changed in the order in which their operations stand in the file.
fn reorder(document: &mut DocumentMut, after: &Values) {
    let Some(wanted) = after.get("augment").and_then(Value::as_table) else { return };
    let rank = |key: &str| wanted.keys().position(|known| known == key);
    if let Some(Item::Table(augment)) = document.get_mut("augment") {
        let ranks: Vec<_> =
            augment.iter().map(|(key, _)| rank(key)).filter(|rank| is_operation(wanted, *rank)).collect();
        if !ranks.is_sorted() {
            augment.sort_values_by(|a, _, b, _| rank(a.get()).cmp(&rank(b.get())));
        }
    }
}

/// Keys before the first operation may stand in any order.
fn is_operation(wanted: &Values, rank: Option<usize>) -> bool {
    const SPATIAL: [&str; 8] = ["mirror", "transpose", "planes", "rotate", "scale", "shear", "elastic", "misalign"];
    rank.and_then(|rank| wanted.keys().nth(rank)).is_some_and(|key| !SPATIAL.contains(&key.as_str()))
}
