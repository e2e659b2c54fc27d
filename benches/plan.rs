//! Plans samples, reading nothing: raw and 1, 8 or 48 classes of equal geometry, with the transform cache and without.
//!
//! Every sample lies elsewhere, as in training: what the cache saves is shared among the arrays of a sample, and the
//! tables also among samples.

use std::cell::Cell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Throughput};
use microtome_benches::{Fixtures, criterion, patch_side};
use microtome_core::geometry::{Affine, Axis, Elastic, Orientation, PatchGrid, Warp, Zyx};
use microtome_core::ome::NgffVersion;
use microtome_core::volume::{Caches, Resample, Volume, plan_patch};

/// The share of the transform cache in a budget of 4 GiB.
const CACHE_BYTES: u64 = 64 << 20;
/// Names, and bytes of the transform cache.
const WAYS: [(&str, u64); 2] = [("no_cache", 0), ("cache", CACHE_BYTES)];
const CLASSES: [u64; 3] = [1, 8, 48];

fn main() -> anyhow::Result<()> {
    let fixtures = Fixtures::new(&[NgffVersion::V04])?;
    let volume = Volume::open(&fixtures.raw(NgffVersion::V04))?;
    let mut criterion = criterion();
    for classes in CLASSES {
        for (kind, grid_of) in kinds() {
            let mut group = criterion.benchmark_group(format!("plan_{kind}_{classes}_classes"));
            group.throughput(Throughput::Elements(1));
            samples(&mut group, &volume, classes, &grid_of)?;
            group.finish();
        }
    }
    criterion.final_summary();
    Ok(())
}

type GridOf = Box<dyn Fn(u64, PatchGrid) -> PatchGrid>;

/// How the grid of sample `i` differs from a patch on the volume's axes.
fn kinds() -> [(&'static str, GridOf); 4] {
    let turned = |i: u64| Affine { rotate_degrees: Zyx::new(i as f64 * 7.3 % 360.0, 0.0, 0.0), ..Affine::IDENTITY };
    let field = |seed| Elastic { spacing_nm: Zyx::splat(400.0), sigma_nm: Zyx::new(0.0, 30.0, 30.0), seed };
    [
        ("plain", Box::new(|_, grid| grid)),
        ("mirrored_transposed", Box::new(|i, grid| PatchGrid { orientation: orientation(i), ..grid })),
        ("rotated", Box::new(move |i, grid| PatchGrid { warp: Warp::of_affine(turned(i)), ..grid })),
        (
            "elastic",
            Box::new(move |i, grid| PatchGrid {
                warp: Warp { elastic: Some(field(i)), ..Warp::of_affine(turned(i)) },
                ..grid
            }),
        ),
    ]
}

/// One of the 48.
fn orientation(i: u64) -> Orientation {
    let [z, y, x] = Axis::ALL;
    let sources = [[z, y, x], [z, x, y], [y, z, x], [y, x, z], [x, z, y], [x, y, z]];
    let mirror = Zyx::new(i & 1 == 1, i >> 1 & 1 == 1, i >> 2 & 1 == 1);
    Orientation { source: Zyx::from(sources[(i / 8 % 6) as usize]), mirror }
}

/// Samples planned without a cache and with one in turn, so that whatever else the machine does meets both.
fn samples(
    group: &mut BenchmarkGroup<'_, WallTime>,
    volume: &Volume,
    classes: u64,
    grid_of: &GridOf,
) -> anyhow::Result<()> {
    let caches = WAYS.map(|(_, bytes)| Caches::new(0, bytes));
    let plan_sample = |caches: &Caches, i: u64| -> anyhow::Result<usize> {
        let grid = grid_of(i, patch(volume, i));
        let mut chunks = plan_patch(volume, &grid, Resample::Area, caches)?.chunks.len();
        for _ in 0..classes {
            chunks += plan_patch(volume, &grid, Resample::Nearest, caches)?.chunks.len();
        }
        Ok(chunks)
    };
    for caches in &caches {
        plan_sample(caches, 0)?;
    }
    let next = Cell::new(0_u64);
    let both = |samples: u64| {
        let mut took = [Duration::ZERO; WAYS.len()];
        for _ in 0..samples {
            let sample = next.replace(next.get().wrapping_add(1));
            for (caches, took) in caches.iter().zip(&mut took) {
                let began = Instant::now();
                black_box(plan_sample(caches, sample).ok());
                *took += began.elapsed();
            }
        }
        took
    };
    for (way, (name, _)) in WAYS.iter().enumerate() {
        group.bench_function(*name, |bencher| bencher.iter_custom(|samples| both(samples)[way]));
    }
    Ok(())
}

/// Patch `i`, on whole voxels all over the volume.
fn patch(volume: &Volume, i: u64) -> PatchGrid {
    let level = &volume.levels()[0];
    let side = patch_side();
    // Steps of a Weyl sequence, different along each axis.
    let steps = Zyx::new(0x9e37_79b9_u64, 0x7f4a_7c15, 0x6c8e_9cf5);
    let lo = steps.zip_map(level.shape, |step, n| i.wrapping_mul(step) % n.saturating_sub(side).max(1));
    let middle = lo.map(|lo| lo as f64 + (side as f64 - 1.0) / 2.0);
    PatchGrid {
        center_nm: level.world_from_voxel.world_from_voxel(middle),
        shape: Zyx::splat(usize::try_from(side).unwrap_or(1)),
        voxel_size_nm: level.voxel_size_nm(),
        orientation: Orientation::IDENTITY,
        warp: Warp::NONE,
    }
}
