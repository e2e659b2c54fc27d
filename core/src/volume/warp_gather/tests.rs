//! Warped gathers against the same arithmetic voxel by voxel, bit for bit: any place, step, shape, element type and border.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::super::convert::Intensity;
use super::super::tables::NOISE;
use super::super::walker::Walker;
use super::super::warp_gather::{Look, Mean, Nearest, gather};
use super::super::warp_places::Instructions;
use super::super::warp_plan::WarpPlan;
use super::super::warp_row::Row;
use super::super::{Buffer, Chunk, Level, Resample, Voxel};
use crate::geometry::{
    Affine, Axis, Elastic, ElasticField, GridTransform, Knot, Misalign, Orientation, PatchGrid, Sections, Warp, Zyx,
};

/// What is nearer than this to the border of a chunk goes the careful way, in voxels.
const SLACK: f64 = 1e-6;

/// Draws of a test.
struct Draw(ChaCha8Rng);

impl Draw {
    fn to(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    fn unit(&mut self) -> f64 {
        self.to(1 << 30) as f64 / f64::from(1 << 30)
    }

    fn zyx<T>(&mut self, of: impl Fn(&mut Self) -> T) -> Zyx<T> {
        Zyx::new(of(self), of(self), of(self))
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.to(of.len() as u64) as usize]
    }

    fn warp(&mut self) -> Warp {
        let about = |draw: &mut Self| draw.unit() * 360.0;
        let turned = self.zyx(about);
        let turned =
            self.one_of(&[turned, Zyx::new(turned.z, 0.0, 0.0), Zyx::new(turned.z, 0.0, 0.0), Zyx::splat(0.0)]);
        // A scale that is next to 1 leaves positions on the volume's grid.
        let scale = self.one_of(&[1.0 + 1e-13, 1.0, 1.3]);
        let bent = Elastic {
            spacing_nm: self.zyx(|draw| 20.0 + 100.0 * draw.unit()),
            sigma_nm: Zyx::new(self.one_of(&[0.0, 9.0]), 9.0, 5.0),
            seed: self.to(1 << 20),
        };
        let sections = Sections { thickness_nm: 8.0, edge_nm: 0.0 };
        let slipped =
            Misalign { sections, jitter_nm: 6.0, slip: 0.5, shift: 0.2, largest_nm: 20.0, seed: self.to(1 << 20) };
        Warp {
            affine: Affine { rotate_degrees: turned, scale: Zyx::new(1.0, scale, 1.0), ..Affine::IDENTITY },
            elastic: self.one_of(&[None, None, Some(bent)]),
            misalign: self.one_of(&[None, None, None, Some(slipped)]),
        }
    }

    fn level(&mut self) -> Level {
        Level {
            path: "s0".to_owned(),
            shape: self.zyx(|draw| 1 + draw.to(40)),
            chunk_shape: self.zyx(|draw| 1 + draw.to(24)),
            shard_shape: None,
            dtype: crate::volume::DType::U8,
            world_from_voxel: GridTransform::new(Zyx::new(8.0, 8.0, 4.0), Zyx::splat(0.0)),
            fill_value: 1.0,
            zarr_format: 3,
            codecs: Vec::new(),
        }
    }

    fn grid(&mut self, level: &Level) -> PatchGrid {
        let source = self.one_of(&[Zyx::new(Axis::Z, Axis::Y, Axis::X), Zyx::new(Axis::X, Axis::Z, Axis::Y)]);
        let lattice = self.one_of(&[1.0, 2.0, 1e9]);
        let voxel = level.shape.map(|n| ((self.unit() * 1.2 - 0.1) * n as f64 * lattice).round() / lattice);
        PatchGrid {
            center_nm: level.world_from_voxel.world_from_voxel(voxel),
            shape: Zyx::new(1 + self.to(5), 1 + self.to(5), 1 + self.to(150)).map(|n| n as usize),
            voxel_size_nm: self.zyx(|draw| draw.one_of(&[2.0, 4.0, 8.0, 8.0, 16.0])),
            orientation: Orientation { source, mirror: self.zyx(|draw| draw.to(2) == 1) },
            warp: self.warp(),
        }
    }
}

/// A level's voxels, and a patch of it.
struct Case<S> {
    plan: WarpPlan,
    grid: PatchGrid,
    field: Option<ElasticField>,
    stored_nm: Zyx<f64>,
    /// The level's voxels in C order, padded to whole chunks; 1 in absent ones.
    values: Vec<S>,
    padded: [i64; 3],
    chunks: Vec<Option<Arc<Chunk>>>,
}

impl<S: Intensity> Case<S> {
    fn new(draw: &mut Draw, resample: Resample, one: S) -> Self {
        let level = draw.level();
        let grid = draw.grid(&level);
        let half_nm = grid.orientation.along_world(grid.shape.map(|n| n as f64) * grid.voxel_size_nm) / Zyx::splat(2.0);
        let field = grid.warp.elastic.map(|elastic| ElasticField::about(&elastic, half_nm).unwrap());
        let mut plan = WarpPlan::new((0, &level), &grid, field.as_ref(), resample).unwrap();
        plan.list_chunks();
        let counts = level.shape.zip_map(level.chunk_shape, u64::div_ceil);
        let padded = (counts.zip_map(level.chunk_shape, |count, n| count * n)).to_array().map(u64::cast_signed);
        let mut case = Self {
            stored_nm: level.world_from_voxel.voxel_size_nm,
            values: vec![one; padded.iter().product::<i64>() as usize],
            chunks: Vec::new(),
            plan,
            grid,
            field,
            padded,
        };
        let shape = level.chunk_shape.map(|n| n as usize);
        for at in case.plan.chunks.clone() {
            let chunk = at.filter(|_| draw.to(10) > 0).map(|at| {
                let values: Vec<S> = (0..shape.product()).map(|_| value(draw)).collect();
                case.put(at.map(|i| i as i64).to_array(), &values);
                Arc::new(Chunk::new(shape, S::into_buffer(values)))
            });
            case.chunks.push(chunk);
        }
        case
    }

    fn put(&mut self, chunk: [i64; 3], values: &[S]) {
        let n = self.plan.chunk_shape;
        for (at, value) in values.iter().enumerate() {
            let at = at as i64;
            let inside = [at / (n[1] * n[2]), at / n[2] % n[1], at % n[2]];
            let index = self.index([0, 1, 2].map(|axis| chunk[axis] * n[axis] + inside[axis]));
            self.values[index] = *value;
        }
    }

    fn index(&self, [z, y, x]: [i64; 3]) -> usize {
        ((z * self.padded[1] + y) * self.padded[2] + x) as usize
    }

    fn value(&self, voxel: [i64; 3]) -> f32 {
        self.values[self.index(voxel)].value()
    }

    /// Where a voxel of the patch lies.
    fn position(&self, [z, y, x]: [usize; 3]) -> [f64; 3] {
        let (plan, by) = (&self.plan, self.displacement([z, y, x]));
        [0, 1, 2].map(|i| {
            let start = plan.origin[i] + z as f64 * plan.steps.z[i] + y as f64 * plan.steps.y[i];
            (start + x as f64 * plan.steps.x[i]) + by[i]
        })
    }

    fn displacement(&self, patch: [usize; 3]) -> [f64; 3] {
        let (grid, source) = (&self.grid, self.grid.orientation.source);
        let offset_nm = Zyx::from_fn(|axis| {
            let (i, n) = (patch[axis.index()] as f64, grid.shape[axis] as f64);
            let sign = if grid.orientation.mirror[axis] { -1.0 } else { 1.0 };
            sign * (i - (n - 1.0) / 2.0) * grid.voxel_size_nm[axis]
        });
        let mut by = [0.0; 3];
        if let (Some(elastic), Some(field)) = (&grid.warp.elastic, &self.field) {
            let knots = Zyx::from_fn(|axis| Knot::at(offset_nm[axis] / elastic.spacing_nm[source[axis]]));
            by = [0, 1, 2].map(|world| {
                let sums = [0, 1, 2, 3].map(|x| self.sum_of_points(field, &knots, x, world));
                let [a, b, c, d] = knots.x.weights;
                a * sums[0] + b * sums[1] + c * sums[2] + d * sums[3]
            });
        }
        if let Some(misalign) = &grid.warp.misalign {
            let axis = Axis::ALL.into_iter().find(|axis| source[*axis] == Axis::Z).unwrap();
            let slip = misalign.displacement_nm(offset_nm[axis]) / self.stored_nm;
            by = [by[0], by[1] + slip.y, by[2] + slip.x];
        }
        by
    }

    /// The weighted sum of the control points about a row, one of four along it.
    fn sum_of_points(&self, field: &ElasticField, knots: &Zyx<Knot>, x: i64, world: usize) -> f64 {
        let source = self.grid.orientation.source;
        let point = |i: [i64; 3]| {
            let mut at = Zyx::splat(0);
            Axis::ALL.into_iter().for_each(|axis| at[source[axis]] = knots[axis].first + i[axis.index()]);
            let at = Axis::ALL
                .into_iter()
                .fold(0, |sum, axis| sum * field.counts[axis] + (at[axis] - field.first[axis]) as usize);
            field.points_nm[at][world] / self.stored_nm.to_array()[world]
        };
        let mut sum = 0.0;
        for (z, wz) in (0..).zip(knots.z.weights) {
            for (y, wy) in (0..).zip(knots.y.weights) {
                sum += wz * wy * point([z, y, x]);
            }
        }
        sum
    }

    /// The mean about a position: by differences where no other chunk is near, else by weights.
    fn mean(&self, position: [f64; 3], nearest: [i64; 3]) -> f32 {
        let plan = &self.plan;
        let reach = |axis: usize| plan.samples.iter().map(|offset| offset[axis].abs()).fold(0.0, f64::max);
        let lo = [0, 1, 2].map(|axis| nearest[axis] / plan.chunk_shape[axis] * plan.chunk_shape[axis]);
        let has_room = (0..3).all(|axis| {
            let end = (lo[axis] + plan.chunk_shape[axis]).min(plan.level_shape[axis]) as f64;
            lo[axis] as f64 + (SLACK + reach(axis)) <= position[axis]
                && position[axis] <= end - (SLACK + reach(axis) + 1.0)
        });
        let (mut sum, mut total) = (0.0, 0.0);
        for offset in &plan.samples {
            if has_room {
                let at = [0, 1, 2].map(|axis| (position[axis] - lo[axis] as f64) + offset[axis]);
                let base = at.map(f64::floor);
                let [pz, py, px] = [0, 1, 2].map(|axis| (at[axis] - base[axis]) as f32);
                let value = |dz: i64, dy: i64, dx: i64| {
                    let by = [dz, dy, dx];
                    self.value([0, 1, 2].map(|axis| lo[axis] + base[axis] as i64 + by[axis]))
                };
                let between = |a: f32, b: f32, part: f32| a + (b - a) * part;
                let along_x = |dz, dy| between(value(dz, dy, 0), value(dz, dy, 1), px);
                let along_y = |dz| between(along_x(dz, 0), along_x(dz, 1), py);
                (sum, total) = (sum + between(along_y(0), along_y(1), pz), total + 1.0);
            } else {
                let (value, weight) = self.tent([0, 1, 2].map(|axis| position[axis] + offset[axis]));
                (sum, total) = (sum + value, total + weight);
            }
        }
        if total > 1e-6 { sum / total } else { self.value(nearest) }
    }

    fn tent(&self, position: [f64; 3]) -> (f32, f32) {
        let base = position.map(f64::floor);
        let (mut sum, mut total) = (0.0, 0.0);
        for corner in 0..8 {
            let upper = [corner >> 2 & 1, corner >> 1 & 1, corner & 1];
            let voxel = [0, 1, 2].map(|axis| base[axis] as i64 + upper[axis]);
            let [z, y, x] = [0, 1, 2].map(|axis| {
                let part = (position[axis] - base[axis]) as f32;
                if upper[axis] == 1 { part } else { 1.0 - part }
            });
            let weight = z * y * x;
            if weight > 0.0 && (0..3).all(|axis| (0..self.plan.level_shape[axis]).contains(&voxel[axis])) {
                (sum, total) = (sum + weight * self.value(voxel), total + weight);
            }
        }
        (sum, total)
    }

    /// What `of` makes of each voxel of the patch inside of the level, else 0; and whether it is inside.
    fn expected<D: Default>(&self, of: impl Fn([f64; 3], [i64; 3]) -> D) -> (Vec<D>, Vec<u8>) {
        let Zyx { z: nz, y: ny, x: nx } = self.grid.shape;
        let all = (0..nz).flat_map(|z| (0..ny).flat_map(move |y| (0..nx).map(move |x| [z, y, x])));
        all.map(|voxel| {
            let position = self.position(voxel);
            let nearest = [0, 1, 2].map(|axis| (position[axis] + (0.5 + NOISE)).floor() as i64);
            let inside = (0..3).all(|axis| (0..self.plan.level_shape[axis]).contains(&nearest[axis]));
            if inside { (of(position, nearest), 1) } else { (D::default(), 0) }
        })
        .unzip()
    }

    /// What is gathered, in two parts; and what is known.
    fn gathered<D: Copy + Default>(
        &self,
        draw: &mut Draw,
        instructions: Instructions,
        one: S,
        look: &impl Look<S, D>,
    ) -> (Vec<D>, Vec<u8>) {
        let (shape, plane) = (self.grid.shape, self.grid.shape.y * self.grid.shape.x);
        let mut out = vec![D::default(); shape.product()];
        let mut known = vec![7; out.len()];
        let cut = draw.to(shape.z as u64 + 1) as usize;
        let mut outside = 0;
        for planes in [0..cut, cut..shape.z] {
            let part = planes.start * plane..planes.end * plane;
            let walker = Walker::new(&self.plan, &self.chunks, one).with_instructions(instructions);
            outside += gather(walker, look, planes, &mut out[part.clone()], Some(&mut known[part]));
        }
        assert_eq!(outside, known.iter().filter(|known| **known == 0).count());
        (out, known)
    }
}

/// Any value of an integer type; of a float type one that is finite.
fn value<S: Voxel>(draw: &mut Draw) -> S {
    let mask = if S::DTYPE.is_float() { 0x3f } else { 0xff };
    let bytes = draw.0.next_u64().to_ne_bytes().map(|byte| byte & mask);
    S::elements_of(&Buffer::from_bytes(S::DTYPE, &bytes[..size_of::<S>()]).unwrap()).unwrap()[0]
}

fn check<S: Intensity>(seed: u64, one: S) {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed));
    for _ in 0..150 {
        let case = Case::<S>::new(&mut draw, Resample::Area, one);
        let (means, known) = case.expected(|position, nearest| case.mean(position, nearest).to_bits());
        for instructions in [Instructions::Portable, Instructions::detected()] {
            let found = case.gathered(&mut draw, instructions, one, &Mean(f32::to_bits));
            assert!(
                found == (means.clone(), known.clone()),
                "means of {} with {instructions:?}: {:?}",
                S::DTYPE,
                case.grid
            );
        }
        let case = Case::<S>::new(&mut draw, Resample::Nearest, one);
        let expected = case.expected(|_, nearest| case.values[case.index(nearest)]);
        for instructions in [Instructions::Portable, Instructions::detected()] {
            let found = case.gathered(&mut draw, instructions, one, &Nearest(|voxel: S| voxel));
            assert!(found == expected, "voxels of {} with {instructions:?}: {:?}", S::DTYPE, case.grid);
        }
    }
}

/// As closely as a mean cannot tell.
#[test]
fn rows_lie_where_each_voxel_does() {
    let mut draw = Draw(ChaCha8Rng::seed_from_u64(9));
    for _ in 0..150 {
        let case = Case::<u8>::new(&mut draw, Resample::Nearest, 1);
        let Zyx { z: nz, y: ny, x: nx } = case.grid.shape;
        for instructions in [Instructions::Portable, Instructions::detected()] {
            let mut row = Row::new(&case.plan, instructions);
            for (z, y) in (0..nz).flat_map(|z| (0..ny).map(move |y| (z, y))) {
                row.move_to(z, y);
                for x in 0..nx {
                    assert_eq!(row.position(x), case.position([z, y, x]), "{:?}", case.grid);
                }
            }
        }
    }
}

#[test]
fn bytes_and_words_are_gathered_as_one_by_one() {
    check::<u8>(1, 1);
    check::<u16>(2, 1);
    check::<i16>(3, 1);
}

#[test]
fn other_types_are_gathered_as_one_by_one() {
    check::<u32>(4, 1);
    check::<i8>(5, 1);
    check::<u64>(6, 1);
    check::<f32>(7, 1.0);
    check::<half::f16>(8, half::f16::ONE);
}
