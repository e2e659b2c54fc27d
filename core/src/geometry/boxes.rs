//! Half-open boxes in voxels and in world nanometres.

use serde::{Deserialize, Serialize};

use super::Zyx;

/// A half-open box of whole voxels: `lo <= voxel < hi`. May lie outside an array; empty if `hi <= lo` on an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VoxelBox {
    /// First voxel inside, per axis.
    pub lo: Zyx<i64>,
    /// First voxel beyond, per axis.
    pub hi: Zyx<i64>,
}

impl VoxelBox {
    /// The box from `lo` (inside) to `hi` (outside).
    #[must_use]
    pub const fn new(lo: Zyx<i64>, hi: Zyx<i64>) -> Self {
        Self { lo, hi }
    }

    /// The box of a whole array of `shape` voxels.
    #[must_use]
    pub fn of_shape(shape: Zyx<u64>) -> Self {
        Self::new(Zyx::splat(0), shape.map(|n| i64::try_from(n).unwrap_or(i64::MAX)))
    }

    /// Voxels per axis; zero where the box is empty.
    #[must_use]
    pub fn shape(&self) -> Zyx<u64> {
        self.hi.zip_map(self.lo, |hi, lo| u64::try_from(hi.saturating_sub(lo)).unwrap_or(0))
    }

    /// True if no voxel is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shape().any(|n| n == 0)
    }

    /// The voxels in both boxes; possibly empty.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self::new(self.lo.zip_map(other.lo, i64::max), self.hi.zip_map(other.hi, i64::min))
    }

    /// True if `voxel` is inside.
    #[must_use]
    pub fn contains(&self, voxel: Zyx<i64>) -> bool {
        self.lo.zip_map(voxel, |lo, v| lo <= v).all(|b| b) && self.hi.zip_map(voxel, |hi, v| v < hi).all(|b| b)
    }
}

/// A half-open box in world nanometres, from voxel edge to voxel edge.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BoxNm {
    /// Lower edge, nm.
    pub lo: Zyx<f64>,
    /// Upper edge, nm.
    pub hi: Zyx<f64>,
}

impl BoxNm {
    /// The box from edge `lo` to edge `hi`, both nm.
    #[must_use]
    pub const fn new(lo: Zyx<f64>, hi: Zyx<f64>) -> Self {
        Self { lo, hi }
    }

    /// The box of `extent_nm` about `center_nm`.
    #[must_use]
    pub fn about(center_nm: Zyx<f64>, extent_nm: Zyx<f64>) -> Self {
        Self::new(center_nm - extent_nm * 0.5, center_nm + extent_nm * 0.5)
    }

    /// Extent per axis, nm; negative where the box is inverted.
    #[must_use]
    pub fn extent_nm(&self) -> Zyx<f64> {
        self.hi - self.lo
    }

    /// The middle of the box, nm.
    #[must_use]
    pub fn center_nm(&self) -> Zyx<f64> {
        (self.lo + self.hi) * 0.5
    }

    /// True if the box has no inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.extent_nm().any(|e| e <= 0.0)
    }

    /// The space in both boxes; possibly empty.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self::new(self.lo.zip_map(other.lo, f64::max), self.hi.zip_map(other.hi, f64::min))
    }

    /// The smallest box around both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::new(self.lo.zip_map(other.lo, f64::min), self.hi.zip_map(other.hi, f64::max))
    }

    /// True if the point (nm) is inside.
    #[must_use]
    pub fn contains(&self, point_nm: Zyx<f64>) -> bool {
        self.lo.zip_map(point_nm, |lo, p| lo <= p).all(|b| b) && self.hi.zip_map(point_nm, |hi, p| p < hi).all(|b| b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverted_box_has_no_voxels() {
        let b = VoxelBox::new(Zyx::new(3, 0, 0), Zyx::new(1, 4, 4));
        assert!(b.is_empty());
        assert_eq!(b.shape(), Zyx::new(0, 4, 4));
    }

    #[test]
    fn half_open_boxes_that_touch_share_nothing() {
        let a = VoxelBox::of_shape(Zyx::splat(4));
        let b = VoxelBox::new(Zyx::new(4, 0, 0), Zyx::new(8, 4, 4));
        assert!(a.intersection(&b).is_empty());
        assert!(!a.contains(Zyx::new(4, 0, 0)) && b.contains(Zyx::new(4, 0, 0)));
    }
}
