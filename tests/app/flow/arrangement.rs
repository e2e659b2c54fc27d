//! One view, two halves of one, two datasets: what is there, what each shows, and that they move together.

use egui::{Modifiers, Pos2, vec2};
use egui_kittest::kittest::Queryable;
use microtome::state::{Arrangement, LayerKind, Side, State};
use microtome::{AppOptions, Start};
use microtome_core::geometry::{Axis, VoxelBox, Zyx};
use microtome_core::volume::{ChunkCache, Volume, Voxel};
use microtome_core::with_buffer;
use microtome_tests::data;

use crate::driver::Driver;

const INPUT: &str = "[input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [20, 20, 20]\nencoding = \"f32\"\n";

/// Chooses from the View menu's part about views.
fn choose(driver: &mut Driver, item: &str) {
    driver.click("View");
    driver.click("Views");
    driver.harness.get_by_label_contains(item).click();
    driver.settle();
    driver.wait("the slices", |state| state.pending_chunks == 0);
    driver.settle();
}

fn is_there(driver: &Driver, label: &str) -> bool {
    driver.harness.query_by_label(label).is_some()
}

fn pixel(image: &image::RgbaImage, at: Pos2) -> [u8; 3] {
    let [r, g, b, _] = image.get_pixel(at.x as u32, at.y as u32).0;
    [r, g, b]
}

#[test]
fn one_view_takes_the_room_of_four_and_gives_it_back() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), false);
    let (before, data) = (driver.node("xy slice").rect(), driver.node("Find in the data").rect());
    driver.wheel("yz slice", 0.0, Modifiers::NONE);
    choose(&mut driver, "One view");
    assert!(!is_there(&driver, "xy slice") && !is_there(&driver, "xz slice"));
    let alone = driver.node("yz slice").rect();
    assert!(alone.area() > 3.5 * before.area(), "{alone} {before}");
    assert_eq!(driver.node("Find in the data").rect(), data, "the other panes stay");
    // Another one in its place, and all four again.
    driver.run(microtome::command::Command::ShowPane(microtome::panes::PaneKind::SliceXz));
    driver.settle();
    assert!(is_there(&driver, "xz slice") && !is_there(&driver, "yz slice"));
    choose(&mut driver, "Four views");
    assert_eq!(driver.node("xy slice").rect(), before);
}

#[test]
fn the_em_is_beside_the_em_with_its_labels_and_both_move_together() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), false);
    driver.wheel("xy slice", 0.0, Modifiers::NONE);
    choose(&mut driver, "EM beside EM with labels");
    let (left, right) = (driver.node("xy slice").rect(), driver.node("xy slice: EM with labels").rect());
    assert!((left.size() - right.size()).length() < 0.5 && left.right() < right.left());
    assert!(!is_there(&driver, "xz slice"));
    let kinds = |state: &State, side| state.layers_in(Axis::Z, side).iter().map(|layer| layer.kind).collect::<Vec<_>>();
    assert_eq!(kinds(driver.state(), Side::Left), [LayerKind::Raw]);
    assert!(kinds(driver.state(), Side::Right).len() > 1);

    // The same point of both: grey, and the same grey under a colour.
    let image = driver.harness.render().expect("the frame is drawn");
    let offsets = (-30..30).map(|step| vec2(3.0 * step as f32, 31.0));
    let pairs = offsets.map(|by| [left, right].map(|half| pixel(&image, half.center() + by)));
    let is_grey = |[r, g, b]: [u8; 3]| r == g && g == b;
    let colored = pairs.clone().filter(|[bare, labelled]| is_grey(*bare) && !is_grey(*labelled)).count();
    assert!(colored > 20, "{:?}", pairs.collect::<Vec<_>>());

    // The pointer in the right half is where it is in the left one, and zooms both.
    let by = vec2(40.0, -25.0);
    driver.harness.hover_at(left.center() + by);
    driver.settle();
    let at_left = driver.state().views.hover_nm;
    driver.harness.hover_at(right.center() + by);
    driver.settle();
    assert_eq!((driver.state().views.hover_nm, driver.state().views.hover_side), (at_left, Side::Right));
    let scale = driver.state().views.nm_per_point;
    driver.wheel("xy slice: EM with labels", 2.0, Modifiers::COMMAND);
    assert!(driver.state().views.nm_per_point < scale * 0.99);
    // What is read out is of both.
    driver.harness.hover_at(left.center() + by);
    driver.wait("the labels there", |state| state.readout.as_ref().is_some_and(|readout| !readout.labels.is_empty()));
}

#[test]
fn two_datasets_show_the_same_place_of_the_world() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = |name: &str| data::root().join(name).display().to_string();
    let text =
        format!("[[data.train]]\nraw = {:?}\n[[data.train]]\nraw = {:?}\n{INPUT}", raw("fib25.zarr"), raw("gala.zarr"));
    let file = folder.path().join("train.toml");
    std::fs::write(&file, text).expect("written");
    let mut driver = Driver::start(AppOptions { start: Start::Config(file), ..AppOptions::default() });
    driver.wait("the slices", |state| state.pending_chunks == 0 && state.readout.is_some());
    driver.wheel("xy slice", 0.0, Modifiers::NONE);
    choose(&mut driver, "Two datasets side by side");
    let (left, right) = (driver.node("xy slice").rect(), driver.node("xy slice: gala").rect());
    // A place that both have.
    driver.run(microtome::command::Command::MoveCursor(Zyx::splat(200.0)));
    driver.run(microtome::command::Command::Pan(Zyx::splat(-10_000.0)));
    driver.wait("the slices", |state| state.pending_chunks == 0);
    let at_nm = Zyx::new(0.0, 500.0, 400.0);
    for (half, name) in [(left, "fib25.zarr"), (right, "gala.zarr")] {
        let views = &driver.state().views;
        let off = (at_nm - views.center_nm) * (1.0 / views.nm_per_point);
        let at = half.center() + vec2(off.x as f32, off.y as f32);
        driver.harness.hover_at(at);
        driver.settle();
        driver.wait("the value", |state| state.readout.as_ref().is_some_and(|readout| readout.raw.is_some()));
        let readout = driver.state().readout.clone().expect("something is there");
        let volume = Volume::open(&data::root().join(name).join("recon-1/em/fibsem-uint8")).expect("opens");
        let level = volume.levels().iter().position(|level| level.path == readout.level).expect("a known level");
        let voxel = readout.voxel.expect("inside").map(|v| v as i64);
        assert_eq!(volume.levels()[level].world_from_voxel.voxel_containing(readout.world_nm), voxel, "{name}");
        let stored = volume.read_box(level, &VoxelBox::new(voxel, voxel + Zyx::splat(1)), &ChunkCache::new(0));
        let stored = with_buffer!(&stored.expect("it is read"), values => values[0].to_f64());
        assert_eq!(readout.raw, Some(stored), "{name}");
    }
    assert!(driver.state().display.beside_contrast.is_some(), "a contrast of its own");
    // What becomes the one in the slices leaves its place to the other.
    driver.run(microtome::command::Command::ShowDataset(1));
    driver.settle();
    assert_eq!((driver.state().dataset_in(Side::Left), driver.state().dataset_in(Side::Right)), (Some(1), Some(0)));
}

#[test]
fn one_dataset_has_none_beside_it_and_the_menu_says_so() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), false);
    driver.click("View");
    driver.click("Views");
    let at = driver.harness.get_by_label_contains("Two datasets side by side").rect().center();
    driver.harness.hover_at(at);
    driver.harness.run_steps(60);
    driver.harness.get_by_label_contains("There is one dataset");
    driver.click_at(at);
    assert_eq!(driver.state().views.arrangement, Arrangement::Four);
}
