//! Counts of classes: metadata, the voxels themselves and a cache outside the dataset agree, and nothing is written
//! into the dataset.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use microtome_core::catalog::{Catalog, ClassCount, CountOrigin, CountTable};
use microtome_core::geometry::{VoxelBox, Zyx};
use microtome_core::volume::{ChunkCache, Voxel};
use microtome_core::with_buffer;
use serde_json::{Value, json};

use super::meaning::{annotate, fib25};

fn counts(path: &Path, cache: Option<&Path>) -> CountTable {
    Catalog::open(path).unwrap().count(cache).unwrap()
}

fn only(table: &CountTable, origin: CountOrigin) -> Vec<ClassCount> {
    assert!(table.rows.iter().all(|row| row.origin == origin), "{table:?}");
    table.rows.iter().map(|row| row.count).collect()
}

/// Files with their contents.
fn files(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = walkdir::WalkDir::new(path).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files.map(|entry| (entry.path().to_owned(), fs::read(entry.path()).unwrap())).collect()
}

fn forget_counts(path: &Path) {
    for crop in ["crop1/cell", "crop2/cell"] {
        annotate(path, crop, |annotation| {
            annotation.as_object_mut().unwrap().remove("complement_counts");
        });
    }
}

#[test]
fn metadata_and_voxels_agree_and_the_dataset_stays_as_it_is() {
    let (folder, path) = fib25();
    let from_metadata = only(&counts(&path, None), CountOrigin::Metadata);
    forget_counts(&path);
    let before = files(&path);
    let cache = folder.path().join("cache/of counts");
    let counted = only(&counts(&path, Some(&cache)), CountOrigin::Voxels);
    assert_eq!(counted, from_metadata);
    assert_eq!(files(&path), before);
    // By hand.
    let catalog = Catalog::open(&path).unwrap();
    let volume = &catalog.datasets[0].crops[0].classes[0].volume;
    let whole = volume.read_box(0, &VoxelBox::of_shape(volume.levels()[0].shape), &ChunkCache::new(1 << 26)).unwrap();
    let zeros = with_buffer!(&whole, ids => ids.iter().filter(|id| id.to_id() == 0).count());
    assert_eq!((counted[0].absent, counted[0].total()), (zeros as u64, whole.len() as u64));
    assert_eq!((zeros, counted[0].voxel_nm3), (250, 1000.0));
}

#[test]
fn voxels_are_counted_once_and_again_when_the_array_or_its_meaning_changes() {
    let (folder, path) = fib25();
    forget_counts(&path);
    let cache = folder.path().join("cache");
    let first = counts(&path, Some(&cache));
    // Chunks that cannot be decoded any more, of the same size: what comes now comes from the cache.
    let array = path.join("recon-1/labels/groundtruth/crop2/cell/s0");
    let chunks: Vec<_> = files(&array)
        .into_iter()
        .filter(|(file, _)| !file.file_name().unwrap().to_string_lossy().starts_with('.'))
        .collect();
    assert!(!chunks.is_empty());
    for (file, bytes) in &chunks {
        fs::write(file, vec![0xA5; bytes.len()]).unwrap();
    }
    assert_eq!(counts(&path, Some(&cache)), first);
    let again = |path: &Path| Catalog::open(path).unwrap().count(Some(&cache));
    // Another size, and another meaning.
    fs::write(&chunks[0].0, [0xA5]).unwrap();
    assert!(again(&path).is_err());
    for (file, bytes) in &chunks {
        fs::write(file, bytes).unwrap();
    }
    assert_eq!(again(&path).unwrap(), first);
    let catalog = Catalog::open(&path).unwrap();
    let labels = &catalog.datasets[0].crops[1].classes[0].volume;
    let corner = labels.read_box(0, &VoxelBox::of_shape(Zyx::splat(1)), &ChunkCache::new(1 << 26)).unwrap();
    let id = with_buffer!(&corner, ids => ids[0].to_id());
    annotate(&path, "crop2/cell", |annotation| annotation["annotation_type"]["encoding"] = json!({"absent": id}));
    assert_ne!(again(&path).unwrap(), first);
    // A broken cache is no more than an empty one.
    fs::write(cache.join("counts.csv"), "path,state\n\u{0},\"").unwrap();
    again(&path).unwrap();
}

#[test]
fn counts_that_leave_something_open_are_not_believed() {
    let (_folder, path) = fib25();
    let with = |counts: Value, encoding: Value| {
        annotate(&path, "crop1/cell", |annotation| {
            annotation["annotation_type"]["encoding"] = encoding.clone();
            annotation["complement_counts"] = counts.clone();
        });
        let table = super::counts::counts(&path, None);
        (table.rows[0].origin, table.rows[0].count)
    };
    let (plain, coded) = (json!({"absent": 0}), json!({"absent": 0, "unknown": 77_777}));
    let (origin, count) = with(json!({"absent": 250, "unknown": 50}), coded.clone());
    assert_eq!((origin, count.absent, count.unknown), (CountOrigin::Metadata, 250, 50));
    for (counts, encoding) in [
        (json!({"absent": 250}), coded),
        (json!({"unknown": 0}), plain.clone()),
        (json!({"absent": 1_000_000_000}), plain.clone()),
        (json!({"absent": -1}), plain),
    ] {
        let (origin, count) = with(counts.clone(), encoding);
        assert_eq!((origin, count.absent, count.unknown), (CountOrigin::Voxels, 250, 0), "{counts}");
    }
}

#[test]
fn a_cache_inside_the_data_is_refused() {
    let (_folder, path) = fib25();
    for folder in [path.clone(), path.join("recon-1/new/cache")] {
        let error = Catalog::open(&path).unwrap().count(Some(&folder)).unwrap_err().to_string();
        assert!(error.contains("inside the data"), "{error}");
    }
    assert!(!path.join("recon-1/new").exists());
}
