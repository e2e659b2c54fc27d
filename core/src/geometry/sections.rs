//! Physical sections: the planes in which a volume was cut, or imaged.

use serde::{Deserialize, Serialize};

use super::PatchGrid;

/// The sections of a sample, along the volume's z: those that hold the planes of its first array.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sections {
    /// Thickness along the volume's z, nm.
    pub thickness_nm: f64,
    /// Where section 0 begins: offset along the volume's z from the patch's centre, nm.
    pub edge_nm: f64,
}

impl Sections {
    /// The planes of `grid` normal to the volume's z, as they lie before it is warped.
    #[must_use]
    pub fn of(grid: &PatchGrid) -> Self {
        let thickness_nm = grid.orientation.along_world(grid.voxel_size_nm).z;
        let is_odd = grid.orientation.along_world(grid.shape).z % 2 == 1;
        Self { thickness_nm, edge_nm: if is_odd { -thickness_nm / 2.0 } else { 0.0 } }
    }

    /// The section that holds an offset along the volume's z from the patch's centre, nm.
    #[must_use]
    pub fn number_at(&self, offset_nm: f64) -> i64 {
        // What lies on an edge but for rounding belongs to the upper section.
        ((offset_nm - self.edge_nm) / self.thickness_nm + 1e-6).floor() as i64
    }
}
