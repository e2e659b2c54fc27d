//! Data that come late, or never: the window goes on meanwhile, and other data can be opened.

#![cfg(unix)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use microtome::state::{Arrangement, ChunkGrid, ChunkStatus, LoaderPhase, PaneKind, Session, State};
use microtome::{AppOptions, Start, command};
use microtome_core::geometry::Axis;
use microtome_core::loader::params::Value;
use microtome_tests::data;

use crate::driver::Driver;

/// Chunks that somebody began to read.
type Asked = Arc<Mutex<Vec<PathBuf>>>;

/// Chunks in whose place stands a pipe: whoever reads one waits until somebody writes into it.
struct Late {
    chunks: Vec<(PathBuf, Vec<u8>)>,
}

impl Late {
    /// Every chunk of the finest EM in a copy of gala.
    fn finest(store: &Path) -> Self {
        data::copy("gala.zarr", store);
        let level = store.join("recon-1/em/fibsem-uint8/s0");
        let found = walkdir::WalkDir::new(level).into_iter().map(|entry| entry.expect("it can be listed"));
        let chunks = found
            .filter(|entry| entry.file_type().is_file() && !entry.file_name().as_encoded_bytes().starts_with(b"."));
        let chunks = chunks.map(|entry| {
            let bytes = std::fs::read(entry.path()).expect("it can be read");
            std::fs::remove_file(entry.path()).expect("it can be removed");
            assert!(Command::new("mkfifo").arg(entry.path()).status().expect("mkfifo runs").success());
            (entry.path().to_path_buf(), bytes)
        });
        let chunks: Vec<_> = chunks.collect();
        assert!(chunks.len() > 20);
        Self { chunks }
    }

    /// They come now, each as often as it is asked for. What is asked for is told, in order.
    fn arrive(self) -> Asked {
        let asked = Asked::default();
        for (path, bytes) in self.chunks {
            let asked = Arc::clone(&asked);
            let write = move || {
                while let Ok(mut pipe) = std::fs::OpenOptions::new().write(true).open(&path) {
                    asked.lock().expect("nobody panicked").push(path.clone());
                    // A reader that had enough is none of our business.
                    let _ = pipe.write_all(&bytes);
                    drop(pipe);
                    // Until it has seen the end: else it would get the same bytes once more behind it.
                    std::thread::sleep(std::time::Duration::from_millis(50));
                }
            };
            std::thread::Builder::new().name("late".to_owned()).spawn(write).expect("a thread");
        }
        asked
    }
}

#[test]
fn while_nothing_comes_the_window_does_what_it_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("gala.zarr");
    let late = Late::finest(&store);
    let mut driver = Driver::start(AppOptions { start: Start::Path(store), ..AppOptions::default() });
    driver.wait("the dataset", |state| state.session.open().is_some());
    driver.key(Modifiers::NONE, Key::C);
    driver.wait("chunks to be read, and others to wait", |state| {
        let is_so = |grid: &ChunkGrid| grid.count(ChunkStatus::Decoding) > 0 && grid.count(ChunkStatus::Queued) > 0;
        state.chunk_grids[Axis::Z].as_ref().is_some_and(is_so)
    });
    let before = driver.state().views.clone();
    driver.wheel("xy slice", 2.0, Modifiers::COMMAND);
    driver.wheel("xy slice", -3.0, Modifiers::NONE);
    driver.key(Modifiers::COMMAND, Key::P);
    driver.harness.get_by_label("Find a command");
    driver.key(Modifiers::NONE, Key::Escape);
    driver.click("Light theme");
    let state = driver.state();
    assert!(state.views.nm_per_point < before.nm_per_point && state.views.cursor_nm != before.cursor_nm);
    assert!(state.pending_chunks > 0, "still nothing");
    assert_eq!(state.log.entries().filter(|entry| entry.level == microtome::state::LogLevel::Error).count(), 0);
    late.arrive();
    driver.wait("the chunks", |state| {
        state.pending_chunks == 0 && state.readout.as_ref().is_some_and(|readout| readout.raw.is_some())
    });
}

#[test]
fn coarse_chunks_come_first_and_what_is_scrubbed_past_is_never_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("gala.zarr");
    let late = Late::finest(&store);
    // One view and no labels from the beginning: a thread that waits for what another view wants is not seen in the grid.
    let mut driver = Driver::start(AppOptions::default());
    driver.run(command::Command::Arrange(Arrangement::One));
    driver.run(command::Command::ToggleLabels);
    driver.run(command::Command::Open(Start::Path(store)));
    // 4 × 7 chunks of 32³ in each of the two layers of 100 × 200 voxels.
    const LAYER: usize = 28;
    driver.wait("the finest chunks to be all that is pending", |state| {
        state.pending_chunks == LAYER && state.gpu.textures > 0
    });
    let layer = |driver: &Driver| {
        let data = driver.state().session.open().expect("open");
        let finest = &data.dataset().expect("one").raw.levels()[0];
        finest.world_from_voxel.voxel_containing(driver.state().views.cursor_nm).z as u64 / finest.chunk_shape.z
    };
    assert_eq!(layer(&driver), 0);
    driver.key(Modifiers::NONE, Key::C);
    let in_hand = |state: &State| state.chunk_grids[Axis::Z].as_ref().map(|grid| grid.count(ChunkStatus::Decoding));
    driver.wait("two threads at least to have begun", |state| in_hand(state) >= Some(2));
    driver.settle();
    let begun = in_hand(driver.state());
    for _ in 0..24 {
        driver.key(Modifiers::NONE, Key::Period);
    }
    assert_eq!(layer(&driver), 1);
    driver.wait("the other layer to be wanted", |state| state.pending_chunks == LAYER);
    let asked = late.arrive();
    driver.wait("the chunks", |state| state.pending_chunks == 0);
    let asked = asked.lock().expect("nobody panicked").clone();
    let of_layer = |layer: &str| {
        let is_of = |path: &&PathBuf| {
            path.components().any(|part| part.as_os_str() == "s0") && path.iter().rev().nth(2) == Some(layer.as_ref())
        };
        asked.iter().filter(is_of).collect::<Vec<_>>()
    };
    // A thread that has begun with a chunk ends it; what waited is not begun.
    assert_eq!(Some(of_layer("0").len()), begun, "{asked:?}");
    assert!(begun <= Some(4), "of {LAYER}");
    let wanted = of_layer("1");
    assert_eq!((wanted.len(), wanted.iter().collect::<std::collections::HashSet<_>>().len()), (LAYER, LAYER));
}

#[test]
fn a_contrast_that_takes_long_is_told_and_broken_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("gala.zarr");
    let late = Late::finest(&store);
    let mut driver = Driver::start(AppOptions { start: Start::Path(store), ..AppOptions::default() });
    driver.wait("the finest chunks to be wanted", |state| state.pending_chunks > 0);
    driver.run(command::Command::AutoContrastActive);
    driver.wait("the contrast to be measured", |state| state.display.gauging.is_some());
    driver.wait("half a second to pass", |state| {
        state.display.gauging.is_some_and(|(_, since)| since.elapsed() > std::time::Duration::from_millis(500))
    });
    driver.settle();
    driver.harness.get_by_label("measuring the contrast of xy");
    driver.click("Cancel the contrast");
    driver.settle();
    assert!(driver.state().display.gauging.is_none());
    assert!(driver.harness.query_by_label("measuring the contrast of xy").is_none());
    late.arrive();
    driver.wait("the chunks", |state| state.pending_chunks == 0);
    assert!(driver.state().display.own_contrast.all(|own| own.is_none()), "nobody wanted it any more");
}

#[test]
fn a_preview_and_a_start_that_take_long_are_told_and_broken_off() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("gala.zarr");
    let _never = Late::finest(&store);
    let mut driver = Driver::start(AppOptions { start: Start::Path(store), run_loader: true, ..AppOptions::default() });
    let is_soon = |since: Option<std::time::Instant>| {
        since.is_some_and(|since| since.elapsed() > std::time::Duration::from_millis(500))
    };
    driver.wait("the loader", |state| state.loader.phase == LoaderPhase::Running && state.loader.starting.is_none());
    driver.run(command::Command::ShowPane(PaneKind::Preview));
    driver.wait("the preview to take long", |state| is_soon(state.preview.asked_at));
    driver.settle();
    driver.harness.get_by_label("drawing the preview");
    driver.click("Cancel the preview");
    driver.settle();
    assert!(driver.state().preview.is_stopped && !driver.state().preview.is_busy());
    assert!(driver.harness.query_by_label("drawing the preview").is_none());
    driver.harness.get_by_label("Broken off. Redraw it (X), or change a setting.");
    driver.key(Modifiers::NONE, Key::X);
    driver.wait("it to be drawn again", |state| state.preview.is_busy() && !state.preview.is_stopped);
    // The loader before this one has to end first, and cannot: it reads what never comes.
    let edit = command::Command::SetParam { key: "loader.seed".to_owned(), value: Some(Value::Integer(7)) };
    driver.run(edit);
    driver.wait("the start to take long", |state| is_soon(state.loader.starting));
    driver.settle();
    driver.harness.get_by_label("starting the loader");
    driver.click("Cancel the start of the loader");
    driver.settle();
    assert_eq!(driver.state().loader.phase, LoaderPhase::Off);
    assert!(driver.harness.query_by_label("starting the loader").is_none());
    assert!(driver.state().session.open().is_some(), "the data stay");
}

#[test]
fn data_that_never_come_are_closed_and_others_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("gala.zarr");
    let _never = Late::finest(&store);
    let mut driver = Driver::start(AppOptions { start: Start::Path(store), run_loader: true, ..AppOptions::default() });
    driver.wait("the loader", |state| state.loader.phase == LoaderPhase::Running && state.pending_chunks > 0);
    driver.run(command::Command::Close);
    driver.settle();
    assert!(matches!(driver.state().session, Session::Empty));
    driver.run(command::Command::Open(Start::Path(data::root().join("gala.zarr"))));
    driver.wait("the slices, and batches", |state| {
        let is_shown = state.readout.as_ref().is_some_and(|readout| readout.raw.is_some());
        is_shown && state.pending_chunks == 0 && state.loader.stats.as_ref().is_some_and(|stats| stats.batches > 3)
    });
}

#[test]
fn a_store_that_goes_away_is_said_and_the_window_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("gala.zarr");
    data::copy("gala.zarr", &store);
    let options = AppOptions { start: Start::Path(store.clone()), run_loader: true, ..AppOptions::default() };
    let mut driver = Driver::start(options);
    driver.wait("some batches", |state| state.loader.stats.as_ref().is_some_and(|stats| stats.batches > 3));
    std::fs::remove_dir_all(&store).expect("it goes away");
    driver.run(command::Command::RestartLoader);
    driver.wheel("xy slice", -5.0, Modifiers::NONE);
    // What is gone reads as absent chunks, which are masked: the loader goes on, and says how much is missing.
    driver.wait("the loader to go on", |state| state.loader.stats.as_ref().is_some_and(|stats| stats.samples > 8));
    driver.settle();
    assert!(driver.state().session.open().is_some());
    driver.click("Light theme");
}
