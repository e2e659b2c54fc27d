//! The running loader.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::engine::{Engine, Settled};
use super::threads::{Threads, WAIT_SLICE};
use super::{Batch, LoaderConfig, SkippedSample};
use crate::catalog::Catalog;
use crate::telemetry::{Stage, Stats};
use crate::volume::Caches;
use crate::{Error, Result};

/// Draws, reads and hands over batches on its own threads until it is dropped. Batches come in order.
///
/// The same configuration, data, seed, epoch and index give the same bytes for any number of threads and any memory.
/// `loader.memory` bounds decoded chunks, lookup tables, batches in flight and batches that wait, together; chunks that
/// a running read still holds after they had to leave the cache come on top.
/// Dropping the loader ends its threads and waits for them.
#[derive(Debug)]
pub struct Loader {
    engine: Arc<Engine>,
    threads: Threads,
}

impl Loader {
    /// Starts the threads; returns at once.
    ///
    /// # Errors
    /// A configuration that does not fit the catalog or the memory budget.
    pub fn new(catalog: Arc<Catalog>, config: LoaderConfig) -> Result<Self> {
        let settled = Settled::new(&catalog, &config).map_err(|error| config.locate(error))?;
        let caches = Arc::new(Caches::new(settled.budget.chunk_bytes, settled.budget.transform_bytes));
        Self::start(catalog, config, settled, caches)
    }

    /// As [`Loader::new`], with caches that somebody else (such as a viewer) reads through, too. The chunk cache gets
    /// what the budget leaves for it; statistics count from now on, also what the others read.
    ///
    /// # Errors
    /// A configuration that does not fit the catalog or the memory budget.
    pub fn with_caches(catalog: Arc<Catalog>, config: LoaderConfig, caches: Arc<Caches>) -> Result<Self> {
        let settled = Settled::new(&catalog, &config).map_err(|error| config.locate(error))?;
        let both = settled.budget.chunk_bytes + settled.budget.transform_bytes;
        caches.chunks.set_capacity_bytes(both.saturating_sub(caches.transforms.stats().capacity_bytes));
        Self::start(catalog, config, settled, caches)
    }

    fn start(catalog: Arc<Catalog>, config: LoaderConfig, settled: Settled, caches: Arc<Caches>) -> Result<Self> {
        settled.probe_memory().map_err(|error| config.locate(error))?;
        for source in settled.sampler.left_out() {
            tracing::warn!(source, "nothing is drawn here: it is smaller than a patch, or lies outside its raw volume");
        }
        let annotated: Vec<_> = catalog.datasets.iter().flat_map(crate::catalog::Dataset::class_names).collect();
        for class in config.data.relations.iter().flat_map(|(class, others)| others.iter().chain([class])) {
            if !annotated.contains(class) && !config.data.classes.contains(class) {
                tracing::warn!(class, "data.relations names a class that no crop annotates");
            }
        }
        let builders = settled.budget.builders;
        let engine = Arc::new(Engine::new(catalog, config, settled, caches));
        let threads = Threads::start(&engine, builders)?;
        Ok(Self { engine, threads })
    }

    /// The next batch, waiting for it. Epochs follow each other without end; the last batch of each may be short.
    ///
    /// # Errors
    /// A sample that cannot be read when `on_error = "fail"`, or too many in a row; [`Error::Stopped`]. After an error
    /// there are no more batches: it is answered again.
    pub fn next_batch(&self) -> Result<Batch> {
        self.wait_for_batch(None)?.ok_or(Error::Stopped)
    }

    /// The next batch if it comes within `timeout`.
    ///
    /// # Errors
    /// As [`Loader::next_batch`].
    pub fn next_batch_timeout(&self, timeout: Duration) -> Result<Option<Batch>> {
        self.wait_for_batch(Instant::now().checked_add(timeout))
    }

    /// Without a deadline it waits until there is an answer.
    fn wait_for_batch(&self, deadline: Option<Instant>) -> Result<Option<Batch>> {
        loop {
            if let Some(batch) = self.engine.handover.take()? {
                self.engine.count_handed_over(&batch);
                return Ok(Some(batch));
            }
            let left = deadline.map_or(WAIT_SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(None);
            }
            // Waiting through a pause that somebody asked for is not the loader's doing, and no stage of its work.
            let waiting = || self.engine.caches.meter.start(Stage::Wait, || "for a batch".to_owned());
            let stage = (!self.is_paused()).then(waiting);
            let began = Instant::now();
            self.engine.handover.wait_for_batch(left.min(WAIT_SLICE));
            if stage.is_some() {
                let waited_ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
                self.engine.counts.consumer_wait_ns.fetch_add(waited_ns, Ordering::Relaxed);
            }
        }
    }

    /// Begins no more batches until [`Loader::resume`]; those begun are finished, and those that are ready can be taken.
    pub fn pause(&self) {
        self.engine.handover.set_paused(true);
    }

    /// Goes on after [`Loader::pause`].
    pub fn resume(&self) {
        self.engine.handover.set_paused(false);
    }

    /// Whether the loader is paused.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.engine.handover.is_paused()
    }

    /// Ends the loader: whoever waits for a batch, on any thread, gets [`Error::Stopped`].
    pub fn stop(&self) {
        self.engine.handover.stop();
    }

    /// What the loader measures about itself, now. Cheap; may be called at any time from any thread.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.engine.stats()
    }

    /// What was skipped since the last call for a reason that was not given before, oldest first. How many samples
    /// were skipped in all is in [`Loader::stats`].
    #[must_use]
    pub fn take_skipped(&self) -> Vec<SkippedSample> {
        self.engine.skipped.take()
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &LoaderConfig {
        &self.engine.config
    }

    /// The datasets that are drawn from.
    #[must_use]
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.engine.catalog
    }

    /// The caches, shared with the viewer so that both live under one budget.
    #[must_use]
    pub fn caches(&self) -> &Arc<Caches> {
        &self.engine.caches
    }

    /// Channels of the targets, in order: the configured classes, or every class found.
    #[must_use]
    pub fn classes(&self) -> Vec<String> {
        let targets = self.engine.layout.arrays.iter().filter(|array| array.role == super::Role::Target);
        targets.take(1).flat_map(|array| array.classes.iter().flatten().cloned()).collect()
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.engine.handover.stop();
        self.threads.join();
    }
}
