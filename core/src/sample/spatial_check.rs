//! Checks of the keys of `[augment]` that say where a sample's voxels lie.

use super::range::{Check, LENGTHS_NM};
use super::{Augment, ElasticKeys, Mirror, MisalignKeys, Plane, Rotate, Scale, ShearRange, Transpose};
use crate::Result;
use crate::geometry::{Axis, Zyx};

impl Augment {
    /// Checks every key that says where a sample's voxels lie.
    ///
    /// # Errors
    /// [`crate::Error::Config`] that names the key and what would be right.
    pub fn check_spatial(&self) -> Result<()> {
        self.mirror.as_ref().map_or(Ok(()), check_mirror)?;
        self.transpose.as_ref().map_or(Ok(()), check_transpose)?;
        self.planes.as_deref().map_or(Ok(()), check_planes)?;
        self.rotate.as_ref().map_or(Ok(()), check_rotate)?;
        self.scale.as_ref().map_or(Ok(()), check_scale)?;
        self.shear.as_ref().map_or(Ok(()), check_shear)?;
        self.elastic.as_ref().map_or(Ok(()), check_elastic)?;
        self.misalign.as_ref().map_or(Ok(()), check_misalign)
    }

    /// A displacement field that varies from voxel to voxel is noise, and takes more memory than the array: checks that
    /// control points are no closer than the voxels of an array.
    ///
    /// # Errors
    /// [`crate::Error::Config`] that names `spacing_nm`.
    pub fn check_control_points(&self, voxel_size_nm: Zyx<f64>) -> Result<()> {
        let Some(elastic) = &self.elastic else { return Ok(()) };
        let smallest_nm = voxel_size_nm.to_array().into_iter().fold(f64::INFINITY, f64::min);
        if elastic.spacing_nm.all(|spacing| spacing >= smallest_nm) {
            return Ok(());
        }
        let problem = format!(
            "control points {} nm apart are closer than the voxels of an array ({voxel_size_nm} nm); 10 voxels or more \
             are usual",
            elastic.spacing_nm
        );
        ELASTIC.wrong("spacing_nm", problem)
    }
}

const ELASTIC: Check = Check { operation: "elastic" };

fn check_mirror(mirror: &Mirror) -> Result<()> {
    let check = Check { operation: "mirror" };
    let probabilities = Axis::ALL.into_iter().zip([mirror.z, mirror.y, mirror.x]);
    probabilities.into_iter().try_for_each(|(axis, probability)| check.probability(axis.name(), probability))
}

fn check_transpose(transpose: &Transpose) -> Result<()> {
    let check = Check { operation: "transpose" };
    check.probability("probability", transpose.probability)?;
    for (index, axis) in transpose.axes.iter().enumerate() {
        if transpose.axes[..index].contains(axis) {
            return check.wrong("axes", format!("\"{}\" is listed twice; list each axis once", axis.name()));
        }
    }
    Ok(())
}

fn check_planes(planes: &[Plane]) -> Result<()> {
    let check = Check { operation: "planes" };
    if planes.is_empty() {
        return check.wrong("", "no plane is listed; name some of xy, xz, yz, or remove this");
    }
    for (index, plane) in planes.iter().enumerate() {
        if planes[..index].contains(plane) {
            return check.wrong("", format!("\"{}\" is listed twice; list each plane once", plane.name()));
        }
    }
    Ok(())
}

fn check_rotate(rotate: &Rotate) -> Result<()> {
    let check = Check { operation: "rotate" };
    check.probability("probability", rotate.probability)?;
    let ranges = Axis::ALL.into_iter().zip([rotate.z, rotate.y, rotate.x]);
    ranges.into_iter().try_for_each(|(axis, range)| check.range(axis.name(), range.into(), (-360.0, 360.0)))
}

fn check_scale(scale: &Scale) -> Result<()> {
    let check = Check { operation: "scale" };
    check.probability("probability", scale.probability)?;
    check.range("range", scale.range.into(), (0.1, 10.0))
}

fn check_shear(shear: &ShearRange) -> Result<()> {
    let check = Check { operation: "shear" };
    check.probability("probability", shear.probability)?;
    let ranges = [("zy", shear.zy), ("zx", shear.zx), ("yx", shear.yx)];
    ranges.into_iter().try_for_each(|(name, range)| check.range(name, range.into(), (-2.0, 2.0)))
}

fn check_elastic(elastic: &ElasticKeys) -> Result<()> {
    ELASTIC.probability("probability", elastic.probability)?;
    let ElasticKeys { spacing_nm, sigma_nm, .. } = elastic;
    if !spacing_nm.all(|spacing| spacing.is_finite() && spacing > 0.0) {
        let problem = format!("{spacing_nm} nm cannot be between control points; every axis needs more than 0");
        return ELASTIC.wrong("spacing_nm", problem);
    }
    // The slope of the displacement has this standard deviation; from a slope of -1 space is folded.
    let slope = *sigma_nm / *spacing_nm;
    if !slope.all(|slope| (0.0..=0.25).contains(&slope)) {
        let problem = format!(
            "{sigma_nm} nm would fold the sample over itself; from 0 to a quarter of spacing_nm, {spacing_nm} nm, on \
             every axis"
        );
        return ELASTIC.wrong("sigma_nm", problem);
    }
    Ok(())
}

fn check_misalign(misalign: &MisalignKeys) -> Result<()> {
    let check = Check { operation: "misalign" };
    check.probability("probability", misalign.probability)?;
    check.range("jitter_nm", misalign.jitter_nm.into(), LENGTHS_NM)?;
    check.probability("slip", misalign.slip)?;
    check.probability("shift", misalign.shift)?;
    check.number("largest_nm", misalign.largest_nm, LENGTHS_NM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(augment: &Augment) -> Option<String> {
        match augment.check_spatial() {
            Err(crate::Error::Config { key, .. }) => Some(key),
            _ => None,
        }
    }

    #[test]
    fn every_wrong_number_is_named_by_its_key() {
        let good = Rotate { z: [-180.0, 180.0], y: [0.0; 2], x: [0.0; 2], probability: 0.5 };
        let rotate = |rotate| key_of(&Augment { rotate: Some(rotate), ..Augment::default() });
        assert_eq!(rotate(good), None);
        assert_eq!(rotate(Rotate { y: [5.0, -5.0], ..good }).as_deref(), Some("augment.rotate.y"));
        assert_eq!(rotate(Rotate { x: [f64::NAN, 0.0], ..good }).as_deref(), Some("augment.rotate.x"));
        assert_eq!(rotate(Rotate { probability: 1.5, ..good }).as_deref(), Some("augment.rotate.probability"));
        for range in [[0.0, 1.0], [1.1, 0.9], [1.0, f64::INFINITY], [-1.0, 1.0]] {
            let scale = Some(Scale { range, probability: 1.0 });
            assert_eq!(key_of(&Augment { scale, ..Augment::default() }).as_deref(), Some("augment.scale.range"));
        }
        let bent = |spacing: f64, sigma: f64| {
            let (spacing_nm, sigma_nm) = (Zyx::splat(spacing), Zyx::new(0.0, 0.0, sigma));
            let elastic = Some(ElasticKeys { spacing_nm, sigma_nm, probability: 1.0 });
            key_of(&Augment { elastic, ..Augment::default() })
        };
        assert_eq!(bent(100.0, 25.0), None);
        for (spacing, sigma, key) in [
            (0.0, 0.0, "spacing_nm"),
            (f64::INFINITY, 1.0, "spacing_nm"),
            (100.0, 26.0, "sigma_nm"),
            (9.0, -1.0, "sigma_nm"),
        ] {
            assert_eq!(bent(spacing, sigma), Some(format!("augment.elastic.{key}")));
        }
        let misalign =
            MisalignKeys { jitter_nm: [0.0, 4.0], slip: 0.1, shift: 0.0, largest_nm: 20.0, probability: 0.5 };
        let cut = |misalign| key_of(&Augment { misalign: Some(misalign), ..Augment::default() });
        assert_eq!(cut(misalign), None);
        assert_eq!(cut(MisalignKeys { slip: -0.1, ..misalign }).as_deref(), Some("augment.misalign.slip"));
        assert_eq!(cut(MisalignKeys { shift: 2.0, ..misalign }).as_deref(), Some("augment.misalign.shift"));
        assert_eq!(
            cut(MisalignKeys { jitter_nm: [3.0, 1.0], ..misalign }).as_deref(),
            Some("augment.misalign.jitter_nm")
        );
        let endless = MisalignKeys { largest_nm: f64::INFINITY, ..misalign };
        assert_eq!(cut(endless).as_deref(), Some("augment.misalign.largest_nm"));
        for planes in [vec![], vec![Plane::Xz, Plane::Xz]] {
            let augment = Augment { planes: Some(planes), ..Augment::default() };
            assert_eq!(key_of(&augment).as_deref(), Some("augment.planes"));
        }
        let shear = Some(ShearRange { zy: [0.0; 2], zx: [-3.0, 0.0], yx: [0.0; 2], probability: 1.0 });
        assert_eq!(key_of(&Augment { shear, ..Augment::default() }).as_deref(), Some("augment.shear.zx"));
    }
}
