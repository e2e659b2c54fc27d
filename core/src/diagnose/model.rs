//! The loader as a network of three stations, and what it can do at best: workers who share all reads, builders, the
//! consumer.
//!
//! Bounds from operational analysis (Denning & Buzen 1978, "The operational analysis of queueing network models"): if each
//! sample takes `demand` seconds of a station of so many servers, the station makes `servers / demand` samples per second
//! at most, and the slowest station makes the pace. Workers share one pool, so their demands add up (Plumber, MLSys 2022,
//! gives each stage as many cores as it needs until there are none left: the same for stages that any thread may do).

use serde::Serialize;

use super::Window;
use crate::telemetry::Stage;

/// What makes the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Limit {
    /// A stage of the loader.
    Stage(Stage),
    /// Who takes the batches.
    Consumer,
}

impl Limit {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stage(stage) => stage.name(),
            Self::Consumer => "consumer",
        }
    }

    /// Where it is done.
    #[must_use]
    pub const fn station(self) -> Station {
        match self {
            Self::Consumer => Station::Consumer,
            Self::Stage(Stage::Collate | Stage::Plan) => Station::Builders,
            Self::Stage(_) => Station::Workers,
        }
    }
}

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Station {
    /// Threads that read, decode, gather and augment.
    Workers,
    /// Threads that plan and collate batches.
    Builders,
    /// Who takes the batches.
    Consumer,
}

impl Station {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Workers => "workers",
            Self::Builders => "builders",
            Self::Consumer => "consumer",
        }
    }
}

/// Most batches that the loader builds at a time.
const MOST_BUILDERS: f64 = 8.0;

/// Stages of workers that take processor time; reading from a store need not.
pub(super) const COMPUTED: [Stage; 4] = [Stage::Plan, Stage::Augment, Stage::Decode, Stage::Gather];

/// Demands of each sample, seconds, and servers.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Worker threads.
    pub threads: f64,
    /// Batches built at a time.
    pub builders: f64,
    /// Batches that may be built or wait.
    pub batches_ahead: f64,
    /// Samples in a batch.
    pub batch_size: f64,
    /// Reads of a sample that do not wait for each other.
    pub reads: f64,
    /// Samples in a row from one neighbourhood.
    pub chunk_local: f64,
    /// Processors.
    pub cores: f64,
    /// Of workers, by stage in the order of [`Stage::ALL`]; waits for each other's reads among them.
    pub workers_s: [f64; Stage::ALL.len()],
    /// Of builders, in the same order.
    pub builders_s: [f64; Stage::ALL.len()],
    /// Of the consumer; 0 if it does nothing but take.
    pub consumer_s: f64,
    /// Of all processors together, as measured; `None` where the system does not tell.
    pub processor_s: Option<f64>,
}

/// What a model makes at best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bound {
    /// Samples per second.
    pub samples_per_s: f64,
    /// What makes the pace.
    pub limit: Limit,
}

impl Model {
    /// The demands that a window shows.
    #[must_use]
    pub fn of(window: &Window) -> Self {
        let consumer_s = match window.replay_samples_per_s {
            Some(rate) => 1.0 / rate,
            None => window.consumer_s / window.samples.max(1.0),
        };
        Self {
            threads: window.setup.threads.max(1) as f64,
            builders: window.setup.builders.max(1) as f64,
            batches_ahead: window.setup.batches_ahead.max(2) as f64,
            batch_size: window.setup.batch_size.max(1) as f64,
            reads: window.setup.arrays.len().max(1) as f64,
            chunk_local: window.setup.chunk_local.max(1) as f64,
            cores: window.setup.cores.max(1) as f64,
            workers_s: Stage::ALL.map(|stage| window.workers_s(stage)),
            builders_s: Stage::ALL.map(|stage| window.builders_s(stage)),
            consumer_s,
            processor_s: window.processor_s.map(|seconds| seconds / window.samples.max(1.0)),
        }
    }

    /// What all processors spend on a sample, seconds: measured, or the stages that compute.
    #[must_use]
    pub fn processor_demand_s(&self) -> f64 {
        self.processor_s.unwrap_or_else(|| self.computed_s())
    }

    /// What the stages that compute spend on a sample, seconds.
    #[must_use]
    pub fn computed_s(&self) -> f64 {
        let workers = COMPUTED.iter().map(|stage| self.workers_s[place(*stage)]).sum::<f64>();
        workers + self.builders_s.iter().sum::<f64>()
    }

    /// What the workers can do, the builders, the processors: samples per second.
    ///
    /// A builder has one batch at a time, and waits for its reads: a batch takes what it takes to collate and what it takes to
    /// read with all the workers that find a read of it. (Reads to come are planned by one builder at a time.)
    #[must_use]
    pub fn loader_bounds(&self) -> [Bound; 3] {
        let workers_s: f64 = self.workers_s.iter().sum();
        let builders_s: f64 = self.builders_s.iter().sum();
        let plan_s = self.builders_s[place(Stage::Plan)];
        let reading_s = workers_s / self.threads.min(self.batch_size * self.reads);
        let cycle = (self.builders / (builders_s + reading_s).max(1e-12)).min(1.0 / plan_s.max(1e-12));
        let is_reading = reading_s > builders_s;
        let by_builders = if is_reading { self.longest(Station::Workers) } else { self.longest(Station::Builders) };
        let by_processors = [Station::Workers, Station::Builders].map(|station| self.longest_computed(station));
        let computed = |limit: &Limit| self.computed_in_s(*limit);
        let by_processors = by_processors.into_iter().max_by(|a, b| computed(a).total_cmp(&computed(b)));
        [
            Bound { samples_per_s: self.threads / workers_s.max(1e-12), limit: self.longest(Station::Workers) },
            Bound { samples_per_s: cycle, limit: by_builders },
            Bound {
                samples_per_s: self.cores / self.processor_demand_s().max(1e-12),
                limit: by_processors.unwrap_or(Limit::Consumer),
            },
        ]
    }

    /// The stage that takes a station most. (Waits of workers for each other's reads are not work of their own.)
    #[must_use]
    pub fn longest(&self, station: Station) -> Limit {
        let (stages, demand): (&[Stage], &[f64; Stage::ALL.len()]) = match station {
            Station::Consumer => return Limit::Consumer,
            Station::Builders => (&[Stage::Collate, Stage::Plan], &self.builders_s),
            Station::Workers => (&[Stage::Augment, Stage::Fetch, Stage::Decode, Stage::Gather], &self.workers_s),
        };
        let most = stages.iter().copied().max_by(|a, b| demand[place(*a)].total_cmp(&demand[place(*b)]));
        most.map_or(Limit::Consumer, Limit::Stage)
    }

    /// The same without reading from the store, which takes no processor.
    fn longest_computed(&self, station: Station) -> Limit {
        let mut computing = self.clone();
        computing.workers_s[place(Stage::Fetch)] = 0.0;
        computing.longest(station)
    }

    /// What computes for it, seconds for each sample.
    fn computed_in_s(&self, limit: Limit) -> f64 {
        match (limit, limit.station()) {
            (Limit::Stage(stage), Station::Builders) => self.builders_s[place(stage)],
            (Limit::Stage(stage), _) => self.workers_s[place(stage)],
            (Limit::Consumer, _) => 0.0,
        }
    }

    /// What the loader can do, and what makes its pace.
    #[must_use]
    pub fn loader(&self) -> Bound {
        let [workers, builders, processors] = self.loader_bounds();
        [builders, processors]
            .into_iter()
            .fold(workers, |least, bound| if bound.samples_per_s < least.samples_per_s { bound } else { least })
    }

    /// What the consumer can do, samples per second; infinite if it does nothing but take.
    #[must_use]
    pub fn consumer_samples_per_s(&self) -> f64 {
        if self.consumer_s > 0.0 { 1.0 / self.consumer_s } else { f64::INFINITY }
    }

    /// What both can do together.
    #[must_use]
    pub fn bound(&self) -> Bound {
        let (loader, consumer) = (self.loader(), self.consumer_samples_per_s());
        if consumer < loader.samples_per_s { Bound { samples_per_s: consumer, limit: Limit::Consumer } } else { loader }
    }

    /// The same with a worker's demand in `stage` changed to a part of it. What it saves, it saves the processors too.
    #[must_use]
    pub fn scaled(mut self, stage: Stage, part: f64) -> Self {
        let before = self.workers_s[place(stage)];
        let all_s = self.computed_s();
        self.workers_s[place(stage)] = before * part;
        if COMPUTED.contains(&stage)
            && let Some(processor_s) = &mut self.processor_s
        {
            // A thread that has to share its processor is longer at work than it computes.
            let computes = (*processor_s / all_s.max(1e-12)).min(1.0);
            *processor_s = (*processor_s - before * (1.0 - part) * computes).max(0.0);
        }
        self
    }

    /// The same with a part of the chunks to make, and so many samples in a row from one neighbourhood.
    #[must_use]
    pub fn with_misses(&self, part: f64, chunk_local: f64) -> Self {
        let model =
            [Stage::Fetch, Stage::Decode].into_iter().fold(self.clone(), |model, stage| model.scaled(stage, part));
        Self { chunk_local, ..model }.with_waits_of(self)
    }

    /// The same with so many threads. Builders follow, as the loader has it.
    #[must_use]
    pub fn with_threads(&self, threads: f64) -> Self {
        let wanted = ((threads / (self.batch_size * self.reads)).ceil() + 1.0).min(MOST_BUILDERS);
        let builders = wanted.min(self.batches_ahead - 1.0).max(self.builders);
        Self { threads, builders, ..self.clone() }.with_waits_of(self)
    }

    /// With waits for each other's reads as they were in `before`, scaled by what makes them: threads at samples of one
    /// neighbourhood ask for the same chunks in the same order, and go on together at the pace of one.
    fn with_waits_of(mut self, before: &Self) -> Self {
        let measured_s = before.workers_s[place(Stage::Wait)];
        let expected_s = before.expected_waits_s();
        let now_s = self.expected_waits_s();
        let factor = if expected_s > 0.0 { (measured_s / expected_s).min(1.5) } else { 1.0 };
        // Waits that no neighbourhood explains are as many for each chunk as before.
        let made_s = |model: &Self| model.workers_s[place(Stage::Fetch)] + model.workers_s[place(Stage::Decode)];
        let other_s = (measured_s - expected_s * factor).max(0.0) * made_s(&self) / made_s(before).max(1e-12);
        self.workers_s[place(Stage::Wait)] = now_s * factor + other_s;
        self
    }

    /// Waits for each sample, if all threads at one array of one neighbourhood wait for each of its chunks.
    fn expected_waits_s(&self) -> f64 {
        let made_s = self.workers_s[place(Stage::Fetch)] + self.workers_s[place(Stage::Decode)];
        if self.chunk_local <= 1.0 {
            return 0.0;
        }
        let at_once = self.threads.min(self.builders * self.batch_size * self.reads);
        let neighbourhoods = (at_once / (self.chunk_local * self.reads)).max(1.0);
        let apart = (neighbourhoods * self.reads).min(at_once);
        made_s * (at_once / apart - 1.0)
    }
}

/// The place of a stage in [`Stage::ALL`].
pub(super) fn place(stage: Stage) -> usize {
    Stage::ALL.iter().position(|other| *other == stage).unwrap_or(0)
}
