//! How much of a class a patch holds, estimated from the blocks of a survey in constant time. Pure.

use crate::catalog::Occupancy;
use crate::geometry::{Axis, Zyx};

/// Voxels of a class, summed up over blocks from the box's lower corner: a summed-area table (Crow 1984) in three
/// dimensions. At most 39 KiB.
#[derive(Debug, Clone)]
pub(super) struct Density {
    shape: Zyx<f64>,
    edge: f64,
    /// Corners of blocks, one more than blocks along each axis.
    corners: Zyx<usize>,
    /// Voxels of the class below each corner.
    below: Vec<u64>,
}

impl Density {
    pub(super) fn new(occupancy: &Occupancy) -> Self {
        let edge = occupancy.block_edge().max(1);
        let corners = occupancy.shape().map(|n| n.div_ceil(edge) as usize + 1);
        let mut below = vec![0; corners.product()];
        for (block, present) in occupancy.block_counts() {
            below[index_of(corners, block.map(|b| b as usize + 1))] = present;
        }
        for axis in Axis::ALL {
            let stride = match axis {
                Axis::Z => corners.y * corners.x,
                Axis::Y => corners.x,
                Axis::X => 1,
            };
            for at in 0..below.len() {
                if at / stride % corners[axis] > 0 {
                    below[at] += below[at - stride];
                }
            }
        }
        Self { shape: occupancy.shape().map(|n| n as f64), edge: edge as f64, corners, below }
    }

    /// Share of a patch of `patch` voxels that is of the class, 0 to 1, if it lies around `voxel` and, where it fits, inside
    /// the box; voxels of a block count as spread evenly over it.
    pub(super) fn share_around(&self, voxel: Zyx<f64>, patch: Zyx<f64>) -> f64 {
        let lo = Zyx::from_fn(|axis| {
            let most = (self.shape[axis] - patch[axis]).max(0.0);
            (voxel[axis] + 0.5 - patch[axis] / 2.0).clamp(0.0, most)
        });
        let hi = (lo + patch).zip_map(self.shape, f64::min);
        // Inclusion and exclusion over the eight corners.
        let mut count = 0.0;
        for bits in 0..8_u32 {
            let end = |axis: Axis| bits >> axis.index() & 1 == 1;
            let corner = Zyx::from_fn(|axis| if end(axis) { hi[axis] } else { lo[axis] });
            count += self.below(corner) * if bits.count_ones() % 2 == 1 { 1.0 } else { -1.0 };
        }
        (count / patch.product()).clamp(0.0, 1.0)
    }

    /// Voxels of the class below a position in voxels: between corners, linear along each axis.
    fn below(&self, position: Zyx<f64>) -> f64 {
        // The last block of an axis may be cut off.
        let at = Zyx::from_fn(|axis| {
            let blocks = self.corners[axis] - 1;
            let block = ((position[axis] / self.edge) as usize).min(blocks.saturating_sub(1));
            let begin = block as f64 * self.edge;
            let extent = (self.shape[axis] - begin).min(self.edge).max(1.0);
            (block, ((position[axis] - begin) / extent).clamp(0.0, 1.0))
        });
        let mut sum = 0.0;
        for bits in 0..8_u32 {
            let upper = |axis: Axis| (bits >> axis.index() & 1) as usize;
            let corner = Zyx::from_fn(|axis| at[axis].0 + upper(axis));
            let weight = Zyx::from_fn(|axis| if upper(axis) == 1 { at[axis].1 } else { 1.0 - at[axis].1 }).product();
            if weight > 0.0 {
                sum += weight * self.below[index_of(self.corners, corner)] as f64;
            }
        }
        sum
    }
}

const fn index_of(corners: Zyx<usize>, corner: Zyx<usize>) -> usize {
    (corner.z * corners.y + corner.y) * corners.x + corner.x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_blocks_are_counted_exactly_and_parts_in_proportion() {
        let shape = Zyx::new(40, 32, 50);
        // The lower half along x, up to the middle of a block.
        let occupancy = Occupancy::of_voxels(shape, |voxel| voxel.x < 24);
        let density = Density::new(&occupancy);
        let share = |voxel: [f64; 3], patch: [f64; 3]| {
            density.share_around(Zyx::new(voxel[0], voxel[1], voxel[2]), Zyx::new(patch[0], patch[1], patch[2]))
        };
        assert!((share([15.5, 15.5, 7.5], [32.0, 32.0, 16.0]) - 1.0).abs() < 1e-9);
        assert!((share([15.5, 15.5, 23.5], [16.0, 16.0, 16.0]) - 0.5).abs() < 1e-9);
        // Pushed inside, and larger than the box.
        assert!((share([0.0, 0.0, 0.0], [16.0, 16.0, 16.0]) - 1.0).abs() < 1e-9);
        assert!(share([39.0, 31.0, 49.0], [8.0, 8.0, 8.0]).abs() < 1e-9);
        assert!((share([20.0, 16.0, 25.0], [40.0, 32.0, 100.0]) - 0.24).abs() < 1e-9);
        // Half of block 16..32 is of the class, wherever in it.
        assert!((share([15.5, 15.5, 27.5], [16.0, 16.0, 8.0]) - 0.5).abs() < 1e-9);
    }
}
