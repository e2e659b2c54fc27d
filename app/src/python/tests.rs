//! Scripts in the forms that people write them.

use microtome_core::loader::cellmap::{Setting, import};
use microtome_core::loader::{LoaderConfig, params};

use super::{cellmap_text, python_text, settings};

fn config() -> LoaderConfig {
    let text = "[input.raw]\nshape = [8, 8, 8]\nvoxel_size_nm = [8, 4, 4]\nencoding = \"f32\"\n\
                [target.labels]\nshape = [8, 8, 8]\nvoxel_size_nm = [8, 4, 4]\nencoding = \"f32\"\n\
                [data]\nclasses = [\"mito\", \"er\"]\nsplit = \"split \\\"1\\\".csv\"\nrelations = { mito = [\"er\"] }\n\
                [sampling]\nstrategy = \"class_balanced\"\n\
                [augment]\nmirror = { z = 0.5, y = 0.25, x = 1.0 }\n\
                rotate = { z = [-90, 90], y = [0, 0], x = [0, 0], probability = 1.0 }\n\
                noise = { sigma = [0.1, 0.1], probability = 1.0 }\n[loader]\nseed = 3\nbatch_size = 2\n";
    LoaderConfig::from_toml(text).unwrap()
}

#[test]
fn python_has_the_same_words() {
    let text = python_text(&params::values(&config()).unwrap());
    assert!(text.starts_with("import microtome\n\nloader = microtome.Loader(\n"), "{text}");
    for line in [
        "    input={\n        \"raw\": {\n            \"shape\": [8, 8, 8],\n",
        "        \"mirror\": {\n            \"z\": 0.5,\n",
        "        \"noise\": {\n            \"sigma\": [0.1, 0.1],\n",
        "        \"seed\": 3,\n",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn what_is_written_for_cellmap_data_is_read_back() {
    let text = cellmap_text(&config(), None);
    for line in [
        "    csv_path=\"split \\\"1\\\".csv\",\n",
        "GaussianNoise(std=0.1)",
        "# loader.seed = 3\n",
        "\"scale\": [8.0, 4.0, 4.0]",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    let read = import(&settings(&text).unwrap(), None).unwrap().config;
    assert_eq!(LoaderConfig { loader: config().loader, ..read }, config(), "{text}");
}

#[test]
fn names_arithmetic_and_paths_are_worked_out() {
    let text = "from pathlib import Path\n\
                size: int = 2 ** 4 * 8 // 1\n\
                root = Path('data') / 'set'\n\
                base = {'scale': [8.0 / 2] + [4, 4], 'shape': (1,)}\n\
                input_arrays = {'raw': {**base, 'shape': (size,) * 3}}\n\
                pad, seed = not False, -(-7)\n\
                csv_path = os.path.join(str(root), 'split.csv')\n\
                learning_rate = 1e-4\n";
    let found = settings(text).unwrap();
    let raw = found["input_arrays"].get("raw").unwrap();
    assert_eq!(raw.get("shape").unwrap().numbers(), Some(vec![128.0; 3]));
    assert_eq!(raw.get("scale").unwrap().numbers(), Some(vec![4.0; 3]));
    assert_eq!(found["pad"], Setting::Bool(true));
    assert_eq!(found["seed"], Setting::Integer(7));
    assert_eq!(found["csv_path"], Setting::Text("data/set/split.csv".to_owned()));
    assert!(!found.contains_key("learning_rate"));
}

#[test]
fn keywords_of_calls_count_more_than_names_wherever_they_stand() {
    let text = "batch_size = 1\nclasses = ['a']\n\
                def main(args):\n\
                \x20   split = cellmap_data.CellMapDataSplit({'raw': {'shape': [4], 'scale': [8]}}, classes=['b'], csv_path=args.csv, odd=3)\n\
                \x20   for _ in range(2):\n\
                \x20       train = CellMapDataLoader(split.train_datasets_combined, classes, batch_size=6)\n\
                \x20   valid = CellMapDataLoader(split.validation_blocks, batch_size=50)\n";
    let found = settings(text).unwrap();
    assert_eq!(found["batch_size"], Setting::Integer(6));
    assert_eq!(found["odd"], Setting::Integer(3));
    assert_eq!(found["csv_path"], Setting::Unknown { source: "args.csv".to_owned(), line: 4 });
    let taken = import(&found, None).unwrap();
    assert!(
        taken.notes.iter().any(|note| note.contains("args.csv")) && taken.notes.iter().any(|note| note.contains("odd"))
    );
}

#[test]
fn a_dictionary_alone_is_the_settings() {
    let found = settings("{'train': [{'raw': 'a.zarr/em', 'gt': 'a.zarr/[b]'}]}").unwrap();
    assert!(matches!(&found["train"], Setting::List(pairs) if pairs.len() == 1));
}

#[test]
fn what_is_no_python_names_its_line() {
    let error = settings("a = 1\nb = = 2\n").unwrap_err().to_string();
    assert!(error.starts_with("line 2: "), "{error}");
}

#[test]
fn nothing_overflows_the_stack_or_the_memory() {
    const DEEP: usize = 60_000;
    let nested = |open: &str, close: &str| format!("x = {}1{}\n", open.repeat(DEEP), close.repeat(DEEP));
    let texts = [
        nested("(", ")"),
        nested("[", "]"),
        nested("-", ""),
        nested("1+", ""),
        nested("not ", ""),
        format!("x = a{}\n", ".b".repeat(DEEP)),
        format!("x = a{}\n", "()".repeat(DEEP)),
        "x = [1] * 10 ** 12\ny = 10 ** 10 ** 10\nz = 9 ** 99\n".to_owned(),
    ];
    for text in texts {
        // Found or refused: both are fine.
        let _ = settings(&text);
    }
    let found = settings("seed = [0] * 10 ** 12\n").unwrap();
    assert!(matches!(found["seed"], Setting::Unknown { .. }));
}
