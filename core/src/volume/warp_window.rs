//! Warped patches by way of windows: the voxels that some planes need are put together from their chunks first, so that rows
//! meet no borders of chunks, and run along the stored rows as far as the patch lets them.

use std::ops::Range;
use std::sync::Arc;

use super::lanes::{Lane, permute};
use super::prefetch::prefetch;
use super::scratch::Scratch;
use super::stream;
use super::walker::Walker;
use super::warp_gather::{Look, gather as gather_planes};
use super::warp_plan::WarpPlan;
use super::{Chunk, Voxel};
use crate::geometry::{Axis, Zyx};

/// Bytes of a window and of what is made of it, if a single plane does not need more. Measured: with fewer the planes of a
/// window share too little of what is found for them, with more they leave the caches.
const WINDOW_BYTES: f64 = (2 << 20) as f64;
/// Stored voxels of a window for each voxel that is made of them at most; else they are left where they are.
const MOST_STORED: f64 = 64.0;
/// Elements after a window: the last voxel is loaded like every other, with some behind it.
const PADDING: usize = 16;
/// Room for rounding, in voxels.
const SLACK: f64 = 1e-3;

/// Fills `out` with what `look` sees at each position of the patch, 0 where the nearest voxel is outside of the level; and
/// `known` with 1 inside and 0 outside. Answers how many patch voxels are outside. `chunks` are in the order of the plan,
/// `fill` is the value of absent ones.
pub(super) fn gather<S: Voxel, D: Voxel>(
    plan: &WarpPlan,
    (chunks, fill): (&[Option<Arc<Chunk>>], S),
    look: &impl Look<S, D>,
    out: &mut [D],
    mut known: Option<&mut [u8]>,
) -> usize {
    if let Some(all) = known.take_if(|_| plan.lies_inside()) {
        stream::fill(all, stream::is_large(all.len()), 1);
    }
    let order = order_of(plan);
    let turned = (order != Axis::ALL).then(|| in_order(plan, order));
    let seen = turned.as_ref().unwrap_or(plan);
    let Zyx { z, y, x } = seen.shape;
    let mut stored = Scratch::of(0);
    let (mut values, mut inside) = (Scratch::of(0), Scratch::of(0));
    let strides = {
        let of_patch = Zyx::new(plan.shape.y * plan.shape.x, plan.shape.x, 1);
        order.map(|axis| of_patch[axis])
    };
    let mut outside = 0;
    let mut lo = 0;
    while lo < z {
        let (planes, window) = next_window(seen, lo, (size_of::<S>(), size_of::<D>()));
        let voxels = planes.start * y * x..planes.end * y * x;
        lo = planes.end;
        let mut see = |out: &mut [D], known: Option<&mut [u8]>| match &window {
            Some(window) => {
                window.fill(seen, (chunks, fill), &mut stored);
                let shifted = window.shift(seen);
                gather_planes(Walker::over(&shifted, &stored, fill), look, planes.clone(), out, known)
            }
            None => gather_planes(Walker::new(seen, chunks, fill), look, planes.clone(), out, known),
        };
        if turned.is_none() {
            outside += see(&mut out[voxels.clone()], known.as_deref_mut().map(|known| &mut known[voxels]));
            continue;
        }
        values.set_len(voxels.len());
        inside.set_len(if known.is_some() { voxels.len() } else { 0 });
        outside += see(&mut values, known.is_some().then_some(&mut inside));
        let to = (planes.start * strides[0], strides);
        put(&values, [planes.len(), y, x], to, out);
        if let Some(known) = known.as_deref_mut() {
            permute(&inside, [planes.len(), y, x], to, known);
        }
    }
    outside
}

/// Puts values in the order of the patch, by the size of their type.
fn put<D: Voxel>(values: &[D], dims: [usize; 3], to: (usize, [usize; 3]), out: &mut [D]) {
    fn as_lanes<D: Voxel, T: Lane>(values: &[D], dims: [usize; 3], to: (usize, [usize; 3]), out: &mut [D]) {
        permute::<T>(bytemuck::cast_slice(values), dims, to, bytemuck::cast_slice_mut(out));
    }
    match size_of::<D>() {
        1 => as_lanes::<D, u8>(values, dims, to, out),
        2 => as_lanes::<D, u16>(values, dims, to, out),
        4 => as_lanes::<D, u32>(values, dims, to, out),
        _ => as_lanes::<D, u64>(values, dims, to, out),
    }
}

/// In which order to go through the patch's axes: first the one that is most across the stored planes, last the one that is
/// most along the stored rows. A displaced patch is gone through as it is.
fn order_of(plan: &WarpPlan) -> [Axis; 3] {
    if plan.bend.is_some() {
        return Axis::ALL;
    }
    let share = |axis: Axis, stored: usize| {
        let step = plan.steps[axis];
        step[stored].abs() / step.iter().map(|v| v * v).sum::<f64>().sqrt()
    };
    // Of equal ones the patch's own order.
    let most = |axes: &[Axis], stored: usize| {
        let mut found = axes[0];
        for axis in &axes[1..] {
            if share(*axis, stored) > share(found, stored) + SLACK {
                found = *axis;
            }
        }
        found
    };
    let first = most(&Axis::ALL, 0);
    let rest: Vec<_> = Axis::ALL.into_iter().rev().filter(|axis| *axis != first).collect();
    let last = most(&rest, 2);
    let middle = rest.iter().copied().find(|axis| *axis != last).unwrap_or(last);
    [first, middle, last]
}

/// The same patch with its axes in another order.
fn in_order(plan: &WarpPlan, [z, y, x]: [Axis; 3]) -> WarpPlan {
    let shape = Zyx::new(plan.shape[z], plan.shape[y], plan.shape[x]);
    let steps = Zyx::new(plan.steps[z], plan.steps[y], plan.steps[x]);
    WarpPlan { shape, steps, ..plan.clone() }
}

/// A box of stored voxels, ends excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Window {
    lo: [i64; 3],
    hi: [i64; 3],
}

/// As many planes from one on as suit one window, and the window; `None` if none would pay.
fn next_window(
    plan: &WarpPlan,
    first: usize,
    (stored_bytes, made_bytes): (usize, usize),
) -> (Range<usize>, Option<Window>) {
    let mut count = plan.shape.z - first;
    loop {
        let planes = first..first + count;
        let Some(window) = Window::of(plan, &planes) else { return (planes, None) };
        let voxels = (0..3).map(|axis| (window.hi[axis] - window.lo[axis]) as f64).product::<f64>();
        let made = (count * plan.shape.y * plan.shape.x) as f64;
        if voxels * stored_bytes as f64 + made * made_bytes as f64 > WINDOW_BYTES && count > 1 {
            count = count.div_ceil(2);
            continue;
        }
        return (planes, (voxels <= made * MOST_STORED).then_some(window));
    }
}

impl Window {
    /// What `planes` of a patch can use; `None` if that is nothing.
    fn of(plan: &WarpPlan, planes: &Range<usize>) -> Option<Self> {
        let mut window = Self { lo: [0; 3], hi: [0; 3] };
        for axis in 0..3 {
            let ends = |step: f64, lo: usize, hi: usize| {
                let (a, b) = (step * lo as f64, step * hi as f64);
                (a.min(b), a.max(b))
            };
            let along_z = ends(plan.steps.z[axis], planes.start, planes.end - 1);
            let along_y = ends(plan.steps.y[axis], 0, plan.shape.y.saturating_sub(1));
            let along_x = ends(plan.steps.x[axis], 0, plan.shape.x.saturating_sub(1));
            let of_samples = plan.samples.iter().map(|offset| offset[axis].abs()).fold(0.0, f64::max);
            let room = plan.margin.to_array()[axis] + of_samples + SLACK;
            let lo = plan.origin[axis] + along_z.0 + along_y.0 + along_x.0 - room;
            let hi = plan.origin[axis] + along_z.1 + along_y.1 + along_x.1 + room;
            // `as` saturates, and makes 0 of NaN.
            window.lo[axis] = (lo.floor() as i64).max(0);
            window.hi[axis] = (hi.ceil() as i64).saturating_add(1).min(plan.level_shape[axis]);
            if window.lo[axis] >= window.hi[axis] {
                return None;
            }
        }
        Some(window)
    }

    const fn extent(&self, axis: usize) -> i64 {
        self.hi[axis] - self.lo[axis]
    }

    /// The plan of a patch whose level begins with this window, which is its only chunk.
    fn shift(&self, plan: &WarpPlan) -> WarpPlan {
        let by = |from: [i64; 3]| [0, 1, 2].map(|axis| from[axis] - self.lo[axis]);
        WarpPlan {
            origin: [0, 1, 2].map(|axis| plan.origin[axis] - self.lo[axis] as f64),
            level_shape: by(plan.level_shape),
            chunk_shape: by(self.hi),
            first_chunk: [0; 3],
            chunk_counts: [1; 3],
            chunks: Vec::new(),
            ..plan.clone()
        }
    }

    /// Puts the window's voxels into `stored`, from the chunks of a plan.
    fn fill<S: Voxel>(&self, plan: &WarpPlan, (chunks, fill): (&[Option<Arc<Chunk>>], S), stored: &mut Scratch<S>) {
        let [_, height, width] = [0, 1, 2].map(|axis| self.extent(axis) as usize);
        let len = self.extent(0) as usize * height * width;
        stored.set_len(len + PADDING);
        if self.covered_by(plan, chunks) < len {
            stored.fill(fill);
        }
        for (index, chunk) in chunks.iter().enumerate() {
            let Some(voxels) = chunk.as_ref().and_then(|chunk| S::elements_of(&chunk.data)) else { continue };
            let (chunk_lo, Self { lo, hi }) = self.part_of(plan, index);
            if (0..3).any(|axis| lo[axis] >= hi[axis]) {
                continue;
            }
            let len = (hi[2] - lo[2]) as usize;
            let place = |of: [i64; 3], [z, y, x]: [i64; 3], height: i64, width: i64| {
                (((z - of[0]) * height + y - of[1]) * width + x - of[2]) as usize
            };
            for z in lo[0]..hi[0] {
                for y in lo[1]..hi[1] {
                    let from = place(chunk_lo, [z, y, lo[2]], plan.chunk_shape[1], plan.chunk_shape[2]);
                    let to = place(self.lo, [z, y, lo[2]], height as i64, width as i64);
                    if z + 1 < hi[0] {
                        // The same row of the next plane: a plane is as much as a page of memory, at whose end
                        // processors stop asking on their own.
                        let next = from + (plan.chunk_shape[1] * plan.chunk_shape[2]) as usize;
                        prefetch(&voxels[next..next + len]);
                    }
                    stored[to..to + len].copy_from_slice(&voxels[from..from + len]);
                }
            }
        }
    }

    /// The first voxel of a chunk of the plan, by its index there, and the part of the window that lies in it.
    fn part_of(&self, plan: &WarpPlan, index: usize) -> ([i64; 3], Self) {
        let ([_, counts_y, counts_x], index) = (plan.chunk_counts, index as i64);
        let at = [index / (counts_y * counts_x), index / counts_x % counts_y, index % counts_x];
        let chunk_lo = [0, 1, 2].map(|axis| (plan.first_chunk[axis] + at[axis]) * plan.chunk_shape[axis]);
        let lo = [0, 1, 2].map(|axis| self.lo[axis].max(chunk_lo[axis]));
        let hi = [0, 1, 2].map(|axis| self.hi[axis].min(chunk_lo[axis] + plan.chunk_shape[axis]));
        (chunk_lo, Self { lo, hi })
    }

    /// Voxels of the window that lie in chunks that are there.
    fn covered_by(&self, plan: &WarpPlan, chunks: &[Option<Arc<Chunk>>]) -> usize {
        let voxels = |(index, _): (usize, _)| {
            let (_, part) = self.part_of(plan, index);
            (0..3).map(|axis| part.extent(axis).max(0) as usize).product::<usize>()
        };
        chunks.iter().enumerate().filter(|(_, chunk)| chunk.is_some()).map(voxels).sum()
    }
}
