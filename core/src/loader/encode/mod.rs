//! Targets that are computed from the labels of one class: pure functions from ids and a mask to values and a mask.

mod affinity;
mod boundary;
mod distance;

pub(super) use affinity::affinity;
pub(super) use boundary::boundary;
pub(super) use distance::{DistanceScale, distance};

use crate::geometry::Zyx;

/// What is known of one class in a patch and a margin around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels<'a> {
    /// Voxels, the margin on both sides included.
    pub shape: Zyx<usize>,
    /// Voxels of `shape` on each side that do not belong to the patch.
    pub margin: Zyx<usize>,
    /// Ids, 0 where the class is absent or unknown. C order.
    pub ids: &'a [u64],
    /// 1 where it is known whether the class is there, else 0. C order.
    pub known: &'a [u8],
}

impl Labels<'_> {
    /// Id of every voxel, and whether it is known, in C order.
    fn voxels(&self) -> impl Iterator<Item = (u64, bool)> {
        self.ids.iter().zip(self.known).map(|(id, known)| (*id, *known != 0))
    }

    /// Elements from one voxel to the next along each axis.
    const fn strides(&self) -> Zyx<usize> {
        Zyx::new(self.shape.y * self.shape.x, self.shape.x, 1)
    }

    /// Positions in `ids` of the patch's own voxels, in C order.
    fn inner(&self) -> impl Iterator<Item = usize> {
        let (lo, hi) = (self.margin, self.shape.zip_map(self.margin, usize::saturating_sub));
        let strides = self.strides();
        (lo.z..hi.z).flat_map(move |z| {
            (lo.y..hi.y).flat_map(move |y| (lo.x..hi.x).map(move |x| z * strides.z + y * strides.y + x))
        })
    }
}
