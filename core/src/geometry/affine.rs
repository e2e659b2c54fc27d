//! World-from-voxel transforms of array levels, and the 3×3 linear maps of orientation and rotation.

use serde::{Deserialize, Serialize};

use super::{BoxNm, VoxelBox, Zyx};

/// The transform of one array level: `world_nm = translation_nm + voxel · voxel_size_nm`, axis by axis.
///
/// `translation_nm` is the centre of voxel 0. By convention a value of this type is called `world_from_voxel`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GridTransform {
    /// Voxel size, nm, positive.
    pub voxel_size_nm: Zyx<f64>,
    /// World position of the centre of voxel 0, nm.
    pub translation_nm: Zyx<f64>,
}

impl GridTransform {
    /// From voxel size and the centre of voxel 0, both nm.
    #[must_use]
    pub const fn new(voxel_size_nm: Zyx<f64>, translation_nm: Zyx<f64>) -> Self {
        Self { voxel_size_nm, translation_nm }
    }

    /// World position (nm) of a voxel position (fractional; integers are voxel centres).
    #[must_use]
    pub fn world_from_voxel(&self, voxel: Zyx<f64>) -> Zyx<f64> {
        self.translation_nm + voxel * self.voxel_size_nm
    }

    /// Voxel position (fractional; integers are voxel centres) of a world position (nm).
    #[must_use]
    pub fn voxel_from_world(&self, world_nm: Zyx<f64>) -> Zyx<f64> {
        (world_nm - self.translation_nm) / self.voxel_size_nm
    }

    /// The voxel whose cell contains a world position (nm). A position on a cell's lower face belongs to that cell.
    #[must_use]
    pub fn voxel_containing(&self, world_nm: Zyx<f64>) -> Zyx<i64> {
        self.voxel_from_world(world_nm).map(|v| (v + 0.5).floor() as i64)
    }

    /// The world box, edge to edge, of a box of voxels.
    #[must_use]
    pub fn world_box(&self, voxels: &VoxelBox) -> BoxNm {
        let edge = |v: Zyx<i64>| self.world_from_voxel(v.map(|i| i as f64 - 0.5));
        BoxNm::new(edge(voxels.lo), edge(voxels.hi))
    }

    /// The smallest box of voxels whose cells cover a world box.
    #[must_use]
    pub fn voxel_box_covering(&self, world: &BoxNm) -> VoxelBox {
        // A cell that is met only by rounding noise (a billionth of a voxel) is not read.
        const EPSILON: f64 = 1e-9;
        let lo = self.voxel_from_world(world.lo).map(|v| (v + 0.5 + EPSILON).floor() as i64);
        let hi = self.voxel_from_world(world.hi).map(|v| (v + 0.5 - EPSILON).ceil() as i64);
        VoxelBox::new(lo, hi)
    }
}

/// A linear map of world space, rows and columns in z, y, x order: `out[i] = Σ_j rows[i][j] · in[j]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LinearZyx {
    /// Rows of the matrix.
    pub rows: [[f64; 3]; 3],
}

impl LinearZyx {
    /// The map that changes nothing.
    pub const IDENTITY: Self = Self { rows: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] };

    /// The image of `v`.
    #[must_use]
    pub fn apply(&self, v: Zyx<f64>) -> Zyx<f64> {
        let v = v.to_array();
        let dot = |row: [f64; 3]| row.iter().zip(v).map(|(a, b)| a * b).sum();
        Zyx::new(dot(self.rows[0]), dot(self.rows[1]), dot(self.rows[2]))
    }

    /// `self ∘ first`: apply `first`, then `self`.
    #[must_use]
    pub fn after(&self, first: &Self) -> Self {
        let mut rows = [[0.0; 3]; 3];
        for (i, row) in rows.iter_mut().enumerate() {
            for (j, out) in row.iter_mut().enumerate() {
                *out = (0..3).map(|k| self.rows[i][k] * first.rows[k][j]).sum();
            }
        }
        Self { rows }
    }

    /// The map that undoes this one, by cofactors; `None` if the map is flat or not finite.
    #[must_use]
    pub fn inverse(&self) -> Option<Self> {
        let m = &self.rows;
        let cofactor = |i: usize, j: usize| {
            let (r, s, c, d) = ((i + 1) % 3, (i + 2) % 3, (j + 1) % 3, (j + 2) % 3);
            m[r][c] * m[s][d] - m[r][d] * m[s][c]
        };
        let determinant: f64 = (0..3).map(|j| m[0][j] * cofactor(0, j)).sum();
        let rows = [0, 1, 2].map(|i| [0, 1, 2].map(|j| cofactor(j, i) / determinant));
        rows.iter().flatten().all(|v| v.is_finite()).then_some(Self { rows })
    }

    /// Half the extent, per axis, of the smallest box about the image of a box of `half_extent` per axis.
    #[must_use]
    pub fn half_extent_of_box(&self, half_extent: Zyx<f64>) -> Zyx<f64> {
        Self { rows: self.rows.map(|row| row.map(f64::abs)) }.apply(half_extent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hela() -> GridTransform {
        GridTransform::new(Zyx::new(5.24, 4.0, 4.0), Zyx::new(2.62, -100.0, 0.5))
    }

    #[test]
    fn voxel_and_world_are_inverse() {
        let v = Zyx::new(17.25, -3.0, 1e6);
        let back = hela().voxel_from_world(hela().world_from_voxel(v));
        assert!((back - v).all(|d| d.abs() < 1e-6));
    }

    #[test]
    fn a_voxel_box_comes_back_from_its_world_box() {
        let b = VoxelBox::new(Zyx::new(-3, 0, 7), Zyx::new(5, 1, 70_001));
        assert_eq!(hela().voxel_box_covering(&hela().world_box(&b)), b);
    }

    #[test]
    fn the_centre_of_voxel_zero_is_the_translation() {
        assert_eq!(hela().world_from_voxel(Zyx::splat(0.0)), Zyx::new(2.62, -100.0, 0.5));
        assert_eq!(hela().voxel_containing(Zyx::new(2.62, -98.0, 0.5)), Zyx::new(0, 1, 0));
    }
}
