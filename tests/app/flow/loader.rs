//! The loader in the window: runs, shows its batches, flies to them, pauses.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use microtome::state::LoaderPhase;
use microtome_tests::data;

use crate::driver::Driver;

#[test]
fn a_crop_that_is_clicked_is_flown_to() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    driver.wait("a batch and figures", |state| state.loader.batch.is_some() && state.loader.stats.is_some());
    assert!(!driver.state().loader.footprints.is_empty());
    driver.key(Modifiers::NONE, Key::Space);
    assert_eq!(driver.state().loader.phase, LoaderPhase::Paused);
    let numbers = |driver: &Driver| driver.state().loader.batch.as_ref().map(|batch| batch.number);
    driver.wait("the last batch", |state| state.loader.batch.is_some());
    // What was on its way when the loader was paused arrives within a few hundred milliseconds.
    let mut last = None;
    for _ in 0..40 {
        last = numbers(&driver);
        driver.settle();
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    driver.settle();
    assert_eq!(numbers(&driver), last, "a paused loader hands over nothing");
    let label = driver
        .harness
        .get_all_by_role(egui::Role::Button)
        .find_map(|node| node.accesskit_node().label().filter(|label| label.starts_with("crop 2: fib25")));
    driver.click(&label.expect("the second crop is labelled"));
    let state = driver.state();
    let place = &state.loader.batch.as_ref().expect("a batch").crops[1].provenance;
    assert!(place.world_box.contains(state.views.cursor_nm), "{:?} {:?}", place.world_box, state.views.cursor_nm);
    assert_eq!(state.display.selected, Some(place.world_box));
    driver.key(Modifiers::NONE, Key::Space);
    assert_eq!(driver.state().loader.phase, LoaderPhase::Running);
}
