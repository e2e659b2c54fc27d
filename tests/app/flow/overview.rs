//! The 3-D overview: orbit, zoom, reset, and flying to a box that is clicked.

use egui::{Key, Modifiers, Pos2, Rect, vec2};
use egui_kittest::kittest::Queryable;
use microtome::state::orbit::{Orbit, Projection, corners_of_box, corners_of_patch};
use microtome::state::{PaneKind, Preset, State};
use microtome_core::geometry::Zyx;
use microtome_tests::data;

use crate::driver::Driver;

fn rect(driver: &Driver) -> Rect {
    driver.harness.get_by_label_contains("3-D overview").rect()
}

fn hover(driver: &mut Driver) {
    let at = rect(driver).left_top() + vec2(3.0, 3.0);
    driver.harness.hover_at(at);
    driver.settle();
}

fn projection(state: &State, rect: Rect) -> Projection {
    let bounds = state.session.open().and_then(|data| data.bounds()).expect("something is open");
    Projection::new(&state.views.orbit, &bounds, [rect.width(), rect.height()].map(f64::from))
}

fn point(state: &State, rect: Rect, world_nm: Zyx<f64>) -> Pos2 {
    let [right, down] = projection(state, rect).point(world_nm);
    rect.min + vec2(right as f32, down as f32)
}

fn press(driver: &mut Driver, at: Pos2) {
    driver.harness.hover_at(at);
    driver.settle();
    driver.harness.drag_at(at);
    driver.harness.drop_at(at);
    driver.settle();
}

#[test]
fn a_drag_turns_and_r_brings_it_back() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), false);
    let from = rect(&driver).center();
    driver.harness.hover_at(from);
    driver.settle();
    driver.harness.drag_at(from);
    driver.settle();
    driver.harness.hover_at(from + vec2(50.0, 20.0));
    driver.settle();
    driver.harness.drop_at(from + vec2(50.0, 20.0));
    driver.settle();
    let turned = driver.state().views.orbit;
    let start = Orbit::default();
    assert!(turned.yaw_degrees < start.yaw_degrees - 5.0 && turned.pitch_degrees > start.pitch_degrees + 2.0);
    let slices = driver.state().views.nm_per_point;
    driver.key(Modifiers::NONE, Key::Plus);
    assert!(driver.state().views.orbit.zoom > 1.0);
    driver.key(Modifiers::NONE, Key::R);
    assert_eq!(driver.state().views.orbit, start);
    assert_eq!(driver.state().views.nm_per_point, slices, "the slices stay as they were");
}

#[test]
fn arrows_turn_the_overview_only_while_it_is_active() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), false);
    hover(&mut driver);
    let center = driver.state().views.center_nm;
    driver.key(Modifiers::NONE, Key::ArrowRight);
    let turned = driver.state().views.orbit;
    assert!(turned != Orbit::default() && driver.state().views.center_nm == center);
    driver.harness.hover_at(driver.node("xy slice").rect().center());
    driver.settle();
    driver.key(Modifiers::COMMAND, Key::Plus);
    driver.key(Modifiers::NONE, Key::ArrowRight);
    assert_eq!(driver.state().views.orbit, turned);
}

#[test]
fn the_wheel_with_ctrl_zooms_about_the_pointer() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), false);
    let label = driver.harness.get_by_label_contains("3-D overview");
    let label = egui_kittest::kittest::NodeT::accesskit_node(&label).label().expect("it is labelled");
    driver.wheel(&label, 3.0, Modifiers::COMMAND);
    let orbit = driver.state().views.orbit;
    assert!(orbit.zoom > 1.05 && orbit.shift_points != [0.0; 2], "{orbit:?}");
}

#[test]
fn a_label_crop_that_is_clicked_is_flown_to() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), false);
    let bounds = driver.state().session.open().and_then(|data| data.dataset()).expect("open").crops[1].bounds;
    let boxes: Vec<_> =
        driver.state().session.open().and_then(|data| data.dataset()).expect("open").crops.iter().collect();
    let corners: Vec<_> = boxes.iter().map(|crop| corners_of_box(&crop.bounds)).collect();
    let rect = rect(&driver);
    let at = point(driver.state(), rect, bounds.center_nm());
    let hit = projection(driver.state(), rect).pick([at - rect.min].map(|v| [v.x, v.y].map(f64::from))[0], &corners);
    assert_eq!(hit, Some(1), "the second crop is not behind the first one");
    press(&mut driver, at);
    let views = &driver.state().views;
    assert!(bounds.contains(views.cursor_nm), "{bounds:?} {:?}", views.cursor_nm);
    assert_eq!(views.center_nm, bounds.center_nm());
}

#[test]
fn a_sample_that_is_clicked_is_picked_as_in_the_crops_pane() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    driver.wait("a batch", |state| state.loader.batch.is_some());
    driver.key(Modifiers::NONE, Key::Space);
    let mut last = None;
    // What was on its way when the loader was paused still arrives.
    for _ in 0..60 {
        last = driver.state().loader.batch.as_ref().map(|batch| batch.number);
        driver.settle();
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let rect = rect(&driver);
    let batch = driver.state().loader.batch.clone().expect("a batch");
    assert_eq!(last, Some(batch.number), "a paused loader hands over nothing");
    let at = point(driver.state(), rect, batch.crops[1].provenance.grid.center_nm);
    press(&mut driver, at);
    let picked = driver.state().display.selected_crop.expect("a sample is picked");
    let corners = [corners_of_patch(&batch.crops[picked].provenance.grid)];
    let hit = projection(driver.state(), rect).pick([at.x - rect.min.x, at.y - rect.min.y].map(f64::from), &corners);
    assert_eq!(hit, Some(0), "it is one under the pointer");
    assert_eq!(driver.state().display.selected, Some(batch.crops[picked].provenance.world_box));
}

#[test]
fn four_maximises_the_overview_and_layouts_are_chosen_and_remembered() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = || microtome::AppOptions {
        start: microtome::Start::Path(data::root().join("fib25.zarr")),
        settings_dir: Some(folder.path().to_path_buf()),
        ..microtome::AppOptions::default()
    };
    {
        let mut driver = Driver::start(options());
        driver.wait("the dataset", |state| state.session.open().is_some());
        driver.settle();
        let small = rect(&driver).width();
        driver.key(Modifiers::NONE, Key::Num4);
        assert_eq!(driver.state().maximised, Some(PaneKind::Overview));
        assert!(rect(&driver).width() > small * 1.5);
        driver.key(Modifiers::COMMAND, Key::P);
        driver.node("Find a command").type_text("diagnose");
        driver.settle();
        driver.key(Modifiers::NONE, Key::Enter);
        assert_eq!((driver.state().preset, driver.state().maximised), (Preset::Diagnose, None));
        driver.settle();
        assert!(driver.harness.query_by_label("xy slice").is_none(), "the views are behind the crops");
        driver.node("Hold");
    }
    let mut driver = Driver::start(options());
    assert_eq!(driver.state().preset, Preset::Diagnose);
    driver.wait("the dataset", |state| state.session.open().is_some());
    driver.settle();
    driver.node("Hold");
    driver.click("View");
    driver.click("Layout: Tune");
    driver.settle();
    driver.node("xy slice");
}
