//! Evaluates the cell over boxes of voxels, in parallel, each brick with only what is near it.

use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::ParallelSliceMut;

use super::cell::{Cell, Nearby, Probe};
use crate::geometry::{GridTransform, VoxelBox, Zyx, chunk_windows};

/// Side of the bricks that share one list of nearby objects, voxels.
const BRICK: u64 = 16;

/// A value for every voxel of `region`, C order.
///
/// `cell_from_voxel` gives positions in the cell's own coordinates. `fill` gets what is near, and pieces of rows to
/// fill from a first voxel on. The same for any number of threads.
pub(super) fn scan<T: Copy + Default + Send>(
    cell: &Cell,
    cell_from_voxel: GridTransform,
    region: &VoxelBox,
    fill: impl Fn(&Nearby<'_>, Zyx<i64>, &mut [T]) + Sync,
    scanned: impl Fn(u64) + Sync,
) -> Vec<T> {
    let shape = region.shape();
    let plane = (shape.y * shape.x) as usize;
    let mut out = vec![T::default(); plane * shape.z as usize];
    if out.is_empty() {
        return out;
    }
    let thickness = BRICK.min(shape.z) as usize;
    out.par_chunks_mut(plane * thickness).enumerate().for_each(|(slab, values)| {
        let lo = Zyx::new(region.lo.z + (slab * thickness) as i64, region.lo.y, region.lo.x);
        let slab = VoxelBox::new(lo, Zyx::new(lo.z + (values.len() / plane) as i64, region.hi.y, region.hi.x));
        let near = cell.near(&cell_from_voxel.world_box(&slab));
        let origin = VoxelBox::of_shape(slab.shape());
        for window in chunk_windows(&origin, slab.shape(), Zyx::splat(BRICK)) {
            let brick = VoxelBox::new(window.voxels.lo + lo, window.voxels.hi + lo);
            let near = near.narrowed(&cell_from_voxel.world_box(&brick));
            for z in brick.lo.z..brick.hi.z {
                for y in brick.lo.y..brick.hi.y {
                    let row = (z - lo.z) as usize * plane + (y - lo.y) as usize * shape.x as usize;
                    let (from, to) = ((brick.lo.x - lo.x) as usize, (brick.hi.x - lo.x) as usize);
                    fill(&near, Zyx::new(z, y, brick.lo.x), &mut values[row + from..row + to]);
                }
            }
        }
        scanned(values.len() as u64);
    });
    out
}

/// Positions of a row of voxels that begins with `first`.
pub(super) fn row_positions(cell_from_voxel: GridTransform, first: Zyx<i64>) -> impl Iterator<Item = Zyx<f64>> {
    (first.x..).map(move |x| cell_from_voxel.world_from_voxel(Zyx::new(first.z, first.y, x).map(|i| i as f64)))
}

/// Structures finer than this blur into one voxel rather than alias.
const STEP_NM: f64 = 14.0;

/// The stained value of a voxel: the mean over its cell, taken at several points if the cell is large.
pub(super) fn voxel_intensity(near: &Nearby<'_>, position_nm: Zyx<f64>, voxel_size_nm: Zyx<f64>) -> f32 {
    let steps = voxel_size_nm.map(|v| ((v / STEP_NM).ceil() as i32).clamp(1, 4));
    let offset = |i: i32, n: i32, size: f64| size * ((f64::from(i) + 0.5) / f64::from(n) - 0.5);
    let mut sum = 0.0;
    for z in 0..steps.z {
        for y in 0..steps.y {
            for x in 0..steps.x {
                let shift = Zyx::new(
                    offset(z, steps.z, voxel_size_nm.z),
                    offset(y, steps.y, voxel_size_nm.y),
                    offset(x, steps.x, voxel_size_nm.x),
                );
                sum += near.sample(position_nm + shift).intensity;
            }
        }
    }
    sum / (steps.product() as f32)
}

/// What labels need of a [`Probe`], in eight bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark(Option<(super::classes::Structure, u8, u32)>);

impl Mark {
    pub(super) const fn new(probe: &Probe) -> Self {
        Self(Some((probe.structure, probe.cell, probe.instance)))
    }

    /// The label of a class here.
    pub(super) fn value(self, class: &super::classes::Class) -> u32 {
        self.0
            .map_or(0, |(structure, cell, instance)| class.value(&Probe { structure, instance, cell, intensity: 0.0 }))
    }
}
