//! What a simulation measures: the same totals that the real loader's meter, queues and log keep.

use std::collections::VecDeque;
use std::time::Duration;

use super::scene::{CHUNK_BYTES, Scene};
use crate::telemetry::{
    ArrayStats, BatchTimes, ConsumerStats, Histogram, Occupancy, ReadStats, Stage, StageStats, StageTimes, Stats,
};
use crate::volume::ChunkCache;

/// Totals up to now, seconds.
#[derive(Debug)]
pub(super) struct Ledger {
    pub now_s: f64,
    busy_s: [f64; Stage::ALL.len()],
    in_stall_s: [f64; Stage::ALL.len()],
    calls: [u64; Stage::ALL.len()],
    times: [Histogram; Stage::ALL.len()],
    arrays_s: Vec<[f64; Stage::ALL.len()]>,
    processor_s: f64,
    pub batch_queue: Levels,
    pub read_queue: Levels,
    pub workers: Levels,
    pub samples: u64,
    pub batches: u64,
    pub consumer_wait_s: f64,
    pub consumer: ConsumerStats,
    pub last_batches: VecDeque<BatchTimes>,
}

/// An occupancy in virtual time.
#[derive(Debug, Default)]
pub(super) struct Levels {
    empty_s: f64,
    full_s: f64,
    level_s: f64,
}

impl Levels {
    pub(super) fn pass(&mut self, seconds: f64, level: usize, is_full: bool) {
        self.empty_s += if level == 0 { seconds } else { 0.0 };
        self.full_s += if is_full { seconds } else { 0.0 };
        self.level_s += seconds * level as f64;
    }

    fn read(&self, observed_s: f64) -> Occupancy {
        Occupancy {
            observed: time(observed_s),
            empty: time(self.empty_s),
            full: time(self.full_s),
            level_seconds: self.level_s,
        }
    }
}

/// Of so many seconds.
pub(super) fn time(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds.max(0.0))
}

impl Ledger {
    pub(super) fn new(arrays: usize) -> Self {
        Self {
            now_s: 0.0,
            busy_s: [0.0; Stage::ALL.len()],
            in_stall_s: [0.0; Stage::ALL.len()],
            calls: [0; Stage::ALL.len()],
            times: Default::default(),
            arrays_s: vec![[0.0; Stage::ALL.len()]; arrays],
            processor_s: 0.0,
            batch_queue: Levels::default(),
            read_queue: Levels::default(),
            workers: Levels::default(),
            samples: 0,
            batches: 0,
            consumer_wait_s: 0.0,
            consumer: ConsumerStats::default(),
            last_batches: VecDeque::new(),
        }
    }

    /// Somebody is in a stage for so long, for an array, within a stall or not; it has so much of a processor.
    pub(super) fn spend(
        &mut self,
        stage: Stage,
        array: Option<usize>,
        (seconds, computed_s): (f64, f64),
        in_stall: bool,
    ) {
        let at = place(stage);
        self.busy_s[at] += seconds;
        self.in_stall_s[at] += if in_stall { seconds } else { 0.0 };
        self.processor_s += computed_s;
        if let Some(array) = array {
            self.arrays_s[array][at] += seconds;
        }
    }

    /// A call of a stage is over.
    pub(super) fn call(&mut self, stage: Stage, seconds: f64) {
        self.calls[place(stage)] += 1;
        self.times[place(stage)].add_time(time(seconds));
    }

    /// As the loader's statistics.
    pub(super) fn stats(&self, scene: &Scene, cache: &ChunkCache) -> Stats {
        let stage = |stage: Stage, busy_s: f64| StageStats {
            stage,
            calls: self.calls[place(stage)],
            busy: time(busy_s),
            bytes: 0,
        };
        let array = |(index, busy_s): (usize, &[f64; Stage::ALL.len()])| ArrayStats {
            key: format!("input.array{index}"),
            stages: Stage::ALL.into_iter().map(|of| stage(of, busy_s[place(of)])).collect(),
        };
        let times = |of: Stage| StageTimes {
            stage: of,
            times: self.times[place(of)].clone(),
            in_stall: time(self.in_stall_s[place(of)]),
        };
        let chunk_cache = cache.stats();
        let touched_bytes = (chunk_cache.hits + chunk_cache.misses) * CHUNK_BYTES;
        Stats {
            elapsed: time(self.now_s),
            samples: self.samples,
            batches: self.batches,
            stages: Stage::ALL.into_iter().map(|of| stage(of, self.busy_s[place(of)])).collect(),
            stage_times: Stage::ALL.into_iter().map(times).collect(),
            arrays: self.arrays_s.iter().enumerate().map(array).collect(),
            chunk_cache,
            consumer_wait: time(self.consumer_wait_s),
            threads: scene.threads,
            setup: scene.setup(),
            last_batches: self.last_batches.iter().copied().collect(),
            consumer: self.consumer.clone(),
            batch_queue: self.batch_queue.read(self.now_s),
            read_queue: self.read_queue.read(self.now_s),
            workers: self.workers.read(self.now_s),
            reads: ReadStats {
                used_bytes: self.samples * scene.sample_bytes(),
                touched_bytes,
                cached_bytes: chunk_cache.hits * CHUNK_BYTES,
            },
            reuse: cache.reuse(),
            processor_time: time(self.processor_s),
            ..Stats::default()
        }
    }
}

/// The place of a stage in [`Stage::ALL`].
fn place(stage: Stage) -> usize {
    Stage::ALL.iter().position(|other| *other == stage).unwrap_or(0)
}
