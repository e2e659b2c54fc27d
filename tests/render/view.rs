//! Properties of the maths between pixels and nanometres.

use microtome_core::geometry::{Axis, Zyx};
use microtome_render::{Basis, SliceView};
use proptest::prelude::*;

fn zyx(range: std::ops::Range<f64>) -> impl Strategy<Value = Zyx<f64>> {
    prop::array::uniform3(range).prop_map(Zyx::from)
}

pub fn view() -> impl Strategy<Value = SliceView> {
    let normal = prop::sample::select(Axis::ALL.to_vec());
    let angles = prop::option::of((-180.0..180.0_f64, -180.0..180.0_f64));
    (normal, angles, zyx(-1e6..1e6), -3.0..8.0_f64, 1..3000_u32, 1..2000_u32).prop_map(
        |(normal, angles, center_nm, zoom, width, height)| SliceView {
            normal,
            turned: angles.map(|(down, right)| Basis::of_axes(normal).turned(down, right)),
            center_nm,
            nm_per_pixel: zoom.exp2(),
            viewport: [width, height],
        },
    )
}

fn pixel() -> impl Strategy<Value = [f64; 2]> {
    prop::array::uniform2(-500.0..3500.0_f64)
}

fn close(a: [f64; 2], b: [f64; 2]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pixel_to_world_and_back(view in view(), pixel in pixel()) {
        let world_nm = view.world_from_pixel(pixel);
        prop_assert!(close(view.pixel_from_world(world_nm), pixel));
        prop_assert!(view.height_nm(world_nm).abs() < 1e-6);
    }

    #[test]
    fn zooming_holds_what_is_under_the_pointer(view in view(), pixel in pixel(), factor in 0.01..100.0_f64) {
        let held = view.world_from_pixel(pixel);
        let zoomed = view.zoomed_about(pixel, factor);
        prop_assert!(close(zoomed.pixel_from_world(held), pixel), "{:?}", zoomed.pixel_from_world(held));
        prop_assert!(view.height_nm(zoomed.center_nm).abs() < 1e-6);
    }

    #[test]
    fn zooming_in_and_out_comes_back(view in view(), pixel in pixel(), factor in 0.5..2.0_f64) {
        let back = view.zoomed_about(pixel, factor).zoomed_about(pixel, 1.0 / factor);
        prop_assert!((back.nm_per_pixel / view.nm_per_pixel - 1.0).abs() < 1e-9);
        prop_assert!((back.center_nm - view.center_nm).all(|d| d.abs() < 1e-5 * view.nm_per_pixel.max(1.0)));
    }

    #[test]
    fn a_drag_moves_the_world_with_the_pointer(view in view(), pixel in pixel(), drag in pixel()) {
        let held = view.world_from_pixel(pixel);
        let expected = [pixel[0] + drag[0], pixel[1] + drag[1]];
        prop_assert!(close(view.panned(drag).pixel_from_world(held), expected));
    }

    #[test]
    fn scrolling_changes_the_plane_alone(view in view(), distance_nm in -1e4..1e4_f64, pixel in pixel()) {
        let moved = view.scrolled(distance_nm).world_from_pixel(pixel) - view.world_from_pixel(pixel);
        prop_assert!((moved - view.normal_vector() * distance_nm).all(|off| off.abs() < 1e-6));
    }
}
