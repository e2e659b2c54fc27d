//! A place as a line of text that people can read, send, edit and paste back, and as a link into neuroglancer.

use std::fmt;

use microtome_core::geometry::{Axis, Zyx};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::State;

/// A position in a dataset, and how closely it is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Where, nm.
    pub position_nm: Zyx<f64>,
    /// Zoom, nm per point of the screen; `None` keeps what there is.
    pub nm_per_point: Option<f64>,
    /// Name of the dataset; `None` is the one on display.
    pub dataset: Option<String>,
}

impl Place {
    /// A position of the dataset on display, at the zoom of now.
    #[must_use]
    pub fn on_display(state: &State, position_nm: Zyx<f64>) -> Self {
        let dataset = state.session.open().and_then(|data| data.dataset()).map(|dataset| dataset.name.clone());
        Self { position_nm, nm_per_point: Some(state.views.nm_per_point), dataset }
    }

    /// Reads what [`Display`](fmt::Display) writes, and what people make of it: three numbers (z, y, x) with or without
    /// the names of their axes (then in any order), nm, µm or mm (nm if nothing is said), brackets, commas; zoom and
    /// dataset may be missing. Anything else is no place.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (numbers, dataset) = match text.split_once("dataset") {
            Some((numbers, name)) => (numbers, Some(name.trim().trim_matches(['"', '\'', ':']).trim().to_owned())),
            None => (text, None),
        };
        let mut reader = Reader::default();
        for word in words(numbers)? {
            reader.take(&word)?;
        }
        let (position_nm, nm_per_point) = reader.finish()?;
        Some(Self { position_nm, nm_per_point, dataset: dataset.filter(|name| !name.is_empty()) })
    }
}

impl fmt::Display for Place {
    /// `z 1250 y 1250 x 1250.5 nm, zoom 8.5 nm/point, dataset "fib25"`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Zyx { z, y, x } = self.position_nm.map(|nm| (nm * 1000.0).round() / 1000.0);
        write!(f, "z {z} y {y} x {x} nm")?;
        if let Some(zoom) = self.nm_per_point {
            write!(f, ", zoom {zoom} nm/point")?;
        }
        match &self.dataset {
            Some(name) => write!(f, ", dataset \"{name}\""),
            None => Ok(()),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Word {
    Number(f64),
    Name(String),
}

/// Numbers and names of a text; `None` if there is anything else in it but brackets and separators.
fn words(text: &str) -> Option<Vec<Word>> {
    const SEPARATORS: &str = ",;:=()[]{}|/·\"'";
    let text = text.replace('−', "-");
    let mut words = Vec::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let starts_number = first.is_ascii_digit() || "+-.".contains(first);
        let length = if starts_number {
            number_length(rest)
        } else {
            rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len())
        };
        if starts_number {
            let value: f64 = rest.get(..length)?.parse().ok()?;
            words.push(Word::Number(Some(value).filter(|value| value.is_finite())?));
        } else if length > 0 {
            words.push(Word::Name(rest.get(..length)?.to_lowercase()));
        } else if !first.is_whitespace() && !SEPARATORS.contains(first) {
            return None;
        }
        rest = rest.get(length.max(if length == 0 { first.len_utf8() } else { 0 })..)?;
    }
    Some(words)
}

/// Bytes of the number at the start of a text, with its sign, point and exponent.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    while digit(at) || bytes.get(at) == Some(&b'.') {
        at += 1;
    }
    let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
    if matches!(bytes.get(at), Some(b'e' | b'E')) && digit(at + 1 + sign) {
        at += 1 + sign;
        while digit(at) {
            at += 1;
        }
    }
    at
}

/// What a number is for.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    Along(Axis),
    Zoom,
}

#[derive(Debug, Default)]
struct Reader {
    /// The name that was read last waits for its number.
    role: Option<Role>,
    /// With the name that stood before it.
    named: Vec<(Role, f64)>,
    plain: Vec<f64>,
    zoom_is_last: bool,
    unit_nm: Option<f64>,
    zoom_unit_nm: Option<f64>,
}

impl Reader {
    fn take(&mut self, word: &Word) -> Option<()> {
        let name = match word {
            Word::Number(value) => {
                self.zoom_is_last = self.role == Some(Role::Zoom);
                match self.role.take() {
                    Some(role) if self.named.iter().all(|(known, _)| *known != role) => self.named.push((role, *value)),
                    Some(_) => return None,
                    None => self.plain.push(*value),
                }
                return Some(());
            }
            Word::Name(name) => name.as_str(),
        };
        let role = match name {
            "z" => Role::Along(Axis::Z),
            "y" => Role::Along(Axis::Y),
            "x" => Role::Along(Axis::X),
            "zoom" => Role::Zoom,
            "point" | "points" | "px" | "pixel" => return self.zoom_is_last.then_some(()),
            unit => return self.take_unit(unit_nm(unit)?),
        };
        self.role.replace(role).is_none().then_some(())
    }

    /// A unit holds for all numbers of its kind; two different ones contradict each other.
    fn take_unit(&mut self, nm: f64) -> Option<()> {
        let known = if self.zoom_is_last { &mut self.zoom_unit_nm } else { &mut self.unit_nm };
        (*known.get_or_insert(nm) == nm).then_some(())
    }

    fn finish(self) -> Option<(Zyx<f64>, Option<f64>)> {
        let along = |axis| self.named.iter().find(|(role, _)| *role == Role::Along(axis)).map(|(_, value)| *value);
        let position = match (self.plain.as_slice(), [Axis::Z, Axis::Y, Axis::X].map(along)) {
            ([z, y, x], [None, None, None]) => Zyx::new(*z, *y, *x),
            ([], [Some(z), Some(y), Some(x)]) => Zyx::new(z, y, x),
            _ => return None,
        };
        let zoom = self.named.iter().find(|(role, _)| *role == Role::Zoom).map(|(_, value)| *value);
        let zoom = zoom.map(|value| value * self.zoom_unit_nm.unwrap_or(1.0));
        let position = position * self.unit_nm.unwrap_or(1.0);
        let usable =
            self.role.is_none() && position.all(f64::is_finite) && zoom.is_none_or(|z| z.is_finite() && z > 0.0);
        usable.then_some((position, zoom))
    }
}

fn unit_nm(name: &str) -> Option<f64> {
    match name {
        "nm" => Some(1.0),
        // The micro sign and the Greek letter.
        "\u{b5}m" | "\u{3bc}m" | "um" => Some(1e3),
        "mm" => Some(1e6),
        _ => None,
    }
}

/// A link that opens `place` of the volume at `path` (a path or a URL) in neuroglancer: its viewer state as JSON in the
/// fragment, with lengths in nanometres (<https://github.com/google/neuroglancer>, `python/README.md` and the JSON
/// schema of the viewer state).
#[must_use]
pub fn neuroglancer_link(place: &Place, path: &str) -> String {
    const VIEWER: &str = "https://neuroglancer-demo.appspot.com/#!";
    /// What may stand in a fragment as it is.
    const ESCAPED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b':').remove(b',');
    let url = if path.contains("://") { path.to_owned() } else { format!("file://{}", path.replace('\\', "/")) };
    let nanometre = json!([1e-9, "m"]);
    let Zyx { z, y, x } = place.position_nm;
    let mut viewer = json!({
        "dimensions": { "x": nanometre, "y": nanometre, "z": nanometre },
        "position": [x, y, z],
        "layers": [{
            "type": "image",
            "name": place.dataset.as_deref().unwrap_or("em"),
            "source": format!("zarr://{}", url.trim_end_matches('/')),
        }],
        "layout": "4panel",
    });
    if let Some(zoom) = place.nm_per_point {
        viewer["crossSectionScale"] = json!(zoom);
    }
    format!("{VIEWER}{}", utf8_percent_encode(&viewer.to_string(), ESCAPED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str) -> Option<[f64; 3]> {
        Place::parse(text).map(|place| place.position_nm.to_array())
    }

    #[test]
    fn people_write_places_in_many_ways() {
        for text in [
            "z 1500 y 20 x 3.5 nm",
            "1500, 20, 3.5",
            "(1500 20 3.5)",
            "[1500;20;3.5] nm",
            "X=3.5, Y=20, Z=1500",
            "x: 0.0035 y: 0.02 z: 1.5 µm",
            "1.5e3 2e1 3.5",
            "  z1500y20x3.5nm ",
        ] {
            assert_eq!(position(text), Some([1500.0, 20.0, 3.5]), "{text}");
        }
        assert_eq!(position("−5 -6 +7"), Some([-5.0, -6.0, 7.0]));
        let place = Place::parse("1 2 3 um zoom 8.5 nm/px dataset: jrc_hela-2 a").unwrap();
        let name = Some("jrc_hela-2 a".to_owned());
        let expected = Place { position_nm: Zyx::new(1e3, 2e3, 3e3), nm_per_point: Some(8.5), dataset: name };
        assert_eq!(place, expected);
    }

    #[test]
    fn nonsense_is_no_place() {
        for text in [
            "",
            "1",
            "1 2",
            "1 2 3 4",
            "z 1 y 2",
            "z 1 y 2 3",
            "z 1 z 2 y 3 x 4",
            "z y x",
            "a b c",
            "1 2 3 parsec",
            "1e999 0 0",
            "1 2 NaN",
            "1 2 3 zoom",
            "1 2 3 zoom 0",
            "1 2 3 zoom -1",
            "1.2.3 4 5",
            "- - -",
            "1 2 3 nm mm",
            "1 2 3 z",
            "%1 2 3",
            "https://example.org/1/2/3",
            "1 2 3 px",
            "e e e",
            "1 2 3 zoom 1 zoom 2",
            "🦀 1 2 3",
            "z 1 y 2 x 3 w 4",
        ] {
            assert_eq!(position(text), None, "{text}");
        }
    }

    #[test]
    fn a_link_holds_the_state_of_the_viewer() {
        let place = Place::parse("10 20 30 zoom 4 dataset a b").unwrap();
        for (path, source) in [
            ("/data/c d.zarr/s", "zarr://file:///data/c d.zarr/s"),
            ("s3://bucket/em/", "zarr://s3://bucket/em"),
            ("https://example.org/em", "zarr://https://example.org/em"),
        ] {
            let link = neuroglancer_link(&place, path);
            let (viewer, fragment) = link.split_once("#!").unwrap();
            assert_eq!(viewer, "https://neuroglancer-demo.appspot.com/");
            assert!(!fragment.contains([' ', '"', '{', '}', '#']), "{fragment}");
            let decoded = percent_encoding::percent_decode_str(fragment).decode_utf8().unwrap();
            let state: serde_json::Value = serde_json::from_str(&decoded).unwrap();
            assert_eq!(state["position"], json!([30.0, 20.0, 10.0]), "x, y, z");
            assert_eq!(state["dimensions"]["y"], json!([1e-9, "m"]));
            assert_eq!(state["crossSectionScale"], json!(4.0));
            assert_eq!(state["layers"][0]["source"], source);
            assert_eq!(state["layers"][0]["name"], "a b");
        }
    }
}
