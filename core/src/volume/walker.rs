//! Voxels of a warped patch among cached chunks: the chunk of the last one is kept, as the next is mostly in it.

use std::sync::Arc;

use super::convert::Intensity;
use super::warp_plan::WarpPlan;
use super::{Chunk, Voxel};

/// Weights that add up to less than this are rounding: no sample is within reach of a voxel.
const NOTHING: f32 = 1e-6;

/// The chunks of a plan's box, and the one that the last voxel came from.
pub(super) struct Walker<'a, S> {
    plan: &'a WarpPlan,
    chunks: Vec<Option<&'a [S]>>,
    fill: S,
    /// First voxel of the current chunk.
    lo: [i64; 3],
    current: Option<&'a [S]>,
}

impl<'a, S: Voxel> Walker<'a, S> {
    /// Over chunks in the order of [`WarpPlan::chunks`]; `fill` is the value of absent ones.
    pub(super) fn new(plan: &'a WarpPlan, chunks: &'a [Option<Arc<Chunk>>], fill: S) -> Self {
        let elements = |chunk: &'a Option<Arc<Chunk>>| chunk.as_ref().and_then(|chunk| S::elements_of(&chunk.data));
        // No voxel lies in a chunk this far away: the first one is looked up.
        let nowhere = [i64::MIN / 2; 3];
        Self { plan, chunks: chunks.iter().map(elements).collect(), fill, lo: nowhere, current: None }
    }

    /// The plan that it walks.
    pub(super) const fn plan(&self) -> &'a WarpPlan {
        self.plan
    }

    /// Where a voxel lies in the current chunk, if it does.
    #[inline]
    fn in_chunk(&self, voxel: [i64; 3]) -> Option<[i64; 3]> {
        let at = [0, 1, 2].map(|axis| voxel[axis] - self.lo[axis]);
        (0..3).all(|axis| (0..self.plan.chunk_shape[axis]).contains(&at[axis])).then_some(at)
    }

    /// Makes the chunk of a voxel inside the level the current one; answers where in it the voxel lies.
    #[inline]
    pub(super) fn enter(&mut self, voxel: [i64; 3]) -> [i64; 3] {
        self.in_chunk(voxel).unwrap_or_else(|| self.change_chunk(voxel))
    }

    fn change_chunk(&mut self, voxel: [i64; 3]) -> [i64; 3] {
        let plan = self.plan;
        let chunk = [0, 1, 2].map(|axis| voxel[axis] / plan.chunk_shape[axis]);
        self.lo = [0, 1, 2].map(|axis| chunk[axis] * plan.chunk_shape[axis]);
        let [z, y, x] = [0, 1, 2].map(|axis| chunk[axis] - plan.first_chunk[axis]);
        let index = (z * plan.chunk_counts[1] + y) * plan.chunk_counts[2] + x;
        self.current = usize::try_from(index).ok().and_then(|index| self.chunks.get(index).copied().flatten());
        [0, 1, 2].map(|axis| voxel[axis] - self.lo[axis])
    }

    #[inline]
    fn index(&self, [z, y, x]: [i64; 3]) -> usize {
        ((z * self.plan.chunk_shape[1] + y) * self.plan.chunk_shape[2] + x) as usize
    }

    /// The current chunk, for positions that stay in it; `None` if it is absent.
    pub(super) fn tile(&self) -> Option<Tile<'a, S>> {
        let [_, y, x] = self.plan.chunk_shape.map(|n| n as usize);
        Some(Tile { elements: self.current?, samples: &self.plan.samples, row: x, plane: y * x })
    }

    /// First voxel of the current chunk, in array coordinates.
    pub(super) fn chunk_lo(&self) -> [f64; 3] {
        self.lo.map(|lo| lo as f64)
    }

    /// The borders of the current chunk and of the level, drawn in by `room` (below, above).
    pub(super) fn borders(&self, room: &[[f64; 3]; 2]) -> Borders {
        let end = |axis: usize| (self.lo[axis] + self.plan.chunk_shape[axis]).min(self.plan.level_shape[axis]);
        Borders {
            lo: [0, 1, 2].map(|axis| self.lo[axis] as f64 + room[0][axis]),
            hi: [0, 1, 2].map(|axis| end(axis) as f64 - room[1][axis]),
        }
    }

    /// How many positions, from `position` on in equal steps, are within the borders; at most `most`.
    pub(super) fn run(&self, position: [f64; 3], step: [f64; 3], room: &[[f64; 3]; 2], most: usize) -> usize {
        let borders = self.borders(room);
        if !borders.hold(position) {
            return 0;
        }
        let mut count = most as f64;
        for axis in 0..3 {
            let border = if step[axis] > 0.0 { borders.hi[axis] } else { borders.lo[axis] };
            // Without a step the quotient is infinite, or NaN, which `min` passes over.
            count = count.min(((border - position[axis]) / step[axis]).abs() + 1.0);
        }
        count as usize
    }

    /// The value of a voxel inside the level.
    pub(super) fn value(&mut self, voxel: [i64; 3]) -> S {
        let at = self.enter(voxel);
        self.current.map_or(self.fill, |elements| elements[self.index(at)])
    }
}

impl<S: Intensity> Walker<'_, S> {
    /// The mean of a patch voxel's samples about `position`; `nearest` is the voxel nearest to it.
    ///
    /// Voxels outside the level count for nothing, so that the weights of the others grow.
    #[inline]
    pub(super) fn mean(&mut self, position: [f64; 3], nearest: [i64; 3]) -> f32 {
        let (mut sum, mut total) = (0.0, 0.0);
        let plan = self.plan;
        for offset in &plan.samples {
            let (value, weight) = self.interpolate([0, 1, 2].map(|axis| position[axis] + offset[axis]));
            sum += value;
            total += weight;
        }
        if total > NOTHING { sum / total } else { self.value(nearest).value() }
    }

    /// Trilinear: the weighted sum of the up to eight voxels around a position, and their weights' sum.
    #[inline]
    fn interpolate(&mut self, position: [f64; 3]) -> (f32, f32) {
        let base = position.map(floor);
        let part = [0, 1, 2].map(|axis| (position[axis] - base[axis] as f64) as f32);
        let (mut sum, mut total) = (0.0, 0.0);
        for corner in 0..8_usize {
            let upper = [corner >> 2 & 1, corner >> 1 & 1, corner & 1];
            let voxel = [0, 1, 2].map(|axis| base[axis] + upper[axis] as i64);
            let weights = [0, 1, 2].map(|axis| if upper[axis] == 1 { part[axis] } else { 1.0 - part[axis] });
            let weight = weights[0] * weights[1] * weights[2];
            let exists = (0..3).all(|axis| (0..self.plan.level_shape[axis]).contains(&voxel[axis]));
            if exists && weight > 0.0 {
                sum += weight * self.value(voxel).value();
                total += weight;
            }
        }
        (sum, total)
    }
}

/// A box of positions, both ends included.
pub(super) struct Borders {
    lo: [f64; 3],
    hi: [f64; 3],
}

impl Borders {
    /// Whether a position is in the box.
    #[inline]
    pub(super) fn hold(&self, position: [f64; 3]) -> bool {
        (0..3).all(|axis| self.lo[axis] <= position[axis] && position[axis] <= self.hi[axis])
    }
}

/// A chunk's voxels, for positions that use no voxel beyond them.
pub(super) struct Tile<'a, S> {
    elements: &'a [S],
    samples: &'a [[f64; 3]],
    /// Elements from one row to the next.
    row: usize,
    /// Elements from one plane to the next.
    plane: usize,
}

impl<S: Voxel> Tile<'_, S> {
    /// The voxel that holds a position, counted in voxels from the lower edge of the chunk's first.
    #[inline]
    pub(super) fn value(&self, [z, y, x]: [f64; 3]) -> S {
        self.elements[whole(z) * self.plane + whole(y) * self.row + whole(x)]
    }
}

impl<S: Intensity> Tile<'_, S> {
    /// The mean of a patch voxel's samples about a position, counted from the centre of the chunk's first voxel.
    #[inline]
    pub(super) fn mean(&self, position: [f64; 3]) -> f32 {
        let mut sum = 0.0;
        for offset in self.samples {
            sum += self.interpolate([0, 1, 2].map(|axis| position[axis] + offset[axis]));
        }
        sum / self.samples.len() as f32
    }

    #[inline]
    fn interpolate(&self, position: [f64; 3]) -> f32 {
        let base = position.map(whole);
        let part = [0, 1, 2].map(|axis| (position[axis] - base[axis] as f64) as f32);
        let first = base[0] * self.plane + base[1] * self.row + base[2];
        let along_x = |index: usize| {
            let pair = &self.elements[index..index + 2];
            let (a, b) = (pair[0].value(), pair[1].value());
            a + (b - a) * part[2]
        };
        let along_y = |index: usize| {
            let (a, b) = (along_x(index), along_x(index + self.row));
            a + (b - a) * part[1]
        };
        let (a, b) = (along_y(first), along_y(first + self.plane));
        a + (b - a) * part[0]
    }
}

/// The whole number below a position in a chunk, which is never negative.
#[inline]
fn whole(position: f64) -> usize {
    position as u32 as usize
}

/// The whole number below; without SSE 4.1 the library's is a call.
#[inline]
fn floor(position: f64) -> i64 {
    let whole = position as i64;
    whole - i64::from((whole as f64) > position)
}
