//! CellMap's annotation metadata (`cellmap.annotation`): what a label array means, and what a crop annotates.
//!
//! Described in cellmap reference 5.2 after `cellmap_schemas` 0.5 and later. Keys that are not named here are ignored.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::json::brief;
use crate::{Error, Result};

/// A value for each of the three things that a voxel can be called, where it applies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Possibilities {
    /// Nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<i64>,
    /// Somebody looked, and it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<i64>,
    /// It is there. Not used by instances, where every other value is an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<i64>,
}

/// How the values of a label array are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AnnotationType {
    /// One value says present, others absent or unknown.
    SemanticSegmentation {
        /// Which value says what.
        encoding: Possibilities,
    },
    /// Values that `encoding` does not list are ids of objects.
    InstanceSegmentation {
        /// Which value says what.
        encoding: Possibilities,
    },
}

impl AnnotationType {
    /// 0 is absent, 1 is present.
    pub const SEMANTIC: Self =
        Self::SemanticSegmentation { encoding: Possibilities { unknown: None, absent: Some(0), present: Some(1) } };
    /// 0 is absent, every other value is an id.
    pub const INSTANCES: Self =
        Self::InstanceSegmentation { encoding: Possibilities { unknown: None, absent: Some(0), present: None } };

    /// Which value says what.
    #[must_use]
    pub const fn encoding(&self) -> &Possibilities {
        match self {
            Self::SemanticSegmentation { encoding } | Self::InstanceSegmentation { encoding } => encoding,
        }
    }
}

/// Annotation of one label array; stands on its group, on its arrays, or on both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrayAnnotation {
    /// Class name, such as `mito`.
    pub class_name: String,
    /// How to understand the values.
    pub annotation_type: AnnotationType,
    /// How many voxels of the array are *not* objects, by kind; stands on arrays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complement_counts: Option<Possibilities>,
}

/// Annotation of a crop group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CropAnnotation {
    /// Version of the schema.
    #[serde(default = "CropAnnotation::schema_version")]
    pub version: String,
    /// Crop name.
    #[serde(default)]
    pub name: Option<String>,
    /// What it shows.
    #[serde(default)]
    pub description: Option<String>,
    /// The classes that somebody annotated here: the authoritative list.
    pub class_names: Vec<String>,
}

impl CropAnnotation {
    /// A crop `name` in which `class_names` were annotated.
    pub fn new<S: Into<String>>(name: &str, class_names: impl IntoIterator<Item = S>) -> Self {
        let class_names = class_names.into_iter().map(Into::into).collect();
        Self { version: Self::schema_version(), name: Some(name.to_owned()), description: None, class_names }
    }

    /// The annotation in a crop group's attributes, if there is one.
    ///
    /// # Errors
    /// [`Error::Metadata`] if there is one, but not as it should be. `path` is the group's path in messages.
    pub fn from_attributes(attributes: &Map<String, Value>, path: &str) -> Result<Option<Self>> {
        read(attributes, path)
    }

    /// Adds this to a group's attributes, with the keys that `cellmap_schemas` requires.
    pub fn add_to(&self, attributes: &mut Map<String, Value>) {
        let mut annotation = json!({
            "created_by": [], "created_with": [], "start_date": null, "end_date": null,
            "duration_days": null, "protocol_uri": null,
        });
        annotation["version"] = json!(self.version);
        annotation["name"] = json!(self.name);
        annotation["description"] = json!(self.description);
        annotation["class_names"] = json!(self.class_names);
        attributes.insert("cellmap".to_owned(), json!({"annotation": annotation}));
    }

    fn schema_version() -> String {
        "0.1.1".to_owned()
    }
}

impl ArrayAnnotation {
    /// The annotation in a label group's or array's attributes, if there is one.
    ///
    /// # Errors
    /// [`Error::Metadata`] if there is one, but not as it should be. `path` is the node's path in messages.
    pub fn from_attributes(attributes: &Map<String, Value>, path: &str) -> Result<Option<Self>> {
        read(attributes, path)
    }

    /// Adds this to a label group's or array's attributes.
    pub fn add_to(&self, attributes: &mut Map<String, Value>) {
        attributes.insert("cellmap".to_owned(), json!({"annotation": self}));
    }
}

fn read<T: DeserializeOwned>(attributes: &Map<String, Value>, path: &str) -> Result<Option<T>> {
    let Some(annotation) = attributes.get("cellmap").and_then(|cellmap| cellmap.get("annotation")) else {
        return Ok(None);
    };
    T::deserialize(annotation).map(Some).map_err(|error| Error::Metadata {
        path: path.to_owned(),
        field: "cellmap.annotation".to_owned(),
        expected: format!("an annotation of CellMap's schema ({error})"),
        got: brief(annotation),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn array_annotations_go_round() {
        let counts = Possibilities { absent: Some(123), ..Possibilities::default() };
        for annotation_type in [AnnotationType::SEMANTIC, AnnotationType::INSTANCES] {
            let annotation =
                ArrayAnnotation { class_name: "mito".to_owned(), annotation_type, complement_counts: Some(counts) };
            let mut attributes = Map::new();
            annotation.add_to(&mut attributes);
            assert_eq!(ArrayAnnotation::from_attributes(&attributes, "mito").unwrap(), Some(annotation));
        }
    }

    #[test]
    fn the_reference_example_is_read_and_written_alike() {
        let text = r#"{"cellmap":{"annotation":{"class_name":"mito","complement_counts":{"absent":123},
            "annotation_type":{"type":"semantic_segmentation","encoding":{"absent":0,"present":1}}}}}"#;
        let attributes: Map<String, Value> = serde_json::from_str(text).unwrap();
        let annotation = ArrayAnnotation::from_attributes(&attributes, "s0").unwrap().unwrap();
        assert_eq!(annotation.annotation_type, AnnotationType::SEMANTIC);
        let mut written = Map::new();
        annotation.add_to(&mut written);
        assert_eq!(written, attributes);
    }

    #[test]
    fn crops_list_their_classes() {
        let crop = CropAnnotation::new("crop7", ["er", "mito"]);
        let mut attributes = Map::new();
        crop.add_to(&mut attributes);
        assert_eq!(CropAnnotation::from_attributes(&attributes, "crop7").unwrap(), Some(crop));
        assert_eq!(CropAnnotation::from_attributes(&Map::new(), "crop7").unwrap(), None);
        let broken = json!({"cellmap": {"annotation": {"class_names": "mito"}}});
        let error = CropAnnotation::from_attributes(broken.as_object().unwrap(), "crop7").unwrap_err();
        assert!(error.to_string().contains("cellmap.annotation"), "{error}");
    }
}
