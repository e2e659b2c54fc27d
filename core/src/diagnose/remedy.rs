//! What to change: each remedy has a measured cause, a predicted gain, a cost, and the keys to set.

mod chunks;
mod demand;

use serde::{Deserialize, Serialize};

use super::predict::Calibrated;
use super::{MissRatioCurve, Model, Window};

/// Gains below this are not worth a change, as a part of the rate.
const WORTH: f64 = 0.02;

/// The kinds of remedies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemedyKind {
    /// More memory for decoded chunks.
    CacheSize,
    /// More worker threads.
    Threads,
    /// Several samples from one neighbourhood of chunks.
    ChunkLocal,
    /// A voxel size that is stored.
    NearerLevel,
    /// Targets that take fewer bytes.
    LabelEncoding,
    /// Smaller chunks in the store.
    Rechunk,
    /// Inputs of fewer bytes.
    Precision,
    /// Augmentation elsewhere.
    Augmentation,
    /// More batches ahead.
    PrefetchDepth,
    /// Fewer classes.
    ClassSubset,
}

impl RemedyKind {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::CacheSize => "cache size",
            Self::Threads => "threads",
            Self::ChunkLocal => "chunk-local sampling",
            Self::NearerLevel => "nearer level",
            Self::LabelEncoding => "label encoding",
            Self::Rechunk => "smaller chunks",
            Self::Precision => "precision",
            Self::Augmentation => "augmentation elsewhere",
            Self::PrefetchDepth => "batches ahead",
            Self::ClassSubset => "fewer classes",
        }
    }
}

/// A key of the configuration, set or left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The dotted key, as in `microtome_core::loader::params`.
    pub key: String,
    /// Its new value, as TOML; `None`: it is left out.
    pub value: Option<String>,
}

/// One thing to change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Remedy {
    /// What kind it is.
    pub kind: RemedyKind,
    /// What to do, in a few words.
    pub what: String,
    /// The measured cause.
    pub because: String,
    /// What it costs: memory, bias, disk.
    pub cost: String,
    /// The keys to set; empty where the configuration cannot do it.
    pub changes: Vec<Change>,
    /// What to run in a shell first, where the data has to be written anew.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// Samples per second afterwards, in the long run.
    pub predicted_samples_per_s: f64,
    /// The same less the measured rate, as a part of it: 0.31 is 31 % more.
    pub gain: f64,
}

/// What is looked at.
struct Case<'a> {
    window: &'a Window,
    model: &'a Model,
    calibrated: &'a Calibrated,
    curve: Option<&'a MissRatioCurve>,
}

impl Case<'_> {
    /// A remedy after which the loader is as `model` says.
    fn remedy(
        &self,
        (kind, model): (RemedyKind, &Model),
        what: String,
        because: String,
        cost: String,
        changes: Vec<Change>,
    ) -> Remedy {
        let predicted_samples_per_s = self.calibrated.samples_per_s(model);
        let gain = predicted_samples_per_s / self.calibrated.measured() - 1.0;
        Remedy { kind, what, because, cost, changes, commands: Vec::new(), predicted_samples_per_s, gain }
    }
}

/// A key and what to set it to.
fn change(key: &str, value: impl Into<String>) -> Change {
    Change { key: key.to_owned(), value: Some(value.into()) }
}

/// All that are worth it, that which gains most first.
pub(super) fn remedies(
    window: &Window,
    model: &Model,
    calibrated: &Calibrated,
    curve: Option<&MissRatioCurve>,
) -> Vec<Remedy> {
    let case = Case { window, model, calibrated, curve };
    let mut all: Vec<Remedy> = [
        case.cache_size(),
        case.chunk_local(),
        case.nearer_level(),
        case.rechunk(),
        case.threads(),
        case.prefetch_depth(),
        case.augmentation(),
    ]
    .into_iter()
    .flatten()
    .chain(case.encodings())
    .collect();
    all.retain(|remedy| remedy.gain >= WORTH && remedy.gain.is_finite());
    all.sort_by(|a, b| b.gain.total_cmp(&a.gain).then(a.kind.cmp(&b.kind)));
    all
}
