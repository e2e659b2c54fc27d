//! Keyword arguments in the forms that training scripts have them.

use std::path::Path;

use super::{Imported, Setting, Settings, export, import};
use crate::loader::LoaderConfig;
use crate::loader::params;

fn text(text: &str) -> Setting {
    Setting::Text(text.to_owned())
}

fn list<const N: usize>(numbers: [i64; N]) -> Setting {
    Setting::List(numbers.map(Setting::Integer).to_vec())
}

fn map<const N: usize>(entries: [(&str, Setting); N]) -> Setting {
    Setting::Map(entries.map(|(name, setting)| (name.to_owned(), setting)).to_vec())
}

fn settings<const N: usize>(entries: [(&str, Setting); N]) -> Settings {
    entries.map(|(name, setting)| (name.to_owned(), setting)).into()
}

fn cube() -> Setting {
    map([("shape", list([128, 128, 128])), ("scale", list([8, 8, 8]))])
}

fn call(name: &str, positional: Vec<Setting>) -> Setting {
    Setting::Call { name: name.to_owned(), positional, keywords: Vec::new() }
}

/// What the training script of the segmentation challenge says of a 3-D network.
fn challenge() -> Settings {
    let half_turn = || list([-180, 180]);
    let mirror = map([("x", Setting::Float(0.5)), ("y", Setting::Float(0.5)), ("z", Setting::Float(0.1))]);
    settings([
        ("batch_size", Setting::Integer(3)),
        ("input_array_info", cube()),
        ("target_array_info", cube()),
        ("iterations_per_epoch", Setting::Integer(1000)),
        ("random_seed", Setting::Integer(42)),
        ("classes", Setting::List(vec![text("nuc"), text("er")])),
        ("datasplit_path", text("datasplit.csv")),
        (
            "spatial_transforms",
            map([
                ("mirror", map([("axes", mirror)])),
                ("transpose", map([("axes", Setting::List(vec![text("x"), text("y"), text("z")]))])),
                ("rotate", map([("axes", map([("x", half_turn()), ("y", half_turn()), ("z", half_turn())]))])),
            ]),
        ),
    ])
}

fn value(imported: &Imported, key: &str) -> String {
    let values = params::values(&imported.config).expect("a configuration");
    params::get(&values, key).map_or_else(|| "left out".to_owned(), ToString::to_string)
}

#[test]
fn the_challenge_s_training_script_is_taken_over() {
    let taken = import(&challenge(), Some(Path::new("/data/train/train_3D.py"))).expect("it is complete");
    let expected = [
        ("input.input.shape", "[128, 128, 128]"),
        ("input.input.voxel_size_nm", "[8.0, 8.0, 8.0]"),
        ("input.input.encoding", "\"f32\""),
        ("target.output.shape", "[128, 128, 128]"),
        ("data.classes", "[\"nuc\", \"er\"]"),
        ("data.split", "\"/data/train/datasplit.csv\""),
        ("augment.mirror.z", "0.1"),
        ("augment.mirror.x", "0.5"),
        ("augment.transpose.axes", "[\"z\", \"y\", \"x\"]"),
        ("augment.rotate.y", "[-180.0, 180.0]"),
        ("augment.rotate.probability", "1.0"),
        ("sampling.strategy", "\"class_balanced\""),
        ("sampling.small_crops", "\"pad\""),
        ("sampling.iterations_per_epoch", "1000"),
        ("loader.batch_size", "3"),
        ("loader.seed", "42"),
    ];
    for (key, words) in expected {
        assert_eq!(value(&taken, key), words, "{key}");
    }
    assert_eq!(taken.notes.len(), 2, "{:?}", taken.notes);
}

#[test]
fn without_the_challenge_cellmap_data_s_own_defaults_hold() {
    let taken = import(&settings([("input_arrays", map([("raw", cube())])), ("device", text("cuda"))]), None);
    let taken = taken.expect("arrays are all it takes");
    assert_eq!(value(&taken, "sampling.strategy"), "\"uniform\"");
    assert_eq!(value(&taken, "sampling.small_crops"), "\"drop\"");
    assert_eq!(value(&taken, "data.split"), "left out");
    assert!(taken.notes.is_empty(), "{:?}", taken.notes);
}

#[test]
fn pairs_of_raw_and_labels_become_sources() {
    let pair = map([("raw", text("a.zarr/em")), ("gt", text("a.zarr/labels/crop1/[mito,er]"))]);
    let pairs = map([("train", Setting::List(vec![pair])), ("validate", Setting::List(Vec::new()))]);
    let taken = import(&settings([("input_arrays", map([("raw", cube())])), ("dataset_dict", pairs)]), None);
    let config = taken.expect("it is complete").config;
    assert_eq!(config.data.train[0].raw, Path::new("a.zarr/em"));
    assert_eq!(config.data.train[0].labels.as_deref(), Some("a.zarr/labels/crop1/[mito,er]"));
    assert!(config.data.validate.is_empty());
}

#[test]
fn short_forms_mean_what_they_mean_there() {
    let plane = map([("shape", list([64, 64])), ("scale", list([4]))]);
    let transforms = map([
        ("mirror", Setting::Bool(true)),
        ("transpose", map([("axes", Setting::List(vec![text("x"), text("y")]))])),
        ("rotate", map([("z", Setting::Integer(20))])),
        ("deform", Setting::None),
    ]);
    let taken = import(&settings([("input_arrays", map([("raw", plane)])), ("spatial_transforms", transforms)]), None);
    let taken = taken.expect("all of them are known");
    assert_eq!(value(&taken, "input.raw.shape"), "[1, 64, 64]");
    assert_eq!(value(&taken, "input.raw.voxel_size_nm"), "[4.0, 4.0, 4.0]");
    assert_eq!(value(&taken, "augment.mirror.y"), "0.5");
    assert_eq!(value(&taken, "augment.transpose.axes"), "[\"y\", \"x\"]");
    assert_eq!(value(&taken, "augment.rotate.z"), "[-20.0, 20.0]");
    assert!(taken.notes.iter().any(|note| note.contains("deform")), "{:?}", taken.notes);
}

#[test]
fn value_transforms_become_operations_in_their_order() {
    let noise = Setting::Call {
        name: "GaussianNoise".to_owned(),
        positional: Vec::new(),
        keywords: vec![("std".to_owned(), Setting::Float(0.05))],
    };
    let contrast = call("RandomContrast", vec![Setting::List(vec![Setting::Float(0.8), Setting::Float(1.2)])]);
    let erasing = call("RandomErasing", Vec::new());
    let steps = vec![call("ToDtype", Vec::new()), call("Normalize", Vec::new()), noise, erasing, contrast];
    let composed = call("Compose", vec![Setting::List(steps)]);
    let given = settings([("input_arrays", map([("raw", cube())])), ("train_raw_value_transforms", composed)]);
    let taken = import(&given, None).expect("all of them can be read");
    let names: Vec<_> = taken.config.augment.intensity.iter().map(|operation| format!("{operation:?}")).collect();
    assert!(names[0].starts_with("Noise") && names[1].starts_with("Contrast") && names.len() == 2, "{names:?}");
    assert_eq!(value(&taken, "augment.noise.sigma"), "[0.05, 0.05]");
    assert_eq!(taken.notes, ["train_raw_value_transforms: RandomErasing(…) is left out"]);
}

#[test]
fn what_only_running_it_would_tell_is_noted() {
    let unknown = || Setting::Unknown { source: "args.x".to_owned(), line: 3 };
    let given =
        [("csv_path", unknown()), ("batch_size", unknown()), ("classes", call("get_tested_classes", Vec::new()))];
    let taken = import(&settings(given).into_iter().chain([("input_arrays".to_owned(), cube())]).collect(), None);
    let notes = taken.expect("arrays are all it takes").notes;
    for words in ["csv_path: ", "batch_size: ", "classes: get_tested_classes(…)"] {
        assert!(notes.iter().any(|note| note.starts_with(words)), "{words}: {notes:?}");
    }
}

#[test]
fn whatever_is_taken_over_is_known() {
    for (name, _) in challenge() {
        assert!(super::is_known(&name), "{name}");
    }
    assert!(!super::is_known("learning_rate"));
}

#[test]
fn what_is_wrong_is_named_in_their_words() {
    let arrays = |spec: Setting| settings([("input_arrays", map([("raw", spec)]))]);
    let unknown = Setting::Unknown { source: "patch()".to_owned(), line: 7 };
    let cases = [
        (Settings::new(), "input_arrays"),
        (arrays(map([("shape", list([8, 8, 8]))])), "input_arrays[\"raw\"]"),
        (arrays(map([("shape", unknown), ("scale", list([8]))])), "line 7"),
        (arrays(map([("shape", list([8, 8, 8, 8])), ("scale", list([8]))])), "up to three numbers"),
        (arrays(map([("shape", list([0, 8, 8])), ("scale", list([8]))])), "input.raw.shape"),
        (settings([("input_arrays", map([("raw", cube())])), ("batch_size", text("two"))]), "batch_size"),
        (settings([("input_arrays", map([("raw", cube())])), ("batch_size", Setting::Integer(-1))]), "batch_size"),
    ];
    for (given, words) in cases {
        let error = import(&given, Some(Path::new("train.py"))).expect_err(words).to_string();
        assert!(error.contains(words) && error.contains("train.py"), "{words}: {error}");
    }
}

#[test]
fn what_cellmap_data_cannot_say_is_listed() {
    let config = LoaderConfig::from_toml(
        "[input.raw]\nshape = [32, 32, 32]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n\
         [augment]\nelastic = { spacing_nm = [400, 400, 400], sigma_nm = [0, 30, 30], probability = 0.3 }\n\
         noise = { sigma = [0, 0.1], probability = 1.0 }\n[loader]\nthreads = 3\n",
    );
    let unsaid = export(&config.expect("a configuration"), None).unsaid;
    for key in ["input.raw.encoding = \"u8\"", "augment.elastic.sigma_nm", "augment.noise.sigma", "loader.threads = 3"]
    {
        assert!(unsaid.iter().any(|line| line.starts_with(key)), "{key}: {unsaid:?}");
    }
    assert!(!unsaid.iter().any(|line| line.contains("shape") || line.contains("batch_size")), "{unsaid:?}");
}
