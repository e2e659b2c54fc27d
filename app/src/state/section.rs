//! Where a plane cuts a box that may be turned. Pure.

use microtome_core::geometry::Zyx;
use microtome_render::{SliceView, dot};

use super::orbit::{Corners, EDGES};

/// The outline in which a view's plane cuts a box, in order round it, nm: three to six points, or none where it passes by. A
/// box that only touches the plane from below is not cut, as boxes are half-open.
#[must_use]
pub fn section(corners: &Corners, view: &SliceView) -> Vec<Zyx<f64>> {
    let heights = corners.map(|corner| view.height_nm(corner));
    let mut outline: Vec<Zyx<f64>> = EDGES
        .into_iter()
        .filter(|[a, b]| (heights[*a] > 0.0) != (heights[*b] > 0.0))
        .map(|[a, b]| {
            let mut point = corners[a] + (corners[b] - corners[a]) * (heights[a] / (heights[a] - heights[b]));
            if view.turned.is_none() {
                point[view.normal] = view.center_nm[view.normal];
            }
            point
        })
        .collect();
    let middle = outline.iter().fold(Zyx::splat(0.0), |sum, point| sum + *point) * (1.0 / outline.len().max(1) as f64);
    let (right, down) = (view.right_vector(), view.down_vector());
    // The box is convex: by their direction from its middle the points stand in order.
    let angle = |point: &Zyx<f64>| dot(*point - middle, down).atan2(dot(*point - middle, right));
    outline.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
    outline
}

#[cfg(test)]
mod tests {
    use microtome_core::geometry::{Axis, BoxNm};
    use microtome_render::Basis;

    use super::super::orbit::corners_of_box;
    use super::*;

    fn across(normal: Axis, at_nm: f64) -> SliceView {
        let (center_nm, viewport) = (Zyx::splat(at_nm), [10, 10]);
        SliceView { normal, turned: None, center_nm, nm_per_pixel: 1.0, viewport }
    }

    #[test]
    fn a_box_along_the_axes_is_cut_in_a_rectangle_and_is_half_open() {
        let target = BoxNm::new(Zyx::new(10.0, 0.0, 20.0), Zyx::new(30.0, 5.0, 60.0));
        let corners = corners_of_box(&target);
        let outline = section(&corners, &across(Axis::Z, 12.0));
        let mut seen: Vec<[f64; 3]> = outline.iter().map(|point| point.to_array()).collect();
        seen.sort_by(|a, b| a.partial_cmp(b).unwrap());
        assert_eq!(seen, [[12.0, 0.0, 20.0], [12.0, 0.0, 60.0], [12.0, 5.0, 20.0], [12.0, 5.0, 60.0]]);
        // Round it: each point shares a side with the next.
        for (a, b) in outline.iter().zip(outline.iter().cycle().skip(1)) {
            assert!(a.y == b.y || a.x == b.x, "{outline:?}");
        }
        assert_eq!(section(&corners, &across(Axis::Z, 10.0)).len(), 4);
        assert_eq!(section(&corners, &across(Axis::Z, 30.0)).len(), 0);
        assert_eq!(section(&corners, &across(Axis::Y, -1.0)).len(), 0);
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
            let point = at(parts);
            let turned = Basis::of_axes(Axis::Z).turned(mix(&mut state) * 360.0, mix(&mut state) * 360.0);
            let turned = Some(turned).filter(|_| mix(&mut state) > 0.3);
            let view = SliceView { turned, center_nm: point, ..across(Axis::Z, 0.0) };
            let outline = section(&corners, &view);
            let margin = parts.iter().map(|part| part.min(1.0 - part)).fold(f64::INFINITY, f64::min);
            assert!(outline.len() <= 6 && outline.iter().all(|corner| view.height_nm(*corner).abs() < 1e-9));
            let outline: Vec<[f64; 2]> = outline.iter().map(|corner| view.pixel_from_world(*corner)).collect();
            let [x, y] = view.pixel_from_world(point);
            // Inside of a convex outline: on the same side of all of its sides.
            let sides = outline
                .iter()
                .zip(outline.iter().cycle().skip(1))
                .map(|(from, to)| (to[1] - from[1]) * (x - from[0]) - (to[0] - from[0]) * (y - from[1]));
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
