//! A stretch of a loader's life: the difference of two [`Stats`].

use std::time::Duration;

use crate::telemetry::{
    BatchTimes, CacheStats, ConsumerStats, Histogram, Occupancy, ReadStats, ReuseStats, Setup, Stage, StageStats,
    StageTimes, Stats,
};

/// Batches that are left out at least, beside those that fill the queue.
const WARM_UP_BATCHES: u64 = 3;

/// What happened between two [`Stats`] of one loader. Times are in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Its length.
    pub seconds: f64,
    /// Samples that the consumer got.
    pub samples: f64,
    /// Batches that it got.
    pub batches: f64,
    /// Time that it waited for them.
    pub stall_s: f64,
    /// Time that it was at work with them.
    pub consumer_s: f64,
    /// Its work and its waits, by batch.
    pub consumer: ConsumerStats,
    /// What the loader was told to do.
    pub setup: Setup,
    /// Totals of all threads, in the order of [`Stage::ALL`].
    pub stages: Vec<StageStats>,
    /// Their times, in the same order; empty where they were not told.
    pub times: Vec<StageTimes>,
    /// What the workers did for each array.
    pub arrays: Vec<(String, Vec<StageStats>)>,
    /// Batches taken in it, as far as they are known.
    pub last_batches: Vec<BatchTimes>,
    /// Of batches that the consumer could have.
    pub batch_queue: Occupancy,
    /// Of reads that wait for a worker.
    pub read_queue: Occupancy,
    /// Of workers.
    pub workers: Occupancy,
    /// What was read.
    pub reads: ReadStats,
    /// Lookups of decoded chunks; sizes at its end.
    pub chunk_cache: CacheStats,
    /// How far apart they are.
    pub reuse: ReuseStats,
    /// Processor time of the process, seconds; `None` where the system does not tell.
    pub processor_s: Option<f64>,
    /// The consumer's rate without the loader, samples per second, if it was tried.
    pub replay_samples_per_s: Option<f64>,
}

impl Window {
    /// From `before` to `after`. `None` if they are not two states of one loader in this order, or no batch came between.
    #[must_use]
    pub fn between(before: &Stats, after: &Stats) -> Option<Self> {
        let is_later = after.elapsed > before.elapsed && after.batches > before.batches;
        if !is_later || after.samples < before.samples {
            return None;
        }
        let processor = after.processor_time.saturating_sub(before.processor_time);
        let array = |array: &crate::telemetry::ArrayStats| {
            let earlier = before.arrays.iter().find(|other| other.key == array.key);
            (array.key.clone(), stages(&array.stages, earlier.map(|array| array.stages.as_slice()).unwrap_or_default()))
        };
        Some(Self {
            seconds: secs(after.elapsed, before.elapsed),
            samples: (after.samples - before.samples) as f64,
            batches: (after.batches - before.batches) as f64,
            stall_s: secs(after.consumer_wait, before.consumer_wait),
            consumer_s: secs(after.consumer.busy, before.consumer.busy),
            consumer: ConsumerStats {
                busy: after.consumer.busy.saturating_sub(before.consumer.busy),
                work: after.consumer.work.since(&before.consumer.work),
                stalls: after.consumer.stalls.since(&before.consumer.stalls),
            },
            setup: Setup { threads: after.threads, ..after.setup.clone() },
            stages: stages(&after.stages, &before.stages),
            times: times(&after.stage_times, &before.stage_times),
            arrays: after.arrays.iter().map(array).collect(),
            last_batches: after.last_batches.iter().filter(|batch| batch.taken > before.elapsed).copied().collect(),
            batch_queue: after.batch_queue.since(&before.batch_queue),
            read_queue: after.read_queue.since(&before.read_queue),
            workers: after.workers.since(&before.workers),
            reads: after.reads.since(&before.reads),
            chunk_cache: CacheStats {
                hits: after.chunk_cache.hits.saturating_sub(before.chunk_cache.hits),
                misses: after.chunk_cache.misses.saturating_sub(before.chunk_cache.misses),
                evictions: after.chunk_cache.evictions.saturating_sub(before.chunk_cache.evictions),
                ..after.chunk_cache
            },
            reuse: after.reuse.since(&before.reuse),
            processor_s: (!after.processor_time.is_zero()).then_some(processor.as_secs_f64()),
            replay_samples_per_s: after.replay.samples_per_second(),
        })
    }

    /// From the first of `history` (oldest first, of one loader) at which the queue had been filled, to the last: what came
    /// before is not how it goes on. `None` if no batch came since.
    #[must_use]
    pub fn steady(history: &[Stats]) -> Option<Self> {
        let last = history.last()?;
        let first = history.iter().find(|stats| stats.batches >= Self::first_steady_batch(&stats.setup))?;
        Self::between(first, last)
    }

    /// The first batch that counts: those before it fill the queue, or were made with nothing in the caches.
    #[must_use]
    pub const fn first_steady_batch(setup: &Setup) -> u64 {
        setup.batches_ahead + WARM_UP_BATCHES
    }

    /// Samples per second.
    #[must_use]
    pub fn samples_per_s(&self) -> f64 {
        self.samples / self.seconds
    }

    /// Share of the time that the consumer waited, 0–1.
    #[must_use]
    pub fn stall_share(&self) -> f64 {
        (self.stall_s / self.seconds).clamp(0.0, 1.0)
    }

    /// Totals of a stage over all threads: seconds for each sample.
    #[must_use]
    pub fn all_threads_s(&self, stage: Stage) -> f64 {
        busy_s(&self.stages, stage) / self.samples.max(1.0)
    }

    /// What workers spend in a stage for each sample, seconds.
    #[must_use]
    pub fn workers_s(&self, stage: Stage) -> f64 {
        if self.arrays.is_empty() {
            // Nobody told who does what: builders collate and wait, workers do the rest.
            let is_theirs = !matches!(stage, Stage::Collate | Stage::Wait);
            return if is_theirs { self.all_threads_s(stage) } else { 0.0 };
        }
        self.arrays.iter().map(|(_, stages)| busy_s(stages, stage)).sum::<f64>() / self.samples.max(1.0)
    }

    /// What builders spend in a stage for each sample, seconds. (Their waits, and those of the consumer, are none.)
    #[must_use]
    pub fn builders_s(&self, stage: Stage) -> f64 {
        if stage == Stage::Wait { 0.0 } else { (self.all_threads_s(stage) - self.workers_s(stage)).max(0.0) }
    }

    /// What workers spend in a stage for each sample for one array, seconds.
    #[must_use]
    pub fn array_s(&self, key: &str, stage: Stage) -> f64 {
        let array = self.arrays.iter().find(|(name, _)| name == key);
        array.map_or(0.0, |(_, stages)| busy_s(stages, stage)) / self.samples.max(1.0)
    }

    /// The times of a stage's calls.
    #[must_use]
    pub fn times_of(&self, stage: Stage) -> Option<&Histogram> {
        self.times.iter().find(|times| times.stage == stage).map(|times| &times.times)
    }
}

fn secs(after: Duration, before: Duration) -> f64 {
    after.saturating_sub(before).as_secs_f64()
}

fn busy_s(stages: &[StageStats], stage: Stage) -> f64 {
    stages.iter().find(|row| row.stage == stage).map_or(0.0, |row| row.busy.as_secs_f64())
}

fn stages(after: &[StageStats], before: &[StageStats]) -> Vec<StageStats> {
    let since = |row: &StageStats| match before.iter().find(|other| other.stage == row.stage) {
        Some(earlier) => StageStats {
            stage: row.stage,
            calls: row.calls.saturating_sub(earlier.calls),
            busy: row.busy.saturating_sub(earlier.busy),
            bytes: row.bytes.saturating_sub(earlier.bytes),
        },
        None => *row,
    };
    after.iter().map(since).collect()
}

fn times(after: &[StageTimes], before: &[StageTimes]) -> Vec<StageTimes> {
    let since = |row: &StageTimes| match before.iter().find(|other| other.stage == row.stage) {
        Some(earlier) => StageTimes {
            stage: row.stage,
            times: row.times.since(&earlier.times),
            in_stall: row.in_stall.saturating_sub(earlier.in_stall),
        },
        None => row.clone(),
    };
    after.iter().map(since).collect()
}
