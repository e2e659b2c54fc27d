//! `sample`: the files it writes, that they repeat, and that nothing is lost by accident.

use std::fs;

use crate::place::{data, fingerprint};
use crate::run::run;

#[test]
fn the_same_seed_gives_the_same_files_and_another_seed_does_not() {
    let home = tempfile::tempdir().unwrap();
    let path = data("gala.zarr");
    let mut prints = Vec::new();
    for seed in ["7", "7", "8"] {
        let args = ["sample", path.to_str().unwrap(), "-n", "3", "--seed", seed, "--out", "crops"];
        let answer = run(home.path(), &args);
        assert_eq!(answer.status, Some(0), "{}", answer.err);
        prints.push(fingerprint(&home.path().join("crops")));
        fs::remove_dir_all(home.path().join("crops")).unwrap();
    }
    assert_eq!(prints[0], prints[1]);
    assert_ne!(prints[0], prints[2]);
}

#[test]
fn a_record_says_where_the_arrays_came_from() {
    let home = tempfile::tempdir().unwrap();
    let path = data("gala.zarr");
    assert_eq!(run(home.path(), &["sample", path.to_str().unwrap(), "-n", "2", "--out", "c"]).status, Some(0));
    let folder = home.path().join("c");
    let text = fs::read_to_string(folder.join("000001.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&record["dataset"], &record["index"]), (&"gala".into(), &1.into()));
    for key in ["world_box", "seed", "augmentation", "sources", "dataset_path"] {
        assert!(!record[key].is_null(), "no {key} in {text}");
    }
    let mut files = 1;
    for array in record["arrays"].as_array().unwrap() {
        let shape: Vec<usize> = serde_json::from_value(array["shape"].clone()).unwrap();
        let bytes = fs::read(folder.join(array["file"].as_str().unwrap())).unwrap();
        assert!(bytes.starts_with(b"\x93NUMPY"));
        assert!(bytes.len() > shape.iter().product::<usize>(), "{array}");
        files += 1 + usize::from(!array["known_file"].is_null());
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2 * files);
}

#[test]
fn a_folder_with_something_in_it_is_left_alone_unless_forced() {
    let home = tempfile::tempdir().unwrap();
    let path = data("gala.zarr");
    fs::create_dir(home.path().join("c")).unwrap();
    fs::write(home.path().join("c/000000.raw.npy"), "mine").unwrap();
    let args = ["sample", path.to_str().unwrap(), "-n", "1", "--out", "c"];
    let refused = run(home.path(), &args);
    assert_eq!(refused.status, Some(1));
    assert!(refused.err.contains("--force"), "{}", refused.err);
    assert_eq!(fs::read(home.path().join("c/000000.raw.npy")).unwrap(), b"mine");
    assert_eq!(run(home.path(), &[&args[..], &["--force"]].concat()).status, Some(0));
    assert_ne!(fs::read(home.path().join("c/000000.raw.npy")).unwrap(), b"mine");
}

/// A configuration in `home` that trains on crop1 of fib25 and validates on crop2, with every kind of augmentation.
fn turned_config(home: &std::path::Path) {
    let root = data("fib25.zarr");
    let [raw, labels] = ["recon-1/em/fibsem-uint8", "recon-1/labels/groundtruth"].map(|inner| root.join(inner));
    let source = |table: &str, crop: &str| {
        format!("[[data.{table}]]\nraw = {raw:?}\nlabels = {:?}\n", labels.join(crop).join("[cell]"))
    };
    let arrays = "[input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"u8\"\n\
        [target.labels]\nshape = [16, 16, 16]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"ids\"\n";
    let augment = "[augment]\nmirror = { z = 1.0 }\nrotate = { z = [30, 30], probability = 1.0 }\n\
        contrast = { range = [1.25, 1.25], probability = 1.0 }\n";
    let text = [source("train", "crop1"), source("validate", "crop2"), arrays.to_owned(), augment.to_owned()].concat();
    fs::write(home.join("train.toml"), text).unwrap();
}

#[test]
fn every_draw_is_in_the_record_and_in_the_line() {
    let home = tempfile::tempdir().unwrap();
    turned_config(home.path());
    let answer = run(home.path(), &["sample", "train.toml", "-n", "2", "--list", "--out", "c"]);
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    let lines: Vec<_> = answer.out.lines().collect();
    assert!(lines[0].starts_with("000000 fib25 crop1, centre z ") && lines[1].starts_with("000001 "), "{}", answer.out);
    for word in ["axes −z y x", "turned z 30° y 0° x 0°", "contrast factor 1.25"] {
        assert!(lines[1].contains(word), "no {word:?} in {}", lines[1]);
    }
    let text = fs::read_to_string(home.path().join("c/000001.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(record["grid"]["warp"]["affine"]["rotate_degrees"], serde_json::json!([30.0, 0.0, 0.0]), "{text}");
    assert_eq!(record["intensity"], serde_json::json!([{"contrast": {"factor": 1.25}}]), "{text}");
}

#[test]
fn validation_data_are_drawn_from_on_request() {
    let home = tempfile::tempdir().unwrap();
    turned_config(home.path());
    for (split, crop) in [("train", "crop1"), ("validate", "crop2")] {
        let args = ["sample", "train.toml", "-n", "1", "--split", split, "--list", "--force", "--out", "c"];
        let answer = run(home.path(), &args);
        assert_eq!(answer.status, Some(0), "{}", answer.err);
        assert!(answer.out.contains(crop), "{split}: {}", answer.out);
    }
    let path = data("fib25.zarr");
    let args = ["sample", path.to_str().unwrap(), "-n", "1", "--split", "validate", "--out", "d"];
    let refused = run(home.path(), &args);
    assert_eq!(refused.status, Some(2), "{}", refused.out);
    assert!(refused.err.contains("configuration (.toml)"), "{}", refused.err);
}

#[test]
fn crops_that_nothing_is_drawn_from_are_listed_with_the_reason() {
    let home = tempfile::tempdir().unwrap();
    turned_config(home.path());
    let path = home.path().join("train.toml");
    let text = fs::read_to_string(&path).unwrap().replace("[cell]", "").replace("crop1", "*");
    let text = format!("{text}[sampling]\nsmall_crops = \"drop\"\nsubset = {{ crops = [\"crop2\"] }}\n");
    fs::write(&path, text).unwrap();
    let answer = run(home.path(), &["sample", "train.toml", "-n", "1", "--list", "--out", "c"]);
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    assert!(answer.out.contains("fib25/crop1   left out: not named in the subset\n"), "{}", answer.out);
    assert!(!answer.out.contains("fib25/crop2   left out"), "{}", answer.out);
}
