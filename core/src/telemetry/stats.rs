//! The one struct of statistics: panes, command line, tests and (later) Python and the wire all read it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    ArrayStats, BatchTimes, ConsumerStats, FaultStats, MachineMemory, Mark, MemoryPeak, Occupancy, ReadStats,
    ReplayStats, ReuseStats, Setup, StageTimes, StandstillStats, ThreadStats,
};

/// What a thread of the loader can be doing. Each stage is a span in the timeline and a row of [`Stats::stages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Draw the request and work out which chunks and windows it needs. No data is touched.
    Plan,
    /// Read bytes from the store.
    Fetch,
    /// Turn a chunk's bytes into voxels.
    Decode,
    /// Copy, resample, orient and convert from cached chunks into the batch's memory.
    Gather,
    /// Draw the augmentation, prepare its lookup tables (or find them in the transform cache), and change intensities.
    Augment,
    /// Allocate, finish and hand over a batch.
    Collate,
    /// Wait: a consumer for a batch, a builder for room, a worker for another's decode.
    Wait,
}

impl Stage {
    /// Every stage, in the order in which a sample passes through them.
    pub const ALL: [Self; 7] =
        [Self::Plan, Self::Augment, Self::Fetch, Self::Decode, Self::Gather, Self::Collate, Self::Wait];

    /// Lower-case name, as in spans, tables and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Fetch => "fetch",
            Self::Decode => "decode",
            Self::Gather => "gather",
            Self::Augment => "augment",
            Self::Collate => "collate",
            Self::Wait => "wait",
        }
    }

    /// The stage of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// Totals of one stage since the loader started.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StageStats {
    /// Which stage.
    pub stage: Stage,
    /// How often it ran.
    pub calls: u64,
    /// Self time summed over threads: without the stages nested inside.
    pub busy: Duration,
    /// Bytes that went through: encoded for fetch, decoded for decode, written for gather and collate; else 0.
    pub bytes: u64,
}

/// A cache seen from outside. Counts are since the start, sizes are now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheStats {
    /// Lookups answered from memory (waiting for another thread's decode of the same entry counts as a hit).
    pub hits: u64,
    /// Lookups that had to make the entry.
    pub misses: u64,
    /// Entries dropped to make room.
    pub evictions: u64,
    /// Entries held.
    pub entries: u64,
    /// Bytes of the entries.
    pub resident_bytes: u64,
    /// Bytes beside the entries that count against the capacity: what is being made, and what is no entry any more (or
    /// never was) but is still being read.
    #[serde(default)]
    pub held_bytes: u64,
    /// Bytes of what readers have announced that they will ask for.
    #[serde(default)]
    pub announced_bytes: u64,
    /// Bytes of the entries that hits answered.
    #[serde(default)]
    pub hit_bytes: u64,
    /// Bytes of the entries that were made.
    #[serde(default)]
    pub miss_bytes: u64,
    /// Bytes that entries, held and announced may take together. What is held alone can exceed it, for as long as reads run
    /// that need more; then there are no entries.
    pub capacity_bytes: u64,
}

impl CacheStats {
    /// All that counts against the capacity, bytes.
    #[must_use]
    pub const fn taken_bytes(&self) -> u64 {
        self.resident_bytes + self.held_bytes + self.announced_bytes
    }

    /// Hits per lookup, 0–1; `None` before the first lookup.
    #[must_use]
    pub fn hit_rate(&self) -> Option<f64> {
        let lookups = self.hits + self.misses;
        (lookups > 0).then(|| self.hits as f64 / lookups as f64)
    }
}

/// Memory by owner, bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryStats {
    /// The configured budget for cache, queues and batches in flight.
    pub budget_bytes: u64,
    /// Decoded chunks, as long as anybody holds them, and transform tables.
    pub cache_bytes: u64,
    /// Finished batches that wait for the consumer.
    pub queue_bytes: u64,
    /// Batches being built.
    pub in_flight_bytes: u64,
    /// Resident set of the whole process, from the operating system; 0 where it does not tell.
    pub rss_bytes: u64,
    /// That when the loader started, without what its caches held then.
    #[serde(default)]
    pub before_bytes: u64,
    /// Memory of the machine.
    #[serde(default)]
    pub machine: MachineMemory,
    /// What the chunk cache counts against what it has, the last time that was compared.
    #[serde(default)]
    pub audit: Option<CacheAudit>,
}

/// What a cache counts, and what a walk through all of its entries finds: the same, if it counts right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheAudit {
    /// Bytes of the entries, as counted.
    pub counted_bytes: u64,
    /// As found.
    pub found_bytes: u64,
}

impl MemoryStats {
    /// All that the loader's owners hold, bytes.
    #[must_use]
    pub const fn owned_bytes(&self) -> u64 {
        self.cache_bytes.saturating_add(self.queue_bytes).saturating_add(self.in_flight_bytes)
    }

    /// What the process has taken since the loader started and no owner accounts for, bytes: the batches that the consumer
    /// has, what it takes for itself, and what the allocator keeps. `None` where the system does not tell.
    #[must_use]
    pub const fn rest_bytes(&self) -> Option<u64> {
        if self.rss_bytes == 0 {
            return None;
        }
        Some(self.rss_bytes.saturating_sub(self.before_bytes).saturating_sub(self.owned_bytes()))
    }
}

/// The queue of finished batches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueStats {
    /// Batches ready.
    pub batches: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes that queue and batches in flight may take together.
    pub capacity_bytes: u64,
}

/// Everything the loader measures about itself. Counts are since the start; take two and subtract for a rate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Time since the loader started.
    pub elapsed: Duration,
    /// Samples handed over to the consumer.
    pub samples: u64,
    /// Batches handed over to the consumer.
    pub batches: u64,
    /// Bytes of the batches handed over.
    pub batch_bytes: u64,
    /// Samples that were replaced (or, on a grid, left empty) because they could not be read.
    pub skipped_samples: u64,
    /// Why reads were tried again and samples skipped: the reasons that were met.
    pub faults: Vec<FaultStats>,
    /// Per stage, in the order of [`Stage::ALL`].
    pub stages: Vec<StageStats>,
    /// Decoded chunks.
    pub chunk_cache: CacheStats,
    /// Plans, lookup tables of orientations and resampling, displacement fields.
    pub transform_cache: CacheStats,
    /// Thread time that the transform cache saved: for every hit, how long its entry had taken to make.
    #[serde(default)]
    pub transform_saved: Duration,
    /// Memory now.
    pub memory: MemoryStats,
    /// The hand-over queue now.
    pub queue: QueueStats,
    /// Time the consumer has waited for batches.
    pub consumer_wait: Duration,
    /// Worker threads.
    pub threads: usize,
    /// What it was told to do.
    #[serde(default)]
    pub setup: Setup,
    /// Times per stage, in the order of [`Stage::ALL`].
    #[serde(default)]
    pub stage_times: Vec<StageTimes>,
    /// What the workers did for each array, in the order of the batch.
    #[serde(default)]
    pub arrays: Vec<ArrayStats>,
    /// The last batches that were taken, oldest first.
    #[serde(default)]
    pub last_batches: Vec<BatchTimes>,
    /// What is known of the consumer.
    #[serde(default)]
    pub consumer: ConsumerStats,
    /// Batches that the consumer could have: empty is when the next in order is not ready, full when no other is begun for
    /// want of room.
    #[serde(default)]
    pub batch_queue: Occupancy,
    /// Reads that wait for a worker; never full.
    #[serde(default)]
    pub read_queue: Occupancy,
    /// Workers that are busy with a read (or wait in one for the store): full is when all are.
    #[serde(default)]
    pub workers: Occupancy,
    /// What was read for the batches.
    #[serde(default)]
    pub reads: ReadStats,
    /// How far apart lookups of the same chunk are.
    #[serde(default)]
    pub reuse: ReuseStats,
    /// The most memory that was taken.
    #[serde(default)]
    pub memory_peak: MemoryPeak,
    /// Processor time of the whole process, user and system; 0 where the system does not tell.
    #[serde(default)]
    pub processor_time: Duration,
    /// How fast the consumer is without the loader, if that was tried.
    #[serde(default)]
    pub replay: ReplayStats,
    /// The last things that happened to it, oldest first.
    #[serde(default)]
    pub events: Vec<Mark>,
    /// How often nothing got on while the consumer waited.
    #[serde(default)]
    pub standstills: StandstillStats,
    /// What each of its threads has done.
    #[serde(default)]
    pub thread_stats: Vec<ThreadStats>,
}
