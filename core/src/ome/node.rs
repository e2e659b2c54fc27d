//! What stands at a path of a Zarr hierarchy, version 2 or 3: a group, an array, or nothing.

use serde_json::{Map, Value};
use zarrs::storage::ReadableStorageTraits;

use super::json::{Field, read_json};
use crate::Result;

/// Group or array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// Holds further nodes.
    Group,
    /// Holds voxels.
    Array,
}

/// A group or array of a Zarr hierarchy.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Group or array.
    pub kind: NodeKind,
    /// Zarr format version, 2 or 3.
    pub zarr_format: u8,
    /// Its attributes.
    pub attributes: Map<String, Value>,
}

/// The node at `key`, or `None` if there is no Zarr metadata. `path` is the node's path in messages.
///
/// Where both versions' metadata stand side by side, version 3 counts. A lone `.zattrs` makes a group.
///
/// # Errors
/// [`crate::Error::Json`], [`crate::Error::Metadata`] or [`crate::Error::Io`] for metadata that cannot be read.
pub fn read_node<S: ReadableStorageTraits + ?Sized>(store: &S, key: &str, path: &str) -> Result<Option<Node>> {
    let read = |name: &str| {
        let document_key = if key.is_empty() { name.to_owned() } else { format!("{key}/{name}") };
        let document_path = format!("{}/{name}", path.trim_end_matches('/'));
        read_json(store, &document_key, &document_path)
    };
    if let Some(document) = read("zarr.json")? {
        let root = Field::root(document.get("node_type"), "node_type", path);
        let kind = match root.value.and_then(Value::as_str) {
            Some("group") => NodeKind::Group,
            Some("array") => NodeKind::Array,
            _ => return Err(root.error("\"group\" or \"array\" in zarr.json")),
        };
        let attributes = attributes_of(document.get("attributes"), path)?;
        return Ok(Some(Node { kind, zarr_format: 3, attributes }));
    }
    let array = read(".zarray")?;
    let group = if array.is_none() { read(".zgroup")? } else { None };
    let attributes = read(".zattrs")?;
    let kind = match (&array, &group, &attributes) {
        (None, None, None) => return Ok(None),
        (Some(_), ..) => NodeKind::Array,
        _ => NodeKind::Group,
    };
    Ok(Some(Node { kind, zarr_format: 2, attributes: attributes_of(attributes.as_ref(), path)? }))
}

fn attributes_of(value: Option<&Value>, path: &str) -> Result<Map<String, Value>> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(attributes)) => Ok(attributes.clone()),
        Some(_) => Err(Field::root(value, "attributes", path).error("an object")),
    }
}
