//! From cached chunks into the caller's memory in one pass: copies, or averages with one row of sums.

use std::sync::Arc;

use super::convert::Intensity;
use super::plan::{AxisPlan, ReadPlan};
use super::{Chunk, Voxel};
use crate::geometry::Zyx;

/// Edge of the tiles in which a transposed patch is copied: rows of both sides stay in the nearest cache.
const TILE: usize = 16;

/// The chunks of a plan, in its order, and what absent ones hold.
pub(super) struct Source<'a, S> {
    /// As [`ReadPlan::chunks`] lists them.
    pub(super) chunks: &'a [Option<Arc<Chunk>>],
    /// Value of absent chunks.
    pub(super) fill: S,
}

impl<S: Voxel> Source<'_, S> {
    fn voxels(&self, plan: &ReadPlan, at: Zyx<usize>) -> Option<&[S]> {
        let index = (at.z * plan.axes.y.chunks.len() + at.y) * plan.axes.x.chunks.len() + at.x;
        self.chunks.get(index)?.as_ref().and_then(|chunk| S::elements_of(&chunk.data))
    }
}

/// Fills `known` with 1 inside the volume and 0 outside.
pub(super) fn mark_known(plan: &ReadPlan, known: &mut [u8]) {
    if plan.inside_voxels() == known.len() {
        known.fill(1);
        return;
    }
    known.fill(0);
    let outputs = |axis: &AxisPlan| {
        let (lo, hi, stride) = (axis.table.inside_lo, axis.table.inside_hi, axis.out_stride);
        (lo..hi).map(move |output| output * stride)
    };
    for z in outputs(&plan.axes.z) {
        for y in outputs(&plan.axes.y) {
            for x in outputs(&plan.axes.x) {
                known[z + y + x] = 1;
            }
        }
    }
}

/// Copies: each patch voxel inside the volume becomes `convert` of one voxel.
pub(super) fn copy<S: Voxel, D: Copy>(
    plan: &ReadPlan,
    source: &Source<'_, S>,
    out: &mut [D],
    convert: impl Fn(S) -> D + Copy,
) {
    let Zyx { z, y, x } = &plan.axes;
    for cz in 0..z.chunks.len() {
        for cy in 0..y.chunks.len() {
            for cx in 0..x.chunks.len() {
                let lines = Zyx::new(
                    Line::of(z, cz, plan.chunk_shape.z, plan.chunk_shape.y * plan.chunk_shape.x),
                    Line::of(y, cy, plan.chunk_shape.y, plan.chunk_shape.x),
                    Line::of(x, cx, plan.chunk_shape.x, 1),
                );
                match source.voxels(plan, Zyx::new(cz, cy, cx)) {
                    Some(from) => copy_chunk(&lines, from, out, convert),
                    None => fill_chunk(&lines, convert(source.fill), out),
                }
            }
        }
    }
}

/// One axis of the part of a patch that one chunk serves: for each output its place in the chunk.
struct Line<'a> {
    /// Voxels from the table's first touched voxel.
    first: &'a [usize],
    /// Place in the chunk of the table's first touched voxel; may be before the chunk.
    shift: i64,
    /// Elements from one voxel of the chunk to the next.
    from_stride: usize,
    /// Place in the patch of the first output.
    to: usize,
    /// Elements from one output to the next.
    to_stride: usize,
    contiguous: bool,
}

impl<'a> Line<'a> {
    fn of(axis: &'a AxisPlan, chunk: usize, chunk_len: usize, from_stride: usize) -> Self {
        let chunk = &axis.chunks[chunk];
        let origin = chunk.chunk as i64 * chunk_len as i64;
        Self {
            first: &axis.table.first[chunk.outputs_lo..chunk.outputs_hi],
            shift: axis.touched - origin,
            from_stride,
            to: (axis.table.inside_lo + chunk.outputs_lo) * axis.out_stride,
            to_stride: axis.out_stride,
            contiguous: axis.table.contiguous,
        }
    }

    const fn len(&self) -> usize {
        self.first.len()
    }

    fn from(&self, output: usize) -> usize {
        (self.shift + self.first[output] as i64) as usize * self.from_stride
    }

    const fn to(&self, output: usize) -> usize {
        self.to + output * self.to_stride
    }
}

fn copy_chunk<S: Voxel, D: Copy>(lines: &Zyx<Line<'_>>, from: &[S], out: &mut [D], convert: impl Fn(S) -> D + Copy) {
    let Zyx { z, y, x } = lines;
    if x.to_stride != 1 {
        // The patch's fastest axis is the volume's z or y.
        let (fast, slow) = if z.to_stride == 1 { (z, y) } else { (y, z) };
        for s in 0..slow.len() {
            copy_tiles(fast, x, (slow.from(s), slow.to(s)), from, out, convert);
        }
        return;
    }
    for oz in 0..z.len() {
        for oy in 0..y.len() {
            let (row, to) = (z.from(oz) + y.from(oy), z.to(oz) + y.to(oy) + x.to(0));
            let out = &mut out[to..to + x.len()];
            if x.contiguous {
                let start = row + x.from(0);
                for (out, &voxel) in out.iter_mut().zip(&from[start..start + x.len()]) {
                    *out = convert(voxel);
                }
            } else {
                for (ox, out) in out.iter_mut().enumerate() {
                    *out = convert(from[row + x.from(ox)]);
                }
            }
        }
    }
}

/// One plane of a transposed copy: the chunk's rows run along `x`, the patch's along `fast`.
fn copy_tiles<S: Voxel, D: Copy>(
    fast: &Line<'_>,
    x: &Line<'_>,
    (from_plane, to_plane): (usize, usize),
    from: &[S],
    out: &mut [D],
    convert: impl Fn(S) -> D,
) {
    for f_tile in (0..fast.len()).step_by(TILE) {
        for x_tile in (0..x.len()).step_by(TILE) {
            for f in f_tile..fast.len().min(f_tile + TILE) {
                let (row, to) = (from_plane + fast.from(f), to_plane + fast.to(f));
                for ox in x_tile..x.len().min(x_tile + TILE) {
                    out[to + x.to(ox)] = convert(from[row + x.from(ox)]);
                }
            }
        }
    }
}

fn fill_chunk<D: Copy>(lines: &Zyx<Line<'_>>, value: D, out: &mut [D]) {
    let Zyx { z, y, x } = lines;
    for oz in 0..z.len() {
        for oy in 0..y.len() {
            let to = z.to(oz) + y.to(oy);
            for ox in 0..x.len() {
                out[to + x.to(ox)] = value;
            }
        }
    }
}

/// Averages: each patch voxel inside the volume becomes `finish` of a weighted mean, axis by axis.
///
/// For one row of the patch along the volume's x, the rows of voxels that it needs are summed into one row (which reads
/// the chunks along their own rows), and that row is averaged along x.
pub(super) fn average<S: Intensity, D: Copy>(
    plan: &ReadPlan,
    source: &Source<'_, S>,
    out: &mut [D],
    finish: impl Fn(f32) -> D,
) {
    let Zyx { z, y, x } = &plan.axes;
    if plan.inside_voxels() == 0 {
        return;
    }
    let mut sums = vec![0.0_f32; (x.table.touched_hi - x.table.touched_lo) as usize];
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
