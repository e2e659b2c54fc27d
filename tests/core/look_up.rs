//! Where the voxels of a patch are looked up, against what reading the patch answers.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use microtome_core::geometry::{
    Affine, Axis, Elastic, GridTransform, Misalign, Orientation, PatchGrid, Sections, VoxelBox, Warp, Zyx,
};
use microtome_core::store::open_memory;
use microtome_core::testing::{Fixture, FixtureLevel};
use microtome_core::volume::{Caches, DType, LookUp, PatchOut, Resample, Volume, read_patch};

/// A volume without order, its voxels anisotropic.
fn volume() -> Volume {
    let world_from_voxel = GridTransform::new(Zyx::new(9.0, 4.0, 5.0), Zyx::new(3.0, -7.0, 11.0));
    let level = FixtureLevel { shape: Zyx::new(21, 40, 33), world_from_voxel };
    let fixture = Fixture { dtype: DType::U16, chunk: Zyx::new(8, 16, 9), levels: vec![level], ..Fixture::default() };
    Volume::open_in(&open_memory(fixture.write().unwrap(), "memory"), "").unwrap()
}

fn grid(warp: Warp) -> PatchGrid {
    let mirror = Zyx::new(true, false, true);
    let orientation = Orientation { source: Zyx::new(Axis::Y, Axis::Z, Axis::X), mirror };
    // Reaches beyond the volume.
    let (center_nm, shape) = (Zyx::new(60.0, 15.0, 120.0), Zyx::new(9, 11, 13));
    PatchGrid { center_nm, shape, voxel_size_nm: Zyx::new(9.5, 8.0, 5.0), orientation, warp }
}

fn warp() -> Warp {
    let affine = Affine { rotate_degrees: Zyx::new(20.0, -7.0, 11.0), ..Affine::IDENTITY };
    let elastic = Elastic { spacing_nm: Zyx::splat(30.0), sigma_nm: Zyx::new(2.0, 6.0, 6.0), seed: 3 };
    let sections = Sections { thickness_nm: 8.0, edge_nm: -4.0 };
    let misalign = Misalign { sections, jitter_nm: 3.0, slip: 0.2, shift: 0.1, largest_nm: 9.0, seed: 4 };
    Warp { affine, elastic: Some(elastic), misalign: Some(misalign) }
}

#[test]
fn the_nearest_voxels_are_those_that_are_read() {
    let (volume, caches) = (volume(), Caches::new(1 << 24, 1 << 20));
    let (mut all, mut ids) = (vec![0_u64; volume.levels()[0].shape.map(|n| n as usize).product()], vec![0; 9 * 143]);
    let whole = volume.levels()[0].world_from_voxel.world_box(&VoxelBox::of_shape(volume.levels()[0].shape));
    let plain = PatchGrid {
        center_nm: (whole.lo + whole.hi) * 0.5,
        shape: volume.levels()[0].shape.map(|n| n as usize),
        voxel_size_nm: volume.levels()[0].voxel_size_nm(),
        orientation: Orientation::IDENTITY,
        warp: Warp::NONE,
    };
    read_patch(&volume, &plain, Resample::Nearest, &caches, PatchOut::Ids64(&mut all), None).unwrap();
    let at = |[z, y, x]: [i64; 3]| all[((z * 40 + y) * 33 + x) as usize];
    for warp in [Warp::NONE, warp()] {
        read_patch(&volume, &grid(warp), Resample::Nearest, &caches, PatchOut::Ids64(&mut ids), None).unwrap();
        let look_up = LookUp::new(&volume, &grid(warp), Resample::Nearest, &caches).unwrap();
        let found: Vec<_> = (0..9).flat_map(|z| look_up.nearest(z)).collect();
        assert!(found.iter().any(Option::is_none) && found.iter().any(Option::is_some));
        assert_eq!(found.iter().map(|voxel| voxel.map_or(0, at)).collect::<Vec<_>>(), ids);
        let used = look_up.voxels();
        assert!(found.iter().flatten().all(|voxel| used.contains(Zyx::from(*voxel))));
    }
}

#[test]
fn positions_are_what_their_parts_add_up_to() {
    let (volume, caches) = (volume(), Caches::new(1 << 24, 1 << 20));
    let look_up = LookUp::new(&volume, &grid(warp()), Resample::Area, &caches).unwrap();
    let warped = look_up.warped().unwrap();
    let (field, (axis, slips)) = (warped.field.as_ref().unwrap(), warped.slips.as_ref().unwrap());
    let stored = volume.levels()[0].world_from_voxel;
    for z in 0..9 {
        for (pixel, position) in look_up.positions(z).unwrap().into_iter().enumerate() {
            let at = Zyx::new(z, pixel / 13, pixel % 13);
            let world = grid(warp()).world_from_patch(at.map(|i| i as f64));
            let expected = stored.voxel_from_world(world).to_array();
            let knots = Zyx::from_fn(|axis| field.knots[axis][at[axis]]);
            for i in 0..3 {
                let step = |axis: Axis| warped.steps[axis][i] * at[axis] as f64;
                let mut sum = warped.origin[i] + step(Axis::Z) + step(Axis::Y) + step(Axis::X) + slips[at[*axis]][i];
                for n in 0..64 {
                    let (a, b, c) = (n / 16, n / 4 % 4, n % 4);
                    let weight = knots.z.weights[a] * knots.y.weights[b] * knots.x.weights[c];
                    let (z, y) = (knots.z.first as usize + a, knots.y.first as usize + b);
                    let point = (z * field.counts.y + y) * field.counts.x + knots.x.first as usize + c;
                    sum += weight * field.points[i][point];
                }
                assert!((position[i] - expected[i]).abs() < 1e-9 && (sum - expected[i]).abs() < 1e-9);
            }
        }
    }
}
