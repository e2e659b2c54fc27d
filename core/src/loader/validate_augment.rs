//! Checks of `[augment]` that its types cannot make.

use super::ArraySpec;
use super::validate::{check_probability, wrong};
use crate::Result;
use crate::geometry::Axis;
use crate::sample::{Augment, ElasticKeys, Mirror, Rotate, Scale, ShearRange, Transpose};

/// Every key of `[augment]`.
///
/// # Errors
/// [`crate::Error::Config`] that names the key and what would be right.
pub(super) fn check_augment(augment: &Augment) -> Result<()> {
    augment.mirror.as_ref().map_or(Ok(()), check_mirror)?;
    augment.transpose.as_ref().map_or(Ok(()), check_transpose)?;
    augment.rotate.as_ref().map_or(Ok(()), check_rotate)?;
    augment.scale.as_ref().map_or(Ok(()), check_scale)?;
    augment.shear.as_ref().map_or(Ok(()), check_shear)?;
    augment.elastic.as_ref().map_or(Ok(()), check_elastic)
}

/// A displacement field that varies from voxel to voxel is noise, and takes more memory than the array.
///
/// # Errors
/// [`crate::Error::Config`] if `spacing_nm` is less than a voxel of an array.
pub(super) fn check_control_points(augment: &Augment, spec: &ArraySpec) -> Result<()> {
    let Some(elastic) = &augment.elastic else { return Ok(()) };
    let smallest_nm = spec.voxel_size_nm.to_array().into_iter().fold(f64::INFINITY, f64::min);
    if elastic.spacing_nm.all(|spacing| spacing >= smallest_nm) {
        return Ok(());
    }
    let problem = format!(
        "control points {} nm apart are closer than the voxels of an array ({} nm); 10 voxels or more are usual",
        elastic.spacing_nm, spec.voxel_size_nm
    );
    wrong("augment.elastic.spacing_nm", problem)
}

fn check_elastic(elastic: &ElasticKeys) -> Result<()> {
    check_probability("augment.elastic.probability".to_owned(), elastic.probability)?;
    let ElasticKeys { spacing_nm, sigma_nm, .. } = elastic;
    if !spacing_nm.all(|spacing| spacing.is_finite() && spacing > 0.0) {
        let problem = format!("{spacing_nm} nm cannot be between control points; every axis needs more than 0");
        return wrong("augment.elastic.spacing_nm", problem);
    }
    // The slope of the displacement has this standard deviation; from a slope of -1 space is folded.
    let slope = *sigma_nm / *spacing_nm;
    if !slope.all(|slope| (0.0..=0.25).contains(&slope)) {
        let problem = format!(
            "{sigma_nm} nm would fold the sample over itself; from 0 to a quarter of spacing_nm, {spacing_nm} nm, on \
             every axis"
        );
        return wrong("augment.elastic.sigma_nm", problem);
    }
    Ok(())
}

fn check_mirror(mirror: &Mirror) -> Result<()> {
    for (axis, probability) in Axis::ALL.into_iter().zip([mirror.z, mirror.y, mirror.x]) {
        check_probability(format!("augment.mirror.{}", axis.name()), probability)?;
    }
    Ok(())
}

fn check_transpose(transpose: &Transpose) -> Result<()> {
    check_probability("augment.transpose.probability".to_owned(), transpose.probability)?;
    for (index, axis) in transpose.axes.iter().enumerate() {
        if transpose.axes[..index].contains(axis) {
            return wrong(
                "augment.transpose.axes",
                format!("\"{}\" is listed twice; list each axis once", axis.name()),
            );
        }
    }
    Ok(())
}

fn check_rotate(rotate: &Rotate) -> Result<()> {
    check_probability("augment.rotate.probability".to_owned(), rotate.probability)?;
    for (axis, range) in Axis::ALL.into_iter().zip([rotate.z, rotate.y, rotate.x]) {
        check_range(format!("augment.rotate.{}", axis.name()), range, [-360.0, 360.0], "degrees")?;
    }
    Ok(())
}

fn check_scale(scale: &Scale) -> Result<()> {
    check_probability("augment.scale.probability".to_owned(), scale.probability)?;
    check_range("augment.scale.range".to_owned(), scale.range, [0.1, 10.0], "times")
}

fn check_shear(shear: &ShearRange) -> Result<()> {
    check_probability("augment.shear.probability".to_owned(), shear.probability)?;
    for (name, range) in [("zy", shear.zy), ("zx", shear.zx), ("yx", shear.yx)] {
        check_range(format!("augment.shear.{name}"), range, [-2.0, 2.0], "nm per nm")?;
    }
    Ok(())
}

fn check_range(key: String, [lo, hi]: [f64; 2], [least, most]: [f64; 2], unit: &str) -> Result<()> {
    if least <= lo && lo <= hi && hi <= most {
        return Ok(());
    }
    let problem = format!(
        "[{lo}, {hi}] is no range; write [smallest, largest], both from {least} to {most} ({unit}), the smallest first"
    );
    wrong(key, problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Zyx;

    fn key_of(augment: &Augment) -> Option<String> {
        match check_augment(augment) {
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
        let shear = Some(ShearRange { zy: [0.0; 2], zx: [-3.0, 0.0], yx: [0.0; 2], probability: 1.0 });
        assert_eq!(key_of(&Augment { shear, ..Augment::default() }).as_deref(), Some("augment.shear.zx"));
    }
}
