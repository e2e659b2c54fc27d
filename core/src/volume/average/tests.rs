//! Averages against the same arithmetic voxel by voxel in `f32`, bit for bit: any place, step, shape, type, and border.

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::super::convert::Intensity;
use super::super::plan::Placement;
use super::super::tables::{AxisTable, Weights};
use super::super::{Chunk, DType, Level, Resample, Voxel};
use super::{Axis, AxisPlan, ReadPlan, Source, Zyx, average_inside};
use crate::geometry::{GridTransform, Orientation, PatchGrid, Warp};

/// Draws of a test.
struct Draw(ChaCha8Rng);

impl Draw {
    fn to(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.to(of.len() as u64) as usize]
    }

    fn zyx<T>(&mut self, of: impl Fn(&mut Self) -> T) -> Zyx<T> {
        Zyx::new(of(self), of(self), of(self))
    }

    fn level(&mut self) -> Level {
        Level {
            path: "s0".to_owned(),
            shape: self.zyx(|draw| 1 + draw.to(150)),
            chunk_shape: self.zyx(|draw| 1 + draw.to(70)),
            shard_shape: None,
            dtype: DType::U8,
            world_from_voxel: GridTransform::new(Zyx::splat(1.0), Zyx::splat(0.0)),
            fill_value: 1.0,
            zarr_format: 3,
            codecs: Vec::new(),
        }
    }

    fn grid(&mut self, level: &Level) -> PatchGrid {
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let [z, y, x] = self.one_of(&orders).map(|axis: usize| Axis::ALL[axis]);
        let common = self.one_of(&[2.0, 2.0, 2.0, 1.0, 4.0, 1.5, 3.0, 0.5]);
        let step = self.zyx(|draw| draw.one_of(&[common, common, common, 1.0, 5.0]));
        let side = self.one_of(&[5, 20, 70]);
        let shift = self.one_of(&[0.0, 0.5, 0.25, 0.3]);
        PatchGrid {
            center_nm: level.shape.map(|len| (len / 2) as f64) + self.zyx(|draw| draw.to(12) as f64 / 2.0 + shift),
            shape: self.zyx(|draw| 1 + draw.to(side) as usize),
            voxel_size_nm: step,
            orientation: Orientation { source: Zyx::new(z, y, x), mirror: self.zyx(|draw| draw.to(2) == 0) },
            warp: Warp::NONE,
        }
    }
}

fn plan(level: &Level, grid: &PatchGrid) -> ReadPlan {
    let placements = Zyx::from_fn(|axis| Placement::of(level, grid, Resample::Area, axis));
    let tables = placements.map(|placement| Arc::new(AxisTable::build(&placement.key)));
    ReadPlan::new((0, level), grid, &placements, &tables)
}

/// Anything, always the same, of a place.
fn mixed(at: Zyx<u64>) -> u64 {
    let mixed = (at.z << 40 ^ at.y << 20 ^ at.x).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 17
}

/// Every fifth chunk is absent.
fn is_absent(chunk: Zyx<u64>) -> bool {
    mixed(chunk).is_multiple_of(5)
}

fn chunk<S: Voxel>(plan: &ReadPlan, at: Zyx<u64>, of: impl Fn(u64) -> S) -> Option<Arc<Chunk>> {
    let shape = plan.chunk_shape;
    let voxel = |i: usize| {
        let within = Zyx::new(i / (shape.y * shape.x), i / shape.x % shape.y, i % shape.x);
        of(mixed(at * shape.map(|len| len as u64) + within.map(|place| place as u64)))
    };
    let data = S::into_buffer((0..shape.product()).map(voxel).collect());
    (!is_absent(at)).then(|| Arc::new(Chunk::new(shape, data)))
}

/// The voxels (array coordinates) and weights of an output.
fn taps(axis: &AxisPlan, output: usize) -> Vec<(u64, f32)> {
    let first = (axis.touched + axis.table.first[output] as i64) as u64;
    let weights = axis.table.weights.as_ref().map_or(vec![1.0], |weights: &Weights| weights.of(output).to_vec());
    (first..).zip(weights).collect()
}

/// Means of every output inside, in `f32` and in the order that the documentation tells.
fn slowly<S: Intensity>(plan: &ReadPlan, fill: S, of: impl Fn(u64) -> S, out: &mut [f32]) {
    let Zyx { z, y, x } = &plan.axes;
    let voxel = |at: Zyx<u64>| {
        let chunk = Zyx::from_fn(|axis| at[axis] / plan.chunk_shape[axis] as u64);
        if is_absent(chunk) { fill } else { of(mixed(at)) }
    };
    for oz in 0..z.table.inside_len() {
        for oy in 0..y.table.inside_len() {
            for ox in 0..x.table.inside_len() {
                let sum = |x: u64| {
                    let rows = taps(z, oz).into_iter().flat_map(|z| taps(y, oy).into_iter().map(move |y| (z, y)));
                    rows.fold(0.0, |sum, ((z, wz), (y, wy))| sum + wz * wy * voxel(Zyx::new(z, y, x)).value())
                };
                let mean = taps(x, ox).into_iter().map(|(x, weight)| weight * sum(x)).sum();
                let to = |axis: &AxisPlan, output: usize| (axis.table.inside_lo + output) * axis.out_stride;
                out[to(z, oz) + to(y, oy) + to(x, ox)] = mean;
            }
        }
    }
}

fn check<S: Intensity>(seed: u64, of: impl Fn(u64) -> S) {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed));
    for case in 0..60 {
        let level = draw.level();
        let grid = draw.grid(&level);
        let plan = plan(&level, &grid);
        let chunks: Vec<_> = plan.chunks().map(|at| chunk(&plan, at, &of)).collect();
        let fill = of(1 << 20);
        let source = Source { chunks: &chunks, fill };
        let nothing = vec![f32::from_bits(0x7fc0_1234); grid.shape.product()];
        let (mut found, mut expected) = (nothing.clone(), nothing);
        average_inside(&plan, &source, &mut found, |mean| mean);
        slowly(&plan, fill, &of, &mut expected);
        let differs = found.iter().zip(&expected).position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differs, None, "case {case} of {}: {grid:?} of {level:?}", S::DTYPE);
        let mut bytes = vec![77_u8; found.len()];
        average_inside(&plan, &source, &mut bytes, S::mean_byte);
        let known = 0x7fc0_1234;
        let byte = |mean: &f32| if mean.to_bits() == known { 77 } else { S::mean_byte(*mean) };
        assert!(bytes.iter().copied().eq(expected.iter().map(byte)), "case {case} of {} as bytes", S::DTYPE);
    }
}

#[test]
fn averages_of_any_patch_have_the_bits_of_slow_ones() {
    check(1, |bits| bits as u8);
    check(2, |bits| bits as i8);
    check(3, |bits| bits as u16);
    check(4, |bits| bits as i16);
    check(5, |bits| bits as u32);
    check(6, |bits| if bits.is_multiple_of(3) { -0.0 } else { bits as f32 / 7.0 });
}

#[test]
fn the_largest_values_do_not_overflow() {
    check(7, |_| u8::MAX);
    check(8, |_| i8::MIN);
    check(9, |_| u16::MAX);
    check(10, |_| i16::MIN);
    check(11, |_| -0.0_f32);
}
