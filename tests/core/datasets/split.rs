//! Datasplits over real volumes: what is opened for training and for validation, and what errors say.

use std::fs;
use std::path::Path;

use microtome_core::Error;
use microtome_core::catalog::{Catalog, Split};
use microtome_core::loader::LoaderConfig;
use microtome_tests::data;

const ARRAY: &str = "[input.raw]\nshape = [32, 32, 32]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"u8\"\n";
const EM: &str = "recon-1/em/fibsem-uint8";
const CROPS: &str = "recon-1/labels/groundtruth";

/// A folder with fib25 (crop1, crop2 of `cell`) and gala (one crop), and `datasplit.csv`.
fn folder(csv: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["fib25", "gala"] {
        data::copy(&format!("{name}.zarr"), &folder.path().join(format!("{name}/{name}.zarr")));
    }
    fs::write(folder.path().join("datasplit.csv"), csv).unwrap();
    folder
}

fn opened(folder: &Path, split: Split) -> Result<Catalog, String> {
    let mut catalog = Catalog::default();
    catalog.add_split(&folder.join("datasplit.csv"), split).map_err(|error| error.to_string())?;
    Ok(catalog)
}

/// `dataset/crop: classes`, or `dataset` alone for raw only.
fn listed(catalog: &Catalog) -> Vec<String> {
    let mut lines = Vec::new();
    for dataset in &catalog.datasets {
        if dataset.crops.is_empty() {
            lines.push(dataset.name.clone());
        }
        for crop in &dataset.crops {
            let classes: Vec<_> = crop.classes.iter().map(|labels| labels.class.as_str()).collect();
            lines.push(format!("{}/{}: {}", dataset.name, crop.name, classes.join(",")));
        }
    }
    lines
}

#[test]
fn a_configuration_opens_its_datasplit_for_training_or_validation() {
    let folder = folder(&format!(
        "# made by hand\n\
         \"train\",\"fib25/fib25.zarr\",\"{EM}\",\"fib25/fib25.zarr\",\"{CROPS}/crop2/[cell]\"\n\
         \"validate\",\"fib25/fib25.zarr\",\"{EM}\",\"fib25/fib25.zarr\",\"{CROPS}/crop1/[cell]\"\n\
         \"train\",\"gala/gala.zarr\",\"{EM}\",\"\",\"\"\n"
    ));
    let file = folder.path().join("train.toml");
    fs::write(&file, format!("{ARRAY}[data]\nsplit = \"datasplit.csv\"\n")).unwrap();
    let config = LoaderConfig::from_file(&file).unwrap();
    assert_eq!(listed(&config.open_catalog().unwrap()), ["fib25/crop2: cell", "gala"]);
    assert_eq!(listed(&config.open_catalog_of(Split::Validate).unwrap()), ["fib25/crop1: cell"]);

    // Tables for validation come on top, and `path` is trained on only.
    let table = format!("[[data.validate]]\nraw = \"gala/gala.zarr/{EM}\"\n");
    fs::write(&file, format!("{ARRAY}[data]\npath = \"fib25/fib25.zarr\"\n{table}")).unwrap();
    let config = LoaderConfig::from_file(&file).unwrap();
    assert_eq!(listed(&config.open_catalog().unwrap()), ["fib25/crop1: cell", "fib25/crop2: cell"]);
    assert_eq!(listed(&config.open_catalog_of(Split::Validate).unwrap()), ["gala"]);
    fs::write(&file, format!("{ARRAY}[data]\npath = \"fib25/fib25.zarr\"\n")).unwrap();
    let nothing = LoaderConfig::from_file(&file).unwrap().open_catalog_of(Split::Validate).unwrap_err().to_string();
    assert!(nothing.contains("train.toml:5: data: there is nothing to validate on"), "{nothing}");
}

#[test]
fn wildcards_pair_crops_with_their_own_volume() {
    let zarr = "*/*.zarr";
    let folder = folder(&format!("train,{zarr},{EM},{zarr},\"{CROPS}/crop*/[cell,golgi]\"\n"));
    let catalog = opened(folder.path(), Split::Train).unwrap();
    let lines = listed(&catalog);
    assert!(lines.starts_with(&["fib25/crop1: cell".to_owned(), "fib25/crop2: cell".to_owned()]), "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains("golgi")), "{lines:?}");
    for dataset in &catalog.datasets {
        assert!(dataset.raw.path().contains(&format!("/{0}/{0}.zarr/", dataset.name)));
        assert!(dataset.crops.iter().all(|crop| crop.classes[0].volume.path().contains(&dataset.name)));
    }
}

proptest::proptest! {
    /// Whatever is in the file: rows that can be read, or an error that names a line of it.
    #[test]
    fn any_text_is_read_or_refused_by_line(
        lines in proptest::collection::vec(
            proptest::prop_oneof!["[ -~]{0,40}", "(train|validate|test)?(,([a-z][a-z/*#\"]{0,8})?){0,6}", "\\PC{0,20}"], 0..8,
        )
    ) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("datasplit.csv");
        fs::write(&file, lines.join("\n")).unwrap();
        if let Err(error) = Catalog::default().add_split(&file, Split::Validate) {
            let Error::Config { line: Some(line), file: Some(named), .. } = &error else { panic!("{error:?}") };
            assert!((1..=lines.join("\n").lines().count()).contains(line), "{error}");
            assert_eq!(named, &file);
        }
    }
}

#[test]
fn one_volume_may_be_trained_on_as_a_whole_beside_its_crops() {
    let zarr = "fib25/fib25.zarr";
    let rows = format!("train,{zarr},{EM}\ntrain,{zarr}/{EM},{zarr}/{CROPS}/crop1\ntrain,{zarr},{EM},,\n");
    let folder = folder(&rows);
    let catalog = opened(folder.path(), Split::Train).unwrap();
    assert_eq!(listed(&catalog), ["fib25", "fib25/crop1: cell", "fib25"]);
    assert!(catalog.datasets.iter().all(|dataset| std::sync::Arc::ptr_eq(&dataset.raw, &catalog.datasets[0].raw)));
}

#[test]
fn what_cannot_be_opened_names_file_line_and_column() {
    let zarr = "fib25/fib25.zarr";
    for (row, expected) in [
        (format!("train,{zarr},em/nothing,,"), ":2: column 3 (raw_dataset): no such file or folder"),
        (format!("train,{zarr},{EM},{zarr},{CROPS}/crop9"), ":2: column 5 (gt_dataset): "),
        (format!("train,{zarr},{EM},{zarr},{CROPS}/crop*/[golgi]"), ":2: column 5 (gt_dataset): no labels of class"),
        (format!("train,{zarr},{EM},{zarr},\"{CROPS}/crop1/[cell,,]\""), ":2: column 5 (gt_dataset): a class name"),
        (format!("train,{zarr},{EM},{zarr},{CROPS}/plot*/cell"), ":2: column 5 (gt_dataset): no such file or folder"),
        (format!("train,s3://bucket/{zarr},{EM},,"), ":2: column 3 (raw_dataset): remote stores cannot be read yet"),
        (
            format!("train,{zarr}/{EM},https://example.org/crop1"),
            ":2: column 3 (gt_path): remote stores cannot be read yet",
        ),
    ] {
        let folder = folder(&format!("# comment\n{row}\n"));
        let message = opened(folder.path(), Split::Train).unwrap_err();
        assert!(message.contains(&format!("datasplit.csv{expected}")), "{message}\nexpected {expected}");
        assert!(!message.contains('\n'), "{message}");
        assert_eq!(listed(&opened(folder.path(), Split::Validate).unwrap()), [""; 0], "the row is for training");
    }
    let folder = folder("");
    fs::write(folder.path().join("datasplit.csv"), b"# fine\ntrain,\xff.zarr,em,,\n").unwrap();
    let message = opened(folder.path(), Split::Train).unwrap_err();
    assert!(message.contains("datasplit.csv:2: CSV: this line is not UTF-8"), "{message}");
}
