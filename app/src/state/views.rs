//! Where the three linked slices look: one cursor, one centre, one zoom.

use microtome_core::geometry::{Axis, BoxNm, Zyx};
use microtome_render::{Basis, SliceView, dot};

use super::orbit::Orbit;
use super::{Arrangement, Ruler, Side};

/// A slice on the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Viewport {
    /// Width and height, points.
    pub points: [f32; 2],
    /// Width and height, physical pixels.
    pub pixels: [u32; 2],
    /// It was painted in the last frame.
    pub visible: bool,
}

/// The linked slices. The slice across an axis lies at the cursor's position on that axis; panning moves the shared
/// centre, zooming the shared scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Views {
    /// The shared cursor, nm: where the crosshair is.
    pub cursor_nm: Zyx<f64>,
    /// What is in the middle of each view, nm.
    pub center_nm: Zyx<f64>,
    /// Slices that are turned away from the axes, about the cursor, by the axis that they were turned from.
    pub turned: Zyx<Option<Basis>>,
    /// Nanometres per point on the screen (a point is a pixel on an ordinary screen).
    pub nm_per_point: f64,
    /// The slice that keys act on: the last one that the pointer was over, by its normal.
    pub active: Axis,
    /// The pointer's position in the world and the slice it is over.
    pub hover_nm: Option<Zyx<f64>>,
    /// The part of the slice that the pointer was last over.
    pub hover_side: Side,
    /// Which views there are.
    pub arrangement: Arrangement,
    /// The slice that is there where one alone is.
    pub single: Axis,
    /// Each slice on the screen, by normal; as last drawn.
    pub viewport: Zyx<Viewport>,
    /// The distance measured last.
    pub ruler: Option<Ruler>,
    /// From where the 3-D overview is seen.
    pub orbit: Orbit,
    /// Keys act on the overview, not on a slice: the pointer was last over it.
    pub overview_active: bool,
    /// A new dataset wants to be fitted as soon as the viewports are known.
    pub fit_pending: bool,
}

impl Default for Views {
    fn default() -> Self {
        Self {
            cursor_nm: Zyx::splat(0.0),
            center_nm: Zyx::splat(0.0),
            turned: Zyx::splat(None),
            nm_per_point: 8.0,
            active: Axis::Z,
            hover_nm: None,
            hover_side: Side::default(),
            arrangement: Arrangement::default(),
            single: Axis::Z,
            viewport: Zyx::splat(Viewport { points: [0.0; 2], pixels: [0; 2], visible: false }),
            ruler: None,
            orbit: Orbit::default(),
            overview_active: false,
            fit_pending: false,
        }
    }
}

impl Views {
    /// The world axes to the right and down in the slice across `normal`: xy, xz, and for yz z to the right, so that y
    /// lines up with the xy slice beside it.
    #[must_use]
    pub const fn plane_axes(normal: Axis) -> (Axis, Axis) {
        match normal {
            Axis::Z => (Axis::X, Axis::Y),
            Axis::Y => (Axis::X, Axis::Z),
            Axis::X => (Axis::Z, Axis::Y),
        }
    }

    /// The slice across `normal` in physical pixels: through the cursor, at the shared centre otherwise.
    #[must_use]
    pub fn slice_view(&self, normal: Axis) -> SliceView {
        let viewport = self.viewport[normal];
        let turned = self.turned[normal];
        let mut center_nm = self.center_nm;
        match turned {
            None => center_nm[normal] = self.cursor_nm[normal],
            // The cursor stays where it is on the screen.
            Some(basis) => {
                let (right, down) = Self::plane_axes(normal);
                let offset_nm = self.center_nm - self.cursor_nm;
                center_nm = self.cursor_nm + basis.right * offset_nm[right] + basis.down * offset_nm[down];
            }
        }
        let points = f64::from(viewport.points[0].max(1.0));
        let pixels = f64::from(viewport.pixels[0].max(1));
        SliceView {
            normal,
            turned,
            center_nm,
            nm_per_pixel: self.nm_per_point * points / pixels,
            viewport: viewport.pixels,
        }
    }

    /// The point that would be seen where `world_nm` (nm, in the plane) is, if the slice across `normal` lay along the axes.
    #[must_use]
    pub fn straightened(&self, normal: Axis, world_nm: Zyx<f64>) -> Zyx<f64> {
        let Some(basis) = self.turned[normal] else { return world_nm };
        let (right, down) = Self::plane_axes(normal);
        let offset_nm = world_nm - self.cursor_nm;
        let mut straight = self.cursor_nm;
        straight[right] += dot(offset_nm, basis.right);
        straight[down] += dot(offset_nm, basis.down);
        straight
    }

    /// Turns a slice about the cursor: about what points down on the screen, then about what points right, degrees.
    pub fn turn(&mut self, normal: Axis, about_down_degrees: f64, about_right_degrees: f64) {
        let basis = self.turned[normal].unwrap_or_else(|| Basis::of_axes(normal));
        self.turned[normal] = Some(basis.turned(about_down_degrees, about_right_degrees));
    }

    /// Slices that are painted in this frame will say so again.
    pub fn begin_frame(&mut self) {
        for axis in Axis::ALL {
            self.viewport[axis].visible = false;
        }
    }

    /// Another dataset: the overview shows it as a new user sees it, and nothing is measured yet.
    pub fn begin_dataset(&mut self) {
        self.orbit = Orbit::default();
        self.ruler = None;
        self.turned = Zyx::splat(None);
    }

    /// True if at least one slice is on the screen.
    #[must_use]
    pub fn any_visible(&self) -> bool {
        self.viewport.any(|viewport| viewport.visible)
    }

    /// Centres everything on `target` and chooses the zoom at which it fits every slice with a margin.
    pub fn fit(&mut self, target: &BoxNm) {
        const MARGIN: f64 = 1.06;
        self.cursor_nm = target.center_nm();
        self.center_nm = self.cursor_nm;
        let extent_nm = target.extent_nm();
        let mut needed = 0.0_f64;
        for normal in Axis::ALL {
            let (right, down) = Self::plane_axes(normal);
            let [width, height] = self.viewport[normal].points.map(f64::from);
            if self.viewport[normal].visible && width > 1.0 && height > 1.0 {
                needed = needed.max(extent_nm[right] / width).max(extent_nm[down] / height);
            }
        }
        if needed > 0.0 {
            self.nm_per_point = needed * MARGIN;
        }
    }

    /// Changes the zoom only if a box would not fit, or would be a speck: then it fills a part of the smallest slice.
    pub fn show_whole(&mut self, target: &BoxNm) {
        const SHARE: f64 = 0.5;
        const SPECK: f64 = 0.1;
        let shown = self.viewport.to_array().into_iter().filter(|viewport| viewport.visible);
        let smallest = shown.flat_map(|viewport| viewport.points).fold(f32::MAX, f32::min);
        let extent_nm = target.extent_nm().to_array().into_iter().fold(0.0, f64::max);
        let points = extent_nm / self.nm_per_point;
        let room = f64::from(smallest);
        if room > 1.0 && room < f64::from(f32::MAX) && extent_nm > 0.0 && !(room * SPECK..=room).contains(&points) {
            self.nm_per_point = extent_nm / (room * SHARE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views(points: [f32; 2]) -> Views {
        let pixels = points.map(|p| (p * 2.0) as u32);
        Views { viewport: Zyx::splat(Viewport { points, pixels, visible: true }), ..Views::default() }
    }

    #[test]
    fn a_fitted_box_is_inside_every_slice() {
        let target = BoxNm::new(Zyx::new(-100.0, 0.0, 50.0), Zyx::new(900.0, 5000.0, 350.0));
        let mut views = views([300.0, 200.0]);
        views.fit(&target);
        for normal in Axis::ALL {
            let view = views.slice_view(normal);
            for corner in [target.lo, target.hi] {
                let [right, down] = view.pixel_from_world(corner);
                assert!((0.0..=600.0).contains(&right) && (0.0..=400.0).contains(&down), "{normal:?} {right} {down}");
            }
        }
    }

    #[test]
    fn a_box_that_can_be_seen_keeps_the_zoom() {
        let mut views = views([300.0, 300.0]);
        views.nm_per_point = 8.0;
        views.show_whole(&BoxNm::new(Zyx::splat(0.0), Zyx::splat(1000.0)));
        assert_eq!(views.nm_per_point, 8.0);
        views.show_whole(&BoxNm::new(Zyx::splat(0.0), Zyx::splat(100_000.0)));
        assert!(100_000.0 / views.nm_per_point < 300.0);
        views.show_whole(&BoxNm::new(Zyx::splat(0.0), Zyx::splat(10.0)));
        assert!(10.0 / views.nm_per_point > 30.0);
    }
}
