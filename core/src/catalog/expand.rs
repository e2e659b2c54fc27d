//! Classes made from a crop's array of class ids (`all`), where it has no array of their own.

use std::sync::Arc;

use super::meaning::open_labels;
use super::{ClassLabels, ClassTable};
use crate::ome::annotation::CropAnnotation;
use crate::store::{Metered, join};
use crate::volume::LabelCodes;

/// CellMap's combined array: every class as one set of ids. No class of its own where there are others.
pub(super) const ALL: &str = "all";

/// With what crops are opened: the class table, if there is one, and where to say what is odd.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    pub table: Option<&'a ClassTable>,
    pub warnings: &'a mut Vec<String>,
}

impl Opening<'_> {
    /// Whether `class` can be made from the combined array of a crop that has the arrays `present`.
    pub(super) fn can_expand(&self, present: &[String], class: &str) -> bool {
        present.iter().any(|name| name == ALL) && self.table.is_some_and(|table| table.contains(class))
    }

    /// Adds to `classes` those of the table that have no array of their own in the crop at `key`, but that the crop's
    /// annotation lists, if there is one. `wanted`: only these. The combined array is then no class any more.
    pub(super) fn expand(
        &mut self,
        store: &Arc<Metered>,
        key: &str,
        classes: &mut Vec<ClassLabels>,
        wanted: Option<&[String]>,
    ) {
        let (Some(table), Ok(present)) = (self.table, store.folders(key)) else { return };
        if !present.iter().any(|name| name == ALL) {
            return;
        }
        let opened = classes.iter().position(|labels| labels.class == ALL).map(|all| Ok(classes.swap_remove(all)));
        let all = opened.unwrap_or_else(|| open_labels(store, &join(key, ALL), ALL, self.warnings));
        let all = match all {
            Ok(all) => all,
            Err(error) => return self.warnings.push(format!("no class is made from {ALL}: {error}")),
        };
        let listed = listed_classes(store, key);
        let is_wanted = |class: &str| wanted.is_none_or(|wanted| wanted.iter().any(|name| name == class));
        let is_annotated = |class: &str| listed.as_ref().is_none_or(|listed| table.covers(listed, class));
        let lacks = |class: &str| !classes.iter().any(|labels| labels.class == class);
        let new: Vec<_> =
            table.classes().filter(|class| lacks(class) && is_wanted(class) && is_annotated(class)).collect();
        classes.extend(new.into_iter().filter_map(|class| labels_of_class(table, &all, class)));
    }
}

/// The labels of one class, read from an array of class ids.
fn labels_of_class(table: &ClassTable, all: &ClassLabels, class: &str) -> Option<ClassLabels> {
    let annotation = all.annotation.as_ref().map(|annotation| &annotation.annotation_type);
    let codes = LabelCodes::of_class(table.meanings(class)?, annotation, all.volume.dtype());
    let volume = Arc::new(all.volume.as_ref().clone().with_codes(codes));
    Some(ClassLabels { class: class.to_owned(), volume, annotation: None })
}

/// The classes that the crop's annotation lists, the combined array left out; `None` if it lists none.
fn listed_classes(store: &Metered, key: &str) -> Option<Vec<String>> {
    let path = store.path_of(key);
    let node = crate::ome::read_node(store, key, &path).ok().flatten()?;
    // What is wrong with it was said where the crop was opened.
    let annotation = CropAnnotation::from_attributes(&node.attributes, &path).ok().flatten()?;
    let listed: Vec<_> = annotation.class_names.into_iter().filter(|class| class != ALL).collect();
    (!listed.is_empty()).then_some(listed)
}
