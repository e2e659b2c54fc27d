//! The linked slices: readout, wheel, zoom, click, labels, palette.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use microtome::ThemeName;
use microtome_core::geometry::{VoxelBox, Zyx};
use microtome_core::volume::{ChunkCache, Volume};
use microtome_core::with_buffer;
use microtome_tests::data;

use crate::driver::Driver;

fn fib25() -> Driver {
    Driver::open(data::root().join("fib25.zarr"), false)
}

#[test]
fn the_readout_is_what_is_stored() {
    let driver = fib25();
    let readout = driver.state().readout.clone().expect("something is open");
    let voxel = readout.voxel.expect("the cursor is inside").map(|v| v as i64);
    let volume = Volume::open(&data::root().join("fib25.zarr/recon-1/em/fibsem-uint8")).expect("the volume opens");
    let level = volume.levels().iter().position(|level| level.path == readout.level).expect("a known level");
    let roi = VoxelBox::new(voxel, voxel + Zyx::splat(1));
    let stored = volume.read_box(level, &roi, &ChunkCache::new(0)).expect("the voxel is read");
    let stored = with_buffer!(&stored, values => microtome_core::volume::Voxel::to_f64(values[0]));
    assert_eq!(readout.raw, Some(stored));
}

#[test]
fn the_wheel_moves_slices_and_shift_makes_ten() {
    let mut driver = fib25();
    let before = driver.state().views.cursor_nm;
    driver.wheel("xy slice", -1.0, Modifiers::NONE);
    let one = driver.state().views.cursor_nm;
    assert_eq!((one - before).to_array(), [10.0, 0.0, 0.0]);
    driver.wheel("xz slice", 1.0, Modifiers::SHIFT);
    assert_eq!((driver.state().views.cursor_nm - one).to_array(), [0.0, -100.0, 0.0]);
    driver.key(Modifiers::NONE, Key::Period);
    assert_eq!((driver.state().views.cursor_nm - one).to_array(), [0.0, -90.0, 0.0], "keys act on the hovered slice");
}

#[test]
fn zoom_keeps_what_is_under_the_pointer() {
    let mut driver = fib25();
    driver.wheel("yz slice", 0.0, Modifiers::NONE);
    let (scale, under) = (driver.state().views.nm_per_point, driver.state().views.hover_nm.expect("over a slice"));
    driver.wheel("yz slice", 2.0, Modifiers::COMMAND);
    let state = driver.state();
    assert!(state.views.nm_per_point < scale * 0.99, "{} {scale}", state.views.nm_per_point);
    let now = state.views.hover_nm.expect("still over it");
    assert!((now - under).all(|d| d.abs() < 1e-6 * scale), "{under:?} {now:?}");
}

#[test]
fn a_click_moves_the_shared_cursor() {
    let mut driver = fib25();
    let rect = driver.node("xy slice").rect();
    driver.harness.hover_at(rect.center() + egui::vec2(30.0, 12.0));
    driver.settle();
    let at = driver.state().views.hover_nm.expect("over a slice");
    driver.harness.drag_at(rect.center() + egui::vec2(30.0, 12.0));
    driver.harness.drop_at(rect.center() + egui::vec2(30.0, 12.0));
    driver.settle();
    let cursor = driver.state().views.cursor_nm;
    assert!((cursor.y - at.y).abs() < 1e-6 && (cursor.x - at.x).abs() < 1e-6, "{cursor:?} {at:?}");
}

#[test]
fn labels_go_and_come_back() {
    let mut driver = fib25();
    assert!(driver.state().visible_layers().count() == 3);
    driver.key(Modifiers::NONE, Key::L);
    assert_eq!(driver.state().visible_layers().count(), 1);
    driver.key(Modifiers::NONE, Key::L);
    driver.click("Show cell of crop2");
    assert_eq!(driver.state().visible_layers().count(), 2);
}

#[test]
fn the_palette_finds_and_runs_a_command() {
    let mut driver = fib25();
    driver.key(Modifiers::COMMAND, Key::P);
    driver.node("Find a command").type_text("light");
    driver.settle();
    driver.key(Modifiers::NONE, Key::Enter);
    assert!(!driver.state().palette_open);
    assert_eq!(driver.state().theme, ThemeName::Light);
}

#[test]
fn the_image_is_drawn_where_the_slice_is() {
    let mut driver = fib25();
    driver.key(Modifiers::NONE, Key::L);
    let rect = driver.harness.get_by_label("xy slice").rect();
    let image = driver.harness.render().expect("the frame is drawn");
    let mut greys = std::collections::HashSet::new();
    for step in -40..40 {
        let at = rect.center() + egui::vec2(f32::from(i16::try_from(step).expect("small")), 17.0);
        let [r, g, b, _] = image.get_pixel(at.x as u32, at.y as u32).0;
        if r == g && g == b {
            greys.insert(r);
        }
    }
    assert!(greys.len() > 20, "only {} greys in a row of the micrograph", greys.len());
}
