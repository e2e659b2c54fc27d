//! What the loader's threads share: the unchanging parts, the hand-over, and the counts behind its statistics.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::ahead::Ahead;
use super::budget::Budget;
use super::bundles::Bundles;
use super::crew::Crew;
use super::epoch::Epochs;
use super::handover::Handover;
use super::inputs::Inputs;
use super::known::Everywhere;
use super::layout::{BatchLayout, smallest_target_nm};
use super::measured::{Baseline, Counts};
use super::recycle::Recycler;
use super::replay::Replay;
use super::report::Sources;
use super::resize::{InForce, Needs};
use super::serve::Watch;
use super::share::Share;
use super::skipped::SkippedSamples;
use super::turn::Walk;
use super::{LoaderConfig, told};
use crate::catalog::{Catalog, Relations};
use crate::sample::{PatchSpec, Sampler, Source};
use crate::sync::Mutex;
use crate::telemetry::{BatchLog, Event, FaultCounts, MarkLog, Roster, Setup, StandstillLog};
use crate::volume::Caches;
use crate::{Error, Result};

/// Shared by builders, workers and whoever asks.
#[derive(Debug)]
pub(super) struct Engine {
    pub catalog: Arc<Catalog>,
    pub config: LoaderConfig,
    pub layout: BatchLayout,
    pub inputs: Inputs,
    pub bundles: Bundles,
    /// Before it knows what its strategy needs; [`Engine::sampler`] is the one to draw with.
    pub plain_sampler: Sampler,
    pub guided_sampler: OnceLock<Result<Sampler>>,
    pub epochs: Epochs,
    pub share: Share,
    pub sources: Sources,
    pub relations: Relations,
    pub caches: Arc<Caches>,
    pub handover: Handover,
    /// From one batch to the next.
    pub walk: Walk,
    pub recycler: Arc<Recycler>,
    /// Of each array, where everything is known: bytes, or words.
    pub everywhere: Vec<(Everywhere<u8>, Everywhere<u64>)>,
    pub ahead: Ahead,
    pub counts: Counts,
    pub skipped: SkippedSamples,
    pub faults: FaultCounts,
    pub watch: Watch,
    pub threads: usize,
    pub setup: Setup,
    pub log: BatchLog,
    pub marks: MarkLog,
    pub roster: Arc<Roster>,
    pub standstills: StandstillLog,
    pub needs: Needs,
    pub in_force: Mutex<InForce>,
    pub crew: Crew,
    pub replay: Replay,
    pub started: Instant,
    pub baseline: Baseline,
}

/// Everything that is settled before any memory is taken.
#[derive(Debug)]
pub(super) struct Settled {
    pub layout: BatchLayout,
    pub inputs: Inputs,
    pub sampler: Sampler,
    pub epochs: Epochs,
    pub share: Share,
    pub needs: Needs,
    pub budget: Budget,
    pub threads: usize,
}

impl Settled {
    /// Checks a configuration against a catalog and the memory budget.
    ///
    /// # Errors
    /// What does not fit, by its key.
    pub(super) fn new(catalog: &Catalog, config: &LoaderConfig, share: Share) -> Result<Self> {
        config.validate()?;
        let inputs = Inputs::open(catalog, config)?;
        let layout = BatchLayout::new(catalog, config, &inputs)?;
        let nothing = || Error::Config {
            file: None,
            line: None,
            key: "input".to_owned(),
            problem: "there is no array to fill".to_owned(),
        };
        let primary = config.primary().ok_or_else(nothing)?;
        let wanted = if config.target.is_empty() { &[][..] } else { &config.data.classes };
        let patch = PatchSpec {
            shape: primary.shape,
            voxel_size_nm: primary.voxel_size_nm,
            tile_nm: smallest_target_nm(config).unwrap_or(primary.extent_nm()),
        };
        let sources = Source::of_catalog(catalog, wanted);
        let sampler = Sampler::new(sources, patch, &config.sampling, &config.augment, config.loader.seed)?;
        // Samples that are drawn for a class show it in the first target.
        let sampler = match config.target.values().next() {
            Some(target) => sampler.showing(target.shape, target.voxel_size_nm),
            None => sampler,
        };
        let epoch_samples = config.sampling.epoch_samples(config.loader.batch_size, sampler.tiles());
        let epochs = Epochs::new(epoch_samples, config.loader.batch_size, share)?;
        let all_cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = if config.loader.threads == 0 { all_cores() } else { config.loader.threads };
        let full = epochs.ticket(0).samples;
        let tasks = full * layout.reads();
        let working_bytes = layout.working_bytes(&config.augment);
        let needs = Needs { batch_bytes: layout.batch_bytes(full), tasks, threads, working_bytes };
        let budget = needs.divide(config.loader.memory)?;
        Ok(Self { layout, inputs, sampler, epochs, share, needs, budget, threads })
    }
}

impl Engine {
    /// `first` is the number of the first batch to be made, by whoever takes turns.
    pub(super) fn new(
        catalog: Arc<Catalog>,
        config: LoaderConfig,
        settled: Settled,
        (caches, walk, first): (Arc<Caches>, Walk, u64),
    ) -> Self {
        let in_force = InForce {
            memory_bytes: config.loader.memory,
            chunk_bytes: caches.chunks.stats().capacity_bytes,
            batches_bytes: settled.budget.batches_bytes,
        };
        let baseline = Baseline::of(&caches, settled.layout.arrays.len());
        let full = settled.epochs.ticket(0).samples;
        let parts = (&settled.layout, &settled.inputs);
        let setup = told::setup(&catalog, &config, parts, (&settled.budget, settled.threads, full));
        let started = Instant::now();
        let by_table = catalog.class_table.as_ref().filter(|_| config.data.relations_from_class_table);
        let mut exclusive = by_table.map(|table| table.exclusive()).unwrap_or_default();
        for (class, others) in &config.data.relations {
            exclusive.entry(class.clone()).or_default().extend(others.iter().cloned());
        }
        let relations = Relations::new(&exclusive);
        let handover = Handover::new(settled.budget.batches_bytes, walk, walk.first(first));
        let most_bytes = settled.budget.batches_bytes + settled.budget.held_bytes;
        let recycler = Recycler::new(most_bytes);
        let everywhere = settled.layout.arrays.iter().map(|_| Default::default()).collect();
        Self {
            config,
            bundles: Bundles::new(&catalog, &settled.layout, &caches.chunks),
            layout: settled.layout,
            sources: Sources::new(&catalog, &settled.sampler),
            catalog,
            inputs: settled.inputs,
            plain_sampler: settled.sampler,
            guided_sampler: OnceLock::new(),
            epochs: settled.epochs,
            share: settled.share,
            relations,
            caches,
            handover,
            walk,
            recycler: Arc::new(recycler),
            everywhere,
            ahead: Ahead::default(),
            counts: Counts::default(),
            skipped: SkippedSamples::default(),
            faults: FaultCounts::default(),
            watch: Watch::default(),
            threads: settled.threads,
            setup,
            log: BatchLog::new(started),
            marks: MarkLog::new(started),
            roster: Arc::default(),
            standstills: StandstillLog::default(),
            needs: settled.needs,
            in_force: Mutex::new(in_force),
            crew: Crew::new(settled.threads),
            replay: Replay::default(),
            started,
            baseline,
        }
    }

    /// Begins no more batches, or goes on, if that is not so already.
    pub(super) fn set_paused(&self, paused: bool) {
        if self.handover.set_paused(paused) != paused {
            self.marks.note(if paused { Event::Paused } else { Event::Resumed });
            self.log.paused();
        }
    }

    /// Bytes of batch `number`.
    pub(super) fn bytes_of(&self, number: u64) -> u64 {
        self.layout.batch_bytes(self.epochs.ticket(number).samples)
    }
}
