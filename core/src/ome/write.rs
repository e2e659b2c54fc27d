//! Writes the metadata that [`super::multiscale`] reads: z, y, x multiscales in nanometres, and the files of a group.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::geometry::{Axis, GridTransform};

/// A version of OME-NGFF, and with it of Zarr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NgffVersion {
    /// In Zarr v2.
    #[serde(rename = "0.4")]
    V04,
    /// In Zarr v3.
    #[serde(rename = "0.5")]
    V05,
}

impl NgffVersion {
    /// As it stands in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V04 => "0.4",
            Self::V05 => "0.5",
        }
    }

    /// The Zarr format that it lives in: 2 or 3.
    #[must_use]
    pub const fn zarr_format(self) -> u8 {
        match self {
            Self::V04 => 2,
            Self::V05 => 3,
        }
    }
}

impl std::fmt::Display for NgffVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The attributes of an image group whose arrays are z, y, x: `levels` are paths inside the group and their transforms,
/// finest first. Further attributes, such as [`super::annotation`]'s, can be added to the map.
#[must_use]
pub fn multiscale_attributes<P: AsRef<str>>(
    version: NgffVersion,
    name: &str,
    levels: &[(P, GridTransform)],
) -> Map<String, Value> {
    let axes = Axis::ALL.map(|axis| json!({"name": axis.name(), "type": "space", "unit": "nanometer"}));
    let datasets: Vec<_> = levels.iter().map(|(path, transform)| dataset(path.as_ref(), transform)).collect();
    let mut multiscale = Map::new();
    let mut attributes = Map::new();
    multiscale.insert("name".to_owned(), name.into());
    multiscale.insert("axes".to_owned(), axes.as_slice().into());
    multiscale.insert("datasets".to_owned(), datasets.into());
    match version {
        NgffVersion::V04 => {
            multiscale.insert("version".to_owned(), version.name().into());
            attributes.insert("multiscales".to_owned(), json!([multiscale]));
        }
        NgffVersion::V05 => {
            attributes.insert("ome".to_owned(), json!({"version": version.name(), "multiscales": [multiscale]}));
        }
    }
    attributes
}

fn dataset(path: &str, world_from_voxel: &GridTransform) -> Value {
    json!({
        "path": path,
        "coordinateTransformations": [
            {"type": "scale", "scale": world_from_voxel.voxel_size_nm},
            {"type": "translation", "translation": world_from_voxel.translation_nm},
        ],
    })
}

/// The files that make a folder a Zarr group with these attributes: names inside the folder, and their bytes.
#[must_use]
pub fn group_files(version: NgffVersion, attributes: &Map<String, Value>) -> Vec<(&'static str, Vec<u8>)> {
    let text = |document: &Value| format!("{document:#}\n").into_bytes();
    match version {
        NgffVersion::V04 => {
            vec![(".zgroup", text(&json!({"zarr_format": 2}))), (".zattrs", text(&Value::Object(attributes.clone())))]
        }
        NgffVersion::V05 => {
            vec![("zarr.json", text(&json!({"zarr_format": 3, "node_type": "group", "attributes": attributes})))]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Zyx;
    use crate::ome::{NodeKind, read_multiscales, read_node};
    use zarrs::storage::store::MemoryStore;
    use zarrs::storage::{StoreKey, WritableStorageTraits};

    #[test]
    fn what_is_written_is_read_back_exactly() {
        // Not binary fractions: the text must carry every digit.
        let s0 = GridTransform::new(Zyx::new(5.24, 4.1, 1.0 / 3.0), Zyx::new(-0.1, 1e9 + 0.3, 0.0));
        let s1 = GridTransform::new(s0.voxel_size_nm * 2.0, s0.world_from_voxel(Zyx::splat(0.5)));
        for version in [NgffVersion::V04, NgffVersion::V05] {
            let store = MemoryStore::new();
            let attributes = multiscale_attributes(version, "em", &[("s0", s0), ("s1", s1)]);
            for (name, bytes) in group_files(version, &attributes) {
                store.set(&StoreKey::new(format!("g/{name}")).unwrap(), bytes.into()).unwrap();
            }
            let node = read_node(&store, "g", "g").unwrap().unwrap();
            assert_eq!((node.kind, node.zarr_format), (NodeKind::Group, version.zarr_format()));
            let read = read_multiscales(&store, "g", "g").unwrap();
            assert_eq!(read.len(), 1);
            assert_eq!(read[0].version.as_deref(), Some(version.name()));
            assert_eq!(read[0].name.as_deref(), Some("em"));
            assert_eq!(read[0].levels.iter().map(|level| level.path.as_str()).collect::<Vec<_>>(), ["s0", "s1"]);
            assert_eq!([read[0].world_from_voxel(0), read[0].world_from_voxel(1)], [s0, s1]);
        }
    }
}
