//! How the plane of a view lies in the world when it is turned away from the axes.

use microtome_core::geometry::{Axis, Zyx};

/// The directions of a turned plane: unit vectors in the world, perpendicular to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Basis {
    /// What points right on the screen.
    pub right: Zyx<f64>,
    /// What points down on the screen.
    pub down: Zyx<f64>,
}

/// Σ a·b over the axes.
#[must_use]
pub fn dot(a: Zyx<f64>, b: Zyx<f64>) -> f64 {
    a.zip_map(b, |a, b| a * b).to_array().into_iter().sum()
}

/// The unit vector along an axis.
pub(crate) fn along(axis: Axis) -> Zyx<f64> {
    Zyx::from_fn(|other| if other == axis { 1.0 } else { 0.0 })
}

fn cross(a: Zyx<f64>, b: Zyx<f64>) -> Zyx<f64> {
    Zyx::new(a.x * b.y - a.y * b.x, a.z * b.x - a.x * b.z, a.y * b.z - a.z * b.y)
}

fn unit(v: Zyx<f64>) -> Option<Zyx<f64>> {
    let length = dot(v, v).sqrt();
    (length.is_finite() && length > 1e-12).then(|| v * (1.0 / length))
}

impl Basis {
    /// The plane across `normal` as it lies along the axes.
    #[must_use]
    pub fn of_axes(normal: Axis) -> Self {
        let (right, down) = match normal {
            Axis::Z => (Axis::X, Axis::Y),
            Axis::Y => (Axis::X, Axis::Z),
            Axis::X => (Axis::Z, Axis::Y),
        };
        Self { right: along(right), down: along(down) }
    }

    /// The plane turned by `about_down_degrees` about what points down (positive: its right side goes away from the
    /// viewer), then by `about_right_degrees` about what then points right (positive: its lower side goes away).
    ///
    /// Rounding does not add up: the vectors are made unit and perpendicular again (Gram and Schmidt).
    #[must_use]
    pub fn turned(&self, about_down_degrees: f64, about_right_degrees: f64) -> Self {
        let mix = |a: Zyx<f64>, b: Zyx<f64>, degrees: f64| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            a * cos + b * sin
        };
        let right = mix(self.right, self.away(), about_down_degrees);
        let turned = Self { right, down: self.down };
        let down = mix(self.down, turned.away(), about_right_degrees);
        let Some(right) = unit(right) else { return *self };
        let Some(down) = unit(down - right * dot(down, right)) else { return *self };
        Self { right, down }
    }

    /// The unit vector from the viewer into the screen.
    fn away(&self) -> Zyx<f64> {
        cross(self.right, self.down)
    }

    /// The plane's unit normal, on the side where the axis `normal` pointed before the plane was turned.
    #[must_use]
    pub fn normal(&self, normal: Axis) -> Zyx<f64> {
        // Right, down and away are x, y, z in the xy view; the other two views are seen from the far side.
        self.away() * if normal == Axis::Z { 1.0 } else { -1.0 }
    }

    /// How far the plane is turned away from the axis `normal`, 0–180 degrees.
    #[must_use]
    pub fn degrees_from(&self, normal: Axis) -> f64 {
        dot(self.normal(normal), along(normal)).clamp(-1.0, 1.0).acos().to_degrees()
    }

    /// True if the vectors are unit and perpendicular, to rounding.
    pub(crate) fn is_orthonormal(&self) -> bool {
        let is = |value: f64, expected: f64| (value - expected).abs() < 1e-6;
        is(dot(self.right, self.right), 1.0)
            && is(dot(self.down, self.down), 1.0)
            && is(dot(self.right, self.down), 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_along_the_axes_has_the_axis_as_its_normal() {
        for normal in Axis::ALL {
            let basis = Basis::of_axes(normal);
            assert_eq!(basis.normal(normal), along(normal));
            assert_eq!(basis.degrees_from(normal), 0.0);
        }
    }

    #[test]
    fn turning_by_parts_is_turning_at_once_and_stays_perpendicular() {
        let start = Basis::of_axes(Axis::Y);
        let mut parts = start;
        for _ in 0..24_000 {
            parts = parts.turned(15.0 / 1000.0, 0.0);
        }
        assert!(parts.is_orthonormal());
        assert!(dot(parts.right, start.right) > 1.0 - 1e-9, "all the way round: {parts:?}");
        let quarter = start.turned(90.0, 0.0);
        assert!((quarter.degrees_from(Axis::Y) - 90.0).abs() < 1e-9 && quarter.down == start.down);
        assert!((start.turned(0.0, -30.0).degrees_from(Axis::Y) - 30.0).abs() < 1e-9);
    }
}
