//! The shifts of a patch's sections, in stored voxels. Pure.

use crate::geometry::{Axis, Misalign, PatchGrid, Zyx};

/// For each plane of a patch normal to the volume's z: how far it is moved.
#[derive(Debug, Clone)]
pub(super) struct Slips {
    /// The patch's axis that shows the volume's z.
    axis: Axis,
    /// For each patch voxel along it, in stored voxels along the world's axes.
    by: Vec<[f64; 3]>,
}

impl Slips {
    /// Of a patch; `None` if the sections are too many.
    pub(super) fn new(misalign: &Misalign, grid: &PatchGrid, stored_nm: Zyx<f64>) -> Option<Self> {
        let axis = Axis::ALL.into_iter().find(|axis| grid.orientation.source[*axis] == Axis::Z).unwrap_or(Axis::Z);
        let (n, voxel_nm) = (grid.shape[axis], grid.voxel_size_nm[axis]);
        let sign = if grid.orientation.mirror[axis] { -1.0 } else { 1.0 };
        let offset_nm = |i: usize| sign * (i as f64 - (n as f64 - 1.0) / 2.0) * voxel_nm;
        let shifts = misalign.about(offset_nm(0).abs())?;
        let by = |i: usize| {
            let [y, x] = shifts.of(misalign.sections.number_at(offset_nm(i))).unwrap_or_default();
            [0.0, y / stored_nm.y, x / stored_nm.x]
        };
        Some(Self { axis, by: (0..n).map(by).collect() })
    }

    /// The largest shift along each world axis, in stored voxels.
    pub(super) fn largest(&self) -> Zyx<f64> {
        Zyx::from([0, 1, 2].map(|axis| self.by.iter().map(|by| by[axis].abs()).fold(0.0, f64::max)))
    }

    /// The patch axis across sections, and how far each voxel along it is moved.
    pub(super) fn look_up(&self) -> (Axis, Vec<[f64; 3]>) {
        (self.axis, self.by.clone())
    }

    /// Bytes in memory, beside the struct.
    pub(super) fn size_bytes(&self) -> u64 {
        size_of_val(self.by.as_slice()) as u64
    }

    /// Adds the shifts of row `y` of plane `z` of the patch to its voxels, along each of the world's axes.
    pub(super) fn add(&self, z: usize, y: usize, row: &mut [Vec<f64>; 3]) {
        for (axis, row) in row.iter_mut().enumerate() {
            match self.axis {
                Axis::Z => row.iter_mut().for_each(|voxel| *voxel += self.by[z][axis]),
                Axis::Y => row.iter_mut().for_each(|voxel| *voxel += self.by[y][axis]),
                Axis::X => row.iter_mut().zip(&self.by).for_each(|(voxel, by)| *voxel += by[axis]),
            }
        }
    }
}
