//! Where a patch lies, from Python's arguments.

use microtome_core::geometry::{LinearZyx, Orientation, PatchGrid, Warp};
use pyo3::prelude::*;

use crate::errors::wrong_argument;
use crate::values::zyx;

/// Arguments of a read: z, y, x; nm.
#[derive(FromPyObject)]
pub(crate) struct GridArguments {
    #[pyo3(item)]
    center_nm: [f64; 3],
    #[pyo3(item)]
    shape: [usize; 3],
    #[pyo3(item)]
    voxel_size_nm: [f64; 3],
    /// Rows of the matrix from offsets in the patch to offsets in the world; `None`: none.
    #[pyo3(item)]
    affine: Option<[[f64; 3]; 3]>,
}

impl GridArguments {
    /// The grid, if it is one.
    pub(crate) fn grid(&self) -> PyResult<PatchGrid> {
        if !self.center_nm.iter().all(|v| v.is_finite()) {
            return Err(wrong_argument("center_nm", "expected three finite numbers, nm"));
        }
        if !self.voxel_size_nm.iter().all(|v| v.is_normal() && *v > 0.0) {
            return Err(wrong_argument("voxel_size_nm", "expected three sizes above 0, nm"));
        }
        let (orientation, affine) = match self.affine {
            None => (Orientation::IDENTITY, Warp::NONE.affine),
            Some(rows) => LinearZyx { rows }
                .decompose()
                .ok_or_else(|| wrong_argument("affine", "expected an invertible 3 × 3 matrix of finite numbers"))?,
        };
        Ok(PatchGrid {
            center_nm: zyx(self.center_nm),
            shape: zyx(self.shape),
            voxel_size_nm: zyx(self.voxel_size_nm),
            orientation,
            warp: Warp::of_affine(affine),
        })
    }
}
