//! A warped patch, row by row from cached chunks into the caller's memory. Nothing is allocated per voxel.

#[cfg(test)]
mod tests;

use std::ops::Range;

use super::Voxel;
use super::convert::Intensity;
use super::tables::NOISE;
use super::walker::{Room, Walker};
use super::warp_border::Spot;
use super::warp_places::LANES;
use super::warp_plan::WarpPlan;
use super::warp_planes::{self, Rows, lie_alike};
use super::warp_row::Row;
use super::warp_tile::{Run, Tile};

/// Room for rounding to the border of a chunk, in voxels; what is nearer goes the careful way.
const SLACK: f64 = 1e-6;

/// How a patch voxel is made of stored ones.
pub(super) trait Look<S, D> {
    /// How far positions must be from a chunk's first voxel, and from the one beyond its last, to use no other chunk.
    fn room(&self, plan: &WarpPlan) -> Room;
    /// At positions in a chunk with that room.
    fn in_tile(&self, tile: &Tile<'_, S>, run: &Run<'_>, out: &mut [D]);
    /// As [`Look::in_tile`], of a row in several planes: `depths` are their positions in z.
    fn in_planes(&self, tile: &Tile<'_, S>, run: &Run<'_>, depths: &[f64], rows: &mut Rows<'_, D>);
    /// At up to [`LANES`] positions anywhere inside the level.
    fn anywhere(&self, walker: &mut Walker<'_, S>, spots: &[Spot], out: &mut [D]);
}

/// The nearest voxel, converted.
pub(super) struct Nearest<F>(pub(super) F);

impl<S: Voxel, D, F: Fn(S) -> D> Look<S, D> for Nearest<F> {
    fn room(&self, _: &WarpPlan) -> Room {
        [[SLACK - 0.5; 3], [SLACK + NOISE + 0.5; 3]]
    }

    fn in_tile(&self, tile: &Tile<'_, S>, run: &Run<'_>, out: &mut [D]) {
        tile.values(run, 0.5 + NOISE, out, &self.0);
    }

    fn in_planes(&self, tile: &Tile<'_, S>, run: &Run<'_>, depths: &[f64], rows: &mut Rows<'_, D>) {
        tile.values_of_planes(run, 0.5 + NOISE, depths, rows, &self.0);
    }

    fn anywhere(&self, walker: &mut Walker<'_, S>, spots: &[Spot], out: &mut [D]) {
        for spot in spots {
            walker.enter(spot.nearest);
            out[spot.x] = (self.0)(walker.value(spot.nearest));
        }
    }
}

/// The mean of interpolated samples, converted.
pub(super) struct Mean<F>(pub(super) F);

impl<S: Intensity, D, F: Fn(f32) -> D> Look<S, D> for Mean<F> {
    fn room(&self, plan: &WarpPlan) -> Room {
        let reach = |axis: usize| plan.samples.iter().map(|offset| offset[axis].abs()).fold(0.0, f64::max);
        let reach = [reach(0), reach(1), reach(2)];
        [reach.map(|reach| SLACK + reach), reach.map(|reach| SLACK + reach + 1.0)]
    }

    fn in_tile(&self, tile: &Tile<'_, S>, run: &Run<'_>, out: &mut [D]) {
        tile.means(run, out, &self.0);
    }

    fn in_planes(&self, tile: &Tile<'_, S>, run: &Run<'_>, depths: &[f64], rows: &mut Rows<'_, D>) {
        tile.means_of_planes(run, depths, rows, &self.0);
    }

    fn anywhere(&self, walker: &mut Walker<'_, S>, spots: &[Spot], out: &mut [D]) {
        for (spot, mean) in spots.iter().zip(walker.means(spots)) {
            out[spot.x] = (self.0)(mean);
        }
    }
}

/// Fills `out` with what `look` sees at each position of some planes of the patch, 0 where the nearest voxel is outside of
/// the level; and `known` with 1 inside and 0 outside. Answers how many patch voxels are outside.
pub(super) fn gather<S: Voxel, D: Copy + Default>(
    walker: Walker<'_, S>,
    look: &impl Look<S, D>,
    planes: Range<usize>,
    out: &mut [D],
    mut known: Option<&mut [u8]>,
) -> usize {
    let plan = walker.plan();
    let mut walker = walker.with_room(look.room(plan));
    let mut row = Row::new(plan, walker.instructions());
    let made: Vec<Range<usize>> = if lie_alike(plan) {
        let of_row = |y| warp_planes::gather_row(&mut walker, look, &mut row, (&planes, y), out);
        (0..plan.shape.y).map(of_row).collect()
    } else {
        Vec::new()
    };
    let places = planes.flat_map(|z| (0..plan.shape.y).map(move |y| (z, y)));
    let mut outside = 0;
    for (at, ((z, y), out)) in places.zip(out.chunks_exact_mut(plan.shape.x.max(1))).enumerate() {
        let known = known.as_deref_mut().map(|known| &mut known[at * out.len()..(at + 1) * out.len()]);
        if made.get(y).is_some_and(|planes| planes.contains(&z)) {
            known.into_iter().for_each(|known| known.fill(1));
            continue;
        }
        row.move_to(z, y);
        outside += gather_row(&mut walker, look, &row, (out, known));
    }
    outside
}

fn gather_row<S: Voxel, D: Copy + Default>(
    walker: &mut Walker<'_, S>,
    look: &impl Look<S, D>,
    row: &Row<'_>,
    (out, mut known): (&mut [D], Option<&mut [u8]>),
) -> usize {
    let plan = walker.plan();
    let (mut x, mut outside) = (0, 0);
    if let Some(known) = &mut known {
        known.fill(1);
    }
    // Spots across the borders of chunks wait until there is a group of them.
    let mut waiting = [Spot::NOWHERE; LANES];
    let mut count = 0;
    while x < out.len() {
        let position = row.position(x);
        let Some(nearest) = plan.nearest(position) else {
            out[x] = D::default();
            if let Some(known) = &mut known {
                known[x] = 0;
            }
            (x, outside) = (x + 1, outside + 1);
            continue;
        };
        walker.enter(nearest);
        let spot = Spot { x, position, nearest, here: walker.here() };
        let room = row.room(walker, x);
        if room == 0 {
            (waiting[count], count, x) = (spot, count + 1, x + 1);
            if count == LANES {
                look.anywhere(walker, &waiting, out);
                count = 0;
            }
            continue;
        }
        let run = row.run(x, room);
        x += room;
        match walker.tile() {
            Some(tile) => look.in_tile(&tile, &run, &mut out[spot.x..x]),
            None => {
                // In an absent chunk, where all are alike.
                look.anywhere(walker, &[spot], out);
                let value = out[spot.x];
                out[spot.x..x].fill(value);
            }
        }
    }
    look.anywhere(walker, &waiting[..count], out);
    outside
}
