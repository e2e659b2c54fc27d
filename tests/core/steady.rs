//! What the loader takes once it runs: no decode, no fetch, no large allocation for each batch; and to begin with: no more for
//! a petavoxel than for a cube of 500 voxels a side. Counted, not timed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test fail by panicking, as the test does"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use microtome_core::catalog::Catalog;
use microtome_core::geometry::Zyx;
use microtome_core::loader::{Loader, LoaderConfig};
use microtome_core::phantom::{PhantomSpec, write};
use microtome_core::telemetry::{Stage, Stats};
use serde_json::json;

/// What is at least as large counts as large: the arrays of these batches are, lists of chunks and paths are not.
const LARGE_BYTES: usize = 1 << 18;

/// Rounds of batches, one of which must allocate nothing large. Not every one does: a worker makes room for itself when it
/// first makes a sample of a kind, which may be late where the machine has other things to do.
const ROUNDS: usize = 8;

static LARGE: AtomicU64 = AtomicU64::new(0);
static ALL_BYTES: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, counted.
struct Counted;

#[allow(unsafe_code, reason = "an allocator is an unsafe trait; this one hands everything on")]
// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(new_size);
        // SAFETY: as above.
        unsafe { System.realloc(ptr, layout, new_size) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static COUNTED: Counted = Counted;

fn count(bytes: usize) {
    LARGE.fetch_add(u64::from(bytes >= LARGE_BYTES), Relaxed);
    ALL_BYTES.fetch_add(bytes as u64, Relaxed);
}

/// One test at a time: the counts are the process's.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn config(labels: &str, augment: &str) -> LoaderConfig {
    let text = format!(
        "
        [input.raw]
        shape = [64, 64, 64]
        voxel_size_nm = [8, 8, 8]
        encoding = \"f32\"
        [target.labels]
        shape = [64, 64, 64]
        voxel_size_nm = [8, 8, 8]
        encoding = \"{labels}\"
        [augment]
        mirror = {{ z = 0.5, y = 0.5, x = 0.5 }}
        transpose = {{ axes = [\"z\", \"y\", \"x\"], probability = 1.0 }}
        {augment}
        [loader]
        batch_size = 2
        threads = 2
        memory = \"1 GiB\"
        "
    );
    LoaderConfig::from_toml(&text).unwrap()
}

/// Waits until the queue is full: every batch's memory is there.
fn fill_up(loader: &Loader) {
    while {
        let queue = loader.stats().queue;
        queue.bytes < queue.capacity_bytes
    } {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn calls(stats: &Stats, stage: Stage) -> u64 {
    stats.stages.iter().find(|row| row.stage == stage).map_or(0, |row| row.calls)
}

#[test]
fn a_batch_decodes_fetches_and_allocates_nothing_once_all_is_there() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("phantom.zarr");
    write(&path, &PhantomSpec { shape: Zyx::splat(96), ..PhantomSpec::default() }, |_| ()).unwrap();
    let catalog = Arc::new(Catalog::open(&path).unwrap());
    for labels in ["u8", "f32", "bits"] {
        for augment in ["", "rotate = { z = [-180, 180], probability = 1.0 }"] {
            let loader = Loader::new(Arc::clone(&catalog), config(labels, augment)).unwrap();
            let case = format!("{labels} {augment}");
            for _ in 0..2 {
                fill_up(&loader);
                (0..24).for_each(|_| drop(loader.next_batch().unwrap()));
            }
            let round = || {
                fill_up(&loader);
                let (before, large) = (loader.stats(), LARGE.load(Relaxed));
                (0..12).for_each(|_| drop(loader.next_batch().unwrap()));
                (before, loader.stats(), LARGE.load(Relaxed) - large)
            };
            let mut rounds = (0..ROUNDS).map(|_| round());
            let steady = rounds.find(|(_, _, large)| *large == 0);
            let (before, after, _) =
                steady.unwrap_or_else(|| panic!("{case}: every round allocates {LARGE_BYTES} bytes or more at once"));
            for stage in [Stage::Decode, Stage::Fetch] {
                assert_eq!(calls(&after, stage), calls(&before, stage), "{case}: {stage:?}");
            }
            assert_eq!(
                (after.chunk_cache.misses, after.chunk_cache.evictions),
                (before.chunk_cache.misses, 0),
                "{case}"
            );
            assert!(calls(&after, Stage::Gather) > calls(&before, Stage::Gather), "{case}: it did something");
        }
    }
}

/// An image group of one level of `side`³ voxels of 8 nm, of which no chunk is there.
fn empty_image(path: &Path, side: u64) {
    std::fs::create_dir_all(path.join("s0")).unwrap();
    let axes: Vec<_> = ["z", "y", "x"].map(|name| json!({"name": name, "type": "space", "unit": "nanometer"})).into();
    let scale = json!([{"type": "scale", "scale": [8, 8, 8]}, {"type": "translation", "translation": [0, 0, 0]}]);
    let levels = json!([{"path": "s0", "coordinateTransformations": scale}]);
    let attributes = json!({"multiscales": [{"version": "0.4", "axes": axes, "datasets": levels}]});
    let array = json!({
        "zarr_format": 2, "shape": [side, side, side], "chunks": [64, 64, 64], "dtype": "|u1", "fill_value": 0,
        "order": "C", "filters": null, "compressor": null, "dimension_separator": "/"
    });
    std::fs::write(path.join(".zgroup"), r#"{"zarr_format": 2}"#).unwrap();
    std::fs::write(path.join(".zattrs"), attributes.to_string()).unwrap();
    std::fs::write(path.join("s0/.zarray"), array.to_string()).unwrap();
}

/// Bytes that opening a loader and its first batch ask for in all, and lookups of chunks.
fn first_batch(side: u64) -> (u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let recon = folder.path().join("volume.zarr/recon-1");
    empty_image(&recon.join("em/fibsem-uint8"), side);
    empty_image(&recon.join("labels/groundtruth/crop1/er"), side);
    let catalog = Arc::new(Catalog::open(&folder.path().join("volume.zarr")).unwrap());
    let before = ALL_BYTES.load(Relaxed);
    let loader = Loader::new(catalog, config("u8", "")).unwrap();
    drop(loader.next_batch().unwrap());
    loader.stop();
    let stats = loader.stats();
    drop(loader);
    let batches = stats.batch_bytes + stats.queue.bytes;
    assert!(batches > 0 && stats.skipped_samples == 0);
    (ALL_BYTES.load(Relaxed) - before, stats.chunk_cache.misses + stats.chunk_cache.hits)
}

#[test]
fn a_petavoxel_costs_no_more_to_begin_with_than_a_small_volume() {
    let _alone = alone();
    // What a process does once is done.
    first_batch(500);
    let (small_bytes, small_lookups) = first_batch(500);
    let (vast_bytes, vast_lookups) = first_batch(100_000);
    // Threads run ahead by up to a queue of batches, each of a few megabytes and some hundred lookups.
    let queue_bytes = 8 * 2 * 64 * 64 * 64 * (4 + 2);
    assert!(vast_bytes <= small_bytes + queue_bytes, "{vast_bytes} bytes, {small_bytes} for the small one");
    // Two samples of two arrays, of at most 8 chunks each, and batches ahead.
    for lookups in [small_lookups, vast_lookups] {
        assert!((2 * 2..=8 * 2 * 2 * 8).contains(&lookups), "{lookups}");
    }
}
