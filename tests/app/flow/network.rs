//! The slices through the eyes of the network: the voxels of training with the values that the loader makes of them.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable};
use microtome::state::State;
use microtome::{AppOptions, Start};
use microtome_core::geometry::{Axis, Zyx};
use microtome_core::loader::{LoaderConfig, Seen};
use microtome_core::volume::{Caches, Voxel};
use microtome_core::with_buffer;
use microtome_tests::data;

use crate::driver::Driver;

const INPUT: &str = "[input.raw]\nshape = [16, 20, 24]\nvoxel_size_nm = [20, 20, 20]\nencoding = \"f32\"\n";

fn open(folder: &tempfile::TempDir, arrays: &str) -> Driver {
    let path = data::root().join("fib25.zarr").display().to_string();
    let file = folder.path().join("train.toml");
    std::fs::write(&file, format!("[data]\npath = {path:?}\n{arrays}")).expect("written");
    let mut driver = Driver::start(AppOptions { start: Start::Config(file), ..AppOptions::default() });
    driver.wait("the slices", |state| {
        state.pending_chunks == 0 && state.readout.as_ref().is_some_and(|readout| readout.raw.is_some())
    });
    driver
}

fn is_seen(state: &State) -> bool {
    let known = state.readout.as_ref().is_some_and(|readout| readout.level == "20 nm" && readout.raw.is_some());
    !state.network_layers(Axis::Z).is_empty() && state.pending_chunks == 0 && known
}

/// The value of a tile's voxel as the loader makes it.
fn expected(voxel: Zyx<u64>, normalise: &str) -> f64 {
    let path = data::root().join("fib25.zarr").display().to_string();
    let config =
        LoaderConfig::from_toml(&format!("[data]\npath = {path:?}\n{INPUT}[augment]\n{normalise}\n")).expect("valid");
    let seen = Seen::input(&config.open_catalog().expect("opens"), &config, ("raw", 0), &|| false).expect("an input");
    let tile = seen.tile.map(|n| n as u64);
    let chunk = seen.read(voxel / tile, &Caches::new(1 << 24, 1 << 20)).expect("a tile");
    let at = voxel.zip_map(tile, |v, n| (v % n) as usize);
    let index = (at.z * seen.tile.y + at.y) * seen.tile.x + at.x;
    with_buffer!(&chunk.data, values => values[index].to_f64())
}

#[test]
fn one_key_shows_the_voxels_and_the_values_of_training() {
    let folder = tempfile::tempdir().expect("a folder");
    let normalise = "normalise = { range = [0.3, 0.7] }";
    let arrays = format!(
        "{INPUT}[target.labels]\nshape = [16, 20, 24]\nvoxel_size_nm = [20, 20, 20]\n\
                          encoding = \"ids\"\n[augment]\n{normalise}\n"
    );
    let mut driver = open(&folder, &arrays);
    let stored = driver.state().readout.clone().unwrap();
    driver.key(Modifiers::NONE, Key::N);
    driver.wait("the tiles", is_seen);
    driver.settle();
    // One in each slice.
    let chips = driver.harness.get_all_by_label("as the network sees it · 20 nm · f32 0…1").count();
    assert_eq!(chips, 3);
    let readout = driver.state().readout.clone().unwrap();
    assert_eq!(readout.raw, Some(expected(readout.voxel.unwrap(), normalise)));
    assert_ne!(readout.raw, stored.raw);
    let labels = driver.state().network_layers(Axis::Z).len() - 1;
    assert_eq!(labels, driver.state().session.open().unwrap().layers.len() - 1, "every class of the target");

    // The picture: grey is the value between black and white.
    driver.key(Modifiers::NONE, Key::L);
    driver.key(Modifiers::NONE, Key::I);
    driver.wait("the tiles", is_seen);
    let slice = driver.node("xy slice").rect();
    // The middle of a pixel.
    let at = slice.center().floor() + egui::vec2(61.5, 37.5);
    driver.harness.hover_at(at);
    driver.wait("the voxel under the pointer", |state| is_seen(state) && state.views.hover_nm.is_some());
    let value = driver.state().readout.clone().unwrap().raw.unwrap();
    // The harness draws the pointer, too.
    driver.harness.remove_cursor();
    driver.settle();
    let image = driver.harness.render().expect("the frame is drawn");
    let [r, g, b, _] = image.get_pixel(at.x as u32, at.y as u32).0;
    assert!(r == g && g == b && (f64::from(r) - value * 255.0).abs() <= 1.5, "{r} {g} {b} for {value}");

    driver.key(Modifiers::NONE, Key::N);
    driver.wait("the stored voxels", |state| state.readout.as_ref().is_some_and(|readout| readout.raw == stored.raw));
    assert!(driver.harness.query_by_label_contains("as the network sees it").is_none());
}

#[test]
fn an_edited_configuration_is_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut driver = open(&folder, INPUT);
    driver.key(Modifiers::NONE, Key::N);
    driver.wait("the tiles", is_seen);
    let key = "input.raw.voxel_size_nm".to_owned();
    let value = Some(microtome_core::loader::params::Value::from(vec![30.0, 30.0, 30.0]));
    driver.run(microtome::command::Command::SetParam { key, value });
    driver.wait("coarser tiles", |state| {
        state.readout.as_ref().is_some_and(|readout| readout.level == "30 nm" && readout.raw.is_some())
    });
    driver.settle();
    assert!(driver.harness.query_all_by_label("as the network sees it · 30 nm · f32 0…1").count() == 3);
}

#[test]
fn without_an_input_the_command_is_greyed_and_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = "[target.labels]\nshape = [16, 20, 24]\nvoxel_size_nm = [20, 20, 20]\nencoding = \"ids\"\n";
    let mut driver = open(&folder, target);
    driver.key(Modifiers::NONE, Key::N);
    assert!(!driver.state().network.is_on);
    driver.click("View");
    let item = driver.harness.get_by_label_contains("As the network sees it");
    assert!(item.accesskit_node().is_disabled());
    let at = item.rect().center();
    driver.harness.hover_at(at);
    driver.harness.run_steps(60);
    driver.harness.get_by_label_contains("The configuration has no input.");
}
