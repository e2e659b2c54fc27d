//! Boxes of volumes as files: other readers get what is stored, voxel by voxel, at its place; and nothing is left half done.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use microtome_core::Error;
use microtome_core::geometry::{BoxNm, GridTransform, VoxelBox, Zyx};
use microtome_core::store::{Metered, open_memory};
use microtome_core::testing::{ArrayFormat, Fault, FaultStore, Fixture, FixtureLevel, Oracle};
use microtome_core::volume::{Buffer, ChunkCache, DType, Volume, read_region};
use microtome_core::with_buffer;
use microtome_core::write::{Export, Format, export};
use proptest::prelude::*;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

fn fixture(dtype: DType, format: ArrayFormat, seed: u64) -> Fixture {
    let level =
        |shape, size| FixtureLevel { shape, world_from_voxel: GridTransform::new(size, Zyx::new(-20.0, 100.0, 3.5)) };
    Fixture {
        format,
        axes: "zyx".to_owned(),
        dtype,
        boolean: false,
        big_endian: false,
        chunk: Zyx::new(8, 5, 16),
        fill: 7,
        absent: 60,
        levels: vec![
            level(Zyx::new(21, 17, 40), Zyx::new(8.0, 4.0, 4.5)),
            level(Zyx::new(11, 9, 20), Zyx::new(16.0, 8.0, 9.0)),
        ],
        seed,
    }
}

fn open(fixture: &Fixture) -> (Volume, Oracle) {
    let store = fixture.write().unwrap();
    let oracle = Oracle::load(fixture, &store).unwrap();
    (Volume::open_in(&open_memory(store, "memory"), "").unwrap(), oracle)
}

fn cache() -> ChunkCache {
    ChunkCache::new(1 << 24)
}

const V2: ArrayFormat = ArrayFormat::V2 { fortran: false };

fn values(buffer: &Buffer) -> Vec<f64> {
    use microtome_core::volume::Voxel;
    with_buffer!(buffer, elements => elements.iter().map(|element| element.to_f64()).collect())
}

/// A box that ends in the middle of chunks, and of the second level.
fn some_box(volume: &Volume, level: usize) -> Export {
    let known = volume.levels()[level].world_from_voxel;
    let voxels = VoxelBox::new(Zyx::new(1, 2, 3), Zyx::new(10, 8, 19));
    Export::of(volume, level, &known.world_box(&voxels)).unwrap()
}

fn write(volume: &Volume, what: &Export, path: &Path) -> Vec<f64> {
    let mut steps = Vec::new();
    let is_written = export(volume, what, path, &cache(), |progress| {
        steps.push(progress.done);
        ControlFlow::Continue(())
    });
    assert!(is_written.unwrap());
    assert!(steps.is_sorted() && steps.first() == Some(&0) && steps.last() == Some(&what.voxels.shape().product()));
    values(&read_region(volume, what.level, &what.voxels, &cache()).unwrap())
}

const DTYPES: [DType; 11] = [
    DType::U8,
    DType::U16,
    DType::U32,
    DType::U64,
    DType::I8,
    DType::I16,
    DType::I32,
    DType::I64,
    DType::F16,
    DType::F32,
    DType::F64,
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_region_is_what_is_stored_and_the_fill_value_outside(
        dtype in prop::sample::select(&DTYPES[..]),
        sharded in any::<bool>(),
        level in 0..2_usize,
        lo in prop::array::uniform3(-5..15_i64),
        shape in prop::array::uniform3(1..30_i64),
        seed in any::<u64>(),
    ) {
        let shards = ArrayFormat::Sharded { per_shard: Zyx::splat(2), index_at_start: false, transpose: false };
        let (volume, oracle) = open(&fixture(dtype, if sharded { shards } else { V2 }, seed));
        let lo = Zyx::from(lo);
        let region = VoxelBox::new(lo, lo + Zyx::from(shape));
        let read = read_region(&volume, level, &region, &cache()).unwrap();
        prop_assert_eq!(read.dtype(), dtype);
        let mut expected = Vec::new();
        for z in region.lo.z..region.hi.z {
            for y in region.lo.y..region.hi.y {
                for x in region.lo.x..region.hi.x {
                    expected.push(oracle.value(level, Zyx::new(z, y, x)).unwrap_or(7.0));
                }
            }
        }
        prop_assert_eq!(values(&read), expected);
    }
}

#[test]
fn numpy_gets_the_array() {
    let folder = tempfile::tempdir().unwrap();
    for level in [0, 1] {
        let (volume, _) = open(&fixture(DType::U16, V2, 1));
        let what = some_box(&volume, level);
        let path = folder.path().join(format!("{level}.npy"));
        let expected = write(&volume, &what, &path);
        let read: ndarray::Array3<u16> = ndarray_npy::read_npy(&path).unwrap();
        assert_eq!(read.shape(), [9, 6, 16]);
        assert!(read.iter().map(|v| f64::from(*v)).eq(expected));
    }
}

#[test]
fn a_tiff_holds_the_planes_and_says_the_voxel_size() {
    let folder = tempfile::tempdir().unwrap();
    for dtype in DTYPES {
        let (volume, _) = open(&fixture(dtype, V2, 2));
        let what = some_box(&volume, 0);
        let path = folder.path().join(format!("{dtype}.tif"));
        let expected = write(&volume, &what, &path);
        let mut decoder = Decoder::new(std::fs::File::open(&path).unwrap()).unwrap();
        let words = decoder.get_tag_ascii_string(Tag::ImageDescription).unwrap();
        assert!(
            words.contains("slices=9\n") && words.contains("unit=nm\n") && words.contains("spacing=8\n"),
            "{words}"
        );
        let resolution = decoder.get_tag(Tag::XResolution).unwrap();
        assert_eq!(format!("{resolution:?}"), "Rational(1000000, 4500000)");
        let mut read = Vec::new();
        loop {
            assert_eq!(decoder.dimensions().unwrap(), (16, 6));
            read.extend(plane(decoder.read_image().unwrap()));
            if !decoder.more_images() {
                break;
            }
            decoder.next_image().unwrap();
        }
        assert_eq!(read, expected, "{dtype}");
    }
}

fn plane(plane: DecodingResult) -> Vec<f64> {
    match plane {
        DecodingResult::U8(v) => v.into_iter().map(f64::from).collect(),
        DecodingResult::U16(v) => v.into_iter().map(f64::from).collect(),
        DecodingResult::U32(v) => v.into_iter().map(f64::from).collect(),
        DecodingResult::U64(v) => v.into_iter().map(|v| v as f64).collect(),
        DecodingResult::I8(v) => v.into_iter().map(f64::from).collect(),
        DecodingResult::I16(v) => v.into_iter().map(f64::from).collect(),
        DecodingResult::I32(v) => v.into_iter().map(f64::from).collect(),
        DecodingResult::I64(v) => v.into_iter().map(|v| v as f64).collect(),
        DecodingResult::F32(v) => v.into_iter().map(f64::from).collect(),
        DecodingResult::F64(v) => v,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_image_is_at_its_place_in_the_world() {
    let folder = tempfile::tempdir().unwrap();
    for dtype in DTYPES {
        let (volume, _) = open(&fixture(dtype, V2, 3));
        let what = some_box(&volume, 1);
        let path = folder.path().join(format!("{dtype}.zarr"));
        let expected = write(&volume, &what, &path);
        let image = Volume::open(&path).unwrap();
        let [level] = image.levels() else { panic!("{:?}", image.levels()) };
        assert_eq!((level.dtype, level.shape), (dtype, Zyx::new(9, 6, 16)));
        assert_eq!(level.world_from_voxel, what.world_from_voxel(&volume));
        assert_eq!(level.bounds(), volume.levels()[1].world_from_voxel.world_box(&what.voxels));
        let read = read_region(&image, 0, &VoxelBox::of_shape(level.shape), &cache()).unwrap();
        assert_eq!(values(&read), expected, "{dtype}");
        assert!(image.oddities().is_empty(), "{:?}", image.oddities());
    }
}

#[test]
fn voxels_belong_to_a_box_by_their_centres() {
    let (volume, _) = open(&fixture(DType::U8, V2, 4));
    let first = Zyx::new(-20.0, 100.0, 3.5);
    let at = |lo: Zyx<f64>, hi: Zyx<f64>| Export::of(&volume, 0, &BoxNm::new(lo, hi)).map(|what| what.voxels);
    assert_eq!(at(first, first + Zyx::new(8.0, 4.0, 4.5)), Some(VoxelBox::new(Zyx::splat(0), Zyx::splat(1))));
    assert_eq!(at(first + Zyx::splat(0.1), first + Zyx::splat(3.0)), None);
    assert_eq!(at(Zyx::splat(-1e9), Zyx::splat(1e9)), Some(VoxelBox::of_shape(volume.levels()[0].shape)));
    assert_eq!(Export::of(&volume, 2, &BoxNm::new(Zyx::splat(-1e9), Zyx::splat(1e9))), None);
}

/// What is in a folder.
fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn nothing_is_left_of_what_was_broken_off_or_failed() {
    let fixture = fixture(DType::U8, V2, 5);
    let faults = FaultStore::new(fixture.write().unwrap());
    let volume = Volume::open_in(&Arc::new(Metered::new(Arc::new(faults.clone()), "memory")), "").unwrap();
    let what = Export::of(&volume, 0, &volume.bounds()).unwrap();
    for ending in ["npy", "tif", "zarr"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("a.{ending}"));
        let is_written = export(&volume, &what, &path, &cache(), |_| ControlFlow::Break(()));
        assert!(!is_written.unwrap());
        assert_eq!(names(folder.path()), [""; 0]);

        faults.put("s0/", Fault::Fail(std::io::ErrorKind::Other));
        let failed = export(&volume, &what, &path, &cache(), |_| ControlFlow::Continue(()));
        assert!(matches!(failed, Err(Error::Io { .. })), "{failed:?}");
        assert_eq!(names(folder.path()), [""; 0]);
        faults.heal();
    }
}

#[test]
fn what_is_there_is_not_written_over_and_data_are_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let (volume, _) = open(&fixture(DType::U8, V2, 6));
    let what = some_box(&volume, 0);
    let path = folder.path().join("a.npy");
    write(&volume, &what, &path);
    let before = std::fs::read(&path).unwrap();
    let refusal = |path: &Path| match export(&volume, &what, path, &cache(), |_| ControlFlow::Continue(())) {
        Err(Error::Target { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    assert!(refusal(&path).contains("already"));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let zarr = folder.path().join("b.zarr");
    write(&volume, &what, &zarr);
    assert!(refusal(&zarr).contains("already"));
    assert!(refusal(&zarr.join("s0/a.npy")).contains("inside of data"));
    assert!(refusal(&folder.path().join("a.png")).contains(".npy, .tif or .zarr"));
    assert!(Format::of_path(Path::new("A.TIFF")).is_ok_and(|format| format == Format::Tiff));
}
