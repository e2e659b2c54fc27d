//! Class balance, crops that are left out, and leakage between training and validation, in the window.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use microtome::state::CountPhase;
use microtome::{AppOptions, Start};
use microtome_core::sample::{Closeness, LeftOut};
use microtome_tests::data;

use crate::driver::Driver;

/// The app on a configuration that trains and validates on crops of fib25; `more` goes on in `[sampling]`.
fn configured(patch: usize, validate: &str, more: &str) -> (tempfile::TempDir, Driver) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = data::root().join("fib25.zarr/recon-1");
    let source = |crop: &str| {
        format!("raw = \"{0}/em/fibsem-uint8\"\nlabels = \"{0}/labels/groundtruth/{crop}/cell\"\n", store.display())
    };
    let array = format!("shape = [{patch}, {patch}, {patch}]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"u8\"\n");
    let text = format!(
        "[data]\nclasses = [\"cell\"]\n[[data.train]]\n{}[[data.train]]\n{}{}[input.raw]\n{array}[target.labels]\n{array}\
         [loader]\nbatch_size = 2\nmemory = \"256 MiB\"\nthreads = 1\n[sampling]\n{more}\n",
        source("crop1"),
        source("crop2"),
        if validate.is_empty() { String::new() } else { format!("[[data.validate]]\n{}", source(validate)) },
    );
    let config = folder.path().join("train.toml");
    std::fs::write(&config, text).expect("written");
    let options = AppOptions { start: Start::Config(config), run_loader: true, ..AppOptions::default() };
    (folder, Driver::start(options))
}

#[test]
fn a_crop_in_training_and_validation_is_flagged_and_flown_to() {
    let (_folder, mut driver) = configured(16, "crop2", "");
    driver.wait("the configuration", |state| state.session.open().is_some());
    let leakage = driver.state().session.open().expect("open").leakage.clone();
    // Both overlap it: crop1 is the whole volume.
    let overlaps = leakage.leaks.iter().filter(|leak| matches!(leak.closeness, Closeness::Overlap { .. })).count();
    assert_eq!((leakage.train.len(), leakage.validate.len(), overlaps), (2, 1, 2));
    driver.wait("a table", |state| !state.loader.sources.is_empty() && state.loader.stats.is_some());
    driver.settle();
    driver.click("Leakage of crop2");
    let bounds = leakage.validate[0].bounds;
    assert!(bounds.contains(driver.state().views.cursor_nm));
    driver.key(Modifiers::NONE, Key::R);
    driver.click("Sampling");
    driver.settle();
    driver.node("leaks into validation: 2");
    driver.click("Fly to the leak of fib25/crop2");
    assert!(bounds.contains(driver.state().views.cursor_nm));
    assert!(driver.state().log.entries().any(|entry| entry.message.contains("leakage: fib25/crop2")));
}

#[test]
fn without_validation_there_is_no_word_of_leaks() {
    let (_folder, mut driver) = configured(16, "", "");
    driver.wait("a table", |state| !state.loader.sources.is_empty() && state.loader.stats.is_some());
    driver.click("Sampling");
    driver.settle();
    assert!(driver.harness.query_by_label_contains("leaks into validation").is_none());
    assert!(driver.harness.query_by_label_contains("Leakage of").is_none());
}

#[test]
fn crops_that_are_left_out_are_listed_with_the_reason_and_flown_to() {
    let (_folder, mut driver) = configured(16, "", "subset = { crops = [\"crop1\"] }");
    driver.wait("a table", |state| {
        state.loader.sources.iter().any(|source| source.left_out == Some(LeftOut::NotNamed))
            && state.loader.stats.is_some()
    });
    driver.click("Sampling");
    driver.settle();
    driver.node("Left out or lacking: 1");
    driver.harness.get_by_label_contains("sampling.subset does not name it");
    driver.click("Fly to fib25 crop2, which is left out");
    let bounds = driver.state().session.open().expect("open").catalog.datasets[0].crops[1].bounds;
    assert!(bounds.contains(driver.state().views.cursor_nm));
}

#[test]
fn the_balance_of_classes_is_counted_drawn_and_seen() {
    let (_folder, mut driver) = configured(16, "", "samples_per_epoch = 50");
    driver.wait("figures", |state| state.loader.stats.is_some() && state.loader.tallies.iter().any(|t| t.samples > 0));
    driver.click("Classes");
    driver.wait("the counts", |state| state.inventory.classes.phase == CountPhase::Done);
    driver.click("Simulate draws");
    driver.wait("10 000 draws", |state| {
        state.loader.simulation.as_ref().is_some_and(|view| view.simulation.draws == 10_000)
    });
    driver.settle();
    let rows = driver.state().inventory.classes.rows.clone();
    assert_eq!(rows.len(), 2);
    let name = if rows.iter().any(|row| row.read.is_some()) { "counts from" } else { "counts from metadata" };
    assert!(driver.harness.query_all_by_label_contains(name).count() >= 1, "{name}");
    for place in ["data", "draws", "targets"] {
        let label = format!("cell in the {place}: ");
        let shown = driver.harness.query_all_by_label_contains(&label).count();
        assert!(shown >= 1, "{label}");
        assert_eq!(driver.harness.query_all_by_label(&format!("{label}–")).count(), 0, "it is known");
    }
    assert!(driver.harness.query_all_by_label_contains("draws along z: ").count() >= 1);
    assert_eq!(driver.state().loader.samples_per_epoch, 50);
    assert!(driver.harness.query_all_by_label_contains("epochs until cell was seen 100 times: ").count() >= 1);
}
