//! Finding crops by the shape of their paths, as `search_path` of the CellMap challenge does (cellmap reference 5.3).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::expand::ALL;
use super::natural::natural_order;
use super::wildcard::matches;
use super::{ClassTable, Split};
use crate::geometry::Zyx;
use crate::volume::Volume;
use crate::{Error, Result};

/// `[data.search]`: where datasets and their crops lie, and which of them to take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Search {
    /// With `{dataset}` for the dataset's name and `{name}` for `raw_name` or `crop_name`. Relative to the file.
    pub path: String,
    /// The EM in a dataset.
    pub raw_name: String,
    /// The labels of a class in a dataset; ends in `{crop}/{label}`.
    pub crop_name: String,
    /// Names of datasets; wildcards are allowed.
    pub datasets: Vec<String>,
    /// Names of crops; wildcards are allowed.
    pub crops: Vec<String>,
    /// Leave out labels whose finest voxel is larger than this on any axis, nm.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voxel_size_nm: Option<Zyx<f64>>,
    /// For these, take only crops that hold every class of `data.classes`.
    pub force_all_classes: Vec<Split>,
    /// Probability of each crop to be for validation; the others are trained on.
    pub validation_probability: f64,
}

impl Default for Search {
    fn default() -> Self {
        let any = || vec!["*".to_owned()];
        Self {
            path: "{dataset}/{dataset}.zarr/recon-1/{name}".to_owned(),
            raw_name: "em/fibsem-uint8".to_owned(),
            crop_name: "labels/groundtruth/{crop}/{label}".to_owned(),
            datasets: any(),
            crops: any(),
            voxel_size_nm: None,
            force_all_classes: Vec::new(),
            validation_probability: 0.0,
        }
    }
}

/// A crop that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCrop {
    /// Such as `jrc_hela-2`.
    pub dataset: String,
    /// Such as `crop7`.
    pub crop: String,
    /// The EM.
    pub raw: PathBuf,
    /// The crop's folder.
    pub folder: PathBuf,
    /// Wanted classes that there are labels of; never empty.
    pub classes: Vec<String>,
}

impl FoundCrop {
    /// As an entry of a configuration names it: `…/crop7/[er,mito]`.
    #[must_use]
    pub fn labels(&self) -> String {
        format!("{}/[{}]", self.folder.display(), self.classes.join(","))
    }
}

impl Search {
    /// Checks the templates and the probability.
    ///
    /// # Errors
    /// [`Error::Config`] with the key.
    pub fn validate(&self) -> Result<()> {
        let wrong = |key: &str, problem: String| {
            Err(Error::Config { file: None, line: None, key: format!("data.search.{key}"), problem })
        };
        for part in ["{dataset}", "{name}"] {
            if !self.path.contains(part) {
                return wrong("path", format!("{part} is missing in {:?}", self.path));
            }
        }
        if !self.crop_name.ends_with("{crop}/{label}") {
            return wrong("crop_name", format!("{:?} does not end in {{crop}}/{{label}}", self.crop_name));
        }
        if !(0.0..=1.0).contains(&self.validation_probability) {
            let problem = format!("{} is no probability; from 0 to 1", self.validation_probability);
            return wrong("validation_probability", problem);
        }
        Ok(())
    }

    /// The crops with labels of any of `classes` (empty: of any class), by dataset and crop. With a table, also those that
    /// have a combined array (`all`) which may hold them.
    ///
    /// # Errors
    /// A folder that cannot be listed, [`Error::Remote`] for a URL; with `voxel_size_nm` also labels that cannot be
    /// opened.
    pub fn find(&self, classes: &[String], table: Option<&ClassTable>) -> Result<Vec<FoundCrop>> {
        let mut found = Vec::new();
        for dataset in self.dataset_names()? {
            let raw = PathBuf::from(self.place(&dataset, &self.raw_name));
            let crops = self.crop_name.trim_end_matches("/{label}");
            let patterns = self.crops.iter().map(|crop| self.place(&dataset, &crops.replace("{crop}", crop)));
            for folder in all_matches(patterns)? {
                let labels = self.classes_in(&folder, classes, table)?;
                if raw.is_dir() && !labels.is_empty() {
                    let crop = name_of(&folder);
                    let dataset = dataset.clone();
                    found.push(FoundCrop { dataset, crop, raw: raw.clone(), folder, classes: labels });
                }
            }
        }
        Ok(found)
    }

    fn place(&self, dataset: &str, name: &str) -> String {
        self.path.replace("{dataset}", dataset).replace("{name}", name)
    }

    /// The names that folders give `{dataset}` where it first stands in the path.
    fn dataset_names(&self) -> Result<Vec<String>> {
        let at = self.path.find("{dataset}").unwrap_or(self.path.len());
        let end = self.path[at..].find('/').map_or(self.path.len(), |slash| at + slash);
        let (before, around) = self.path[..end].rsplit_once('/').unwrap_or(("", &self.path[..end]));
        let (prefix, suffix) = around.split_once("{dataset}").unwrap_or((around, ""));
        let folder = Path::new(if before.is_empty() && self.path.starts_with('/') { "/" } else { before });
        let pattern = |dataset: &String| folder.join(format!("{prefix}{dataset}{suffix}")).display().to_string();
        let folders = all_matches(self.datasets.iter().map(pattern))?;
        let name = |folder: &PathBuf| {
            let name = name_of(folder);
            name.strip_prefix(prefix).and_then(|name| name.strip_suffix(suffix)).map(str::to_owned)
        };
        Ok(folders.iter().filter_map(name).collect())
    }

    /// The wanted classes that a crop has labels of, in the wanted order; without wishes all of them by name, but `all` only
    /// where it is alone and the table says what it holds.
    fn classes_in(&self, crop: &Path, wanted: &[String], table: Option<&ClassTable>) -> Result<Vec<String>> {
        let mut present: Vec<_> = matches(&crop.join("*"))
            .or_else(|error| if matches!(error, Error::NotFound { .. }) { Ok(Vec::new()) } else { Err(error) })?
            .iter()
            .map(|folder| name_of(folder))
            .collect();
        let table = table.filter(|_| present.iter().any(|class| class == ALL));
        let folder_of = |class: &str| if crop.join(class).is_dir() { crop.join(class) } else { crop.join(ALL) };
        if !wanted.is_empty() {
            let is_there =
                |class: &&String| present.contains(class) || table.is_some_and(|table| table.contains(class));
            present = wanted.iter().filter(is_there).cloned().collect();
        } else if present.len() > 1 || table.is_none() {
            present.retain(|class| class != ALL);
        }
        let Some(largest_nm) = self.voxel_size_nm else { return Ok(present) };
        let mut fine = Vec::new();
        for class in present {
            let voxel_size_nm = Volume::open(&folder_of(&class))?.levels()[0].voxel_size_nm();
            if voxel_size_nm.zip_map(largest_nm, |a, b| a <= b).all(|fits| fits) {
                fine.push(class);
            }
        }
        Ok(fine)
    }
}

/// The folders of all patterns, each once, in natural order.
fn all_matches(patterns: impl Iterator<Item = String>) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for pattern in patterns {
        match matches(Path::new(&pattern)) {
            Ok(found) => folders.extend(found.into_iter().filter(|folder| folder.is_dir())),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    folders.sort_by(|a, b| natural_order(&a.to_string_lossy(), &b.to_string_lossy()));
    folders.dedup();
    Ok(folders)
}

fn name_of(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
