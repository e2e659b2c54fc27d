//! The running loader.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::engine::{Engine, Settled};
use super::serve::server_of;
use super::state::depends_on;
use super::threads::{Threads, WAIT_SLICE};
use super::turn::{Turn, Walk};
use super::{ArraySpec, Batch, LoaderConfig, LoaderState, Share, SkippedSample, SourceReport};
use crate::catalog::Catalog;
use crate::sample::Request;
use crate::telemetry::serve::Server;
use crate::telemetry::{Event, KeyChange, Stage, Stats};
use crate::volume::Caches;
use crate::{Error, Result};

/// What a loader is given beside its configuration.
#[derive(Debug, Default)]
pub struct LoaderOptions {
    /// Caches that somebody else (such as a viewer) reads through, too. The chunk cache gets what the budget leaves for
    /// it; statistics count from now on, also what the others read. `None`: its own.
    pub caches: Option<Arc<Caches>>,
    /// Which part of every epoch this process gets.
    pub share: Share,
    /// Which batches of that part, where several processes take them in turn.
    pub turn: Turn,
    /// Where to go on; `None`: from the beginning.
    pub state: Option<LoaderState>,
    /// The configuration of a loader that this one takes the place of: what differs is its first mark.
    pub replaces: Option<LoaderConfig>,
}

/// Draws, reads and hands over batches on its own threads until it is dropped. Batches come in order.
///
/// The same configuration, data, seed, epoch and index give the same bytes for any number of threads and any memory.
/// `loader.memory` bounds decoded chunks (also those that a running read still holds after they had to leave the cache, and
/// those being decoded), lookup tables, batches in flight, batches that wait and one that is used, together. Only where the
/// chunks that running reads hold are more than the chunk cache's share do they exceed it, and then nothing else is kept;
/// further batches that are kept come on top.
/// Dropping the loader ends its threads and waits for them.
#[derive(Debug)]
pub struct Loader {
    pub(super) engine: Arc<Engine>,
    pub(super) threads: Threads,
    pub(super) server: Option<Server>,
}

impl Loader {
    /// Starts the threads; returns at once.
    ///
    /// # Errors
    /// A configuration that does not fit the catalog or the memory budget.
    pub fn new(catalog: Arc<Catalog>, config: LoaderConfig) -> Result<Self> {
        Self::with_options(catalog, config, LoaderOptions::default())
    }

    /// As [`Loader::new`], as one of several processes, with shared caches, or from where another loader was.
    ///
    /// # Errors
    /// A configuration that does not fit the catalog or the memory budget; [`Error::Share`]; [`Error::State`].
    pub fn with_options(catalog: Arc<Catalog>, config: LoaderConfig, options: LoaderOptions) -> Result<Self> {
        let LoaderOptions { caches, share, turn, state, replaces } = options;
        let settled = Settled::new(&catalog, &config, share).map_err(|error| config.locate(error))?;
        if let Some(state) = &state {
            state.check(&depends_on(&config, settled.sampler.sources(), share))?;
        }
        let walk = Walk::new(turn, settled.epochs.batches_per_rank(), share)?;
        let budget = settled.budget;
        let is_shared = caches.is_some();
        let caches = caches.unwrap_or_else(|| Arc::new(Caches::new(budget.chunk_bytes, budget.transform_bytes)));
        // What another loader announced will not come.
        caches.chunks.forget_all();
        let both_bytes = budget.chunk_bytes + budget.transform_bytes;
        let before_bytes = caches.chunks.stats().capacity_bytes;
        let after_bytes = both_bytes.saturating_sub(caches.transforms.stats().capacity_bytes);
        caches.chunks.set_capacity_bytes(after_bytes);
        budget.probe_memory().map_err(|error| config.locate(error))?;
        warn_of_relations(&catalog, &config);
        warn_of_coarse_first(&config);
        let first = state.map_or(0, |state| state.next_batch);
        let changes = replaces.map(|before| config.changes_since(&before)).unwrap_or_default();
        let engine = Arc::new(Engine::new(catalog, config, settled, (caches, walk, first)));
        if !changes.is_empty() {
            engine.marks.note(Event::ConfigChanged { changes });
        }
        if is_shared && before_bytes != after_bytes {
            engine.marks.note(Event::CacheResized { before_bytes, after_bytes });
        }
        if let Some(summary) = engine.sources.summary() {
            tracing::warn!("{summary} (microtome sample --list and the pane Sampling say which)");
        }
        let threads = Threads::start(&engine, budget.builders)?;
        let server = server_of(&engine);
        Ok(Self { engine, threads, server })
    }

    /// Where this loader is: at the next batch that nobody has taken yet. Batches that wait or are being made are not lost:
    /// a loader that goes on from here makes them again, the same.
    #[must_use]
    pub fn state(&self) -> LoaderState {
        let Engine { config, plain_sampler: sampler, share, handover, epochs, .. } = &*self.engine;
        let next_batch = handover.next_out();
        let depends_on = depends_on(config, sampler.sources(), *share);
        LoaderState { version: LoaderState::VERSION, next_batch, epoch: epochs.ticket(next_batch).epoch, depends_on }
    }

    /// Batches that this process gets in one epoch.
    #[must_use]
    pub fn batches_per_epoch(&self) -> u64 {
        self.engine.epochs.batches_per_rank()
    }

    /// Samples in one epoch, of all processes together.
    #[must_use]
    pub fn samples_per_epoch(&self) -> u64 {
        self.engine.epochs.samples()
    }

    /// Every crop, and every volume without crops: drawn from or left out and why, and what was found in it so far.
    #[must_use]
    pub fn sources_report(&self) -> Vec<SourceReport> {
        let known = self.engine.guided_sampler.get().and_then(|sampler| sampler.as_ref().ok());
        self.engine.sources.report(known)
    }

    /// Where sample `index` of an epoch (of all ranks together, counted from 0) is drawn, and what is done to it. Reads no
    /// raw; a strategy that goes by what is in the crops looks into their labels once, before the first batch or draw.
    ///
    /// # Errors
    /// Labels that cannot be read; [`Error::Stopped`].
    pub fn draw(&self, epoch: u64, index: u64) -> Result<Request> {
        let pool = self.threads.pool().ok_or(Error::Stopped)?;
        Ok(self.engine.sampler(pool)?.draw(epoch, index, 0))
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
        let Engine { handover, caches, log, replay, .. } = &*self.engine;
        if let Some(batch) = replay.serve() {
            return Ok(Some(batch));
        }
        log.requested();
        loop {
            if let Some(batch) = handover.take()? {
                self.engine.count_handed_over(&batch);
                if replay.keep(&batch) {
                    handover.set_resting(true);
                    log.paused();
                }
                return Ok(Some(batch));
            }
            let left = deadline.map_or(WAIT_SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Ok(None);
            }
            // Waiting through a pause that somebody asked for is not the loader's doing, and no stage of its work.
            let waiting = || (caches.meter.stall(), caches.meter.start(Stage::Wait, || "for a batch".to_owned()));
            let stage = (!self.is_paused()).then(waiting);
            let began = Instant::now();
            handover.wait_for_batch(left.min(WAIT_SLICE));
            if stage.is_some() {
                let waited = began.elapsed();
                let waited_ns = u64::try_from(waited.as_nanos()).unwrap_or(u64::MAX);
                self.engine.counts.consumer_wait_ns.fetch_add(waited_ns, Ordering::Relaxed);
                log.waited(waited);
            } else {
                log.paused();
            }
        }
    }

    /// Serves the next `batches` (at least one) again and again, once they were taken, while the loader makes no others: how
    /// fast is who trains without it? [`Stats::replay`] says. Until [`Loader::end_replay`]; the batches are copies, which
    /// come on top of `loader.memory`, and are not counted as handed over. Afterwards batches go on in order.
    pub fn replay(&self, batches: usize) {
        self.engine.replay.begin(batches.max(1));
        self.engine.handover.set_resting(false);
    }

    /// Ends [`Loader::replay`].
    pub fn end_replay(&self) {
        self.engine.replay.end();
        self.engine.handover.set_resting(false);
    }

    /// Begins no more batches until [`Loader::resume`]; those begun are finished, and those that are ready can be taken.
    pub fn pause(&self) {
        self.engine.set_paused(true);
    }

    /// Goes on after [`Loader::pause`].
    pub fn resume(&self) {
        self.engine.set_paused(false);
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

    /// Sets a key to a value as TOML has it, while the loader runs; answers what has changed. Only `loader.memory` can be
    /// set so: batches stay the same, and it takes effect at once.
    ///
    /// # Errors
    /// [`Error::Config`]: why that cannot be.
    pub fn set_live(&self, key: &str, value: &str) -> Result<Vec<KeyChange>> {
        let refused = |problem| Error::Config { file: None, line: None, key: key.to_owned(), problem };
        self.engine.set_live(key, value).map_err(refused)
    }

    /// The configuration that it was started with; what was set since is in [`Stats::setup`].
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

/// Samples are placed on the grid of the first array by name: a coarse one leaves few places, all alike to a fine one.
fn warn_of_coarse_first(config: &LoaderConfig) {
    let volume_nm3 = |spec: &ArraySpec| spec.voxel_size_nm.product();
    let mut arrays = config.arrays();
    let Some((_, first, spec)) = arrays.next() else { return };
    if let Some((_, finer, _)) = arrays.find(|(_, _, other)| volume_nm3(other) < 0.99 * volume_nm3(spec)) {
        tracing::warn!(
            "samples are placed on the voxels of \"{first}\", the first array by name; \"{finer}\" has finer ones: \
             rename one so that the array to place by comes first"
        );
    }
}

fn warn_of_relations(catalog: &Catalog, config: &LoaderConfig) {
    let annotated: Vec<_> = catalog.datasets.iter().flat_map(crate::catalog::Dataset::class_names).collect();
    for class in config.data.relations.iter().flat_map(|(class, others)| others.iter().chain([class])) {
        if !annotated.contains(class) && !config.data.classes.contains(class) {
            tracing::warn!(class, "data.relations names a class that no crop annotates");
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // Viewers are told while there is something to tell.
        self.server = None;
        self.engine.handover.stop();
        self.threads.join();
        // Others may go on with these caches.
        self.engine.caches.chunks.forget_all();
    }
}
