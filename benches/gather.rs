//! Gathers patches out of decoded chunks on one thread: each kind of grid, raw and ids, and the limit of interpolating.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Throughput};
use microtome_benches::{criterion, patch_side};
use microtome_core::geometry::{Affine, Axis, Elastic, GridTransform, Orientation, PatchGrid, Warp, Zyx};
use microtome_core::store::open_memory;
use microtome_core::testing::{Fixture, FixtureLevel};
use microtome_core::volume::{Caches, PatchOut, Resample, Volume, read_patch};

/// Length of a stored voxel, nm.
const VOXEL_NM: f64 = 8.0;
/// Voxels of a chunk along each axis.
const CHUNK: u64 = 64;

/// A kind of grid: its name, and what is unlike the volume's own.
struct Kind {
    name: &'static str,
    orientation: Orientation,
    /// Of its voxels against the volume's, in voxels.
    shift: f64,
    /// Its voxels' length, in stored voxels.
    ratio: f64,
    warp: Warp,
}

fn main() -> anyhow::Result<()> {
    let mut criterion = criterion();
    let (volume, caches) = (volume(patch_side() * 5 / 2)?, Caches::new(4 << 30, 64 << 20));
    let mut group = criterion.benchmark_group("gather");
    for kind in kinds() {
        let side = usize::try_from(patch_side())?;
        gathers(&mut group, &volume, &caches, &kind, Zyx::splat(side))?;
    }
    limit(&mut group, &volume, &caches)?;
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// A volume of random bytes in memory, of `side` voxels along each axis.
fn volume(side: u64) -> anyhow::Result<Volume> {
    let world_from_voxel = GridTransform::new(Zyx::splat(VOXEL_NM), Zyx::splat(0.0));
    let levels = vec![FixtureLevel { shape: Zyx::splat(side), world_from_voxel }];
    let fixture = Fixture { chunk: Zyx::splat(CHUNK), levels, ..Fixture::default() };
    let store = fixture.write().map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(Volume::open_in(&open_memory(store, "memory"), "")?)
}

fn kinds() -> Vec<Kind> {
    let plain = |name| Kind { name, orientation: Orientation::IDENTITY, shift: 0.0, ratio: 1.0, warp: Warp::NONE };
    let turned = |name, source, mirror| Kind { orientation: Orientation { source, mirror }, ..plain(name) };
    let rotated = |z, y, x| Affine { rotate_degrees: Zyx::new(z, y, x), ..Affine::IDENTITY };
    let warped = |name, affine| Kind { warp: Warp::of_affine(affine), shift: 0.5, ..plain(name) };
    let elastic = Elastic { spacing_nm: Zyx::splat(400.0), sigma_nm: Zyx::new(0.0, 30.0, 30.0), seed: 1 };
    let (none, all) = (Zyx::splat(false), Zyx::splat(true));
    vec![
        plain("copied"),
        turned("mirrored", Orientation::IDENTITY.source, all),
        turned("transposed_yx", Zyx::new(Axis::Z, Axis::X, Axis::Y), none),
        turned("transposed_zyx", Zyx::new(Axis::X, Axis::Y, Axis::Z), none),
        turned("transposed_mirrored", Zyx::new(Axis::Y, Axis::X, Axis::Z), all),
        Kind { shift: 0.5, ..plain("half_voxel") },
        Kind { ratio: 2.0, ..plain("area_2x") },
        Kind { shift: 0.0, ..warped("rotated_z", rotated(30.0, 0.0, 0.0)) },
        warped("rotated_zyx", rotated(30.0, 40.0, 50.0)),
        Kind { warp: Warp { elastic: Some(elastic), ..Warp::NONE }, ..plain("elastic") },
    ]
}

/// The patch of a kind in the middle of the volume.
fn patch(volume: &Volume, kind: &Kind, shape: Zyx<usize>) -> PatchGrid {
    let middle = volume.levels()[0].shape.map(|n| (n as f64 - 1.0) / 2.0 + kind.shift);
    PatchGrid {
        center_nm: middle * VOXEL_NM,
        shape,
        voxel_size_nm: Zyx::splat(kind.ratio * VOXEL_NM),
        orientation: kind.orientation,
        warp: kind.warp,
    }
}

/// Raw as `f32` and as bytes, and ids of eight bits, out of a full cache.
fn gathers(
    group: &mut BenchmarkGroup<'_, WallTime>,
    volume: &Volume,
    caches: &Caches,
    kind: &Kind,
    shape: Zyx<usize>,
) -> anyhow::Result<()> {
    let (grid, voxels) = (patch(volume, kind, shape), shape.product());
    let (mut floats, mut bytes) = (vec![0_f32; voxels], vec![0_u8; voxels]);
    let read = |out: PatchOut<'_>| read_patch(volume, black_box(&grid), Resample::Area, caches, out, None);
    read(PatchOut::F32(&mut floats))?;
    group.throughput(Throughput::Elements(voxels as u64));
    group.bench_function(format!("{}/f32", kind.name), |bencher| bencher.iter(|| read(PatchOut::F32(&mut floats))));
    group.bench_function(format!("{}/u8", kind.name), |bencher| bencher.iter(|| read(PatchOut::U8(&mut bytes))));
    group.bench_function(format!("{}/ids8", kind.name), |bencher| bencher.iter(|| read(PatchOut::Ids8(&mut bytes))));
    Ok(())
}

/// What the arithmetic of interpolation allows: a rotated patch so fine that all that it reads and writes is in the
/// nearest caches, and lies in one chunk.
fn limit(group: &mut BenchmarkGroup<'_, WallTime>, volume: &Volume, caches: &Caches) -> anyhow::Result<()> {
    let affine = Affine { rotate_degrees: Zyx::new(30.0, 40.0, 50.0), ..Affine::IDENTITY };
    // In the middle of the chunk that holds the middle of the volume.
    let middle = volume.levels()[0].shape.map(|n| ((n / 2 / CHUNK * CHUNK + CHUNK / 2) as f64) * VOXEL_NM);
    let grid = PatchGrid {
        center_nm: middle,
        shape: Zyx::new(4, 16, 128),
        voxel_size_nm: Zyx::splat(0.1 * VOXEL_NM),
        orientation: Orientation::IDENTITY,
        warp: Warp::of_affine(affine),
    };
    let mut out = vec![0_f32; grid.shape.product()];
    group.throughput(Throughput::Elements(out.len() as u64));
    let mut read = || read_patch(volume, black_box(&grid), Resample::Area, caches, PatchOut::F32(&mut out), None);
    read()?;
    group.bench_function("limit_trilinear", |bencher| bencher.iter(&mut read));
    Ok(())
}
