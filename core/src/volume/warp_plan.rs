//! What to read for a warped patch, worked out before anything is read: positions, chunks, samples per voxel. Pure.

use super::bend::Bend;
use super::tables::NOISE;
use super::{Level, Resample};
use crate::geometry::{Axis, ElasticField, LinearZyx, PatchGrid, VoxelBox, Zyx};

/// Positions beyond this many voxels are nowhere: sums with them are no longer exact.
const FAR: f64 = (1_u64 << 50) as f64;
/// Room for rounding around everything that is read, in voxels.
const SLACK: f64 = 1e-3;
/// A patch voxel that is the mean of more samples than this is a mistake in its size.
const MAX_SAMPLES: f64 = (1_u64 << 18) as f64;

/// Where each voxel of a warped patch lies in a level, and which chunks that touches.
///
/// Positions count in stored voxels; integers are voxel centres.
#[derive(Debug, Clone)]
pub(super) struct WarpPlan {
    /// Index of the level.
    pub(super) level: usize,
    /// Voxels of the patch.
    pub(super) shape: Zyx<usize>,
    /// Position of patch voxel (0, 0, 0) before it is displaced.
    pub(super) origin: [f64; 3],
    /// For each patch axis the step in positions from one patch voxel to the next.
    pub(super) steps: Zyx<[f64; 3]>,
    /// Steps from a patch voxel's centre to the samples that it is the mean of; one of zero where one is enough.
    pub(super) samples: Vec<[f64; 3]>,
    /// From the patch's middle to its outermost samples, in patch voxels.
    pub(super) reach: Zyx<f64>,
    /// From a sample, before it is displaced, to the farthest voxel that it uses.
    pub(super) margin: Zyx<f64>,
    /// The displacement field.
    pub(super) bend: Option<Bend>,
    /// Voxels of the level.
    pub(super) level_shape: [i64; 3],
    /// Voxels of a chunk.
    pub(super) chunk_shape: [i64; 3],
    /// The first chunk of the box of chunks.
    pub(super) first_chunk: [i64; 3],
    /// Chunks of the box along each axis.
    pub(super) chunk_counts: [i64; 3],
    /// Every chunk of the box, in C order; `None` for those that the patch does not reach.
    pub(super) chunks: Vec<Option<Zyx<u64>>>,
}

impl WarpPlan {
    /// Of a patch with any affine and `field`, the control points that act on it; its chunks are not listed yet. `None` if
    /// a patch voxel is the mean of too many samples, or there are too many sections.
    ///
    /// Raw: a patch voxel is the mean of `n` samples along each patch axis, evenly spread over the voxel, each a
    /// trilinear interpolation; `n` is the patch voxel's length in stored voxels, rounded (at least 1). On the volume's
    /// own axes and for whole `n` that is the area-weighted mean exactly (a box as wide as `n` voxels, convolved with a
    /// voxel, is a sum of `n` triangles). Otherwise samples are at most 1.5 voxels apart, less than the 2 that an
    /// interpolation reaches over: no stored voxel is passed over, but its weight is off by up to a quarter of that of
    /// one sample. A value that is linear in space comes out exactly in any case. A displacement moves the samples of a
    /// patch voxel as one.
    pub(super) fn new(
        (index, level): (usize, &Level),
        grid: &PatchGrid,
        field: Option<&ElasticField>,
        resample: Resample,
    ) -> Option<Self> {
        let stored = level.world_from_voxel;
        let map = grid.world_from_offset();
        let first_nm = grid.shape.map(|n| (n as f64 - 1.0) / -2.0) * grid.voxel_size_nm;
        let steps = Zyx::from_fn(|axis| {
            let column = Zyx::from(map.rows.map(|row| row[axis.index()]));
            (column * grid.voxel_size_nm[axis] / stored.voxel_size_nm).to_array()
        });
        let (counts, margin) = match resample {
            Resample::Nearest => (Zyx::splat(1.0), Zyx::splat(0.5)),
            Resample::Area => (steps.map(|step| (norm(step) + 0.5 + NOISE).floor().max(1.0)), Zyx::splat(1.0)),
        };
        let bends = grid.warp != grid.warp.straight();
        let bend = if bends { Some(Bend::new(grid, field, stored.voxel_size_nm)?) } else { None };
        let mut plan = Self {
            level: index,
            shape: grid.shape,
            origin: stored.voxel_from_world(grid.center_nm + map.apply(first_nm)).to_array(),
            steps,
            samples: Vec::new(),
            reach: grid.shape.zip_map(counts, |n, count| (n as f64 - 1.0) / 2.0 + 0.5 - 0.5 / count),
            margin: bend.as_ref().map_or(margin, |bend| margin + bend.largest()),
            bend,
            level_shape: level.shape.map(|n| i64::try_from(n).unwrap_or(i64::MAX)).to_array(),
            chunk_shape: level.chunk_shape.map(|n| i64::try_from(n.max(1)).unwrap_or(i64::MAX)).to_array(),
            first_chunk: [0; 3],
            chunk_counts: [0; 3],
            chunks: Vec::new(),
        };
        let (lo, hi) = plan.touched(stored.voxel_from_world(grid.center_nm));
        if (0..3).any(|axis| lo[axis] >= hi[axis]) || grid.shape.any(|n| n == 0) {
            return Some(plan);
        }
        if counts.product() > MAX_SAMPLES {
            return None;
        }
        plan.samples = samples(&plan.steps, counts);
        for axis in 0..3 {
            plan.first_chunk[axis] = lo[axis] / plan.chunk_shape[axis];
            plan.chunk_counts[axis] = (hi[axis] - 1) / plan.chunk_shape[axis] + 1 - plan.first_chunk[axis];
        }
        Some(plan)
    }

    /// The box of voxels that can be used, of a patch about `center`: from its first to beyond its last.
    fn touched(&self, center: Zyx<f64>) -> ([i64; 3], [i64; 3]) {
        let half = self.voxel_from_patch().half_extent_of_box(self.reach) + self.margin + Zyx::splat(SLACK);
        let (lo, hi) = ((center - half).to_array(), (center + half).to_array());
        if !lo.iter().chain(&hi).all(|v| v.abs() < FAR) {
            return ([0; 3], [0; 3]);
        }
        let lo = lo.map(|v| (v.ceil() as i64).max(0));
        (lo, [0, 1, 2].map(|i| (hi[i].floor() as i64).saturating_add(1).min(self.level_shape[i])))
    }

    /// A box of the level that holds every voxel used.
    pub(super) fn voxels(&self) -> VoxelBox {
        let middle = |axis: Axis| (self.shape[axis] as f64 - 1.0) / 2.0;
        let middle = Zyx::new(middle(Axis::Z), middle(Axis::Y), middle(Axis::X));
        let (lo, hi) = self.touched(Zyx::from(self.origin) + self.voxel_from_patch().apply(middle));
        VoxelBox::new(lo.into(), hi.into())
    }

    /// Number of chunks of the box; saturates.
    pub(super) fn box_chunks(&self) -> u64 {
        self.chunk_counts.iter().fold(1, |product: u64, n| product.saturating_mul(n.unsigned_abs()))
    }

    /// Lists the chunks of the box.
    ///
    /// One is left out if it lies beyond one of the patch's faces (separating axes: the box has the volume's).
    pub(super) fn list_chunks(&mut self) {
        let [nz, ny, nx] = self.chunk_counts;
        let patch_from_voxel = self.voxel_from_patch().inverse();
        let all = (0..nz).flat_map(|z| (0..ny).flat_map(move |y| (0..nx).map(move |x| [z, y, x])));
        let chunk = |at: [i64; 3]| {
            let chunk = [0, 1, 2].map(|i| self.first_chunk[i] + at[i]);
            let reached = patch_from_voxel.is_none_or(|map| self.is_reached(chunk, &map));
            reached.then(|| Zyx::from(chunk).map(i64::unsigned_abs))
        };
        self.chunks = all.map(chunk).collect();
    }

    /// Bytes in memory.
    pub(super) fn size_bytes(&self) -> u64 {
        let lists = size_of_val(self.samples.as_slice()) + size_of_val(self.chunks.as_slice());
        (size_of::<Self>() + lists) as u64 + self.bend.as_ref().map_or(0, Bend::size_bytes)
    }

    fn is_reached(&self, chunk: [i64; 3], patch_from_voxel: &LinearZyx) -> bool {
        let half = Zyx::from(self.chunk_shape).map(|n| (n as f64 - 1.0) / 2.0 + SLACK) + self.margin;
        let middle = Zyx::from([0, 1, 2].map(|i| {
            let lo = chunk[i] as f64 * self.chunk_shape[i] as f64;
            lo + (self.chunk_shape[i] as f64 - 1.0) / 2.0 - self.origin[i]
        }));
        let (middle, half) = (patch_from_voxel.apply(middle), patch_from_voxel.half_extent_of_box(half));
        Axis::ALL.into_iter().all(|axis| {
            let from_middle = middle[axis] - (self.shape[axis] as f64 - 1.0) / 2.0;
            from_middle.abs() <= self.reach[axis] + half[axis]
        })
    }

    /// True if every position is nearest to a voxel of the level, for certain: then nobody needs to ask of each.
    pub(super) fn lies_inside(&self) -> bool {
        let bent = self.bend.as_ref().map_or([0.0; 3], |bend| bend.largest().to_array());
        (0..3).all(|axis| {
            let (mut lo, mut hi) = (self.origin[axis], self.origin[axis]);
            for along in Axis::ALL {
                let span = self.steps[along][axis] * self.shape[along].saturating_sub(1) as f64;
                (lo, hi) = (lo + span.min(0.0), hi + span.max(0.0));
            }
            let room = bent[axis] + SLACK - 0.5;
            lo >= room && hi < self.level_shape[axis] as f64 - 1.0 - room
        })
    }

    fn voxel_from_patch(&self) -> LinearZyx {
        let Zyx { z, y, x } = self.steps;
        LinearZyx { rows: [0, 1, 2].map(|i| [z[i], y[i], x[i]]) }
    }

    /// The voxel whose centre is nearest, of two the larger; `None` outside of the level.
    #[inline]
    pub(super) fn nearest(&self, position: [f64; 3]) -> Option<[i64; 3]> {
        let mut voxel = [0; 3];
        for axis in 0..3 {
            let shifted = position[axis] + (0.5 + NOISE);
            // Also false for NaN.
            if !(shifted >= 0.0 && shifted < self.level_shape[axis] as f64) {
                return None;
            }
            voxel[axis] = shifted as i64;
        }
        Some(voxel)
    }
}

fn norm([z, y, x]: [f64; 3]) -> f64 {
    (z * z + y * y + x * x).sqrt()
}

/// The middles of `counts` equal parts of a patch voxel, from its centre.
fn samples(steps: &Zyx<[f64; 3]>, counts: Zyx<f64>) -> Vec<[f64; 3]> {
    let parts = |count: f64| (0..count as usize).map(move |k| (k as f64 + 0.5) / count - 0.5);
    let mut samples = Vec::new();
    for z in parts(counts.z) {
        for y in parts(counts.y) {
            samples.extend(
                parts(counts.x)
                    .map(|x| [0, 1, 2].map(|axis| z * steps.z[axis] + y * steps.y[axis] + x * steps.x[axis])),
            );
        }
    }
    samples
}
