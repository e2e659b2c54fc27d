//! Zarr groups and OME-NGFF 0.4 and 0.5 metadata as valid-by-construction types, read and written. The only JSON.

pub mod annotation;
mod conformance;
mod json;
mod multiscale;
mod node;
mod transform;
mod units;
mod write;

pub use conformance::{Conformance, conformance, image_problems, label_problems};
pub use json::read_json;
pub use multiscale::{AxisKind, AxisMeta, LevelMeta, Multiscale, multiscales_of, read_multiscales};
pub use node::{Node, NodeKind, read_node};
pub use write::{NgffVersion, group_files, multiscale_attributes};
