//! The slice as a picture, on the software rasteriser: a phantom with its labels, cursor and scale bar.
//! `UPDATE_SNAPSHOTS=true` accepts what is drawn now: look at it first.

use egui_kittest::{SnapshotOptions, image_snapshot_options};
use microtome_core::geometry::Zyx;
use microtome_core::phantom::{self, PhantomSpec};

use crate::driver::Driver;

#[test]
fn the_xy_slice_looks_as_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cell");
    let spec = PhantomSpec { shape: Zyx::splat(96), ..PhantomSpec::default() };
    phantom::write(&path, &spec, |_| {}).expect("the phantom is written");
    let mut driver = Driver::open(path, false);
    driver.settle();
    let rect = driver.node("xy slice").rect();
    let window = driver.harness.render().expect("the frame is drawn");
    let [x, y, width, height] = [rect.left(), rect.top(), rect.width(), rect.height()].map(|v| v.round() as u32);
    let slice = image::imageops::crop_imm(&window, x, y, width, height).to_image();
    image_snapshot_options(&slice, "slice-xy", &SnapshotOptions::new().output_path("app/snapshots"));
}
