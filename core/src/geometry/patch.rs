//! The grid of a patch in the world: where each of its voxels is looked up.

use serde::{Deserialize, Serialize};

use super::{BoxNm, LinearZyx, Orientation, Warp, Zyx};

/// A patch of `shape` voxels of `voxel_size_nm`, centred on `center_nm`, turned by `orientation`, bent by `warp`.
///
/// Patch voxel `v` is looked up at `center + A · p + u(p)` with `p = R · ((v - (shape - 1) / 2) · voxel_size)`: R is the
/// orientation (mirror, then transpose), A and u are affine and displacement of the warp. All act on nm along the world's axes.
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
    /// What bends it beyond its orientation.
    #[serde(default)]
    pub warp: Warp,
}

impl PatchGrid {
    /// World position (nm) of a patch voxel position (fractional; integers are voxel centres).
    #[must_use]
    pub fn world_from_patch(&self, patch_voxel: Zyx<f64>) -> Zyx<f64> {
        let middle = self.shape.map(|n| (n as f64 - 1.0) / 2.0);
        let offset_nm = (patch_voxel - middle) * self.voxel_size_nm;
        let along_world_nm = self.orientation.world_from_patch().apply(offset_nm);
        let bent_nm = self.warp.displacement_nm(along_world_nm);
        self.center_nm + self.warp.affine.world_from_unwarped().apply(along_world_nm) + bent_nm
    }

    /// The linear map from offsets along the patch's own axes (nm from its middle) to offsets in the world (nm), but for
    /// the displacement field.
    #[must_use]
    pub fn world_from_offset(&self) -> LinearZyx {
        self.warp.affine.world_from_unwarped().after(&self.orientation.world_from_patch())
    }

    /// The box around the patch's footprint in the world, edge to edge, nm: the smallest one, or with a displacement
    /// field one that is certain to hold it.
    #[must_use]
    pub fn footprint(&self) -> BoxNm {
        let extent_nm = self.shape.map(|n| n as f64) * self.voxel_size_nm;
        if self.warp.is_none() {
            return BoxNm::about(self.center_nm, self.orientation.along_world(extent_nm));
        }
        let half_nm = self.orientation.along_world(extent_nm * 0.5);
        let bent_nm = self.warp.largest_displacement_nm(half_nm);
        BoxNm::about(self.center_nm, self.world_from_offset().half_extent_of_box(extent_nm) + bent_nm * 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Affine, Axis};

    #[test]
    fn the_footprint_holds_the_corner_voxels_with_half_a_voxel_to_spare() {
        let orientation =
            Orientation { source: Zyx::new(Axis::Y, Axis::Z, Axis::X), mirror: Zyx::new(false, true, true) };
        let patch = PatchGrid {
            center_nm: Zyx::new(100.0, 200.0, 300.0),
            shape: Zyx::new(4, 6, 8),
            voxel_size_nm: Zyx::new(10.0, 2.0, 1.0),
            orientation,
            warp: Warp::NONE,
        };
        let b = patch.footprint();
        assert_eq!(b.extent_nm(), Zyx::new(12.0, 40.0, 8.0));
        // Patch z (4 voxels of 10 nm) runs along world y; its first voxel centre is 5 nm inside the lower face.
        let first = patch.world_from_patch(Zyx::splat(0.0));
        assert_eq!(first.y, b.lo.y + 5.0);
        assert_eq!(first.z, b.hi.z - 1.0);
        assert_eq!(first.x, b.hi.x - 0.5);
    }
    #[test]
    fn the_footprint_of_a_turned_patch_is_the_box_around_its_corners() {
        let affine = Affine { rotate_degrees: Zyx::new(30.0, 10.0, -70.0), ..Affine::IDENTITY };
        let patch = PatchGrid {
            center_nm: Zyx::new(100.0, 200.0, 300.0),
            shape: Zyx::new(4, 6, 8),
            voxel_size_nm: Zyx::new(10.0, 2.0, 1.0),
            orientation: Orientation::IDENTITY,
            warp: Warp::of_affine(affine),
        };
        let b = patch.footprint();
        let corners = (0..8).map(|bits| {
            let edge = |axis: Axis, bit: u32| (f64::from(bits >> bit & 1) * patch.shape[axis] as f64) - 0.5;
            patch.world_from_patch(Zyx::new(edge(Axis::Z, 0), edge(Axis::Y, 1), edge(Axis::X, 2)))
        });
        let around = corners.map(|c| BoxNm::new(c, c)).reduce(|a, b| a.union(&b)).unwrap();
        assert!((around.lo - b.lo).all(|d| d.abs() < 1e-9) && (around.hi - b.hi).all(|d| d.abs() < 1e-9));
    }
}
