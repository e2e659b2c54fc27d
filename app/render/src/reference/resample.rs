//! The CPU twin of resample.wgsl and intensity.wgsl: a plane of a sample from the same chunks, in double precision.

use std::collections::HashMap;

use microtome_core::geometry::{Axis, Zyx};

use super::ReferenceChunk;
use super::intensity::change;
use crate::resample::{AxisWay, ClassFrom, FieldWay, RawPlan, ResamplePlan, ResampledPlane, WarpWay, Way};
use crate::texels::{Fill, Texels};
use crate::{ChunkId, LevelGeometry};

/// As near are two voxels if they are so but for rounding.
const NOISE: f64 = 1.5e-6;

/// A plane of a sample, from chunks that are all there.
#[must_use]
pub fn resample(plan: &ResamplePlan, chunks: &HashMap<ChunkId, ReferenceChunk>) -> ResampledPlane {
    let raw = &plan.raw;
    let shape = raw.shape.map(|n| n as usize);
    let voxels = (0..shape.product()).map(|i| Zyx::new(i / (shape.y * shape.x), i / shape.x % shape.y, i % shape.x));
    let mut patch: Vec<f32> = voxels.map(|voxel| intensity(raw, voxel, chunks) as f32 * raw.to_unit).collect();
    for step in &plan.chain {
        change(step, shape, &mut patch);
    }
    let plane = shape.y * shape.x;
    let start = raw.plane as usize * plane;
    let (mut ids, mut known) = (Vec::new(), Vec::new());
    for class in plan.labels.iter().flat_map(|labels| &labels.classes) {
        let count = plan.labels.as_ref().map_or(0, |labels| labels.size.iter().product::<u32>()) as usize;
        let found: Vec<_> = match &class.from {
            Some(from) => from.nearest.iter().map(|voxel| look_up_label(from, *voxel, chunks)).collect(),
            None => vec![None; count],
        };
        ids.push(found.iter().map(|id| id.unwrap_or(0)).collect());
        known.push(found.iter().map(Option::is_some).collect());
    }
    ResampledPlane { raw: patch[start..start + plane].to_vec(), ids, known }
}

/// A stored value.
fn load(raw: &RawPlan, voxel: [i64; 3], chunks: &HashMap<ChunkId, ReferenceChunk>) -> f64 {
    let (chunk, within) = place(&raw.source.geometry, voxel);
    match chunks.get(&raw.source.id(chunk)) {
        Some(ReferenceChunk::Texels(shape, Texels::U8(values))) => f64::from(values[index(*shape, within)]),
        Some(ReferenceChunk::Texels(shape, Texels::F32(values))) => f64::from(values[index(*shape, within)]),
        _ => 0.0,
    }
}

fn index(shape: Zyx<u32>, at: Zyx<u32>) -> usize {
    ((at.z * shape.y + at.y) * shape.x + at.x) as usize
}

fn place(level: &LevelGeometry, voxel: [i64; 3]) -> (Zyx<u64>, Zyx<u32>) {
    let voxel = Zyx::from(voxel).map(i64::unsigned_abs);
    let within = voxel.zip_map(level.chunk_shape, |v, n| (v % n.max(1)) as u32);
    (voxel.zip_map(level.chunk_shape, |v, n| v / n.max(1)), within)
}

fn intensity(raw: &RawPlan, voxel: Zyx<usize>, chunks: &HashMap<ChunkId, ReferenceChunk>) -> f64 {
    match &raw.way {
        Way::Axes(axes) => along_axes(raw, axes, voxel, chunks),
        Way::Warp(warp) => mean_about(raw, warp, warped(warp, voxel), chunks),
    }
}

fn along_axes(raw: &RawPlan, axes: &Zyx<AxisWay>, voxel: Zyx<usize>, chunks: &HashMap<ChunkId, ReferenceChunk>) -> f64 {
    let taps = |axis: &AxisWay| axis.taps[voxel[axis.patch_axis]].clone().unwrap_or_default();
    let [z, y, x] = [taps(&axes.z), taps(&axes.y), taps(&axes.x)];
    let mut sum = 0.0;
    for (a, wz) in (z.0..).zip(&z.1) {
        for (b, wy) in (y.0..).zip(&y.1) {
            for (c, wx) in (x.0..).zip(&x.1) {
                sum += f64::from(wz * wy * wx) * load(raw, [a, b, c], chunks);
            }
        }
    }
    sum
}

/// The position of a voxel of the patch.
fn warped(warp: &WarpWay, voxel: Zyx<usize>) -> [f64; 3] {
    let bent = warp.field.as_ref().map_or([0.0; 3], |points| field(points, voxel));
    let slip = warp.slips.as_ref().map_or([0.0; 3], |(axis, by)| by[voxel[*axis]]);
    [0, 1, 2].map(|i| {
        let stepped = |axis: Axis| voxel[axis] as f64 * warp.steps[axis][i];
        warp.origin[i] + stepped(Axis::Z) + stepped(Axis::Y) + stepped(Axis::X) + bent[i] + slip[i]
    })
}

fn field(field: &FieldWay, voxel: Zyx<usize>) -> [f64; 3] {
    let knot = |axis: Axis| &field.knots[axis][voxel[axis]];
    let (z, y, x) = (knot(Axis::Z), knot(Axis::Y), knot(Axis::X));
    let mut sum = [0.0; 3];
    for corner in 0..64 {
        let [a, b, c] = [corner / 16, corner / 4 % 4, corner % 4];
        let row = (z.0 as usize + a) * field.counts.y + y.0 as usize + b;
        let point = row * field.counts.x + x.0 as usize + c;
        for (sum, points) in sum.iter_mut().zip(&field.points) {
            *sum += z.1[a] * y.1[b] * x.1[c] * points[point];
        }
    }
    sum
}

fn is_inside(raw: &RawPlan, voxel: [i64; 3]) -> bool {
    let shape = raw.source.geometry.shape.to_array();
    voxel.iter().zip(shape).all(|(v, n)| *v >= 0 && v.unsigned_abs() < n)
}

fn mean_about(raw: &RawPlan, warp: &WarpWay, position: [f64; 3], chunks: &HashMap<ChunkId, ReferenceChunk>) -> f64 {
    let nearest = position.map(|v| (v + 0.5 + NOISE).floor() as i64);
    if !is_inside(raw, nearest) {
        return 0.0;
    }
    let (mut sum, mut total) = (0.0, 0.0);
    for offset in &warp.samples {
        let at = [0, 1, 2].map(|i| position[i] + offset[i]);
        let low = at.map(f64::floor);
        for corner in 0..8 {
            let side = [corner >> 2 & 1, corner >> 1 & 1, corner & 1];
            let voxel = [0, 1, 2].map(|i| low[i] as i64 + side[i]);
            let share = |i: usize| if side[i] == 1 { at[i] - low[i] } else { 1.0 - (at[i] - low[i]) };
            let weight = share(0) * share(1) * share(2);
            if weight > 0.0 && is_inside(raw, voxel) {
                sum += weight * load(raw, voxel, chunks);
                total += weight;
            }
        }
    }
    if total > 1e-6 { sum / total } else { load(raw, nearest, chunks) }
}

/// The id at a voxel, 0 where absent; `None` where unknown.
fn look_up_label(from: &ClassFrom, voxel: Option<[i64; 3]>, chunks: &HashMap<ChunkId, ReferenceChunk>) -> Option<u32> {
    let (chunk, within) = place(&from.source.geometry, voxel?);
    let id = match chunks.get(&from.source.id(chunk)) {
        Some(ReferenceChunk::Texels(shape, Texels::Ids(ids))) => ids[index(*shape, within)],
        Some(ReferenceChunk::Absent(Fill::Id(id))) => *id,
        _ => return None,
    };
    let [present, absent, unknown] = from.codes;
    let is_present = match id {
        id if unknown == Some(id) => return None,
        id if present == Some(id) => true,
        id if absent == Some(id) => false,
        _ if present.is_some() && absent.is_some() => return None,
        _ if present.is_some() => false,
        0 => return None,
        _ => true,
    };
    Some(match is_present {
        true if from.presence_only => 1,
        true => id,
        false => 0,
    })
}
