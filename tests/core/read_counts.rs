//! Exactly what is read: requests, bytes, decodes and cache lookups of opening, patches and boxes.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use microtome_core::geometry::{GridTransform, Orientation, PatchGrid, VoxelBox, Warp, Zyx};
use microtome_core::store::Metered;
use microtome_core::telemetry::{Stage, StageStats};
use microtome_core::testing::{ArrayFormat, CountingStore, Fixture, FixtureLevel, Read};
use microtome_core::volume::{Caches, DType, PatchOut, Resample, Volume, read_patch};

fn fixture(format: ArrayFormat, shape: u64, chunk: u64) -> Fixture {
    let world_from_voxel = GridTransform::new(Zyx::splat(8.0), Zyx::splat(4.0));
    let level = FixtureLevel { shape: Zyx::splat(shape), world_from_voxel };
    Fixture { format, chunk: Zyx::splat(chunk), levels: vec![level], ..Fixture::default() }
}

fn sharded(per_shard: u64) -> ArrayFormat {
    ArrayFormat::Sharded { per_shard: Zyx::splat(per_shard), index_at_start: false, transpose: false }
}

fn open(fixture: &Fixture) -> (CountingStore, Volume) {
    let counting = CountingStore::new(fixture.write().unwrap());
    let store = Arc::new(Metered::new(Arc::new(counting.clone()), "memory"));
    let volume = Volume::open_in(&store, "").unwrap();
    (counting, volume)
}

/// An aligned patch of `shape` voxels whose first voxel is `lo`.
fn aligned(volume: &Volume, lo: Zyx<i64>, shape: usize) -> PatchGrid {
    let transform = volume.levels()[0].world_from_voxel;
    let middle = lo.map(|lo| lo as f64 + (shape as f64 - 1.0) / 2.0);
    PatchGrid {
        center_nm: transform.world_from_voxel(middle),
        shape: Zyx::splat(shape),
        voxel_size_nm: transform.voxel_size_nm,
        orientation: Orientation::IDENTITY,
        warp: Warp::NONE,
    }
}

fn read(volume: &Volume, grid: &PatchGrid, caches: &Caches) {
    let mut out = vec![0; grid.shape.product()];
    read_patch(volume, grid, Resample::Area, caches, PatchOut::U8(&mut out), None).unwrap();
}

fn stage(caches: &Caches, stage: Stage) -> StageStats {
    caches.meter.stages().into_iter().find(|row| row.stage == stage).unwrap()
}

/// Ranged reads of chunks and reads of shard indices, which are suffixes or start at 0 with the index' length.
fn of_chunks(reads: &[Read]) -> (Vec<Read>, Vec<Read>) {
    let is_index = |read: &Read| matches!(read.range, Some(zarrs::storage::byte_range::ByteRange::Suffix(_)));
    reads.iter().cloned().partition(|read| !is_index(read))
}

fn distinct(reads: &[Read]) -> usize {
    reads.iter().map(|read| (read.key.clone(), format!("{:?}", read.range))).collect::<HashSet<_>>().len()
}

#[test]
fn opening_reads_metadata_and_no_voxels() {
    for format in [ArrayFormat::V2 { fortran: false }, ArrayFormat::V3 { transpose: false }, sharded(2)] {
        let (counting, _) = open(&fixture(format, 16, 8));
        let reads = counting.take();
        assert!(reads.len() <= 12, "{reads:?}");
        for read in &reads {
            let name = read.key.rsplit('/').next().unwrap();
            assert!([".zgroup", ".zattrs", ".zarray", "zarr.json"].contains(&name), "{read:?}");
        }
    }
}

#[test]
fn a_patch_over_eight_inner_chunks_is_eight_ranged_reads_and_one_index() {
    let (counting, volume) = open(&fixture(sharded(2), 128, 64));
    let caches = Caches::new(1 << 30, 1 << 20);
    counting.clear();
    let grid = aligned(&volume, Zyx::splat(32), 64);
    read(&volume, &grid, &caches);

    let reads = counting.take();
    let (chunks, indices) = of_chunks(&reads);
    assert_eq!((chunks.len(), indices.len()), (8, 1), "{reads:?}");
    assert_eq!(distinct(&reads), 9, "something was read twice: {reads:?}");
    assert!(chunks.iter().all(|read| read.range.is_some()), "a whole shard was read: {reads:?}");
    // 8 entries of 16 bytes and a checksum of 4.
    assert_eq!(indices[0].bytes, Some(8 * 16 + 4));

    let fetched: u64 = reads.iter().filter_map(|read| read.bytes).sum();
    let (fetch, decode) = (stage(&caches, Stage::Fetch), stage(&caches, Stage::Decode));
    assert_eq!((fetch.calls, fetch.bytes), (9, fetched));
    assert_eq!((decode.calls, decode.bytes), (8, 8 * 64 * 64 * 64));
    assert_eq!(stage(&caches, Stage::Gather).bytes, 64 * 64 * 64);
    let stats = caches.chunks.stats();
    assert_eq!((stats.hits, stats.misses, stats.evictions), (0, 8, 0));
    assert_eq!(stats.entries, 9, "eight chunks and one index");

    read(&volume, &grid, &caches);
    assert_eq!(counting.take(), [], "the second read of a patch reads nothing");
    assert_eq!((caches.chunks.stats().hits, caches.chunks.stats().misses), (8, 8));
    assert_eq!(stage(&caches, Stage::Decode).calls, 8);
}

#[test]
fn a_patch_over_eight_shards_reads_eight_indices() {
    let (counting, volume) = open(&fixture(sharded(2), 64, 16));
    let caches = Caches::new(1 << 30, 1 << 20);
    counting.clear();
    read(&volume, &aligned(&volume, Zyx::splat(24), 16), &caches);
    let (chunks, indices) = of_chunks(&counting.take());
    assert_eq!((chunks.len(), indices.len()), (8, 8));
}

#[test]
fn unsharded_chunks_are_read_whole_and_once() {
    for format in [ArrayFormat::V2 { fortran: true }, ArrayFormat::V3 { transpose: false }] {
        let (counting, volume) = open(&fixture(format, 128, 64));
        let caches = Caches::new(1 << 30, 1 << 20);
        counting.clear();
        read(&volume, &aligned(&volume, Zyx::splat(32), 64), &caches);
        let reads = counting.take();
        assert_eq!((reads.len(), distinct(&reads)), (8, 8), "{reads:?}");
        // One voxel further still lies in the same chunks.
        read(&volume, &aligned(&volume, Zyx::splat(33), 64), &caches);
        assert_eq!(counting.take(), []);
    }
}

#[test]
fn only_chunks_that_hold_wanted_voxels_are_read() {
    let (counting, volume) = open(&fixture(ArrayFormat::V3 { transpose: false }, 64, 16));
    let caches = Caches::new(1 << 30, 1 << 20);
    counting.clear();
    read(&volume, &aligned(&volume, Zyx::new(0, 16, 32), 16), &caches);
    let keys: Vec<_> = counting.take().into_iter().map(|read| read.key).collect();
    assert_eq!(keys, ["s0/c/0/1/2"], "a patch on chunk borders touches one chunk");
    // Half outside: the chunks outside do not exist and are not asked for.
    read(&volume, &aligned(&volume, Zyx::new(-8, -8, 56), 16), &caches);
    let keys: Vec<_> = counting.take().into_iter().map(|read| read.key).collect();
    assert_eq!(keys, ["s0/c/0/0/3"]);
    read(&volume, &aligned(&volume, Zyx::splat(1000), 16), &caches);
    assert_eq!(counting.take(), []);
}

#[test]
fn absent_chunks_are_asked_for_once() {
    for (format, asked) in [(ArrayFormat::V2 { fortran: false }, 8), (sharded(2), 1)] {
        let (counting, volume) = open(&Fixture { absent: 255, ..fixture(format, 32, 16) });
        let caches = Caches::new(1 << 20, 1 << 20);
        counting.clear();
        let grid = aligned(&volume, Zyx::splat(8), 16);
        let mut out = vec![9; grid.shape.product()];
        let report = read_patch(&volume, &grid, Resample::Nearest, &caches, PatchOut::U8(&mut out), None).unwrap();
        // 255 of 256 chunks are absent, so that one may be there after all.
        let absent = report.absent_chunks;
        assert!(report.chunks == 8 && absent >= 7, "{report:?}");
        let reads = counting.take();
        assert_eq!(reads.len(), asked + if asked == 1 { 8 - absent } else { 0 }, "{reads:?}");
        read(&volume, &grid, &caches);
        assert_eq!(counting.take(), []);
    }
}

#[test]
fn a_whole_array_reads_every_chunk_and_every_index_once() {
    let (counting, volume) = open(&fixture(sharded(2), 50, 16));
    let caches = Caches::new(1 << 30, 0);
    counting.clear();
    volume.read_box(0, &VoxelBox::of_shape(Zyx::splat(50)), &caches.chunks).unwrap();
    let reads = counting.take();
    let (chunks, indices) = of_chunks(&reads);
    // 50 voxels are 4 chunks, in 2 shards, per axis.
    assert_eq!((chunks.len(), indices.len(), distinct(&reads)), (64, 8, 72));
}

#[test]
fn eight_threads_read_and_decode_no_more_than_one() {
    let (counting, volume) = open(&fixture(sharded(2), 128, 64));
    let caches = Caches::new(1 << 30, 1 << 20);
    counting.clear();
    let grid = aligned(&volume, Zyx::splat(32), 64);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| read(&volume, &grid, &caches));
        }
    });
    assert_eq!(counting.take().len(), 9);
    let stats = caches.chunks.stats();
    assert_eq!((stats.hits, stats.misses), (7 * 8, 8));
    assert_eq!(stage(&caches, Stage::Decode).calls, 8);
    assert_eq!(stage(&caches, Stage::Gather).calls, 8);
}

#[test]
fn patches_of_equal_geometry_share_tables_and_plans() {
    let (_, volume) = open(&fixture(ArrayFormat::V3 { transpose: false }, 64, 16));
    let (_, labels) = open(&Fixture { dtype: DType::U32, ..fixture(sharded(2), 64, 16) });
    let caches = Caches::new(1 << 30, 1 << 20);
    let counts = |caches: &Caches| (caches.transforms.stats().hits, caches.transforms.stats().misses);
    // A plan is made, and for its three equal axes one table, which is found twice.
    read(&volume, &aligned(&volume, Zyx::splat(10), 16), &caches);
    assert_eq!(counts(&caches), (2, 2));
    read(&volume, &aligned(&volume, Zyx::new(20, 30, 40), 16), &caches);
    assert_eq!(counts(&caches), (5, 3), "another place, the same table");
    let mut ids = vec![0; 16 * 16 * 16];
    let grid = aligned(&labels, Zyx::splat(10), 16);
    read_patch(&labels, &grid, Resample::Nearest, &caches, PatchOut::Ids32(&mut ids), None).unwrap();
    assert_eq!(counts(&caches), (8, 4), "labels on the raw's grid share its table");
    let (_, others) = open(&Fixture { dtype: DType::U64, ..fixture(sharded(2), 64, 16) });
    let mut other_ids = vec![0; 16 * 16 * 16];
    read_patch(&others, &grid, Resample::Nearest, &caches, PatchOut::Ids64(&mut other_ids), None).unwrap();
    assert_eq!(counts(&caches), (9, 4), "labels of equal geometry share the whole plan");
    assert!(caches.transforms.saved() > Duration::ZERO);
    assert_ne!(other_ids, vec![0; 16 * 16 * 16]);
    let mut mirrored = aligned(&volume, Zyx::splat(10), 16);
    mirrored.orientation.mirror.x = true;
    read(&volume, &mirrored, &caches);
    assert_eq!(counts(&caches), (11, 6), "a mirrored axis has its own");
    let clipped = aligned(&volume, Zyx::new(-3, 10, 10), 16);
    read(&volume, &clipped, &caches);
    assert_eq!(counts(&caches), (13, 8), "so has one that the edge cuts");
    assert_eq!(caches.transforms.stats().entries, 3 + 5);
}
