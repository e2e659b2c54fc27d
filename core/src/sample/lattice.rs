//! The patch positions that a box allows: a lattice of whole voxels, counted without listing it.

use super::SmallCrops;
use crate::geometry::{BoxNm, PatchGrid, Zyx};

/// Allowed positions of a patch's lower edge in the world: `first_nm + k · step_nm`, `k` from 0 to below `count`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lattice {
    pub first_nm: Zyx<f64>,
    pub step_nm: Zyx<f64>,
    pub count: Zyx<u64>,
}

/// A patch as it lies in the world: voxels and voxel size along the world's axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Footprint {
    pub shape: Zyx<usize>,
    pub voxel_size_nm: Zyx<f64>,
}

impl Footprint {
    /// Of a patch as it lies in the world before it is warped.
    pub(super) fn of(patch: &PatchGrid) -> Self {
        let lies = patch.orientation;
        Self { shape: lies.along_world(patch.shape), voxel_size_nm: lies.along_world(patch.voxel_size_nm) }
    }

    /// Edge to edge, nm.
    pub(super) fn extent_nm(&self) -> Zyx<f64> {
        self.shape.map(|n| n as f64) * self.voxel_size_nm
    }
}

impl Lattice {
    /// Positions inside `region` whose voxel edges lie on the grid through `anchor_nm`; `None` if there is none.
    ///
    /// A region of `L` whole voxels allows exactly `L - N + 1` positions of a patch of `N` voxels, the last included.
    /// On an axis where it is smaller than the patch, `small` decides.
    pub(super) fn inside(region: &BoxNm, anchor_nm: Zyx<f64>, patch: &Footprint, small: SmallCrops) -> Option<Self> {
        if region.is_empty() {
            return None;
        }
        let size = patch.voxel_size_nm;
        let lo = (region.lo - anchor_nm) / size;
        let hi = (region.hi - anchor_nm) / size;
        let [z, y, x] = [
            positions(lo.z, hi.z, patch.shape.z, small)?,
            positions(lo.y, hi.y, patch.shape.y, small)?,
            positions(lo.x, hi.x, patch.shape.x, small)?,
        ];
        let first = Zyx::new(z.0, y.0, x.0).map(|k| k as f64);
        Some(Self { first_nm: anchor_nm + first * size, step_nm: size, count: Zyx::new(z.1, y.1, x.1) })
    }

    /// Whether `region` holds fewer whole voxels of the grid through `anchor_nm` than the patch has, on any axis.
    pub(super) fn is_small(region: &BoxNm, anchor_nm: Zyx<f64>, patch: &Footprint) -> bool {
        Self::inside(region, anchor_nm, patch, SmallCrops::Drop).is_none()
    }

    /// The position nearest to a lower edge (nm).
    pub(super) fn nearest(&self, lower_edge_nm: Zyx<f64>) -> Zyx<f64> {
        let last = self.count.map(|n| n.saturating_sub(1) as f64);
        let steps = ((lower_edge_nm - self.first_nm) / self.step_nm).map(|k| k.round().max(0.0));
        self.first_nm + steps.zip_map(last, f64::min) * self.step_nm
    }

    /// How many positions there are.
    pub(super) fn len(&self) -> u128 {
        self.count.map(u128::from).to_array().into_iter().fold(1, u128::saturating_mul)
    }

    /// The lower edge (nm) of position `index`, counted in z, y, x order.
    pub(super) fn lower_edge_nm(&self, index: u128) -> Zyx<f64> {
        let count = self.count.map(|n| u128::from(n.max(1)));
        let k = Zyx::new(index / (count.y * count.x), (index / count.x) % count.y, index % count.x);
        self.first_nm + k.map(|k| k as f64) * self.step_nm
    }
}

/// First position and number of positions on one axis; `lo` and `hi` in voxels from the anchor.
fn positions(lo: f64, hi: f64, patch: usize, small: SmallCrops) -> Option<(i64, u64)> {
    // An edge that is off the grid only by rounding noise (a millionth of a voxel) is on it.
    const EPSILON: f64 = 1e-6;
    let first = (lo - EPSILON).ceil() as i64;
    let end = (hi + EPSILON).floor() as i64;
    let whole = end.saturating_sub(first);
    let patch_voxels = i64::try_from(patch).ok()?;
    let centred = (((lo + hi - patch as f64) / 2.0 - EPSILON).round() as i64, 1);
    match u64::try_from(whole.saturating_sub(patch_voxels)) {
        Ok(spare) => Some((first, spare + 1)),
        Err(_) => match small {
            SmallCrops::Drop => None,
            SmallCrops::Pad => Some(centred),
            // From the patch that ends where the region does to the one that begins there.
            SmallCrops::Jitter => {
                let lowest = (hi - EPSILON).ceil() as i64 - patch_voxels;
                let highest = (lo + EPSILON).floor() as i64;
                // A region off the grid can be too large for any patch to hold, yet too small to hold one.
                let spare = u64::try_from(highest.saturating_sub(lowest));
                Some(spare.map_or(centred, |spare| (lowest, spare + 1)))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(lo: f64, hi: f64) -> BoxNm {
        BoxNm::new(Zyx::splat(lo), Zyx::splat(hi))
    }

    fn patch(voxels: usize) -> Footprint {
        Footprint { shape: Zyx::splat(voxels), voxel_size_nm: Zyx::splat(8.0) }
    }

    #[test]
    fn the_last_position_counts() {
        // 100 voxels of 8 nm from -4 nm: 100 - 30 + 1 positions, the last touching the upper edge.
        let lattice = Lattice::inside(&region(-4.0, 796.0), Zyx::splat(-4.0), &patch(30), SmallCrops::Drop).unwrap();
        assert_eq!(lattice.count, Zyx::splat(71));
        assert_eq!(lattice.lower_edge_nm(0), Zyx::splat(-4.0));
        assert_eq!(lattice.lower_edge_nm(lattice.len() - 1), Zyx::splat(796.0 - 240.0));
        assert_eq!(lattice.lower_edge_nm(71 * 71 + 2), Zyx::new(4.0, -4.0, 12.0));
    }

    #[test]
    fn a_patch_as_large_as_the_box_has_one_position() {
        let lattice = Lattice::inside(&region(0.0, 80.0), Zyx::splat(0.0), &patch(10), SmallCrops::Drop).unwrap();
        assert_eq!((lattice.len(), lattice.first_nm), (1, Zyx::splat(0.0)));
    }

    #[test]
    fn positions_stay_on_the_grid_of_the_raw_volume() {
        // A crop that starts 3 nm into a voxel: the first whole voxel starts 5 nm later.
        let lattice = Lattice::inside(&region(3.0, 83.0), Zyx::splat(0.0), &patch(4), SmallCrops::Drop).unwrap();
        assert_eq!((lattice.first_nm.x, lattice.count.x), (8.0, 9 - 4 + 1));
        // Rounding noise costs no position.
        let noisy = region(1e-7, 80.0 - 1e-7);
        let lattice = Lattice::inside(&noisy, Zyx::splat(0.0), &patch(4), SmallCrops::Drop).unwrap();
        assert_eq!(lattice.count.x, 7);
    }

    #[test]
    fn small_regions_are_centred_or_dropped() {
        let small = region(160.0, 240.0);
        assert_eq!(Lattice::inside(&small, Zyx::splat(0.0), &patch(11), SmallCrops::Drop), None);
        let lattice = Lattice::inside(&small, Zyx::splat(0.0), &patch(16), SmallCrops::Pad).unwrap();
        assert_eq!((lattice.len(), lattice.first_nm), (1, Zyx::splat(200.0 - 64.0)));
    }

    #[test]
    fn jitter_holds_the_whole_region_wherever_the_patch_lies() {
        // 10 voxels in patches of 16: 7 positions, the first ending where the region does, the last beginning there.
        let jitter =
            |lo, hi| Lattice::inside(&region(lo, hi), Zyx::splat(0.0), &patch(16), SmallCrops::Jitter).unwrap();
        let lattice = jitter(160.0, 240.0);
        assert_eq!((lattice.count.x, lattice.first_nm.x), (7, 240.0 - 128.0));
        assert_eq!(lattice.lower_edge_nm(lattice.len() - 1).x, 160.0);
        // Off the grid by 3 nm at both ends: one position less, as the patch must hold the parts of voxels, too.
        let lattice = jitter(163.0, 243.0);
        assert_eq!((lattice.count.x, lattice.first_nm.x), (6, 248.0 - 128.0));
        // 15 whole voxels and two halves: no patch holds them all, so it is centred.
        assert_eq!(jitter(164.0, 292.0).count.x, 1);
        // Where the region is large enough it is as ever.
        assert_eq!(jitter(0.0, 160.0).count.x, 5);
    }

    #[test]
    fn the_nearest_position_is_found_from_anywhere() {
        let lattice = Lattice::inside(&region(0.0, 160.0), Zyx::splat(0.0), &patch(16), SmallCrops::Drop).unwrap();
        assert_eq!(lattice.nearest(Zyx::new(-100.0, 11.9, 1000.0)), Zyx::new(0.0, 8.0, 32.0));
        for index in 0..lattice.len() {
            assert_eq!(lattice.nearest(lattice.lower_edge_nm(index)), lattice.lower_edge_nm(index));
        }
    }

    #[test]
    fn an_empty_region_has_no_positions_even_when_padded() {
        assert_eq!(Lattice::inside(&region(5.0, 5.0), Zyx::splat(0.0), &patch(4), SmallCrops::Pad), None);
    }

    #[test]
    fn a_petavoxel_volume_counts_at_once() {
        let lattice = Lattice::inside(&region(0.0, 8e5), Zyx::splat(0.0), &patch(1), SmallCrops::Drop).unwrap();
        assert_eq!(lattice.len(), 1_000_000_000_000_000);
        assert_eq!(lattice.lower_edge_nm(lattice.len() - 1), Zyx::splat(8e5 - 8.0));
    }
}
