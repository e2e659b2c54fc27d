//! Random changes of JSON documents, for tests that broken metadata never panic.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};

/// A few changes, each at a random value of the document.
pub fn any_edits() -> impl Strategy<Value = Vec<(Index, Edit)>> {
    prop::collection::vec((any::<Index>(), any_edit()), 1..4)
}

/// Applies changes one after the other.
pub fn apply_all(document: &mut Value, edits: &[(Index, Edit)]) {
    for (place, edit) in edits {
        let mut target = place.index(size(document));
        apply(document, &mut target, edit);
    }
}

/// Values that metadata may hold where something else belongs.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(-0.0)),
        Just(json!(1e308)),
        Just(json!(5e-324)),
        "[ -~\u{b5}]{0,6}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([1, 2, 3])),
        Just(json!([[{"a": []}]])),
    ]
}

/// A change of one value.
#[derive(Debug, Clone)]
pub enum Edit {
    /// Puts something else in its place.
    Replace(Value),
    /// Takes it out of its list or object.
    Remove,
    /// Adds it to its list once more.
    Duplicate,
    /// Gives it another key.
    Rename(String),
}

fn any_edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        4 => any_value().prop_map(Edit::Replace),
        2 => Just(Edit::Remove),
        1 => Just(Edit::Duplicate),
        1 => "[a-z]{0,4}".prop_map(Edit::Rename),
    ]
}

/// Applies `edit` to the `target`-th value, counted in depth.
fn apply(value: &mut Value, target: &mut usize, edit: &Edit) -> bool {
    if *target == 0 {
        if let Edit::Replace(new) = edit {
            *value = new.clone();
        }
        return true;
    }
    match value {
        Value::Array(items) => {
            for index in 0..items.len() {
                *target -= 1;
                if *target == 0 {
                    match edit {
                        Edit::Remove => drop(items.remove(index)),
                        Edit::Duplicate => items.push(items[index].clone()),
                        Edit::Replace(new) => items[index] = new.clone(),
                        Edit::Rename(_) => {}
                    }
                    return true;
                }
                if apply(&mut items[index], target, edit) {
                    return true;
                }
            }
        }
        Value::Object(members) => {
            let keys: Vec<_> = members.keys().cloned().collect();
            for key in keys {
                *target -= 1;
                if *target == 0 {
                    edit_member(members, &key, edit);
                    return true;
                }
                if members.get_mut(&key).is_some_and(|member| apply(member, target, edit)) {
                    return true;
                }
            }
        }
        _ => {}
    }
    false
}

fn edit_member(members: &mut Map<String, Value>, key: &str, edit: &Edit) {
    match edit {
        Edit::Remove | Edit::Duplicate => drop(members.remove(key)),
        Edit::Replace(new) => drop(members.insert(key.to_owned(), new.clone())),
        Edit::Rename(name) => {
            if let Some(member) = members.remove(key) {
                members.insert(name.clone(), member);
            }
        }
    }
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum(),
        _ => 0,
    }
}
