//! What the colours of crops say: chosen in the View menu, explained over the pictures of the batch.

use egui_kittest::kittest::Queryable;
use microtome::state::{CropColor, CropTone};
use microtome::{AppOptions, Start};
use microtome_tests::data;

use crate::driver::Driver;

const ARRAYS: &str = "[input.raw]\nshape = [12, 12, 12]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"f32\"\n\
                      [loader]\nbatch_size = 8\nmemory = \"256 MiB\"\nthreads = 1\n";

fn run(folder: &tempfile::TempDir, stores: &[std::path::PathBuf]) -> Driver {
    let train = stores.iter().map(|store| format!("[[data.train]]\nraw = {:?}\n", store.display().to_string()));
    let file = folder.path().join("train.toml");
    std::fs::write(&file, train.collect::<String>() + ARRAYS).expect("written");
    let mut driver =
        Driver::start(AppOptions { start: Start::Config(file), run_loader: true, ..AppOptions::default() });
    driver.wait("a batch", |state| state.loader.batch.is_some() && state.loader.footprints.len() > 16);
    driver
}

fn choose(driver: &mut Driver, item: &str) {
    driver.click("View");
    driver.click("Colours of crops");
    driver.click(item);
}

#[test]
fn crops_of_two_datasets_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = run(&folder, &[data::root().join("fib25.zarr"), data::root().join("gala.zarr")]);
    assert_eq!((driver.state().display.crop_color, driver.state().crop_legend()), (CropColor::Age, Vec::new()));
    let named = |driver: &Driver| driver.harness.query_all_by_label("gala").count();
    let before = named(&driver);
    choose(&mut driver, "Crops by dataset");
    let both = [(CropTone::Dataset(0), "fib25".to_owned()), (CropTone::Dataset(1), "gala".to_owned())];
    assert_eq!(driver.state().crop_legend(), both);
    assert_eq!(named(&driver), before + 1, "in the legend");
}

#[test]
fn crops_that_lack_data_say_how_much() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("gala.zarr");
    data::copy("gala.zarr", &store);
    // The chunks of x 0–96 of 200 voxels of the finest level.
    let level = store.join("recon-1/em/fibsem-uint8/s0");
    for z in 0..2 {
        for y in 0..4 {
            for x in 0..3 {
                std::fs::remove_file(level.join(format!("{z}/{y}/{x}"))).expect("the chunk is there");
            }
        }
    }
    let mut driver = run(&folder, &[store]);
    choose(&mut driver, "Crops by missing share");
    driver.wait("some of each", |state| {
        let tones: Vec<_> = state.loader.footprints.iter().map(|crop| CropColor::Missing.tone(crop)).collect();
        tones.contains(&CropTone::MuchMissing) && tones.contains(&CropTone::Plain)
    });
    driver.node("half or more missing");
    for crop in &driver.state().loader.footprints {
        let ends = crop.corners_nm.map(|corner| corner.x);
        let (lo, hi) = (ends.iter().copied().fold(f64::MAX, f64::min), ends.iter().copied().fold(f64::MIN, f64::max));
        // The edge lies at voxel 95.5; a crop may need a voxel beyond its own.
        if hi < 935.0 {
            assert_eq!(crop.missing, 1.0, "{lo}–{hi}");
        } else if lo > 975.0 {
            assert_eq!(crop.missing, 0.0, "{lo}–{hi}");
        }
    }
}
