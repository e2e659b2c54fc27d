//! One class of one crop, opened together with what its metadata say about its values.

use std::sync::Arc;

use super::ClassLabels;
use crate::Result;
use crate::ome::annotation::{ArrayAnnotation, Possibilities};
use crate::ome::{self};
use crate::store::{Metered, join};
use crate::volume::{LabelCodes, Volume};

/// Opens the labels of `class` at `key`. Metadata that cannot be used are said in `warnings`; the values are then ids.
pub(super) fn open_labels(
    store: &Arc<Metered>,
    key: &str,
    class: &str,
    warnings: &mut Vec<String>,
) -> Result<ClassLabels> {
    let volume = Volume::open_in(store, key)?;
    if volume.dtype().is_float() {
        let path = volume.path();
        warnings
            .push(format!("{class} holds {} where ids are expected; fractions are cut off: {path}", volume.dtype()));
    }
    let annotation = annotation_of(store, key, &volume, warnings);
    let volume = match &annotation {
        Some(annotation) => {
            let encoding = annotation.annotation_type.encoding();
            if let Some(value) = twice(encoding) {
                let path = volume.path();
                warnings.push(format!("the encoding of {class} gives {value} two meanings; unknown wins: {path}"));
            }
            let codes = LabelCodes::annotated(&annotation.annotation_type, volume.dtype());
            volume.with_codes(codes)
        }
        None => volume,
    };
    Ok(ClassLabels { class: class.to_owned(), volume: Arc::new(volume), annotation })
}

/// The annotation of an array stands on its group, on the finest array, or on both; then the array's counts, because
/// only it has some.
fn annotation_of(store: &Metered, key: &str, volume: &Volume, warnings: &mut Vec<String>) -> Option<ArrayAnnotation> {
    let mut read = |key: &str| {
        let path = store.path_of(key);
        let node = ome::read_node(store, key, &path);
        let annotation = node.and_then(|node| match node {
            Some(node) => ArrayAnnotation::from_attributes(&node.attributes, &path),
            None => Ok(None),
        });
        annotation.unwrap_or_else(|error| {
            warnings
                .push(format!("an annotation is ignored, so that 0 is absent and every other value an id: {error}"));
            None
        })
    };
    let level = volume.levels()[0].path.as_str();
    let on_array = if level.is_empty() { None } else { read(&join(key, level)) };
    match (read(key), on_array) {
        (Some(group), Some(array)) => {
            Some(ArrayAnnotation { complement_counts: array.complement_counts.or(group.complement_counts), ..group })
        }
        (group, array) => group.or(array),
    }
}

/// A value that means two things.
fn twice(encoding: &Possibilities) -> Option<i64> {
    let Possibilities { unknown, absent, present } = *encoding;
    let same = |a: Option<i64>, b: Option<i64>| a.filter(|_| a == b);
    same(unknown, absent).or(same(unknown, present)).or(same(absent, present))
}
