//! Rows of voxels along the volume's x, weighted and summed: what a mean takes from the two other axes.

use std::ops::Range;

use super::Voxel;
use super::convert::Intensity;
use super::plan::{AxisChunk, AxisPlan, ReadPlan};
use super::slab::Source;
use crate::geometry::Zyx;

/// Rows that are added at once.
const GROUP: usize = 4;

/// Bytes that memory hands over at once.
const LINE_BYTES: usize = 64;

/// How many outputs along y before its own a row is asked for.
const OUTPUTS_AHEAD: isize = 4;

/// A type in which weighted voxels of type `S` are summed.
pub(super) trait Tally<S>: Voxel {
    /// Up to what denominator of the weights, whose sum is 1, whole multiples of its inverse lead to the sums that `f32`
    /// leads to: no sum of two of them overflows or is rounded.
    const MOST: u32;
    /// A weight that is a whole number (of such an inverse), or any in `f32`.
    fn of_weight(weight: f32) -> Self;
    /// Plus a weighted voxel.
    fn plus(self, weight: Self, voxel: S) -> Self;
    /// The sum of two.
    fn plus_other(self, other: Self) -> f32;
    /// Sums times `unit`, in `room` where they are not there yet.
    fn values<'a>(sums: &'a [Self], unit: f32, room: &'a mut [f32]) -> &'a [f32];
}

/// Any voxels as floats: nothing is a whole number.
impl<S: Intensity> Tally<S> for f32 {
    const MOST: u32 = 0;
    #[inline]
    fn of_weight(weight: f32) -> Self {
        weight
    }
    #[inline]
    fn plus(self, weight: Self, voxel: S) -> Self {
        self + weight * voxel.value()
    }
    #[inline]
    fn plus_other(self, other: Self) -> f32 {
        self + other
    }
    #[inline]
    fn values<'a>(sums: &'a [Self], _unit: f32, _room: &'a mut [f32]) -> &'a [f32] {
        sums
    }
}

macro_rules! whole_tallies {
    ($($voxel:ty, $sum:ty;)*) => { $(impl Tally<$voxel> for $sum {
        const MOST: u32 = 128;
        #[inline]
        fn of_weight(weight: f32) -> Self {
            weight as Self
        }
        #[inline]
        fn plus(self, weight: Self, voxel: $voxel) -> Self {
            self + weight * Self::from(voxel)
        }
        #[inline]
        fn plus_other(self, other: Self) -> f32 {
            (i32::from(self) + i32::from(other)) as f32
        }
        #[inline]
        fn values<'a>(sums: &'a [Self], unit: f32, room: &'a mut [f32]) -> &'a [f32] {
            for (value, sum) in room.iter_mut().zip(sums) {
                *value = i32::from(*sum) as f32 * unit;
            }
            &room[..sums.len()]
        }
    })* };
}

whole_tallies! {
    u8, u16;
    i8, i16;
    u16, i32;
    i16, i32;
}

/// Which rows to sum: outputs along z and y, from the first inside of the volume.
#[derive(Debug, Clone)]
pub(super) struct Outputs {
    pub(super) z: Range<usize>,
    pub(super) y: Range<usize>,
}

/// Rows to sum.
pub(super) struct Rows<'a, S> {
    pub(super) plan: &'a ReadPlan,
    pub(super) source: &'a Source<'a, S>,
    /// A row of the value of absent chunks, as long as the longest in a chunk.
    pub(super) absent: &'a [S],
    pub(super) outputs: &'a Outputs,
}

/// For each output, z by z, the sums of the voxels of its z and y, weighted in units of `1 / scale`: one for each voxel along
/// x, in a row of `row_len` of which only the touched ones change.
#[inline(always)]
pub(super) fn sum_rows<S: Intensity, A: Tally<S>>(rows: &Rows<'_, S>, scale: f32, sums: &mut [A], row_len: usize) {
    let Zyx { z, y, x } = &rows.plan.axes;
    for (cx, chunk) in x.chunks.iter().enumerate() {
        let touched = (chunk.voxel_lo - x.touched) as usize..(chunk.voxel_hi - x.touched) as usize;
        let mut reader = Reader::of(rows, touched.len(), (cx, chunk));
        let mut all_sums = sums.chunks_exact_mut(row_len);
        for oz in rows.outputs.z.clone() {
            for (oy, sums) in rows.outputs.y.clone().zip(&mut all_sums) {
                let sums = &mut sums[touched.clone()];
                let mut group = Group { rows: [&[]; GROUP], weights: [A::default(); GROUP], len: 0, is_first: true };
                for (vz, wz) in taps(z, oz) {
                    for (vy, wy) in taps(y, oy) {
                        group.add(reader.row(vz, vy), A::of_weight(wz * wy * scale), sums);
                    }
                }
                group.flush(sums);
            }
        }
    }
}

/// The voxels (array coordinates) and weights that make up an output along one axis.
#[inline(always)]
fn taps(axis: &AxisPlan, output: usize) -> impl Iterator<Item = (i64, f32)> + '_ {
    let first = axis.touched + axis.table.first[output] as i64;
    let weights = axis.table.weights.as_ref().map_or([1.0].as_slice(), |weights| weights.of(output));
    weights.iter().enumerate().map(move |(i, &weight)| (first + i as i64, weight))
}

/// Rows that wait to be added, in their order.
struct Group<'a, S, A> {
    rows: [&'a [S]; GROUP],
    weights: [A; GROUP],
    len: usize,
    /// Nothing was added before.
    is_first: bool,
}

impl<'a, S: Intensity, A: Tally<S>> Group<'a, S, A> {
    #[inline(always)]
    fn add(&mut self, row: &'a [S], weight: A, sums: &mut [A]) {
        if self.len == GROUP {
            self.flush(sums);
        }
        (self.rows[self.len], self.weights[self.len]) = (row, weight);
        self.len += 1;
    }

    #[inline(always)]
    fn flush(&mut self, sums: &mut [A]) {
        match self.len {
            0 => {}
            1 => self.flush_rows::<1>(sums),
            2 => self.flush_rows::<2>(sums),
            3 => self.flush_rows::<3>(sums),
            _ => self.flush_rows::<GROUP>(sums),
        }
        (self.len, self.is_first) = (0, false);
    }

    #[inline(always)]
    fn flush_rows<const N: usize>(&self, sums: &mut [A]) {
        let len = sums.len();
        let rows: [(&[S], A); N] = std::array::from_fn(|row| (&self.rows[row][..len], self.weights[row]));
        let plus_all = |sum: A, voxel: usize| rows.iter().fold(sum, |sum, (row, weight)| sum.plus(*weight, row[voxel]));
        if self.is_first {
            // Added to 0, not stored: it may be -0.
            (0..len).for_each(|voxel| sums[voxel] = plus_all(A::default(), voxel));
        } else {
            (0..len).for_each(|voxel| sums[voxel] = plus_all(sums[voxel], voxel));
        }
    }
}

/// Where the touched parts of rows lie in the chunks of one place along x.
struct Reader<'a, S> {
    plan: &'a ReadPlan,
    source: &'a Source<'a, S>,
    absent: &'a [S],
    cx: usize,
    in_x: usize,
    /// Elements from a row to one that will be wanted soon.
    ahead: isize,
    /// The chunks of the last row, along z and y, and the voxels there.
    at: [usize; 2],
    voxels: Option<&'a [S]>,
}

impl<'a, S: Voxel> Reader<'a, S> {
    /// Of rows of `len` voxels, in the chunks of this number and place along x.
    #[inline(always)]
    fn of(rows: &Rows<'a, S>, len: usize, (cx, chunk): (usize, &AxisChunk)) -> Self {
        let Rows { plan, source, absent, outputs } = *rows;
        let in_x = (chunk.voxel_lo - chunk.chunk as i64 * plan.chunk_shape.x as i64) as usize;
        let row = plan.chunk_shape.x.cast_signed();
        let ahead = if outputs.z.len() > 1 {
            plan.axes.z.table.run.step() * plan.chunk_shape.y.cast_signed() * row
        } else {
            OUTPUTS_AHEAD * plan.axes.y.table.run.step() * row
        };
        let voxels = source.voxels(plan, Zyx::new(0, 0, cx));
        Self { plan, source, absent: &absent[..len], cx, in_x, ahead, at: [0; 2], voxels }
    }

    /// The row at a z and y, in array coordinates.
    #[inline(always)]
    fn row(&mut self, z: i64, y: i64) -> &'a [S] {
        let (axes, shape) = (&self.plan.axes, self.plan.chunk_shape);
        let (cz, in_z) = find_chunk(&axes.z, z, shape.z, self.at[0]);
        let (cy, in_y) = find_chunk(&axes.y, y, shape.y, self.at[1]);
        if self.at != [cz, cy] {
            self.at = [cz, cy];
            self.voxels = self.source.voxels(self.plan, Zyx::new(cz, cy, self.cx));
        }
        let start = (in_z * shape.y + in_y) * shape.x + self.in_x;
        let Some(voxels) = self.voxels else { return self.absent };
        let row = &voxels[start..start + self.absent.len()];
        bring_near(row, self.ahead);
        row
    }
}

/// Asks for the cache lines of a row that lies so many elements from this one: memory is slow where rows are far from each
/// other.
#[inline(always)]
fn bring_near<S>(row: &[S], ahead: isize) {
    #[cfg(target_arch = "x86_64")]
    for element in (0..row.len()).step_by((LINE_BYTES / size_of::<S>()).max(1)) {
        let place = row.as_ptr().wrapping_offset(ahead).wrapping_add(element);
        // SAFETY: any address may be asked for; nothing is read, and SSE belongs to every x86-64.
        #[allow(unsafe_code, reason = "the instruction takes a pointer")]
        unsafe {
            std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(place.cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (row, ahead);
}

/// Which of an axis' chunks holds a voxel that it touches, and where in the chunk it lies; `likely` is asked first.
#[inline(always)]
fn find_chunk(axis: &AxisPlan, voxel: i64, chunk_len: usize, likely: usize) -> (usize, usize) {
    let holds = |chunk: &AxisChunk| (chunk.voxel_lo..chunk.voxel_hi).contains(&voxel);
    let at = if holds(&axis.chunks[likely]) { likely } else { axis.chunks.iter().position(holds).unwrap_or(likely) };
    (at, (voxel - axis.chunks[at].chunk as i64 * chunk_len as i64) as usize)
}
