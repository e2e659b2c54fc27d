//! What stored values mean in a batch: unknown is masked, semantic codes decide presence, exclusive classes give true
//! negatives.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use microtome_core::catalog::Catalog;
use microtome_core::loader::{Batch, BatchArray, Loader, LoaderConfig};
use microtome_core::volume::{Buffer, Voxel};
use microtome_core::with_buffer;
use microtome_tests::data;
use serde_json::{Value, json};

const CROPS: &str = "recon-1/labels/groundtruth";

/// A copy of fib25 in a folder of its own; keep the first value alive.
pub fn fib25() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fib25.zarr");
    data::copy("fib25.zarr", &path);
    (folder, path)
}

/// Changes the annotation of `crop/class`, on the group and on the finest array.
pub fn annotate(dataset: &Path, label: &str, change: impl Fn(&mut Value)) {
    for file in [".zattrs", "s0/.zattrs"] {
        let file = dataset.join(CROPS).join(label).join(file);
        let mut document: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        change(&mut document["cellmap"]["annotation"]);
        fs::write(&file, document.to_string()).unwrap();
    }
}

/// One epoch of small patches with the same labels in every encoding; `data` is the rest of `[data]`.
fn batches(dataset: &Path, data: &str) -> Vec<Batch> {
    let target = |name: &str| {
        format!("[target.{name}]\nshape = [24, 24, 24]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"{name}\"\n")
    };
    let text = format!(
        "[data]\n{data}\n{}{}{}[sampling]\nsamples_per_epoch = 24\n[augment]\nmirror = {{ z = 0.5, y = 0.5, x = 0.5 }}\n\
         rotate = {{ z = [-180, 180], probability = 0.5 }}\n\
         [loader]\nbatch_size = 6\nthreads = 2\nmemory = \"64 MiB\"\n",
        target("ids"),
        target("u8"),
        target("f32")
    );
    let config = LoaderConfig::from_toml(&text).unwrap();
    let loader = Loader::new(Arc::new(Catalog::open(dataset).unwrap()), config).unwrap();
    (0..4).map(|_| loader.next_batch().unwrap()).collect()
}

fn ids(array: &BatchArray) -> Vec<u64> {
    with_buffer!(&array.data, data => data.iter().map(|value| value.to_id()).collect())
}

fn floats(batch: &Batch) -> &[f32] {
    match &batch.array("f32").unwrap().data {
        Buffer::F32(values) => values,
        other => panic!("{other:?}"),
    }
}

fn known(array: &BatchArray) -> &[u8] {
    array.known.as_ref().unwrap()
}

/// The two ids that most voxels hold: nearly every voxel of these crops belongs to some cell.
fn commonest(batches: &[Batch]) -> (u64, u64) {
    let mut counts = std::collections::BTreeMap::new();
    for id in batches.iter().flat_map(|batch| ids(batch.array("ids").unwrap())).filter(|&id| id != 0) {
        *counts.entry(id).or_insert(0) += 1;
    }
    let mut counts: Vec<(u64, i32)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| -count);
    (counts[0].0, counts[1].0)
}

/// Checks every voxel of every encoding: `expected` says from the stored id what should stand there, `None` is unknown.
fn check(plain: &[Batch], changed: &[Batch], expected: impl Fn(u64) -> Option<u64>) {
    let mut seen = [0; 3];
    for (plain, changed) in plain.iter().zip(changed) {
        let stored = ids(plain.array("ids").unwrap());
        let inside = known(plain.array("ids").unwrap());
        let (of_ids, of_bytes) = (changed.array("ids").unwrap(), changed.array("u8").unwrap());
        let (new_ids, bytes) = (ids(of_ids), ids(of_bytes));
        for voxel in 0..stored.len() {
            let meant = expected(stored[voxel]).filter(|_| inside[voxel] == 1);
            let present = meant.map(|id| u64::from(id != 0));
            seen[present.map_or(2, |present| present as usize)] += 1;
            assert_eq!((new_ids[voxel], known(of_ids)[voxel] == 1), (meant.unwrap_or(0), meant.is_some()));
            assert_eq!((bytes[voxel], known(of_bytes)[voxel] == 1), (present.unwrap_or(0), meant.is_some()));
            let float = floats(changed)[voxel];
            assert!(present.map_or(float.is_nan(), |present| float == present as f32), "{float} {present:?}");
        }
    }
    assert!(seen.iter().all(|&n| n > 0), "absent, present and unknown voxels: {seen:?}");
}

#[test]
fn voxels_coded_unknown_are_masked_and_never_background() {
    let (_folder, path) = fib25();
    // Some of the patches reach beyond their crop: outside stays unknown, whatever the codes.
    let plain = batches(&path, "");
    let (unknown, absent) = commonest(&plain);
    for crop in ["crop1", "crop2"] {
        annotate(&path, &format!("{crop}/cell"), |annotation| {
            annotation["annotation_type"]["encoding"] = json!({"absent": absent, "unknown": unknown});
        });
    }
    check(&plain, &batches(&path, ""), |id| match id {
        // Where the code for absent is another, 0 says nothing.
        0 => None,
        id if id == unknown => None,
        id => Some(if id == absent { 0 } else { id }),
    });
}

#[test]
fn semantic_codes_decide_what_is_present() {
    let (_folder, path) = fib25();
    let plain = batches(&path, "");
    let (present, other) = commonest(&plain);
    let semantic = |encoding: Value| {
        for crop in ["crop1", "crop2"] {
            annotate(&path, &format!("{crop}/cell"), |annotation| {
                annotation["annotation_type"] = json!({"type": "semantic_segmentation", "encoding": encoding});
            });
        }
        batches(&path, "")
    };
    let both = semantic(json!({"absent": other, "present": present}));
    let meaning = |id| if id == present { Some(id) } else { (id == other).then_some(0) };
    check(&plain, &both, meaning);
    let coded = semantic(json!({"present": present, "unknown": other}));
    check(&plain, &coded, |id| (id != other).then_some(if id == present { id } else { 0 }));
}

#[test]
fn a_broken_annotation_is_a_warning_and_values_are_ids() {
    let (_folder, path) = fib25();
    let plain = batches(&path, "");
    annotate(&path, "crop1/cell", |annotation| annotation["annotation_type"]["type"] = json!("panoptic"));
    let catalog = Catalog::open(&path).unwrap();
    assert!(catalog.warnings.iter().any(|warning| warning.contains("an annotation is ignored")), "{catalog:?}");
    assert_eq!(catalog.datasets[0].crops[0].classes[0].annotation, None);
    for (changed, plain) in batches(&path, "").iter().zip(&plain) {
        assert_eq!(changed.provenance, plain.provenance);
        // As bytes: NaN, which is unknown, is not equal to itself.
        let same = |(a, b): (&BatchArray, &BatchArray)| a.data.as_bytes() == b.data.as_bytes() && a.known == b.known;
        assert!(changed.arrays.iter().zip(&plain.arrays).all(same));
    }
}

#[test]
fn a_class_that_nobody_annotated_is_absent_where_an_exclusive_one_is_present() {
    let (_folder, path) = fib25();
    let (absent, _) = commonest(&batches(&path, ""));
    for crop in ["crop1", "crop2"] {
        annotate(&path, &format!("{crop}/cell"), |annotation| {
            annotation["annotation_type"]["encoding"] = json!({"absent": absent});
        });
    }
    fs::rename(path.join(CROPS).join("crop2/cell"), path.join(CROPS).join("crop2/nuc")).unwrap();
    let classes = "classes = [\"nuc\", \"cell\"]";
    let without = batches(&path, classes);
    let with = batches(&path, &format!("{classes}\nrelations = {{ cell = [\"nuc\", \"er\"] }}"));
    let voxels = 24 * 24 * 24;
    let (mut true_negatives, mut unknown) = (0, 0);
    for (without, with) in without.iter().zip(&with) {
        let (bytes, mask) = (ids(with.array("u8").unwrap()), known(with.array("u8").unwrap()));
        let bare = known(without.array("u8").unwrap());
        for (sample, provenance) in with.provenance.iter().enumerate() {
            // Of the channels nuc and cell the crop annotates one.
            let (missing, there) = if provenance.crop.as_deref() == Some("crop1") { (0, 1) } else { (1, 0) };
            let channel = |channel: usize| (sample * 2 + channel) * voxels..(sample * 2 + channel + 1) * voxels;
            for (a, b) in channel(missing).zip(channel(there)) {
                assert_eq!((bytes[a], bare[a], mask[b]), (0, 0, bare[b]));
                assert_eq!(u64::from(mask[a]), bytes[b], "known to be absent just where the other is present");
                let float = floats(with)[a];
                assert!(if mask[a] == 1 { float == 0.0 } else { float.is_nan() });
                true_negatives += u32::from(mask[a]);
                unknown += u32::from(mask[a] == 0);
            }
            let class = ["nuc", "cell"][missing];
            let source = provenance.sources.iter().find(|source| source.class.as_deref() == Some(class)).unwrap();
            assert_eq!((source.level, source.inferred_from.len(), source.chunks > 0), (None, 1, true));
        }
    }
    assert!(true_negatives > 0 && unknown > 0, "{true_negatives} {unknown}");
}
