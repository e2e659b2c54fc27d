//! What is open: nothing, something on its way, a catalog, or a failure with its reason.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use microtome_core::catalog::{Catalog, Dataset};
use microtome_core::geometry::BoxNm;
use microtome_core::loader::LoaderConfig;
use microtome_core::sample::{Closeness, Leak, Leakage, leaks};
use microtome_core::telemetry::wire::About;

use super::{DatasetNames, Draft, Layer, fills_space};
use crate::options::Start;

/// What is open.
#[derive(Debug, Clone, Default)]
pub enum Session {
    /// Nothing yet.
    #[default]
    Empty,
    /// The opener thread reads it.
    Opening {
        /// What was asked for.
        path: PathBuf,
    },
    /// Data.
    Open(Box<OpenData>),
    /// A loader that is not in this process; its data are not open here.
    Remote(Box<RemoteView>),
    /// It could not be opened.
    Failed {
        /// What was asked for.
        path: PathBuf,
        /// What went wrong, where, and what to do.
        message: String,
    },
}

/// A loader that is not in this process: it serves elsewhere, or was recorded.
#[derive(Debug, Clone)]
pub struct RemoteView {
    /// Where it was found.
    pub source: Start,
    /// Who it is.
    pub about: About,
    /// Its configuration, as far as this version reads it.
    pub config: LoaderConfig,
}

impl RemoteView {
    /// Who it is and where, in one line.
    #[must_use]
    pub fn words(&self) -> String {
        let About { name, rank, world_size, pid, .. } = &self.about;
        let rank = if *world_size > 1 { format!(" · rank {rank} of {world_size}") } else { String::new() };
        match &self.source {
            Start::Loader { address, .. } => format!("attached to {name} at {address}{rank} · process {pid}"),
            other => format!("recording of {name}{rank}: {}", other.words()),
        }
    }

    /// Whether it may be paused from here.
    #[must_use]
    pub const fn can_be_tuned(&self) -> bool {
        matches!(self.source, Start::Loader { .. }) && self.about.allows_tuning
    }
}

/// An open catalog.
#[derive(Debug, Clone)]
pub struct OpenData {
    /// What the user asked for.
    pub source: Start,
    /// Datasets, crops, classes and warnings.
    pub catalog: Arc<Catalog>,
    /// What the loader runs with.
    pub config: LoaderConfig,
    /// The same while it is being edited.
    pub draft: Draft,
    /// The dataset in the slices.
    pub dataset_index: usize,
    /// Every class of the catalog, sorted: the order of colours.
    pub class_names: Vec<String>,
    /// What is searched, by dataset.
    pub names: Vec<DatasetNames>,
    /// What is validated on, and what of it is too near to what is trained on.
    pub leakage: Leakage,
    /// Its volumes, in drawing order.
    pub layers: Vec<Layer>,
    /// The dataset beside it, where there are two.
    beside: Option<usize>,
    /// Its volumes, in drawing order.
    pub beside_layers: Vec<Layer>,
}

impl OpenData {
    /// A catalog just opened; its first dataset is in the slices.
    #[must_use]
    pub fn new(source: Start, catalog: Arc<Catalog>, config: LoaderConfig) -> Self {
        let mut class_names: Vec<String> = catalog.datasets.iter().flat_map(Dataset::class_names).collect();
        class_names.sort();
        class_names.dedup();
        let draft = Draft::new(&config);
        let names = DatasetNames::of_catalog(&catalog);
        let mut data = Self {
            source,
            catalog,
            config,
            draft,
            dataset_index: 0,
            class_names,
            names,
            leakage: Leakage::default(),
            layers: Vec::new(),
            beside: None,
            beside_layers: Vec::new(),
        };
        data.show(0);
        data
    }

    /// Puts another dataset into the slices.
    pub fn show(&mut self, dataset_index: usize) {
        // The two change places; a dataset is not beside itself.
        if self.beside == Some(dataset_index) {
            self.show_beside(self.dataset_index);
        }
        self.dataset_index = dataset_index;
        self.layers = self.dataset().map(|set| Layer::of_dataset(set, &self.class_names)).unwrap_or_default();
    }

    /// Puts a dataset beside that in the slices.
    pub fn show_beside(&mut self, dataset_index: usize) {
        let dataset = self.catalog.datasets.get(dataset_index);
        self.beside = dataset.map(|_| dataset_index);
        self.beside_layers = dataset.map(|set| Layer::of_dataset(set, &self.class_names)).unwrap_or_default();
    }

    /// The dataset beside that in the slices, by its index in the catalog.
    #[must_use]
    pub const fn beside_index(&self) -> Option<usize> {
        self.beside
    }

    /// Judges anew what is too near between training and validation: the patches have changed.
    pub fn refresh_leaks(&mut self) {
        self.leakage.leaks = leaks(&self.leakage.train, &self.leakage.validate, self.config.reach_nm());
    }

    /// The worst leak of a crop (`None`: of the whole volume) of a dataset, if there is one.
    #[must_use]
    pub fn leak_of(&self, dataset_index: usize, crop_index: Option<usize>) -> Option<&Leak> {
        let is_this = |leak: &&Leak| {
            let of = self.leakage.train.get(leak.train);
            of.is_some_and(|of| (of.dataset_index, of.crop_index) == (dataset_index, crop_index))
        };
        let overlaps = |leak: &&Leak| matches!(leak.closeness, Closeness::Overlap { .. });
        let mut leaks = self.leakage.leaks.iter().filter(is_this);
        leaks.clone().find(overlaps).or_else(|| leaks.next())
    }

    /// Classes (crop, class) of the dataset in the slices that are not drawn until asked for: those that fill space,
    /// where there are others.
    #[must_use]
    pub fn hidden_at_first(&self) -> HashSet<(usize, usize)> {
        let mut hidden = HashSet::new();
        if self.class_names.iter().all(|name| fills_space(name)) {
            return hidden;
        }
        for (crop, labels) in self.dataset().into_iter().flat_map(|set| set.crops.iter().enumerate()) {
            let filling = labels.classes.iter().enumerate().filter(|(_, labels)| fills_space(&labels.class));
            hidden.extend(filling.map(|(class, _)| (crop, class)));
        }
        hidden
    }

    /// The dataset in the slices.
    #[must_use]
    pub fn dataset(&self) -> Option<&Dataset> {
        self.catalog.datasets.get(self.dataset_index)
    }

    /// The world box of the dataset in the slices, nm.
    #[must_use]
    pub fn bounds(&self) -> Option<BoxNm> {
        self.dataset().map(|dataset| dataset.raw.bounds())
    }
}

impl Session {
    /// The catalog, if one is open.
    #[must_use]
    pub fn open(&self) -> Option<&OpenData> {
        match self {
            Self::Open(data) => Some(data),
            _ => None,
        }
    }

    /// The loader elsewhere that is looked at, if one is.
    #[must_use]
    pub fn remote(&self) -> Option<&RemoteView> {
        match self {
            Self::Remote(remote) => Some(remote),
            _ => None,
        }
    }

    /// Every class of what is open, in the order of colours.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        match self {
            Self::Open(data) => &data.class_names,
            Self::Remote(remote) => &remote.about.classes,
            _ => &[],
        }
    }

    /// The configuration that is being edited, if a catalog is open.
    pub fn draft_mut(&mut self) -> Option<&mut Draft> {
        match self {
            Self::Open(data) => Some(&mut data.draft),
            _ => None,
        }
    }
}
