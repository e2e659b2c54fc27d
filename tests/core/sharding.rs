//! Shards inside shards, and with codecs around them: read the same, and in parts wherever that is possible.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::sync::Arc;

use microtome_core::geometry::{VoxelBox, Zyx};
use microtome_core::store::Metered;
use microtome_core::testing::CountingStore;
use microtome_core::volume::{Buffer, ChunkCache, Volume};
use serde_json::{Value, json};
use zarrs::array::{Array, ArraySubset};
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits};

const SHAPE: [u64; 3] = [10, 12, 14];

fn bytes() -> Value {
    json!({"name": "bytes", "configuration": {"endian": "little"}})
}

fn sharding(inner: [u64; 3], codecs: &[Value]) -> Value {
    json!({"name": "sharding_indexed", "configuration": {
        "chunk_shape": inner, "codecs": codecs, "index_codecs": [bytes(), {"name": "crc32c"}], "index_location": "end",
    }})
}

/// An array in shards of 8³ voxels with these codecs, and its values.
fn array(codecs: &[Value]) -> (CountingStore, Volume, Vec<u16>) {
    let memory = Arc::new(MemoryStore::new());
    let metadata = json!({
        "zarr_format": 3, "node_type": "array", "shape": SHAPE, "data_type": "uint16", "fill_value": 7, "codecs": codecs,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [8, 8, 8]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    });
    memory.set(&StoreKey::new("zarr.json").unwrap(), metadata.to_string().into_bytes().into()).unwrap();
    let values: Vec<u16> = (0..SHAPE.iter().product::<u64>()).map(|i| (i * 31 % 50_021) as u16).collect();
    let array = Array::open(Arc::clone(&memory), "/").unwrap();
    array.store_array_subset(&ArraySubset::new_with_shape(SHAPE.to_vec()), &values).unwrap();
    let counting = CountingStore::new(memory);
    let volume = Volume::open_in(&Arc::new(Metered::new(Arc::new(counting.clone()), "memory")), "").unwrap();
    counting.clear();
    (counting, volume, values)
}

#[test]
fn every_arrangement_reads_the_same() {
    let transpose = json!({"name": "transpose", "configuration": {"order": [1, 2, 0]}});
    let back = json!({"name": "transpose", "configuration": {"order": [2, 1, 0]}});
    let (plain, crc) = (sharding([4, 2, 8], &[bytes()]), json!({"name": "crc32c"}));
    let nested = sharding([8, 4, 4], &[sharding([4, 2, 2], &[bytes(), crc.clone()])]);
    // The codecs, the unit that is read at once (z, y, x), and whether that is part of a shard.
    let cases = [
        (vec![plain.clone()], [4, 2, 8], true),
        (vec![nested], [8, 4, 4], true),
        // After the transpose, dimension 0 is y, 1 is x and 2 is z.
        (vec![transpose.clone(), plain.clone()], [8, 4, 2], true),
        (vec![transpose.clone(), back, plain.clone()], [4, 8, 2], true),
        (vec![sharding([4, 2, 8], &[transpose, bytes()])], [4, 2, 8], true),
        // With a checksum over the whole shard, only the whole shard can be read.
        (vec![plain, crc], [8, 8, 8], false),
    ];
    for (codecs, unit, in_parts) in cases {
        let (counting, volume, values) = array(&codecs);
        let level = &volume.levels()[0];
        assert_eq!((level.chunk_shape, level.shard_shape.is_some()), (Zyx::from(unit), in_parts), "{codecs:?}");
        let cache = ChunkCache::new(1 << 20);
        volume.chunk(0, Zyx::new(0, 0, 0), &cache).unwrap().unwrap();
        let reads = counting.take();
        let parts: Vec<_> = reads.iter().map(|read| read.range.is_some()).collect();
        assert_eq!(parts, if in_parts { vec![true, true] } else { vec![false] }, "{codecs:?}: {reads:?}");
        let found = volume.read_box(0, &VoxelBox::of_shape(Zyx::from(SHAPE)), &cache).unwrap();
        assert_eq!(found, Buffer::U16(values), "{codecs:?}");
    }
}

#[test]
fn codec_names_show_what_is_inside_a_shard() {
    let zstd = json!({"name": "zstd", "configuration": {"level": 1, "checksum": false}});
    let (_, volume, _) = array(&[sharding([4, 2, 8], &[bytes(), zstd]), json!({"name": "crc32c"})]);
    assert_eq!(volume.levels()[0].codecs, ["sharding_indexed(zstd)", "crc32c"]);
}
