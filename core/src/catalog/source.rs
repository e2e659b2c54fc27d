//! A raw image and the labels of one crop, as a configuration names them.

use std::path::Path;
use std::sync::Arc;

use super::crops::{assemble, open_classes, open_crop};
use super::natural::natural_order;
use super::open::open_em;
use super::place::{Place, classify, dataset_name};
use super::{Catalog, ClassLabels, Dataset, LabelCrop};
use crate::store::{join, open_local};
use crate::volume::Volume;
use crate::{Error, Result};

/// `…/crop1/[mito,er]`, `…/crop1/mito` or `…/crop1`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct LabelPath {
    /// Everything before the bracket, or all of it.
    path: String,
    /// The names in the bracket, in their order, each once; empty if there is no bracket.
    classes: Vec<String>,
}

impl LabelPath {
    fn parse(text: &str) -> Result<Self> {
        let wrong = |problem: String| Error::Config { file: None, line: None, key: "labels".to_owned(), problem };
        let text = text.trim().trim_end_matches('/');
        let Some(open) = text.strip_suffix(']') else {
            // A bracket may be part of a folder's name, but one that opens the last part must close.
            if text.rsplit('/').next().is_some_and(|last| last.starts_with('[')) {
                return Err(wrong(format!("the bracket in {text:?} does not close; write …/crop1/[mito,er]")));
            }
            return Ok(Self { path: text.to_owned(), classes: Vec::new() });
        };
        let Some((path, list)) = open.rsplit_once("/[") else {
            return Err(wrong(format!("{text:?} lacks \"/[\"; write …/crop1/[mito,er]")));
        };
        let mut classes: Vec<String> = Vec::new();
        for name in list.split(',').map(str::trim) {
            if name.is_empty() {
                return Err(wrong(format!("a class name is missing in {text:?}; write …/crop1/[mito,er]")));
            }
            if !classes.iter().any(|class| class == name) {
                classes.push(name.to_owned());
            }
        }
        Ok(Self { path: path.to_owned(), classes })
    }
}

/// See [`Catalog::add_source`].
pub(super) fn add_source(catalog: &mut Catalog, raw: &Path, labels: Option<&str>) -> Result<()> {
    let Some(labels) = labels else {
        let opened = super::open::open(raw)?;
        catalog.datasets.extend(opened.datasets);
        catalog.warnings.extend(opened.warnings);
        return Ok(());
    };
    let crop = open_labels(labels, &mut catalog.warnings)?;
    let raw = open_raw(raw, &mut catalog.warnings)?;
    if crop.bounds.intersection(&raw.bounds()).is_empty() {
        let hint = format!("these labels lie outside the EM at {}; check their translation", raw.path());
        return Err(Error::NoImage { path: labels.to_owned(), hint });
    }
    // Crops of one EM volume share it, and with it the decoded chunks.
    match catalog.datasets.iter_mut().find(|dataset| dataset.raw.path() == raw.path()) {
        Some(dataset) => {
            dataset.crops.push(crop);
            dataset.crops.sort_by(|a, b| natural_order(&a.name, &b.name));
        }
        None => {
            catalog.warnings.extend(raw.oddities());
            let name = dataset_name(Path::new(raw.path()));
            catalog.datasets.push(Dataset { name, raw: Arc::new(raw), crops: vec![crop] });
        }
    }
    Ok(())
}

/// The EM image at `raw`, which may be a whole CellMap dataset of one reconstruction.
fn open_raw(raw: &Path, warnings: &mut Vec<String>) -> Result<Volume> {
    let store = open_local(raw)?;
    match classify(&store, "")? {
        Place::Recon => open_em(&store, "em", warnings),
        Place::Dataset(recons) if recons.len() == 1 => open_em(&store, &join(&recons[0], "em"), warnings),
        Place::Dataset(recons) => Err(Error::NoImage {
            path: raw.display().to_string(),
            hint: format!("name one of its reconstructions ({}) and the image in it", recons.join(", ")),
        }),
        _ => Volume::open_in(&store, ""),
    }
}

fn open_labels(labels: &str, warnings: &mut Vec<String>) -> Result<LabelCrop> {
    let parsed = LabelPath::parse(labels)?;
    let path = Path::new(&parsed.path);
    let name = last_name(path);
    if !parsed.classes.is_empty() {
        return open_classes(&open_local(path)?, "", &name, &parsed.classes, warnings);
    }
    let store = match open_local(path) {
        // `…/crop1/er` where crop1 lacks er: say what it has.
        Err(Error::NotFound { .. }) if path.parent().is_some_and(Path::is_dir) => {
            let crop = path.parent().unwrap_or(path);
            return open_classes(&open_local(crop)?, "", &last_name(crop), &[name], warnings);
        }
        other => other?,
    };
    match classify(&store, "")? {
        Place::Image | Place::Array => {
            let crop = path.parent().map(last_name).unwrap_or_default();
            let labels = ClassLabels { class: name, volume: Arc::new(Volume::open_in(&store, "")?) };
            assemble(&crop, vec![labels], parsed.path)
        }
        _ => open_crop(&store, "", &name, warnings),
    }
}

fn last_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_paths_are_taken_apart() {
        let parse = |text: &str| LabelPath::parse(text).map(|parsed| (parsed.path, parsed.classes));
        let classes = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(parse("a/crop1/[mito, er,mito]").unwrap(), ("a/crop1".to_owned(), classes(&["mito", "er"])));
        assert_eq!(parse("a/crop1/mito/").unwrap(), ("a/crop1/mito".to_owned(), vec![]));
        assert_eq!(parse("a [b]/crop1").unwrap(), ("a [b]/crop1".to_owned(), vec![]));
        for wrong in ["a/crop1/[mito", "a/crop1/mito]", "a/crop1/[]", "a/crop1/[mito,,er]"] {
            assert!(parse(wrong).unwrap_err().to_string().starts_with("labels: "), "{wrong}");
        }
    }
}
