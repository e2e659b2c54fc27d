//! Planes of a warped patch that lie along stored planes, as where it is only turned about z: what is worked out for a row
//! of one of them holds for that row of all.

use std::ops::Range;

use super::Voxel;
use super::walker::Walker;
use super::warp_gather::Look;
use super::warp_plan::WarpPlan;
use super::warp_row::Row;

/// A row of several planes: where its elements lie among those of the planes.
pub(super) struct Rows<'a, D> {
    /// All planes of a part of a patch.
    out: &'a mut [D],
    /// Elements from one plane to the next.
    plane: usize,
    /// Of the row, in the first plane.
    row: Range<usize>,
}

impl<D> Rows<'_, D> {
    /// A part of the row in plane number `layer`.
    #[inline]
    pub(super) fn part(&mut self, layer: usize, part: &Range<usize>) -> &mut [D] {
        let lo = layer * self.plane + self.row.start;
        &mut self.out[lo + part.start..lo + part.end]
    }
}

/// Whether every row of a plane has the same position in z, and every plane the same positions in y and x.
pub(super) fn lie_alike(plan: &WarpPlan) -> bool {
    let [_, z_along_y, z_along_x] = plan.steps.z;
    plan.bend.is_none() && z_along_y == 0.0 && z_along_x == 0.0 && plan.steps.y[0] == 0.0 && plan.steps.x[0] == 0.0
}

/// Makes row `y` of as many of `planes` as lie in one chunk with all of the row, where planes [`lie_alike`]. Answers which:
/// none, if the row leaves the chunk.
pub(super) fn gather_row<S: Voxel, D: Copy + Default>(
    walker: &mut Walker<'_, S>,
    look: &impl Look<S, D>,
    row: &mut Row<'_>,
    (planes, y): (&Range<usize>, usize),
    out: &mut [D],
) -> Range<usize> {
    let (plan, none) = (walker.plan(), planes.start..planes.start);
    let (height, width) = (plan.shape.y, plan.shape.x);
    // The middle one is the least likely to be beyond a border.
    let middle = planes.start + planes.len() / 2;
    row.move_to(middle, y);
    let Some(nearest) = plan.nearest(row.position(0)) else { return none };
    walker.enter(nearest);
    let Some(tile) = walker.tile().filter(|_| row.room(walker, 0) == width) else { return none };
    let depth = |z: usize| plan.origin[0] + z as f64 * plan.steps.z[0];
    let holds = |z: &usize| walker.borders().hold_along(0, depth(*z));
    let lo = (planes.start..middle).rev().take_while(holds).last().unwrap_or(middle);
    let hi = (middle..planes.end).take_while(holds).last().map_or(middle, |last| last + 1);
    let depths: Vec<f64> = (lo..hi).map(depth).collect();
    let first = ((lo - planes.start) * height + y) * width;
    let mut rows = Rows { out, plane: height * width, row: first..first + width };
    look.in_planes(&tile, &row.run(0, width), &depths, &mut rows);
    lo..hi
}
