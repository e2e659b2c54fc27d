//! A window in which nothing happens asks for no frame.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use egui::{Key, Modifiers};
use microtome::command::Command;
use microtome::state::{LoaderPhase, Preset};
use microtome_tests::data;

use crate::driver::Driver;

/// Frames in a row that are watched, and frames within which that must begin.
const WATCHED: usize = 25;
const PATIENCE: usize = 600;

/// Goes on until so many frames in a row asked for no other, in them and from any thread between them.
fn comes_to_rest(driver: &mut Driver, what: &str) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    driver.harness.ctx.set_request_repaint_callback(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let mut still = 0;
    for _ in 0..PATIENCE {
        asked.store(0, Ordering::Relaxed);
        driver.harness.step();
        // Lets the background threads ask; what counts are frames.
        std::thread::sleep(std::time::Duration::from_millis(20));
        still = if asked.load(Ordering::Relaxed) == 0 { still + 1 } else { 0 };
        if still == WATCHED {
            return;
        }
    }
    let causes: Vec<_> = driver.harness.ctx.repaint_causes().iter().map(ToString::to_string).collect();
    panic!("{what}: frame after frame is asked for: {causes:?}");
}

#[test]
fn a_window_in_which_nothing_happens_asks_for_no_frame() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), false);
    for preset in Preset::ALL {
        driver.run(Command::SetLayout(preset));
        comes_to_rest(&mut driver, &format!("the loader is off, {preset:?}"));
    }
    driver.run(Command::SetLayout(Preset::Explore));
    driver.settle();
    driver.key(Modifiers::NONE, Key::N);
    driver.wait("what the network sees", |state| state.pending_chunks == 0);
    driver.key(Modifiers::NONE, Key::C);
    driver.harness.hover_at(driver.node("xy slice").rect().center());
    comes_to_rest(&mut driver, "the pointer rests on a slice");
}

#[test]
fn a_loader_that_is_paused_asks_for_no_frame() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    driver.wait("a batch", |state| state.loader.batch.is_some());
    driver.key(Modifiers::NONE, Key::Space);
    driver.wait("the pause", |state| state.loader.phase == LoaderPhase::Paused);
    for preset in [Preset::Tune, Preset::Diagnose, Preset::Explore] {
        driver.run(Command::SetLayout(preset));
        comes_to_rest(&mut driver, &format!("paused, {preset:?}"));
    }
}
