//! What stands at a place of a hierarchy: an array, an image, a CellMap dataset, or a folder that may hold some.

use std::path::{Path, PathBuf};

use super::natural::natural_order;
use crate::Result;
use crate::ome::{self, NodeKind};
use crate::store::{FileStore, Metered};

/// What a folder is, as far as it concerns training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A Zarr array.
    Array,
    /// An OME-Zarr image group.
    Image,
    /// A CellMap dataset: it holds these `recon-*` folders.
    Dataset(Vec<String>),
    /// One reconstruction of a CellMap dataset: it holds `em`.
    Recon,
    /// A Zarr group that is none of these, and the folders in it.
    Group(Vec<String>),
    /// A folder without Zarr metadata, and the folders in it.
    Folder(Vec<String>),
}

/// What is at `key`.
pub(super) fn classify(store: &Metered, key: &str) -> Result<Place> {
    let path = store.path_of(key);
    let node = ome::read_node(store, key, &path)?;
    match &node {
        Some(node) if node.kind == NodeKind::Array => return Ok(Place::Array),
        Some(node) if !ome::multiscales_of(&node.attributes, &path)?.is_empty() => return Ok(Place::Image),
        _ => {}
    }
    let mut folders = store.folders(key)?;
    folders.sort_by(|a, b| natural_order(a, b));
    let recons: Vec<_> = folders.iter().filter(|name| name.starts_with("recon-")).cloned().collect();
    Ok(match node {
        _ if !recons.is_empty() => Place::Dataset(recons),
        _ if folders.iter().any(|name| name == "em") => Place::Recon,
        Some(_) => Place::Group(folders),
        None => Place::Folder(folders),
    })
}

/// The CellMap reconstruction that `path` lies inside, and where in it.
pub(super) fn recon_above(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let real = path.canonicalize().ok()?;
    let is_recon = |folder: &&Path| folder.join("em").is_dir() && folder.join("labels").is_dir();
    let recon = real.ancestors().skip(1).find(is_recon)?;
    Some((recon.to_owned(), real.strip_prefix(recon).ok()?.to_owned()))
}

/// The Zarr array that `path` lies inside, as a chunk folder does.
pub(super) fn array_above(path: &Path) -> Option<PathBuf> {
    let real = path.canonicalize().ok()?;
    let is_array = |folder: &&Path| {
        let node = ome::read_node(&FileStore::new(*folder), "", &folder.display().to_string());
        matches!(node, Ok(Some(node)) if node.kind == NodeKind::Array)
    };
    real.ancestors().skip(1).find(is_array).map(Path::to_owned)
}

/// What a dataset is called: the nearest folder around it that is named `….zarr` (or its own), without the ending.
pub(super) fn dataset_name(path: &Path) -> String {
    // `.` and `..` have no name of their own.
    let real = path.canonicalize();
    let path = if path.file_name().is_some() { path } else { real.as_deref().unwrap_or(path) };
    let is_zarr = |folder: &&Path| folder.extension().is_some_and(|ending| ending == "zarr");
    let named = path.ancestors().find(is_zarr).and_then(Path::file_stem).or_else(|| path.file_name());
    named.map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datasets_are_named_after_their_zarr() {
        for (path, name) in [
            ("data/jrc_hela-2/jrc_hela-2.zarr", "jrc_hela-2"),
            ("data/jrc_hela-2.zarr/recon-1/em/fibsem-uint8", "jrc_hela-2"),
            ("data/simple_0.4", "simple_0.4"),
            ("gehäuse 100%.zarr/recon-1", "gehäuse 100%"),
        ] {
            assert_eq!(dataset_name(Path::new(path)), name);
        }
        assert!(!dataset_name(Path::new(".")).is_empty());
    }
}
