//! The camera of the 3-D overview: a parallel projection about the middle of the volume, and what lies under a point.

use microtome_core::geometry::{Axis, BoxNm, PatchGrid, Zyx};

/// The eight corners of a box in the world, nm; bit 0 of the index is the far end of x, bit 1 of y, bit 2 of z.
pub type Corners = [Zyx<f64>; 8];

/// The edges of a box, as indices of [`Corners`]: four along x, four along y, four along z.
pub const EDGES: [[usize; 2]; 12] =
    [[0, 1], [2, 3], [4, 5], [6, 7], [0, 2], [1, 3], [4, 6], [5, 7], [0, 4], [1, 5], [2, 6], [3, 7]];

/// The faces of a box, as indices of [`Corners`], each in the order of its outline.
const FACES: [[usize; 4]; 6] = [[0, 1, 3, 2], [4, 5, 7, 6], [0, 1, 5, 4], [2, 3, 7, 6], [0, 2, 6, 4], [1, 3, 7, 5]];

/// From where the overview is seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Orbit {
    /// Turned about the world's y axis, degrees in -180–180; 0 looks along z, as the xy slice does.
    pub yaw_degrees: f64,
    /// Seen from above by so much, degrees in -90–90.
    pub pitch_degrees: f64,
    /// 1: the volume fits, however it is turned; 2 is twice as large.
    pub zoom: f64,
    /// Where the middle of the volume is seen, points right of and below the middle of the view.
    pub shift_points: [f64; 2],
}

impl Default for Orbit {
    fn default() -> Self {
        Self { yaw_degrees: -35.0, pitch_degrees: 25.0, zoom: 1.0, shift_points: [0.0; 2] }
    }
}

impl Orbit {
    /// Least and largest zoom.
    pub const ZOOM: [f64; 2] = [0.25, 200.0];

    /// Turned by a drag of `points` (right, down): what is in front follows the pointer.
    #[must_use]
    pub fn dragged(self, points: [f64; 2]) -> Self {
        const DEGREES_PER_POINT: f64 = 0.4;
        self.turned(-points[0] * DEGREES_PER_POINT, points[1] * DEGREES_PER_POINT)
    }

    /// Turned by degrees; numbers that are not finite change nothing.
    #[must_use]
    pub fn turned(mut self, yaw_degrees: f64, pitch_degrees: f64) -> Self {
        if yaw_degrees.is_finite() && pitch_degrees.is_finite() {
            self.yaw_degrees = (self.yaw_degrees + yaw_degrees + 180.0).rem_euclid(360.0) - 180.0;
            self.pitch_degrees = (self.pitch_degrees + pitch_degrees).clamp(-90.0, 90.0);
        }
        self
    }

    /// Moved sideways by points (right, down).
    #[must_use]
    pub fn moved(mut self, points: [f64; 2]) -> Self {
        if points.iter().all(|p| p.is_finite()) {
            self.shift_points = [self.shift_points[0] + points[0], self.shift_points[1] + points[1]];
        }
        self
    }

    /// Closer by `factor` (2 is twice as large) so that what is seen at `about` (points right of and below the middle)
    /// stays there. A factor that is not positive and finite changes nothing.
    #[must_use]
    pub fn zoomed_about(mut self, about: [f64; 2], factor: f64) -> Self {
        if !(factor.is_finite() && factor > 0.0) {
            return self;
        }
        let [least, largest] = Self::ZOOM;
        let zoom = (self.zoom * factor).clamp(least, largest);
        let grown = zoom / self.zoom;
        self.shift_points = [0, 1].map(|i| about[i] + (self.shift_points[i] - about[i]) * grown);
        self.zoom = zoom;
        self
    }
}

/// An [`Orbit`] about a volume, seen in a view: from world (nm) to points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projection {
    middle_nm: Zyx<f64>,
    middle_points: [f64; 2],
    points_per_nm: f64,
    /// (sine, cosine).
    yaw: (f64, f64),
    pitch: (f64, f64),
}

impl Projection {
    /// The projection of a world around `bounds` into a view of `size` points.
    #[must_use]
    pub fn new(orbit: &Orbit, bounds: &BoxNm, size: [f64; 2]) -> Self {
        // The ball around the volume touches the edges at zoom 1, but for a margin for the words at the axes.
        const SHARE: f64 = 0.92;
        let extent_nm = bounds.extent_nm();
        let diagonal_nm = (extent_nm * extent_nm).to_array().into_iter().sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        let room = size[0].min(size[1]).max(1.0);
        Self {
            middle_nm: bounds.center_nm(),
            middle_points: [0, 1].map(|i| size[i] * 0.5 + orbit.shift_points[i]),
            points_per_nm: orbit.zoom * SHARE * room / diagonal_nm,
            yaw: orbit.yaw_degrees.to_radians().sin_cos(),
            pitch: orbit.pitch_degrees.to_radians().sin_cos(),
        }
    }

    /// Points per nanometre: the same everywhere, because the projection is parallel.
    #[must_use]
    pub const fn points_per_nm(&self) -> f64 {
        self.points_per_nm
    }

    /// Where a world position (nm) is seen: points right of and below the view's upper left corner, and how far away
    /// it is beyond the middle, nm.
    #[must_use]
    pub fn seen(&self, world_nm: Zyx<f64>) -> ([f64; 2], f64) {
        let Zyx { z, y, x } = world_nm - self.middle_nm;
        let right = x * self.yaw.1 + z * self.yaw.0;
        let away = z * self.yaw.1 - x * self.yaw.0;
        let down = y * self.pitch.1 - away * self.pitch.0;
        let depth_nm = y * self.pitch.0 + away * self.pitch.1;
        let scale = self.points_per_nm;
        ([self.middle_points[0] + right * scale, self.middle_points[1] + down * scale], depth_nm)
    }

    /// Where a world position (nm) is seen, points.
    #[must_use]
    pub fn point(&self, world_nm: Zyx<f64>) -> [f64; 2] {
        self.seen(world_nm).0
    }

    /// The corner that is farthest away: its three edges are behind the volume.
    #[must_use]
    pub fn farthest(&self, corners: &Corners) -> usize {
        let depth = |index: &usize| self.seen(corners[*index]).1;
        (0..corners.len()).max_by(|a, b| depth(a).total_cmp(&depth(b))).unwrap_or(0)
    }

    /// Which of the boxes is under a point of the view; of several the one that looks smallest, so that a box inside
    /// another can be reached. A box that is a speck is hit from a few points away.
    #[must_use]
    pub fn pick(&self, at: [f64; 2], boxes: &[Corners]) -> Option<usize> {
        let hits = boxes.iter().enumerate().filter(|(_, corners)| self.is_hit(at, corners));
        hits.min_by(|a, b| self.area(a.1).total_cmp(&self.area(b.1))).map(|(index, _)| index)
    }

    fn is_hit(&self, at: [f64; 2], corners: &Corners) -> bool {
        const REACH: f64 = 5.0;
        let points = corners.map(|corner| self.point(corner));
        // Parallel projections of boxes are convex, and their faces cover them.
        let inside = FACES.iter().any(|face| is_inside(at, face.map(|corner| points[corner])));
        let middle = [0, 1].map(|i| (points[0][i] + points[7][i]) * 0.5);
        inside || (at[0] - middle[0]).hypot(at[1] - middle[1]) <= REACH
    }

    /// Twice the area that a box covers, points².
    fn area(&self, corners: &Corners) -> f64 {
        let points = corners.map(|corner| self.point(corner));
        FACES.iter().map(|[a, b, _, d]| cross(points[*a], points[*b], points[*d]).abs()).sum()
    }
}

/// Twice the signed area of a triangle.
fn cross(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// True if a point is in a convex quadrilateral; one that is seen from its edge has no inside.
fn is_inside(at: [f64; 2], quad: [[f64; 2]; 4]) -> bool {
    let sides = [0, 1, 2, 3].map(|i| cross(quad[i], quad[(i + 1) % 4], at));
    sides.iter().all(|side| *side > 0.0) || sides.iter().all(|side| *side < 0.0)
}

/// The corners of a box along the world's axes, nm.
#[must_use]
pub fn corners_of_box(target: &BoxNm) -> Corners {
    corners(|axis, far| if far { target.hi[axis] } else { target.lo[axis] })
}

/// The corners of a patch, nm: turned, scaled and sheared as it was drawn. A displacement field bends what is between
/// them by a few voxels, which is left out here.
#[must_use]
pub fn corners_of_patch(grid: &PatchGrid) -> Corners {
    let half_nm = grid.shape.map(|n| n as f64 * 0.5) * grid.voxel_size_nm;
    let world_from_offset = grid.world_from_offset();
    corners(|axis, far| if far { half_nm[axis] } else { -half_nm[axis] })
        .map(|offset_nm| grid.center_nm + world_from_offset.apply(offset_nm))
}

/// The outline of the plane across `normal` through a point, cut to a box, nm.
#[must_use]
pub fn plane_outline(bounds: &BoxNm, normal: Axis, through_nm: Zyx<f64>) -> [Zyx<f64>; 4] {
    let mut flat = *bounds;
    (flat.lo[normal], flat.hi[normal]) = (through_nm[normal], through_nm[normal]);
    let corners = corners_of_box(&flat);
    let face = match normal {
        Axis::Z => FACES[0],
        Axis::Y => FACES[2],
        Axis::X => FACES[4],
    };
    face.map(|corner| corners[corner])
}

fn corners(end: impl Fn(Axis, bool) -> f64) -> Corners {
    std::array::from_fn(|index| {
        Zyx::new(end(Axis::Z, index & 4 != 0), end(Axis::Y, index & 2 != 0), end(Axis::X, index & 1 != 0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: BoxNm = BoxNm::new(Zyx::new(0.0, 0.0, 0.0), Zyx::new(100.0, 200.0, 400.0));

    #[test]
    fn straight_ahead_it_looks_like_the_xy_slice() {
        let ahead = Orbit { yaw_degrees: 0.0, pitch_degrees: 0.0, ..Orbit::default() };
        let projection = Projection::new(&ahead, &BOUNDS, [300.0, 200.0]);
        let (at, depth_nm) = projection.seen(Zyx::new(60.0, 110.0, 210.0));
        let scale = projection.points_per_nm();
        assert!((at[0] - (150.0 + 10.0 * scale)).abs() < 1e-9 && (at[1] - (100.0 + 10.0 * scale)).abs() < 1e-9);
        assert!((depth_nm - 10.0).abs() < 1e-9, "larger z is farther away");
    }

    #[test]
    fn what_is_in_front_follows_the_pointer() {
        let before = Orbit { yaw_degrees: 0.0, pitch_degrees: 0.0, ..Orbit::default() };
        let front = Zyx::new(0.0, 100.0, 200.0);
        let at = |orbit: &Orbit| Projection::new(orbit, &BOUNDS, [300.0, 200.0]).point(front);
        let after = before.dragged([10.0, 10.0]);
        assert!(at(&after)[0] > at(&before)[0] && at(&after)[1] > at(&before)[1], "{:?} {:?}", at(&before), at(&after));
    }

    #[test]
    fn a_box_inside_another_can_be_picked() {
        let inner = BoxNm::about(Zyx::new(50.0, 100.0, 200.0), Zyx::splat(30.0));
        let boxes = [corners_of_box(&BOUNDS), corners_of_box(&inner)];
        let projection = Projection::new(&Orbit::default(), &BOUNDS, [300.0, 200.0]);
        assert_eq!(projection.pick([150.0, 100.0], &boxes), Some(1));
        let corner = projection.point(Zyx::new(20.0, 20.0, 20.0));
        assert_eq!(projection.pick(corner, &boxes), Some(0));
        assert_eq!(projection.pick([1.0, 1.0], &boxes), None);
    }
}
