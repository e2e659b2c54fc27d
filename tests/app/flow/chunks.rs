//! The chunk grid over the slices: what is there, what is not, and what cannot be read.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use microtome::state::ChunkStatus;
use microtome::{AppOptions, Start};
use microtome_core::geometry::Axis;
use microtome_tests::data;

use crate::driver::Driver;

#[test]
fn every_chunk_on_display_says_what_is_known_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("gala.zarr");
    data::copy("gala.zarr", &store);
    // The middle z slice meets the first layer of the finest level: 4 × 7 chunks of 32³ in 100 × 200 voxels.
    let level = store.join("recon-1/em/fibsem-uint8/s0/0");
    std::fs::remove_file(level.join("1/2")).expect("the chunk is there");
    std::fs::write(level.join("1/3"), b"no chunk").expect("written");
    let mut driver = Driver::start(AppOptions { start: Start::Path(store), ..AppOptions::default() });
    driver.wait("the chunks", |state| state.pending_chunks == 0 && state.gpu.textures > 0);
    assert_eq!(driver.state().chunk_grids[Axis::Z], None, "nobody asked for it");
    driver.key(Modifiers::NONE, Key::C);
    driver.wait("the grid", |state| {
        state.chunk_grids[Axis::Z].as_ref().is_some_and(|grid| grid.count(ChunkStatus::Wanted) == 0)
    });
    let grid = driver.state().chunk_grids[Axis::Z].clone().expect("it is shown");
    assert_eq!(grid.level, "s0");
    let counts = ChunkStatus::ALL.map(|status| grid.count(status));
    assert_eq!(counts, [26, 0, 1, 1], "cached, wanted, absent, failed");
    driver.harness.get_by_label_contains("s0 chunks: 26 cached, 1 absent, 1 failed");
    driver.key(Modifiers::NONE, Key::C);
    assert_eq!(driver.state().chunk_grids[Axis::Z], None);
}
