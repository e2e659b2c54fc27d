//! `*`, `?` and `**` in the paths of a configuration or a datasplit, and which labels then go with which raw volume.

use std::path::{Path, PathBuf};

use super::natural::natural_order;
use crate::{Error, Result};

/// Whether a path asks to be matched. Brackets name classes here, and do not.
pub(super) fn has_wildcard(path: &str) -> bool {
    path.contains(['*', '?'])
}

/// The folders that `path` means, in natural order: itself where it has no wildcard or stands there as it is written.
///
/// # Errors
/// [`Error::Remote`] for a URL, [`Error::NotFound`] if nothing matches, [`Error::Io`] for a folder that cannot be
/// listed.
pub(super) fn matches(path: &Path) -> Result<Vec<PathBuf>> {
    let Some(text) = path.to_str() else { return Ok(vec![path.to_owned()]) };
    if text.contains("://") {
        return Err(Error::Remote { url: text.to_owned() });
    }
    if !has_wildcard(text) || path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        // Hidden folders hold caches and version control, not data.
        require_literal_leading_dot: true,
    };
    let nothing = || Error::NotFound { path: text.to_owned() };
    let found = glob::glob_with(&text.replace('[', "[[]"), options).map_err(|_| nothing())?;
    let mut folders = Vec::new();
    for entry in found {
        let entry = entry.map_err(|error| {
            let path = error.path().display().to_string();
            Error::Io { action: "list", path, reason: std::io::Error::from(error).into() }
        })?;
        if entry.is_dir() {
            folders.push(entry);
        }
    }
    folders.sort_by(|a, b| natural_order(&a.to_string_lossy(), &b.to_string_lossy()));
    if folders.is_empty() { Err(nothing()) } else { Ok(folders) }
}

/// For each of `labels` the raw volume that it shares the longest path with, by index: what a pattern with the same
/// wildcard in both paths means. The first of several.
pub(super) fn raw_of(raws: &[PathBuf], labels: &Path) -> usize {
    let shared = |raw: &PathBuf| raw.components().zip(labels.components()).take_while(|(a, b)| a == b).count();
    let longest = raws.iter().map(shared).max();
    raws.iter().position(|raw| Some(shared(raw)) == longest).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_go_with_the_raw_volume_they_share_most_with() {
        let raws = ["d/a/a.zarr/em", "d/b/b.zarr/em"].map(PathBuf::from);
        assert_eq!(raw_of(&raws, Path::new("d/b/b.zarr/labels/crop1")), 1);
        assert_eq!(raw_of(&raws, Path::new("d/a/a.zarr/labels/crop10")), 0);
        assert_eq!(raw_of(&raws, Path::new("elsewhere")), 0);
    }

    #[test]
    fn patterns_match_folders_in_natural_order_and_brackets_are_no_pattern() {
        let folder = std::env::temp_dir().join(format!("microtome-wildcard-{}", std::process::id()));
        for name in ["a [x]/crop10", "a [x]/crop2", "a [x]/.crop3", "b/crop1"] {
            std::fs::create_dir_all(folder.join(name)).unwrap();
        }
        std::fs::write(folder.join("a [x]/crop4"), "a file").unwrap();
        let found = |pattern: &str| {
            let inner = |path: PathBuf| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            matches(&folder.join(pattern)).map(|paths| paths.into_iter().map(inner).collect::<Vec<_>>())
        };
        let answers = [found("a [x]/crop*").unwrap(), found("*/crop?").unwrap(), found("nowhere").unwrap()];
        let nothing = found("c*/crop1");
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(answers[0], ["a [x]/crop2", "a [x]/crop10"]);
        assert_eq!(answers[1], ["a [x]/crop2", "b/crop1"]);
        assert_eq!(answers[2], ["nowhere"]);
        assert!(matches!(nothing, Err(Error::NotFound { .. })));
        assert!(matches!(matches(Path::new("s3://bucket/a.zarr")), Err(Error::Remote { .. })));
    }
}
