//! A warped patch, row by row from cached chunks into the caller's memory. Nothing is allocated per voxel.

use std::ops::Range;

use super::Voxel;
use super::bend::Bend;
use super::convert::Intensity;
use super::tables::NOISE;
use super::walker::{Tile, Walker};
use super::warp_plan::WarpPlan;

/// Room for rounding to the border of a chunk, in voxels; what is nearer goes the careful way.
const SLACK: f64 = 1e-6;

/// How a patch voxel is made of stored ones.
pub(super) trait Look<S, D> {
    /// How far positions must be from a chunk's first voxel, and from the one beyond its last, to use no other chunk.
    fn room(&self, plan: &WarpPlan) -> [[f64; 3]; 2];
    /// At a position in a chunk with that room, counted from the centre of the chunk's first voxel.
    fn in_tile(&self, tile: &Tile<'_, S>, position: [f64; 3]) -> D;
    /// At any position inside the level; `nearest` is the voxel nearest to it.
    fn anywhere(&self, walker: &mut Walker<'_, S>, position: [f64; 3], nearest: [i64; 3]) -> D;
}

/// The nearest voxel, converted.
pub(super) struct Nearest<F>(pub(super) F);

impl<S: Voxel, D, F: Fn(S) -> D> Look<S, D> for Nearest<F> {
    fn room(&self, _: &WarpPlan) -> [[f64; 3]; 2] {
        [[SLACK - 0.5; 3], [SLACK + NOISE + 0.5; 3]]
    }

    #[inline]
    fn in_tile(&self, tile: &Tile<'_, S>, position: [f64; 3]) -> D {
        (self.0)(tile.value(position.map(|v| v + (0.5 + NOISE))))
    }

    fn anywhere(&self, walker: &mut Walker<'_, S>, _: [f64; 3], nearest: [i64; 3]) -> D {
        (self.0)(walker.value(nearest))
    }
}

/// The mean of interpolated samples, converted.
pub(super) struct Mean<F>(pub(super) F);

impl<S: Intensity, D, F: Fn(f32) -> D> Look<S, D> for Mean<F> {
    fn room(&self, plan: &WarpPlan) -> [[f64; 3]; 2] {
        let reach = |axis: usize| plan.samples.iter().map(|offset| offset[axis].abs()).fold(0.0, f64::max);
        let reach = [reach(0), reach(1), reach(2)];
        [reach.map(|reach| SLACK + reach), reach.map(|reach| SLACK + reach + 1.0)]
    }

    #[inline]
    fn in_tile(&self, tile: &Tile<'_, S>, position: [f64; 3]) -> D {
        (self.0)(tile.mean(position))
    }

    fn anywhere(&self, walker: &mut Walker<'_, S>, position: [f64; 3], nearest: [i64; 3]) -> D {
        (self.0)(walker.mean(position, nearest))
    }
}

/// Fills `out` with what `look` sees at each position of some planes of the patch, 0 where the nearest voxel is outside of the level; and `known`
/// with 1 inside and 0 outside. Answers how many patch voxels are outside.
pub(super) fn gather<S: Voxel, D: Copy + Default>(
    mut walker: Walker<'_, S>,
    look: &impl Look<S, D>,
    planes: Range<usize>,
    out: &mut [D],
    mut known: Option<&mut [u8]>,
) -> usize {
    let plan = walker.plan();
    let (row_len, room) = (plan.shape.x.max(1), look.room(plan));
    let mut bent = plan.bend.as_ref().map(Bend::row);
    let mut outside = 0;
    for (row, out) in out.chunks_exact_mut(row_len).enumerate() {
        let (z, y) = (planes.start + row / plan.shape.y, row % plan.shape.y);
        let known = known.as_deref_mut().map(|known| &mut known[row * row_len..(row + 1) * row_len]);
        let start = [0, 1, 2].map(|i| plan.origin[i] + z as f64 * plan.steps.z[i] + y as f64 * plan.steps.y[i]);
        let straight = |x: usize| [0, 1, 2].map(|axis| start[axis] + x as f64 * plan.steps.x[axis]);
        let most = |x: usize| row_len - x;
        outside += match &mut bent {
            None => {
                let run = |at: &Walker<'_, S>, x: usize| at.run(straight(x), plan.steps.x, &room, most(x));
                gather_row(&mut walker, look, (out, known), straight, run)
            }
            Some(bent) => {
                bent.move_to(z, y);
                let position = |x: usize| {
                    let (from, by) = (straight(x), bent.by[x]);
                    [0, 1, 2].map(|axis| from[axis] + by[axis])
                };
                let run = |at: &Walker<'_, S>, x: usize| {
                    let borders = at.borders(&room);
                    (x..row_len).take_while(|x| borders.hold(position(*x))).count()
                };
                gather_row(&mut walker, look, (out, known), position, run)
            }
        };
    }
    outside
}

/// One row. `run` answers for how many voxels, from one on, positions have room in the walker's current chunk.
fn gather_row<S: Voxel, D: Copy + Default>(
    walker: &mut Walker<'_, S>,
    look: &impl Look<S, D>,
    (out, mut known): (&mut [D], Option<&mut [u8]>),
    position_of: impl Fn(usize) -> [f64; 3],
    run: impl Fn(&Walker<'_, S>, usize) -> usize,
) -> usize {
    let plan = walker.plan();
    let (mut x, mut outside) = (0, 0);
    if let Some(known) = &mut known {
        known.fill(1);
    }
    while x < out.len() {
        let position = position_of(x);
        let Some(nearest) = plan.nearest(position) else {
            out[x] = D::default();
            if let Some(known) = &mut known {
                known[x] = 0;
            }
            (x, outside) = (x + 1, outside + 1);
            continue;
        };
        walker.enter(nearest);
        let run = run(walker, x);
        match walker.tile() {
            Some(tile) if run > 0 => {
                let lo = walker.chunk_lo();
                for (i, out) in out[x..x + run].iter_mut().enumerate() {
                    let position = position_of(x + i);
                    *out = look.in_tile(&tile, [0, 1, 2].map(|axis| position[axis] - lo[axis]));
                }
            }
            // One voxel across the border of chunks; or a run in an absent chunk, where all are alike.
            _ => {
                let value = look.anywhere(walker, position, nearest);
                out[x..x + run.max(1)].fill(value);
            }
        }
        x += run.max(1);
    }
    outside
}
