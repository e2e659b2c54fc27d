//! A warped patch, voxel by voxel from cached chunks into the caller's memory. Nothing is allocated per voxel.

use std::sync::Arc;

use super::bend::Bend;
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
    fn enter(&mut self, voxel: [i64; 3]) -> [i64; 3] {
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

    /// The value of a voxel inside the level.
    #[inline]
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
        let plan = self.plan;
        let inside = (0..3).all(|axis| base[axis] >= 0 && base[axis] + 1 < plan.level_shape[axis]);
        if !inside {
            return self.interpolate_apart(base, part);
        }
        let at = self.enter(base);
        if (0..3).any(|axis| at[axis] + 1 == plan.chunk_shape[axis]) {
            return self.interpolate_apart(base, part);
        }
        let Some(elements) = self.current else { return (self.fill.value(), 1.0) };
        let (row, plane) = (plan.chunk_shape[2] as usize, (plan.chunk_shape[1] * plan.chunk_shape[2]) as usize);
        let first = self.index(at);
        let along_x = |index: usize| {
            let (a, b) = (elements[index].value(), elements[index + 1].value());
            a + (b - a) * part[2]
        };
        let along_y = |index: usize| {
            let (a, b) = (along_x(index), along_x(index + row));
            a + (b - a) * part[1]
        };
        let (a, b) = (along_y(first), along_y(first + plane));
        (a + (b - a) * part[0], 1.0)
    }

    /// The same across the borders of chunks and of the level, each voxel on its own.
    #[cold]
    fn interpolate_apart(&mut self, base: [i64; 3], part: [f32; 3]) -> (f32, f32) {
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

/// The whole number below; without SSE 4.1 the library's is a call.
#[inline]
fn floor(position: f64) -> i64 {
    let whole = position as i64;
    whole - i64::from((whole as f64) > position)
}

/// Fills `out` with `value` of each position and the voxel nearest to it, 0 where that is outside of the level; and
/// `known` with 1 inside and 0 outside. Answers how many patch voxels are outside.
pub(super) fn gather<D: Copy + Default>(
    plan: &WarpPlan,
    out: &mut [D],
    mut known: Option<&mut [u8]>,
    mut value: impl FnMut([f64; 3], [i64; 3]) -> D,
) -> usize {
    let row_len = plan.shape.x.max(1);
    let mut bent = plan.bend.as_ref().map(Bend::row);
    let mut outside = 0;
    for (row, out) in out.chunks_exact_mut(row_len).enumerate() {
        let (z, y) = (row / plan.shape.y, row % plan.shape.y);
        if let Some(bent) = &mut bent {
            bent.move_to(z, y);
        }
        let (z, y) = (z as f64, y as f64);
        let start = [0, 1, 2].map(|axis| plan.origin[axis] + z * plan.steps.z[axis] + y * plan.steps.y[axis]);
        let mut known = known.as_deref_mut().map(|known| &mut known[row * row_len..(row + 1) * row_len]);
        for (x, out) in out.iter_mut().enumerate() {
            let mut position = [0, 1, 2].map(|axis| start[axis] + x as f64 * plan.steps.x[axis]);
            if let Some(bent) = &bent {
                let by = bent.at(x);
                position = [0, 1, 2].map(|axis| position[axis] + by[axis]);
            }
            let nearest = plan.nearest(position);
            *out = nearest.map_or_else(D::default, |voxel| value(position, voxel));
            outside += usize::from(nearest.is_none());
            if let Some(known) = &mut known {
                known[x] = u8::from(nearest.is_some());
            }
        }
    }
    outside
}
