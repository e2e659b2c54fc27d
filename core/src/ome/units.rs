//! Units of length, in nanometres.

/// Nanometres in one `unit`; `None` if it is no unit of length that we know.
///
/// The names are those of UDUNITS-2 that OME-NGFF 0.4 and 0.5 list for space axes, plus the symbols and spellings found
/// in the field. `pixel` and its like say as little as an absent unit, which counts as nanometre.
pub(super) fn nanometres_in(unit: &str) -> Option<f64> {
    let known = match unit.trim() {
        // Symbols differ by case (mm, Mm), so they come before names, which do not.
        "" | "nm" => 1.0,
        "ym" => 1e-15,
        "zm" => 1e-12,
        "am" => 1e-9,
        "fm" => 1e-6,
        "pm" => 1e-3,
        // The letter and the sign.
        "\u{c5}" | "\u{212b}" => 0.1,
        "um" | "\u{b5}m" | "\u{3bc}m" => 1e3,
        "mm" => 1e6,
        "cm" => 1e7,
        "dm" => 1e8,
        "m" => 1e9,
        "dam" => 1e10,
        "hm" => 1e11,
        "km" => 1e12,
        "Mm" => 1e15,
        "Gm" => 1e18,
        "Tm" => 1e21,
        "Pm" => 1e24,
        "Em" => 1e27,
        "Zm" => 1e30,
        "Ym" => 1e33,
        name => return nanometres_in_name(&name.to_lowercase()),
    };
    Some(known)
}

fn nanometres_in_name(name: &str) -> Option<f64> {
    let singular = name.strip_suffix('s').unwrap_or(name);
    let known = match singular {
        "pixel" | "px" | "voxel" | "none" | "null" => 1.0,
        "angstrom" | "ångström" => 0.1,
        "micron" => 1e3,
        // UDUNITS-2: international inch, foot, yard and mile; parsec of the IAU.
        "inch" | "inche" | "in" => 2.54e7,
        "foot" | "feet" | "ft" => 3.048e8,
        "yard" | "yd" => 9.144e8,
        "mile" => 1.609_344e12,
        "parsec" => 3.085_677_581_491_367e25,
        metric => return nanometres_in_metric(metric),
    };
    Some(known)
}

/// `nanometer`, `micrometre`, `hectometer`, …
fn nanometres_in_metric(name: &str) -> Option<f64> {
    let prefix = name.strip_suffix("meter").or_else(|| name.strip_suffix("metre"))?;
    let exponent = match prefix {
        "yocto" => -15,
        "zepto" => -12,
        "atto" => -9,
        "femto" => -6,
        "pico" => -3,
        "nano" => 0,
        "micro" => 3,
        "milli" => 6,
        "centi" => 7,
        "deci" => 8,
        "" => 9,
        "deca" | "deka" => 10,
        "hecto" => 11,
        "kilo" => 12,
        "mega" => 15,
        "giga" => 18,
        "tera" => 21,
        "peta" => 24,
        "exa" => 27,
        "zetta" => 30,
        "yotta" => 33,
        _ => return None,
    };
    Some(10_f64.powi(exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The units of length that OME-NGFF 0.4 and 0.5 list for space axes.
    const OME: [&str; 26] = [
        "angstrom",
        "attometer",
        "centimeter",
        "decimeter",
        "exameter",
        "femtometer",
        "foot",
        "gigameter",
        "hectometer",
        "inch",
        "kilometer",
        "megameter",
        "meter",
        "micrometer",
        "mile",
        "millimeter",
        "nanometer",
        "parsec",
        "petameter",
        "picometer",
        "terameter",
        "yard",
        "yoctometer",
        "yottameter",
        "zeptometer",
        "zettameter",
    ];

    #[test]
    fn every_unit_of_the_specification_is_known_in_singular_and_plural() {
        for unit in OME {
            let one = nanometres_in(unit);
            assert!(one.is_some_and(|nm| nm > 0.0), "{unit}");
            assert_eq!(nanometres_in(&format!("{unit}s")), one, "{unit}s");
            assert_eq!(nanometres_in(&unit.to_uppercase()), one, "{unit} in capitals");
        }
    }

    #[test]
    fn aliases_from_the_field() {
        for micron in ["micron", "microns", "µm", "μm", "um", "micrometre", "Micrometers", " micrometer "] {
            assert_eq!(nanometres_in(micron), Some(1e3), "{micron}");
        }
        assert_eq!(nanometres_in("Å"), Some(0.1));
        assert_eq!(nanometres_in("mm"), Some(1e6));
        assert_eq!(nanometres_in("Mm"), Some(1e15));
        assert_eq!(nanometres_in("feet"), Some(3.048e8));
        assert_eq!(nanometres_in("inches"), Some(2.54e7));
    }

    #[test]
    fn other_units_are_not_lengths() {
        for unit in ["second", "kelvin", "furlong", "picofoot"] {
            assert_eq!(nanometres_in(unit), None, "{unit}");
        }
    }
}
