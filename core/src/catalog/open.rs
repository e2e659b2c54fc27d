//! Opens what is at a path: image, array, CellMap dataset, or a folder of these.

use std::path::Path;
use std::sync::Arc;

use super::crops::open_crops;
use super::expand::Opening;
use super::natural::natural_order;
use super::place::{Place, array_above, classify, dataset_name, recon_above};
use super::{Catalog, ClassTable, Dataset};
use crate::store::{Metered, join, open_local};
use crate::volume::{DType, Volume};
use crate::{Error, Result};

/// How many folders deep a folder of datasets is searched: `data/jrc_hela-2/jrc_hela-2.zarr`.
const SEARCH_DEPTH: usize = 2;

/// See [`Catalog::add_path`].
pub(super) fn open(path: &Path, class_table: Option<Arc<ClassTable>>) -> Result<Catalog> {
    let store = open_local(path)?;
    let mut catalog = Catalog { class_table, ..Catalog::default() };
    let name = dataset_name(path);
    match classify(&store, "")? {
        Place::Folder(folders) | Place::Group(folders) => open_around(&store, path, &folders, &mut catalog)?,
        place => open_place(&store, "", &name, &place, &mut catalog)?,
    }
    if let Some(warning) = inner_place_warning(path) {
        catalog.warnings.push(warning);
    }
    let odd: Vec<_> = catalog.datasets.iter().flat_map(|dataset| dataset.raw.oddities()).collect();
    catalog.warnings.extend(odd);
    Ok(catalog)
}

/// Opens a place that is one dataset, or several reconstructions of one.
fn open_place(store: &Arc<Metered>, key: &str, name: &str, place: &Place, catalog: &mut Catalog) -> Result<()> {
    match place {
        Place::Array => {
            let path = store.path_of(key);
            catalog.warnings.push(format!("a bare array says no voxel size: 1 nm is assumed: {path}"));
            push_image(store, key, name, catalog)
        }
        Place::Image => push_image(store, key, name, catalog),
        Place::Recon => open_recon(store, key, name, catalog),
        Place::Dataset(recons) => {
            for recon in recons {
                let name = if recons.len() == 1 { name.to_owned() } else { format!("{name}/{recon}") };
                open_recon(store, &join(key, recon), &name, catalog)?;
            }
            Ok(())
        }
        Place::Group(_) | Place::Folder(_) => Ok(()),
    }
}

fn push_image(store: &Arc<Metered>, key: &str, name: &str, catalog: &mut Catalog) -> Result<()> {
    let raw = Arc::new(Volume::open_in(store, key)?);
    catalog.datasets.push(Dataset { name: name.to_owned(), raw, crops: Vec::new() });
    Ok(())
}

fn open_recon(store: &Arc<Metered>, key: &str, name: &str, catalog: &mut Catalog) -> Result<()> {
    let raw = open_em(store, &join(key, "em"), &mut catalog.warnings)?;
    let groundtruth = join(key, "labels/groundtruth");
    let mut opening = Opening { table: catalog.class_table.as_deref(), warnings: &mut catalog.warnings };
    let crops = open_crops(store, &groundtruth, &raw.bounds(), &mut opening)?;
    catalog.datasets.push(Dataset { name: name.to_owned(), raw: Arc::new(raw), crops });
    Ok(())
}

/// Opens the EM image to train on among those in `em`: the first of `uint8`, else the first.
pub(super) fn open_em(store: &Arc<Metered>, em: &str, warnings: &mut Vec<String>) -> Result<Volume> {
    let mut names = store.folders(em)?;
    // Names tell the type by custom (`fibsem-uint8`); the type itself decides.
    names.sort_by(|a, b| b.contains("uint8").cmp(&a.contains("uint8")).then_with(|| natural_order(a, b)));
    let (mut other, mut failed) = (None, Vec::new());
    let mut chosen = None;
    for name in &names {
        match Volume::open_in(store, &join(em, name)) {
            Ok(volume) if volume.dtype() == DType::U8 => {
                chosen = Some(volume);
                break;
            }
            Ok(volume) => other = other.or(Some(volume)),
            Err(error) => failed.push(error),
        }
    }
    match chosen.or(other) {
        Some(volume) => {
            let path = volume.path();
            warnings.extend(failed.iter().map(|error| format!("{error} ({path} is used instead)")));
            Ok(volume)
        }
        None => Err(failed.into_iter().next().unwrap_or_else(|| Error::NoImage {
            path: store.path_of(em),
            hint: "em holds no image; it should hold one such as em/fibsem-uint8".to_owned(),
        })),
    }
}

/// What is no image and no CellMap dataset: `em`, part of the labels, or a folder or group of datasets.
fn open_around(store: &Arc<Metered>, path: &Path, folders: &[String], catalog: &mut Catalog) -> Result<()> {
    let inside = recon_above(path);
    match &inside {
        Some((_, place)) if place == Path::new("em") => {
            let raw = Arc::new(open_em(store, "", &mut catalog.warnings)?);
            catalog.datasets.push(Dataset { name: dataset_name(path), raw, crops: Vec::new() });
            Ok(())
        }
        Some((recon, place)) if place.starts_with("labels") => {
            let hint = format!("these are labels; open the dataset around them, {}", recon.display());
            Err(Error::NoImage { path: path.display().to_string(), hint })
        }
        _ => open_folder(store, path, folders, catalog),
    }
}

/// A folder of datasets. What cannot be opened is a warning, unless nothing can.
fn open_folder(store: &Arc<Metered>, path: &Path, folders: &[String], catalog: &mut Catalog) -> Result<()> {
    let mut failed = Vec::new();
    search(store, "", folders, SEARCH_DEPTH, catalog, &mut failed);
    if !catalog.datasets.is_empty() {
        catalog.warnings.extend(failed.into_iter().map(|(name, error)| format!("{name} is left out: {error}")));
        return Ok(());
    }
    if let Some((_, error)) = failed.into_iter().next() {
        return Err(error);
    }
    let hint = match array_above(path) {
        Some(array) => format!("this is inside the array {}; open the image group above it", array.display()),
        None => "open an OME-Zarr image, a CellMap dataset (x.zarr) or a folder of datasets".to_owned(),
    };
    Err(Error::NoImage { path: path.display().to_string(), hint })
}

fn search(
    store: &Arc<Metered>,
    key: &str,
    folders: &[String],
    depth: usize,
    catalog: &mut Catalog,
    failed: &mut Vec<(String, Error)>,
) {
    // Hidden folders hold caches and version control, not data.
    for folder in folders.iter().filter(|name| !name.starts_with('.')) {
        let child = join(key, folder);
        let name = if key.is_empty() { folder.clone() } else { format!("{key}/{folder}") };
        let opened = match classify(store, &child) {
            Ok(Place::Folder(inner) | Place::Group(inner)) => {
                if depth > 1 {
                    search(store, &child, &inner, depth - 1, catalog, failed);
                }
                Ok(())
            }
            // An array among folders is not taken for a dataset: it says no voxel size.
            Ok(Place::Array) => Ok(()),
            Ok(place) => open_place(store, &child, &dataset_name(Path::new(&store.path_of(&child))), &place, catalog),
            Err(error) => Err(error),
        };
        if let Err(error) = opened {
            failed.push((name, error));
        }
    }
}

/// What to say if something inside a dataset was opened by itself.
fn inner_place_warning(path: &Path) -> Option<String> {
    let (recon, place) = recon_above(path)?;
    if place.starts_with("labels") {
        return Some(format!("labels are opened as an image; for the whole dataset open {}", recon.display()));
    }
    let depth = place.components().count();
    (depth > 2).then(|| format!("one level is opened by itself; for the whole dataset open {}", recon.display()))
}
