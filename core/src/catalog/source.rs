//! A raw image and the labels of one crop, as a configuration names them.

use std::path::Path;
use std::sync::Arc;

use super::crops::{assemble, open_classes, open_crop};
use super::expand::{ALL, Opening};
use super::natural::natural_order;
use super::open::open_em;
use super::place::{Place, classify, dataset_name};
use super::{Catalog, Dataset, LabelCrop, meaning, wildcard};
use crate::store::{join, open_local};
use crate::volume::Volume;
use crate::{Error, Result};

/// `…/crop1/[mito,er]`, `…/crop1/mito` or `…/crop1`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelPath {
    /// Everything before the bracket, or all of it.
    pub path: String,
    /// The names in the bracket, in their order, each once; empty if there is no bracket.
    pub classes: Vec<String>,
}

impl LabelPath {
    pub(crate) fn parse(text: &str) -> Result<Self> {
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

/// Which part of an entry is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Raw,
    Labels,
}

/// What an entry without labels adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    /// All that there is at `raw`, label crops included.
    Everything,
    /// The raw image and nothing else.
    RawOnly,
}

/// Adds what one entry names; see [`Catalog::add_source`].
pub(super) fn add_entry(
    catalog: &mut Catalog,
    raw: &Path,
    labels: Option<&str>,
    alone: Alone,
) -> Result<(), (Part, Error)> {
    let raws = wildcard::matches(raw).map_err(|error| (Part::Raw, error))?;
    let Some(labels) = labels else {
        return raws.iter().try_for_each(|raw| add_alone(catalog, raw, alone)).map_err(|error| (Part::Raw, error));
    };
    let wrong = |error| (Part::Labels, error);
    let mut parsed = LabelPath::parse(labels).map_err(wrong)?;
    let matched = wildcard::matches(Path::new(&parsed.path)).map_err(wrong)?;
    let chosen = matched.len() == 1 && matched[0] == Path::new(&parsed.path);
    let mut missing = None;
    let mut added = 0;
    for path in matched {
        parsed.path = path.display().to_string();
        let mut opening = Opening { table: catalog.class_table.as_deref(), warnings: &mut catalog.warnings };
        let crop = match open_labels(&parsed, chosen, &mut opening) {
            // A pattern takes the crops that there are with the classes that they have.
            Err(error @ Error::NoClass { .. }) if !chosen => {
                missing = Some(error);
                continue;
            }
            other => other.map_err(wrong)?,
        };
        add_crop(catalog, &raws[wildcard::raw_of(&raws, &path)], crop, &parsed.path)?;
        added += 1;
    }
    missing.filter(|_| added == 0).map_or(Ok(()), |error| Err(wrong(error)))
}

fn add_alone(catalog: &mut Catalog, raw: &Path, alone: Alone) -> Result<()> {
    if alone == Alone::RawOnly {
        let raw = shared_raw(catalog, raw)?;
        let name = dataset_name(Path::new(raw.path()));
        catalog.datasets.push(Dataset { name, raw, crops: Vec::new() });
        return Ok(());
    }
    catalog.add_path(raw)
}

fn add_crop(catalog: &mut Catalog, raw: &Path, crop: LabelCrop, labels: &str) -> Result<(), (Part, Error)> {
    let raw = shared_raw(catalog, raw).map_err(|error| (Part::Raw, error))?;
    if crop.bounds.intersection(&raw.bounds()).is_empty() {
        let hint = format!("these labels lie outside the EM at {}; check their translation", raw.path());
        return Err((Part::Labels, Error::NoImage { path: labels.to_owned(), hint }));
    }
    let same = |dataset: &&mut Dataset| dataset.raw.path() == raw.path() && !dataset.crops.is_empty();
    match catalog.datasets.iter_mut().find(same) {
        Some(dataset) => {
            dataset.crops.push(crop);
            dataset.crops.sort_by(|a, b| natural_order(&a.name, &b.name));
        }
        None => {
            catalog.warnings.extend(raw.oddities());
            let name = dataset_name(Path::new(raw.path()));
            catalog.datasets.push(Dataset { name, raw, crops: vec![crop] });
        }
    }
    Ok(())
}

/// The EM volume at `raw`. Crops of one EM volume share it, and with it the decoded chunks.
fn shared_raw(catalog: &mut Catalog, raw: &Path) -> Result<Arc<Volume>> {
    let open = |catalog: &Catalog, path: &str| {
        catalog.datasets.iter().find(|dataset| dataset.raw.path() == path).map(|dataset| Arc::clone(&dataset.raw))
    };
    if let Some(volume) = open(catalog, &raw.display().to_string()) {
        return Ok(volume);
    }
    let volume = open_raw(raw, &mut catalog.warnings)?;
    Ok(open(catalog, volume.path()).unwrap_or_else(|| Arc::new(volume)))
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

/// `chosen`: named without a wildcard, so that every class has to be there.
fn open_labels(parsed: &LabelPath, chosen: bool, opening: &mut Opening<'_>) -> Result<LabelCrop> {
    let path = Path::new(&parsed.path);
    let name = last_name(path);
    if !parsed.classes.is_empty() {
        let store = open_local(path)?;
        let mut classes = parsed.classes.clone();
        if !chosen {
            let present = store.folders("")?;
            // With none of them left, the error names one.
            let is_there = |class: &String| present.contains(class) || opening.can_expand(&present, class);
            if classes.iter().any(is_there) {
                classes.retain(is_there);
            }
        }
        return open_classes(&store, "", &name, &classes, opening);
    }
    let store = match open_local(path) {
        // `…/crop1/er` where crop1 lacks er: say what it has.
        Err(Error::NotFound { .. }) if path.parent().is_some_and(Path::is_dir) => {
            let crop = path.parent().unwrap_or(path);
            return open_classes(&open_local(crop)?, "", &last_name(crop), &[name], opening);
        }
        other => other?,
    };
    match classify(&store, "")? {
        Place::Image | Place::Array => {
            let crop = path.parent().map(last_name).unwrap_or_default();
            if let Some(parent) = path.parent().filter(|_| name == ALL && opening.table.is_some()) {
                return open_classes(&open_local(parent)?, "", &crop, &[name], opening);
            }
            let labels = meaning::open_labels(&store, "", &name, opening.warnings)?;
            assemble(&crop, vec![labels], parsed.path.clone())
        }
        _ => open_crop(&store, "", &name, opening),
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
