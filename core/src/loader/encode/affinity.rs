//! Affinities: whether a voxel and another at a fixed offset belong to the same object.
//!
//! As Turaga et al., "Convolutional networks can learn to generate affinity graphs for image segmentation", Neural
//! Computation 22 (2010), and as `seg_to_affgraph` of malis and `AddAffinities` of gunpowder define them: 1 where both
//! voxels carry the same id and that is not 0, written at the voxel from which the offset points. Known where both are.

use super::Labels;
use crate::geometry::Zyx;

/// Fills `out` and `known`, one channel per offset, each the patch inside `labels` in C order. No offset may reach
/// farther than the margin of `labels`.
pub(in crate::loader) fn affinity(labels: &Labels<'_>, offsets: &[Zyx<i64>], out: &mut [u8], known: &mut [u8]) {
    let voxels = (out.len() / offsets.len().max(1)).max(1);
    let strides = labels.strides().map(|stride| stride as i64);
    for ((offset, out), known) in offsets.iter().zip(out.chunks_exact_mut(voxels)).zip(known.chunks_exact_mut(voxels)) {
        let step: i64 = (*offset * strides).to_array().into_iter().sum();
        for ((out, known), voxel) in out.iter_mut().zip(known).zip(labels.inner()) {
            let other = voxel.wrapping_add_signed(step as isize);
            let id = labels.ids[voxel];
            *known = labels.known[voxel] & labels.known[other];
            *out = *known & u8::from(id != 0 && id == labels.ids[other]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_one_object_are_affine_and_background_is_not() {
        // A plane of 1 × 2 × 4 in a margin of 0, 1, 1; objects 3 and u64::MAX, background 0.
        let m = u64::MAX;
        #[rustfmt::skip]
        let ids = [
            0, 3, 3, 3, 3, 0,
            3, 3, 3, m, m, m,
            3, 3, 0, m, 0, 0,
            3, 3, 3, m, m, 0,
        ];
        let mut known = [1; 24];
        known[11] = 0;
        let labels = Labels { shape: Zyx::new(1, 4, 6), margin: Zyx::new(0, 1, 1), ids: &ids, known: &known };
        let offsets = [Zyx::new(0, 0, -1), Zyx::new(0, -1, 0), Zyx::new(0, 1, 1)];
        let (mut out, mut mask) = ([9; 24], [9; 24]);
        affinity(&labels, &offsets, &mut out, &mut mask);
        assert_eq!(out[..8], [1, 1, 0, 1, 1, 0, 0, 0], "to the left");
        assert_eq!(out[8..16], [1, 1, 0, 0, 1, 0, 1, 0], "upwards");
        assert_eq!(out[16..], [0, 0, 0, 0, 1, 0, 1, 0], "down and to the right");
        // The unknown voxel lies in the margin, where no pair of these ends.
        assert!(mask.iter().all(|known| *known == 1));
        affinity(&labels, &[Zyx::new(0, 0, 1)], &mut out[..8], &mut mask[..8]);
        assert_eq!(
            (out[..8].to_vec(), mask[..8].to_vec()),
            (vec![1, 0, 1, 0, 0, 0, 0, 0], vec![1, 1, 1, 0, 1, 1, 1, 1])
        );
    }
}
