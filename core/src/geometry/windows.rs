//! Which chunks of a regular grid a box of voxels touches, and which part of each.

use super::{VoxelBox, Zyx};

/// One chunk that a box touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkWindow {
    /// Position of the chunk in the chunk grid.
    pub chunk: Zyx<u64>,
    /// The touched voxels, in array coordinates.
    pub voxels: VoxelBox,
}

/// The chunks of size `chunk_shape` (voxels, positive) that `roi` touches inside an array of `shape`, in z, y, x order.
///
/// Parts of `roi` outside the array touch nothing.
pub fn chunk_windows(
    roi: &VoxelBox,
    shape: Zyx<u64>,
    chunk_shape: Zyx<u64>,
) -> impl Iterator<Item = ChunkWindow> + use<> {
    let inside = roi.intersection(&VoxelBox::of_shape(shape));
    let size = chunk_shape.map(|n| i64::try_from(n.max(1)).unwrap_or(i64::MAX));
    let (first, end) = if inside.is_empty() {
        (Zyx::splat(0), Zyx::splat(0))
    } else {
        (inside.lo / size, (inside.hi - Zyx::splat(1)) / size + Zyx::splat(1))
    };
    let window = move |chunk: Zyx<i64>| {
        let lo = chunk * size;
        // An array smaller than one chunk: the chunk's end may lie past i64.
        let hi = lo.zip_map(size, i64::saturating_add);
        ChunkWindow { chunk: chunk.map(i64::unsigned_abs), voxels: VoxelBox::new(lo, hi).intersection(&inside) }
    };
    (first.z..end.z)
        .flat_map(move |z| (first.y..end.y).flat_map(move |y| (first.x..end.x).map(move |x| window(Zyx::new(z, y, x)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_tile_the_box_exactly() {
        let shape = Zyx::new(10, 20, 33);
        let roi = VoxelBox::new(Zyx::new(-5, 3, 7), Zyx::new(9, 17, 40));
        let windows: Vec<_> = chunk_windows(&roi, shape, Zyx::new(4, 8, 16)).collect();
        assert_eq!(windows.len(), 3 * 3 * 3);
        let voxels: u64 = windows.iter().map(|w| w.voxels.shape().product()).sum();
        assert_eq!(voxels, roi.intersection(&VoxelBox::of_shape(shape)).shape().product());
        assert_eq!(windows[0].voxels, VoxelBox::new(Zyx::new(0, 3, 7), Zyx::new(4, 8, 16)));
    }

    #[test]
    fn a_box_outside_touches_nothing() {
        let roi = VoxelBox::new(Zyx::new(-5, 0, 0), Zyx::new(0, 4, 4));
        assert_eq!(chunk_windows(&roi, Zyx::splat(8), Zyx::splat(4)).count(), 0);
    }
}
