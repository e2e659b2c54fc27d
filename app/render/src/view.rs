//! One view of the world as plain numbers: which plane, how large, and the maths between pixels and nm.

use microtome_core::geometry::{Axis, Zyx};

use crate::basis::{Basis, along, dot};

/// Finest zoom, nm per pixel: a thousandth of the smallest voxel in use.
const MIN_NM_PER_PIXEL: f64 = 1e-3;
/// Coarsest zoom, nm per pixel: a metre on a screen.
const MAX_NM_PER_PIXEL: f64 = 1e6;

/// A plane through the world, seen through a viewport.
///
/// Pixel coordinates are physical pixels, (right, down) from the viewport's upper left corner; pixel `i` covers
/// `i..i+1` and has its centre at `i + 0.5`. `center_nm` is seen at the middle of the viewport.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SliceView {
    /// The axis that the plane is perpendicular to: z for the xy view. Of a turned one, the axis that it was turned from.
    pub normal: Axis,
    /// How the plane lies when it is turned about `center_nm`; `None` along the axes.
    pub turned: Option<Basis>,
    /// World position at the middle of the viewport, nm; its component along `normal` is the plane's position.
    pub center_nm: Zyx<f64>,
    /// Zoom, nm per physical pixel, positive.
    pub nm_per_pixel: f64,
    /// Width and height, physical pixels.
    pub viewport: [u32; 2],
}

impl SliceView {
    /// The world axis that points right on the screen.
    ///
    /// xy and xz views have x to the right; the yz view has z to the right, so that it lines up beside the xy view.
    #[must_use]
    pub const fn right(&self) -> Axis {
        match self.normal {
            Axis::Z | Axis::Y => Axis::X,
            Axis::X => Axis::Z,
        }
    }

    /// The world axis that points down on the screen.
    #[must_use]
    pub const fn down(&self) -> Axis {
        match self.normal {
            Axis::Z | Axis::X => Axis::Y,
            Axis::Y => Axis::Z,
        }
    }

    /// What points right on the screen: a unit vector in the world.
    #[must_use]
    pub fn right_vector(&self) -> Zyx<f64> {
        self.turned.map_or_else(|| along(self.right()), |basis| basis.right)
    }

    /// What points down on the screen: a unit vector in the world.
    #[must_use]
    pub fn down_vector(&self) -> Zyx<f64> {
        self.turned.map_or_else(|| along(self.down()), |basis| basis.down)
    }

    /// The plane's unit normal; along the axes it points where their numbers grow.
    #[must_use]
    pub fn normal_vector(&self) -> Zyx<f64> {
        self.turned.map_or_else(|| along(self.normal), |basis| basis.normal(self.normal))
    }

    /// How far a point lies above the plane, nm: negative on the other side.
    #[must_use]
    pub fn height_nm(&self, world_nm: Zyx<f64>) -> f64 {
        match self.turned {
            None => world_nm[self.normal] - self.center_nm[self.normal],
            Some(_) => dot(world_nm - self.center_nm, self.normal_vector()),
        }
    }

    /// World position (nm) on the plane under a pixel position.
    #[must_use]
    pub fn world_from_pixel(&self, pixel: [f64; 2]) -> Zyx<f64> {
        if let Some(basis) = self.turned {
            let from_middle =
                [0, 1].map(|side| (pixel[side] - f64::from(self.viewport[side]) * 0.5) * self.nm_per_pixel);
            return self.center_nm + basis.right * from_middle[0] + basis.down * from_middle[1];
        }
        let mut world_nm = self.center_nm;
        for (axis, pixel, middle) in self.in_plane(pixel) {
            world_nm[axis] += (pixel - middle) * self.nm_per_pixel;
        }
        world_nm
    }

    /// Pixel position of a world position (nm), projected along the normal.
    #[must_use]
    pub fn pixel_from_world(&self, world_nm: Zyx<f64>) -> [f64; 2] {
        if let Some(basis) = self.turned {
            let offset_nm = world_nm - self.center_nm;
            let pixel = |direction, side: usize| {
                dot(offset_nm, direction) / self.nm_per_pixel + f64::from(self.viewport[side]) * 0.5
            };
            return [pixel(basis.right, 0), pixel(basis.down, 1)];
        }
        [(self.right(), 0), (self.down(), 1)].map(|(axis, i)| self.pixel_along(axis, i, world_nm[axis]))
    }

    /// The same plane moved by a drag of `pixels` (right, down): what was under the pointer stays under it.
    #[must_use]
    pub fn panned(mut self, pixels: [f64; 2]) -> Self {
        let by_nm = self.right_vector() * pixels[0] + self.down_vector() * pixels[1];
        self.center_nm = self.center_nm - by_nm * self.nm_per_pixel;
        self
    }

    /// The plane moved along its normal by `distance_nm`.
    #[must_use]
    pub fn scrolled(mut self, distance_nm: f64) -> Self {
        self.center_nm = self.center_nm + self.normal_vector() * distance_nm;
        self
    }

    /// Zoomed in by `factor` (2 doubles the size on screen) about a pixel position, whose world position stays put.
    ///
    /// A factor that is not positive and finite changes nothing.
    #[must_use]
    pub fn zoomed_about(mut self, pixel: [f64; 2], factor: f64) -> Self {
        if !(factor.is_finite() && factor > 0.0) {
            return self;
        }
        let held = self.world_from_pixel(pixel);
        self.nm_per_pixel = (self.nm_per_pixel / factor).clamp(MIN_NM_PER_PIXEL, MAX_NM_PER_PIXEL);
        let moved = self.world_from_pixel(pixel);
        self.center_nm = self.center_nm + held - moved;
        self
    }

    /// The view that shows all of `extent_nm` about `center_nm`, with a margin of 2 %.
    #[must_use]
    pub fn fitted(normal: Axis, center_nm: Zyx<f64>, extent_nm: Zyx<f64>, viewport: [u32; 2]) -> Self {
        const MARGIN: f64 = 1.02;
        let mut view = Self { normal, turned: None, center_nm, nm_per_pixel: 1.0, viewport };
        let scale = |axis: Axis, pixels: u32| extent_nm[axis] * MARGIN / f64::from(pixels.max(1));
        let needed = scale(view.right(), viewport[0]).max(scale(view.down(), viewport[1]));
        view.nm_per_pixel =
            if needed.is_finite() { needed.clamp(MIN_NM_PER_PIXEL, MAX_NM_PER_PIXEL) } else { MAX_NM_PER_PIXEL };
        view
    }

    /// Pixel position along one of the two screen directions (0 right, 1 down) of a world coordinate, nm.
    pub(crate) fn pixel_along(&self, axis: Axis, direction: usize, world_nm: f64) -> f64 {
        (world_nm - self.center_nm[axis]) / self.nm_per_pixel + f64::from(self.viewport[direction]) * 0.5
    }

    /// True if every number is usable; anything else draws nothing.
    pub(crate) fn is_drawable(&self) -> bool {
        self.nm_per_pixel.is_finite()
            && self.nm_per_pixel > 0.0
            && self.center_nm.all(f64::is_finite)
            && self.turned.is_none_or(|basis| basis.is_orthonormal())
            && self.viewport.iter().all(|side| *side > 0)
    }

    fn in_plane(&self, pixel: [f64; 2]) -> [(Axis, f64, f64); 2] {
        let middle = self.viewport.map(|side| f64::from(side) * 0.5);
        [(self.right(), pixel[0], middle[0]), (self.down(), pixel[1], middle[1])]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(normal: Axis) -> SliceView {
        SliceView {
            normal,
            turned: None,
            center_nm: Zyx::new(100.0, 200.0, 300.0),
            nm_per_pixel: 4.0,
            viewport: [80, 60],
        }
    }

    #[test]
    fn the_yz_view_lines_up_beside_the_xy_view() {
        let (xy, yz, xz) = (view(Axis::Z), view(Axis::X), view(Axis::Y));
        assert_eq!((xy.right(), xy.down()), (Axis::X, Axis::Y));
        assert_eq!((yz.right(), yz.down()), (Axis::Z, Axis::Y));
        assert_eq!((xz.right(), xz.down()), (Axis::X, Axis::Z));
    }

    #[test]
    fn the_centre_is_in_the_middle_and_a_pixel_is_so_many_nanometres() {
        let v = view(Axis::X);
        assert_eq!(v.pixel_from_world(v.center_nm), [40.0, 30.0]);
        assert_eq!(v.world_from_pixel([41.0, 28.0]), Zyx::new(104.0, 192.0, 300.0));
    }

    #[test]
    fn what_is_dragged_follows_the_pointer() {
        let v = view(Axis::Z);
        let held = v.world_from_pixel([10.0, 20.0]);
        assert_eq!(v.panned([5.0, -3.0]).pixel_from_world(held), [15.0, 17.0]);
    }

    #[test]
    fn a_useless_zoom_factor_changes_nothing() {
        let v = view(Axis::Y);
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(v.zoomed_about([1.0, 2.0], factor), v);
        }
    }

    #[test]
    fn a_fitted_view_contains_the_box() {
        let extent = Zyx::new(1000.0, 4000.0, 100.0);
        for normal in Axis::ALL {
            let v = SliceView::fitted(normal, Zyx::splat(50.0), extent, [300, 200]);
            for corner in [Zyx::splat(50.0) - extent * 0.5, Zyx::splat(50.0) + extent * 0.5] {
                let [right, down] = v.pixel_from_world(corner);
                assert!((0.0..=300.0).contains(&right) && (0.0..=200.0).contains(&down), "{normal:?} {right} {down}");
            }
        }
    }
}
