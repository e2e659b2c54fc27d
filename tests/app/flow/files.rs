//! Bad paths, the path field, and what is remembered.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use microtome::state::{LogLevel, Session};
use microtome::{AppOptions, Start, ThemeName};
use microtome_tests::data;

use crate::driver::Driver;

#[test]
fn a_bad_path_is_explained_and_another_can_be_opened() {
    let start = Start::Path(data::root().join("nothing-here.zarr"));
    let mut driver = Driver::start(AppOptions { start, ..AppOptions::default() });
    driver.wait("the failure", |state| matches!(state.session, Session::Failed { .. }));
    driver.settle();
    driver.harness.get_by_label_contains("nothing-here.zarr");
    driver.harness.get_by_label("This could not be opened");
    driver.click("Open path…");
    driver.node("Path").type_text(&data::root().join("gala.zarr").display().to_string());
    driver.settle();
    driver.key(Modifiers::NONE, Key::Enter);
    driver.wait("the dataset", |state| state.session.open().is_some());
}

#[test]
fn theme_and_recent_datasets_are_remembered() {
    let folder = tempfile::tempdir().expect("a folder");
    let options =
        |start| AppOptions { start, settings_dir: Some(folder.path().to_path_buf()), ..AppOptions::default() };
    let path = data::root().join("gala.zarr");
    {
        let mut driver = Driver::start(options(Start::Path(path.clone())));
        driver.wait("the dataset", |state| state.session.open().is_some());
        driver.click("Light theme");
        driver.settle();
    }
    let driver = Driver::start(options(Start::Empty));
    assert_eq!(driver.state().theme, ThemeName::Light);
    assert_eq!(driver.state().recent, [std::path::absolute(&path).expect("a path")]);
}

#[test]
fn settings_that_are_no_json_give_the_defaults_and_a_word_in_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("settings.json"), "{ not json").expect("written");
    let settings_dir = Some(folder.path().to_path_buf());
    let driver = Driver::start(AppOptions { settings_dir, ..AppOptions::default() });
    assert_eq!(driver.state().theme, ThemeName::Dark);
    let complaint = driver.state().log.entries().find(|entry| entry.level == LogLevel::Warning);
    assert!(complaint.is_some_and(|entry| entry.message.contains("settings.json")));
}

#[test]
fn a_damaged_chunk_is_reported_and_the_rest_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("gala.zarr");
    data::copy("gala.zarr", &store);
    let chunks: Vec<_> = walkdir::WalkDir::new(store.join("recon-1/em"))
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && !entry.file_name().to_string_lossy().starts_with('.'))
        .collect();
    let damaged = chunks.iter().filter(|entry| entry.path().components().any(|c| c.as_os_str() == "s0"));
    for chunk in damaged {
        std::fs::write(chunk.path(), b"no chunk").expect("written");
    }
    let mut driver = Driver::start(AppOptions { start: Start::Path(store), ..AppOptions::default() });
    driver.wait("the complaint", |state| state.log.entries().any(|entry| entry.level == LogLevel::Error));
    driver.wait("nothing left to load", |state| state.pending_chunks == 0 && state.gpu.textures > 0);
    assert!(driver.state().session.open().is_some());
}

#[test]
fn what_the_loader_skips_is_said_in_the_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("gala.zarr");
    data::copy("gala.zarr", &store);
    // The EM's finest level: 50 × 100 × 200 voxels in chunks of 32³. One of its 56 chunks is cut short.
    let chunk = store.join("recon-1/em/fibsem-uint8/s0/0/1/2");
    let bytes = std::fs::read(&chunk).expect("the chunk is there");
    std::fs::write(&chunk, &bytes[..bytes.len() / 2]).expect("written");
    let config = folder.path().join("train.toml");
    let text = "[data]\npath = \"gala.zarr\"\n[input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [10, 10, 10]\n\
                encoding = \"u8\"\n[loader]\non_error = \"skip\"\nbatch_size = 4\n";
    std::fs::write(&config, text).expect("written");
    let start = Start::Config(config);
    let mut driver = Driver::start(AppOptions { start, run_loader: true, ..AppOptions::default() });
    driver.wait("the loader's complaint", |state| {
        let about = |message: &str| message.contains("drawn again") && message.contains("[0, 1, 2]");
        state.log.entries().any(|entry| entry.level == LogLevel::Warning && about(&entry.message))
    });
    let samples = |driver: &Driver| driver.state().loader.stats.as_ref().map_or(0, |stats| stats.samples);
    let before = samples(&driver);
    driver.wait("more samples", |state| state.loader.stats.as_ref().is_some_and(|stats| stats.samples > before));
}

/// A folder as the desktop hands it over.
#[derive(Debug)]
struct Dropped(std::path::PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &std::path::Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("nobody reads a dataset whole".to_owned())
    }
}

#[test]
fn a_dataset_that_is_dropped_on_the_window_is_opened() {
    let mut driver = Driver::start(AppOptions::default());
    driver.settle();
    let path = data::root().join("gala.zarr");
    driver.harness.input_mut().dropped_files.push(std::sync::Arc::new(Dropped(path.clone())));
    driver.wait("the dataset", |state| state.session.open().is_some());
    assert_eq!(driver.state().recent, [std::path::absolute(&path).expect("a path")]);
}

#[test]
fn text_is_made_larger_and_the_look_of_high_contrast_is_chosen_and_both_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let settings_dir = Some(folder.path().to_path_buf());
        Driver::start(AppOptions { start: Start::Empty, settings_dir, theme: None, run_loader: false })
    };
    {
        let mut driver = start();
        let usual = driver.harness.ctx.pixels_per_point();
        for _ in 0..3 {
            driver.key(Modifiers::COMMAND, Key::Plus);
        }
        driver.key(Modifiers::COMMAND, Key::Minus);
        assert!((driver.harness.ctx.pixels_per_point() / usual - 1.2).abs() < 1e-3);
        driver.key(Modifiers::COMMAND, Key::P);
        driver.node("Find a command").type_text("high contrast");
        driver.settle();
        driver.harness.key_press(Key::Enter);
        driver.settle();
        assert_eq!(driver.state().theme, ThemeName::HighContrast);
    }
    let mut driver = start();
    driver.settle();
    assert_eq!((driver.state().theme, driver.state().ui_scale_steps), (ThemeName::HighContrast, 2));
    driver.key(Modifiers::COMMAND, Key::Num0);
    assert_eq!(driver.state().ui_scale_steps, 0);
}
