//! cellmap-data's `spatial_transforms` → `[augment]`.

use super::Setting;
use super::import::{Importer, wrong};
use crate::Result;
use crate::loader::params::{Value, Values};

const AXES: [&str; 3] = ["z", "y", "x"];

/// Mirror, transpose and rotate, in the forms of cellmap reference 2.6.
pub(super) fn spatial(taken: &mut Importer<'_>) -> Result<()> {
    let Some((name, transforms)) = taken.take(&["spatial_transforms"]) else { return Ok(()) };
    let expected = "{\"mirror\": …, \"transpose\": …, \"rotate\": …}";
    let entries = transforms.entries().ok_or_else(|| wrong(name, expected, transforms))?;
    for (transform, setting) in entries {
        // Both {"axes": …} and what would stand in it.
        let setting = setting.get("axes").unwrap_or(setting);
        match transform.as_str() {
            "mirror" => mirror(taken, setting)?,
            "transpose" => transpose(taken, setting)?,
            "rotate" => rotate(taken, setting)?,
            other => {
                taken
                    .note(format!("spatial_transforms: {other:?} is left out; see augment.elastic and its neighbours"));
            }
        }
    }
    Ok(())
}

/// Probabilities by axis; `True`, or a list of axes: one half.
fn mirror(taken: &mut Importer<'_>, setting: &Setting) -> Result<()> {
    let problem =
        || wrong("spatial_transforms[\"mirror\"]", "{\"axes\": {\"x\": 0.5, \"y\": 0.5, \"z\": 0.5}}", setting);
    let probability = |axis: &str| match setting {
        Setting::Bool(true) => Ok(0.5),
        Setting::Bool(false) => Ok(0.0),
        Setting::Map(_) => match setting.get(axis) {
            None => Ok(0.0),
            Some(Setting::Bool(flips)) => Ok(f64::from(u8::from(*flips))),
            Some(number) => number.number().ok_or_else(problem),
        },
        other => {
            let listed = other.texts().ok_or_else(problem)?;
            Ok(if listed.iter().any(|listed| listed == axis) { 0.5 } else { 0.0 })
        }
    };
    let probabilities = AXES.map(|axis| Ok((axis.to_owned(), Value::from(probability(axis)?))));
    let table: Values = probabilities.into_iter().collect::<Result<_>>()?;
    taken.set("augment", "mirror", table);
    Ok(())
}

/// The axes that change places.
fn transpose(taken: &mut Importer<'_>, setting: &Setting) -> Result<()> {
    let axes = match setting {
        Setting::Bool(false) => return Ok(()),
        Setting::Bool(true) => AXES.map(str::to_owned).to_vec(),
        other => {
            let expected = "{\"axes\": [\"x\", \"y\", \"z\"]}";
            let listed = other.texts().ok_or_else(|| wrong("spatial_transforms[\"transpose\"]", expected, other))?;
            // In the order of the volume's axes; a name that is none of them is left for the check to name.
            let known = AXES.iter().map(|axis| (*axis).to_owned()).filter(|axis| listed.contains(axis));
            known.chain(listed.iter().filter(|name| !AXES.contains(&name.as_str())).cloned()).collect()
        }
    };
    if axes.len() < 3 {
        taken.note(
            "transpose: permutes the axes that are named; since version 2026.3 cellmap-data permutes all of them",
        );
    }
    let table = [("axes".to_owned(), Value::from(axes)), ("probability".to_owned(), Value::from(1.0))];
    taken.set("augment", "transpose", Values::from_iter(table));
    Ok(())
}

/// Degrees by axis, `[from, to]`, or one number for both directions.
fn rotate(taken: &mut Importer<'_>, setting: &Setting) -> Result<()> {
    let expected = "{\"axes\": {\"z\": [-180, 180]}}";
    let entries = setting.entries().ok_or_else(|| wrong("spatial_transforms[\"rotate\"]", expected, setting))?;
    let mut table = Values::new();
    for (axis, degrees) in entries {
        let range = match degrees.numbers().as_deref() {
            Some([angle]) => [-angle.abs(), angle.abs()],
            Some([from, to]) => [*from, *to],
            _ => return Err(wrong("spatial_transforms[\"rotate\"]", expected, degrees)),
        };
        table.insert(axis.clone(), Value::from(range.to_vec()));
    }
    table.insert("probability".to_owned(), Value::from(1.0));
    taken.set("augment", "rotate", table);
    taken.note("rotate: turns about the axes that are named, in nanometres; cellmap-data exchanges z and x");
    Ok(())
}
