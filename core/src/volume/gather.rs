//! From cached chunks into the caller's memory in one pass: copies, or averages with one row of sums.

use std::any::TypeId;
use std::ops::Range;

use super::Voxel;
use super::convert::Intensity;
use super::plan::{AxisPlan, ReadPlan};
use super::scratch::Scratch;
use super::slab::{Source, copy_planes, fewest_planes, slabs};
use super::stream;
use crate::geometry::{Axis, Zyx};

/// Fills `known` with 1 inside the volume and 0 outside.
pub(super) fn mark_known(plan: &ReadPlan, known: &mut [u8]) {
    mark_planes(plan, &(0..plan.shape.z), known);
}

/// As [`mark_known`], for `planes` (along the patch's own z) alone.
pub(super) fn mark_planes(plan: &ReadPlan, planes: &Range<usize>, known: &mut [u8]) {
    if plan.outside_voxels() == 0 {
        return stream::fill(known, stream::is_large(known.len()), 1);
    }
    known.fill(0);
    let along =
        |wanted: Axis| Axis::ALL.into_iter().map(|axis| &plan.axes[axis]).find(|axis| axis.patch_axis == wanted);
    let outputs = |wanted: Axis| along(wanted).map_or(0..0, |axis| axis.table.inside_lo..axis.table.inside_hi);
    let (z, y, x) = (outputs(Axis::Z), outputs(Axis::Y), outputs(Axis::X));
    for z in z.start.max(planes.start)..z.end.min(planes.end) {
        for y in y.clone() {
            let row = ((z - planes.start) * plan.shape.y + y) * plan.shape.x;
            known[row + x.start..row + x.end].fill(1);
        }
    }
}

/// As [`copy`], for a `convert` that leaves values alone where `S` and `D` are the same type.
pub(super) fn copy_stored<S: Voxel, D: Voxel>(
    plan: &ReadPlan,
    source: &Source<'_, S>,
    out: &mut [D],
    convert: impl Fn(S) -> D,
) {
    // What is large is put in order nearby, and then written past the caches.
    if TypeId::of::<S>() != TypeId::of::<D>() || stream::is_large(out.len()) {
        return copy(plan, source, out, convert);
    }
    clear_outside(plan, out);
    copy_planes::<S>(plan, source, &(0..plan.shape.z), bytemuck::cast_slice_mut(out));
}

/// Copies: each patch voxel inside the volume becomes `convert` of one voxel, what lies outside 0.
///
/// Some planes at a time are put in order as they are stored, and converted while they are near.
pub(super) fn copy<S: Voxel, D: Voxel>(
    plan: &ReadPlan,
    source: &Source<'_, S>,
    out: &mut [D],
    convert: impl Fn(S) -> D,
) {
    let plane = plan.shape.y * plan.shape.x;
    let is_large = stream::is_large(out.len());
    let mut stored = Scratch::of(0);
    for planes in slabs(plan.shape, size_of::<S>(), fewest_planes(plan)) {
        stored.set_len(planes.len() * plane);
        let out = &mut out[planes.start * plane..planes.end * plane];
        copy_planes(plan, source, &planes, &mut stored);
        stream::write(out, is_large, |part, out| {
            out.iter_mut().zip(&stored[part]).for_each(|(out, &stored)| *out = convert(stored));
        });
    }
    if plan.outside_voxels() > 0 {
        forget_outside(plan, out);
    }
}

fn clear_outside<D: Voxel>(plan: &ReadPlan, out: &mut [D]) {
    if plan.outside_voxels() > 0 {
        out.fill(D::default());
    }
}

/// Makes 0 what lies outside the volume.
fn forget_outside<D: Voxel>(plan: &ReadPlan, out: &mut [D]) {
    let row_len = plan.shape.x.max(1);
    let mut known = Scratch::<u8>::of(plan.shape.y * plan.shape.x);
    for (z, out) in out.chunks_exact_mut(known.len().max(1)).enumerate() {
        mark_planes(plan, &(z..z + 1), &mut known);
        for (out, known) in out.chunks_exact_mut(row_len).zip(known.chunks_exact(row_len)) {
            out.iter_mut().zip(known).filter(|(_, known)| **known == 0).for_each(|(out, _)| *out = D::default());
        }
    }
}

/// Averages: each patch voxel inside the volume becomes `finish` of a weighted mean, axis by axis, what lies outside 0.
///
/// For one row of the patch along the volume's x, the rows of voxels that it needs are summed into one row (which reads
/// the chunks along their own rows), and that row is averaged along x.
pub(super) fn average<S: Intensity, D: Voxel>(
    plan: &ReadPlan,
    source: &Source<'_, S>,
    out: &mut [D],
    finish: impl Fn(f32) -> D,
) {
    let Zyx { z, y, x } = &plan.axes;
    clear_outside(plan, out);
    if plan.inside_voxels() == 0 {
        return;
    }
    let mut sums = Scratch::<f32>::of((x.table.touched_hi - x.table.touched_lo) as usize);
    for oz in 0..z.table.inside_len() {
        for oy in 0..y.table.inside_len() {
            sums.fill(0.0);
            for (vz, wz) in taps(z, oz) {
                for (vy, wy) in taps(y, oy) {
                    add_row(plan, source, Zyx::new(vz, vy, 0), wz * wy, &mut sums);
                }
            }
            let row = (z.table.inside_lo + oz) * z.out_stride + (y.table.inside_lo + oy) * y.out_stride;
            for ox in 0..x.table.inside_len() {
                let first = x.table.first[ox];
                let mean = match &x.table.weights {
                    None => sums[first],
                    Some(weights) => weights.of(ox).iter().zip(&sums[first..]).map(|(w, sum)| w * sum).sum(),
                };
                out[row + (x.table.inside_lo + ox) * x.out_stride] = finish(mean);
            }
        }
    }
}

/// The voxels (array coordinates) and weights that make up an output along one axis.
fn taps(axis: &AxisPlan, output: usize) -> impl Iterator<Item = (i64, f32)> + '_ {
    let first = axis.touched + axis.table.first[output] as i64;
    let weights = axis.table.weights.as_ref().map_or([1.0].as_slice(), |weights| weights.of(output));
    weights.iter().enumerate().map(move |(i, &weight)| (first + i as i64, weight))
}

/// Adds `weight` times the touched part of one row of voxels (`row.x` is not used).
fn add_row<S: Intensity>(plan: &ReadPlan, source: &Source<'_, S>, row: Zyx<i64>, weight: f32, sums: &mut [f32]) {
    let Zyx { z, y, x } = &plan.axes;
    let (Some((cz, in_z)), Some((cy, in_y))) =
        (find_chunk(z, row.z, plan.chunk_shape.z), find_chunk(y, row.y, plan.chunk_shape.y))
    else {
        return;
    };
    for (cx, chunk) in x.chunks.iter().enumerate() {
        let (lo, hi) = ((chunk.voxel_lo - x.touched) as usize, (chunk.voxel_hi - x.touched) as usize);
        let sums = &mut sums[lo..hi];
        match source.voxels(plan, Zyx::new(cz, cy, cx)) {
            Some(from) => {
                let in_x = (chunk.voxel_lo - chunk.chunk as i64 * plan.chunk_shape.x as i64) as usize;
                let start = (in_z * plan.chunk_shape.y + in_y) * plan.chunk_shape.x + in_x;
                for (sum, &voxel) in sums.iter_mut().zip(&from[start..start + (hi - lo)]) {
                    *sum += weight * voxel.value();
                }
            }
            None => sums.iter_mut().for_each(|sum| *sum += weight * source.fill.value()),
        }
    }
}

/// Which of an axis' chunks holds a voxel, and where in the chunk it lies.
fn find_chunk(axis: &AxisPlan, voxel: i64, chunk_len: usize) -> Option<(usize, usize)> {
    let chunk = voxel.unsigned_abs() / chunk_len as u64;
    let in_chunk = (voxel.unsigned_abs() % chunk_len as u64) as usize;
    let at = if axis.table.weights.is_some() {
        // Averaged axes list every chunk, ascending.
        usize::try_from(chunk.checked_sub(axis.chunks.first()?.chunk)?).ok()?
    } else {
        axis.chunks.iter().position(|c| c.chunk == chunk)?
    };
    Some((at, in_chunk))
}
