//! The overview's camera holds its promises for any box, turn and zoom.

use microtome::state::orbit::{Orbit, Projection, corners_of_box, corners_of_patch, plane_outline};
use microtome_core::geometry::{Affine, Axis, BoxNm, Orientation, PatchGrid, Warp, Zyx};
use proptest::prelude::*;

fn any_box() -> impl Strategy<Value = BoxNm> {
    let corner = [-1e6..1e6_f64, -1e6..1e6, -1e6..1e6];
    let extent = [1.0..1e6_f64, 1.0..1e6, 1.0..1e6];
    (corner, extent).prop_map(|(lo, extent)| BoxNm::new(Zyx::from(lo), Zyx::from(lo) + Zyx::from(extent)))
}

fn any_orbit() -> impl Strategy<Value = Orbit> {
    (-180.0..180.0_f64, -90.0..90.0_f64, 0.3..100.0_f64, [-400.0..400.0_f64, -400.0..400.0]).prop_map(
        |(yaw_degrees, pitch_degrees, zoom, shift_points)| Orbit { yaw_degrees, pitch_degrees, zoom, shift_points },
    )
}

fn any_size() -> impl Strategy<Value = [f64; 2]> {
    [50.0..2000.0_f64, 50.0..2000.0]
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

proptest! {
    #[test]
    fn the_whole_volume_fits_however_it_is_turned(bounds in any_box(), orbit in any_orbit(), size in any_size()) {
        let orbit = Orbit { zoom: 1.0, shift_points: [0.0; 2], ..orbit };
        let projection = Projection::new(&orbit, &bounds, size);
        for corner in corners_of_box(&bounds) {
            let [right, down] = projection.point(corner);
            prop_assert!((0.0..=size[0]).contains(&right) && (0.0..=size[1]).contains(&down), "{right} {down}");
        }
    }

    #[test]
    fn a_length_is_never_seen_longer_and_depth_makes_up_for_it(
        bounds in any_box(), orbit in any_orbit(), size in any_size(),
    ) {
        let projection = Projection::new(&orbit, &bounds, size);
        let corners = corners_of_box(&bounds);
        // Edges, diagonals of faces, diagonals of the box.
        for (a, b) in [(0, 1), (0, 2), (0, 4), (1, 2), (2, 4), (1, 4), (0, 7), (1, 6), (2, 5)] {
            let ((pa, da), (pb, db)) = (projection.seen(corners[a]), projection.seen(corners[b]));
            let seen_nm = distance(pa, pb) / projection.points_per_nm();
            let extent = corners[b] - corners[a];
            let length_nm = (extent * extent).to_array().into_iter().sum::<f64>().sqrt();
            prop_assert!((seen_nm.hypot(da - db) - length_nm).abs() < 1e-6 * length_nm.max(1.0) * 10.0);
        }
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer(
        bounds in any_box(), orbit in any_orbit(), size in any_size(), factor in 0.1..10.0_f64, share in [0.0..1.0_f64, 0.0..1.0],
    ) {
        let at = Zyx::from_fn(|axis| bounds.lo[axis] + share[usize::from(axis == Axis::X)] * bounds.extent_nm()[axis]);
        let before = Projection::new(&orbit, &bounds, size).point(at);
        let about = [before[0] - size[0] * 0.5, before[1] - size[1] * 0.5];
        let after = Projection::new(&orbit.zoomed_about(about, factor), &bounds, size).point(at);
        prop_assert!(distance(before, after) < 1e-6, "{before:?} {after:?}");
    }

    #[test]
    fn turning_there_and_back_is_nothing(orbit in any_orbit(), yaw in -500.0..500.0_f64) {
        let back = orbit.turned(yaw, 0.0).turned(-yaw, 0.0);
        let off = (back.yaw_degrees - orbit.yaw_degrees).rem_euclid(360.0);
        prop_assert!(off.min(360.0 - off) < 1e-9 && (-180.0..=180.0).contains(&back.yaw_degrees));
        prop_assert!(orbit.turned(0.0, 1e9).pitch_degrees <= 90.0);
        prop_assert_eq!(orbit.turned(f64::NAN, 0.0), orbit);
        prop_assert_eq!(orbit.zoomed_about([0.0; 2], f64::NAN), orbit);
    }

    #[test]
    fn the_middle_of_a_box_picks_it_and_far_away_nothing(bounds in any_box(), orbit in any_orbit(), size in any_size()) {
        let projection = Projection::new(&orbit, &bounds, size);
        let corners = [corners_of_box(&bounds)];
        let middle = projection.point(bounds.center_nm());
        prop_assert_eq!(projection.pick(middle, &corners), Some(0));
        let points = corners[0].map(|corner| projection.point(corner));
        let right = points.iter().map(|p| p[0]).fold(f64::MIN, f64::max);
        prop_assert_eq!(projection.pick([right + 6.0, middle[1]], &corners), None);
    }

    #[test]
    fn the_corners_of_a_patch_span_its_footprint(
        center in [-1e5..1e5_f64, -1e5..1e5, -1e5..1e5], turn in [-180.0..180.0_f64, -180.0..180.0, -180.0..180.0],
    ) {
        let affine = Affine { rotate_degrees: Zyx::from(turn), ..Affine::IDENTITY };
        let grid = PatchGrid {
            center_nm: Zyx::from(center),
            shape: Zyx::new(8, 32, 64),
            voxel_size_nm: Zyx::new(30.0, 8.0, 4.0),
            orientation: Orientation::default(),
            warp: Warp { affine, ..Warp::NONE },
        };
        let corners = corners_of_patch(&grid);
        let footprint = grid.footprint();
        for axis in Axis::ALL {
            let along = corners.map(|corner| corner[axis]);
            let (lo, hi) = along.iter().fold((f64::MAX, f64::MIN), |(lo, hi), v| (lo.min(*v), hi.max(*v)));
            prop_assert!((lo - footprint.lo[axis]).abs() < 1e-6 && (hi - footprint.hi[axis]).abs() < 1e-6);
        }
    }

    #[test]
    fn a_plane_lies_where_the_cursor_is(bounds in any_box(), share in 0.0..1.0_f64) {
        let through = bounds.lo + bounds.extent_nm() * share;
        for normal in Axis::ALL {
            let outline = plane_outline(&bounds, normal, through);
            for (at, corner) in outline.into_iter().enumerate() {
                prop_assert!(!outline[..at].contains(&corner), "four different corners");
                prop_assert_eq!(corner[normal], through[normal]);
                for other in Axis::ALL.into_iter().filter(|axis| *axis != normal) {
                    prop_assert!(corner[other] == bounds.lo[other] || corner[other] == bounds.hi[other]);
                }
            }
        }
    }
}
