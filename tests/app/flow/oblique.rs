//! Oblique slices: turned by dragging and by keys about the cursor, read out and drawn from the voxels that they cut.

use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable;
use microtome_core::geometry::{Axis, VoxelBox, Zyx};
use microtome_core::volume::{ChunkCache, Volume, Voxel};
use microtome_core::with_buffer;
use microtome_render::dot;
use microtome_tests::data;

use crate::driver::Driver;

fn fib25() -> Driver {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), false);
    // Every voxel a patch of its own grey.
    driver.key(Modifiers::NONE, Key::L);
    driver.key(Modifiers::NONE, Key::I);
    driver.key(Modifiers::NONE, Key::B);
    driver
}

fn loaded(driver: &mut Driver) {
    driver.wait("the slices", |state| state.pending_chunks == 0);
    driver.settle();
}

/// Drags across a widget with Ctrl held.
fn turn(driver: &mut Driver, label: &str, by: egui::Vec2) {
    let from = driver.node(label).rect().center() + vec2(20.0, 30.0);
    driver.harness.event_modifiers(egui::Event::PointerMoved(from), Modifiers::COMMAND);
    let press = |pressed, pos| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::COMMAND,
    };
    driver.harness.event_modifiers(press(true, from), Modifiers::COMMAND);
    driver.harness.step();
    for part in 1..=4 {
        let at = from + by * (part as f32 / 4.0);
        driver.harness.event_modifiers(egui::Event::PointerMoved(at), Modifiers::COMMAND);
        driver.harness.step();
    }
    driver.harness.event_modifiers(press(false, from + by), Modifiers::COMMAND);
    driver.settle();
}

#[test]
fn what_a_turned_slice_draws_and_reads_out_is_what_is_stored_there() {
    let mut driver = fib25();
    let cursor = driver.state().views.cursor_nm;
    turn(&mut driver, "xy slice", vec2(90.0, 50.0));
    loaded(&mut driver);
    let views = driver.state().views.clone();
    assert_eq!(views.cursor_nm, cursor);
    let basis = views.turned[Axis::Z].expect("turned");
    assert!((20.0..60.0).contains(&basis.degrees_from(Axis::Z)), "{}", basis.degrees_from(Axis::Z));
    assert!(views.turned.y.is_none() && views.turned.x.is_none(), "only the one that was dragged");
    driver.harness.get_by_label_contains("away from z");

    let volume = Volume::open(&data::root().join("fib25.zarr/recon-1/em/fibsem-uint8")).expect("the volume opens");
    let rect = driver.node("xy slice").rect();
    let contrast = driver.state().display.contrast;
    let mut depths = Vec::new();
    for (right, down) in [(61, 37), (-58, 22), (-40, -49), (70, -31), (12, 55)] {
        // The middle of a pixel.
        let at = rect.center().floor() + vec2(right as f32 + 0.5, down as f32 + 0.5);
        driver.harness.hover_at(at);
        driver.settle();
        driver.wait("the voxel", |state| state.readout.as_ref().is_some_and(|readout| readout.raw.is_some()));
        let readout = driver.state().readout.clone().expect("something is there");
        let height = dot(readout.world_nm - cursor, basis.normal(Axis::Z));
        assert!(height.abs() < 1e-6, "in the plane through the cursor: {height}");
        let level = volume.levels().iter().position(|level| level.path == readout.level).expect("a known level");
        let voxel = volume.levels()[level].world_from_voxel.voxel_containing(readout.world_nm);
        let roi = VoxelBox::new(voxel, voxel + Zyx::splat(1));
        let stored = volume.read_box(level, &roi, &ChunkCache::new(0)).expect("it is read");
        let stored = with_buffer!(&stored, values => values[0].to_f64());
        assert_eq!(readout.raw, Some(stored));
        driver.harness.remove_cursor();
        driver.settle();
        let image = driver.harness.render().expect("the frame is drawn");
        let [r, g, b, _] = image.get_pixel(at.x as u32, at.y as u32).0;
        let grey = ((stored - contrast.lo) / (contrast.hi - contrast.lo)).clamp(0.0, 1.0) * 255.0;
        assert!(r == g && g == b && (f64::from(r) - grey).abs() <= 1.5, "{r} {g} {b} for {grey} at {voxel}");
        depths.push(voxel.z);
    }
    depths.sort_unstable();
    depths.dedup();
    assert!(depths.len() == 5, "through the depth: {depths:?}");
}

#[test]
fn keys_turn_by_15_degrees_and_one_straightens() {
    let mut driver = fib25();
    driver.wheel("xz slice", 0.0, Modifiers::NONE);
    driver.key(Modifiers::SHIFT, Key::ArrowRight);
    driver.key(Modifiers::SHIFT, Key::ArrowRight);
    driver.node("turned 30° away from y");
    driver.key(Modifiers::SHIFT, Key::ArrowLeft);
    driver.node("turned 15° away from y");
    // The next slice is the next along the plane's own normal.
    let before = driver.state().views.cursor_nm;
    driver.key(Modifiers::NONE, Key::Period);
    let views = &driver.state().views;
    let moved = views.cursor_nm - before;
    let normal = views.turned.y.expect("turned").normal(Axis::Y);
    assert!((dot(moved, normal) - 10.0).abs() < 1e-6 && (dot(moved, moved) - 100.0).abs() < 1e-6, "{moved}");
    driver.key(Modifiers::SHIFT, Key::ArrowDown);
    driver.key(Modifiers::SHIFT, Key::R);
    assert!(driver.state().views.turned.all(|turned| turned.is_none()));
    assert!(driver.harness.query_by_label_contains("away from y").is_none());
}

#[test]
fn a_turned_slice_zooms_about_the_pointer_and_pans_with_it() {
    let mut driver = fib25();
    turn(&mut driver, "yz slice", vec2(-70.0, 40.0));
    driver.wheel("yz slice", 0.0, Modifiers::NONE);
    let under = driver.state().views.hover_nm.expect("over a slice");
    driver.wheel("yz slice", 3.0, Modifiers::COMMAND);
    let now = driver.state().views.hover_nm.expect("still over it");
    assert!((now - under).all(|off| off.abs() < 1e-6), "{under} {now}");
    let from = driver.node("yz slice").rect().center() + vec2(37.0, -21.0);
    driver.harness.drag_at(from);
    driver.harness.step();
    driver.harness.hover_at(from + vec2(-33.0, 12.0));
    driver.harness.step();
    driver.harness.drop_at(from + vec2(-33.0, 12.0));
    driver.harness.hover_at(from + vec2(-33.0, 12.0));
    driver.settle();
    let now = driver.state().views.hover_nm.expect("still over it");
    assert!((now - under).all(|off| off.abs() < 1e-6), "{under} {now}");
}
