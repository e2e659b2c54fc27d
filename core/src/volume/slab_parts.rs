//! What each chunk serves of some planes of a patch: which of its rows, where their voxels go, and which rows to ask for
//! while others are copied.

use std::ops::Range;

use super::Voxel;
use super::lanes::TILE;
use super::plan::{AxisPlan, ReadPlan};
use super::prefetch::prefetch;
use super::slab::Source;
use super::strides::Strided;
use super::tables::Run;
use crate::geometry::{Axis, Zyx};

/// What each chunk of a plan serves of some planes, in the order in which chunks lie.
pub(super) fn parts<'a, S: Voxel, T: Strided>(
    plan: &'a ReadPlan,
    source: &'a Source<'_, S>,
    planes: &'a Range<usize>,
) -> impl Iterator<Item = Part<'a, T>> {
    let Zyx { z, y, x } = &plan.axes;
    let chunk = plan.chunk_shape;
    let counts = Zyx::from_fn(|axis| plan.axes[axis].chunks.len());
    let places = (0..counts.z)
        .flat_map(move |cz| (0..counts.y).flat_map(move |cy| (0..counts.x).map(move |cx| Zyx::new(cz, cy, cx))));
    places.filter_map(move |at| {
        let line_z = Line::of(z, (at.z, chunk.z), chunk.y * chunk.x, planes)?;
        let line_y = Line::of(y, (at.y, chunk.y), chunk.x, planes)?;
        let line_x = Line::of(x, (at.x, chunk.x), 1, planes)?;
        let from = source.voxels(plan, at).map(bytemuck::cast_slice);
        Some(Part { lines: Zyx::new(line_z, line_y, line_x), from })
    })
}

/// What one chunk serves of some planes.
pub(super) struct Part<'a, T> {
    /// Along each of the volume's axes.
    pub(super) lines: Zyx<Line<'a>>,
    /// The chunk's elements; `None` if it is absent.
    pub(super) from: Option<&'a [T]>,
}

impl<'a, T> Part<'a, T> {
    /// Whether the chunk's rows become columns, and those of z lie side by side in them.
    pub(super) fn turns_z(&self) -> bool {
        self.lines.z.patch_axis == Axis::X
    }

    /// Rows of the chunk that are copied one after the other, some along z and some along y, for each number of a block;
    /// none beyond the last block.
    ///
    /// Where rows of z are copied one after the other, which lie far apart, a block has several of y: then memory is
    /// asked for in runs.
    pub(super) fn rows_of_block(&self, block: usize) -> Ahead<'_, 'a, T> {
        let Zyx { z, y, .. } = &self.lines;
        let (z, y) = if self.turns_z() {
            let lo = (block * TILE).min(y.len());
            (0..z.len(), lo..y.len().min(lo + TILE))
        } else {
            (block.min(z.len())..z.len().min(block + 1), 0..y.len())
        };
        Ahead::new(self, z, y)
    }

    /// The rows after those of a block: of the next part, where there are no more.
    pub(super) fn rows_after<'p>(&'p self, block: usize, next: Option<&'p Part<'a, T>>) -> Ahead<'p, 'a, T> {
        let rows = self.rows_of_block(block + 1);
        match next {
            Some(next) if rows.is_empty() => next.rows_of_block(0),
            _ => rows,
        }
    }
}

/// Rows of a chunk that are copied soon: asked for while others are copied, so that nothing waits for them then.
pub(super) struct Ahead<'p, 'a, T> {
    part: &'p Part<'a, T>,
    /// In the order of memory: y within z.
    z: Range<usize>,
    y: Range<usize>,
    /// Of the row that is asked for next.
    next_y: usize,
}

impl<'p, 'a, T> Ahead<'p, 'a, T> {
    fn new(part: &'p Part<'a, T>, z: Range<usize>, y: Range<usize>) -> Self {
        Self { part, z, next_y: y.start, y }
    }

    fn is_empty(&self) -> bool {
        self.z.is_empty() || self.y.is_empty()
    }

    /// Asks for so many of the rows that were not asked for yet.
    #[inline]
    pub(super) fn ask_for(&mut self, rows: usize) {
        if let Some(from) = self.part.from {
            self.next_rows(rows, |row| prefetch(&from[row]));
        }
    }

    /// Calls `each` with where in the chunk the next rows lie.
    #[inline]
    fn next_rows(&mut self, mut rows: usize, mut each: impl FnMut(Range<usize>)) {
        let Zyx { z, y, x } = &self.part.lines;
        while rows > 0 && !self.is_empty() {
            let first = z.from(self.z.start) + x.lowest();
            let some = self.next_y..self.y.end.min(self.next_y.saturating_add(rows));
            (rows, self.next_y) = (rows - some.len(), some.end);
            for oy in some {
                let row = first + y.from(oy);
                each(row..row + x.reach());
            }
            if self.next_y == self.y.end {
                (self.z.start, self.next_y) = (self.z.start + 1, self.y.start);
            }
        }
    }

    pub(super) fn ask_for_all(&mut self) {
        self.ask_for(usize::MAX);
    }
}

/// One axis of the part of some planes that one chunk serves: for each output its place in the chunk.
pub(super) struct Line<'a> {
    /// Voxels from the table's first touched voxel.
    first: &'a [usize],
    /// Place in the chunk of the table's first touched voxel; may be before the chunk.
    shift: i64,
    /// Elements from one voxel of the chunk to the next.
    from_stride: usize,
    /// Place among the planes of the first output.
    to: usize,
    /// Elements from one output to the next.
    to_stride: usize,
    pub(super) run: Run,
    pub(super) patch_axis: Axis,
}

impl<'a> Line<'a> {
    /// Of chunk number `index` of an axis; `None` if it serves none of `planes`.
    fn of(
        axis: &'a AxisPlan,
        (index, chunk_len): (usize, usize),
        from_stride: usize,
        planes: &Range<usize>,
    ) -> Option<Self> {
        let chunk = &axis.chunks[index];
        let (mut lo, mut hi, mut first_plane) = (chunk.outputs_lo, chunk.outputs_hi, 0);
        if axis.patch_axis == Axis::Z {
            first_plane = planes.start;
            lo = lo.max(planes.start.saturating_sub(axis.table.inside_lo));
            hi = hi.min(planes.end.saturating_sub(axis.table.inside_lo));
        }
        let origin = chunk.chunk as i64 * chunk_len as i64;
        (lo < hi).then(|| Self {
            first: &axis.table.first[lo..hi],
            shift: axis.touched - origin,
            from_stride,
            to: (axis.table.inside_lo + lo - first_plane) * axis.out_stride,
            to_stride: axis.out_stride,
            run: if hi - lo == 1 { Run::Up(1) } else { axis.table.run },
            patch_axis: axis.patch_axis,
        })
    }

    pub(super) const fn len(&self) -> usize {
        self.first.len()
    }

    /// Whether the outputs' voxels are all of a row's, up or down.
    pub(super) const fn is_dense(&self) -> bool {
        matches!(self.run, Run::Up(1) | Run::Down(1))
    }

    /// Place in the chunk of the first of the outputs' voxels, unless they are scattered.
    pub(super) fn lowest(&self) -> usize {
        self.from(if matches!(self.run, Run::Down(_)) { self.len() - 1 } else { 0 })
    }

    /// Voxels of the chunk from the lowest of the outputs' to the highest; none where they are scattered.
    fn reach(&self) -> usize {
        match self.run {
            Run::Up(step) | Run::Down(step) => (self.len() - 1) * step + 1,
            Run::Scattered => 0,
        }
    }

    pub(super) fn from(&self, output: usize) -> usize {
        (self.shift + self.first[output] as i64) as usize * self.from_stride
    }

    pub(super) const fn to(&self, output: usize) -> usize {
        self.to + output * self.to_stride
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(first: &[usize], from_stride: usize, run: Run, patch_axis: Axis) -> Line<'_> {
        Line { first, shift: 0, from_stride, to: 0, to_stride: 1, run, patch_axis }
    }

    #[test]
    fn every_row_is_asked_for_once_and_in_the_order_of_memory_within_a_block() {
        let (down, up): (Vec<_>, Vec<_>) = ((3..8).rev().collect(), (2..40).collect());
        let from = [0_u8; 64 * 64 * 8];
        for (along_z, along_y) in [(Axis::Z, Axis::Y), (Axis::X, Axis::Y), (Axis::Y, Axis::X)] {
            let lines = Zyx::new(
                line(&down, 64 * 64, Run::Down(1), along_z),
                line(&up, 64, Run::Up(1), along_y),
                line(&up, 1, Run::Up(1), Axis::Z),
            );
            let part = Part { lines, from: Some(&from) };
            let mut asked = Vec::new();
            let mut ahead = part.rows_of_block(0);
            for block in 0.. {
                let before = asked.len();
                // Some at a time, as they are asked for.
                for _ in 0..=up.len() {
                    ahead.next_rows(5, |row| asked.push(row));
                }
                let steps = asked[before..].windows(2).map(|pair| pair[1].start.abs_diff(pair[0].start));
                assert!(steps.clone().filter(|step| *step > 64).count() <= down.len(), "block {block}: {steps:?}");
                ahead = part.rows_after(block, None);
                if ahead.is_empty() {
                    break;
                }
            }
            asked.sort_by_key(|row| row.start);
            let rows = (3..8).flat_map(|z| (2..40).map(move |y| (z * 64 + y) * 64 + 2));
            assert!(asked.iter().cloned().eq(rows.map(|row| row..row + 38)), "{along_z:?} {along_y:?}: {asked:?}");
        }
    }

    #[test]
    fn after_the_last_block_comes_the_next_part() {
        let (near, far, from) = ([0, 1], [5, 6], [0_u8; 10]);
        let part = |first| Part { lines: Zyx::from_fn(|axis| line(first, 1, Run::Up(1), axis)), from: Some(&from[..]) };
        let (first, second) = (part(&near), part(&far));
        let mut rows = Vec::new();
        first.rows_after(1, Some(&second)).next_rows(usize::MAX, |row| rows.push(row));
        assert_eq!(rows, [15..17, 16..18]);
        assert!(first.rows_after(1, None).is_empty());
    }
}
