//! The configuration: the same keys in TOML, on the command line, in the window and (later) in Python.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{ArraySpec, Role, bytes};
use crate::catalog::Search;
use crate::geometry::Zyx;
use crate::sample::{Augment, Sampling};
use crate::{Error, Result};

/// What a raw volume and its labels are called on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// EM image group, or a whole CellMap dataset (then `labels` may be left out). Relative to the file.
    pub raw: PathBuf,
    /// `…/crop1/[mito,er]`, `…/crop1` (every class) or `…/crop1/mito`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<String>,
}

/// `[data]`
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// One dataset, image group or folder of datasets, with every crop found in it. Relative to the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// CellMap datasplit CSV, beside `path`; see [`crate::catalog::Catalog::add_split`]. Relative to the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<PathBuf>,
    /// Crops to find by the shape of their paths, beside `path` and `split`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<Search>,
    /// What to train on, beside `path` and `split`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub train: Vec<DataSource>,
    /// What to validate on, beside `split`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validate: Vec<DataSource>,
    /// Target channels, in this order; empty: every class found, sorted.
    pub classes: Vec<String>,
    /// Class table, `name,id,"included ids"`; see [`crate::catalog::ClassTable::read`]. Classes without an array of their own
    /// are then made from the crop's combined array, `all`. Relative to the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_table: Option<PathBuf>,
    /// Whether classes of the table that share no part exclude each other, beside `relations`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub relations_from_class_table: bool,
    /// Classes that exclude each other, in both directions: a class that a crop does not annotate is known to be absent
    /// where one that it excludes is present; elsewhere it stays unknown.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub relations: BTreeMap<String, Vec<String>>,
    /// Folder in which it is kept how much there is of each class, and where, for strategies that need it; outside of all
    /// datasets. Left out: found out at every start. Relative to the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts_cache: Option<PathBuf>,
}

/// What to do with a sample that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// Count it, log it, and draw another in its place.
    #[default]
    Skip,
    /// End with the error.
    Fail,
}

/// `[loader]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoaderKeys {
    /// Samples per batch.
    pub batch_size: usize,
    /// Same seed, same bytes.
    pub seed: u64,
    /// Cache, queues and batches in flight together, bytes. In TOML a number with a unit: `"4 GiB"`.
    #[serde(with = "bytes::toml")]
    pub memory: u64,
    /// Worker threads; 0 = all cores.
    pub threads: usize,
    /// What to do with a sample that cannot be read.
    pub on_error: OnError,
    /// How often a read is tried again that failed for a reason that may pass, such as a time-out, before that.
    pub retries: u32,
}

impl Default for LoaderKeys {
    fn default() -> Self {
        Self { batch_size: 8, seed: 1, memory: 4 << 30, threads: 0, on_error: OnError::default(), retries: 3 }
    }
}

/// `[telemetry]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryKeys {
    /// Where to serve figures, spans and thumbnails for viewers, `HOST:PORT`; a port of 0 is any free one, and rank r listens
    /// r ports higher. `None`: nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serve: Option<String>,
    /// What viewers have to know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Whether viewers may change the loader.
    pub allow_tuning: bool,
    /// Where to serve spans for `puffin_viewer`, on this machine only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub puffin: Option<String>,
    /// Seconds after which it is said that nothing gets on, while the consumer waits; 0: never.
    pub watchdog_s: u64,
}

impl Default for TelemetryKeys {
    fn default() -> Self {
        Self { serve: None, token: None, allow_tuning: false, puffin: None, watchdog_s: 60 }
    }
}

/// The whole configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoaderConfig {
    /// What to train on.
    pub data: Data,
    /// What the network sees, by name.
    pub input: BTreeMap<String, ArraySpec>,
    /// What it should say, by name.
    pub target: BTreeMap<String, ArraySpec>,
    /// Where samples are drawn.
    pub sampling: Sampling,
    /// How they are varied.
    pub augment: Augment,
    /// How they are made.
    pub loader: LoaderKeys,
    /// Who may look at it.
    pub telemetry: TelemetryKeys,
    /// The file that it was read from, if it was: errors name it.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

impl LoaderConfig {
    /// Reads and checks a TOML file. Paths in it become relative to the file's folder.
    ///
    /// # Errors
    /// [`Error::Config`] with file, line and key (an unknown key names the nearest known one); a file that cannot be read.
    pub fn from_file(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound { path: path.display().to_string() },
            _ => Error::Io { action: "read", path: path.display().to_string(), reason: source.into() },
        })?;
        let mut config = super::config_text::parse(&text, Some(path))?;
        if let Some(folder) = path.parent() {
            config.data.relative_to(folder);
        }
        config.file = Some(path.to_path_buf());
        Ok(config)
    }

    /// An error about one of this configuration's keys, with file and line if it came from a file.
    pub(super) fn locate(&self, error: Error) -> Error {
        match &self.file {
            Some(file) => super::config_text::located(file, error),
            None => error,
        }
    }

    /// Reads and checks TOML text; paths in it stay as they are.
    ///
    /// # Errors
    /// [`Error::Config`] with line and key; an unknown key names the nearest known one.
    pub fn from_toml(text: &str) -> Result<Self> {
        super::config_text::parse(text, None)
    }

    /// The documented example: every key and its meaning, itself a valid configuration. [`super::params::example`] writes it.
    #[must_use]
    pub fn example() -> &'static str {
        include_str!("../../../assets/example.toml")
    }

    /// The array that samples are placed by: the first input, else the first target.
    #[must_use]
    pub fn primary(&self) -> Option<&ArraySpec> {
        self.input.values().chain(self.target.values()).next()
    }

    /// How far from the middle of a sample its arrays reach, nm: half of the largest extent along each axis of the volume;
    /// along every axis that of the largest if patches may be turned.
    #[must_use]
    pub fn reach_nm(&self) -> Zyx<f64> {
        let largest = |a: Zyx<f64>, b: Zyx<f64>| a.zip_map(b, f64::max);
        let half = self.arrays().map(|(_, _, spec)| spec.extent_nm() * 0.5).fold(Zyx::splat(0.0), largest);
        let augment = &self.augment;
        let turned = augment.warps() || augment.transpose.is_some() || augment.planes.is_some();
        if turned { Zyx::splat(half.to_array().into_iter().fold(0.0, f64::max)) } else { half }
    }

    /// Every array in the order of the batch: inputs by name, then targets by name.
    pub fn arrays(&self) -> impl Iterator<Item = (Role, &str, &ArraySpec)> {
        let inputs = self.input.iter().map(|(name, spec)| (Role::Input, name.as_str(), spec));
        inputs.chain(self.target.iter().map(|(name, spec)| (Role::Target, name.as_str(), spec)))
    }
}

impl Data {
    pub(super) fn relative_to(&mut self, folder: &Path) {
        let others = [&mut self.split, &mut self.class_table, &mut self.counts_cache];
        for path in self.path.iter_mut().chain(others.into_iter().flatten()) {
            *path = placed(folder, path);
        }
        if let Some(search) = &mut self.search {
            search.path = placed(folder, Path::new(&search.path)).to_string_lossy().into_owned();
        }
        for source in self.train.iter_mut().chain(&mut self.validate) {
            source.raw = placed(folder, &source.raw);
            if let Some(labels) = &mut source.labels {
                *labels = placed(folder, Path::new(labels)).to_string_lossy().into_owned();
            }
        }
    }
}

/// A path of the file, from the file's folder; a URL stays as it is.
fn placed(folder: &Path, path: &Path) -> PathBuf {
    let is_url = path.to_str().is_some_and(|text| text.contains("://"));
    if is_url { path.to_owned() } else { folder.join(path) }
}
