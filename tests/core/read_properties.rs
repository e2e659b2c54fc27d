//! The read path against the slow oracle: any format, axes, element type, chunking, gaps, grid and edge.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use microtome_core::geometry::{
    Affine, Axis, Elastic, GridTransform, Misalign, Orientation, PatchGrid, Sections, Shear, VoxelBox, Warp, Zyx,
};
use microtome_core::store::open_memory;
use microtome_core::testing::{ArrayFormat, Fixture, FixtureLevel, Oracle};
use microtome_core::volume::{Buffer, Caches, ChunkCache, DType, PatchOut, Resample, Volume, Voxel, read_patch};
use microtome_core::with_buffer;
use proptest::prelude::*;

fn zyx<T: std::fmt::Debug>(of: impl Strategy<Value = T> + Clone) -> impl Strategy<Value = Zyx<T>> {
    (of.clone(), of.clone(), of).prop_map(|(z, y, x)| Zyx::new(z, y, x))
}

fn format() -> impl Strategy<Value = ArrayFormat> {
    let sharded = (zyx(1_u64..4), any::<bool>(), any::<bool>()).prop_map(|(per_shard, index_at_start, transpose)| {
        ArrayFormat::Sharded { per_shard, index_at_start, transpose }
    });
    prop_oneof![
        any::<bool>().prop_map(|fortran| ArrayFormat::V2 { fortran }),
        any::<bool>().prop_map(|transpose| ArrayFormat::V3 { transpose }),
        sharded,
    ]
}

fn dtype() -> impl Strategy<Value = (DType, bool)> {
    use DType::{F16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
    let types = [U8, U16, U32, U64, I8, I16, I32, I64, F16, F32, F64].map(|dtype| (dtype, false));
    proptest::sample::select([types.as_slice(), &[(U8, true)]].concat())
}

/// Up to three levels; each halves the one before, its first voxel covering the first two of that.
fn levels() -> impl Strategy<Value = Vec<FixtureLevel>> {
    let voxel_nm =
        prop_oneof![Just(Zyx::new(8.0, 8.0, 8.0)), Just(Zyx::new(16.0, 4.0, 4.0)), Just(Zyx::new(5.24, 3.0, 7.0)),];
    (1_usize..4, zyx(1_u64..18), voxel_nm, zyx(-400_i32..400)).prop_map(|(count, shape, voxel_nm, eighths)| {
        let translation_nm = eighths.map(|n| f64::from(n) / 8.0) * voxel_nm;
        let level = |index: u32| {
            let factor = f64::from(1 << index);
            FixtureLevel {
                shape: shape.map(|n| n.div_ceil(1 << index)),
                world_from_voxel: GridTransform::new(
                    voxel_nm * factor,
                    translation_nm + voxel_nm * ((factor - 1.0) / 2.0),
                ),
            }
        };
        (0..count as u32).map(level).collect()
    })
}

fn fixture() -> impl Strategy<Value = Fixture> {
    let axes = proptest::sample::select(vec!["zyx", "zyx", "xyz", "yxz", "czyx", "tczyx", "zyxc", "yx"]);
    let gaps = proptest::sample::select(vec![0_u8, 80, 255]);
    ((format(), axes, dtype(), any::<bool>()), (zyx(1_u64..9), 0_u8..101, gaps, levels(), any::<u64>())).prop_map(
        |((format, axes, (dtype, boolean), big_endian), (chunk, fill, absent, mut levels, seed))| {
            if axes == "yx" {
                for level in &mut levels {
                    // An axis that the file lacks has one voxel of 1 nm at 0.
                    level.shape.z = 1;
                    level.world_from_voxel.voxel_size_nm.z = 1.0;
                    level.world_from_voxel.translation_nm.z = 0.0;
                }
            }
            Fixture { format, axes: axes.to_owned(), dtype, boolean, big_endian, chunk, fill, absent, levels, seed }
        },
    )
}

fn orientation() -> impl Strategy<Value = Orientation> {
    (Just(Axis::ALL.to_vec()).prop_shuffle(), zyx(any::<bool>()))
        .prop_map(|(axes, mirror)| Orientation { source: Zyx::new(axes[0], axes[1], axes[2]), mirror })
}

/// A patch somewhere in or about the fixture's finest level, on eighths of voxels.
fn case() -> impl Strategy<Value = (Fixture, PatchGrid)> {
    let ratio = proptest::sample::select(vec![1.0, 1.0, 1.0, 2.0, 2.0, 4.0, 3.0, 0.5, 0.75, 1.5, 10.0]);
    (fixture(), zyx(1_usize..9), zyx(ratio), zyx(-0.3_f64..1.3), orientation()).prop_map(
        |(fixture, shape, ratio, at, orientation)| {
            let finest = &fixture.levels[0];
            let voxel = at.zip_map(finest.shape, |at, n| (at * n as f64 * 8.0).round() / 8.0);
            let stored_nm = finest.world_from_voxel.voxel_size_nm;
            let voxel_size_nm = Zyx::from_fn(|axis| ratio[axis] * stored_nm[orientation.source[axis]]);
            let center_nm = finest.world_from_voxel.world_from_voxel(voxel);
            (fixture, PatchGrid { center_nm, shape, voxel_size_nm, orientation, warp: Warp::NONE })
        },
    )
}

/// Any affine: whole turns and none among the angles, so that patches lie on the volume's axes, too.
fn affine() -> impl Strategy<Value = Affine> {
    let angle = prop_oneof![2 => Just(0.0), 1 => Just(90.0), 1 => Just(-180.0), 4 => -180.0..180.0];
    let factor = prop_oneof![2 => Just(1.0), 1 => Just(2.0), 3 => 0.5_f64..2.0];
    let slope = prop_oneof![2 => Just(0.0), 1 => -0.5_f64..0.5];
    (zyx(angle), zyx(factor), zyx(slope)).prop_map(|(rotate_degrees, scale, slope)| Affine {
        rotate_degrees,
        scale,
        shear: Shear { zy: slope.z, zx: slope.y, yx: slope.x },
    })
}

/// A displacement field or none, as strong as a configuration may ask for.
fn elastic() -> impl Strategy<Value = Option<Elastic>> {
    let field = (zyx(10.0_f64..100.0), zyx(0.0_f64..0.25), any::<u64>())
        .prop_map(|(spacing_nm, slope, seed)| Elastic { spacing_nm, sigma_nm: spacing_nm * slope, seed });
    proptest::option::of(field)
}

/// Shifts of sections or none; which sections there are is up to the patch.
fn misalign() -> impl Strategy<Value = Option<Misalign>> {
    let sections = Sections { thickness_nm: 1.0, edge_nm: 0.0 };
    let shifts = (0.0_f64..20.0, 0.0_f64..1.0, 0.0_f64..0.5, 0.0_f64..30.0, any::<u64>()).prop_map(
        move |(jitter_nm, slip, shift, largest_nm, seed)| Misalign {
            sections,
            jitter_nm,
            slip,
            shift,
            largest_nm,
            seed,
        },
    );
    proptest::option::of(shifts)
}

/// A case whose patch is bent, and not too coarse for a slow oracle.
fn warped_case() -> impl Strategy<Value = (Fixture, PatchGrid)> {
    (case(), affine(), elastic(), misalign()).prop_map(|((fixture, mut grid), affine, elastic, misalign)| {
        let misalign = misalign.map(|misalign| Misalign { sections: Sections::of(&grid), ..misalign });
        grid.warp = Warp { affine, elastic, misalign };
        let finest_nm = fixture.levels[0].world_from_voxel.voxel_size_nm;
        let coarsest = finest_nm.to_array().into_iter().fold(f64::INFINITY, f64::min) * 4.0;
        grid.voxel_size_nm = grid.voxel_size_nm.map(|size| size.min(coarsest));
        (fixture, grid)
    })
}

struct Opened {
    oracle: Oracle,
    volume: Volume,
    caches: Caches,
}

fn open(fixture: &Fixture, cache_bytes: u64) -> Opened {
    let store = fixture.write().unwrap();
    let oracle = Oracle::load(fixture, &store).unwrap();
    let volume = Volume::open_in(&open_memory(store, "memory"), "").unwrap();
    Opened { oracle, volume, caches: Caches::new(cache_bytes, 1 << 20) }
}

impl Opened {
    /// Reads a patch into a buffer of `T`, which the test fills with rubbish first, and the mask of what is known.
    fn read<T: Voxel>(
        &self,
        grid: &PatchGrid,
        resample: Resample,
        rubbish: T,
        out: impl for<'a> Fn(&'a mut Buffer) -> PatchOut<'a>,
    ) -> (Vec<T>, Vec<u8>) {
        let len = grid.shape.product();
        let mut buffer = T::into_buffer(vec![rubbish; len]);
        let mut known = vec![7; len];
        let report =
            read_patch(&self.volume, grid, resample, &self.caches, out(&mut buffer), Some(&mut known)).unwrap();
        assert_eq!(report.level, self.oracle.level(grid));
        assert_eq!(report.outside_voxels, known.iter().filter(|known| **known == 0).count());
        (T::elements_of(&buffer).unwrap().to_vec(), known)
    }

    fn read_f32(&self, grid: &PatchGrid, resample: Resample) -> (Vec<f32>, Vec<u8>) {
        self.read(grid, resample, f32::NAN, |buffer| match buffer {
            Buffer::F32(out) => PatchOut::F32(out),
            _ => unreachable!("the buffer was made of f32"),
        })
    }

    fn read_u8(&self, grid: &PatchGrid, resample: Resample) -> (Vec<u8>, Vec<u8>) {
        self.read(grid, resample, 99, |buffer| match buffer {
            Buffer::U8(out) => PatchOut::U8(out),
            _ => unreachable!("the buffer was made of u8"),
        })
    }

    fn read_ids(&self, grid: &PatchGrid, resample: Resample) -> (Vec<u64>, Vec<u8>) {
        self.read(grid, resample, 99, |buffer| match buffer {
            Buffer::U64(out) => PatchOut::Ids64(out),
            _ => unreachable!("the buffer was made of u64"),
        })
    }
}

/// An intensity of 0–1 as the contract puts it into a byte.
fn byte(unit: f64) -> u8 {
    (unit.clamp(0.0, 1.0) * 255.0 + 0.5).floor() as u8
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nearest_is_exact((fixture, grid) in case(), cache_bytes in prop_oneof![Just(0_u64), Just(1 << 20)]) {
        let opened = open(&fixture, cache_bytes);
        let expected = opened.oracle.nearest(&grid);
        let (units, known) = opened.read_f32(&grid, Resample::Nearest);
        prop_assert_eq!(&known, &expected.iter().map(|unit| u8::from(unit.is_some())).collect::<Vec<_>>());
        let as_f32 = |unit: &Option<f64>| unit.unwrap_or(0.0) as f32;
        prop_assert_eq!(units, expected.iter().map(as_f32).collect::<Vec<_>>());
        let (bytes, _) = opened.read_u8(&grid, Resample::Nearest);
        prop_assert_eq!(bytes, expected.iter().map(|unit| unit.map_or(0, byte)).collect::<Vec<_>>());

        let ids = opened.oracle.ids(&grid);
        // Ids are never averaged, whatever is asked for.
        for resample in [Resample::Nearest, Resample::Area] {
            let (found, known) = opened.read_ids(&grid, resample);
            prop_assert_eq!(found, ids.iter().map(|id| id.unwrap_or(0)).collect::<Vec<_>>());
            prop_assert_eq!(known, ids.iter().map(|id| u8::from(id.is_some())).collect::<Vec<_>>());
        }
    }

    #[test]
    fn area_is_the_mean_over_the_box((fixture, grid) in case(), cache_bytes in prop_oneof![Just(0_u64), Just(1 << 20)]) {
        let opened = open(&fixture, cache_bytes);
        let expected = opened.oracle.area(&grid);
        let (units, known) = opened.read_f32(&grid, Resample::Area);
        prop_assert_eq!(&known, &expected.iter().map(|unit| u8::from(unit.is_some())).collect::<Vec<_>>());
        for (at, (found, expected)) in units.iter().zip(&expected).enumerate() {
            let expected = expected.unwrap_or(0.0);
            // Fill values of float volumes may be far above 1.
            let tolerance = 1e-5 * expected.abs().max(1.0);
            prop_assert!((f64::from(*found) - expected).abs() <= tolerance, "voxel {at}: {found}, not {expected}");
        }
        let (bytes, _) = opened.read_u8(&grid, Resample::Area);
        for (at, (found, expected)) in bytes.iter().zip(&expected).enumerate() {
            let expected = expected.map_or(0.0, |unit| unit.clamp(0.0, 1.0) * 255.0);
            prop_assert!((f64::from(*found) - expected).abs() <= 0.501, "voxel {at}: {found}, not {expected}");
        }
    }

    /// On the volume's own grid an average is a copy, bit by bit.
    #[test]
    fn an_aligned_area_is_exact(fixture in fixture(), shape in zyx(1_usize..9), at in zyx(-4_i32..20), orientation in orientation()) {
        let opened = open(&fixture, 1 << 20);
        let transform = fixture.levels[0].world_from_voxel;
        let along_world = orientation.along_world(shape);
        let middle = at.zip_map(along_world, |at, n| f64::from(at) + (n as f64 - 1.0) / 2.0);
        let voxel_size_nm = Zyx::from_fn(|axis| transform.voxel_size_nm[orientation.source[axis]]);
        let grid = PatchGrid { center_nm: transform.world_from_voxel(middle), shape, voxel_size_nm, orientation, warp: Warp::NONE };
        prop_assert_eq!(opened.read_f32(&grid, Resample::Area), opened.read_f32(&grid, Resample::Nearest));
        prop_assert_eq!(opened.read_u8(&grid, Resample::Area), opened.read_u8(&grid, Resample::Nearest));
    }

    #[test]
    fn boxes_hold_what_is_stored(fixture in fixture(), lo in zyx(-3_i64..18), extent in zyx(0_i64..12), level in 0_usize..3) {
        let opened = open(&fixture, 1 << 20);
        let level = level.min(fixture.levels.len() - 1);
        let roi = VoxelBox::new(lo, lo + extent);
        let found = opened.volume.read_box(level, &roi, &opened.caches.chunks).unwrap();
        prop_assert_eq!(found.dtype(), fixture.dtype);
        let found: Vec<f64> = with_buffer!(&found, v => v.iter().map(|v| v.to_f64()).collect());
        let fill = opened.volume.levels()[level].fill_value;
        let mut expected = Vec::new();
        for z in roi.lo.z..roi.hi.z {
            for y in roi.lo.y..roi.hi.y {
                expected.extend((roi.lo.x..roi.hi.x).map(|x| opened.oracle.value(level, Zyx::new(z, y, x)).unwrap_or(fill)));
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_warped_patch_is_read_as_defined((fixture, grid) in warped_case(), cache_bytes in prop_oneof![Just(0_u64), Just(1 << 20)]) {
        let opened = open(&fixture, cache_bytes);
        let ids = opened.oracle.ids(&grid);
        let (found, known) = opened.read_ids(&grid, Resample::Area);
        prop_assert_eq!(found, ids.iter().map(|id| id.unwrap_or(0)).collect::<Vec<_>>());
        prop_assert_eq!(&known, &ids.iter().map(|id| u8::from(id.is_some())).collect::<Vec<_>>());
        let (units, _) = opened.read_f32(&grid, Resample::Nearest);
        let expected = opened.oracle.nearest(&grid);
        prop_assert_eq!(units, expected.iter().map(|unit| unit.unwrap_or(0.0) as f32).collect::<Vec<_>>());

        let expected = opened.oracle.warped(&grid);
        let (units, same_known) = opened.read_f32(&grid, Resample::Area);
        prop_assert_eq!(known, same_known);
        for (at, (found, expected)) in units.iter().zip(&expected).enumerate() {
            let expected = expected.unwrap_or(0.0);
            let tolerance = 2e-5 * f64::from(fixture.fill).max(1.0);
            prop_assert!((f64::from(*found) - expected).abs() <= tolerance, "voxel {at}: {found}, not {expected}");
        }
    }

    /// A warp that changes nothing takes the general path to the same values, where patch voxels are whole.
    #[test]
    fn a_warp_of_nothing_is_the_plain_patch((fixture, mut grid) in case()) {
        let opened = open(&fixture, 1 << 20);
        let level = opened.oracle.level(&grid);
        let stored_nm = fixture.levels[level].world_from_voxel.voxel_size_nm;
        for axis in Axis::ALL {
            let stored_nm = stored_nm[grid.orientation.source[axis]];
            // Floored, so that no coarser level suits the patch better than the one it had.
            grid.voxel_size_nm[axis] = stored_nm * (grid.voxel_size_nm[axis] / stored_nm).floor().max(1.0);
        }
        // Where it was finer than the finest level and is not any more, a coarser level may suit, of which voxels are no
        // whole multiples.
        prop_assume!(opened.oracle.level(&grid) == level);
        let mut warped = grid;
        warped.warp.affine.scale.x = 1.0 + 1e-13;
        prop_assert_eq!(opened.read_ids(&warped, Resample::Nearest), opened.read_ids(&grid, Resample::Nearest));
        let ((found, known), (plain, plain_known)) = (opened.read_f32(&warped, Resample::Area), opened.read_f32(&grid, Resample::Area));
        prop_assert_eq!(known, plain_known);
        for (found, plain) in found.iter().zip(&plain) {
            prop_assert!((found - plain).abs() <= 2e-5 * f32::from(fixture.fill).max(1.0), "{found}, not {plain}");
        }
    }

    /// Cache sizes and what was read before change nothing.
    #[test]
    fn a_patch_does_not_depend_on_the_caches((fixture, grid) in case(), resample in prop_oneof![Just(Resample::Nearest), Just(Resample::Area)]) {
        let (cold, warm) = (open(&fixture, 0), open(&fixture, 1 << 20));
        let first = warm.read_f32(&grid, resample);
        prop_assert_eq!(&warm.read_f32(&grid, resample), &first);
        prop_assert_eq!(&cold.read_f32(&grid, resample), &first);
        let misses = warm.caches.chunks.stats().misses;
        warm.read_f32(&grid, resample);
        prop_assert_eq!(warm.caches.chunks.stats().misses, misses, "a chunk was decoded twice");
    }
}

#[test]
fn the_oracle_notices_a_wrong_voxel() {
    // The proof that a failure would show: two fixtures that differ in one seed do not agree.
    let fixture = Fixture { dtype: DType::U16, ..Fixture::default() };
    let other = Fixture { seed: 2, ..fixture.clone() };
    let opened = open(&fixture, 1 << 20);
    let oracle = Oracle::load(&other, &other.write().unwrap()).unwrap();
    let whole = VoxelBox::of_shape(Zyx::new(40, 50, 60));
    let found = opened.volume.read_box(0, &whole, &ChunkCache::new(0)).unwrap();
    let first = with_buffer!(&found, v => v[0].to_f64());
    assert_eq!(Some(first), opened.oracle.value(0, Zyx::splat(0)));
    assert_ne!(Some(first), oracle.value(0, Zyx::splat(0)));
}
