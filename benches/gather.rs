//! Gathers patches out of decoded chunks on one thread: each kind of grid, raw and ids, and the limit of interpolating.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Throughput};
use microtome_benches::kinds::{CHUNK, Kind, VOXEL_NM, volume};
use microtome_benches::{criterion, patch_side};
use microtome_core::geometry::{Affine, Orientation, PatchGrid, Warp, Zyx};
use microtome_core::volume::{Caches, PatchOut, Resample, Volume, read_patch};

fn main() -> anyhow::Result<()> {
    let mut criterion = criterion();
    let (volume, caches) = (volume(patch_side() * 5 / 2)?, Caches::new(4 << 30, 64 << 20));
    let mut group = criterion.benchmark_group("gather");
    for kind in Kind::all() {
        let side = usize::try_from(patch_side())?;
        gathers(&mut group, &volume, &caches, &kind, Zyx::splat(side))?;
    }
    limit(&mut group, &volume, &caches)?;
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// Raw as `f32` and as bytes, and ids of eight bits, out of a full cache.
fn gathers(
    group: &mut BenchmarkGroup<'_, WallTime>,
    volume: &Volume,
    caches: &Caches,
    kind: &Kind,
    shape: Zyx<usize>,
) -> anyhow::Result<()> {
    let (grid, voxels) = (kind.patch(volume, shape), shape.product());
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
