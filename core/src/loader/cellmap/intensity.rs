//! cellmap-data's value transforms → operations on intensities.

use super::Setting;
use super::import::{Importer, wrong};
use crate::Result;
use crate::loader::params::{Value, Values};

/// Those of the raw, in the order written. Raw is 0–1 here from the start, so that what brings it there does nothing.
pub(super) fn raw(taken: &mut Importer<'_>) -> Result<()> {
    let Some((name, transforms)) = taken.take(&["train_raw_value_transforms", "raw_value_transforms"]) else {
        return Ok(());
    };
    let steps = steps(transforms);
    let is_scaled = steps.iter().any(|step| matches!(step, Setting::Call { name, .. } if name == "Normalize"));
    for transform in steps {
        match operation(name, transform, taken.voxel_size_nm().as_deref())? {
            Operation::None => {}
            Operation::Known { key, table } => {
                if key == "noise" && !is_scaled {
                    taken
                        .note("GaussianNoise: on 0-1; since version 2026.3 cellmap-data has 0-255 without Normalize()");
                }
                if key == "blur" {
                    taken.note("GaussianBlur: along every axis, as a Gaussian of any width");
                }
                taken.set("augment", key, table);
            }
            Operation::Unknown => taken.note(format!("{name}: {} is left out", transform.in_words())),
        }
    }
    Ok(())
}

/// Those of targets: f32 targets are 0 and 1, and NaN where unknown, as `Binarize` makes them.
pub(super) fn targets(taken: &mut Importer<'_>) {
    let Some((name, transforms)) = taken.take(&["target_value_transforms"]) else { return };
    for transform in steps(transforms).into_iter().filter(|transform| !is_usual(transform)) {
        taken.note(format!("{name}: {} is left out; targets are 0 and 1, NaN where unknown", transform.in_words()));
    }
}

/// One after the other.
fn steps(transforms: &Setting) -> Vec<&Setting> {
    match transforms {
        Setting::Call { name, .. } if ["Compose", "Sequential"].contains(&name.as_str()) => {
            let inner = transforms.argument("transforms", 0);
            inner.map(steps).unwrap_or_default()
        }
        Setting::List(items) => items.iter().flat_map(steps).collect(),
        one => vec![one],
    }
}

/// Whether it only brings values to 0–1, or to 0 and 1.
fn is_usual(transform: &Setting) -> bool {
    let Setting::Call { name, .. } = transform else { return false };
    match name.as_str() {
        "ToDtype" | "ConvertImageDtype" | "NaNtoNum" | "Binarize" | "ToTensor" | "ToImage" => true,
        "Normalize" => scales_to_one(transform),
        _ => false,
    }
}

/// Whether it is cellmap-data's `Normalize()`, or torchvision's of that name with the largest stored value.
fn scales_to_one(transform: &Setting) -> bool {
    let is = |argument: &str, place, wanted: &[f64]| match transform.argument(argument, place).map(Setting::numbers) {
        None => true,
        Some(Some(values)) => values.iter().all(|value| wanted.iter().any(|wanted| (value - wanted).abs() < 1e-9)),
        Some(None) => false,
    };
    let largest = [f64::from(u8::MAX), f64::from(u16::MAX)];
    match transform.argument("std", usize::MAX) {
        Some(_) => is("mean", usize::MAX, &[0.0]) && is("std", usize::MAX, &largest),
        None => is("shift", 0, &[0.0]) && is("scale", 1, &[1.0 / 255.0]),
    }
}

enum Operation {
    None,
    Known { key: &'static str, table: Values },
    Unknown,
}

/// Defaults as cellmap reference 1.11 has them.
fn operation(name: &str, transform: &Setting, voxel_size_nm: Option<&[f64]>) -> Result<Operation> {
    if is_usual(transform) {
        return Ok(Operation::None);
    }
    let Setting::Call { name: function, .. } = transform else { return Ok(Operation::Unknown) };
    let range = |argument: &str, place, default: &[f64]| match transform.argument(argument, place) {
        None => Ok(default.to_vec()),
        Some(value) => {
            let place = format!("{name}: {function}({argument}=…)");
            value.numbers().ok_or_else(|| wrong(&place, "numbers", value))
        }
    };
    let always = |key, param: &str, range: Vec<f64>| {
        let of_two = if let [one] = range[..] { vec![one, one] } else { range };
        let entries = [(param.to_owned(), Value::from(of_two)), ("probability".to_owned(), Value::from(1.0))];
        Operation::Known { key, table: Values::from_iter(entries) }
    };
    Ok(match function.as_str() {
        "GaussianNoise" => always("noise", "sigma", range("std", 1, &[0.1])?),
        "RandomContrast" => always("contrast", "range", range("contrast_range", 0, &[0.5, 1.5])?),
        "RandomGamma" => always("gamma", "range", range("gamma_range", 0, &[0.5, 1.5])?),
        "GaussianBlur" => {
            // There in voxels, here in nanometres.
            let finest = voxel_size_nm.unwrap_or(&[1.0]).iter().copied().fold(f64::INFINITY, f64::min);
            let sigma = range("sigma", 1, &[0.1])?.into_iter().map(|voxels| voxels * finest).collect();
            always("blur", "sigma_nm", sigma)
        }
        _ => Operation::Unknown,
    })
}
