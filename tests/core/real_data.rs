//! Whole arrays of the shared test data, element for element, against what their makers wrote down.

use std::path::PathBuf;

use microtome_core::geometry::VoxelBox;
use microtome_core::volume::{Buffer, ChunkCache, Volume};
use microtome_core::with_buffer;
use serde_json::Value;
use sha2::{Digest, Sha256};

fn data() -> PathBuf {
    let folder = std::env::var_os("MICROTOME_TEST_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")), PathBuf::from);
    assert!(folder.is_dir(), "no test data at {}: set MICROTOME_TEST_DATA", folder.display());
    folder
}

/// Every array by path with what is expected of it.
fn expected() -> serde_json::Map<String, Value> {
    let text = std::fs::read(data().join("expected.json")).unwrap();
    let Value::Object(arrays) = serde_json::from_slice(&text).unwrap() else { panic!("expected.json is no object") };
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
        let volume = Volume::open(&data().join(group)).unwrap();
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
    let group = data().join("gala_v3.zarr/recon-1/em/fibsem-uint8");
    let (volume, array) = (Volume::open(&group).unwrap(), Volume::open(&group.join("s1")).unwrap());
    let cache = ChunkCache::new(1 << 30);
    assert_eq!(array.levels().len(), 1);
    assert_eq!(array.levels()[0].shape, volume.levels()[1].shape);
    assert_eq!(read_whole(&array, 0, &cache), read_whole(&volume, 1, &cache));
}
