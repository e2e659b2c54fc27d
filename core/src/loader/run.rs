//! The running loader.

use std::sync::Arc;
use std::time::Duration;

use super::{Batch, LoaderConfig};
use crate::Result;
use crate::catalog::Catalog;
use crate::telemetry::Stats;
use crate::volume::Caches;

/// Draws, reads and hands over batches on its own threads until it is dropped. Batches come in order.
#[derive(Debug)]
pub struct Loader {}

impl Loader {
    /// Starts the threads; returns at once.
    ///
    /// # Errors
    /// A configuration that does not fit the catalog or the memory budget.
    pub fn new(catalog: Arc<Catalog>, config: LoaderConfig) -> Result<Self> {
        todo!("{catalog:?} {config:?}")
    }

    /// The next batch, waiting for it. Epochs follow each other without end.
    ///
    /// # Errors
    /// A sample that cannot be read when `on_error = "fail"`, or too many in a row; [`crate::Error::Stopped`].
    pub fn next_batch(&self) -> Result<Batch> {
        todo!()
    }

    /// The next batch if it comes within `timeout`.
    ///
    /// # Errors
    /// As [`Loader::next_batch`].
    pub fn next_batch_timeout(&self, timeout: Duration) -> Result<Option<Batch>> {
        todo!("{timeout:?}")
    }

    /// What the loader measures about itself, now. Cheap; may be called at any time from any thread.
    #[must_use]
    pub fn stats(&self) -> Stats {
        todo!()
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &LoaderConfig {
        todo!()
    }

    /// The caches, shared with the viewer so that both live under one budget.
    #[must_use]
    pub fn caches(&self) -> &Arc<Caches> {
        todo!()
    }
}
