//! A contrast for one view: from what that view shows, in that view alone.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use microtome::state::{Contrast, Histogram};
use microtome_core::geometry::{Axis, BoxNm, Zyx};
use microtome_core::volume::{ChunkCache, Volume, Voxel, read_region};
use microtome_core::with_buffer;
use microtome_tests::data;

use crate::driver::Driver;

/// The contrast of all voxels that the xz slice shows, read by the test itself.
fn of_xz(driver: &Driver) -> Contrast {
    let state = driver.state();
    let volume = Volume::open(&data::root().join("fib25.zarr/recon-1/em/fibsem-uint8")).expect("the volume opens");
    let level = state.readout.as_ref().expect("something is open").level.clone();
    let level = volume.levels().iter().position(|known| known.path == level).expect("a known level");
    let view = state.views.slice_view(Axis::Y);
    let [width, height] = view.viewport.map(f64::from);
    let seen = BoxNm::new(view.world_from_pixel([0.0, 0.0]), view.world_from_pixel([width, height]));
    let thick = BoxNm::new(seen.lo, seen.hi + Zyx::new(0.0, 1e-3, 0.0));
    let grid = volume.levels()[level].world_from_voxel;
    let whole = microtome_core::geometry::VoxelBox::of_shape(volume.levels()[level].shape);
    let roi = grid.voxel_box_covering(&thick).intersection(&whole);
    assert_eq!(roi.shape().y, 1);
    let stored = read_region(&volume, level, &roi, &ChunkCache::new(1 << 26)).expect("it is read");
    let values: Vec<f64> = with_buffer!(&stored, values => values.iter().map(|value| value.to_f64()).collect());
    Histogram::of_values(&values, volume.dtype()).and_then(|all| all.auto_contrast(0.0)).expect("values")
}

#[test]
fn one_view_has_the_contrast_of_what_it_shows_until_all_have_the_same() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), false);
    let common = driver.state().display.contrast;
    // Into a corner that is unlike the whole.
    for _ in 0..3 {
        driver.wheel("xz slice", 4.0, Modifiers::COMMAND);
    }
    driver.wait("the slices", |state| state.pending_chunks == 0);
    driver.key(Modifiers::SHIFT, Key::A);
    driver.wait("its contrast", |state| state.display.own_contrast.y.is_some());
    driver.settle();
    let display = driver.state().display.clone();
    let (own, expected) = (display.contrast_of(Axis::Y), of_xz(&driver));
    assert!((own.lo - expected.lo).abs() <= 2.0 && (own.hi - expected.hi).abs() <= 2.0, "{own:?} {expected:?}");
    assert!((own.lo - common.lo).abs() + (own.hi - common.hi).abs() > 8.0, "unlike the whole: {own:?} {common:?}");
    assert_eq!((display.contrast_of(Axis::Z), display.contrast_of(Axis::X)), (common, common));
    let chip = format!("own contrast {}–{}", own.lo, own.hi);
    assert_eq!(driver.harness.query_all_by_label(&chip).count(), 1, "{chip}");
    driver.click("View");
    driver.click("Contrast of views");
    driver.harness.get_by_label_contains("One contrast for all views").click();
    driver.settle();
    assert!(driver.state().display.own_contrast.all(|own| own.is_none()));
    assert!(driver.harness.query_by_label_contains("own contrast").is_none());
}
