//! What was drawn for a sample, in words: how it lies in the volume, what bends it, what was done to its intensities.

use microtome_core::geometry::{Affine, Elastic, Misalign, Orientation, Shear, Warp};
use microtome_core::loader::Provenance;
use serde_json::{Map, Value};

/// Longer lists, such as one number per section, are only counted.
const MOST_LISTED: usize = 6;

/// Dataset, crop and centre: `fib25 crop1, centre z 1245 y 300 x 995 nm`.
#[must_use]
pub fn place(provenance: &Provenance) -> String {
    let center = provenance.grid.center_nm.map(|nm| format!("{nm:.0}"));
    let crop = provenance.crop.as_ref().map(|crop| format!(" {crop}")).unwrap_or_default();
    format!("{}{crop}, centre z {} y {} x {} nm", provenance.dataset, center.z, center.y, center.x)
}

/// The axes of the volume that run along the patch's z, y, x, with a minus where they are mirrored: `−x y z`.
#[must_use]
pub fn axes(orientation: &Orientation) -> String {
    let named = orientation
        .source
        .zip_map(orientation.mirror, |axis, mirror| format!("{}{}", if mirror { "−" } else { "" }, axis.name()));
    named.to_array().join(" ")
}

/// What bends a patch beyond its axes, one thing each; nothing if nothing does.
#[must_use]
pub fn warp(warp: &Warp) -> Vec<String> {
    let Affine { rotate_degrees: turn, scale, shear } = warp.affine;
    let mut found = Vec::new();
    if turn.any(|degrees| degrees != 0.0) {
        found.push(format!("turned z {:.0}° y {:.0}° x {:.0}°", turn.z, turn.y, turn.x));
    }
    if scale.any(|factor| factor != 1.0) {
        found.push(format!("scaled z {:.2} y {:.2} x {:.2}", scale.z, scale.y, scale.x));
    }
    if shear != Shear::default() {
        found.push(format!("sheared zy {:.2} zx {:.2} yx {:.2}", shear.zy, shear.zx, shear.yx));
    }
    if let Some(Elastic { sigma_nm, spacing_nm, .. }) = warp.elastic {
        found.push(format!("bent by {sigma_nm} nm every {spacing_nm} nm"));
    }
    if let Some(Misalign { jitter_nm, slip, shift, largest_nm, .. }) = warp.misalign {
        let slips =
            if slip > 0.0 || shift > 0.0 { format!(", some by up to {largest_nm:.0} nm") } else { String::new() };
        found.push(format!("sections off by {jitter_nm:.1} nm{slips}"));
    }
    found
}

/// What was done to the intensities, an operation each, in order: `contrast factor 1.12`.
#[must_use]
pub fn intensity(provenance: &Provenance) -> Vec<String> {
    let steps = provenance.intensity.steps.iter();
    // A step is made of numbers and lists of them, which JSON can always say.
    steps.map(|step| serde_json::to_value(step).map(|step| words(&step)).unwrap_or_default()).collect()
}

/// What else the provenance says, such as why a place was chosen: everything that has no words of its own here.
#[must_use]
pub fn others(provenance: &Provenance) -> Vec<String> {
    // Provenance is made of plain values, which JSON can always say.
    serde_json::to_value(provenance).map(|provenance| others_of(&provenance)).unwrap_or_default()
}

fn others_of(provenance: &Value) -> Vec<String> {
    /// These are said in words, or are the sample's name.
    const SAID: [&str; 11] = [
        "epoch",
        "index",
        "seed",
        "attempt",
        "dataset_index",
        "dataset",
        "crop",
        "grid",
        "world_box",
        "intensity",
        "sources",
    ];
    let unsaid = provenance.as_object().into_iter().flat_map(by_name).filter(|(key, _)| !SAID.contains(&key.as_str()));
    unsaid.filter(|(_, value)| !is_nothing(value)).map(|(key, value)| format!("{key} {}", words(value))).collect()
}

/// In the order of their names: that of the map depends on how the program was put together.
fn by_name(entries: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut entries: Vec<_> = entries.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Everything that was drawn, in a line.
#[must_use]
pub fn line(provenance: &Provenance) -> String {
    let orientation = &provenance.grid.orientation;
    let axes = (!orientation.is_identity()).then(|| format!("axes {}", axes(orientation)));
    let drawn_again = (provenance.attempt > 0).then(|| format!("drawn again {} times", provenance.attempt));
    let parts = [place(provenance)].into_iter().chain(drawn_again).chain(others(provenance)).chain(axes);
    parts.chain(warp(&provenance.grid.warp)).chain(intensity(provenance)).collect::<Vec<_>>().join(" · ")
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(n) if n.is_f64() => real(n.as_f64().unwrap_or_default()),
        Value::Number(n) => n.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.len() <= MOST_LISTED => {
            format!("({})", items.iter().map(words).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("({} values)", items.len()),
        Value::Object(entries) => {
            let said = by_name(entries).into_iter().map(|(key, value)| format!("{key} {}", words(value)));
            said.collect::<Vec<_>>().join(" ")
        }
    }
}

/// Four decimals or significant digits, so that what was drawn can be recognised in the record.
fn real(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 {
        return format!("{value:.3e}");
    }
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_apart() {
        assert_eq!([1.25, -0.5, 3.0, 0.0, 0.000_12].map(real), ["1.25", "-0.5", "3", "0", "1.200e-4"]);
    }
    use microtome_core::geometry::{Axis, Zyx};

    #[test]
    fn what_is_not_drawn_is_not_said_and_what_is_drawn_is() {
        assert_eq!(warp(&Warp::NONE), Vec::<String>::new());
        let affine = Affine { rotate_degrees: Zyx::new(30.0, 0.0, 0.0), scale: Zyx::splat(1.1), ..Affine::IDENTITY };
        let said = warp(&Warp { affine, ..Warp::NONE });
        assert_eq!(said, ["turned z 30° y 0° x 0°", "scaled z 1.10 y 1.10 x 1.10"]);
    }

    #[test]
    fn mirrored_axes_have_a_minus() {
        let source = Zyx::new(Axis::X, Axis::Y, Axis::Z);
        assert_eq!(axes(&Orientation { source, mirror: Zyx::new(true, false, false) }), "−x y z");
    }

    #[test]
    fn what_has_no_words_of_its_own_is_said_as_it_is() {
        let provenance = serde_json::json!({
            "index": 3, "reason": {"strategy": "foreground", "class": "mito"}, "repeated": false, "tile": null, "part": 2,
        });
        assert_eq!(others_of(&provenance), ["part 2", "reason class mito strategy foreground"]);
    }

    #[test]
    fn steps_are_words_and_long_lists_are_counted() {
        let step =
            serde_json::json!({"cutout": {"lo": [1, 2, 3], "fill": 0.5, "of": [1, 2, 3, 4, 5, 6, 7], "on": true}});
        let said = words(&step);
        assert!(said.starts_with("cutout ") && said.contains("lo (1, 2, 3)"), "{said}");
        assert!(said.contains("of (7 values)") && said.contains("on yes"), "{said}");
    }
}
