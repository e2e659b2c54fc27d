//! What turns, stretches, slants and bends a patch beyond mirror and transpose: parameters, and the linear map they make.

use serde::{Deserialize, Serialize};

use super::{Elastic, LinearZyx, Misalign, Zyx};

/// How far one axis shifts per nm along another (no unit).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shear<T> {
    /// y per z.
    pub zy: T,
    /// x per z.
    pub zx: T,
    /// x per y.
    pub yx: T,
}

/// A linear map of world offsets about a patch's centre: first scale, then shear, then rotation.
///
/// Offsets are nm along the world's axes, so that the map is right on anisotropic voxels. Every invertible map without
/// mirroring has this form (QR decomposition).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    /// Degrees about each world axis; about z first, then y, then x, all three fixed in the world. Right-handed in
    /// x, y, z: about z turns x towards y, about y turns z towards x, about x turns y towards z.
    pub rotate_degrees: Zyx<f64>,
    /// Factor per world axis; above 1 the patch covers more, so that things look smaller.
    pub scale: Zyx<f64>,
    /// Shear after the scale.
    pub shear: Shear<f64>,
}

impl Default for Affine {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl Affine {
    /// The map that changes nothing.
    pub const IDENTITY: Self =
        Self { rotate_degrees: Zyx::splat(0.0), scale: Zyx::splat(1.0), shear: Shear { zy: 0.0, zx: 0.0, yx: 0.0 } };

    /// The matrix: rotation · shear · scale. Sines are computed in software, so that every machine gets the same bits.
    #[must_use]
    pub fn world_from_unwarped(&self) -> LinearZyx {
        let Zyx { z, y, x } = self.scale;
        let Shear { zy, zx, yx } = self.shear;
        let scale = LinearZyx { rows: [[z, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, x]] };
        let shear = LinearZyx { rows: [[1.0, 0.0, 0.0], [zy, 1.0, 0.0], [zx, yx, 1.0]] };
        self.rotation().after(&shear).after(&scale)
    }

    fn rotation(&self) -> LinearZyx {
        let [z, y, x] = self.rotate_degrees.map(|degrees| libm::sincos(degrees.to_radians())).to_array();
        let about_z = LinearZyx { rows: [[1.0, 0.0, 0.0], [0.0, z.1, z.0], [0.0, -z.0, z.1]] };
        let about_y = LinearZyx { rows: [[y.1, 0.0, -y.0], [0.0, 1.0, 0.0], [y.0, 0.0, y.1]] };
        let about_x = LinearZyx { rows: [[x.1, x.0, 0.0], [-x.0, x.1, 0.0], [0.0, 0.0, 1.0]] };
        about_x.after(&about_y).after(&about_z)
    }
}

/// Everything that bends a patch after its orientation: one affine and one displacement.
///
/// A patch voxel's offset from the centre is oriented (mirror, then transpose) to `p`, nm along the world's axes; it is
/// looked up at `center + A · p + u(p) + m(p)`, A being the affine, u the field and m the shift of p's section. So control
/// points and sections stay with the patch, and displacements point along the axes of the volume: with
/// `sigma_nm = [0, …]` sections stay as they were cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Warp {
    /// Rotation, scale and shear.
    pub affine: Affine,
    /// The displacement field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elastic: Option<Elastic>,
    /// Shifts of sections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misalign: Option<Misalign>,
}

impl Warp {
    /// The patch stays on the world's axes.
    pub const NONE: Self = Self { affine: Affine::IDENTITY, elastic: None, misalign: None };

    /// An affine alone.
    #[must_use]
    pub const fn of_affine(affine: Affine) -> Self {
        Self { affine, ..Self::NONE }
    }

    /// The same without displacements.
    #[must_use]
    pub const fn straight(&self) -> Self {
        Self::of_affine(self.affine)
    }

    /// How far the point is moved that lies `offset_nm` along the world's axes from the centre before the affine, nm.
    #[must_use]
    pub fn displacement_nm(&self, offset_nm: Zyx<f64>) -> Zyx<f64> {
        let bent = self.elastic.map_or(Zyx::splat(0.0), |elastic| elastic.displacement_nm(offset_nm));
        bent + self.misalign.map_or(Zyx::splat(0.0), |misalign| misalign.displacement_nm(offset_nm.z))
    }

    /// A bound of the displacement along each axis over offsets of up to `half_extent_nm`, nm.
    #[must_use]
    pub fn largest_displacement_nm(&self, half_extent_nm: Zyx<f64>) -> Zyx<f64> {
        let bent = self.elastic.map_or(Zyx::splat(0.0), |elastic| elastic.largest_nm(half_extent_nm));
        bent + self.misalign.map_or(Zyx::splat(0.0), |misalign| misalign.bound_nm(half_extent_nm.z))
    }

    /// True if the patch stays on the world's axes.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: Zyx<f64>, z: f64, y: f64, x: f64) {
        assert!((found - Zyx::new(z, y, x)).all(|d| d.abs() < 1e-12), "{found}, not {z} {y} {x}");
    }

    fn turned(degrees: Zyx<f64>) -> LinearZyx {
        Affine { rotate_degrees: degrees, ..Affine::IDENTITY }.world_from_unwarped()
    }

    #[test]
    fn a_quarter_turn_about_each_axis_moves_the_next_two() {
        near(turned(Zyx::new(90.0, 0.0, 0.0)).apply(Zyx::new(0.0, 0.0, 1.0)), 0.0, 1.0, 0.0);
        near(turned(Zyx::new(0.0, 90.0, 0.0)).apply(Zyx::new(1.0, 0.0, 0.0)), 0.0, 0.0, 1.0);
        near(turned(Zyx::new(0.0, 0.0, 90.0)).apply(Zyx::new(0.0, 1.0, 0.0)), 1.0, 0.0, 0.0);
        // About z first: x goes to y, and about x then from y to z.
        near(turned(Zyx::new(90.0, 0.0, 90.0)).apply(Zyx::new(0.0, 0.0, 1.0)), 1.0, 0.0, 0.0);
    }

    #[test]
    fn scale_comes_before_shear_and_shear_before_rotation() {
        let affine = Affine {
            rotate_degrees: Zyx::new(90.0, 0.0, 0.0),
            scale: Zyx::splat(2.0),
            shear: Shear { zx: 0.5, ..Shear::default() },
        };
        // (1, 0, 0) → (2, 0, 0) → (2, 0, 1) → (2, 1, 0).
        near(affine.world_from_unwarped().apply(Zyx::new(1.0, 0.0, 0.0)), 2.0, 1.0, 0.0);
    }

    #[test]
    fn the_inverse_undoes_and_a_flat_map_has_none() {
        let affine = Affine {
            rotate_degrees: Zyx::new(20.0, -50.0, 130.0),
            scale: Zyx::new(0.9, 1.1, 1.2),
            shear: Shear { zy: 0.1, zx: -0.2, yx: 0.3 },
        };
        let map = affine.world_from_unwarped();
        let v = Zyx::new(3.0, -40.0, 500.0);
        assert!((map.inverse().unwrap().apply(map.apply(v)) - v).all(|d| d.abs() < 1e-9));
        assert_eq!(LinearZyx { rows: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]] }.inverse(), None);
        assert_eq!(Affine::IDENTITY.world_from_unwarped(), LinearZyx::IDENTITY);
        assert!(Warp::default().is_none());
    }
}
