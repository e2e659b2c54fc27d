//! Planes of a patch, copied from cached chunks as they are stored: each voxel is one voxel of a chunk.

use std::ops::Range;
use std::sync::Arc;

use super::lanes::{TILE, Turner, copy_row};
use super::plan::{AxisPlan, ReadPlan};
use super::prefetch::prefetch;
use super::scratch::Scratch;
use super::strides::{Strided, pick, pick_reversed};
use super::tables::Run;
use super::{Chunk, Voxel};
use crate::geometry::{Axis, Zyx};

/// Bytes of planes that are made at a time where they are not made in place: they stay in a core's own cache.
const SLAB_BYTES: usize = 1 << 18;

/// Bytes of a chunk's row that are read for a part of planes across it. Measured: less reads the same memory again and
/// again, and more makes parts that leave a core's own cache.
const ROW_BYTES: usize = 32;

/// The chunks of a plan, in its order, and what absent ones hold.
pub(super) struct Source<'a, S> {
    /// As [`ReadPlan::chunks`] lists them.
    pub(super) chunks: &'a [Option<Arc<Chunk>>],
    /// Value of absent chunks.
    pub(super) fill: S,
}

impl<S: Voxel> Source<'_, S> {
    /// The elements of the chunk at a place in the axes' lists.
    pub(super) fn voxels(&self, plan: &ReadPlan, at: Zyx<usize>) -> Option<&[S]> {
        let index = (at.z * plan.axes.y.chunks.len() + at.y) * plan.axes.x.chunks.len() + at.x;
        self.chunks.get(index)?.as_ref().and_then(|chunk| S::elements_of(&chunk.data))
    }
}

/// The planes of a patch in parts of about [`SLAB_BYTES`], of voxels of so many bytes. At least `fewest` planes, if there
/// are as many.
pub(super) fn slabs(shape: Zyx<usize>, voxel_bytes: usize, fewest: usize) -> impl Iterator<Item = Range<usize>> {
    let plane_bytes = (shape.y * shape.x * voxel_bytes).max(1);
    let planes = (SLAB_BYTES / plane_bytes).max(fewest);
    (0..shape.z).step_by(planes).map(move |lo| lo..shape.z.min(lo + planes))
}

/// How many planes of elements of so many bytes to make at a time at least: where they lie across the chunks' rows, half a
/// cache line of each row is read for them, and a tile at least.
pub(super) fn fewest_planes(plan: &ReadPlan, element_bytes: usize) -> usize {
    if plan.axes.x.patch_axis == Axis::Z { (ROW_BYTES / element_bytes.max(1)).max(TILE) } else { 1 }
}

/// Copies the voxels of `planes` (along the patch's own z) that lie inside the volume; `out` holds these planes alone, and
/// keeps what it has where they are outside.
pub(super) fn copy_planes<S: Voxel>(plan: &ReadPlan, source: &Source<'_, S>, planes: &Range<usize>, out: &mut [S]) {
    // One kernel for each size of element.
    match size_of::<S>() {
        1 => copy_as::<S, u8>(plan, source, planes, bytemuck::cast_slice_mut(out)),
        2 => copy_as::<S, u16>(plan, source, planes, bytemuck::cast_slice_mut(out)),
        4 => copy_as::<S, u32>(plan, source, planes, bytemuck::cast_slice_mut(out)),
        _ => copy_as::<S, u64>(plan, source, planes, bytemuck::cast_slice_mut(out)),
    }
}

fn copy_as<S: Voxel, T: Strided>(plan: &ReadPlan, source: &Source<'_, S>, planes: &Range<usize>, out: &mut [T]) {
    let Zyx { z, y, x } = &plan.axes;
    let fill: T = bytemuck::cast(source.fill);
    let mut turner = Turner::new();
    for cz in 0..z.chunks.len() {
        let Some(line_z) = Line::of(z, (cz, plan.chunk_shape.z), plan.chunk_shape.y * plan.chunk_shape.x, planes)
        else {
            continue;
        };
        for cy in 0..y.chunks.len() {
            let Some(line_y) = Line::of(y, (cy, plan.chunk_shape.y), plan.chunk_shape.x, planes) else { continue };
            for cx in 0..x.chunks.len() {
                let Some(line_x) = Line::of(x, (cx, plan.chunk_shape.x), 1, planes) else { continue };
                let lines = Zyx::new(&line_z, &line_y, &line_x);
                match source.voxels(plan, Zyx::new(cz, cy, cx)) {
                    Some(from) => copy_chunk(&lines, bytemuck::cast_slice(from), out, &mut turner),
                    None => fill_chunk(&lines, fill, out),
                }
            }
        }
    }
}

/// One axis of the part of some planes that one chunk serves: for each output its place in the chunk.
struct Line<'a> {
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
    run: Run,
    patch_axis: Axis,
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

    const fn len(&self) -> usize {
        self.first.len()
    }

    /// Whether the outputs' voxels are all of a row's, up or down.
    const fn is_dense(&self) -> bool {
        matches!(self.run, Run::Up(1) | Run::Down(1))
    }

    /// Place in the chunk of the first of the outputs' voxels, unless they are scattered.
    fn lowest(&self) -> usize {
        self.from(if matches!(self.run, Run::Down(_)) { self.len() - 1 } else { 0 })
    }

    fn from(&self, output: usize) -> usize {
        (self.shift + self.first[output] as i64) as usize * self.from_stride
    }

    const fn to(&self, output: usize) -> usize {
        self.to + output * self.to_stride
    }
}

fn copy_chunk<T: Strided>(lines: &Zyx<&Line<'_>>, from: &[T], out: &mut [T], turner: &mut Turner<T>) {
    let Zyx { z, y, x } = lines;
    if x.patch_axis != Axis::X {
        return turn_chunk(lines, from, out, turner);
    }
    let len = x.len();
    for oz in 0..z.len() {
        for oy in 0..y.len() {
            let (row, to) = (z.from(oz) + y.from(oy), z.to(oz) + y.to(oy) + x.to(0));
            let out = &mut out[to..to + len];
            let lowest = row + x.lowest();
            match x.run {
                Run::Up(1) => copy_row(&from[lowest..lowest + len], out),
                Run::Down(1) => T::reverse(&from[lowest..lowest + len], out),
                Run::Up(step) => pick(&from[lowest..], step, out),
                Run::Down(step) => pick_reversed(&from[lowest..], step, out),
                Run::Scattered => {
                    for (ox, out) in out.iter_mut().enumerate() {
                        *out = from[row + x.from(ox)];
                    }
                }
            }
        }
    }
}

/// What a chunk serves of a patch whose fastest axis is the volume's z or y: its rows become columns.
fn turn_chunk<T: Strided>(lines: &Zyx<&Line<'_>>, from: &[T], out: &mut [T], turner: &mut Turner<T>) {
    let Zyx { z, y, x } = lines;
    let picked = (!x.is_dense()).then(|| pick_rows(lines, from));
    if picked.is_none() {
        prefetch_rows(lines, from);
    }
    let (fast, slow) = if z.patch_axis == Axis::X { (z, y) } else { (y, z) };
    let (fast_rows, slow_rows) = if z.patch_axis == Axis::X { (y.len(), 1) } else { (1, y.len()) };
    let is_down = matches!(x.run, Run::Down(_));
    for s in 0..slow.len() {
        let to_plane = slow.to(s) + fast.to(0);
        let to = |voxel: usize| to_plane + x.to(if is_down { x.len() - 1 - voxel } else { voxel });
        let size = (fast.len(), x.len());
        if let Some(picked) = &picked {
            turner.turn(size, |f| (f * fast_rows + s * slow_rows) * x.len(), picked, to, out);
        } else {
            let lowest = slow.from(s) + x.lowest();
            turner.turn(size, |f| lowest + fast.from(f), from, to, out);
        }
    }
}

/// Asks for the rows that are turned, in the order of memory: they are turned in another one, in which each waits for its
/// own.
fn prefetch_rows<T>(lines: &Zyx<&Line<'_>>, from: &[T]) {
    let Zyx { z, y, x } = lines;
    for oz in 0..z.len() {
        for oy in 0..y.len() {
            let lowest = z.from(oz) + y.from(oy) + x.lowest();
            prefetch(&from[lowest..lowest + x.len()]);
        }
    }
}

/// The voxels of a chunk that become outputs, as rows of these alone: of a run down, the last output first.
fn pick_rows<T: Strided>(lines: &Zyx<&Line<'_>>, from: &[T]) -> Scratch<T> {
    let Zyx { z, y, x } = lines;
    let mut picked = Scratch::of(z.len() * y.len() * x.len());
    for (row, picked) in picked.chunks_exact_mut(x.len()).enumerate() {
        let start = z.from(row / y.len()) + y.from(row % y.len());
        match x.run {
            Run::Up(step) | Run::Down(step) => pick(&from[start + x.lowest()..], step, picked),
            Run::Scattered => picked.iter_mut().enumerate().for_each(|(ox, picked)| *picked = from[start + x.from(ox)]),
        }
    }
    picked
}

fn fill_chunk<T: Strided>(lines: &Zyx<&Line<'_>>, value: T, out: &mut [T]) {
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
