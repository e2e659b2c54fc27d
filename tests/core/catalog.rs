//! Catalogs: every array of the real volumes as it should be, every place a user may point at, and broken datasets.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test crate: a failed expectation is a failed test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use microtome_core::Error;
use microtome_core::catalog::{Catalog, CatalogInfo, DiskUse, ImageInfo, describe};
use microtome_core::geometry::{BoxNm, Zyx};
use microtome_core::loader::LoaderConfig;
use microtome_tests::data;
use serde_json::{Value, json};

fn open(path: &Path) -> Catalog {
    Catalog::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The message of a failure: one line that ends with the place.
fn refused(path: &Path) -> String {
    let message = Catalog::open(path).expect_err("must be refused").to_string();
    assert!(!message.contains('\n'), "{message}");
    message
}

/// A copy of fib25 in a folder of its own; keep the first value alive.
fn fib25() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("fib25.zarr");
    data::copy("fib25.zarr", &path);
    (folder, path)
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut document = serde_json::from_slice(&fs::read(path).expect("a document")).expect("JSON");
    change(&mut document);
    fs::write(path, document.to_string()).expect("written");
}

fn images(info: &CatalogInfo) -> Vec<&ImageInfo> {
    let mut found = Vec::new();
    for dataset in &info.datasets {
        found.push(&dataset.raw);
        found.extend(dataset.crops.iter().flat_map(|crop| &crop.classes).map(|class| &class.labels));
    }
    found
}

#[test]
fn every_array_of_the_real_volumes_is_described_as_it_is() {
    let expected = data::json("expected.json");
    let mut described = BTreeMap::new();
    for name in ["fib25.zarr", "fib25_v3.zarr", "gala.zarr", "gala_v3.zarr"] {
        let catalog = open(&data::root().join(name));
        assert_eq!(catalog.warnings, [""; 0], "{name}");
        let info = describe(&catalog, DiskUse::Measure);
        for image in images(&info) {
            let verdict = image.ngff.as_ref().expect("a verdict");
            assert!(verdict.conforms, "{}: {:?}", image.path, verdict.problems);
            for level in &image.levels {
                let at = level.path.find(name).expect("the dataset's name");
                described.insert(level.path[at..].to_owned(), serde_json::to_value(level).expect("JSON"));
            }
        }
    }
    let expected = expected.as_object().expect("arrays by path");
    assert_eq!(described.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (path, array) in expected {
        let level = &described[path];
        for (ours, theirs) in [
            ("shape", "shape"),
            ("dtype", "dtype"),
            ("voxel_size_nm", "scale_nm"),
            ("translation_nm", "translation_nm"),
        ] {
            assert_eq!(level[ours], array[theirs], "{path}: {ours}");
        }
        let v3 = path.contains("_v3");
        assert_eq!(level["zarr_format"], json!(if v3 { 3 } else { 2 }), "{path}");
        assert_eq!(level["shard_shape"].is_null(), !v3, "{path}");
        assert!(level["stored_bytes"].as_u64().expect("bytes") > 100, "{path}");
        let voxels: u64 = array["shape"].as_array().expect("shape").iter().filter_map(Value::as_u64).product();
        assert!(level["decoded_bytes"].as_u64().expect("bytes") >= voxels, "{path}");
    }
}

#[test]
fn a_cellmap_dataset_has_its_crops_and_classes() {
    for name in ["fib25.zarr", "fib25.zarr/recon-1", "fib25_v3.zarr"] {
        let catalog = open(&data::root().join(name));
        let dataset = &catalog.datasets[0];
        assert_eq!(catalog.datasets.len(), 1);
        assert_eq!(dataset.name, name.split('.').next().expect("a name"));
        assert_eq!(dataset.class_names(), ["cell"]);
        let crops: Vec<_> = dataset.crops.iter().map(|crop| crop.name.as_str()).collect();
        assert_eq!(crops, ["crop1", "crop2"]);
        // crop2: 100 × 120 × 140 voxels of 10 nm, voxel 0 centred on (400, 600, 900).
        let bounds = BoxNm::new(Zyx::new(395.0, 595.0, 895.0), Zyx::new(1395.0, 1795.0, 2295.0));
        assert_eq!(dataset.crops[1].bounds, bounds);
    }
}

#[test]
fn every_place_inside_a_dataset_opens_or_says_what_to_open() {
    let recon = data::root().join("fib25.zarr/recon-1");
    let image = open(&recon.join("em/fibsem-uint8"));
    assert_eq!((image.datasets.len(), image.datasets[0].crops.len()), (1, 0));
    assert_eq!(image.warnings, [""; 0]);
    assert_eq!(open(&recon.join("em")).datasets[0].raw.levels().len(), 4);

    let level = open(&recon.join("em/fibsem-uint8/s1"));
    assert_eq!(level.datasets[0].raw.levels()[0].shape, Zyx::splat(125));
    assert!(level.warnings.iter().any(|w| w.contains("1 nm is assumed")), "{:?}", level.warnings);
    assert!(level.warnings.iter().any(|w| w.contains("for the whole dataset open")), "{:?}", level.warnings);

    let class = open(&recon.join("labels/groundtruth/crop2/cell"));
    assert_eq!(class.datasets[0].raw.levels()[0].shape, Zyx::new(100, 120, 140));
    assert!(class.warnings[0].contains("labels are opened as an image"), "{:?}", class.warnings);

    for place in ["labels", "labels/groundtruth", "labels/groundtruth/crop2"] {
        let message = refused(&recon.join(place));
        assert!(message.contains("these are labels; open the dataset around them") && message.contains("recon-1"));
    }
    let message = refused(&recon.join("em/fibsem-uint8/s0/0"));
    assert!(message.contains("inside the array") && message.contains("s0"), "{message}");
}

#[test]
fn groups_of_another_implementation_open() {
    for name in ["simple_0.4", "simple_0.5"] {
        let info = describe(&open(&data::root().join("neuroglancer").join(name)), DiskUse::Skip);
        let image = &info.datasets[0].raw;
        assert_eq!(info.datasets[0].name, name);
        assert_eq!(image.ngff_version.as_deref(), Some(&name[7..]));
        assert!(image.ngff.as_ref().is_some_and(|verdict| verdict.conforms));
        let shapes: Vec<_> = image.levels.iter().map(|level| level.shape.to_array()).collect();
        assert_eq!(shapes, [[1, 10, 10], [1, 5, 5], [1, 2, 2]]);
        assert_eq!(image.levels[1].voxel_size_nm, Zyx::new(1.0, 8.0, 60.0));
        assert_eq!(image.levels[1].translation_nm, Zyx::new(0.0, 2.0, 15.0));
        assert_eq!(image.levels[0].stored_bytes, None);
    }
}

#[test]
fn a_folder_of_datasets_opens_all_that_can_be_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    data::copy("gala.zarr", &folder.path().join("gala/gala.zarr"));
    data::copy("neuroglancer/simple_0.5", &folder.path().join("b 100% ü.zarr"));
    data::copy("neuroglancer/simple_0.4", &folder.path().join("a.zarr"));
    fs::write(folder.path().join("a.zarr/.zattrs"), "{\n  \"multiscales\": [}").expect("written");
    fs::create_dir(folder.path().join("notes")).expect("a folder");
    let catalog = open(folder.path());
    let names: Vec<_> = catalog.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    assert_eq!(names, ["b 100% ü", "gala"]);
    assert_eq!(catalog.warnings.len(), 1, "{:?}", catalog.warnings);
    assert!(
        catalog.warnings[0].contains("a.zarr is left out: broken JSON at line 2, column 19"),
        "{:?}",
        catalog.warnings
    );
    // Alone, the same failure is an error.
    assert!(matches!(Catalog::open(&folder.path().join("a.zarr")), Err(Error::Json { line: 2, column: 19, .. })));
}

#[test]
fn what_is_no_dataset_says_what_would_be() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(refused(&folder.path().join("missing.zarr")).starts_with("no such file or folder"));
    assert!(refused(folder.path()).contains("open an OME-Zarr image, a CellMap dataset"));
    let file = folder.path().join("notes.txt");
    fs::write(&file, "x").expect("written");
    assert!(refused(&file).contains("this is a file; open the folder"));
    let group = folder.path().join("group.zarr");
    fs::create_dir(&group).expect("a folder");
    fs::write(group.join(".zgroup"), r#"{"zarr_format": 2}"#).expect("written");
    assert!(refused(&group).starts_with("no image here"));
}

#[cfg(unix)]
#[test]
fn links_are_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let link = folder.path().join("linked");
    std::os::unix::fs::symlink(data::root().join("gala.zarr"), &link).expect("a link");
    std::os::unix::fs::symlink("nowhere", folder.path().join("dangling")).expect("a link");
    assert_eq!(open(&link).datasets[0].crops.len(), 1);
    assert_eq!(open(folder.path()).datasets.len(), 1);
}

#[test]
fn a_broken_class_costs_a_warning_a_broken_em_the_dataset() {
    let (_folder, path) = fib25();
    let crops = path.join("recon-1/labels/groundtruth");
    fs::write(crops.join("crop1/cell/s1/.zarray"), "{").expect("written");
    fs::create_dir(crops.join("crop3")).expect("a folder");
    let catalog = open(&path);
    assert_eq!(catalog.datasets[0].crops.len(), 1);
    let all = catalog.warnings.join("\n");
    for words in ["crop1/cell is left out: ", "crop1 is left out", "crop3 is left out"] {
        assert!(all.contains(words), "{words:?} is not in {all}");
    }
    fs::remove_file(path.join("recon-1/em/fibsem-uint8/s2/.zarray")).expect("removed");
    let message = refused(&path);
    assert!(message.contains("fibsem-uint8/s2"), "{message}");
}

/// What is changed in the metadata of fib25's EM (under `em/fibsem-uint8`), and words that the message must hold.
#[test]
fn broken_metadata_is_named_in_one_line() {
    type Change = fn(&mut Value);
    let table: [(&str, Change, &[&str]); 9] = [
        (
            ".zattrs",
            |d| d["multiscales"][0]["axes"][2]["name"] = json!("w"),
            &["axes", "named y and x", "fibsem-uint8"],
        ),
        (".zattrs", |d| d["multiscales"][0]["datasets"][1]["coordinateTransformations"] = json!([]), &["datasets[1]"]),
        (".zattrs", |d| d["multiscales"][0]["datasets"][0]["path"] = json!("s9"), &["fibsem-uint8/s9"]),
        (".zattrs", |d| d["multiscales"][0]["axes"] = json!([{"name": "y"}, {"name": "x"}]), &["2 numbers"]),
        ("s1/.zarray", |d| d["dtype"] = json!("<u2"), &["data_type", "uint8", "uint16", "s1"]),
        (
            "s1/.zarray",
            |d| (d["shape"], d["chunks"]) = (json!([125, 125]), json!([64, 64])),
            &["shape", "3 dimensions", "s1"],
        ),
        ("s0/.zarray", |d| d["dtype"] = json!("|S5"), &["s0"]),
        ("s0/.zarray", |d| d["compressor"] = json!({"id": "no-such-codec"}), &["no-such-codec", "s0"]),
        ("s2/.zarray", |d| *d = json!([]), &["s2"]),
    ];
    for (index, (file, change, words)) in table.into_iter().enumerate() {
        let (_folder, path) = fib25();
        edit(&path.join("recon-1/em/fibsem-uint8").join(file), change);
        let message = refused(&path);
        for word in words {
            assert!(message.contains(word), "case {index} lacks {word:?}: {message}");
        }
    }
}

#[test]
fn announced_classes_that_are_missing_are_said() {
    let (_folder, path) = fib25();
    let crop = path.join("recon-1/labels/groundtruth/crop2");
    edit(&crop.join(".zattrs"), |d| d["cellmap"]["annotation"]["class_names"] = json!(["cell", "mito"]));
    let catalog = open(&path);
    assert_eq!(catalog.warnings.len(), 1, "{:?}", catalog.warnings);
    assert!(catalog.warnings[0].contains("class mito is announced"), "{:?}", catalog.warnings);
}

#[test]
fn all_counts_only_where_it_is_alone_and_crops_are_ordered_as_people_count() {
    let (_folder, path) = fib25();
    let groundtruth = path.join("recon-1/labels/groundtruth");
    let class = "fib25.zarr/recon-1/labels/groundtruth/crop2/cell";
    data::copy(class, &groundtruth.join("crop2/all"));
    data::copy(class, &groundtruth.join("crop10/all"));
    let catalog = open(&path);
    let found: Vec<_> = catalog.datasets[0]
        .crops
        .iter()
        .map(|crop| (crop.name.as_str(), crop.classes.iter().map(|c| c.class.as_str()).collect::<Vec<_>>()))
        .collect();
    assert_eq!(found, [("crop1", vec!["cell"]), ("crop2", vec!["cell"]), ("crop10", vec!["all"])]);
}

#[test]
fn several_reconstructions_are_several_datasets_and_uint8_goes_first() {
    let (_folder, path) = fib25();
    data::copy("gala.zarr/recon-1", &path.join("recon-2"));
    // In the order of names, an image of another type comes first.
    data::copy("neuroglancer/simple_0.4", &path.join("recon-1/em/fibsem-int16"));
    let catalog = open(&path);
    let names: Vec<_> = catalog.datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    assert_eq!(names, ["fib25/recon-1", "fib25/recon-2"]);
    assert!(catalog.datasets[0].raw.path().ends_with("recon-1/em/fibsem-uint8"));
}

#[test]
fn sources_of_a_configuration_name_crops_and_classes() {
    let root = data::root();
    let raw = root.join("fib25.zarr/recon-1/em/fibsem-uint8");
    let crop = |rest: &str| root.join("fib25.zarr/recon-1/labels/groundtruth").join(rest).display().to_string();
    let mut catalog = Catalog::default();
    catalog.add_source(&raw, Some(&crop("crop2/[cell]"))).expect("a bracket");
    catalog.add_source(&root.join("fib25.zarr"), Some(&crop("crop1"))).expect("a crop, and a whole dataset as raw");
    assert_eq!(catalog.datasets.len(), 1, "one EM volume is opened once");
    let crops: Vec<_> = catalog.datasets[0].crops.iter().map(|crop| crop.name.as_str()).collect();
    assert_eq!(crops, ["crop1", "crop2"]);
    let mut single = Catalog::default();
    single.add_source(&raw, Some(&crop("crop2/cell"))).expect("a class");
    assert_eq!(single.datasets[0].crops[0].name, "crop2");
    assert_eq!(single.datasets[0].class_names(), ["cell"]);
    let mut whole = Catalog::default();
    whole.add_source(&root.join("gala.zarr"), None).expect("a whole dataset");
    assert_eq!(whole.datasets[0].crops.len(), 1);

    for labels in [crop("crop2/[cell,mito]"), crop("crop2/mito")] {
        let error = Catalog::default().add_source(&raw, Some(&labels)).expect_err("no such class");
        assert!(matches!(&error, Error::NoClass { class, found, .. } if class == "mito" && found == "cell"), "{error}");
    }
    let error = Catalog::default().add_source(&raw, Some(&crop("crop9"))).expect_err("no such crop");
    assert!(error.to_string().contains("crop9"), "{error}");
}

#[test]
fn a_configuration_opens_the_labels_that_it_names() {
    let folder = tempfile::tempdir().expect("a folder");
    data::copy("fib25.zarr", &folder.path().join("fib25.zarr"));
    let train = |class: &str| {
        let recon = "fib25.zarr/recon-1";
        format!(
            "[[data.train]]\nraw = \"{recon}/em/fibsem-uint8\"\nlabels = \"{recon}/labels/groundtruth/crop2/[{class}]\"\n\
             [input.raw]\nshape = [32, 32, 32]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"u8\"\n"
        )
    };
    let file = folder.path().join("train.toml");
    fs::write(&file, train("cell")).expect("written");
    let catalog = LoaderConfig::from_file(&file).expect("a configuration").open_catalog().expect("a catalog");
    let crops: Vec<_> = catalog.datasets[0].crops.iter().map(|crop| crop.name.as_str()).collect();
    assert_eq!(crops, ["crop2"], "crop1 is not asked for");
    fs::write(&file, train("golgi")).expect("written");
    let error = LoaderConfig::from_file(&file).expect("a configuration").open_catalog().expect_err("no golgi");
    let message = error.to_string();
    assert!(
        message.contains("data.train[0]") && message.contains("golgi") && message.contains("has cell"),
        "{message}"
    );
}
