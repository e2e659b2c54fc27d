//! Random configurations out of the keys of the documented example.

use microtome_core::loader::LoaderConfig;
use proptest::prelude::*;
use proptest::sample::Index;
use toml::{Table, Value};

/// A key of the example, with the value that it has there.
#[derive(Debug, Clone)]
pub struct Key {
    /// Such as `augment`, or `data.train`.
    pub table: String,
    /// A table that may stand there several times.
    is_list: bool,
    pub name: String,
    value: Value,
    /// It stands in the example without a `#` before it.
    is_usual: bool,
    /// So does its table.
    table_is_usual: bool,
}

/// What is done to one value.
#[derive(Debug, Clone)]
enum Edit {
    Replace(Value),
    Scale(f64),
    Remove,
    Misspell,
    Lengthen,
}

/// A value that was replaced, and how.
#[derive(Debug, Clone)]
pub struct Change {
    /// Dotted, as errors say it.
    pub key: String,
    place: Index,
    edit: Edit,
}

/// A configuration: some keys of the example, some of them changed.
#[derive(Debug, Clone)]
pub struct Draft {
    keys: Vec<Key>,
    pub changes: Vec<Change>,
}

/// Every key of the example, also those behind a `#`, in order.
pub fn documented() -> Vec<Key> {
    let (mut table, mut is_list, mut table_is_usual) = (String::new(), false, true);
    let mut keys = Vec::new();
    for line in LoaderConfig::example().lines() {
        let (is_usual, text) = line.strip_prefix("# ").map_or((true, line), |text| (false, text));
        if let Some(name) = text.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            (table, is_list, table_is_usual) = (name.trim_matches('[').to_owned(), name.starts_with('['), is_usual);
            continue;
        }
        let Some((name, _)) = text.split_once('=') else { continue };
        let name = name.trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            continue;
        }
        let parsed: Table = text.parse().unwrap_or_else(|error| panic!("{text} in the example: {error}"));
        let value = parsed[name].clone();
        keys.push(Key { table: table.clone(), is_list, name: name.to_owned(), value, is_usual, table_is_usual });
    }
    keys
}

/// Drafts of up to `changes` changes. A key that stands in the example is nearly always there, another one sometimes;
/// what makes work is small.
pub fn drafts(changes: usize) -> impl Strategy<Value = Draft> {
    let documented = documented();
    let tables: Vec<_> = documented.iter().map(|key| key.table.clone()).collect();
    let first_of_table: Vec<_> =
        tables.iter().map(|table| tables.iter().position(|other| other == table).unwrap_or(0)).collect();
    let chosen = prop::collection::vec(0_u32..100, documented.len());
    (chosen, prop::collection::vec((any::<Index>(), any::<Index>(), edit()), 0..=changes)).prop_map(
        move |(chosen, edits)| {
            let is_in = |(at, key): &(usize, &Key)| {
                let table_chance = chosen[first_of_table[*at]];
                match (key.table.as_str(), key.name.as_str(), key.is_usual) {
                    // Without these there is nothing to do.
                    ("data", "path", _) | ("input.raw" | "target.labels" | "loader", _, true) => true,
                    // Such a table is there as a whole or not at all.
                    _ if !key.table_is_usual => table_chance >= 80,
                    (_, _, true) => chosen[*at] >= 15,
                    _ => chosen[*at] >= 90,
                }
            };
            let mut keys: Vec<Key> = documented.iter().enumerate().filter(is_in).map(|(_, key)| key.clone()).collect();
            keys.iter_mut().for_each(make_small);
            // The last of several ways to write one key.
            let repeated =
                |at: usize| keys[at + 1..].iter().any(|key| key.table == keys[at].table && key.name == keys[at].name);
            let keep: Vec<_> = (0..keys.len()).filter(|&at| !repeated(at)).collect();
            let keys: Vec<Key> = keep.into_iter().map(|at| keys[at].clone()).collect();
            let change = |(which, place, edit): (Index, Index, Edit)| {
                let key = which.get(&keys);
                Change { key: format!("{}.{}", key.table, key.name), place, edit }
            };
            let changes = edits.into_iter().map(change).collect();
            Draft { keys, changes }
        },
    )
}

/// The example's patches and batches are those of real training.
fn make_small(key: &mut Key) {
    key.value = match (key.table.as_str(), key.name.as_str()) {
        (_, "shape") => Value::from(vec![10, 9, 8]),
        ("loader", "batch_size") => Value::from(3),
        ("loader", "memory") => Value::from("48 MiB"),
        ("loader", "threads") => Value::from(1),
        _ => return,
    };
}

fn edit() -> impl Strategy<Value = Edit> {
    let numbers = [0.0, 1.0, -1.0, 0.5, 2.0, 1e-9, 1e9, 1e300, f64::NAN, f64::INFINITY].map(Value::from);
    let integers = [0, 1, -1, 2, 3, 7, i64::MAX, i64::MIN].map(Value::from);
    let words = ["", "u8", "ids", "mito", "nucleus", "drop", "fail", "1 KiB", "../..", "*"].map(Value::from);
    let others = [Value::from(true), Value::Array(Vec::new()), Value::Table(Table::new()), Value::from(vec![1, 2])];
    let values = [&numbers[..], &integers[..], &words[..], &others[..]].concat();
    prop_oneof![
        5 => prop::sample::select(values).prop_map(Edit::Replace),
        5 => prop::sample::select(vec![0.5, 2.0, 3.0, 10.0, 0.1, -1.0, 0.99, 1.01]).prop_map(Edit::Scale),
        1 => Just(Edit::Remove),
        1 => Just(Edit::Misspell),
        1 => Just(Edit::Lengthen),
    ]
}

impl Draft {
    /// Without its changes.
    pub fn unchanged(&self) -> Self {
        Self { keys: self.keys.clone(), changes: Vec::new() }
    }

    /// Whether it has this dotted key, or a table that the key is in or that is in it.
    pub fn has(&self, key: &str) -> bool {
        let key = key.replace("[0]", "");
        self.keys.iter().any(|known| super::is_about(&key, &format!("{}.{}", known.table, known.name)))
            || self.keys.iter().any(|known| super::is_about(&key, &known.table))
    }

    /// As TOML.
    pub fn text(&self) -> String {
        let mut document = Table::new();
        for key in &self.keys {
            let mut table = &mut document;
            let parts: Vec<_> = key.table.split('.').collect();
            for (index, part) in parts.iter().enumerate() {
                let is_list = key.is_list && index + 1 == parts.len();
                let empty = || {
                    if is_list { Value::Array(vec![Value::Table(Table::new())]) } else { Value::Table(Table::new()) }
                };
                let entry = table.entry(*part).or_insert_with(empty);
                table = match entry {
                    Value::Array(items) => items[0].as_table_mut().unwrap(),
                    entry => entry.as_table_mut().unwrap(),
                };
            }
            let mut own = Table::from_iter([(key.name.clone(), key.value.clone())]);
            for change in self.changes.iter().filter(|change| change.key == format!("{}.{}", key.table, key.name)) {
                change.apply(&mut own);
            }
            table.extend(own);
        }
        document.to_string()
    }
}

impl Change {
    /// Changes the value of the only key of `own`, or one inside of it.
    fn apply(&self, own: &mut Table) {
        let mut whole = Value::Table(std::mem::take(own));
        if size(&whole) == 1 {
            // Another change has removed it.
            return;
        }
        let mut place = 1 + self.place.index(size(&whole) - 1);
        visit(&mut whole, &mut place, &self.edit);
        if let Value::Table(table) = whole {
            *own = table;
        }
    }
}

/// Values in a value, itself included.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Table(table) => table.iter().map(|(_, value)| size(value)).sum(),
        _ => 0,
    }
}

/// Edits the `place`-th value, counted in depth.
fn visit(value: &mut Value, place: &mut usize, edit: &Edit) {
    match value {
        Value::Array(items) => {
            for index in 0..items.len() {
                *place = place.wrapping_sub(1);
                if *place == 0 {
                    match edit {
                        Edit::Remove => drop(items.remove(index)),
                        _ => edit_value(&mut items[index], edit),
                    }
                    return;
                }
                visit(&mut items[index], place, edit);
            }
        }
        Value::Table(table) => {
            for name in table.keys().cloned().collect::<Vec<_>>() {
                *place = place.wrapping_sub(1);
                if *place == 0 {
                    let mut value = table.remove(&name).unwrap();
                    match edit {
                        Edit::Remove => {}
                        Edit::Misspell => drop(table.insert(format!("{name}s"), value)),
                        _ => {
                            edit_value(&mut value, edit);
                            table.insert(name, value);
                        }
                    }
                    return;
                }
                visit(&mut table[&name], place, edit);
            }
        }
        _ => {}
    }
}

fn edit_value(value: &mut Value, edit: &Edit) {
    match (edit, &mut *value) {
        (Edit::Replace(new), _) => *value = new.clone(),
        (Edit::Scale(factor), Value::Integer(number)) => {
            *value = if factor.fract() == 0.0 {
                Value::from(*number * *factor as i64)
            } else {
                Value::from(*number as f64 * factor)
            };
        }
        (Edit::Scale(factor), Value::Float(number)) => *number *= factor,
        (Edit::Scale(factor), Value::Array(items)) => {
            items.iter_mut().for_each(|item| edit_value(item, &Edit::Scale(*factor)));
        }
        (Edit::Lengthen, Value::Array(items)) => items.extend(items.last().cloned()),
        (Edit::Lengthen, Value::String(text)) => text.push('x'),
        _ => {}
    }
}
