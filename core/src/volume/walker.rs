//! Voxels of a warped patch among cached chunks: the chunk of the last one is kept, as the next is mostly in it.

use std::sync::Arc;

use super::warp_places::{Instructions, LANES};
use super::warp_plan::WarpPlan;
use super::warp_tile::{Grain, Tile};
use super::{Chunk, Voxel};

/// How far positions must be from a chunk's first voxel, and from the one beyond its last, to use no other chunk.
pub(super) type Room = [[f64; 3]; 2];

/// The chunks of a plan's box, and the one that the last voxel came from.
pub(super) struct Walker<'a, S> {
    plan: &'a WarpPlan,
    chunks: Vec<Option<&'a [S]>>,
    fill: S,
    instructions: Instructions,
    room: Room,
    here: Here,
    /// The borders of the current chunk and of the level, drawn in by `room`.
    borders: Borders,
    current: Option<&'a [S]>,
}

/// A chunk of the box.
#[derive(Debug, Clone, Copy)]
pub(super) struct Here {
    /// Chunks from the box's first.
    pub(super) at: [i64; 3],
    /// Its first voxel.
    pub(super) lo: [i64; 3],
}

impl<'a, S: Voxel> Walker<'a, S> {
    /// Over chunks in the order of [`WarpPlan::chunks`]; `fill` is the value of absent ones.
    pub(super) fn new(plan: &'a WarpPlan, chunks: &'a [Option<Arc<Chunk>>], fill: S) -> Self {
        let elements = |chunk: &'a Option<Arc<Chunk>>| chunk.as_ref().and_then(|chunk| S::elements_of(&chunk.data));
        Self::of(plan, chunks.iter().map(elements).collect(), fill)
    }

    /// Over the only chunk of a plan.
    pub(super) fn over(plan: &'a WarpPlan, stored: &'a [S], fill: S) -> Self {
        Self::of(plan, vec![Some(stored)], fill)
    }

    fn of(plan: &'a WarpPlan, chunks: Vec<Option<&'a [S]>>, fill: S) -> Self {
        // No voxel lies in a chunk this far away: the first one is looked up.
        let nowhere = [i64::MIN / 2; 3];
        Self {
            plan,
            chunks,
            fill,
            instructions: Instructions::detected(),
            room: [[0.0; 3]; 2],
            here: Here { at: nowhere, lo: nowhere },
            borders: Borders { lo: [f64::INFINITY; 3], hi: [f64::NEG_INFINITY; 3] },
            current: None,
        }
    }

    /// With a room for [`Walker::borders`].
    pub(super) fn with_room(self, room: Room) -> Self {
        let elements = self.plan.chunk_shape.iter().try_fold(1, |product: i64, n| product.checked_mul(*n));
        let is_vast = elements.is_none_or(|elements| u32::try_from(elements).is_err());
        // Tiles index with 32 bits: chunks of more elements are read voxel by voxel.
        Self { room: if is_vast { [[f64::INFINITY; 3]; 2] } else { room }, ..self }
    }

    /// With other instructions than the best.
    #[cfg(test)]
    pub(super) fn with_instructions(self, instructions: Instructions) -> Self {
        Self { instructions, ..self }
    }

    /// The instructions that it uses.
    pub(super) const fn instructions(&self) -> Instructions {
        self.instructions
    }

    /// The plan that it walks.
    pub(super) const fn plan(&self) -> &'a WarpPlan {
        self.plan
    }

    /// Makes the chunk of a voxel inside the level the current one.
    #[inline]
    pub(super) fn enter(&mut self, voxel: [i64; 3]) {
        let is_in = |axis: usize| (0..self.plan.chunk_shape[axis]).contains(&(voxel[axis] - self.here.lo[axis]));
        if !(is_in(0) && is_in(1) && is_in(2)) {
            self.change_chunk(voxel);
        }
    }

    fn change_chunk(&mut self, voxel: [i64; 3]) {
        let plan = self.plan;
        let chunk = [0, 1, 2].map(|axis| voxel[axis] / plan.chunk_shape[axis]);
        let lo = [0, 1, 2].map(|axis| chunk[axis] * plan.chunk_shape[axis]);
        self.here = Here { at: [0, 1, 2].map(|axis| chunk[axis] - plan.first_chunk[axis]), lo };
        let end = |axis: usize| (lo[axis] + plan.chunk_shape[axis]).min(plan.level_shape[axis]);
        self.borders = Borders {
            lo: [0, 1, 2].map(|axis| lo[axis] as f64 + self.room[0][axis]),
            hi: [0, 1, 2].map(|axis| end(axis) as f64 - self.room[1][axis]),
        };
        let [z, y, x] = self.here.at;
        self.current = self.chunk((z * plan.chunk_counts[1] + y) * plan.chunk_counts[2] + x);
    }

    /// A chunk by its index in [`WarpPlan::chunks`]; `None` if it is absent or there is none.
    #[inline]
    pub(super) fn chunk(&self, index: i64) -> Option<&'a [S]> {
        usize::try_from(index).ok().and_then(|index| self.chunks.get(index).copied().flatten())
    }

    /// The current chunk, for positions that stay in it; `None` if it is absent.
    pub(super) fn tile(&self) -> Option<Tile<'a, S>> {
        let [_, y, x] = self.plan.chunk_shape.map(|n| n as usize);
        let grain = Grain { elements: self.current?, row: x, plane: y * x };
        Some(Tile {
            grain,
            lo: self.here.lo.map(|lo| lo as f64),
            samples: &self.plan.samples,
            instructions: self.instructions,
        })
    }

    /// The current chunk.
    pub(super) const fn here(&self) -> Here {
        self.here
    }

    /// The value of absent chunks.
    pub(super) const fn fill(&self) -> S {
        self.fill
    }

    /// The borders of the current chunk and of the level, drawn in by the room.
    pub(super) const fn borders(&self) -> &Borders {
        &self.borders
    }

    /// The value of a voxel inside of the current chunk.
    pub(super) fn value(&self, voxel: [i64; 3]) -> S {
        let [z, y, x] = [0, 1, 2].map(|axis| voxel[axis] - self.here.lo[axis]);
        let index = (z * self.plan.chunk_shape[1] + y) * self.plan.chunk_shape[2] + x;
        self.current.map_or(self.fill, |elements| elements[index as usize])
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

    /// Whether a position is between the borders along one axis.
    pub(super) fn hold_along(&self, axis: usize, at: f64) -> bool {
        self.lo[axis] <= at && at <= self.hi[axis]
    }

    /// How many of the first positions, of which each axis has a slice, are in the box; or less, a multiple of [`LANES`].
    #[inline(always)]
    pub(super) fn hold_groups(&self, positions: [&[f64]; 3]) -> usize {
        let [z, y, x] = positions.map(|positions| positions.as_chunks::<LANES>().0);
        let groups = z.iter().zip(y).zip(x).take_while(|((z, y), x)| {
            let held = |axis: usize, at: f64| u64::from(self.lo[axis] <= at) & u64::from(at <= self.hi[axis]);
            // Counted without branches, so that all are compared at once.
            let count: u64 = (0..LANES).map(|i| held(0, z[i]) & held(1, y[i]) & held(2, x[i])).sum();
            count == LANES as u64
        });
        groups.count() * LANES
    }

    /// How many positions, from `position` on in equal steps, are in the box; at most `most`.
    pub(super) fn steps(&self, position: [f64; 3], step: [f64; 3], most: usize) -> usize {
        if !self.hold(position) {
            return 0;
        }
        let mut count = most as f64;
        for axis in 0..3 {
            let border = if step[axis] > 0.0 { self.hi[axis] } else { self.lo[axis] };
            // Without a step the quotient is infinite, or NaN, which `min` passes over.
            count = count.min(((border - position[axis]) / step[axis]).abs() + 1.0);
        }
        count as usize
    }
}
