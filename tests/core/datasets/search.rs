//! Crops found by the shape of their paths, and dealt to training and validation.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use microtome_core::catalog::{Catalog, Search, Split};
use microtome_core::geometry::Zyx;
use microtome_core::loader::LoaderConfig;
use microtome_tests::data;

/// fib25 (crop1, crop2 of `cell`) and gala (crop1 of `cell`); fib25's crop2 has `nuc`, too.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in ["fib25", "gala"] {
        data::copy(&format!("{name}.zarr"), &folder.path().join(format!("{name}/{name}.zarr")));
    }
    let crop = folder.path().join("fib25/fib25.zarr/recon-1/labels/groundtruth/crop2");
    data::copy("fib25.zarr/recon-1/labels/groundtruth/crop2/cell", &crop.join("nuc"));
    folder
}

fn found(folder: &Path, classes: &[&str], search: Search) -> Vec<String> {
    let path = folder.join(&search.path).display().to_string();
    let classes: Vec<_> = classes.iter().map(|&class| class.to_owned()).collect();
    let found = Search { path, ..search }.find(&classes, None).unwrap();
    found.iter().map(|crop| format!("{}/{}/[{}]", crop.dataset, crop.crop, crop.classes.join(","))).collect()
}

#[test]
fn names_classes_and_voxel_sizes_choose_what_is_found() {
    let folder = folder();
    let find = |classes: &[&str], search| found(folder.path(), classes, search);
    let all = ["fib25/crop1/[cell]", "fib25/crop2/[cell,nuc]", "gala/crop1/[cell]"];
    assert_eq!(find(&[], Search::default()), all);
    assert_eq!(find(&["nuc"], Search::default()), ["fib25/crop2/[nuc]"]);
    assert_eq!(find(&["nuc", "cell"], Search::default())[1], "fib25/crop2/[nuc,cell]");
    let names = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let one = Search { datasets: names(&["fib25", "f*"]), crops: names(&["crop2", "nothing"]), ..Search::default() };
    assert_eq!(find(&[], one), ["fib25/crop2/[cell,nuc]"]);
    let fine = |nm| Search { voxel_size_nm: Some(Zyx::new(10.0, 10.0, nm)), ..Search::default() };
    assert_eq!((find(&[], fine(10.0)).len(), find(&[], fine(9.0)).len()), (3, 0));
    let elsewhere = Search { raw_name: "em/none".to_owned(), ..Search::default() };
    assert_eq!(find(&[], elsewhere), [""; 0], "labels without their EM are of no use");
}

#[test]
fn every_crop_is_trained_on_or_validates() {
    let folder = folder();
    let file = folder.path().join("train.toml");
    let config = |search: &str, seed: u64| {
        let array = "[input.raw]\nshape = [32, 32, 32]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"u8\"\n";
        let text =
            format!("{array}[data]\nclasses = [\"cell\", \"nuc\"]\n[data.search]\n{search}\n[loader]\nseed = {seed}\n");
        fs::write(&file, text).unwrap();
        LoaderConfig::from_file(&file).unwrap()
    };
    let crops = |catalog: &Catalog| -> BTreeSet<String> {
        let of = |dataset: &microtome_core::catalog::Dataset| -> Vec<String> {
            dataset.crops.iter().map(|crop| format!("{}/{}", dataset.name, crop.name)).collect()
        };
        catalog.datasets.iter().flat_map(of).collect()
    };
    let opened = |config: &LoaderConfig, split| config.open_catalog_of(split).map(|catalog| crops(&catalog));
    let all = opened(&config("", 1), Split::Train).unwrap();
    assert_eq!(all.len(), 3);
    assert!(opened(&config("", 1), Split::Validate).is_err());
    let mut shares = BTreeSet::new();
    for seed in 0..8 {
        let config = config("validation_probability = 0.5", seed);
        let train = opened(&config, Split::Train).unwrap_or_default();
        let validate = opened(&config, Split::Validate).unwrap_or_default();
        assert!(train.is_disjoint(&validate));
        assert_eq!(&train | &validate, all);
        shares.insert(train);
    }
    assert!(shares.len() > 1, "the seed decides");
    let complete = opened(&config("force_all_classes = [\"train\"]", 1), Split::Train).unwrap();
    assert_eq!(complete.into_iter().collect::<Vec<_>>(), ["fib25/crop2"]);
}
