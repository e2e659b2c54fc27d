//! Label crops: which classes a crop holds, opened one by one. A broken class costs a warning, not the dataset.

use std::sync::Arc;

use super::meaning::open_labels;
use super::natural::natural_order;
use super::{ClassLabels, LabelCrop};
use crate::geometry::BoxNm;
use crate::ome::annotation::CropAnnotation;
use crate::ome::{self};
use crate::store::{Metered, join};
use crate::{Error, Result};

/// CellMap's combined array: every class as one set of ids. No class of its own where there are others.
const ALL: &str = "all";

/// Opens the label crops below `groundtruth` (a key), in natural order of their names. What cannot be used is said in
/// `warnings`.
pub(super) fn open_crops(
    store: &Arc<Metered>,
    groundtruth: &str,
    raw: &BoxNm,
    warnings: &mut Vec<String>,
) -> Result<Vec<LabelCrop>> {
    let mut names = store.folders(groundtruth)?;
    names.retain(|name| name.starts_with("crop"));
    names.sort_by(|a, b| natural_order(a, b));
    let mut crops = Vec::new();
    for name in names {
        let key = join(groundtruth, &name);
        match open_crop(store, &key, &name, warnings).and_then(|crop| inside(crop, raw, &store.path_of(&key))) {
            Ok(crop) => crops.push(crop),
            Err(error) => warnings.push(format!("{name} is left out: {error}")),
        }
    }
    Ok(crops)
}

/// Opens every class of the crop at `key`.
pub(super) fn open_crop(store: &Arc<Metered>, key: &str, name: &str, warnings: &mut Vec<String>) -> Result<LabelCrop> {
    let mut classes = Vec::new();
    for class in class_names(store, key, warnings)? {
        match open_class(store, key, &class, warnings) {
            Ok(labels) => classes.push(labels),
            Err(error) => warnings.push(format!("{name}/{class} is left out: {error}")),
        }
    }
    assemble(name, classes, store.path_of(key))
}

/// Opens the named classes of the crop at `key`: every one of them must be there.
pub(super) fn open_classes(
    store: &Arc<Metered>,
    key: &str,
    name: &str,
    classes: &[String],
    warnings: &mut Vec<String>,
) -> Result<LabelCrop> {
    let present = store.folders(key)?;
    let mut opened = Vec::new();
    for class in classes {
        if !present.contains(class) {
            let found = if present.is_empty() { "none".to_owned() } else { present.join(", ") };
            return Err(Error::NoClass { path: store.path_of(key), class: class.clone(), found });
        }
        opened.push(open_class(store, key, class, warnings)?);
    }
    assemble(name, opened, store.path_of(key))
}

/// Puts a crop together: classes by name, and the box that all of them cover.
pub(super) fn assemble(name: &str, mut classes: Vec<ClassLabels>, path: String) -> Result<LabelCrop> {
    classes.sort_by(|a, b| a.class.cmp(&b.class));
    let bounds = classes.iter().map(|labels| labels.volume.bounds()).reduce(|a, b| a.intersection(&b));
    let Some(bounds) = bounds else {
        return Err(Error::NoImage { path, hint: "this crop holds no class that can be opened".to_owned() });
    };
    if bounds.is_empty() {
        let hint = "its classes do not overlap in the world; check their translations".to_owned();
        return Err(Error::NoImage { path, hint });
    }
    Ok(LabelCrop { name: name.to_owned(), classes, bounds })
}

fn open_class(store: &Arc<Metered>, crop: &str, class: &str, warnings: &mut Vec<String>) -> Result<ClassLabels> {
    open_labels(store, &join(crop, class), class, warnings)
}

/// The classes of a crop: its folders, without `all` where there are others. Says which announced classes are missing.
fn class_names(store: &Metered, key: &str, warnings: &mut Vec<String>) -> Result<Vec<String>> {
    let mut classes = store.folders(key)?;
    if classes.iter().any(|class| class != ALL) {
        classes.retain(|class| class != ALL);
    }
    let path = store.path_of(key);
    let annotation = match ome::read_node(store, key, &path) {
        Ok(Some(node)) => CropAnnotation::from_attributes(&node.attributes, &path),
        Ok(None) => Ok(None),
        Err(error) => Err(error),
    };
    match annotation {
        Ok(Some(annotation)) => {
            let missing = annotation.class_names.iter().filter(|class| !classes.contains(class) && *class != ALL);
            warnings
                .extend(missing.map(|class| format!("class {class} is announced, but there is no such array: {path}")));
            let unlisted = classes.iter().filter(|class| !annotation.class_names.contains(class) && *class != ALL);
            let unlisted: Vec<_> = unlisted.map(String::as_str).collect();
            if !unlisted.is_empty() {
                let listed = unlisted.join(", ");
                warnings.push(format!("{listed}: taken as annotated, though the crop does not list it: {path}"));
            }
        }
        Ok(None) => {}
        Err(error) => warnings.push(format!("the crop's annotation is ignored: {error}")),
    }
    Ok(classes)
}

fn inside(crop: LabelCrop, raw: &BoxNm, path: &str) -> Result<LabelCrop> {
    if crop.bounds.intersection(raw).is_empty() {
        let hint = "it lies outside the EM; check its translation".to_owned();
        return Err(Error::NoImage { path: path.to_owned(), hint });
    }
    Ok(crop)
}
