//! The little vector algebra that the cell's shapes need, in nm and `f32`.
//!
//! Only operations that IEEE 754 rounds the same everywhere (no `sin`, no `exp`): the phantom has the same bytes on
//! every machine.

use crate::geometry::Zyx;

/// A position or direction, nm.
pub(super) type Vec3 = Zyx<f32>;

pub(super) fn dot(a: Vec3, b: Vec3) -> f32 {
    a.z * b.z + a.y * b.y + a.x * b.x
}

pub(super) fn norm(v: Vec3) -> f32 {
    dot(v, v).sqrt()
}

pub(super) fn scaled(v: Vec3, factor: f32) -> Vec3 {
    Vec3::new(v.z * factor, v.y * factor, v.x * factor)
}

/// `v` with length 1; the z axis if `v` has no direction.
pub(super) fn unit(v: Vec3) -> Vec3 {
    let length = norm(v);
    if length > 1e-6 { scaled(v, 1.0 / length) } else { Vec3::new(1.0, 0.0, 0.0) }
}

/// A vector at right angles to both, by the right hand in (z, y, x).
pub(super) fn cross(a: Vec3, b: Vec3) -> Vec3 {
    Vec3::new(a.y * b.x - a.x * b.y, a.x * b.z - a.z * b.x, a.z * b.y - a.y * b.z)
}

/// What is left of `v` when its part along the unit vector `axis` is taken away.
pub(super) fn across(v: Vec3, axis: Vec3) -> Vec3 {
    v - scaled(axis, dot(v, axis))
}

/// The darkness of a membrane at a distance from its middle: 1 there, 0 from `half_width_nm` on, smooth.
pub(super) fn band(distance_nm: f32, half_width_nm: f32) -> f32 {
    let t = distance_nm / half_width_nm;
    let rest = (1.0 - t * t).max(0.0);
    rest * rest
}

/// 0 below `lo`, 1 above `hi`, smooth between.
pub(super) fn ramp(lo: f32, hi: f32, value: f32) -> f32 {
    let t = ((value - lo) / (hi - lo)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// The larger of two distances, rounded over `radius_nm` where they are close: a bevelled intersection.
pub(super) fn smooth_max(a: f32, b: f32, radius_nm: f32) -> f32 {
    let h = (radius_nm - (a - b).abs()).max(0.0) / radius_nm;
    a.max(b) + h * h * radius_nm * 0.25
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cross_is_at_right_angles_to_both() {
        let (a, b) = (Vec3::new(1.0, 2.0, -3.0), Vec3::new(0.5, -1.0, 4.0));
        let c = cross(a, b);
        assert!(dot(a, c).abs() < 1e-5 && dot(b, c).abs() < 1e-5 && norm(c) > 1.0);
        assert!(dot(across(b, unit(a)), a).abs() < 1e-5);
    }

    #[test]
    fn profiles_have_the_ends_they_promise() {
        assert_eq!((band(0.0, 9.0), band(9.0, 9.0), band(-20.0, 9.0)), (1.0, 0.0, 0.0));
        assert_eq!((ramp(1.0, 3.0, 0.0), ramp(1.0, 3.0, 2.0), ramp(1.0, 3.0, 9.0)), (0.0, 0.5, 1.0));
        assert_eq!(smooth_max(1.0, 40.0, 10.0), 40.0);
        assert!(smooth_max(5.0, 5.0, 10.0) > 5.0);
    }
}
