//! The window on a loader that is not its own: attached, paused, gone, recorded and opened again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use microtome::command::Command;
use microtome::state::{LoaderPhase, Session, State, Thumbnail};
use microtome::{AppOptions, Start};
use microtome_core::loader::{Loader, LoaderConfig};
use microtome_tests::data;

use egui_kittest::kittest::Queryable as _;

use super::driver::Driver;

/// A loader whose batches somebody takes, until this is dropped.
struct Training {
    address: String,
    loader: Arc<Loader>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Training {
    fn start(telemetry: &str) -> Self {
        let config = format!(
            "[data]\npath = \"{}\"\n[input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n\
             [target.labels]\nshape = [16, 16, 16]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"ids\"\n\
             [loader]\nbatch_size = 4\nthreads = 1\nmemory = \"128 MiB\"\n\
             [telemetry]\nserve = \"127.0.0.1:0\"\n{telemetry}\n",
            data::root().join("fib25.zarr").display()
        );
        let config = LoaderConfig::from_toml(&config).expect("valid");
        let catalog = Arc::new(config.open_catalog().expect("opens"));
        let loader = Arc::new(Loader::new(catalog, config).expect("starts"));
        let address = loader.served_at().expect("serves").to_string();
        let stop = Arc::new(AtomicBool::new(false));
        let (its_loader, its_stop) = (Arc::clone(&loader), Arc::clone(&stop));
        let train = move || {
            while !its_stop.load(Ordering::Relaxed) {
                if its_loader.next_batch_timeout(Duration::from_millis(20)).is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        };
        let thread = std::thread::Builder::new().name("training".to_owned()).spawn(train).expect("a thread");
        Self { address, loader, stop, thread: Some(thread) }
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join).expect("once").expect("no panic");
    }
}

fn attached(training: &Training) -> Driver {
    let start = Start::Loader { address: training.address.clone(), token: None };
    let mut driver = Driver::start(AppOptions { start, ..AppOptions::default() });
    driver.wait("figures, spans and pictures", |state| {
        let has_figures = state.loader.stats.as_ref().is_some_and(|stats| stats.batches > 3);
        has_figures && state.timeline.recording().span_count() > 10 && state.loader.batch.is_some()
    });
    driver
}

fn picture(state: &State) -> Option<&Thumbnail> {
    state.loader.batch.as_ref()?.crops.first().map(|crop| &crop.raw)
}

#[test]
fn a_loader_elsewhere_is_shown_and_its_end_is_said() {
    let training = Training::start("");
    let mut driver = attached(&training);
    assert_eq!(driver.state().loader.phase, LoaderPhase::Running);
    let remote = driver.state().session.remote().expect("attached");
    assert!(remote.words().contains(&training.address));
    assert_eq!(remote.config.input, training.loader.config().input);
    let crop = picture(driver.state()).expect("pictured");
    assert_eq!(crop.size, [16, 16]);
    assert!(crop.rgba.chunks(4).any(|pixel| pixel[0] != crop.rgba[0]), "a picture of something");
    // Its configuration is shown, and cannot be changed; it may not be paused from here either.
    driver.run(Command::ShowPane(microtome::state::PaneKind::Tune));
    driver.settle();
    driver.harness.get_by_label_contains("batch_size = 4");
    driver.run(Command::PlayPause);
    driver.settle();
    assert!(!training.loader.is_paused() && driver.state().loader.phase == LoaderPhase::Running);
    drop(training);
    driver.wait("the end", |state| matches!(state.loader.phase, LoaderPhase::Failed(_)));
    assert!(matches!(driver.state().session, Session::Remote(_)), "what was seen stays");
}

#[test]
fn one_that_allows_it_is_paused_from_here() {
    let training = Training::start("allow_tuning = true");
    let mut driver = attached(&training);
    driver.run(Command::PlayPause);
    driver.wait("the pause", |_| training.loader.is_paused());
    driver.wait("the loader to say so", |state| state.loader.phase == LoaderPhase::Paused);
    driver.run(Command::PlayPause);
    driver.wait("the loader to go on", |_| !training.loader.is_paused());
}

#[test]
fn nobody_there_is_said_and_can_be_tried_again() {
    let training = Training::start("");
    let address = training.address.clone();
    drop(training);
    let start = Start::Loader { address: address.clone(), token: None };
    let mut driver = Driver::start(AppOptions { start: start.clone(), ..AppOptions::default() });
    driver.wait("the failure", |state| matches!(state.session, Session::Failed { .. }));
    let Session::Failed { message, .. } = &driver.state().session else { unreachable!() };
    assert!(message.contains("cannot connect") && message.contains(&address), "{message}");
    driver.click("Try again");
    assert_eq!(driver.state().asked, start);
    driver.wait("the failure again", |state| matches!(state.session, Session::Failed { .. }));
}

#[test]
fn a_loader_is_recorded_and_the_recording_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("run.microtome");
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    driver.palette("Record into a file");
    driver.settle();
    driver.node("Path").type_text(&file.display().to_string());
    driver.settle();
    driver.click("Record");
    driver.wait("the recording to begin", |state| state.attach.recording.is_some());
    let begun = driver.state().loader.stats.as_ref().map_or(0, |stats| stats.batches);
    let mut frames = 0;
    driver.wait("some batches", |state| {
        frames += 1;
        frames > 150 && state.loader.stats.as_ref().is_some_and(|stats| stats.batches > begun + 5)
    });
    driver.palette("Stop recording");
    driver.wait("the recording to end", |state| state.attach.recording.is_none());
    driver.run(Command::Open(Start::from_path(file)));
    driver.wait("the recording", |state| {
        matches!(state.session, Session::Remote(_)) && state.loader.stats.is_some() && picture(state).is_some()
    });
    let state = driver.state();
    assert_eq!(state.loader.phase, LoaderPhase::Off);
    assert!(state.history.observations().len() > 3 && state.timeline.recording().span_count() > 10);
    let complaints: Vec<_> = state.log.entries().map(|entry| entry.message.clone()).collect();
    assert!(!complaints.iter().any(|words| words.contains("not whole")), "{complaints:?}");
}

#[test]
fn a_loader_is_found_in_the_window_and_attached_to() {
    let training = Training::start("");
    let mut driver = Driver::start(AppOptions::default());
    driver.palette("Attach to a loader");
    driver.wait("somebody to look", |state| state.attach.found.is_some());
    driver.settle();
    // Where the system has no place for notices the field remains.
    driver.node("Address of a loader").type_text(&training.address);
    driver.settle();
    driver.press("Attach");
    driver.wait("figures", |state| state.loader.stats.is_some());
    assert!(!driver.state().attach.open);
}
