//! A linear map taken apart into what a patch is turned by: an orientation, and rotation, shear and scale.

use super::{Affine, Axis, LinearZyx, Orientation, Shear, Zyx};

/// Entries that differ from 0, 1 or -1 by no more are noise of sines and cosines.
const NOISE: f64 = 1e-12;

impl LinearZyx {
    /// The orientation and the affine whose product `affine ∘ orientation` is this map.
    ///
    /// A map that only permutes and mirrors axes is an orientation alone, so that what it turns is copied and not resampled;
    /// of every other map the affine has all but a mirror of x. `None` if the map is flat or not finite.
    #[must_use]
    pub fn decompose(&self) -> Option<(Orientation, Affine)> {
        if let Some(orientation) = self.as_orientation() {
            return Some((orientation, Affine::IDENTITY));
        }
        let column = |j: usize| [0, 1, 2].map(|i| self.rows[i][j]);
        let (z, y, x) = (column(0), column(1), column(2));
        let is_mirrored = dot(z, cross(y, x)) < 0.0;
        let x = if is_mirrored { x.map(|v| -v) } else { x };
        let (affine, turned) = without_rotation([z, y, x])?;
        let mirror = Zyx::new(false, false, is_mirrored);
        Some((Orientation { mirror, ..Orientation::IDENTITY }, Affine { rotate_degrees: angles(&turned), ..affine }))
    }

    /// The orientation that this map is, if it is one.
    fn as_orientation(&self) -> Option<Orientation> {
        let (mut source, mut mirror) = (Orientation::IDENTITY.source, Zyx::splat(false));
        let mut used = [false; 3];
        for axis in Axis::ALL {
            let entries = Axis::ALL.map(|world| self.rows[world.index()][axis.index()]);
            let world = Axis::ALL.into_iter().find(|world| (entries[world.index()].abs() - 1.0).abs() <= NOISE)?;
            let is_zero = |other: Axis| other == world || entries[other.index()].abs() <= NOISE;
            if std::mem::replace(&mut used[world.index()], true) || !Axis::ALL.into_iter().all(is_zero) {
                return None;
            }
            (source[axis], mirror[axis]) = (world, entries[world.index()] < 0.0);
        }
        Some(Orientation { source, mirror })
    }
}

/// Shear and scale of a map of these columns, and the rotation after them (rows): Gram-Schmidt from the last column on,
/// because scale and shear are lower triangular.
fn without_rotation([z, y, x]: [[f64; 3]; 3]) -> Option<(Affine, [[f64; 3]; 3])> {
    let (sx, qx) = unit(x)?;
    let yx = dot(qx, y);
    let (sy, qy) = unit(minus(y, qx, yx))?;
    let (zy, zx) = (dot(qy, z), dot(qx, z));
    let (sz, qz) = unit(minus(minus(z, qy, zy), qx, zx))?;
    let shear = Shear { zy: zy / sz, zx: zx / sz, yx: yx / sy };
    let affine = Affine { scale: Zyx::new(sz, sy, sx), shear, ..Affine::IDENTITY };
    Some((affine, [0, 1, 2].map(|i| [qz[i], qy[i], qx[i]])))
}

/// Degrees about z, then y, then x, of a rotation; about x none where that cannot be told from z.
fn angles(q: &[[f64; 3]; 3]) -> Zyx<f64> {
    let across = libm::hypot(q[0][0], q[1][0]);
    let y = libm::atan2(q[2][0], across);
    let (z, x) = if across > NOISE {
        (libm::atan2(-q[2][1], q[2][2]), libm::atan2(-q[1][0], q[0][0]))
    } else {
        (libm::atan2(q[1][2], q[1][1]), 0.0)
    };
    Zyx::new(z, y, x).map(f64::to_degrees)
}

/// Length and direction; `None` for what has none.
fn unit(v: [f64; 3]) -> Option<(f64, [f64; 3])> {
    let length = libm::sqrt(dot(v, v));
    (length.is_normal()).then(|| (length, v.map(|value| value / length)))
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// `v` without `times` of `direction`.
fn minus(v: [f64; 3], direction: [f64; 3], times: f64) -> [f64; 3] {
    [0, 1, 2].map(|i| v[i] - times * direction[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn composed((orientation, affine): (Orientation, Affine)) -> LinearZyx {
        affine.world_from_unwarped().after(&orientation.world_from_patch())
    }

    fn assert_near(found: &LinearZyx, expected: &LinearZyx) {
        for (found, expected) in found.rows.iter().flatten().zip(expected.rows.iter().flatten()) {
            assert!((found - expected).abs() < 1e-9, "{found:?}, not {expected:?}");
        }
    }

    #[test]
    fn parameters_come_back_from_their_map() {
        for (rotate, scale, shear, mirror) in [
            ([20.0, -50.0, 130.0], [0.9, 1.1, 1.2], [0.1, -0.2, 0.3], false),
            ([-170.0, 80.0, 5.0], [2.0, 0.5, 1.0], [0.0, 0.0, 0.0], true),
            ([33.0, 90.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.4, 0.0], false),
            ([0.0, 0.0, 0.0], [1.5, 1.0, 1.0], [0.0, 0.0, 0.0], true),
        ] {
            let [z, y, x] = rotate;
            let [sz, sy, sx] = scale;
            let [zy, zx, yx] = shear;
            let affine =
                Affine { rotate_degrees: Zyx::new(z, y, x), scale: Zyx::new(sz, sy, sx), shear: Shear { zy, zx, yx } };
            let orientation = Orientation { mirror: Zyx::new(false, false, mirror), ..Orientation::IDENTITY };
            let map = composed((orientation, affine));
            let found = map.decompose().unwrap();
            assert_near(&composed(found), &map);
            assert_eq!(found.0, orientation);
            assert!((found.1.scale - affine.scale).all(|d| d.abs() < 1e-9), "{:?}", found.1.scale);
        }
    }

    #[test]
    fn maps_of_axes_onto_axes_are_orientations_alone() {
        let quarter = Affine { rotate_degrees: Zyx::new(90.0, 180.0, -90.0), ..Affine::IDENTITY };
        let map = quarter.world_from_unwarped();
        let (orientation, affine) = map.decompose().unwrap();
        assert_eq!(affine, Affine::IDENTITY);
        assert_near(&orientation.world_from_patch(), &map);
        let (orientation, _) =
            LinearZyx { rows: [[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]] }.decompose().unwrap();
        assert_eq!(orientation.source, Zyx::new(Axis::X, Axis::Y, Axis::Z));
        assert_eq!(orientation.mirror, Zyx::new(false, false, true));
    }

    #[test]
    fn flat_maps_have_no_parameters() {
        assert_eq!(LinearZyx { rows: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]] }.decompose(), None);
        assert_eq!(LinearZyx { rows: [[f64::NAN; 3]; 3] }.decompose(), None);
        // Twice the same axis is no orientation either.
        assert_eq!(LinearZyx { rows: [[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]] }.decompose(), None);
    }
}
