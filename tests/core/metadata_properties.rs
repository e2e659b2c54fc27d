//! Volumes and catalogs on broken metadata of every file: opening answers or refuses; it neither panics nor writes.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test crate: a failed expectation is a failed test")]

use std::path::Path;
use std::sync::Arc;

use microtome_core::catalog::{Catalog, DiskUse, describe};
use microtome_core::store::open_memory;
use microtome_core::volume::Volume;
use microtome_tests::{data, mutate};
use proptest::prelude::*;
use serde_json::Value;
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits};

/// The metadata files below a folder of the test data: key and text.
fn metadata_of(folder: &str) -> Vec<(String, String)> {
    let root = data::root().join(folder);
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(&root).sort_by_file_name() {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy();
        if name.starts_with(".z") || name == "zarr.json" {
            let key = entry.path().strip_prefix(&root).expect("below").to_string_lossy().into_owned();
            found.push((key, std::fs::read_to_string(entry.path()).expect("text")));
        }
    }
    found
}

/// How a metadata file is broken.
#[derive(Debug, Clone)]
enum Damage {
    Edit(Vec<(prop::sample::Index, mutate::Edit)>),
    Cut(prop::sample::Index),
    Remove,
}

fn any_damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        8 => mutate::any_edits().prop_map(Damage::Edit),
        1 => any::<prop::sample::Index>().prop_map(Damage::Cut),
        1 => Just(Damage::Remove),
    ]
}

/// The text after the damage; `None` if the file is gone.
fn damaged(text: &str, damage: &Damage) -> Option<String> {
    match damage {
        Damage::Edit(edits) => {
            let mut document: Value = serde_json::from_str(text).expect("JSON");
            mutate::apply_all(&mut document, edits);
            Some(document.to_string())
        }
        Damage::Cut(at) => Some(text[..at.index(text.len())].to_owned()),
        Damage::Remove => None,
    }
}

fn look_at(volume: &Volume) {
    assert!(!volume.levels().is_empty());
    for level in volume.levels() {
        let _ = (level.bounds(), level.chunk_grid(), level.voxel_size_nm());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn volumes_of_broken_metadata_never_panic(
        image in prop::sample::select(vec![
            "fib25.zarr/recon-1/em/fibsem-uint8", "fib25_v3.zarr/recon-1/em/fibsem-uint8",
            "gala_v3.zarr/recon-1/labels/groundtruth/crop1/cell", "neuroglancer/simple_0.5",
        ]),
        place in any::<prop::sample::Index>(),
        damage in any_damage(),
    ) {
        let mut files = metadata_of(image);
        let at = place.index(files.len());
        let text = damaged(&files[at].1, &damage);
        let (key, _) = files.remove(at);
        files.extend(text.map(|text| (key, text)));
        let memory = Arc::new(MemoryStore::new());
        for (key, text) in files {
            memory.set(&StoreKey::new(key).expect("a key"), text.into_bytes().into()).expect("memory");
        }
        if let Ok(volume) = Volume::open_in(&open_memory(memory, "broken"), "") {
            look_at(&volume);
        }
    }
}

fn files_below(folder: &Path) -> Vec<(std::path::PathBuf, u64)> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|entry| entry.expect("an entry"));
    entries.map(|entry| (entry.path().to_owned(), entry.metadata().expect("metadata").len())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn catalogs_of_broken_metadata_never_panic_or_write(
        dataset in prop::sample::select(vec!["fib25.zarr", "gala_v3.zarr"]),
        place in any::<prop::sample::Index>(),
        damage in any_damage(),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join(dataset);
        let files = metadata_of(dataset);
        let broken = place.index(files.len());
        for (index, (key, text)) in files.iter().enumerate() {
            let path = root.join(key);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            let text = if index == broken { damaged(text, &damage) } else { Some(text.clone()) };
            if let Some(text) = text {
                std::fs::write(path, text).expect("written");
            }
        }
        let before = files_below(folder.path());
        match Catalog::open(&root) {
            Ok(catalog) => {
                catalog.datasets.iter().for_each(|dataset| look_at(&dataset.raw));
                let _ = describe(&catalog, DiskUse::Measure);
            }
            Err(error) => prop_assert!(!error.to_string().contains('\n'), "{error}"),
        }
        prop_assert_eq!(before, files_below(folder.path()));
    }
}
