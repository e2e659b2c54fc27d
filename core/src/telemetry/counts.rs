//! Further parts of [`Stats`](super::Stats): stages in time, arrays, reads, reuse, the peak of memory, and replays.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Histogram, Stage, StageStats};

/// The times of one stage, beside its totals in [`StageStats`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageTimes {
    /// Which stage.
    pub stage: Stage,
    /// Self times of its calls.
    pub times: Histogram,
    /// Self time while the consumer waited for a batch, summed over threads.
    pub in_stall: Duration,
}

/// What the workers did for one array of the batches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ArrayStats {
    /// Its table in the configuration, such as `target.labels`.
    pub key: String,
    /// Per stage, in the order of [`Stage::ALL`].
    pub stages: Vec<StageStats>,
}

/// What was read for the batches, bytes of decoded voxels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadStats {
    /// Of the voxels that went into patches. What several classes share counts once.
    pub used_bytes: u64,
    /// Of the chunks that these voxels lie in, wherever they came from.
    pub touched_bytes: u64,
    /// Of these, of chunks that were in memory already.
    pub cached_bytes: u64,
}

impl ReadStats {
    /// What happened since `before`.
    #[must_use]
    pub const fn since(&self, before: &Self) -> Self {
        Self {
            used_bytes: self.used_bytes.saturating_sub(before.used_bytes),
            touched_bytes: self.touched_bytes.saturating_sub(before.touched_bytes),
            cached_bytes: self.cached_bytes.saturating_sub(before.cached_bytes),
        }
    }

    /// Bytes in touched chunks for each byte that was used: 1 is the best there is; `None` if nothing was used.
    #[must_use]
    pub fn amplification(&self) -> Option<f64> {
        (self.used_bytes > 0).then(|| self.touched_bytes as f64 / self.used_bytes as f64)
    }
}

/// How far apart in bytes lookups of the same chunk are, sampled: what a miss-ratio curve is made from.
///
/// A reuse distance is the bytes of different chunks that were asked for since the chunk itself was last, its own among
/// them: a cache of so many bytes that gives up what was used longest ago (LRU) holds it (Mattson et al. 1970, "Evaluation
/// techniques for storage hierarchies"). Chunks are sampled by a hash of their name, and what they count for is scaled up
/// (SHARDS: Waldspurger et al. 2015, "Efficient MRC construction with SHARDS").
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReuseStats {
    /// Lookups, sampled or not.
    pub lookups: u64,
    /// Sampled lookups that nobody made before, scaled up.
    pub cold: u64,
    /// Reuse distances in bytes of the other sampled lookups, scaled up.
    pub distances: Histogram,
    /// Chunks that were asked for, scaled up from the sampled ones.
    pub chunks: u64,
    /// Their bytes.
    pub chunk_bytes: u64,
    /// The share of chunks that is sampled now, 0–1.
    pub sampled: f64,
}

impl ReuseStats {
    /// What was asked for since `before`; chunks and share are those of now.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        Self {
            lookups: self.lookups.saturating_sub(before.lookups),
            cold: self.cold.saturating_sub(before.cold),
            distances: self.distances.since(&before.distances),
            ..self.clone()
        }
    }
}

/// The most that caches and batches took together, and who took it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryPeak {
    /// All together.
    pub bytes: u64,
    /// Decoded chunks and transform tables.
    pub cache_bytes: u64,
    /// Batches that waited.
    pub queue_bytes: u64,
    /// Batches that were being built.
    pub in_flight_bytes: u64,
    /// The batch that was begun or finished then.
    pub batch: u64,
    /// When that was, since the loader started.
    pub at: Duration,
}

impl MemoryPeak {
    /// The owner that held most, in words.
    #[must_use]
    pub const fn largest_owner(&self) -> &'static str {
        if self.cache_bytes >= self.queue_bytes && self.cache_bytes >= self.in_flight_bytes {
            "caches"
        } else if self.queue_bytes >= self.in_flight_bytes {
            "batches that waited"
        } else {
            "batches being built"
        }
    }
}

/// How fast the consumer is without the loader: batches that it got before were served again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayStats {
    /// Batches served again.
    pub batches: u64,
    /// Their samples.
    pub samples: u64,
    /// Time that this took, without copying the batches.
    pub elapsed: Duration,
}

impl ReplayStats {
    /// Samples per second that the consumer takes; `None` if nothing was served.
    #[must_use]
    pub fn samples_per_second(&self) -> Option<f64> {
        let seconds = self.elapsed.as_secs_f64();
        (self.samples > 0 && seconds > 0.0).then(|| self.samples as f64 / seconds)
    }
}
