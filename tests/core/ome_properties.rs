//! Whatever JSON stands in a group's metadata: reading answers or refuses, it never panics.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test crate: a failed expectation is a failed test")]

use microtome_core::ome::annotation::{ArrayAnnotation, CropAnnotation};
use microtome_core::ome::{conformance, multiscales_of, read_node};
use microtome_core::store::open_memory;
use microtome_tests::{data, mutate};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits};

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
        edits in mutate::any_edits(),
    ) {
        let seeds = seeds_once();
        let mut document = seeds[seed.index(seeds.len())].clone();
        mutate::apply_all(&mut document, &edits);
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
