//! Where a plane cuts a box that may be turned. Pure.

use microtome_core::geometry::{Axis, Zyx};

use super::orbit::{Corners, EDGES};

/// The outline in which the plane across `normal` at `at_nm` cuts a box, in order round it, nm: three to six points, or none
/// where it passes by. A box that only touches the plane from below is not cut, as boxes are half-open.
#[must_use]
pub fn section(corners: &Corners, normal: Axis, at_nm: f64) -> Vec<Zyx<f64>> {
    let is_above = |corner: &Zyx<f64>| corner[normal] > at_nm;
    let mut outline: Vec<Zyx<f64>> = EDGES
        .into_iter()
        .map(|[a, b]| (corners[a], corners[b]))
        .filter(|(a, b)| is_above(a) != is_above(b))
        .map(|(a, b)| {
            let part = (at_nm - a[normal]) / (b[normal] - a[normal]);
            let mut point = a + (b - a) * part;
            point[normal] = at_nm;
            point
        })
        .collect();
    let middle = outline.iter().fold(Zyx::splat(0.0), |sum, point| sum + *point) * (1.0 / outline.len().max(1) as f64);
    let [u, v] = in_plane(normal);
    // The box is convex: by their direction from its middle the points stand in order.
    let angle = |point: &Zyx<f64>| (point[v] - middle[v]).atan2(point[u] - middle[u]);
    outline.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
    outline
}

/// The other two axes.
const fn in_plane(normal: Axis) -> [Axis; 2] {
    match normal {
        Axis::Z => [Axis::Y, Axis::X],
        Axis::Y => [Axis::Z, Axis::X],
        Axis::X => [Axis::Z, Axis::Y],
    }
}

#[cfg(test)]
mod tests {
    use microtome_core::geometry::BoxNm;

    use super::super::orbit::corners_of_box;
    use super::*;

    #[test]
    fn a_box_along_the_axes_is_cut_in_a_rectangle_and_is_half_open() {
        let target = BoxNm::new(Zyx::new(10.0, 0.0, 20.0), Zyx::new(30.0, 5.0, 60.0));
        let corners = corners_of_box(&target);
        let outline = section(&corners, Axis::Z, 12.0);
        let mut seen: Vec<[f64; 3]> = outline.iter().map(|point| point.to_array()).collect();
        seen.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(seen, [[12.0, 0.0, 20.0], [12.0, 0.0, 60.0], [12.0, 5.0, 20.0], [12.0, 5.0, 60.0]]);
        // Round it: each point shares a side with the next.
        for (a, b) in outline.iter().zip(outline.iter().cycle().skip(1)) {
            assert!(a.y == b.y || a.x == b.x, "{outline:?}");
        }
        assert_eq!(section(&corners, Axis::Z, 10.0).len(), 4);
        assert_eq!(section(&corners, Axis::Z, 30.0).len(), 0);
        assert_eq!(section(&corners, Axis::Y, -1.0).len(), 0);
    }

    /// Numbers in 0–1 (splitmix64, <https://prng.di.unimi.it/splitmix64.c>).
    fn mix(state: &mut u64) -> f64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    #[test]
    fn a_point_of_the_plane_is_inside_of_the_outline_where_it_is_inside_of_the_box() {
        let (mut state, mut inside) = (1, 0);
        for _ in 0..2000 {
            let axes: [Zyx<f64>; 3] =
                std::array::from_fn(|_| Zyx::splat(0.0).map(|_: f64| mix(&mut state) * 20.0 - 10.0));
            let parts: [f64; 3] = std::array::from_fn(|_| mix(&mut state) * 1.4 - 0.2);
            let at = |parts: [f64; 3]| (0..3).fold(Zyx::splat(0.0), |sum, k| sum + axes[k] * parts[k]);
            let corners: Corners = std::array::from_fn(|i| at([0, 1, 2].map(|k| f64::from((i >> k & 1) as u8))));
            let (point, outline) = (at(parts), section(&corners, Axis::Z, at(parts).z));
            let margin = parts.iter().map(|part| part.min(1.0 - part)).fold(f64::INFINITY, f64::min);
            assert!(outline.len() <= 6 && outline.iter().all(|corner| corner.z == point.z));
            // Inside of a convex outline: on the same side of all of its sides.
            let sides = outline
                .iter()
                .zip(outline.iter().cycle().skip(1))
                .map(|(from, to)| (to.y - from.y) * (point.x - from.x) - (to.x - from.x) * (point.y - from.y));
            let sides: Vec<f64> = sides.collect();
            let one_side = sides.iter().all(|side| *side > 0.0) || sides.iter().all(|side| *side < 0.0);
            if margin.abs() > 1e-6 {
                assert_eq!(sides.len() >= 3 && one_side, margin > 0.0, "{outline:?} {point:?}");
                inside += u32::from(margin > 0.0);
            }
        }
        assert!((500..1500).contains(&inside), "both kinds of points: {inside}");
    }
}
