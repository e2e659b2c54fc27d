//! Whatever JSON stands in a group's metadata: reading answers or refuses, it never panics.

use microtome_core::ome::annotation::{ArrayAnnotation, CropAnnotation};
use microtome_core::ome::{conformance, multiscales_of, read_node};
use microtome_core::store::open_memory;
use microtome_tests::data;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits};

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

#[derive(Debug, Clone)]
enum Edit {
    Replace(Value),
    Remove,
    Duplicate,
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

/// Documents to start from: the specification's, real ones, and an annotation.
fn seeds() -> Vec<Value> {
    let mut seeds = Vec::new();
    for file in ["0.4/image", "0.4/label", "0.5/image", "0.5/label"] {
        let suite = data::json(&format!("ngff/{file}_suite.json"));
        seeds.extend(suite["tests"].as_array().expect("tests").iter().map(|test| test["data"].clone()));
    }
    let cell = "recon-1/labels/groundtruth/crop2/cell";
    seeds.push(data::json(&format!("fib25.zarr/{cell}/.zattrs")));
    seeds.push(data::json(&format!("fib25_v3.zarr/{cell}/zarr.json"))["attributes"].clone());
    seeds
        .push(json!({"cellmap": {"annotation": {"version": "0.1.1", "name": "crop1", "class_names": ["mito", "er"]}}}));
    seeds
}

fn read_everything(document: &Value) {
    if let Some(attributes) = document.as_object() {
        if let Ok(images) = multiscales_of(attributes, "fuzz") {
            for image in &images {
                assert!(!image.levels.is_empty());
                for level in 0..=image.levels.len() {
                    let transform = image.world_from_voxel(level);
                    assert!(transform.voxel_size_nm.all(|v| v >= 0.0 && !v.is_nan()), "{transform:?}");
                }
            }
        }
        let _ = (conformance(attributes, 2), conformance(attributes, 3));
        let _ = ArrayAnnotation::from_attributes(attributes, "fuzz");
        let _ = CropAnnotation::from_attributes(attributes, "fuzz");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edited_metadata_never_panics(
        seed in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any_edit()), 1..4),
    ) {
        let seeds = seeds_once();
        let mut document = seeds[seed.index(seeds.len())].clone();
        for (place, edit) in &edits {
            let mut target = place.index(size(&document));
            apply(&mut document, &mut target, edit);
        }
        read_everything(&document);
    }

    #[test]
    fn arbitrary_bytes_as_metadata_never_panic(
        name in prop::sample::select(vec!["zarr.json", ".zattrs", ".zgroup", ".zarray"]),
        text in prop_oneof!["\\PC{0,40}", r#"[\[\]{}":,0-9a-z ]{0,40}"#],
    ) {
        let memory = Arc::new(MemoryStore::new());
        let key = StoreKey::new(format!("g/{name}")).expect("a key");
        memory.set(&key, text.into_bytes().into()).expect("memory");
        let _ = read_node(open_memory(memory, "fuzz").as_ref(), "g", "fuzz/g");
    }
}

fn seeds_once() -> &'static [Value] {
    static SEEDS: std::sync::OnceLock<Vec<Value>> = std::sync::OnceLock::new();
    SEEDS.get_or_init(seeds)
}
