//! The grid of a patch in the world: where each of its voxels is looked up.

use serde::{Deserialize, Serialize};

use super::{BoxNm, Orientation, Zyx};

/// A patch of `shape` voxels of `voxel_size_nm`, centred on `center_nm`, turned by `orientation`.
///
/// Patch voxel `p` is looked up at `center + R · ((p - (shape - 1) / 2) · voxel_size)`, R being the orientation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PatchGrid {
    /// World position of the patch's middle, nm.
    pub center_nm: Zyx<f64>,
    /// Voxels along the patch's own axes.
    pub shape: Zyx<usize>,
    /// Voxel size along the patch's own axes, nm.
    pub voxel_size_nm: Zyx<f64>,
    /// How the patch's axes lie in the world.
    pub orientation: Orientation,
}

impl PatchGrid {
    /// World position (nm) of a patch voxel position (fractional; integers are voxel centres).
    #[must_use]
    pub fn world_from_patch(&self, patch_voxel: Zyx<f64>) -> Zyx<f64> {
        let middle = self.shape.map(|n| (n as f64 - 1.0) / 2.0);
        let offset_nm = (patch_voxel - middle) * self.voxel_size_nm;
        self.center_nm + self.orientation.world_from_patch().apply(offset_nm)
    }

    /// The patch's true footprint in the world, edge to edge, nm.
    #[must_use]
    pub fn footprint(&self) -> BoxNm {
        let extent_nm = self.shape.map(|n| n as f64) * self.voxel_size_nm;
        BoxNm::about(self.center_nm, self.orientation.along_world(extent_nm))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Axis;

    #[test]
    fn the_footprint_holds_the_corner_voxels_with_half_a_voxel_to_spare() {
        let orientation =
            Orientation { source: Zyx::new(Axis::Y, Axis::Z, Axis::X), mirror: Zyx::new(false, true, true) };
        let patch = PatchGrid {
            center_nm: Zyx::new(100.0, 200.0, 300.0),
            shape: Zyx::new(4, 6, 8),
            voxel_size_nm: Zyx::new(10.0, 2.0, 1.0),
            orientation,
        };
        let b = patch.footprint();
        assert_eq!(b.extent_nm(), Zyx::new(12.0, 40.0, 8.0));
        // Patch z (4 voxels of 10 nm) runs along world y; its first voxel centre is 5 nm inside the lower face.
        let first = patch.world_from_patch(Zyx::splat(0.0));
        assert_eq!(first.y, b.lo.y + 5.0);
        assert_eq!(first.z, b.hi.z - 1.0);
        assert_eq!(first.x, b.hi.x - 0.5);
    }
}
