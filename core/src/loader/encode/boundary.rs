//! Boundaries: voxels with a face neighbour of another id, on both sides.
//!
//! As `skimage.segmentation.find_boundaries(mode="thick", connectivity=1)` defines them: a voxel that is not completely
//! surrounded by voxels of its own label, background counting as a label.

use super::Labels;
use crate::geometry::Axis;

/// Fills `out` with 1 where a face neighbour has another id, else 0; `known` says where that is certain: a known
/// neighbour differs, or all neighbours are known. Along axes without a margin there are no neighbours.
pub(in crate::loader) fn boundary(labels: &Labels<'_>, out: &mut [u8], known: &mut [u8]) {
    let strides = labels.strides();
    let axes = Axis::ALL.into_iter().filter(|axis| labels.margin[*axis] > 0);
    let steps: Vec<_> = axes.map(|axis| strides[axis] as isize).flat_map(|stride| [-stride, stride]).collect();
    for ((out, known), voxel) in out.iter_mut().zip(known).zip(labels.inner()) {
        let neighbours = || steps.iter().map(|step| voxel.wrapping_add_signed(*step));
        let is_known = |at: usize| labels.known[at] != 0;
        let differs = neighbours().any(|at| is_known(at) && labels.ids[at] != labels.ids[voxel]);
        let certain = is_known(voxel) && (differs || neighbours().all(is_known));
        *out = u8::from(certain && differs);
        *known = u8::from(certain);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Zyx;

    #[test]
    fn both_sides_of_a_border_are_boundary_and_the_unknown_makes_no_border() {
        #[rustfmt::skip]
        let ids = [
            0, 0, 0, 0, 0, 0, 0,
            0, 0, 5, 5, 6, 6, 6,
            0, 0, 0, 5, 5, 6, 6,
        ];
        let mut known = [1; 21];
        known[20] = 0;
        known[6] = 0;
        let labels = Labels { shape: Zyx::new(1, 3, 7), margin: Zyx::new(0, 1, 1), ids: &ids, known: &known };
        let (mut out, mut mask) = ([9; 5], [9; 5]);
        boundary(&labels, &mut out, &mut mask);
        assert_eq!((out, mask), ([1, 1, 1, 1, 1], [1; 5]));
        let rows = [[6_u64; 7], [6; 7], [6; 7]].concat();
        boundary(&Labels { ids: &rows, ..labels }, &mut out, &mut mask);
        assert_eq!((out, mask), ([0; 5], [1; 5]), "no neighbour by a face is unknown");
        let mut hole = known;
        hole[13] = 0;
        boundary(&Labels { ids: &rows, known: &hole, ..labels }, &mut out, &mut mask);
        assert_eq!((out, mask), ([0; 5], [1, 1, 1, 1, 0]));
        // A known neighbour that differs is enough.
        boundary(&Labels { known: &hole, ..labels }, &mut out, &mut mask);
        assert_eq!((out, mask), ([1; 5], [1; 5]));
        // Without a margin along z, what lies above is no neighbour.
        let deep = [[6_u64; 21], [7; 21]].concat();
        let flat = Labels { shape: Zyx::new(2, 3, 7), ids: &deep, known: &[1; 42], ..labels };
        let (mut out, mut mask) = ([9; 10], [9; 10]);
        boundary(&flat, &mut out, &mut mask);
        assert_eq!((out, mask), ([0; 10], [1; 10]));
    }
}
