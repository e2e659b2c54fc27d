//! What is open: nothing, something on its way, a catalog, or a failure with its reason.

use std::path::PathBuf;
use std::sync::Arc;

use microtome_core::catalog::{Catalog, Dataset};
use microtome_core::geometry::BoxNm;
use microtome_core::loader::LoaderConfig;

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
    Open(OpenData),
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
}

impl OpenData {
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
    pub const fn open(&self) -> Option<&OpenData> {
        match self {
            Self::Open(data) => Some(data),
            _ => None,
        }
    }
}
