//! Training scripts for cellmap-data: opened, and written again; augmentations to start from.

use microtome::state::{Draft, State};
use microtome::{AppOptions, Start};
use microtome_core::loader::{LoaderConfig, params};
use microtome_tests::data;

use crate::driver::Driver;

/// A script as the segmentation challenge has them, on gala.
fn script(folder: &std::path::Path) -> std::path::PathBuf {
    let gala = data::root().join("gala.zarr/recon-1");
    let row =
        format!("\"train\",\"{0}\",\"em/fibsem-uint8\",\"{0}\",\"labels/groundtruth/crop1/[cell]\"\n", gala.display());
    std::fs::write(folder.join("datasplit.csv"), row).expect("written");
    let text = "from upath import UPath\n\
                batch_size = 3  # per step\n\
                input_array_info = {\"shape\": (16, 16, 16), \"scale\": (10, 10, 10)}\n\
                target_array_info = input_array_info\n\
                classes = [\"cell\"]\n\
                datasplit_path = UPath(\"datasplit.csv\").path\n\
                model = UNet_3D(1, len(classes))\n\
                spatial_transforms = {\"mirror\": {\"axes\": {\"x\": 0.5}}, \"wobble\": {}}\n";
    let file = folder.join("train_3D.py");
    std::fs::write(&file, text).expect("written");
    file
}

fn draft(state: &State) -> &Draft {
    &state.session.open().expect("open").draft
}

fn opened(file: std::path::PathBuf) -> Driver {
    let mut driver = Driver::start(AppOptions { start: Start::from_path(file), ..AppOptions::default() });
    driver.wait("the data", |state| state.session.open().is_some());
    driver
}

#[test]
fn a_training_script_is_opened_and_saved_as_a_configuration() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = opened(script(folder.path()));
    let config = driver.state().session.open().expect("open").config.clone();
    assert_eq!((config.loader.batch_size, config.data.classes.as_slice()), (3, &["cell".to_owned()][..]));
    assert!(driver.state().log.entries().any(|entry| entry.message.contains("wobble")), "what is left out is said");
    let file = folder.path().join("train.toml");
    driver.run(microtome::command::Command::SaveConfigAs(file.clone()));
    driver.wait("the file", |state| state.log.entries().any(|entry| entry.message.starts_with("saved ")));
    let saved = LoaderConfig::from_file(&file).expect("a configuration");
    assert_eq!(LoaderConfig { file: None, ..saved }, config);
}

#[test]
fn a_script_that_says_nothing_to_load_is_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("train.py");
    std::fs::write(&file, "batch_size = 3\n").expect("written");
    let mut driver = Driver::start(AppOptions { start: Start::from_path(file), ..AppOptions::default() });
    driver.wait("the failure", |state| match &state.session {
        microtome::state::Session::Failed { message, .. } => {
            message.contains("input_arrays") && message.contains("train.py")
        }
        _ => false,
    });
}

#[test]
fn the_configuration_is_copied_for_cellmap_data_crop_by_crop() {
    let mut driver = Driver::open(data::root().join("gala.zarr"), false);
    driver.palette("for cellmap-data");
    let text = driver.copied();
    let settings = microtome::python::settings(&text).expect("it is Python");
    let back = params::values(&microtome_core::loader::cellmap::import(&settings, None).expect("complete").config);
    let labels = params::get(&back.expect("values"), "data.train").map(ToString::to_string).expect("the crops");
    assert!(labels.contains("em/fibsem-uint8") && labels.contains("groundtruth/crop1/["), "{labels}");
}

#[test]
fn an_augmentation_to_start_from_is_one_step_that_can_be_undone() {
    let mut driver = Driver::open(data::root().join("gala.zarr"), false);
    let before = draft(driver.state()).values().clone();
    driver.palette("serial sections");
    driver.settle();
    let after = draft(driver.state());
    assert!(after.problem().is_none() && after.get("augment.misalign.slip").is_some());
    driver.palette("augmentation none");
    driver.settle();
    assert!(draft(driver.state()).get("augment.misalign").is_none());
    for _ in 0..2 {
        driver.key(egui::Modifiers::COMMAND, egui::Key::Z);
    }
    assert_eq!(draft(driver.state()).values(), &before);
}
