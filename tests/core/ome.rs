//! OME-NGFF metadata: the specification's suites, other writers' groups, real volumes, and what is refused.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test crate: a failed expectation is a failed test")]

use microtome_core::geometry::{Axis, GridTransform, Zyx};
use microtome_core::ome::{
    AxisKind, Conformance, Multiscale, NgffVersion, conformance, image_problems, label_problems, multiscales_of,
    read_multiscales,
};
use microtome_core::store::open_local;
use microtome_tests::data;
use serde_json::{Map, Value, json};

fn attributes(value: &Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

fn parse(value: &Value) -> microtome_core::Result<Vec<Multiscale>> {
    multiscales_of(&attributes(value), "test.zarr")
}

/// A 0.4 document of one level; `change` edits the multiscale.
fn document(change: impl FnOnce(&mut Value)) -> Value {
    let mut multiscale = json!({
        "version": "0.4", "name": "em",
        "axes": [{"name": "z", "type": "space", "unit": "nanometer"},
                 {"name": "y", "type": "space", "unit": "nanometer"},
                 {"name": "x", "type": "space", "unit": "nanometer"}],
        "datasets": [{"path": "s0", "coordinateTransformations": [
            {"type": "scale", "scale": [5.24, 4.0, 4.0]}, {"type": "translation", "translation": [2.62, -10.0, 0.5]}]}],
    });
    change(&mut multiscale);
    json!({"multiscales": [multiscale]})
}

fn suite(version: &str, kind: &str) -> Vec<(String, Map<String, Value>, bool)> {
    let suite = data::json(&format!("ngff/{version}/{kind}_suite.json"));
    let case = |test: &Value| {
        let name = format!("{version} {}", test["formerly"].as_str().expect("a name"));
        (name, attributes(&test["data"]), test["valid"].as_bool().expect("a verdict"))
    };
    suite["tests"].as_array().expect("tests").iter().map(case).collect()
}

const VERSIONS: [(&str, NgffVersion); 2] = [("0.4", NgffVersion::V04), ("0.5", NgffVersion::V05)];

#[test]
fn every_verdict_of_the_specifications_suites_is_right() {
    for (folder, version) in VERSIONS {
        let cases = suite(folder, "image");
        assert!(cases.len() >= 28);
        for (name, attributes, valid) in cases {
            let problems = image_problems(version, &attributes);
            assert_eq!(problems.is_empty(), valid, "{name}: {problems:?}");
        }
        for (name, attributes, valid) in suite(folder, "label") {
            let problems = label_problems(version, &attributes);
            assert_eq!(problems.is_empty(), valid, "{name}: {problems:?}");
        }
    }
}

#[test]
fn what_conforms_opens_and_little_else_does() {
    // Conforms to the letter, but two numbers do not scale three axes.
    let refused_though_valid = ["0.4 valid/mismatch_axes_units.json"];
    // Only `omero`, the version's number, the number of axes or of scales is wrong: where voxels lie is clear.
    let open_though_invalid = [
        "invalid/invalid_channels_color.json",
        "invalid/invalid_channels_window.json",
        "invalid/invalid_version.json",
        "invalid/too_many_axes.json",
        "invalid/too_many_space_axes.json",
        "invalid/invalid_axis_type.json",
        "invalid/duplicate_scale.json",
    ];
    for (folder, _) in VERSIONS {
        for (name, attributes, valid) in suite(folder, "image") {
            let expected = if valid {
                !refused_though_valid.contains(&name.as_str())
            } else {
                open_though_invalid.iter().any(|open| name.ends_with(open))
            };
            let opened = multiscales_of(&attributes, "suite");
            assert_eq!(opened.is_ok(), expected, "{name}: {opened:?}");
        }
    }
}

#[test]
fn the_verdict_names_version_and_problem() {
    let good = attributes(&document(|_| ()));
    let expected = Conformance { version: NgffVersion::V04, conforms: true, problems: vec![] };
    assert_eq!(conformance(&good, 2), Some(expected));
    let in_v3 = conformance(&good, 3).expect("a verdict");
    assert!(!in_v3.conforms && in_v3.problems[0].contains("Zarr v2"), "{in_v3:?}");
    let bad = attributes(&document(|m| m["axes"][0]["type"] = json!("spice")));
    let verdict = conformance(&bad, 2).expect("a verdict");
    assert!(verdict.conforms, "two space axes and a custom one conform");
    let bad = attributes(&document(|m| m["datasets"][0]["path"] = json!(0)));
    let verdict = conformance(&bad, 2).expect("a verdict");
    assert_eq!(verdict.problems, ["multiscales[0].datasets[0].path: expected a path, got 0"]);
    assert_eq!(conformance(&Map::new(), 2), None);
}

#[test]
fn groups_of_another_implementation_open() {
    for name in ["simple_0.4", "simple_0.5"] {
        let store = open_local(&data::root().join("neuroglancer").join(name)).expect("a store");
        let found = read_multiscales(store.as_ref(), "", name).expect("metadata");
        let image = &found[0];
        assert_eq!((found.len(), image.name.as_deref()), (1, Some("image")));
        assert_eq!(image.axis_of(), Zyx::new(None, Some(0), Some(1)));
        let expected = [("scale0/image", 4.0, 30.0, 0.0, 0.0), ("scale1/image", 8.0, 60.0, 2.0, 15.0)];
        for (level, (path, y, x, ty, tx)) in expected.into_iter().enumerate() {
            assert_eq!(image.levels[level].path, path);
            let transform = GridTransform::new(Zyx::new(1.0, y, x), Zyx::new(0.0, ty, tx));
            assert_eq!(image.world_from_voxel(level), transform);
        }
        assert_eq!(image.world_from_voxel(2).voxel_size_nm, Zyx::new(1.0, 16.0, 120.0));
        assert_eq!(image.world_from_voxel(2).translation_nm, Zyx::new(0.0, 6.0, 45.0));
    }
}

#[test]
fn real_volumes_stand_where_they_should() {
    let expected = data::json("expected.json");
    let mut arrays = 0;
    for (path, array) in expected.as_object().expect("arrays by path") {
        let (group, level) = path.rsplit_once('/').expect("a level in a group");
        let store = open_local(&data::root().join(group)).expect("a store");
        let image = read_multiscales(store.as_ref(), "", group).expect("metadata").remove(0);
        let index = image.levels.iter().position(|l| l.path == level).expect("the level");
        assert_eq!(format!("s{index}"), level, "finest first");
        let zyx = |key: &str| -> Zyx<f64> { serde_json::from_value(array[key].clone()).expect("three numbers") };
        let transform = GridTransform::new(zyx("scale_nm"), zyx("translation_nm"));
        assert_eq!(image.world_from_voxel(index), transform, "{path}");
        arrays += 1;
    }
    assert!(arrays >= 20, "{arrays} arrays");
}

#[test]
fn axes_stand_in_any_order_among_others() {
    let multiscale = json!({
        "axes": [{"name": "t", "type": "time", "unit": "second"}, {"name": "x", "type": "space", "unit": "micron"},
                 {"name": "c", "type": "channel"}, {"name": "angle", "type": "custom"},
                 {"name": "Z", "type": "space", "unit": "angstrom"}, {"name": "y", "type": "space"}],
        "datasets": [{"path": "./a//b/", "coordinateTransformations": [
            {"type": "scale", "scale": [0, 0.5, 1, 1, 40, 3]},
            {"type": "translation", "translation": [7, 0.25, 0, 0, 10, -1]}]}],
    });
    let image = parse(&json!({"multiscales": [multiscale]})).expect("metadata").remove(0);
    assert_eq!(image.axis_of(), Zyx::new(Some(4), Some(5), Some(1)));
    assert_eq!(image.axes[3].kind, AxisKind::Custom("custom".to_owned()));
    assert_eq!(image.levels[0].path, "a/b");
    let transform = GridTransform::new(Zyx::new(4.0, 3.0, 500.0), Zyx::new(1.0, -1.0, 250.0));
    assert_eq!(image.world_from_voxel(0), transform);
}

#[test]
fn group_transformations_follow_those_of_the_level() {
    let group = json!([{"type": "scale", "scale": [2, 3, 4]}, {"type": "translation", "translation": [100, 10, 1]}]);
    let image = parse(&document(|m| m["coordinateTransformations"] = group)).expect("metadata").remove(0);
    let transform = image.world_from_voxel(0);
    assert_eq!(transform.voxel_size_nm, Zyx::new(10.48, 12.0, 16.0));
    assert_eq!(transform.translation_nm, Zyx::new(105.24, -20.0, 3.0));
}

#[test]
fn levels_come_finest_first_whatever_the_file_says() {
    let level = |path: &str, size: f64| json!({"path": path, "coordinateTransformations": [{"type": "scale", "scale": [size, size, size]}]});
    let datasets = json!([level("c", 1e-200), level("a", 16.0), level("b", 4.0), level("d", 1e-201)]);
    let image = parse(&document(|m| m["datasets"] = datasets)).expect("metadata").remove(0);
    let paths: Vec<_> = image.levels.iter().map(|l| l.path.as_str()).collect();
    assert_eq!(paths, ["d", "c", "b", "a"]);
}

/// Each change of a good document, and the words that its one-line message must hold: what, where, what would be right.
#[test]
fn what_cannot_be_read_is_named() {
    type Change = fn(&mut Value);
    let table: [(Change, &[&str]); 17] = [
        (|m| m["datasets"][0]["coordinateTransformations"][0]["scale"] = json!([4, 4]), &["[0].scale", "3 numbers"]),
        (|m| m["datasets"][0]["coordinateTransformations"][0]["scale"] = json!([0, 4, 4]), &["positive"]),
        (|m| m["datasets"][0]["coordinateTransformations"][0]["scale"] = json!([1, -4, 4]), &["positive"]),
        (
            |m| m["datasets"][0]["coordinateTransformations"][0]["scale"][1] = json!("NaN"),
            &["scale[1]", "finite", "NaN"],
        ),
        (|m| m["datasets"][0]["coordinateTransformations"] = json!([]), &["datasets[0]", "voxel size"]),
        (|m| m["datasets"][0] = json!({"path": "s0"}), &["datasets[0].coordinateTransformations", "nothing"]),
        (|m| m["datasets"][0]["coordinateTransformations"][0]["type"] = json!("affine"), &["\"scale\"", "affine"]),
        (|m| m["datasets"][0]["path"] = json!("../other.zarr/s0"), &["datasets[0].path", "inside the group"]),
        (|m| m["datasets"][0]["path"] = json!("/etc"), &["datasets[0].path", "inside the group"]),
        (|m| m["datasets"] = json!([]), &["datasets", "at least one"]),
        (|m| m["datasets"] = json!("s0"), &["datasets", "list"]),
        (|m| m["axes"][1]["name"] = json!("x"), &["axes[2].name", "no other axis"]),
        (|m| m["axes"][1]["name"] = json!("w"), &["axes", "named y and x"]),
        (|m| m["axes"] = json!(["z", "y", "x"]), &["axes[0].name", "0.4 or 0.5"]),
        (|m| m["axes"][0]["unit"] = json!("second"), &["axes[0].unit", "unit of length", "second"]),
        (
            |m| {
                m["coordinateTransformations"] = json!([{"type": "scale", "scale": [1e300, 1, 1e300]},
            {"type": "scale", "scale": [1e300, 1, 1]}]);
            },
            &["finite"],
        ),
        (|m| *m = json!(7), &["axes", "nothing"]),
    ];
    for (index, (change, words)) in table.into_iter().enumerate() {
        let error = parse(&document(change)).expect_err(&format!("case {index} must be refused")).to_string();
        assert!(error.ends_with(": test.zarr") && !error.contains('\n'), "case {index}: {error}");
        for word in words {
            assert!(error.contains(word), "case {index} lacks {word:?}: {error}");
        }
    }
    assert!(parse(&json!({"multiscales": []})).is_err());
    assert!(parse(&json!({"multiscales": {}})).is_err());
    assert_eq!(parse(&json!({"other": 1})).expect("no image is no error"), []);
}

#[test]
fn a_missing_z_has_unit_size() {
    let change = |m: &mut Value| {
        m["axes"] = json!([{"name": "y"}, {"name": "x", "unit": "pixel"}]);
        m["datasets"][0]["coordinateTransformations"] = json!([{"type": "scale", "scale": [2, 3]}]);
    };
    let image = parse(&document(change)).expect("metadata").remove(0);
    assert_eq!(image.axis_of()[Axis::Z], None);
    assert_eq!(image.world_from_voxel(0), GridTransform::new(Zyx::new(1.0, 2.0, 3.0), Zyx::splat(0.0)));
}
