//! Planes of a patch, copied from cached chunks as they are stored: each voxel is one voxel of a chunk.

use std::ops::Range;
use std::sync::Arc;

use super::lanes::{TILE, Turner, copy_row};
use super::plan::ReadPlan;
use super::scratch::Scratch;
use super::slab_parts::{Line, Part, parts};
use super::strides::{Strided, pick, pick_reversed};
use super::tables::Run;
use super::{Chunk, Voxel};
use crate::geometry::{Axis, Zyx};

/// Bytes of planes that are made at a time where they are not made in place: they stay in a core's own cache.
const SLAB_BYTES: usize = 1 << 18;

/// Bytes of a chunk's row that are read for a part of planes across it: a cache line, so that no memory is read twice.
const ROW_BYTES: usize = 64;

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

/// How many planes of elements of so many bytes to make at a time at least: where they lie across the chunks' rows, a cache
/// line of each row is read for them, and a tile at least.
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
    let fill: T = bytemuck::cast(source.fill);
    let mut turner = Turner::new();
    let mut parts = parts(plan, source, planes).peekable();
    let mut is_first = true;
    while let Some(part) = parts.next() {
        let next = parts.peek();
        if std::mem::take(&mut is_first) {
            part.rows_of_block(0).ask_for_all();
        }
        match part.from {
            Some(from) => copy_part(&part, from, next, out, &mut turner),
            None => fill_part(&part.lines, fill, out),
        }
    }
}

fn copy_part<T: Strided>(
    part: &Part<'_, T>,
    from: &[T],
    next: Option<&Part<'_, T>>,
    out: &mut [T],
    turner: &mut Turner<T>,
) {
    let Zyx { z, y, x } = &part.lines;
    if x.patch_axis != Axis::X {
        return turn_part(part, from, next, out, turner);
    }
    let len = x.len();
    for oz in 0..z.len() {
        let mut ahead = part.rows_after(oz, next);
        for oy in 0..y.len() {
            let (row, to) = (z.from(oz) + y.from(oy), z.to(oz) + y.to(oy) + x.to(0));
            let out = &mut out[to..to + len];
            let lowest = row + x.lowest();
            ahead.ask_for(1);
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
fn turn_part<T: Strided>(
    part: &Part<'_, T>,
    from: &[T],
    next: Option<&Part<'_, T>>,
    out: &mut [T],
    turner: &mut Turner<T>,
) {
    let Zyx { z, y, x } = &part.lines;
    let picked = (!x.is_dense()).then(|| pick_rows(&part.lines, from));
    let turns_z = part.turns_z();
    let (fast, slow) = if turns_z { (z, y) } else { (y, z) };
    let (fast_rows, slow_rows) = if turns_z { (y.len(), 1) } else { (1, y.len()) };
    let is_down = matches!(x.run, Run::Down(_));
    let mut ahead = part.rows_after(0, next);
    for s in 0..slow.len() {
        if s > 0 && (!turns_z || s % TILE == 0) {
            ahead = part.rows_after(if turns_z { s / TILE } else { s }, next);
        }
        let to_plane = slow.to(s) + fast.to(0);
        let to = |voxel: usize| to_plane + x.to(if is_down { x.len() - 1 - voxel } else { voxel });
        let size = (fast.len(), x.len());
        if let Some(picked) = &picked {
            turner.turn(size, |f| (f * fast_rows + s * slow_rows) * x.len(), picked, to, out, |_| ());
        } else {
            let lowest = slow.from(s) + x.lowest();
            turner.turn(size, |f| lowest + fast.from(f), from, to, out, |rows| ahead.ask_for(rows));
        }
    }
}

/// The voxels of a chunk that become outputs, as rows of these alone: of a run down, the last output first.
fn pick_rows<T: Strided>(lines: &Zyx<Line<'_>>, from: &[T]) -> Scratch<T> {
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

fn fill_part<T: Strided>(lines: &Zyx<Line<'_>>, value: T, out: &mut [T]) {
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
