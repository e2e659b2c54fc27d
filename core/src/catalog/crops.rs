//! Label crops: which classes a crop holds, opened one by one. A broken class costs a warning, not the dataset.

use std::sync::Arc;

use super::expand::{ALL, Opening};
use super::meaning::open_labels;
use super::natural::natural_order;
use super::{ClassLabels, LabelCrop};
use crate::geometry::BoxNm;
use crate::ome::annotation::CropAnnotation;
use crate::ome::{self};
use crate::store::{Metered, join};
use crate::{Error, Result};

/// Opens the label crops below `groundtruth` (a key), in natural order of their names. What cannot be used is said in
/// `warnings`.
pub(super) fn open_crops(
    store: &Arc<Metered>,
    groundtruth: &str,
    raw: &BoxNm,
    opening: &mut Opening<'_>,
) -> Result<Vec<LabelCrop>> {
    let mut names = store.folders(groundtruth)?;
    names.retain(|name| name.starts_with("crop"));
    names.sort_by(|a, b| natural_order(a, b));
    let mut crops = Vec::new();
    for name in names {
        let key = join(groundtruth, &name);
        match open_crop(store, &key, &name, opening).and_then(|crop| inside(crop, raw, &store.path_of(&key))) {
            Ok(crop) => crops.push(crop),
            Err(error) => opening.warnings.push(format!("{name} is left out: {error}")),
        }
    }
    Ok(crops)
}

/// Opens every class of the crop at `key`.
pub(super) fn open_crop(store: &Arc<Metered>, key: &str, name: &str, opening: &mut Opening<'_>) -> Result<LabelCrop> {
    let mut classes = Vec::new();
    for class in class_names(store, key, opening)? {
        match open_labels(store, &join(key, &class), &class, opening.warnings) {
            Ok(labels) => classes.push(labels),
            Err(error) => opening.warnings.push(format!("{name}/{class} is left out: {error}")),
        }
    }
    opening.expand(store, key, &mut classes, None);
    assemble(name, classes, store.path_of(key))
}

/// Opens the named classes of the crop at `key`: every one of them must be there, or be one that the class table finds in
/// the crop's combined array. The combined array itself stands for all of these.
pub(super) fn open_classes(
    store: &Arc<Metered>,
    key: &str,
    name: &str,
    classes: &[String],
    opening: &mut Opening<'_>,
) -> Result<LabelCrop> {
    let present = store.folders(key)?;
    let mut opened = Vec::new();
    for class in classes.iter().filter(|class| present.contains(class)) {
        opened.push(open_labels(store, &join(key, class), class, opening.warnings)?);
    }
    let (has_all, lacks) = (classes.iter().any(|class| class == ALL), opened.len() < classes.len());
    if has_all || (lacks && classes.iter().any(|class| opening.can_expand(&present, class))) {
        opening.expand(store, key, &mut opened, Some(classes).filter(|_| !has_all));
    }
    let is_open = |class: &String| class == ALL || opened.iter().any(|labels| labels.class == *class);
    if let Some(class) = classes.iter().find(|class| !is_open(class)).or(classes.first().filter(|_| opened.is_empty()))
    {
        let found = if present.is_empty() { "none".to_owned() } else { present.join(", ") };
        return Err(Error::NoClass { path: store.path_of(key), class: class.clone(), found });
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

/// The classes of a crop: its folders, without `all` where there are others. Says which announced classes are missing.
fn class_names(store: &Metered, key: &str, opening: &mut Opening<'_>) -> Result<Vec<String>> {
    let mut classes = store.folders(key)?;
    let present = classes.clone();
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
            let missing: Vec<_> = missing.filter(|class| !opening.can_expand(&present, class)).collect();
            let words = |class| format!("class {class} is announced, but there is no such array: {path}");
            opening.warnings.extend(missing.into_iter().map(words));
            let unlisted = classes.iter().filter(|class| !annotation.class_names.contains(class) && *class != ALL);
            let unlisted: Vec<_> = unlisted.map(String::as_str).collect();
            if !unlisted.is_empty() {
                let listed = unlisted.join(", ");
                opening
                    .warnings
                    .push(format!("{listed}: taken as annotated, though the crop does not list it: {path}"));
            }
        }
        Ok(None) => {}
        Err(error) => opening.warnings.push(format!("the crop's annotation is ignored: {error}")),
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
