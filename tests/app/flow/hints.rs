//! First steps: one hint at a time, until it is read; remembered.

use egui_kittest::kittest::Queryable;
use microtome::state::{Hint, Hints, LoaderPhase};
use microtome::{AppOptions, Start};
use microtome_tests::data;

use crate::driver::Driver;

#[test]
fn hints_come_one_by_one_when_they_help_and_are_remembered() {
    let folder = tempfile::tempdir().expect("a folder");
    let options =
        |start| AppOptions { start, settings_dir: Some(folder.path().to_path_buf()), ..AppOptions::default() };
    let gala = || Start::Path(data::root().join("gala.zarr"));
    assert_eq!(Hints::next(Driver::start(options(Start::Empty)).state()), None, "nothing is open");
    {
        let mut driver = Driver::start(options(gala()));
        driver.wait("the dataset", |state| state.session.open().is_some());
        driver.settle();
        driver.harness.get_by_label(Hint::Move.words());
        driver.click("Got it");
        driver.harness.get_by_label(Hint::RunLoader.words());
        driver.key(egui::Modifiers::NONE, egui::Key::Space);
        driver.wait("the loader", |state| state.loader.phase == LoaderPhase::Running);
        driver.settle();
        assert_eq!(Hints::next(driver.state()), Some(Hint::Tune), "what was done needs no hint");
        driver.click("Show me Tune");
        assert_eq!(driver.state().preset, microtome::state::Preset::Tune);
        assert_eq!(Hints::next(driver.state()), Some(Hint::Diagnose));
    }
    let mut driver = Driver::start(options(gala()));
    driver.wait("the dataset", |state| state.session.open().is_some());
    driver.settle();
    assert!(
        driver.state().hints.seen.contains(&Hint::Tune) && driver.harness.query_by_label(Hint::Move.words()).is_none()
    );
    driver.click("No hints");
    assert_eq!(Hints::next(driver.state()), None);
    driver.palette("hints for first steps");
    driver.settle();
    assert_eq!(Hints::next(driver.state()), Some(Hint::Move));
}
