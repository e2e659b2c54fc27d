//! The chunk grid over the slices: what is there, what is not, and what cannot be read.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;
use microtome::state::{ChunkStatus, CropView, LoaderPhase};
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
        state.chunk_grids[Axis::Z]
            .as_ref()
            .is_some_and(|grid| grid.count(ChunkStatus::Queued) + grid.count(ChunkStatus::Decoding) == 0)
    });
    let grid = driver.state().chunk_grids[Axis::Z].clone().expect("it is shown");
    assert_eq!(grid.level, "s0");
    let counts = ChunkStatus::ALL.map(|status| grid.count(status));
    assert_eq!(counts, [26, 0, 0, 1, 1], "cached, decoding, queued, absent, failed");
    driver.harness.get_by_label_contains("s0 chunks: 26 cached, 1 absent, 1 failed");
    driver.key(Modifiers::NONE, Key::C);
    assert_eq!(driver.state().chunk_grids[Axis::Z], None);
}

#[test]
fn the_grid_says_what_the_samples_of_the_last_batch_take() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = data::root().join("fib25.zarr").display().to_string();
    let text = format!(
        "[data]\npath = {path:?}\n[input.raw]\nshape = [20, 24, 28]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"f32\"\n\
         [loader]\nbatch_size = 6\nmemory = \"256 MiB\"\nthreads = 1\n"
    );
    let file = folder.path().join("train.toml");
    std::fs::write(&file, text).expect("written");
    let mut driver =
        Driver::start(AppOptions { start: Start::Config(file), run_loader: true, ..AppOptions::default() });
    driver.wait("a batch", |state| state.loader.batch.is_some() && state.pending_chunks == 0);
    driver.key(Modifiers::NONE, Key::Space);
    driver.wait("quiet", |state| state.loader.phase == LoaderPhase::Paused);
    driver.key(Modifiers::NONE, Key::C);
    driver.wait("the figures", |state| {
        state.chunk_grids[Axis::Z].as_ref().is_some_and(|grid| grid.level == "s0" && grid.reading.is_some())
    });
    driver.settle();
    let state = driver.state();
    let batch = state.loader.batch.clone().expect("there");
    let reading = state.chunk_grids[Axis::Z].as_ref().and_then(|grid| grid.reading.clone()).expect("there");
    // What the loader itself says that it touched.
    let touched: usize = batch.crops.iter().map(|crop| crop.provenance.sources[0].chunks).sum();
    let level = &state.session.open().expect("open").dataset().expect("one").raw.levels()[0];
    let patches = 6 * 20 * 24 * 28;
    assert_eq!((reading.crops, reading.patch_bytes), (6, patches));
    assert_eq!(reading.decoded_bytes, touched as u64 * level.chunk_shape.product());
    assert_eq!(reading.counts.values().sum::<u32>() as usize, touched);
    // In each slice, the chunks that it meets.
    for grid in state.chunk_grids.clone().to_array().into_iter().flatten() {
        for ((target, _), reads) in grid.chunks.iter().zip(&grid.reads) {
            let meets = |crop: &&CropView| {
                let of = crop.provenance.world_box;
                Axis::ALL
                    .iter()
                    .all(|axis| of.lo[*axis].max(target.lo[*axis]) + 1e-6 < of.hi[*axis].min(target.hi[*axis]))
            };
            assert_eq!(*reads as usize, batch.crops.iter().filter(meets).count(), "{target:?}");
        }
    }
    let times = touched as f64 * level.chunk_shape.product() as f64 / patches as f64;
    driver.harness.get_by_label_contains(&format!("the last batch decodes {times:.1} × its samples"));
}
