//! The box on display, written into a file from the window.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use microtome::state::State;
use microtome_core::volume::{ChunkCache, Volume, Voxel, read_region};
use microtome_core::with_buffer;
use microtome_tests::data;

use crate::driver::Driver;

fn fib25() -> Driver {
    Driver::open(data::root().join("fib25.zarr"), false)
}

fn said(state: &State, words: &str) -> bool {
    state.log.entries().any(|entry| entry.message.contains(words))
}

fn values(volume: &Volume, what: &microtome_core::write::Export) -> Vec<f64> {
    let read = read_region(volume, what.level, &what.voxels, &ChunkCache::new(1 << 24)).expect("a region");
    with_buffer!(&read, elements => elements.iter().map(|element| element.to_f64()).collect())
}

#[test]
fn what_the_slices_show_is_written_and_what_cannot_be_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let mut driver = fib25();
    for _ in 0..8 {
        driver.key(Modifiers::NONE, Key::Plus);
    }
    driver.key(Modifiers::COMMAND, Key::E);
    let name = driver.node("Export to");
    name.type_text(&folder.path().join("box.png").display().to_string());
    driver.settle();
    driver.harness.get_by_label_contains("must end in .npy, .tif or .zarr");
    driver.key(Modifiers::NONE, Key::Enter);
    assert!(driver.state().export.open && driver.state().export.running.is_none());
    driver.key(Modifiers::NONE, Key::Escape);
    assert!(!driver.state().export.open);

    driver.key(Modifiers::COMMAND, Key::E);
    let plan = driver.state().export_plan().unwrap();
    let shape = plan.what.voxels.shape();
    let whole = plan.volume.levels()[plan.what.level].shape;
    assert!(shape.product() < whole.product() / 2, "zoomed in: {shape} of {whole}");
    let path = folder.path().join("box.npy");
    driver.node("Export to").type_text(&path.display().to_string());
    driver.settle();
    driver.click("Export");
    driver.wait("the export", |state| said(state, "exported"));
    let read: ndarray::Array3<u8> = ndarray_npy::read_npy(&path).unwrap();
    assert_eq!(read.shape().iter().map(|n| *n as u64).collect::<Vec<_>>(), shape.to_array());
    assert!(read.iter().map(|v| f64::from(*v)).eq(values(&plan.volume, &plan.what)));

    // The same name again.
    driver.key(Modifiers::COMMAND, Key::E);
    driver.node("Export to").type_text(&path.display().to_string());
    driver.settle();
    driver.click("Export");
    driver.wait("the refusal", |state| said(state, "not exported: nothing was written"));
}
