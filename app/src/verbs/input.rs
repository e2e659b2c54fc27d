//! What PATH|CONFIG means: a dataset on disk or a configuration, and the loader's two halves from either.

use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use microtome::{Start, python};
use microtome_core::Error;
use microtome_core::catalog::{Catalog, Split};
use microtome_core::loader::LoaderConfig;
use microtome_core::store::data_around;
use microtome_core::telemetry::Log;

use super::usage::UsageError;

/// An opened catalog and the configuration that goes with it.
pub struct Input {
    /// What to draw from.
    pub catalog: Arc<Catalog>,
    /// How to draw: as configured, or what fits the catalog.
    pub config: LoaderConfig,
}

/// What the path is by its name and kind, without opening it.
pub fn start(path: &Path) -> anyhow::Result<Start> {
    if !path.exists() {
        return Err(Error::NotFound { path: path.display().to_string() }.into());
    }
    if Log::is_recording(path) {
        return Ok(Start::Recording(path.to_path_buf()));
    }
    let start = Start::from_path(path.to_path_buf());
    if matches!(start, Start::Path(_)) && path.is_file() {
        bail!(
            "expected an OME-Zarr folder, a configuration (a file named ….toml) or a training script for cellmap-data \
             (….py), got another file: {}",
            path.display()
        );
    }
    Ok(start)
}

/// Opens a dataset with a configuration that fits it, or a configuration with its datasets that are for `split`.
pub fn open(path: &Path, split: Split) -> anyhow::Result<Input> {
    let (catalog, config) = match start(path)? {
        Start::Config(file) => {
            let config = LoaderConfig::from_file(&file)?;
            (config.open_catalog_of(split)?, config)
        }
        Start::Script(file) => {
            let taken = python::config(&file)?;
            for note in taken.notes {
                tracing::warn!("taken over: {note}");
            }
            (taken.config.open_catalog_of(split)?, taken.config)
        }
        Start::Recording(file) => {
            let words =
                "a recording has no data to load; `microtome open` shows it, `microtome report` writes a page about it";
            return Err(UsageError(format!("{words}: {}", file.display())).into());
        }
        _ if split == Split::Validate => {
            return Err(UsageError(format!(
                "--split validate is for a configuration (.toml) that says what to validate on; this is a dataset: {}",
                path.display()
            ))
            .into());
        }
        _ => {
            let catalog = Catalog::open(path)?;
            let config = LoaderConfig::for_catalog(&catalog);
            (catalog, config)
        }
    };
    Ok(Input { catalog: Arc::new(catalog), config })
}

/// What of a configuration's training data is too near to what it validates on, in words.
pub fn leaks(input: &Input) -> anyhow::Result<Vec<String>> {
    let leakage = input.config.leakage(&input.catalog)?;
    Ok(leakage.sentences().map(|sentence| format!("leakage: {sentence}")).collect())
}

/// Refuses to write into the data: `target` must not lie inside a Zarr hierarchy or a CellMap dataset.
pub fn refuse_inside_data(target: &Path) -> anyhow::Result<()> {
    match data_around(target) {
        Some(zarr) => {
            bail!("would write into the data in {}; choose another place: {}", zarr.display(), target.display())
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_into_a_zarr_hierarchy_is_refused_at_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        let zarr = folder.path().join("a.zarr");
        std::fs::create_dir_all(zarr.join("deep")).unwrap();
        std::fs::write(zarr.join(".zgroup"), "{}").unwrap();
        assert!(refuse_inside_data(&zarr.join("x.png")).is_err());
        assert!(refuse_inside_data(&zarr.join("deep/new/x.png")).is_err());
        assert!(refuse_inside_data(&folder.path().join("new/x.png")).is_ok());
    }

    #[test]
    fn a_dataset_without_group_metadata_is_data_too() {
        let folder = tempfile::tempdir().unwrap();
        let labels = folder.path().join("jrc_a.zarr/recon-1/labels");
        std::fs::create_dir_all(labels.join("groundtruth")).unwrap();
        assert!(refuse_inside_data(&labels.join("out/x.npy")).is_err());
        assert!(refuse_inside_data(&folder.path().join("jrc_a.zarr/x.png")).is_err());
        assert!(refuse_inside_data(&folder.path().join("x.png")).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_into_the_data_is_seen_through() {
        let folder = tempfile::tempdir().unwrap();
        let zarr = folder.path().join("a.zarr");
        std::fs::create_dir_all(&zarr).unwrap();
        std::fs::write(zarr.join("zarr.json"), "{}").unwrap();
        std::os::unix::fs::symlink(&zarr, folder.path().join("link")).unwrap();
        assert!(refuse_inside_data(&folder.path().join("link/x.png")).is_err());
    }
}
