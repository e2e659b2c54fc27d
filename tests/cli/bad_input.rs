//! Bad input: one line that says what, where and what to do; the right exit status; the data untouched.

use std::fs;
use std::path::Path;

use crate::place::{copy, data, fingerprint};
use crate::run::run;

/// Fails unless the run ended with `status` and one line that holds every part.
fn refuses(home: &Path, args: &[&str], status: i32, parts: &[&str]) {
    let answer = run(home, args);
    let err = answer.err.trim_end();
    assert_eq!(answer.status, Some(status), "{args:?}: {err}");
    assert!(err.starts_with("microtome: ") && !err.contains('\n'), "{args:?} is not told in one line: {err}");
    assert_eq!(answer.out, "", "{args:?} failed and still answered");
    for part in parts {
        assert!(err.contains(part), "{args:?}: no `{part}` in: {err}");
    }
}

#[test]
fn paths_that_hold_nothing_to_read() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("empty")).unwrap();
    fs::write(home.path().join("notes.txt"), "words").unwrap();
    for verb in ["info", "bench"] {
        refuses(home.path(), &[verb, "absent.zarr"], 1, &["no such file or folder", "absent.zarr"]);
        refuses(home.path(), &[verb, "empty"], 1, &["empty"]);
        refuses(home.path(), &[verb, "notes.txt"], 1, &["OME-Zarr folder", ".toml", "notes.txt"]);
    }
    refuses(home.path(), &["shot", "absent.zarr", "--out", "a.png"], 1, &["no such file or folder"]);
    refuses(home.path(), &["sample", "absent.toml", "--out", "crops"], 1, &["no such file or folder"]);
    refuses(home.path(), &["opne"], 2, &["opne", "open", "--help"]);
    assert!(!home.path().join("crops").exists(), "a refused run left a folder behind");
}

#[test]
fn wrong_arguments() {
    let home = tempfile::tempdir().unwrap();
    refuses(home.path(), &["shot", "a.zarr", "--out", "b.png", "--size", "big"], 2, &["big", "1600x1000"]);
    refuses(home.path(), &["bench", "a.zarr", "--step-ms", "-1"], 2, &["milliseconds"]);
    refuses(home.path(), &["bench", "a.zarr", "--seconds", "soon"], 2, &["soon", "seconds"]);
    refuses(home.path(), &["demo", "--size", "1x2"], 2, &["1x2", "ZxYxX"]);
    refuses(home.path(), &["sample", "a.toml", "--out", "b", "--count", "0"], 2, &["0", "--count"]);
    refuses(home.path(), &["info"], 2, &["PATH"]);
    refuses(home.path(), &["config"], 2, &["--example"]);
}

#[test]
fn broken_metadata_is_named_with_its_place() {
    let home = tempfile::tempdir().unwrap();
    let zarr = home.path().join("gala.zarr");
    copy(&data("gala.zarr"), &zarr);
    let attributes = zarr.join("recon-1/em/fibsem-uint8/.zattrs");
    let good = fs::read_to_string(&attributes).unwrap();
    for (text, parts) in [
        (good.replacen('{', "{ broken", 1), &["JSON", "line", ".zattrs"][..]),
        (good.replace("\"scale\"", "\"size\""), &["fibsem-uint8"]),
    ] {
        assert_ne!(text, good);
        fs::write(&attributes, text).unwrap();
        let before = fingerprint(&zarr);
        refuses(home.path(), &["info", zarr.to_str().unwrap()], 1, parts);
        assert_eq!(fingerprint(&zarr), before);
    }
}

#[test]
fn mistakes_in_a_configuration_name_file_line_and_key() {
    let home = tempfile::tempdir().unwrap();
    let zarr = data("gala.zarr");
    let good = format!(
        "[data]\npath = {:?}\n\n[input.raw]\nshape = [8, 8, 8]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"u8\"\n",
        zarr.to_str().unwrap()
    );
    for (text, parts) in [
        (good.replace("shape", "shap"), &["a.toml", "5", "shap", "shape"][..]),
        (good.replace("\"u8\"", "\"u9\""), &["a.toml", "7", "u9"]),
        (good.replace("[8, 8, 8]", "[8, 0, 8]"), &["a.toml", "shape"]),
        (good.replace("path =", "path"), &["a.toml", "2"]),
        (good.replace("gala.zarr", "nowhere.zarr"), &["a.toml", "data.path", "nowhere.zarr"]),
    ] {
        assert_ne!(text, good);
        fs::write(home.path().join("a.toml"), text).unwrap();
        refuses(home.path(), &["sample", "a.toml", "--out", "crops"], 1, parts);
    }
}

#[test]
fn nothing_is_ever_written_into_the_data() {
    let home = tempfile::tempdir().unwrap();
    let zarr = home.path().join("gala.zarr");
    copy(&data("gala.zarr"), &zarr);
    let before = fingerprint(&zarr);
    let path = zarr.to_str().unwrap();
    refuses(home.path(), &["sample", path, "--out", "gala.zarr/crops"], 1, &["into the data", "gala.zarr"]);
    refuses(home.path(), &["shot", path, "--out", "gala.zarr/a.png"], 1, &["into the data", "gala.zarr"]);
    for args in [&["info", path][..], &["bench", path, "--seconds", "0.2"], &["sample", path, "-n", "1", "--out", "c"]]
    {
        let answer = run(home.path(), args);
        assert_eq!(answer.status, Some(0), "{args:?}: {}", answer.err);
    }
    assert_eq!(fingerprint(&zarr), before);
}
