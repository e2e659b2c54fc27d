//! Where the voxels of a patch are looked up, as plain values, for those who resample by other means than [`read_patch`].
//!
//! [`read_patch`]: super::read_patch

use std::sync::Arc;

use super::plan::ReadPlan;
use super::planning::{level_of, plan_read, plan_warp};
use super::warp_places::Instructions;
use super::warp_plan::WarpPlan;
use super::warp_row::Row;
use super::{Caches, Resample, Volume};
use crate::Result;
use crate::geometry::{Axis, Knot, PatchGrid, VoxelBox, Zyx};

/// Where the voxels of a patch are looked up: by the plan that [`read_patch`](super::read_patch) reads by. Reads nothing.
#[derive(Debug, Clone)]
pub struct LookUp(Plan);

#[derive(Debug, Clone)]
enum Plan {
    Axes(Arc<ReadPlan>),
    Warped(Arc<WarpPlan>),
}

/// The stored voxels along one of the volume's axes that a patch voxel is the weighted mean of: consecutive ones.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisTaps {
    /// Array coordinate of the first.
    pub first: i64,
    /// Weights, which add up to 1.
    pub weights: Vec<f32>,
}

/// One of the volume's axes of a patch that lies along them.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisLookUp {
    /// The patch's axis that runs along it.
    pub patch_axis: Axis,
    /// For each patch voxel along that; `None` outside of the volume.
    pub taps: Vec<Option<AxisTaps>>,
}

/// Where the voxels of a warped patch lie, in stored voxels along the volume's z, y, x; whole numbers are voxel centres.
#[derive(Debug, Clone, PartialEq)]
pub struct WarpLookUp {
    /// Position of patch voxel (0, 0, 0) before it is displaced.
    pub origin: [f64; 3],
    /// For each patch axis the step from one patch voxel to the next.
    pub steps: Zyx<[f64; 3]>,
    /// From a patch voxel's position to the samples that it is the mean of; each is interpolated trilinearly.
    pub samples: Vec<[f64; 3]>,
    /// Displacement by a field of control points.
    pub field: Option<FieldLookUp>,
    /// The patch axis across sections, and for each patch voxel along it how far its section is moved.
    pub slips: Option<(Axis, Vec<[f64; 3]>)>,
}

/// Control points that displace a patch: each voxel is moved by the sum of 4 · 4 · 4 of them, times the weights of its
/// three knots.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldLookUp {
    /// Control points along each patch axis.
    pub counts: Zyx<usize>,
    /// For each of the volume's axes: displacements in stored voxels, C order along the patch's axes.
    pub points: [Vec<f64>; 3],
    /// For each patch axis and voxel along it: the first of four control points, and their weights.
    pub knots: Zyx<Vec<Knot>>,
}

impl LookUp {
    /// Of a patch, as [`read_patch`](super::read_patch) would read it.
    ///
    /// # Errors
    /// [`Error::TooLarge`](crate::Error::TooLarge) for a patch so coarse that it touches more than memory holds.
    pub fn new(volume: &Volume, grid: &PatchGrid, resample: Resample, caches: &Caches) -> Result<Self> {
        let _here = caches.meter.enter();
        let level = level_of(volume, grid);
        Ok(Self(if grid.warp.is_none() {
            Plan::Axes(plan_read(volume, level, grid, resample, caches)?)
        } else {
            Plan::Warped(plan_warp(volume, level, grid, resample, caches)?)
        }))
    }

    /// Index of the level.
    #[must_use]
    pub fn level(&self) -> usize {
        match &self.0 {
            Plan::Axes(plan) => plan.level,
            Plan::Warped(plan) => plan.level,
        }
    }

    /// Every chunk that may be used, by its position in the level's chunk grid.
    #[must_use]
    pub fn chunks(&self) -> Vec<Zyx<u64>> {
        match &self.0 {
            Plan::Axes(plan) => plan.chunks().collect(),
            Plan::Warped(plan) => plan.chunks.iter().flatten().copied().collect(),
        }
    }

    /// A box that holds every stored voxel that is used, within the level; it may be empty.
    #[must_use]
    pub fn voxels(&self) -> VoxelBox {
        match &self.0 {
            Plan::Axes(plan) => plan.voxels(),
            Plan::Warped(plan) => plan.voxels(),
        }
    }

    /// Of each voxel of plane `z` of the patch, C order: the stored voxel whose centre is nearest, as labels are read;
    /// `None` outside of the volume. Of a patch along the volume's axes that was planned as a mean: the first of its voxels.
    #[must_use]
    pub fn nearest(&self, z: usize) -> Vec<Option<[i64; 3]>> {
        match &self.0 {
            Plan::Axes(plan) => {
                let axes = axes(plan);
                plane(plan.shape, |y, x| {
                    let at = Zyx::new(z, y, x);
                    let first = |axis: &AxisLookUp| axis.taps[at[axis.patch_axis]].as_ref().map(|taps| taps.first);
                    Some([first(&axes.z)?, first(&axes.y)?, first(&axes.x)?])
                })
            }
            Plan::Warped(plan) => self.positions(z).into_iter().flatten().map(|at| plan.nearest(at)).collect(),
        }
    }

    /// Of each voxel of plane `z` of a warped patch, C order: its position in stored voxels, displacements included.
    #[must_use]
    pub fn positions(&self, z: usize) -> Option<Vec<[f64; 3]>> {
        let Plan::Warped(plan) = &self.0 else { return None };
        let mut row = Row::new(plan, Instructions::detected());
        let mut positions = Vec::with_capacity(plan.shape.y * plan.shape.x);
        for y in 0..plan.shape.y {
            row.move_to(z, y);
            positions.extend((0..plan.shape.x).map(|x| row.position(x)));
        }
        Some(positions)
    }

    /// The volume's axes of a patch that lies along them.
    #[must_use]
    pub fn axes(&self) -> Option<Zyx<AxisLookUp>> {
        match &self.0 {
            Plan::Axes(plan) => Some(axes(plan)),
            Plan::Warped(_) => None,
        }
    }

    /// How a warped patch lies.
    #[must_use]
    pub fn warped(&self) -> Option<WarpLookUp> {
        let Plan::Warped(plan) = &self.0 else { return None };
        let WarpPlan { origin, steps, samples, bend, .. } = plan.as_ref();
        Some(WarpLookUp {
            origin: *origin,
            steps: *steps,
            samples: samples.clone(),
            field: bend.as_ref().and_then(super::bend::Bend::field),
            slips: bend.as_ref().and_then(super::bend::Bend::slips),
        })
    }
}

fn plane<T>(shape: Zyx<usize>, voxel: impl Fn(usize, usize) -> T) -> Vec<T> {
    (0..shape.y).flat_map(|y| (0..shape.x).map(move |x| (y, x))).map(|(y, x)| voxel(y, x)).collect()
}

fn axes(plan: &ReadPlan) -> Zyx<AxisLookUp> {
    Zyx::from_fn(|axis| {
        let axis = &plan.axes[axis];
        let table = &axis.table;
        let taps = |patch_voxel: usize| {
            let inside = (table.inside_lo..table.inside_hi).contains(&patch_voxel);
            inside.then(|| {
                let index = patch_voxel - table.inside_lo;
                let weights = table.weights.as_ref().map_or_else(|| vec![1.0], |weights| weights.of(index).to_vec());
                AxisTaps { first: axis.touched + table.first[index] as i64, weights }
            })
        };
        let patch_axis = axis.patch_axis;
        AxisLookUp { patch_axis, taps: (0..plan.shape[patch_axis]).map(taps).collect() }
    })
}
