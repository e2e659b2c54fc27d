//! Patches of any element type that the device makes against those that are read.

use std::sync::Arc;

use microtome::state::preview::resampling;
use microtome_core::geometry::{
    Affine, Axis, Elastic, GridTransform, Misalign, Orientation, PatchGrid, Sections, Shear, Warp, Zyx,
};
use microtome_core::loader::{ArraySpec, Encoding, LookSources, LookedClass};
use microtome_core::sample::Request;
use microtome_core::store::open_memory;
use microtome_core::testing::{Fixture, FixtureLevel};
use microtome_core::volume::{Caches, DType, PatchOut, Resample, Volume, read_patch};

use crate::device::gpu;
use crate::resample::{GRIDS, loader, upload};
use crate::scene::Random;

/// A volume without order of several levels, of which some chunks may be absent.
fn scattered(dtype: DType, absent: u8, seed: u64) -> Volume {
    let size_nm = Zyx::new(9.0, 4.0, 5.0);
    let level = |shape: Zyx<u64>, factor: f64| FixtureLevel {
        shape,
        world_from_voxel: GridTransform::new(
            size_nm * factor,
            Zyx::new(3.0, -7.0, 11.0) + size_nm * ((factor - 1.0) / 2.0),
        ),
    };
    let levels = vec![level(Zyx::new(30, 60, 50), 1.0), level(Zyx::new(15, 30, 25), 2.0)];
    let fixture = Fixture { dtype, chunk: Zyx::new(8, 16, 9), levels, absent, fill: 3, seed, ..Fixture::default() };
    Volume::open_in(&open_memory(fixture.write().expect("written"), "memory"), "").expect("opens")
}

fn random_grid(random: &mut Random, shape: Zyx<usize>) -> PatchGrid {
    let mut axes = Axis::ALL;
    axes.swap(0, random.below(3) as usize);
    axes.swap(1, 1 + random.below(2) as usize);
    let orientation =
        Orientation { source: Zyx::new(axes[0], axes[1], axes[2]), mirror: Zyx::from_fn(|_| random.chance(50)) };
    let affine = Affine {
        rotate_degrees: Zyx::from_fn(|_| random.between(-180.0, 180.0)),
        scale: Zyx::from_fn(|_| random.between(0.7, 1.5)),
        shear: Shear { zy: random.between(-0.3, 0.3), zx: random.between(-0.3, 0.3), yx: random.between(-0.3, 0.3) },
    };
    let sections = Sections { thickness_nm: 10.0, edge_nm: random.between(-5.0, 5.0) };
    let seed = random.next();
    let misalign = Misalign { sections, jitter_nm: 4.0, slip: 0.2, shift: 0.1, largest_nm: 12.0, seed };
    let elastic = Elastic { spacing_nm: Zyx::splat(30.0), sigma_nm: Zyx::new(2.0, 6.0, 6.0), seed };
    let warp = Warp {
        affine: if random.chance(60) { affine } else { Affine::IDENTITY },
        elastic: random.chance(40).then_some(elastic),
        misalign: random.chance(40).then_some(misalign),
    };
    let center_nm = Zyx::from_fn(|_| random.between(0.0, 250.0));
    let voxel_size_nm = random.pick(&[Zyx::new(9.0, 4.0, 5.0), Zyx::new(18.0, 8.0, 10.0), Zyx::new(11.0, 7.3, 3.1)]);
    PatchGrid { center_nm, shape, voxel_size_nm, orientation, warp }
}

#[test]
fn values_of_any_type_come_out_as_they_are_read() {
    let gpu = gpu();
    let mut renderer = gpu.renderer(wgpu::TextureFormat::Rgba8Unorm);
    let caches = Caches::new(1 << 26, 1 << 22);
    let mut random = Random(11);
    let place = loader(GRIDS[0]).draw(0, 0).expect("drawn");
    let (shape, mut inside) = (Zyx::new(7, 19, 22), 0);
    for (seed, dtype) in [DType::U8, DType::U16, DType::I16, DType::F32].into_iter().enumerate() {
        let (raw, labels) = (scattered(dtype, 0, seed as u64), Arc::new(scattered(DType::U16, 90, 9 + seed as u64)));
        for _ in 0..12 {
            let grid = random_grid(&mut random, shape);
            let request = Request { grid, ..place.clone() };
            let spec = ArraySpec::new(shape, grid.voxel_size_nm, Encoding::Ids);
            let sources = LookSources {
                input: Some((spec.clone(), raw.clone())),
                target: Some((spec, vec![("a".to_owned(), LookedClass::Labels(Arc::clone(&labels)))])),
            };
            let slice = random.below(7) as usize;
            let made = resampling(&sources, &request, slice, &caches).expect("can be made");
            renderer.begin_frame();
            upload(&gpu, &mut renderer, &made, &caches);
            let found = renderer.read_resampled((&gpu.device, &gpu.queue), &made.plan).expect("the device works");
            let found = found.unwrap_or_else(|why| panic!("{why:?}"));
            let (mut values, mut ids) = (vec![0.0_f32; shape.product()], vec![0_u64; shape.product()]);
            let mut known = vec![0; ids.len()];
            read_patch(&raw, &grid, Resample::Area, &caches, PatchOut::F32(&mut values), None).expect("read");
            read_patch(&labels, &grid, Resample::Nearest, &caches, PatchOut::Ids64(&mut ids), Some(&mut known))
                .expect("read");
            let plane = slice * shape.y * shape.x..(slice + 1) * shape.y * shape.x;
            let largest = values.iter().fold(1.0_f32, |largest, value| largest.max(value.abs()));
            for (found, expected) in found.raw.iter().zip(&values[plane.clone()]) {
                assert!(
                    (found - expected).abs() <= largest / 255.0 / 4.0,
                    "{dtype:?} {grid:?}: {found}, not {expected}"
                );
            }
            assert_eq!(found.ids[0], ids[plane.clone()].iter().map(|id| *id as u32).collect::<Vec<_>>(), "{grid:?}");
            assert_eq!(found.known[0], known[plane].iter().map(|known| *known == 1).collect::<Vec<_>>(), "{grid:?}");
            inside += found.known[0].iter().filter(|known| **known).count();
        }
    }
    assert!(inside > 4000, "{inside}");
}
