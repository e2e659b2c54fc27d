//! Averages from cached chunks into the caller's memory: a block of rows along the volume's x at a time.

use std::ops::Range;

use super::Voxel;
use super::convert::Intensity;
use super::lanes::{Lane, Turner, copy_row};
use super::means::{Means, PADDING};
use super::plan::{AxisPlan, ReadPlan};
use super::scratch::Scratch;
use super::slab::Source;
use super::sums::{Outputs, Rows, Tally, sum_rows};
use super::warp_places::{Instructions, Work};
use crate::geometry::{Axis, Zyx};

#[cfg(test)]
mod tests;

/// Bytes of sums that are made at a time: they stay in a core's own cache.
const BLOCK_BYTES: usize = 1 << 18;

/// Rows of a block that become columns of the patch: whole cache lines of what comes out.
const COLUMNS: usize = 64;

/// Averages: each patch voxel inside the volume becomes `finish` of a weighted mean, axis by axis; others keep what they are.
///
/// For one row of the patch along the volume's x, the rows of voxels that it needs are summed into one row (which reads
/// the chunks along their own rows), and that row is averaged along x. Where weights are multiples of small powers of two,
/// voxels of up to 16 bits are summed as integers: exact, as their sums in floats are, which makes the same bits.
pub(super) fn average_inside<S: Intensity, D: Voxel>(
    plan: &ReadPlan,
    source: &Source<'_, S>,
    out: &mut [D],
    finish: impl Fn(f32) -> D,
) {
    if plan.inside_voxels() == 0 {
        return;
    }
    let scale = denominator(&plan.axes.z).zip(denominator(&plan.axes.y)).map(|(z, y)| z * y);
    let instructions = Instructions::detected();
    match scale {
        Some(scale) if scale <= <S::Sum as Tally<S>>::MOST => {
            average_as::<S, S::Sum, D>(plan, source, (scale as f32, instructions), out, finish);
        }
        _ => average_as::<S, f32, D>(plan, source, (1.0, instructions), out, finish),
    }
}

/// The power of two that makes whole numbers of all weights.
fn denominator(axis: &AxisPlan) -> Option<u32> {
    axis.table.weights.as_ref().map_or(Some(1), |weights| weights.denominator())
}

fn average_as<S: Intensity, A: Tally<S>, D: Voxel>(
    plan: &ReadPlan,
    source: &Source<'_, S>,
    (scale, instructions): (f32, Instructions),
    out: &mut [D],
    finish: impl Fn(f32) -> D,
) {
    let table = &plan.axes.x.table;
    let (means, x_len) = (Means::of(table), table.inside_len());
    let touched = (table.touched_hi - table.touched_lo) as usize;
    let row_len = touched + PADDING;
    let mut absent = Scratch::<S>::of(touched);
    absent.fill(source.fill);
    let mut room = Scratch::<f32>::of(2 * row_len.max(x_len));
    let (mut sums, mut block) = (Scratch::<A>::of(0), Scratch::<D>::of(0));
    for outputs in blocks(plan, row_len * size_of::<A>()) {
        let rows = outputs.z.len() * outputs.y.len();
        sums.set_len(rows * row_len);
        block.set_len(rows * x_len);
        instructions.work(Block {
            rows: Rows { plan, source, absent: &absent, outputs: &outputs },
            scale,
            sums: (&mut sums, row_len),
            means: (&means, &mut room),
            finish: &finish,
            out: (&mut block, x_len),
        });
        let (block, is_down) = (&*block, means.is_down());
        // One kernel for each size of element.
        match size_of::<D>() {
            1 => place::<u8>(plan, &outputs, is_down, bytemuck::cast_slice(block), bytemuck::cast_slice_mut(out)),
            2 => place::<u16>(plan, &outputs, is_down, bytemuck::cast_slice(block), bytemuck::cast_slice_mut(out)),
            4 => place::<u32>(plan, &outputs, is_down, bytemuck::cast_slice(block), bytemuck::cast_slice_mut(out)),
            _ => place::<u64>(plan, &outputs, is_down, bytemuck::cast_slice(block), bytemuck::cast_slice_mut(out)),
        }
    }
}

/// The arithmetic of a block.
struct Block<'a, S, A, D, F> {
    rows: Rows<'a, S>,
    scale: f32,
    /// Room for the sums of rows of this length.
    sums: (&'a mut [A], usize),
    means: (&'a Means<'a>, &'a mut [f32]),
    finish: &'a F,
    /// Rows of this length.
    out: (&'a mut [D], usize),
}

impl<S: Intensity, A: Tally<S>, D, F: Fn(f32) -> D> Work for Block<'_, S, A, D, F> {
    #[inline(always)]
    fn work(self) {
        let (sums, row_len) = self.sums;
        sum_rows(&self.rows, self.scale, sums, row_len);
        let (means, room) = self.means;
        let (out, x_len) = self.out;
        for (sums, out) in sums.chunks_exact(row_len).zip(out.chunks_exact_mut(x_len)) {
            means.make((sums, 1.0 / self.scale), room, self.finish, out);
        }
    }
}

/// The outputs inside of the volume, in blocks of which the sums take about [`BLOCK_BYTES`]. Along the patch's own x,
/// a block has whole [`COLUMNS`].
fn blocks(plan: &ReadPlan, row_bytes: usize) -> impl Iterator<Item = Outputs> {
    let Zyx { z, y, .. } = &plan.axes;
    let rows = (BLOCK_BYTES / row_bytes.max(1)).max(1);
    let (z_step, y_step) =
        if z.patch_axis == Axis::X { (COLUMNS, (rows / COLUMNS).max(1)) } else { (1, rows.max(COLUMNS)) };
    let (z_len, y_len) = (z.table.inside_len(), y.table.inside_len());
    let part = |lo: usize, step: usize, len: usize| -> Range<usize> { lo..len.min(lo + step) };
    let of_z = (0..z_len).step_by(z_step).map(move |lo| part(lo, z_step, z_len));
    of_z.flat_map(move |z| {
        (0..y_len).step_by(y_step).map(move |lo| Outputs { z: z.clone(), y: part(lo, y_step, y_len) })
    })
}

/// Puts the rows of a block where they belong; the last voxel of each comes first if it `is_down`.
fn place<T: Lane>(plan: &ReadPlan, outputs: &Outputs, is_down: bool, block: &[T], out: &mut [T]) {
    let Zyx { z, y, x } = &plan.axes;
    let to = |axis: &AxisPlan, output: usize| (axis.table.inside_lo + output) * axis.out_stride;
    let x_len = x.table.inside_len();
    if x.patch_axis == Axis::X {
        let mut rows = block.chunks_exact(x_len);
        for oz in outputs.z.clone() {
            for (oy, row) in outputs.y.clone().zip(&mut rows) {
                let to = to(z, oz) + to(y, oy) + to(x, 0);
                let out = &mut out[to..to + x_len];
                if is_down { T::reverse(row, out) } else { copy_row(row, out) }
            }
        }
        return;
    }
    let column = |voxel: usize| to(x, if is_down { x_len - 1 - voxel } else { voxel });
    let (y_len, mut turner) = (outputs.y.len(), Turner::new());
    if z.patch_axis == Axis::X {
        for (s, oy) in outputs.y.clone().enumerate() {
            let first = to(z, outputs.z.start) + to(y, oy);
            turner.turn(
                (outputs.z.len(), x_len),
                |f| (f * y_len + s) * x_len,
                block,
                |voxel| first + column(voxel),
                out,
                |_| (),
            );
        }
    } else {
        for (s, oz) in outputs.z.clone().enumerate() {
            let first = to(z, oz) + to(y, outputs.y.start);
            turner.turn((y_len, x_len), |f| (s * y_len + f) * x_len, block, |voxel| first + column(voxel), out, |_| ());
        }
    }
}
