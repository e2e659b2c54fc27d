//! Volumes that are odd, broken or absurd: each works, or says in one error what is wrong and where.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::sync::Arc;
use std::time::Duration;

use microtome_core::Error;
use microtome_core::geometry::{GridTransform, Orientation, PatchGrid, VoxelBox, Warp, Zyx};
use microtome_core::store::{Metered, open_memory};
use microtome_core::testing::{ArrayFormat, Fault, FaultStore, Fixture, FixtureLevel};
use microtome_core::volume::{Buffer, Caches, ChunkCache, DType, PatchOut, PatchReport, Resample, Volume, read_patch};
use serde_json::{Value, json};
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{ReadableStorageTraits, StoreKey, WritableStorageTraits};

const SHARDED: ArrayFormat = ArrayFormat::Sharded { per_shard: Zyx::splat(2), index_at_start: false, transpose: false };

fn one_level(shape: Zyx<u64>) -> Vec<FixtureLevel> {
    vec![FixtureLevel { shape, world_from_voxel: GridTransform::new(Zyx::splat(8.0), Zyx::splat(0.0)) }]
}

fn open(store: Arc<MemoryStore>) -> Result<Volume, Error> {
    Volume::open_in(&open_memory(store, "memory"), "")
}

/// Changes one metadata document of a fixture.
fn edit(store: &MemoryStore, key: &str, change: impl FnOnce(&mut Value)) {
    let key = StoreKey::new(key).unwrap();
    let mut document: Value = serde_json::from_slice(&store.get(&key).unwrap().unwrap()).unwrap();
    change(&mut document);
    store.set(&key, serde_json::to_vec(&document).unwrap().into()).unwrap();
}

/// Opens a fixture of Zarr 3 with its array metadata changed.
fn open_edited(fixture: &Fixture, change: impl FnOnce(&mut Value)) -> Result<Volume, Error> {
    let store = fixture.write().unwrap();
    edit(&store, "s0/zarr.json", change);
    open(store)
}

fn grid(shape: usize, center_nm: f64) -> PatchGrid {
    PatchGrid {
        center_nm: Zyx::splat(center_nm),
        shape: Zyx::splat(shape),
        voxel_size_nm: Zyx::splat(8.0),
        orientation: Orientation::IDENTITY,
        warp: Warp::NONE,
    }
}

fn read(volume: &Volume, grid: &PatchGrid, caches: &Caches) -> Result<(Vec<u8>, Vec<u8>, PatchReport), Error> {
    let (mut out, mut known) = (vec![99; grid.shape.product()], vec![99; grid.shape.product()]);
    let report = read_patch(volume, grid, Resample::Area, caches, PatchOut::U8(&mut out), Some(&mut known))?;
    Ok((out, known, report))
}

fn caches() -> Caches {
    Caches::new(1 << 30, 1 << 20)
}

#[test]
fn a_volume_of_one_voxel_works() {
    for format in [ArrayFormat::V2 { fortran: true }, ArrayFormat::V3 { transpose: true }, SHARDED] {
        let fixture = Fixture { format, levels: one_level(Zyx::splat(1)), ..Fixture::default() };
        let volume = open(fixture.write().unwrap()).unwrap();
        let Buffer::U8(voxel) = volume.read_box(0, &VoxelBox::of_shape(Zyx::splat(1)), &ChunkCache::new(0)).unwrap()
        else {
            panic!("u8 is read as u8")
        };
        let (out, known, report) = read(&volume, &grid(3, 0.0), &caches()).unwrap();
        let mut expected = vec![0; 27];
        expected[13] = voxel[0];
        assert_eq!(out, expected);
        assert_eq!(known.iter().filter(|known| **known == 1).count(), 1);
        assert_eq!((known[13], report.outside_voxels, report.chunks), (1, 26, 1));
    }
}

#[test]
fn a_patch_larger_than_the_volume_is_known_inside_only() {
    let fixture = Fixture { levels: one_level(Zyx::new(5, 6, 7)), ..Fixture::default() };
    let volume = open(fixture.write().unwrap()).unwrap();
    let (out, known, report) = read(&volume, &grid(40, 16.0), &caches()).unwrap();
    assert_eq!(known.iter().map(|known| usize::from(*known)).sum::<usize>(), 5 * 6 * 7);
    assert_eq!(report.outside_voxels, 40 * 40 * 40 - 5 * 6 * 7);
    assert!(out.iter().zip(&known).all(|(out, known)| *known == 1 || *out == 0));
}

#[test]
fn chunks_larger_than_the_array_work() {
    let fixture = Fixture { chunk: Zyx::splat(100), levels: one_level(Zyx::new(5, 6, 7)), ..Fixture::default() };
    let volume = open(fixture.write().unwrap()).unwrap();
    let cache = ChunkCache::new(0);
    let chunk = volume.chunk(0, Zyx::splat(0), &cache).unwrap().unwrap();
    assert_eq!((chunk.shape, chunk.data.len()), (Zyx::splat(100), 1_000_000));
    let whole = volume.read_box(0, &VoxelBox::of_shape(Zyx::new(5, 6, 7)), &cache).unwrap();
    assert_eq!(whole.len(), 5 * 6 * 7);
}

#[test]
fn absurd_sizes_open_and_answer_at_once() {
    let fixture = Fixture { levels: one_level(Zyx::splat(8)), ..Fixture::default() };
    for extent in [100_000_u64, u64::MAX / 2] {
        let volume = open_edited(&fixture, |array| array["shape"] = json!([extent, extent, extent])).unwrap();
        assert_eq!(volume.levels()[0].shape, Zyx::splat(extent));
        // Far inside there are no chunks, near the origin the one that was written.
        let (out, known, report) = read(&volume, &grid(16, 700_000.0), &caches()).unwrap();
        assert!(out.iter().all(|v| *v == 0) && known.iter().all(|v| *v == 1) && report.absent_chunks > 0);
        let whole = VoxelBox::of_shape(volume.levels()[0].shape);
        assert!(matches!(volume.read_box(0, &whole, &ChunkCache::new(0)), Err(Error::TooLarge { .. })));
        // One patch voxel for thousands of voxels: all of them would have to be read.
        let coarse = PatchGrid { voxel_size_nm: Zyx::splat(8.0 * 10_000.0), ..grid(10, 8.0 * 50_000.0) };
        assert!(matches!(read(&volume, &coarse, &caches()), Err(Error::TooLarge { .. })));
    }
}

#[test]
fn a_patch_that_is_nowhere_is_outside() {
    let volume = open(Fixture::default().write().unwrap()).unwrap();
    for center_nm in [f64::NAN, f64::INFINITY, -1e300, 1e12] {
        let (out, known, report) = read(&volume, &grid(4, center_nm), &caches()).unwrap();
        assert_eq!((out, known), (vec![0; 64], vec![0; 64]));
        assert_eq!((report.chunks, report.outside_voxels), (0, 64));
    }
    for voxel_size_nm in [f64::NAN, 0.0, -8.0, f64::INFINITY] {
        let grid = PatchGrid { voxel_size_nm: Zyx::splat(voxel_size_nm), ..grid(4, 100.0) };
        assert_eq!(read(&volume, &grid, &caches()).unwrap().1, vec![0; 64]);
    }
    let empty = PatchGrid { shape: Zyx::new(0, 4, 4), ..grid(4, 100.0) };
    assert!(read(&volume, &empty, &caches()).unwrap().0.is_empty());
}

#[test]
fn memory_of_the_wrong_size_is_refused() {
    let volume = open(Fixture::default().write().unwrap()).unwrap();
    let mut out = vec![0; 63];
    let result = read_patch(&volume, &grid(4, 100.0), Resample::Area, &caches(), PatchOut::U8(&mut out), None);
    assert!(matches!(result, Err(Error::PatchSize { got: 63, .. })), "{result:?}");
}

#[test]
fn impossible_metadata_says_what_is_wrong() {
    let text = |result: Result<Volume, Error>| result.map(|_| "opened").unwrap_err().to_string();
    let v3 = Fixture::default();
    let message = text(open_edited(&v3, |a| a["codecs"] = json!([{"name": "bytes"}, {"name": "acme.zip"}])));
    assert!(message.contains("acme.zip") && message.ends_with("memory/s0"), "{message}");
    assert!(matches!(
        open_edited(&v3, |a| a["codecs"] = json!([{"name": "bytes"}, {"name": "acme.zip"}])),
        Err(Error::Codec { .. })
    ));
    let message =
        text(open_edited(&v3, |a| a["codecs"] = json!([{"name": "zfp", "configuration": {"mode": "reversible"}}])));
    assert!(message.contains("native-codecs"), "{message}");
    let complex = |a: &mut Value| {
        a["data_type"] = json!("complex64");
        a["fill_value"] = json!([0.0, 0.0]);
    };
    let refused = open_edited(&v3, complex);
    assert!(matches!(refused, Err(Error::DataType { .. })), "{refused:?}");
    assert!(matches!(open_edited(&v3, |a| a["data_type"] = json!("acme.real")), Err(Error::DataType { .. })));
    let broken: [fn(&mut Value); 6] = [
        |a| a["chunk_grid"]["configuration"]["chunk_shape"] = json!([0, 16, 16]),
        |a| a["chunk_grid"]["configuration"]["chunk_shape"] = json!([16, 16]),
        |a| a["shape"] = json!([40, 50]),
        |a| a["shape"] = json!([-1, 50, 60]),
        |a| a["fill_value"] = json!("blue"),
        |a| a["chunk_grid"]["configuration"]["chunk_shape"] = json!([1_u64 << 40, 1_u64 << 40, 16]),
    ];
    for (case, change) in broken.into_iter().enumerate() {
        let message = text(open_edited(&v3, change));
        assert!(message.ends_with("memory/s0") && !message.contains('\n'), "case {case}: {message}");
    }
    let sharded = Fixture { format: SHARDED, ..Fixture::default() };
    for inner in [json!([0, 16, 16]), json!([5, 16, 16]), json!([16, 16])] {
        let result = open_edited(&sharded, |a| a["codecs"][0]["configuration"]["chunk_shape"] = inner.clone());
        let message = text(result);
        assert!(message.ends_with("memory/s0"), "{inner}: {message}");
    }
}

#[test]
fn levels_that_disagree_are_refused() {
    let mut fixture = Fixture { levels: one_level(Zyx::splat(8)), ..Fixture::default() };
    fixture.levels.push(FixtureLevel {
        shape: Zyx::splat(4),
        world_from_voxel: GridTransform::new(Zyx::splat(16.0), Zyx::splat(4.0)),
    });
    let store = fixture.write().unwrap();
    edit(&store, "s1/zarr.json", |array| array["data_type"] = json!("uint16"));
    let message = open(store).unwrap_err().to_string();
    assert!(message.contains("uint8") && message.contains("uint16") && message.ends_with("memory/s1"), "{message}");

    let store = fixture.write().unwrap();
    edit(&store, "s1/zarr.json", |array| {
        array["shape"] = json!([4, 4]);
        array["chunk_grid"]["configuration"]["chunk_shape"] = json!([4, 4]);
    });
    assert!(matches!(open(store), Err(Error::Metadata { .. })));

    let store = fixture.write().unwrap();
    store.erase(&StoreKey::new("s1/zarr.json").unwrap()).unwrap();
    let message = open(store).unwrap_err().to_string();
    assert!(message.ends_with("memory/s1"), "{message}");
}

/// A volume whose store can be damaged.
fn open_faulty(format: ArrayFormat) -> (FaultStore, Volume) {
    let fixture = Fixture { format, dtype: DType::U16, levels: one_level(Zyx::splat(32)), ..Fixture::default() };
    let faults = FaultStore::new(fixture.write().unwrap());
    let store = Arc::new(Metered::new(Arc::new(faults.clone()), "memory"));
    let volume = Volume::open_in(&store, "").unwrap();
    (faults, volume)
}

#[test]
fn a_damaged_chunk_is_named_and_read_again_once_it_is_whole() {
    let formats =
        [(ArrayFormat::V2 { fortran: false }, "s0/1/0/1"), (ArrayFormat::V3 { transpose: false }, "s0/c/1/0/1")];
    for (format, key) in formats {
        for fault in [Fault::Truncate(20), Fault::Truncate(0), Fault::Flip(40)] {
            let (faults, volume) = open_faulty(format.clone());
            faults.put(key, fault);
            let caches = caches();
            // zlib and gzip end with a checksum, so that no flipped byte goes unnoticed.
            match read(&volume, &grid(32, 15.5 * 8.0), &caches) {
                Err(Error::ChunkDamaged { path, chunk, .. }) => {
                    assert_eq!((path.as_str(), chunk.as_slice()), ("memory/s0", [1, 0, 1].as_slice()));
                }
                other => panic!("{fault:?}: {other:?}"),
            }
            faults.heal();
            let (_, known, _) = read(&volume, &grid(32, 15.5 * 8.0), &caches).unwrap();
            assert!(known.iter().all(|known| *known == 1));
        }
    }
}

#[test]
fn a_damaged_shard_is_named() {
    // One shard of 8 chunks; its index of 132 bytes, with a checksum, stands at the end.
    for fault in [Fault::Truncate(100), Fault::Truncate(0), Fault::Truncate(5000), Fault::Flip(0)] {
        let (faults, volume) = open_faulty(SHARDED);
        faults.put("s0/c/0/0/0", fault);
        let result = read(&volume, &grid(32, 15.5 * 8.0), &caches());
        assert!(matches!(result, Err(Error::ChunkDamaged { .. })), "{fault:?}: {result:?}");
    }
}

#[test]
fn an_index_that_points_beyond_the_shard_is_damage() {
    let fixture = Fixture { format: SHARDED, levels: one_level(Zyx::splat(32)), ..Fixture::default() };
    let store = fixture.write().unwrap();
    // Without a checksum nothing but the numbers themselves can show that the index is wrong.
    edit(&store, "s0/zarr.json", |array| {
        let index_codecs = json!([{"name": "bytes", "configuration": {"endian": "little"}}]);
        array["codecs"][0]["configuration"]["index_codecs"] = index_codecs;
    });
    for entry in [[0, u64::MAX - 5], [u64::MAX - 5, 100], [1 << 40, 10], [0, 1 << 62]] {
        let index: Vec<u8> = std::iter::repeat_n(entry, 8).flatten().flat_map(u64::to_le_bytes).collect();
        store.set(&StoreKey::new("s0/c/0/0/0").unwrap(), index.into()).unwrap();
        let result = read(&open(Arc::clone(&store)).unwrap(), &grid(4, 40.0), &caches());
        assert!(matches!(result, Err(Error::ChunkDamaged { .. })), "{entry:?}: {result:?}");
    }
}

#[test]
fn a_refused_read_is_no_damage_and_a_missing_chunk_no_error() {
    for format in [ArrayFormat::V2 { fortran: false }, SHARDED] {
        let (faults, volume) = open_faulty(format);
        let whole = grid(32, 15.5 * 8.0);
        faults.put("0/0/0", Fault::Fail(std::io::ErrorKind::PermissionDenied));
        let refused = read(&volume, &whole, &caches());
        assert!(matches!(refused, Err(Error::Io { action: "read", .. })), "{refused:?}");
        faults.heal();
        faults.put("0/0/0", Fault::Absent);
        let (out, known, report) = read(&volume, &whole, &caches()).unwrap();
        assert!(report.absent_chunks > 0);
        assert_eq!((out[0], known[0]), (0, 1), "an absent chunk reads as its fill value");
    }
}

#[test]
fn slow_reads_of_one_chunk_are_shared() {
    let (faults, volume) = open_faulty(ArrayFormat::V3 { transpose: false });
    faults.put("s0/c/0/0/0", Fault::Delay(Duration::from_millis(30)));
    let caches = caches();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| read(&volume, &grid(8, 32.0), &caches).unwrap());
        }
    });
    assert_eq!((caches.chunks.stats().misses, caches.chunks.stats().hits), (1, 7));
}

#[test]
fn large_ids_come_through_exactly() {
    let fixture = Fixture { dtype: DType::U64, levels: one_level(Zyx::splat(8)), ..Fixture::default() };
    let volume = open(fixture.write().unwrap()).unwrap();
    let Buffer::U64(stored) = volume.read_box(0, &VoxelBox::of_shape(Zyx::splat(8)), &ChunkCache::new(0)).unwrap()
    else {
        panic!("u64 is read as u64")
    };
    assert!(stored.iter().any(|id| *id > 1 << 60), "the fixture holds no large id");
    let mut ids = vec![0; 512];
    let caches = caches();
    read_patch(&volume, &grid(8, 28.0), Resample::Nearest, &caches, PatchOut::Ids64(&mut ids), None).unwrap();
    assert_eq!(ids, stored);
}

#[test]
fn opening_and_reading_a_folder_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("a b %20 ü.zarr");
    let memory = Fixture::default().write().unwrap();
    for key in zarrs::storage::ListableStorageTraits::list(&*memory).unwrap() {
        let file = root.join(key.as_str());
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, memory.get(&key).unwrap().unwrap()).unwrap();
    }
    let list = || -> Vec<_> {
        let entries = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(Result::unwrap);
        entries.map(|e| (e.path().to_owned(), e.metadata().unwrap().modified().unwrap())).collect()
    };
    let before = list();
    let volume = Volume::open(&root).unwrap();
    let (from_disk, ..) = read(&volume, &grid(32, 120.0), &caches()).unwrap();
    let (from_memory, ..) = read(&open(memory).unwrap(), &grid(32, 120.0), &caches()).unwrap();
    assert_eq!(from_disk, from_memory);
    assert_eq!(volume.name(), "a b %20 ü.zarr");
    assert_eq!(list(), before);
}
