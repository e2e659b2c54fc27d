//! `info --json` against what is known about every array of the test data.

use std::collections::HashMap;

use serde_json::Value;

use crate::place::{copy, data};
use crate::run::run;

/// Every level of every image in the answer, by its path inside the test data.
fn levels(info: &Value) -> HashMap<String, Value> {
    let mut found = HashMap::new();
    let mut open = vec![info];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                if let (Some(Value::String(path)), true) = (members.get("path"), members.contains_key("codecs")) {
                    let inner = path.rsplit_once("/data/").map_or(path.as_str(), |(_, inner)| inner);
                    found.insert(inner.to_owned(), value.clone());
                }
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}

#[test]
fn every_array_is_as_expected() {
    let home = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(data("expected.json")).unwrap();
    let expected: HashMap<String, Value> = serde_json::from_str(&text).unwrap();
    let mut found = HashMap::new();
    for store in ["fib25.zarr", "fib25_v3.zarr", "gala.zarr", "gala_v3.zarr"] {
        // The link gives the paths in the answer one form wherever the data are.
        let folder = home.path().join("data");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(store);
        link(&data(store), &path);
        let answer = run(home.path(), &["info", "--json", path.to_str().unwrap()]);
        assert_eq!((answer.status, answer.err.as_str()), (Some(0), ""));
        found.extend(levels(&serde_json::from_str(&answer.out).unwrap()));
    }
    let mut checked = 0;
    for (path, known) in &expected {
        let level = found.get(path).unwrap_or_else(|| panic!("info does not name {path}: {:?}", found.keys()));
        assert_eq!(level["shape"], known["shape"], "{path}");
        assert_eq!(level["dtype"], known["dtype"], "{path}");
        assert_eq!(level["voxel_size_nm"], known["scale_nm"], "{path}");
        assert_eq!(level["translation_nm"], known["translation_nm"], "{path}");
        checked += 1;
    }
    assert_eq!(checked, found.len(), "info names arrays that are not expected");
}

#[cfg(unix)]
fn link(from: &std::path::Path, to: &std::path::Path) {
    std::os::unix::fs::symlink(from.canonicalize().unwrap(), to).unwrap();
}

#[cfg(not(unix))]
fn link(from: &std::path::Path, to: &std::path::Path) {
    crate::place::copy(from, to);
}

#[test]
fn the_page_names_levels_crops_classes_and_the_verdict() {
    let home = tempfile::tempdir().unwrap();
    let path = data("gala_v3.zarr");
    let page = run(home.path(), &["info", path.to_str().unwrap(), "--disk"]).out;
    for part in ["s0", "50 x 100 x 200", "uint8", "Zarr v3", "OME-NGFF 0.5, conforms", "crop1", "cell", "on disk"] {
        assert!(page.contains(part), "no {part} in:\n{page}");
    }
}

#[test]
fn counts_come_from_metadata_or_voxels_and_agree() {
    let home = tempfile::tempdir().unwrap();
    let bare = home.path().join("bare.zarr");
    copy(&data("gala.zarr"), &bare);
    let without_counts = bare.join("recon-1/labels/groundtruth/crop1/cell/s0/.zattrs");
    std::fs::write(without_counts, "{}").unwrap();
    let counted = [data("gala.zarr"), bare].map(|path| {
        let answer = run(home.path(), &["info", path.to_str().unwrap(), "--counts", "--json"]);
        assert_eq!(answer.status, Some(0), "{}", answer.err);
        let counts: Value = serde_json::from_str(&answer.out).unwrap();
        let page = run(home.path(), &["info", path.to_str().unwrap(), "--counts"]).out;
        assert!(
            page.contains(&counts["crops"][0]["count"]["present"].to_string()) && page.contains("weight"),
            "{page}"
        );
        counts
    });
    let row = |counts: &Value| counts["crops"].as_array().unwrap()[0].clone();
    assert_eq!(
        (row(&counted[0])["crop"].as_str(), row(&counted[0])["origin"].as_str()),
        (Some("crop1"), Some("metadata"))
    );
    assert_eq!(row(&counted[1])["origin"], "voxels");
    assert_eq!(row(&counted[0])["count"], row(&counted[1])["count"]);
    let total: u64 = ["present", "absent"].map(|key| row(&counted[0])["count"][key].as_u64().unwrap()).iter().sum();
    assert_eq!(total, 50 * 100 * 200);
    let class = &counted[1]["classes"][0];
    let volume = |key: &str| class[key].as_f64().unwrap();
    assert!((volume("weight") - volume("absent_nm3") / volume("present_nm3")).abs() < 1e-9, "{class}");
    let remembered = walkdir::WalkDir::new(home.path()).into_iter().filter_map(Result::ok);
    let remembered: Vec<_> = remembered.filter(|entry| entry.file_name() == "counts.csv").collect();
    assert!(
        remembered.len() == 1 && !remembered[0].path().starts_with(home.path().join("bare.zarr")),
        "{remembered:?}"
    );
}

#[test]
fn training_crops_that_are_validated_on_are_warned_of() {
    let home = tempfile::tempdir().unwrap();
    let store = data("fib25.zarr/recon-1");
    let source = |table: &str, crop: &str| {
        format!(
            "[[data.{table}]]\nraw = \"{0}/em/fibsem-uint8\"\nlabels = \"{0}/labels/groundtruth/{crop}/cell\"\n",
            store.display()
        )
    };
    let array = "[input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"u8\"\n";
    let config = home.path().join("train.toml");
    let info = |validate: &str| {
        let text = [source("train", "crop1"), source("train", "crop2"), validate.to_owned(), array.to_owned()].concat();
        std::fs::write(&config, text).unwrap();
        let answer = run(home.path(), &["info", config.to_str().unwrap()]);
        assert_eq!((answer.status, answer.err.as_str()), (Some(0), ""));
        answer.out
    };
    let out = info(&source("validate", "crop2"));
    assert!(out.contains("leakage: fib25/crop2 (train) and fib25/crop2 (validate): overlap of "), "{out}");
    assert!(!info("").contains("leakage"));
}
