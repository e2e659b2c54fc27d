//! What to read for a patch, worked out before anything is read: voxels, chunks, tables. Pure.

use std::sync::Arc;

use super::tables::{AxisKey, AxisTable, NOISE, OFFSETS_PER_VOXEL};
use super::{Level, Resample};
use crate::geometry::{Axis, PatchGrid, Zyx};

/// Positions beyond this many voxels are nowhere: sums with them are no longer exact.
const FAR: f64 = (1_u64 << 50) as f64;

/// Where a patch lies along one world axis: what determines its table, and the voxel that the table counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placement {
    /// What determines the table.
    pub(super) key: AxisKey,
    /// Voxel index of the table's base.
    pub(super) base: i64,
}

impl Placement {
    /// Of the patch axis that runs along world axis `axis`.
    pub(super) fn of(level: &Level, grid: &PatchGrid, resample: Resample, axis: Axis) -> Self {
        let patch_axis = patch_axis_along(grid, axis);
        let (len, mirror) = (grid.shape[patch_axis], grid.orientation.mirror[patch_axis]);
        let stored_nm = level.world_from_voxel.voxel_size_nm[axis];
        let step = snap_step(grid.voxel_size_nm[patch_axis] / stored_nm, len);
        let middle = (grid.center_nm[axis] - level.world_from_voxel.translation_nm[axis]) / stored_nm;
        let span = len.saturating_sub(1) as f64 * step;
        let start = if mirror { middle + span / 2.0 } else { middle - span / 2.0 };
        let mut key = AxisKey {
            len,
            step_bits: step.to_bits(),
            offset: 0,
            mirror,
            average: resample == Resample::Area,
            clip_lo: 0,
            clip_hi: 0,
        };
        if !(step > 0.0 && start.abs() + span + step < FAR) {
            return Self { key, base: 0 };
        }
        let mut base = (start + NOISE / 2.0).floor();
        let mut offset = ((start - base) * OFFSETS_PER_VOXEL).round().max(0.0);
        if offset >= OFFSETS_PER_VOXEL {
            (base, offset) = (base + 1.0, 0.0);
        }
        key.offset = offset as u32;
        let base = base as i64;
        // Aligned voxels of equal size are copied either way: raw and labels share the table.
        key.average &= step != 1.0 || key.offset != 0;
        let (lo, hi) = if mirror { (-span, 0.0) } else { (0.0, span) };
        let half_width = step.max(1.0) / 2.0;
        let reach_lo = (lo - half_width).floor() as i64 - 1;
        let reach_hi = (hi + half_width).ceil() as i64 + 2;
        let shape = i64::try_from(level.shape[axis]).unwrap_or(i64::MAX);
        let (clip_lo, clip_hi) = (reach_lo.max(-base), reach_hi.min(shape.saturating_sub(base)));
        if clip_lo < clip_hi {
            (key.clip_lo, key.clip_hi) = (clip_lo, clip_hi);
        }
        Self { key, base }
    }

    /// Voxels that could be used, at most.
    pub(super) const fn reach(&self) -> u64 {
        (self.key.clip_hi - self.key.clip_lo).unsigned_abs()
    }
}

/// Patch voxels per stored voxel, or the other way round, are often meant to be whole numbers.
fn snap_step(step: f64, len: usize) -> f64 {
    let noise = NOISE / (len.max(1) as f64);
    let whole = step.round();
    let part = 1.0 / (1.0 / step).round();
    if (step - whole).abs() < noise {
        whole
    } else if (step - part).abs() < noise {
        part
    } else {
        step
    }
}

fn patch_axis_along(grid: &PatchGrid, world: Axis) -> Axis {
    Axis::ALL.into_iter().find(|axis| grid.orientation.source[*axis] == world).unwrap_or(world)
}

/// The chunks that one world axis touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AxisChunk {
    /// Index in the chunk grid.
    pub(super) chunk: u64,
    /// First touched voxel of the chunk, in array coordinates.
    pub(super) voxel_lo: i64,
    /// First voxel beyond those touched.
    pub(super) voxel_hi: i64,
    /// Positions in the table whose first voxel lies in this chunk: `outputs_lo..outputs_hi`.
    pub(super) outputs_lo: usize,
    /// See `outputs_lo`.
    pub(super) outputs_hi: usize,
}

/// One world axis of a plan.
#[derive(Debug, Clone)]
pub(super) struct AxisPlan {
    /// The table.
    pub(super) table: Arc<AxisTable>,
    /// Array coordinate of the table's first touched voxel.
    pub(super) touched: i64,
    /// Touched chunks; ascending, or descending where the patch is mirrored and copied.
    pub(super) chunks: Vec<AxisChunk>,
    /// The patch's axis that runs along it.
    pub(super) patch_axis: Axis,
    /// Step in the patch's memory from one patch voxel to the next.
    pub(super) out_stride: usize,
}

/// What to read for a patch and where each voxel goes. World axes: `axes.z` is the volume's z.
#[derive(Debug, Clone)]
pub(super) struct ReadPlan {
    /// Index of the level.
    pub(super) level: usize,
    /// The world axes.
    pub(super) axes: Zyx<AxisPlan>,
    /// Voxels of the patch.
    pub(super) shape: Zyx<usize>,
    /// Voxels of a chunk.
    pub(super) chunk_shape: Zyx<usize>,
}

impl ReadPlan {
    /// Joins placements and their tables.
    pub(super) fn new(
        (index, level): (usize, &Level),
        grid: &PatchGrid,
        placements: &Zyx<Placement>,
        tables: &Zyx<Arc<AxisTable>>,
    ) -> Self {
        let out_strides = Zyx::new(grid.shape.y * grid.shape.x, grid.shape.x, 1);
        let axis = |axis: Axis| {
            let table = Arc::clone(&tables[axis]);
            let touched = placements[axis].base + table.touched_lo;
            let chunk_len = i64::try_from(level.chunk_shape[axis].max(1)).unwrap_or(i64::MAX);
            let chunks = if table.weights.is_some() {
                chunks_covering(touched, placements[axis].base + table.touched_hi, chunk_len)
            } else {
                chunks_of_copies(&table.first, touched, chunk_len)
            };
            let patch_axis = patch_axis_along(grid, axis);
            AxisPlan { table, touched, chunks, patch_axis, out_stride: out_strides[patch_axis] }
        };
        Self {
            level: index,
            axes: Zyx::from_fn(axis),
            shape: grid.shape,
            chunk_shape: level.chunk_shape.map(|n| usize::try_from(n).unwrap_or(usize::MAX)),
        }
    }

    /// True if every patch voxel is a copy of one voxel.
    pub(super) fn copies(&self) -> bool {
        let copies = |axis: &AxisPlan| axis.table.weights.is_none();
        copies(&self.axes.z) && copies(&self.axes.y) && copies(&self.axes.x)
    }

    /// Patch voxels inside the volume.
    pub(super) fn inside_voxels(&self) -> usize {
        Axis::ALL.into_iter().map(|axis| self.axes[axis].table.inside_len()).product()
    }

    /// Patch voxels outside the volume.
    pub(super) fn outside_voxels(&self) -> usize {
        self.shape.product() - self.inside_voxels()
    }

    /// Voxels of the smallest box of the level that holds every voxel used.
    pub(super) fn used_voxels(&self) -> u64 {
        let extent = |axis: Axis| self.axes[axis].table.touched_hi - self.axes[axis].table.touched_lo;
        Axis::ALL.into_iter().map(|axis| extent(axis).unsigned_abs()).fold(1, u64::saturating_mul)
    }

    /// Number of chunks; saturates.
    pub(super) fn chunk_count(&self) -> usize {
        // An empty axis makes all others moot.
        Axis::ALL.into_iter().map(|axis| self.axes[axis].chunks.len()).fold(1, usize::saturating_mul)
    }

    /// The chunks to read, in the order in which the gather expects them: z, y, x of the axes' own lists.
    pub(super) fn chunks(&self) -> impl Iterator<Item = Zyx<u64>> + '_ {
        let Zyx { z, y, x } = &self.axes;
        z.chunks.iter().flat_map(move |z| {
            y.chunks.iter().flat_map(move |y| x.chunks.iter().map(move |x| Zyx::new(z.chunk, y.chunk, x.chunk)))
        })
    }

    /// Bytes in memory, but for the tables, which are shared.
    pub(super) fn size_bytes(&self) -> u64 {
        let lists = Axis::ALL.into_iter().map(|axis| size_of_val(self.axes[axis].chunks.as_slice()));
        (size_of::<Self>() + lists.sum::<usize>()) as u64
    }

    /// The smallest box of the level that holds every voxel used.
    pub(super) fn voxels(&self) -> crate::geometry::VoxelBox {
        let lo = Zyx::from_fn(|axis| self.axes[axis].touched);
        let extent = |axis: Axis| self.axes[axis].table.touched_hi - self.axes[axis].table.touched_lo;
        crate::geometry::VoxelBox::new(lo, lo + Zyx::from_fn(extent))
    }
}

/// Every chunk of `lo..hi`, ascending. Averages cross chunk borders, so these list no outputs.
fn chunks_covering(lo: i64, hi: i64, chunk_len: i64) -> Vec<AxisChunk> {
    if lo >= hi {
        return Vec::new();
    }
    let chunk = |chunk: i64| AxisChunk {
        chunk: chunk.unsigned_abs(),
        voxel_lo: (chunk * chunk_len).max(lo),
        voxel_hi: (chunk * chunk_len).saturating_add(chunk_len).min(hi),
        outputs_lo: 0,
        outputs_hi: 0,
    };
    (lo / chunk_len..=(hi - 1) / chunk_len).map(chunk).collect()
}

/// The chunks that hold the voxels to copy, with the run of outputs that each serves.
fn chunks_of_copies(first: &[usize], touched: i64, chunk_len: i64) -> Vec<AxisChunk> {
    let mut chunks: Vec<AxisChunk> = Vec::new();
    for (output, &voxel) in first.iter().enumerate() {
        let voxel = touched + voxel as i64;
        let chunk = (voxel / chunk_len).unsigned_abs();
        match chunks.last_mut().filter(|last| last.chunk == chunk) {
            Some(last) => {
                last.voxel_lo = last.voxel_lo.min(voxel);
                last.voxel_hi = last.voxel_hi.max(voxel + 1);
                last.outputs_hi = output + 1;
            }
            None => chunks.push(AxisChunk {
                chunk,
                voxel_lo: voxel,
                voxel_hi: voxel + 1,
                outputs_lo: output,
                outputs_hi: output + 1,
            }),
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{GridTransform, Orientation, VoxelBox, Warp};
    use crate::volume::DType;

    fn level() -> Level {
        Level {
            path: "s0".to_owned(),
            shape: Zyx::new(100, 200, 300),
            chunk_shape: Zyx::splat(64),
            shard_shape: None,
            dtype: DType::U8,
            world_from_voxel: GridTransform::new(Zyx::new(8.0, 4.0, 4.0), Zyx::new(-96.0, 2.0, 0.0)),
            fill_value: 0.0,
            zarr_format: 2,
            codecs: Vec::new(),
        }
    }

    fn grid(center_nm: Zyx<f64>, shape: usize) -> PatchGrid {
        PatchGrid {
            center_nm,
            shape: Zyx::splat(shape),
            voxel_size_nm: Zyx::new(8.0, 4.0, 4.0),
            orientation: Orientation::IDENTITY,
            warp: Warp::NONE,
        }
    }

    fn plan(grid: &PatchGrid, resample: Resample) -> ReadPlan {
        let level = level();
        let placements = Zyx::from_fn(|axis| Placement::of(&level, grid, resample, axis));
        let tables = placements.map(|placement| Arc::new(AxisTable::build(&placement.key)));
        ReadPlan::new((0, &level), grid, &placements, &tables)
    }

    #[test]
    fn patches_at_different_places_share_their_tables() {
        let level = level();
        let at = |voxel: f64, axis: Axis| {
            let center_nm = level.world_from_voxel.world_from_voxel(Zyx::splat(voxel));
            Placement::of(&level, &grid(center_nm, 8), Resample::Area, axis)
        };
        let (a, b) = (at(20.5, Axis::Z), at(60.5, Axis::Z));
        assert_eq!(a.key, b.key);
        assert_eq!(b.base - a.base, 40);
        assert_eq!(at(60.5, Axis::Y).key, a.key, "axes of equal geometry share it too");
        assert_ne!(at(98.5, Axis::Z).key, a.key, "a clipped patch has its own");
        assert_ne!(at(20.75, Axis::Z).key, a.key);
    }

    #[test]
    fn an_aligned_patch_touches_its_own_voxels_only() {
        let center_nm = level().world_from_voxel.world_from_voxel(Zyx::new(63.5, 99.5, 149.5));
        let plan = plan(&grid(center_nm, 64), Resample::Area);
        assert!(plan.copies());
        assert_eq!(plan.voxels(), VoxelBox::new(Zyx::new(32, 68, 118), Zyx::new(96, 132, 182)));
        assert_eq!(plan.chunk_count(), 8);
        assert_eq!(plan.chunks().next(), Some(Zyx::new(0, 1, 1)));
        assert_eq!((plan.inside_voxels(), plan.outside_voxels()), (64 * 64 * 64, 0));
    }

    #[test]
    fn sparse_copies_skip_the_chunks_between() {
        let mut far = grid(level().world_from_voxel.world_from_voxel(Zyx::new(50.0, 100.0, 150.0)), 2);
        far.voxel_size_nm = Zyx::new(8.0, 4.0, 4.0 * 200.0);
        let plan = plan(&far, Resample::Nearest);
        let chunks: Vec<_> = plan.axes.x.chunks.iter().map(|chunk| chunk.chunk).collect();
        assert_eq!(chunks, [0, 3], "x 50 and 250");
    }

    #[test]
    fn a_patch_nowhere_touches_nothing() {
        for nowhere in [f64::NAN, f64::INFINITY, -1e300, 1e9] {
            let plan = plan(&grid(Zyx::splat(nowhere), 16), Resample::Area);
            assert_eq!((plan.inside_voxels(), plan.chunk_count()), (0, 0), "{nowhere}");
        }
        let mut huge = grid(Zyx::splat(0.0), 16);
        huge.voxel_size_nm = Zyx::splat(f64::INFINITY);
        assert_eq!(plan(&huge, Resample::Nearest).inside_voxels(), 0);
    }
}
