//! Warped patches on analytic volumes: values that are linear in world nm say where each voxel was really looked up.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::sync::{Arc, OnceLock};

use microtome_core::catalog::Catalog;
use microtome_core::geometry::{
    Affine, Axis, Elastic, GridTransform, Misalign, Orientation, PatchGrid, Sections, Shear, Warp, Zyx,
};
use microtome_core::loader::{Batch, Loader, LoaderConfig};
use microtome_core::phantom::{PhantomSpec, write};
use microtome_core::store::open_memory;
use microtome_core::testing::{Fixture, FixtureLevel};
use microtome_core::volume::{Buffer, Caches, DType, PatchOut, Resample, Volume, read_patch};
use zarrs::array::{Array, ArraySubset};

/// Anisotropic voxels, off the origin by a fraction of a voxel.
fn transform() -> GridTransform {
    GridTransform::new(Zyx::new(20.0, 4.0, 5.0), Zyx::new(-33.0, 17.3, 101.0))
}

const SHAPE: Zyx<u64> = Zyx::new(40, 180, 160);

/// A volume of two levels whose values are the position along `axis`, in µm. A voxel of the coarser level is the mean
/// of the eight that it covers.
fn ramp(axis: Axis) -> &'static Volume {
    static RAMPS: [OnceLock<Volume>; 3] = [const { OnceLock::new() }; 3];
    RAMPS[axis.index()].get_or_init(|| write_ramp(axis))
}

fn write_ramp(axis: Axis) -> Volume {
    let fine = FixtureLevel { shape: SHAPE, world_from_voxel: transform() };
    let size = transform().voxel_size_nm;
    let coarse = FixtureLevel {
        shape: SHAPE.map(|n| n / 2),
        world_from_voxel: GridTransform::new(size * 2.0, transform().translation_nm + size * 0.5),
    };
    let fixture =
        Fixture { dtype: DType::F32, chunk: Zyx::splat(32), levels: vec![fine, coarse], ..Fixture::default() };
    let store = fixture.write().unwrap();
    for (index, level) in fixture.levels.iter().enumerate() {
        let array = Array::open(Arc::clone(&store), &format!("/s{index}")).unwrap();
        let Zyx { z, y, x } = level.shape;
        let mut values = Vec::new();
        for voxel in 0..z * y * x {
            let at = Zyx::new(voxel / (y * x), voxel / x % y, voxel % x).map(|i| i as f64);
            values.push((level.world_from_voxel.world_from_voxel(at)[axis] / 1000.0) as f32);
        }
        array.store_array_subset(&ArraySubset::new_with_shape(vec![z, y, x]), &values[..]).unwrap();
    }
    Volume::open_in(&open_memory(store, "memory"), "").unwrap()
}

fn center_nm() -> Zyx<f64> {
    transform().world_from_voxel(SHAPE.map(|n| n as f64 / 2.0)) + Zyx::new(3.1, 0.7, 1.9)
}

fn patch(shape: usize, voxel_size_nm: Zyx<f64>, affine: Affine) -> PatchGrid {
    PatchGrid {
        center_nm: center_nm(),
        shape: Zyx::splat(shape),
        voxel_size_nm,
        orientation: Orientation::IDENTITY,
        warp: Warp::of_affine(affine),
    }
}

fn caches() -> Caches {
    Caches::new(1 << 28, 1 << 20)
}

/// Where each voxel of a patch was looked up, nm from `center_nm`, as the three ramps tell it.
fn looked_up(grid: &PatchGrid, resample: Resample) -> Vec<Zyx<f64>> {
    let mut found = vec![Zyx::splat(0.0); grid.shape.product()];
    for axis in Axis::ALL {
        let mut out = vec![0.0_f32; found.len()];
        let mut known = vec![0; found.len()];
        let report =
            read_patch(ramp(axis), grid, resample, &caches(), PatchOut::F32(&mut out), Some(&mut known)).unwrap();
        assert!(known.iter().all(|known| *known == 1) && report.outside_voxels == 0, "the patch reaches outside");
        for (found, out) in found.iter_mut().zip(&out) {
            found[axis] = f64::from(*out) * 1000.0 - center_nm()[axis];
        }
    }
    found
}

/// Offsets of a patch's voxels before any warp, nm, in its own C order.
fn offsets(grid: &PatchGrid) -> Vec<Zyx<f64>> {
    let n = grid.shape;
    let middle = n.map(|n| (n as f64 - 1.0) / 2.0);
    let at = |i: usize| Zyx::new(i / (n.y * n.x), i / n.x % n.y, i % n.x).map(|i| i as f64);
    (0..n.product()).map(|i| (at(i) - middle) * grid.voxel_size_nm).collect()
}

fn assert_near(found: &[Zyx<f64>], expected: impl Iterator<Item = Zyx<f64>>, tolerance_nm: Zyx<f64>) {
    for (found, expected) in found.iter().zip(expected) {
        let near = Axis::ALL.into_iter().all(|axis| (found[axis] - expected[axis]).abs() <= tolerance_nm[axis]);
        assert!(near, "{found} nm, not {expected} nm");
    }
}

/// The turn by `degrees` about `axis` spelled out: z turns x to y, y turns z to x, x turns y to z.
fn turn(axis: Axis, degrees: f64, v: Zyx<f64>) -> Zyx<f64> {
    let (sin, cos) = degrees.to_radians().sin_cos();
    match axis {
        Axis::Z => Zyx::new(v.z, v.y * cos + v.x * sin, v.x * cos - v.y * sin),
        Axis::Y => Zyx::new(v.z * cos - v.x * sin, v.y, v.x * cos + v.z * sin),
        Axis::X => Zyx::new(v.z * cos + v.y * sin, v.y * cos - v.z * sin, v.x),
    }
}

#[test]
fn rotation_about_each_axis_is_right_on_anisotropic_voxels() {
    for axis in Axis::ALL {
        for degrees in [30.0, 90.0, -137.5, 180.0] {
            for voxel_size_nm in [Zyx::splat(5.0), Zyx::new(20.0, 4.0, 5.0), Zyx::splat(12.0)] {
                let mut affine = Affine::IDENTITY;
                affine.rotate_degrees[axis] = degrees;
                let grid = patch(17, voxel_size_nm, affine);
                let expected: Vec<_> = offsets(&grid).into_iter().map(|v| turn(axis, degrees, v)).collect();
                // A linear field survives interpolation: what is left is the rounding of f32.
                assert_near(&looked_up(&grid, Resample::Area), expected.into_iter(), Zyx::splat(0.01));
            }
        }
    }
}

#[test]
fn nearest_voxels_are_at_most_half_a_voxel_off() {
    let affine = Affine { rotate_degrees: Zyx::new(33.0, -20.0, 75.0), ..Affine::IDENTITY };
    let grid = patch(21, Zyx::splat(4.0), affine);
    let expected = offsets(&grid).into_iter();
    let turned = expected.map(|v| turn(Axis::X, 75.0, turn(Axis::Y, -20.0, turn(Axis::Z, 33.0, v))));
    let half = transform().voxel_size_nm * 0.5 + Zyx::splat(0.01);
    assert_near(&looked_up(&grid, Resample::Nearest), turned, half);
}

#[test]
fn mirror_then_transpose_then_scale_then_shear_then_rotation() {
    let affine = Affine {
        rotate_degrees: Zyx::new(25.0, 0.0, 0.0),
        scale: Zyx::new(1.2, 0.9, 1.1),
        shear: Shear { zy: 0.3, zx: -0.2, yx: 0.1 },
    };
    let mut grid = patch(12, Zyx::new(6.0, 4.0, 5.0), affine);
    grid.orientation = Orientation { source: Zyx::new(Axis::X, Axis::Z, Axis::Y), mirror: Zyx::new(true, false, true) };
    let expected = offsets(&grid).into_iter().map(|v| {
        // Patch z runs against world x, patch y along z, patch x against y.
        let v = Zyx::new(v.y, -v.x, -v.z);
        let v = Zyx::new(1.2 * v.z, 0.9 * v.y, 1.1 * v.x);
        let v = Zyx::new(v.z, v.y + 0.3 * v.z, v.x - 0.2 * v.z + 0.1 * v.y);
        turn(Axis::Z, 25.0, v)
    });
    assert_near(&looked_up(&grid, Resample::Area), expected, Zyx::splat(0.01));
}

#[test]
fn a_coarser_level_is_registered_as_well() {
    let affine = Affine { rotate_degrees: Zyx::new(40.0, 0.0, 15.0), ..Affine::IDENTITY };
    let grid = patch(9, Zyx::new(40.0, 8.0, 10.0), affine);
    let report = {
        let mut out = vec![0.0; grid.shape.product()];
        read_patch(ramp(Axis::Z), &grid, Resample::Area, &caches(), PatchOut::F32(&mut out), None).unwrap()
    };
    assert_eq!(report.level, 1);
    let expected = offsets(&grid).into_iter().map(|v| turn(Axis::X, 15.0, turn(Axis::Z, 40.0, v)));
    assert_near(&looked_up(&grid, Resample::Area), expected, Zyx::splat(0.02));
}

#[test]
fn sections_are_shifted_as_they_lie_in_the_volume_whatever_the_patch_shows() {
    let sections = Sections { thickness_nm: 8.0, edge_nm: 0.0 };
    let misalign = Misalign { sections, jitter_nm: 3.0, slip: 0.2, shift: 0.2, largest_nm: 9.0, seed: 5 };
    for source in [[Axis::Z, Axis::Y, Axis::X], [Axis::Y, Axis::Z, Axis::X], [Axis::X, Axis::Y, Axis::Z]] {
        let mut grid = patch(16, Zyx::splat(8.0), Affine::IDENTITY);
        grid.orientation = Orientation { source: source.into(), mirror: Zyx::new(true, false, false) };
        let straight = looked_up(&grid, Resample::Area);
        grid.warp.misalign = Some(misalign);
        let found = looked_up(&grid, Resample::Area);
        let expected = straight.iter().map(|at| *at + misalign.displacement_nm(at.z));
        assert_near(&found, expected, Zyx::splat(0.01));
        let moved: Vec<_> = found.iter().zip(&straight).map(|(found, at)| *found - *at).collect();
        assert!(moved.iter().all(|by| by.z.abs() < 0.01) && moved.iter().any(|by| by.y.abs() > 4.0));
        assert!(
            (grid.world_from_patch(Zyx::new(3.0, 5.0, 7.0)) - grid.center_nm - found[(3 * 16 + 5) * 16 + 7])
                .all(|d| d.abs() < 0.01)
        );
    }
}

#[test]
fn a_displacement_field_is_added_to_the_affine() {
    let elastic = Elastic { spacing_nm: Zyx::new(60.0, 40.0, 50.0), sigma_nm: Zyx::new(0.0, 8.0, 5.0), seed: 77 };
    let affine = Affine { rotate_degrees: Zyx::new(0.0, 0.0, 20.0), ..Affine::IDENTITY };
    let mut grid = patch(16, Zyx::new(8.0, 4.0, 5.0), affine);
    grid.warp.elastic = Some(elastic);
    let expected = offsets(&grid).into_iter().map(|v| turn(Axis::X, 20.0, v) + elastic.displacement_nm(v));
    let found = looked_up(&grid, Resample::Area);
    assert_near(&found, expected, Zyx::splat(0.01));
    // No displacement along z, and a real one along the others.
    let stiff = offsets(&grid).into_iter().map(|v| turn(Axis::X, 20.0, v));
    let moved: Vec<_> = found.iter().zip(stiff).map(|(found, stiff)| *found - stiff).collect();
    assert!(moved.iter().all(|by| by.z.abs() < 0.01) && moved.iter().any(|by| by.y.abs() > 4.0 && by.x.abs() > 2.0));
    let world = grid.world_from_patch(Zyx::new(3.0, 5.0, 7.0)) - grid.center_nm;
    assert!((world - found[(3 * 16 + 5) * 16 + 7]).all(|d| d.abs() < 0.01));
    let footprint = grid.footprint();
    assert!(found.iter().all(|offset| footprint.contains(grid.center_nm + *offset)));
}

/// The patch looks beyond the volume: unknown there, and only there; chunks in the corners of its box are not read.
#[test]
fn only_what_the_turned_patch_reaches_is_read_and_outside_is_unknown() {
    let volume = ramp(Axis::X);
    let affine = Affine { rotate_degrees: Zyx::new(45.0, 0.0, 0.0), ..Affine::IDENTITY };
    let mut grid = patch(1, Zyx::new(20.0, 4.0, 4.0), affine);
    grid.shape = Zyx::new(4, 8, 200);
    let read = |grid: &PatchGrid| {
        let (mut out, mut known) = (vec![9.0; grid.shape.product()], vec![9; grid.shape.product()]);
        let report =
            read_patch(volume, grid, Resample::Area, &caches(), PatchOut::F32(&mut out), Some(&mut known)).unwrap();
        (out, known, report)
    };
    let (_, known, report) = read(&grid);
    let bounds = volume.bounds();
    for (known, offset) in known.iter().zip(offsets(&grid)) {
        let world = grid.center_nm + turn(Axis::Z, 45.0, offset);
        assert_eq!(*known == 1, bounds.contains(world), "{world}");
    }
    // The box around the diagonal is 5 × 5 chunks in y and x; the diagonal itself meets about half of them.
    let box_chunks = volume.levels()[0].chunk_grid().product() as usize;
    assert!(report.chunks > 4 && report.chunks * 2 < box_chunks, "{} of {box_chunks}", report.chunks);
    grid.center_nm.x += 300.0;
    let (out, known, report) = read(&grid);
    assert_eq!(report.outside_voxels, known.iter().filter(|known| **known == 0).count());
    assert!(report.outside_voxels > 0 && out.iter().zip(&known).all(|(out, known)| *known == 1 || *out == 0.0));
    grid.center_nm.x = f64::NAN;
    assert_eq!(read(&grid).2.outside_voxels, grid.shape.product());
}

/// A small synthetic dataset and a loader's configuration that turns, scales and slants every sample.
fn phantom() -> (Arc<Catalog>, LoaderConfig) {
    static PHANTOM: OnceLock<(tempfile::TempDir, Arc<Catalog>)> = OnceLock::new();
    let (_, catalog) = PHANTOM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phantom.zarr");
        write(&path, &PhantomSpec { shape: Zyx::splat(96), ..PhantomSpec::default() }, |_| ()).unwrap();
        (folder, Arc::new(Catalog::open(&path).unwrap()))
    });
    let config = LoaderConfig::from_toml(
        "
        [input.raw]
        shape = [20, 24, 28]
        voxel_size_nm = [8, 8, 8]
        encoding = \"u8\"
        [input.wide]
        shape = [12, 12, 12]
        voxel_size_nm = [32, 32, 32]
        encoding = \"f32\"
        [target.labels]
        shape = [20, 24, 28]
        voxel_size_nm = [8, 8, 8]
        encoding = \"ids\"
        [augment]
        mirror = { z = 0.5, y = 0.5, x = 0.5 }
        transpose = { axes = [\"z\", \"y\", \"x\"], probability = 1.0 }
        rotate = { z = [-180, 180], y = [-20, 20], probability = 0.8 }
        scale = { range = [0.8, 1.25], probability = 0.5 }
        shear = { zx = [-0.2, 0.2], probability = 0.5 }
        elastic = { spacing_nm = [100, 80, 80], sigma_nm = [0, 10, 10], probability = 0.5 }
        misalign = { jitter_nm = [0, 6], slip = 0.1, shift = 0.1, largest_nm = 20, probability = 0.5 }
        [sampling]
        samples_per_epoch = 9
        [loader]
        batch_size = 3
        ",
    );
    (Arc::clone(catalog), config.unwrap())
}

fn batches(threads: usize, memory: u64) -> Vec<Batch> {
    let (catalog, mut config) = phantom();
    (config.loader.threads, config.loader.memory) = (threads, memory);
    let loader = Loader::new(catalog, config).unwrap();
    (0..3).map(|_| loader.next_batch().unwrap()).collect()
}

#[test]
fn threads_and_memory_change_no_byte_of_warped_samples() {
    let reference = batches(1, 1 << 30);
    assert!(reference == batches(2, 1 << 30));
    let two_batches = 2 * reference.iter().map(Batch::size_bytes).max().unwrap();
    assert!(reference == batches(8, two_batches + 900_000));
    let warps: Vec<_> = reference.iter().flat_map(|batch| &batch.provenance).map(|place| place.grid.warp).collect();
    assert!(warps.iter().filter(|warp| !warp.is_none()).count() > 5, "{warps:?}");
    assert!(warps.iter().any(|warp| warp.affine.rotate_degrees.z != 0.0));
    assert!(warps.iter().any(|warp| warp.misalign.is_some()));
    assert!(warps.iter().any(|warp| warp.elastic.is_some()) && warps.iter().any(|warp| warp.elastic.is_none()));
}

/// The grid of the provenance, read on its own, gives the same bytes: every array of a sample shares the warp.
#[test]
fn provenance_is_enough_to_read_a_sample_again() {
    let (catalog, _) = phantom();
    for batch in batches(2, 1 << 30) {
        for (sample, place) in batch.provenance.iter().enumerate() {
            let raw = &catalog.datasets[place.dataset_index].raw;
            for name in ["raw", "wide"] {
                let array = batch.array(name).unwrap();
                let [_, _, z, y, x] = array.shape;
                let mut grid = place.grid;
                if name == "wide" {
                    (grid.shape, grid.voxel_size_nm) = (Zyx::new(z, y, x), Zyx::splat(32.0));
                }
                let len = grid.shape.product();
                let mut again = Buffer::zeros(array.data.dtype(), len);
                let out = match &mut again {
                    Buffer::U8(out) => PatchOut::U8(out),
                    Buffer::F32(out) => PatchOut::F32(out),
                    other => unreachable!("{:?}", other.dtype()),
                };
                read_patch(raw, &grid, Resample::Area, &caches(), out, None).unwrap();
                let bytes = again.size_bytes();
                assert!(array.data.as_bytes()[sample * bytes..(sample + 1) * bytes] == *again.as_bytes(), "{name}");
            }
            assert_eq!(place.world_box, place.grid.footprint());
        }
    }
}
