//! The configuration in the window: changed by keyboard, applied, undone, saved.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use microtome::state::{Draft, LoaderPhase, State};
use microtome::{AppOptions, Start};
use microtome_core::loader::params::Value;
use microtome_core::loader::{Loader, LoaderConfig, Provenance};
use microtome_tests::data;

use crate::driver::Driver;

/// A configuration for fib25, with comments, in a folder of its own.
fn written(folder: &Path) -> (PathBuf, String) {
    let path = data::root().join("fib25.zarr");
    let text = format!(
        "# my training\n[data]\npath = \"{}\" # FIB-25\n\n[input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [8, 8, 8]\n\
         encoding = \"u8\"\n\n[augment]\n# both ways\nmirror = {{ z = 0.5, y = 0.5, x = 0.5 }}\n\n[loader]\nbatch_size = 8\n\
         memory = \"256 MiB\" # enough\nthreads = 1\n",
        path.display()
    );
    let file = folder.join("train.toml");
    std::fs::write(&file, &text).expect("written");
    (file, text)
}

/// The window on it, with a loader that has run and stands still.
fn paused(file: PathBuf) -> Driver {
    let options = AppOptions { start: Start::Config(file), run_loader: true, ..AppOptions::default() };
    let mut driver = Driver::start(options);
    driver.wait("some batches", |state| state.loader.stats.as_ref().is_some_and(|stats| stats.batches > 60));
    driver.key(Modifiers::NONE, Key::Space);
    assert_eq!(driver.state().loader.phase, LoaderPhase::Paused);
    let mut last = None;
    driver.wait("the queue to be full", |state| {
        let now = state.loader.stats.as_ref().map(|stats| (stats.memory, stats.queue.batches));
        let still = std::mem::replace(&mut last, now) == now;
        let is_full = now.is_some_and(|(memory, batches)| batches > 0 && memory.in_flight_bytes == 0);
        // The slices read through the same caches.
        still && is_full && state.pending_chunks == 0
    });
    driver
}

fn draft(state: &State) -> &Draft {
    &state.session.open().expect("open").draft
}

fn shown(state: &State) -> Vec<Provenance> {
    let crops = state.loader.batch.as_ref().map(|batch| batch.crops.clone()).unwrap_or_default();
    crops.into_iter().map(|crop| crop.provenance).collect()
}

/// The first batch of a configuration, from a loader of its own.
fn first_batch(config: &LoaderConfig) -> Vec<Provenance> {
    let catalog = Arc::new(config.open_catalog().expect("opens"));
    Loader::new(catalog, config.clone()).and_then(|loader| loader.next_batch()).expect("a batch").provenance
}

#[test]
fn a_probability_is_changed_by_keyboard_applied_undone_and_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, text) = written(folder.path());
    let before = LoaderConfig::from_file(&file).expect("valid");
    let mut driver = paused(file.clone());
    let cursor_nm = driver.state().views.cursor_nm;

    driver.node("mirror z on").focus();
    driver.settle();
    driver.key(Modifiers::NONE, Key::Space);
    assert_eq!(driver.state().loader.phase, LoaderPhase::Paused, "the key went to the check box");
    assert_eq!(draft(driver.state()).get("augment.mirror.z"), Some(&Value::Float(0.0)));
    let mut after = before.clone();
    after.augment.mirror.as_mut().expect("is there").z = 0.0;
    let changed = first_batch(&after);
    assert_ne!(changed, first_batch(&before), "the seed shows the change");
    driver.wait("the first batch without", |state| shown(state) == changed);
    let state = driver.state();
    assert_eq!(state.session.open().map(|data| &data.config), Some(&after));
    assert_eq!((state.views.cursor_nm, &state.loader.phase), (cursor_nm, &LoaderPhase::Paused));

    driver.key(Modifiers::COMMAND, Key::Z);
    let original = first_batch(&before);
    driver.wait("the first batch as before", |state| shown(state) == original);
    assert!(draft(driver.state()).changes().is_empty());

    driver.node("mirror y").focus();
    driver.settle();
    driver.key(Modifiers::NONE, Key::ArrowLeft);
    driver.key(Modifiers::COMMAND, Key::S);
    driver.wait("the file", |state| state.log.entries().any(|entry| entry.message.starts_with("saved ")));
    let saved = std::fs::read_to_string(&file).expect("there");
    assert_eq!(saved, text.replace("y = 0.5", "y = 0.49"));
    assert!(draft(driver.state()).changes().is_empty());
}

#[test]
fn after_a_change_of_augmentation_nothing_is_decoded_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = paused(written(folder.path()).0);
    let stats = |state: &State| state.loader.stats.clone().expect("figures");
    assert!(stats(driver.state()).chunk_cache.misses > 0);
    driver.click("mirror x on");
    let is_new = |state: &State| stats(state).batches == 1;
    driver.wait("the first batch, and what is read ahead", |state| {
        is_new(state) && stats(state).queue.batches > 0 && stats(state).memory.in_flight_bytes == 0
    });
    let new = stats(driver.state());
    assert!(new.samples >= 8 && new.chunk_cache.hits > 0, "{new:?}");
    assert_eq!(new.chunk_cache.misses, 0, "{new:?}");
}

#[test]
fn what_cannot_be_is_explained_in_its_place_and_not_applied() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = paused(written(folder.path()).0);
    driver.click("rotate");
    assert!(draft(driver.state()).get("augment.rotate.probability").is_some());
    driver.click("rotate");
    assert!(draft(driver.state()).changes().is_empty(), "off again");
    // Tiles are shown as they are, so that no mirroring goes with them.
    driver.click("Augment");
    driver.click("Sampling settings");
    driver.harness.get_by_role_and_label(egui::Role::ComboBox, "strategy").click();
    driver.settle();
    driver.click("grid");
    let problem = draft(driver.state()).problem().cloned().expect("a problem");
    assert!(problem.key.starts_with("augment.mirror"), "{problem:?}");
    driver.click("Augment");
    driver.harness.get_by_label(&problem.words);
    let running = driver.state().session.open().map(|data| data.config.sampling.strategy);
    assert_eq!(running, Some(microtome_core::loader::Strategy::Uniform));
    driver.click("mirror");
    driver.wait("the tiles", |state| {
        state.session.open().is_some_and(|data| data.config.sampling.strategy == microtome_core::loader::Strategy::Grid)
    });
    driver.click("Revert (Tune)");
    assert!(draft(driver.state()).changes().is_empty());
}

#[test]
fn data_without_a_configuration_are_saved_as_a_new_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = Driver::open(data::root().join("fib25.zarr"), false);
    driver.click("Save (Tune)");
    let file = folder.path().join("new.toml");
    driver.node("Path").type_text(&file.display().to_string());
    driver.settle();
    driver.key(Modifiers::NONE, Key::Enter);
    driver.wait("the file", |state| state.log.entries().any(|entry| entry.message.starts_with("saved ")));
    let saved = LoaderConfig::from_file(&file).expect("valid");
    assert_eq!(saved.open_catalog().expect("opens").datasets.len(), 1);
    assert_eq!(draft(driver.state()).file(), Some(file.as_path()));
}
