//! From a voxel of a class to a patch that shows it: which voxels samples can show, and where the patch then lies. Pure.

use super::draw::Draw;
use super::lattice::{Footprint, Lattice};
use crate::geometry::{Axis, BoxNm, GridTransform, PatchGrid, Zyx};

/// A position is on the lattice if it is this close, in steps.
const ON_LATTICE: f64 = 1e-3;
/// Voxels of a warped patch that are tried.
const TRIES: usize = 32;

/// The positions of a patch, and the target array in its middle that has to show the voxel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window<'a> {
    pub lattice: &'a Lattice,
    /// Of the array that positions are of.
    pub primary: &'a Footprint,
    /// Of the first target, which shares the middle of the primary array.
    pub target: &'a Footprint,
}

impl Window<'_> {
    /// The voxels of the target, inside `region`, that its patches show: of all positions whose voxels lie on the grid of
    /// the first position's. Every voxel of `region` where the target is as fine as the primary array, or coarser.
    pub(super) fn shown(&self, region: &BoxNm) -> (GridTransform, Zyx<u64>) {
        let along = |axis: Axis| {
            let (first_nm, size_nm) = (self.first_voxel_nm(axis), self.target.voxel_size_nm[axis]);
            let room_nm = self.lattice.count[axis].saturating_sub(1) as f64 * self.lattice.step_nm[axis];
            let last = (room_nm / size_nm + ON_LATTICE).floor() + self.target.shape[axis] as f64 - 1.0;
            let lowest = ((region.lo[axis] - first_nm) / size_nm + 0.5 - ON_LATTICE).ceil().max(0.0);
            let highest = ((region.hi[axis] - first_nm) / size_nm - 0.5 + ON_LATTICE).floor().min(last);
            (first_nm + lowest * size_nm, (highest - lowest + 1.0).max(0.0) as u64)
        };
        let axes = Zyx::from_fn(along);
        (GridTransform::new(self.target.voxel_size_nm, axes.map(|axis| axis.0)), axes.map(|axis| axis.1))
    }

    /// A position, by its lower edge (nm), whose target shows the voxel around `world_nm`: each of those that do equally
    /// likely. Where none has a voxel centre there, the nearest.
    pub(super) fn around(&self, world_nm: Zyx<f64>, draw: &mut Draw) -> Zyx<f64> {
        let mut step = |axis: Axis| {
            let steps = |voxel: usize| {
                let voxel_nm = self.first_voxel_nm(axis) + voxel as f64 * self.target.voxel_size_nm[axis];
                (world_nm[axis] - voxel_nm) / self.lattice.step_nm[axis]
            };
            let most = self.lattice.count[axis].saturating_sub(1) as f64;
            let all = (0..self.target.shape[axis]).map(steps);
            let exact = |k: &f64| (k - k.round()).abs() < ON_LATTICE && (0.0..=most).contains(&k.round());
            let exact: Vec<_> = all.clone().filter(exact).collect();
            let chosen = exact.get(draw.below(exact.len() as u128) as usize).copied();
            let off = |k: &f64| (k - k.round().clamp(0.0, most)).abs();
            let nearest = || all.min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(0.0);
            chosen.unwrap_or_else(nearest).round().clamp(0.0, most)
        };
        self.lattice.first_nm + Zyx::from_fn(&mut step) * self.lattice.step_nm
    }

    /// As [`Window::around`], for a target that is warped: a random voxel of it is put on the voxel. Off the lattice, which
    /// a warped patch does not keep to, but within its bounds; where every try leaves them, the nearest inside.
    pub(super) fn around_warped(&self, world_nm: Zyx<f64>, target: &PatchGrid, draw: &mut Draw) -> Zyx<f64> {
        let last_nm =
            self.lattice.first_nm + self.lattice.count.map(|n| n.saturating_sub(1) as f64) * self.lattice.step_nm;
        let clipped = |edge_nm: Zyx<f64>| edge_nm.zip_map(self.lattice.first_nm, f64::max).zip_map(last_nm, f64::min);
        let mut nearest = (f64::INFINITY, self.lattice.first_nm);
        for _ in 0..TRIES {
            let voxel = target.shape.map(|n| draw.below(n as u128) as f64);
            let offset_nm = target.world_from_patch(voxel) - target.center_nm;
            let wanted_nm = world_nm - offset_nm - self.primary.extent_nm() * 0.5;
            let inside_nm = clipped(wanted_nm);
            let off = (inside_nm - wanted_nm).map(|off| off * off).to_array().into_iter().sum();
            if off < nearest.0 {
                nearest = (off, inside_nm);
            }
            if nearest.0 == 0.0 {
                break;
            }
        }
        nearest.1
    }

    /// Where the target's first voxel centre lies at the first position.
    fn first_voxel_nm(&self, axis: Axis) -> f64 {
        let half_nm = self.primary.shape[axis] as f64 * self.primary.voxel_size_nm[axis] / 2.0;
        let to_first_nm = (self.target.shape[axis] as f64 - 1.0) / 2.0 * self.target.voxel_size_nm[axis];
        self.lattice.first_nm[axis] + half_nm - to_first_nm
    }
}

#[cfg(test)]
mod tests {
    use super::super::SmallCrops;
    use super::super::draw::Purpose;
    use super::*;

    fn cube(voxels: usize, size_nm: f64) -> Footprint {
        Footprint { shape: Zyx::splat(voxels), voxel_size_nm: Zyx::splat(size_nm) }
    }

    /// A region of 40 voxels of 8 nm that begins at the lattice's origin.
    fn region() -> BoxNm {
        BoxNm::new(Zyx::splat(0.0), Zyx::splat(320.0))
    }

    fn lattice(primary: &Footprint, region: &BoxNm) -> Lattice {
        Lattice::inside(region, Zyx::splat(0.0), primary, SmallCrops::Pad).unwrap()
    }

    /// Every voxel that is said to be shown has, at every position answered for it, a voxel centre of the target on it.
    fn check_all_shown(primary: Footprint, target: Footprint, region: BoxNm) -> Zyx<u64> {
        let lattice = lattice(&primary, &region);
        let window = Window { lattice: &lattice, primary: &primary, target: &target };
        let (grid, shape) = window.shown(&region);
        for voxel in 0..shape.x {
            let world_nm = grid.world_from_voxel(Zyx::new(0, voxel, shape.z - 1).map(|v| v as f64));
            for index in 0..20 {
                let mut draw = Draw::new(3, 0, index, 0, Purpose::Position);
                let lower_nm = window.around(world_nm, &mut draw);
                let upper_nm = lower_nm + primary.shape.map(|n| n as f64) * primary.voxel_size_nm;
                let middle_nm = (lower_nm + upper_nm) * 0.5;
                let first_nm = middle_nm - target.shape.map(|n| (n as f64 - 1.0) / 2.0) * target.voxel_size_nm;
                let at = (world_nm - first_nm) / target.voxel_size_nm;
                let shown = at
                    .zip_map(target.shape, |at, n| (at - at.round()).abs() < 1e-9 && at > -0.5 && at < n as f64 - 0.5);
                assert!(shown.all(|shown| shown), "{world_nm}: voxel {at} of the target, patch from {lower_nm}");
                let inside = lower_nm.zip_map(lattice.first_nm, |a, b| a >= b).all(|b| b);
                assert!(inside && (lattice.count.x == 1 || upper_nm.all(|edge| edge <= 320.0)), "{lower_nm}");
            }
        }
        shape
    }

    #[test]
    fn what_is_shown_is_shown_at_every_position_answered() {
        for (primary, target, shown) in [
            (cube(16, 8.0), cube(16, 8.0), 40),
            // A context array around the target: the border is never shown.
            (cube(16, 8.0), cube(8, 8.0), 32),
            // Coarser and finer targets of the same extent.
            (cube(16, 8.0), cube(8, 16.0), 20),
            (cube(16, 8.0), cube(32, 4.0), 80),
            (cube(15, 8.0), cube(5, 8.0), 30),
        ] {
            assert_eq!(check_all_shown(primary, target, region()), Zyx::splat(shown), "{primary:?} {target:?}");
        }
        // A crop smaller than the patch: one position, the whole crop.
        let small = BoxNm::new(Zyx::splat(160.0), Zyx::splat(240.0));
        assert_eq!(check_all_shown(cube(16, 8.0), cube(16, 8.0), small), Zyx::splat(10));
    }

    #[test]
    fn offsets_are_even_where_the_lattice_allows_all_of_them() {
        let (primary, target) = (cube(16, 8.0), cube(16, 8.0));
        let lattice = lattice(&primary, &region());
        let window = Window { lattice: &lattice, primary: &primary, target: &target };
        let mut counts = [0_u32; 40];
        for index in 0..16_000 {
            let mut draw = Draw::new(1, 0, index, 0, Purpose::Position);
            counts[(window.around(Zyx::new(20.0, 164.0, 316.0), &mut draw).y / 8.0) as usize] += 1;
        }
        let reached: Vec<_> = (0..40).filter(|k| counts[*k] > 0).collect();
        assert_eq!(reached, (5..=20).collect::<Vec<_>>());
        let chi2: f64 = counts[5..=20].iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        // 15 degrees of freedom: above 37.70 once in a thousand.
        assert!(chi2 < 37.70, "{counts:?}: {chi2}");
    }
}
