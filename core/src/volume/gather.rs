//! From cached chunks into the caller's memory in one pass: copies, averages, and what is outside of the volume.

use std::any::TypeId;
use std::ops::Range;

use super::Voxel;
use super::average::average_inside;
use super::convert::Intensity;
use super::plan::ReadPlan;
use super::scratch::Scratch;
use super::slab::{Source, copy_planes, fewest_planes, slabs};
use super::stream;
use crate::geometry::Axis;

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
    for planes in slabs(plan.shape, size_of::<S>(), fewest_planes(plan, size_of::<S>())) {
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
pub(super) fn average<S: Intensity, D: Voxel>(
    plan: &ReadPlan,
    source: &Source<'_, S>,
    out: &mut [D],
    finish: impl Fn(f32) -> D,
) {
    clear_outside(plan, out);
    average_inside(plan, source, out, finish);
}
