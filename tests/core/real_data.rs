//! Whole arrays of the shared test data, element for element, against what their makers wrote down.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use microtome_core::geometry::{Axis, Orientation, PatchGrid, VoxelBox, Warp, Zyx};
use microtome_core::volume::{Buffer, Caches, ChunkCache, PatchOut, Resample, Volume, read_patch};
use microtome_core::with_buffer;
use microtome_tests::data;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Every array by path with what is expected of it.
fn expected() -> serde_json::Map<String, Value> {
    let Value::Object(arrays) = data::json("expected.json") else { panic!("expected.json is no object") };
    assert!(arrays.len() > 20, "only {} arrays", arrays.len());
    arrays
}

fn read_whole(volume: &Volume, level: usize, cache: &ChunkCache) -> Buffer {
    volume.read_box(level, &VoxelBox::of_shape(volume.levels()[level].shape), cache).unwrap()
}

fn values(buffer: &Buffer) -> Vec<u64> {
    with_buffer!(buffer, v => v.iter().map(|&v| microtome_core::volume::Voxel::to_id(v)).collect())
}

#[test]
fn whole_arrays_have_the_expected_bytes() {
    for (path, expected) in expected() {
        let (group, level) = path.rsplit_once('/').unwrap();
        let volume = Volume::open(&data::root().join(group)).unwrap();
        let index = volume.levels().iter().position(|l| l.path == level).unwrap_or_else(|| panic!("no {path}"));
        let found = &volume.levels()[index];
        assert_eq!(serde_json::json!(found.shape), expected["shape"], "{path}");
        assert_eq!(found.dtype.name(), expected["dtype"], "{path}");
        assert_eq!(serde_json::json!(found.voxel_size_nm()), expected["scale_nm"], "{path}");
        assert_eq!(serde_json::json!(found.world_from_voxel.translation_nm), expected["translation_nm"], "{path}");

        let whole = read_whole(&volume, index, &ChunkCache::new(0));
        // The machines this runs on are little-endian, as the expected hashes are.
        let hash: String = Sha256::digest(whole.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, expected["sha256_c_order_le"], "{path}");
        let mut values = values(&whole);
        let index: Vec<usize> = serde_json::from_value(expected["voxel"]["index"].clone()).unwrap();
        let shape = found.shape.map(|n| n as usize);
        let at = (index[0] * shape.y + index[1]) * shape.x + index[2];
        assert_eq!(values[at], expected["voxel"]["value"], "{path}");
        assert_eq!(values.iter().sum::<u64>(), expected["sum"], "{path}");
        values.sort_unstable();
        assert_eq!(values[0], expected["min"], "{path}");
        assert_eq!(values[values.len() - 1], expected["max"], "{path}");
        values.dedup();
        assert_eq!(values.len(), expected["distinct"], "{path}");
    }
}

#[test]
fn bare_level_arrays_open_and_read_the_same() {
    let group = data::root().join("gala_v3.zarr/recon-1/em/fibsem-uint8");
    let (volume, array) = (Volume::open(&group).unwrap(), Volume::open(&group.join("s1")).unwrap());
    let cache = ChunkCache::new(1 << 30);
    assert_eq!(array.levels().len(), 1);
    assert_eq!(array.levels()[0].shape, volume.levels()[1].shape);
    assert_eq!(read_whole(&array, 0, &cache), read_whole(&volume, 1, &cache));
}

/// Patches about a volume: aligned and not, finer and coarser, turned and mirrored, and over its edge.
fn grids(volume: &Volume) -> Vec<PatchGrid> {
    let bounds = volume.bounds();
    let stored_nm = volume.levels()[0].voxel_size_nm();
    let turned = Orientation { source: Zyx::new(Axis::X, Axis::Z, Axis::Y), mirror: Zyx::new(true, false, true) };
    let mut grids = Vec::new();
    for (at, step) in [(0.5, 1.0), (0.37, 2.0), (0.61, 0.75), (0.02, 4.0), (0.99, 1.0)] {
        for orientation in [Orientation::IDENTITY, turned] {
            grids.push(PatchGrid {
                center_nm: bounds.lo + bounds.extent_nm() * at,
                shape: Zyx::new(40, 36, 44),
                voxel_size_nm: stored_nm * step,
                orientation,
                warp: Warp::NONE,
            });
        }
    }
    grids
}

#[test]
fn both_formats_give_equal_crops() {
    let groups = [
        ("fib25", "em/fibsem-uint8"),
        ("fib25", "labels/groundtruth/crop1/cell"),
        ("fib25", "labels/groundtruth/crop2/cell"),
        ("gala", "em/fibsem-uint8"),
        ("gala", "labels/groundtruth/crop1/cell"),
    ];
    for (dataset, group) in groups {
        let open = |store: &str| Volume::open(&data::root().join(store).join("recon-1").join(group)).unwrap();
        let (v2, v3) = (open(&format!("{dataset}.zarr")), open(&format!("{dataset}_v3.zarr")));
        assert!(v2.levels()[0].zarr_format == 2 && v3.levels()[0].shard_shape.is_some());
        let (mut seen, mut levels) = (0_u64, Vec::new());
        for grid in grids(&v2) {
            let read = |volume: &Volume| {
                let caches = Caches::new(1 << 30, 1 << 20);
                let voxels = grid.shape.product();
                let (mut raw, mut ids, mut known) = (vec![0.0; voxels], vec![0; voxels], vec![0; voxels]);
                read_patch(volume, &grid, Resample::Area, &caches, PatchOut::F32(&mut raw), None).unwrap();
                let out = PatchOut::Ids64(&mut ids);
                let report = read_patch(volume, &grid, Resample::Nearest, &caches, out, Some(&mut known)).unwrap();
                (raw, ids, known, report.level, report.outside_voxels)
            };
            let (a, b) = (read(&v2), read(&v3));
            assert_eq!(a, b, "{dataset} {group} {grid:?}");
            seen += a.1.iter().sum::<u64>();
            levels.push(a.3);
        }
        assert!(seen > 0, "{dataset} {group}: every crop was empty");
        assert!(levels.iter().any(|level| *level > 0) && levels.contains(&0), "{dataset} {group}: {levels:?}");
    }
}
