//! What is open: nothing, something on its way, a catalog, or a failure with its reason.

use std::path::PathBuf;
use std::sync::Arc;

use microtome_core::catalog::{Catalog, Dataset};
use microtome_core::geometry::BoxNm;
use microtome_core::loader::LoaderConfig;

use super::Layer;
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
    /// It could not be opened.
    Failed {
        /// What was asked for.
        path: PathBuf,
        /// What went wrong, where, and what to do.
        message: String,
    },
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
    /// The dataset in the slices.
    pub dataset_index: usize,
    /// Its volumes, in drawing order.
    pub layers: Vec<Layer>,
}

impl OpenData {
    /// A catalog just opened; its first dataset is in the slices.
    #[must_use]
    pub fn new(source: Start, catalog: Arc<Catalog>, config: LoaderConfig) -> Self {
        let mut data = Self { source, catalog, config, dataset_index: 0, layers: Vec::new() };
        data.show(0);
        data
    }

    /// Puts another dataset into the slices.
    pub fn show(&mut self, dataset_index: usize) {
        self.dataset_index = dataset_index;
        self.layers = self.dataset().map(Layer::of_dataset).unwrap_or_default();
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
}
