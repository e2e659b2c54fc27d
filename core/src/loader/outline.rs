//! What a loader would be, without starting it: how long its epochs are, and where it would begin.

use super::engine::Settled;
use super::state::depends_on;
use super::{LoaderConfig, LoaderState, Share};
use crate::Result;
use crate::catalog::Catalog;

/// A loader that has not been started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Batches that this process gets in one epoch.
    pub batches_per_epoch: u64,
    /// Samples in one epoch, of all processes together.
    pub samples_per_epoch: u64,
    /// Its state at the first batch. That at any other is the same with another `next_batch`.
    pub start: LoaderState,
}

impl Outline {
    /// Says what differs if a state was saved by a loader that gives other batches.
    ///
    /// # Errors
    /// [`crate::Error::State`].
    pub fn check(&self, state: &LoaderState) -> Result<()> {
        state.check(&self.start.depends_on)
    }
}

impl LoaderConfig {
    /// What a loader of this configuration would be. Takes no memory and starts no thread, and finds every mistake that
    /// [`super::Loader::with_options`] finds, but for memory that the system refuses.
    ///
    /// # Errors
    /// A configuration that does not fit the catalog or the memory budget; [`crate::Error::Share`].
    pub fn outline(&self, catalog: &Catalog, share: Share) -> Result<Outline> {
        let Settled { sampler, epochs, .. } = Settled::new(catalog, self, share).map_err(|error| self.locate(error))?;
        let depends_on = depends_on(self, sampler.sources(), share);
        Ok(Outline {
            batches_per_epoch: epochs.batches_per_rank(),
            samples_per_epoch: epochs.samples(),
            start: LoaderState { version: LoaderState::VERSION, next_batch: 0, epoch: 0, depends_on },
        })
    }
}
