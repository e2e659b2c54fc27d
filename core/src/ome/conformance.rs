//! The verdict whether metadata conforms to OME-NGFF 0.4 or 0.5, rule by rule.
//!
//! Apart from [`super::multiscale`]: much that does not conform can be read (a wrong `omero` colour, for one), and one
//! thing that conforms to the letter cannot: the specification's own suite for 0.4 counts a scale of two numbers for
//! three axes as valid. The rules are those of the JSON schemas, and of the text where it is stricter: names of axes and
//! values of labels are unique, and a translation stands after the scale.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::NgffVersion;
use super::json::{Field, brief};

/// Whether metadata conforms, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conformance {
    /// Which version the metadata claims by its structure.
    pub version: NgffVersion,
    /// True if there are no problems.
    pub conforms: bool,
    /// What is wrong, one line each.
    pub problems: Vec<String>,
}

/// The verdict on a group's attributes; `None` if they hold neither an image nor a label image of OME-NGFF.
#[must_use]
pub fn conformance(attributes: &Map<String, Value>, zarr_format: u8) -> Option<Conformance> {
    let (version, members) = match attributes.get("ome") {
        Some(ome) => (NgffVersion::V05, ome.as_object()?),
        None => (NgffVersion::V04, attributes),
    };
    let has = |key: &str| members.contains_key(key);
    if !has("multiscales") && !has("image-label") {
        return None;
    }
    let mut problems = Vec::new();
    if version.zarr_format() != zarr_format {
        problems.push(format!("OME-NGFF {version} belongs in Zarr v{}, this is v{zarr_format}", version.zarr_format()));
    }
    // A label image is an image too; on its own, `image-label` is judged alone.
    if has("multiscales") {
        problems.extend(image_problems(version, attributes));
    }
    if has("image-label") {
        problems.extend(label_problems(version, attributes));
    }
    Some(Conformance { version, conforms: problems.is_empty(), problems })
}

/// What keeps attributes from being an image of `version`; empty if they are one.
#[must_use]
pub fn image_problems(version: NgffVersion, attributes: &Map<String, Value>) -> Vec<String> {
    let document = Value::Object(attributes.clone());
    let mut check = Check::default();
    let root = check.namespace(version, &document);
    let multiscales = root.get("multiscales");
    let items = check.list(&multiscales, 1, "a list of at least one multiscale");
    check.distinct(&multiscales, &items);
    for item in &items {
        check.multiscale(version, item);
    }
    check.omero(version, &root.get("omero"));
    check.problems
}

/// What keeps attributes from being a label image's `image-label` of `version`; empty if they are one.
#[must_use]
pub fn label_problems(version: NgffVersion, attributes: &Map<String, Value>) -> Vec<String> {
    let document = Value::Object(attributes.clone());
    let mut check = Check::default();
    let label = check.namespace(version, &document).get("image-label");
    if version == NgffVersion::V05 || label.value.is_some() {
        check.image_label(version, &label);
    }
    check.problems
}

/// Collects problems. Every method checks one construct of the specification.
#[derive(Default)]
struct Check {
    problems: Vec<String>,
}

impl Check {
    fn problem(&mut self, field: &Field<'_>, expected: &str) {
        let got = field.value.map_or_else(|| "nothing".to_owned(), brief);
        self.problems.push(format!("{}: expected {expected}, got {got}", field.name));
    }

    /// The object that holds the metadata: 0.4's is the document, 0.5's is `ome` with its version.
    fn namespace<'a>(&mut self, version: NgffVersion, document: &'a Value) -> Field<'a> {
        let root = Field::root(Some(document), "", "");
        if version == NgffVersion::V04 {
            return root;
        }
        let ome = root.get("ome");
        if ome.get("version").value.and_then(Value::as_str) != Some(version.name()) {
            self.problem(&ome.get("version"), "\"0.5\"");
        }
        ome
    }

    /// The elements of a list of at least `least`; complains and gives none if it is something else.
    fn list<'a>(&mut self, field: &Field<'a>, least: usize, expected: &str) -> Vec<Field<'a>> {
        let items = field.items(expected).unwrap_or_default();
        if items.len() < least || field.value.is_none_or(|v| !v.is_array()) {
            self.problem(field, expected);
        }
        items
    }

    fn object(&mut self, field: &Field<'_>) -> bool {
        let is_object = field.value.is_some_and(Value::is_object);
        if !is_object {
            self.problem(field, "an object");
        }
        is_object
    }

    fn distinct(&mut self, list: &Field<'_>, items: &[Field<'_>]) {
        let texts: HashSet<_> = items.iter().filter_map(|item| item.value.map(Value::to_string)).collect();
        if texts.len() < items.len() {
            self.problem(list, "entries that differ");
        }
    }

    fn required(&mut self, field: &Field<'_>, expected: &str, holds: impl Fn(&Value) -> bool) {
        if !field.value.is_some_and(holds) {
            self.problem(field, expected);
        }
    }

    fn optional(&mut self, field: &Field<'_>, expected: &str, holds: impl Fn(&Value) -> bool) {
        if field.value.is_some() {
            self.required(field, expected, holds);
        }
    }

    fn multiscale(&mut self, version: NgffVersion, item: &Field<'_>) {
        if !self.object(item) {
            return;
        }
        self.optional(&item.get("name"), "text", Value::is_string);
        if version == NgffVersion::V04 {
            self.optional(&item.get("version"), "\"0.4\"", |v| v.as_str() == Some("0.4"));
        }
        self.axes(&item.get("axes"));
        for dataset in self.list(&item.get("datasets"), 1, "a list of at least one dataset") {
            if self.object(&dataset) {
                self.required(&dataset.get("path"), "a path", Value::is_string);
                self.transformations(&dataset.get("coordinateTransformations"));
            }
        }
        let group = item.get("coordinateTransformations");
        if group.value.is_some() {
            self.transformations(&group);
        }
    }

    fn axes(&mut self, list: &Field<'_>) {
        let axes = self.list(list, 2, "a list of 2 to 5 axes");
        if axes.len() > 5 {
            self.problem(list, "a list of 2 to 5 axes");
        }
        let (mut names, mut space) = (HashSet::new(), 0);
        for axis in &axes {
            if !self.object(axis) {
                continue;
            }
            self.required(&axis.get("name"), "a name", Value::is_string);
            self.optional(&axis.get("type"), "text", Value::is_string);
            self.optional(&axis.get("unit"), "text", Value::is_string);
            space += usize::from(axis.get("type").value.and_then(Value::as_str) == Some("space"));
            if axis.get("name").value.is_some_and(|name| !names.insert(name.to_string())) {
                self.problem(&axis.get("name"), "a name that no other axis has");
            }
        }
        if !(2..=3).contains(&space) {
            self.problems.push(format!("{}: expected 2 or 3 axes of type \"space\", got {space}", list.name));
        }
    }

    /// Exactly one scale, and after it at most one translation.
    fn transformations(&mut self, list: &Field<'_>) {
        let steps = self.list(list, 1, "a list of coordinate transformations");
        let mut kinds = Vec::new();
        for step in &steps {
            let kind = step.get("type").value.and_then(Value::as_str);
            match kind {
                Some(kind @ ("scale" | "translation")) => {
                    self.required(&step.get(kind), "a list of at least 2 numbers", is_numbers);
                    kinds.push(kind);
                }
                _ => self.problem(&step.get("type"), "\"scale\" or \"translation\""),
            }
        }
        if !steps.is_empty() && !matches!(kinds[..], ["scale"] | ["scale", "translation"]) {
            self.problem(list, "one scale, and after it at most one translation");
        }
    }

    fn omero(&mut self, version: NgffVersion, omero: &Field<'_>) {
        if omero.value.is_none() || !self.object(omero) {
            return;
        }
        for channel in self.list(&omero.get("channels"), 0, "a list of channels") {
            if self.object(&channel) {
                self.channel(version, &channel);
            }
        }
    }

    fn channel(&mut self, version: NgffVersion, channel: &Field<'_>) {
        let (window, color) = (channel.get("window"), channel.get("color"));
        if (version == NgffVersion::V04 || window.value.is_some()) && self.object(&window) {
            for key in ["start", "min", "end", "max"] {
                self.required(&window.get(key), "a number", Value::is_number);
            }
        }
        if version == NgffVersion::V04 {
            self.required(&color, "a colour as text, such as \"FF0000\"", Value::is_string);
        } else {
            self.optional(&color, "a colour as text, such as \"FF0000\"", Value::is_string);
        }
        self.optional(&channel.get("label"), "text", Value::is_string);
        self.optional(&channel.get("family"), "text", Value::is_string);
        self.optional(&channel.get("active"), "true or false", Value::is_boolean);
    }

    fn image_label(&mut self, version: NgffVersion, label: &Field<'_>) {
        if !self.object(label) {
            return;
        }
        if version == NgffVersion::V04 {
            self.optional(&label.get("version"), "\"0.4\"", |v| v.as_str() == Some("0.4"));
        }
        self.label_values(&label.get("colors"), "a number", Value::is_number);
        self.label_values(&label.get("properties"), "an integer", is_integer);
        for color in label.get("colors").items("").unwrap_or_default() {
            self.optional(&color.get("rgba"), "four integers from 0 to 255", is_rgba);
        }
        let source = label.get("source");
        if source.value.is_some() && self.object(&source) {
            self.optional(&source.get("image"), "a path", Value::is_string);
        }
    }

    /// A list of objects, each about its own `label-value`; may be missing, but not empty.
    fn label_values(&mut self, list: &Field<'_>, expected: &str, holds: fn(&Value) -> bool) {
        if list.value.is_none() {
            return;
        }
        let mut seen = HashSet::new();
        for item in self.list(list, 1, "a list of at least one entry") {
            if !self.object(&item) {
                continue;
            }
            let value = item.get("label-value");
            self.required(&value, expected, holds);
            if value.value.is_some_and(|v| !seen.insert(v.to_string())) {
                self.problem(&value, "a value that no other entry has");
            }
        }
    }
}

fn is_numbers(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.len() >= 2 && items.iter().all(Value::is_number))
}

/// JSON Schema's integer: 1.0 is one.
fn is_integer(value: &Value) -> bool {
    value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|v| v.fract() == 0.0)
}

fn is_rgba(value: &Value) -> bool {
    let is_byte = |v: &Value| is_integer(v) && v.as_f64().is_some_and(|v| (0.0..=255.0).contains(&v));
    value.as_array().is_some_and(|items| items.len() == 4 && items.iter().all(is_byte))
}
