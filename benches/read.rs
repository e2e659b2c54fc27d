//! Reads boxes of the EM: zarrs on its own, Microtome with an empty and with a full cache, copied and resampled.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::Arc;

use anyhow::Context as _;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Throughput};
use microtome_benches::{FORMATS, Fixtures, boxes, criterion, patch_side};
use microtome_core::geometry::{Affine, BoxNm, Elastic, Orientation, PatchGrid, VoxelBox, Warp, Zyx};
use microtome_core::ome::NgffVersion;
use microtome_core::volume::{Caches, ChunkCache, PatchOut, Resample, Volume, read_patch};
use zarrs::array::{Array, ArraySubset, CodecOptions};
use zarrs::filesystem::FilesystemStore;

/// Holds every chunk of the phantoms.
const PLENTY_BYTES: u64 = 4 << 30;

fn main() -> anyhow::Result<()> {
    let fixtures = Fixtures::new(&FORMATS)?;
    let mut criterion = criterion();
    for format in FORMATS {
        let mut group = criterion.benchmark_group(format!("read_v{}", format.zarr_format()));
        group.throughput(Throughput::Bytes(patch_side().pow(3)));
        zarrs_alone(&mut group, &fixtures, format)?;
        box_reads(&mut group, &fixtures, format)?;
        patch_reads(&mut group, &fixtures, format)?;
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}

/// The boxes one after the other, over and over.
fn round(boxes: &[VoxelBox]) -> impl Fn() -> VoxelBox {
    let next = Cell::new(0_usize);
    move || boxes[next.replace(next.get().wrapping_add(1)) % boxes.len()]
}

/// What anybody would write with zarrs: no cache, all cores or one.
fn zarrs_alone(group: &mut BenchmarkGroup<'_, WallTime>, data: &Fixtures, format: NgffVersion) -> anyhow::Result<()> {
    let store = FilesystemStore::new(data.raw(format)).context("zarrs opens the group")?;
    let array = Array::open(Arc::new(store), "/s0").context("zarrs opens the array")?;
    let (boxes, one) = (boxes(), CodecOptions::default().with_concurrent_target(1));
    for (name, options) in [("zarrs_one_thread", one), ("zarrs_all_cores", CodecOptions::default())] {
        let next = round(&boxes);
        group.bench_function(name, |bencher| {
            bencher.iter_with_setup(
                || subset(&next()),
                |subset| array.retrieve_array_subset_opt::<Vec<u8>>(black_box(&subset), &options),
            );
        });
    }
    Ok(())
}

fn subset(roi: &VoxelBox) -> ArraySubset {
    let range = |lo: i64, hi: i64| lo.unsigned_abs()..hi.unsigned_abs();
    ArraySubset::new_with_ranges(&[range(roi.lo.z, roi.hi.z), range(roi.lo.y, roi.hi.y), range(roi.lo.x, roi.hi.x)])
}

fn box_reads(group: &mut BenchmarkGroup<'_, WallTime>, data: &Fixtures, format: NgffVersion) -> anyhow::Result<()> {
    let volume = Volume::open(&data.raw(format))?;
    let boxes = boxes();
    for (name, capacity) in [("box_cold", 0), ("box_warm", PLENTY_BYTES)] {
        let cache = ChunkCache::new(capacity);
        for roi in &boxes {
            volume.read_box(0, roi, &cache)?;
        }
        let next = round(&boxes);
        group.bench_function(name, |bencher| bencher.iter(|| volume.read_box(0, black_box(&next()), &cache)));
    }
    Ok(())
}

/// Patches as the loader reads them, from a full cache: `f32` copied, mirrored and transposed, shifted by half a voxel
/// (interpolated), rotated about all axes, and bent as well (interpolated voxel by voxel).
fn patch_reads(group: &mut BenchmarkGroup<'_, WallTime>, data: &Fixtures, format: NgffVersion) -> anyhow::Result<()> {
    let volume = Volume::open(&data.raw(format))?;
    let turned = Orientation { source: Orientation::IDENTITY.source, mirror: Zyx::new(true, false, true) };
    let swapped = Orientation { source: Zyx::new(turned.source.x, turned.source.y, turned.source.z), ..turned };
    let identity = Orientation::IDENTITY;
    let rotated = Affine { rotate_degrees: Zyx::new(30.0, 40.0, 50.0), ..Affine::IDENTITY };
    let bent = Elastic { spacing_nm: Zyx::splat(400.0), sigma_nm: Zyx::new(0.0, 30.0, 30.0), seed: 1 };
    let cases = [
        ("patch_f32_warm", identity, 0.0, Warp::NONE),
        ("patch_f32_turned_warm", swapped, 0.0, Warp::NONE),
        ("patch_f32_half_voxel_warm", identity, 0.5, Warp::NONE),
        ("patch_f32_rotated_warm", identity, 0.5, Warp::of_affine(rotated)),
        ("patch_f32_elastic_warm", identity, 0.5, Warp { elastic: Some(bent), ..Warp::of_affine(rotated) }),
    ];
    for (name, orientation, shift, warp) in cases {
        let caches = Caches::new(PLENTY_BYTES, 64 << 20);
        let side = usize::try_from(patch_side()).context("side")?;
        let mut out = vec![0_f32; side.pow(3)];
        let grids: Vec<_> =
            boxes().iter().map(|roi| PatchGrid { warp, ..patch(&volume, roi, shift, orientation) }).collect();
        let read = |grid: &PatchGrid, out: &mut [f32]| {
            read_patch(&volume, grid, Resample::Area, &caches, PatchOut::F32(out), None)
        };
        for grid in &grids {
            read(grid, &mut out)?;
        }
        let next = Cell::new(0_usize);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let grid = &grids[next.replace(next.get().wrapping_add(1)) % grids.len()];
                read(black_box(grid), &mut out)
            });
        });
    }
    Ok(())
}

/// The patch on a box of voxels, shifted by a part of a voxel.
fn patch(volume: &Volume, roi: &VoxelBox, shift: f64, orientation: Orientation) -> PatchGrid {
    let world_from_voxel = volume.levels()[0].world_from_voxel;
    let world: BoxNm = world_from_voxel.world_box(roi);
    let center_nm = world.center_nm() + world_from_voxel.voxel_size_nm * shift;
    let shape = roi.shape().map(|n| usize::try_from(n).unwrap_or(1));
    PatchGrid { center_nm, shape, voxel_size_nm: world_from_voxel.voxel_size_nm, orientation, warp: Warp::NONE }
}
