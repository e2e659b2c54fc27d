//! What is simulated: how many of each, and how long their work takes.

use super::super::trace::{CHUNK, Case};
use crate::telemetry::{ArraySetup, Setup, StoredSetup};

/// How many times shorter than in the trace chunks and crops are: the real cache really holds them.
const SHRINK: u64 = 4;
/// Bytes of a simulated chunk.
pub(super) const CHUNK_BYTES: u64 = (CHUNK / SHRINK).pow(3);
/// Bytes that the cache counts beside them.
const ENTRY_BYTES: u64 = 128;

/// A loader and its consumer. Times in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Worker threads.
    pub threads: usize,
    /// Processors, which workers and builders share.
    pub cores: usize,
    /// Samples in a batch.
    pub batch_size: usize,
    /// Batches that may be in flight or wait.
    pub batches_ahead: u64,
    /// What the samples are drawn from.
    pub case: Case,
    /// Chunks that the cache has room for.
    pub cache_chunks: u64,
    /// Samples that are announced to the cache.
    pub announced: usize,
    /// Of the store, for each chunk.
    pub latency_s: f64,
    /// Of the store, bytes per second of all reads together.
    pub bandwidth: f64,
    /// To decode a chunk.
    pub decode_s: f64,
    /// To gather one array of a sample.
    pub gather_s: f64,
    /// To augment one array of a sample.
    pub augment_s: f64,
    /// To collate a batch.
    pub collate_s: f64,
    /// To plan a sample, by a builder.
    pub plan_s: f64,
    /// Of the consumer, for each batch.
    pub consumer_s: f64,
    /// How unequal times are: standard deviation of their logarithm.
    pub spread: f64,
    /// Same seed, same times.
    pub seed: u64,
}

impl Scene {
    /// Batches that are built at a time, as the real loader chooses.
    #[must_use]
    pub fn builders(&self) -> usize {
        let reads = self.batch_size * self.case.arrays as usize;
        let wanted = self.threads.div_ceil(reads.max(1)).saturating_add(1).clamp(2, 8);
        wanted.min((self.batches_ahead.max(2) - 1) as usize)
    }

    /// What the cache may take, bytes.
    #[must_use]
    pub const fn cache_bytes(&self) -> u64 {
        self.cache_chunks * (CHUNK_BYTES + ENTRY_BYTES)
    }

    /// The same with `loader.memory` set, divided as the real loader does: batches ahead get half of it at most.
    #[must_use]
    pub fn with_memory_bytes(&self, memory_bytes: u64) -> Self {
        let batch_bytes = self.batch_bytes();
        let affordable = (memory_bytes / 2 / batch_bytes).max(2) - 1;
        let batches_ahead = affordable.min(self.builders() as u64 + 4).max(self.batches_ahead);
        let chunk_bytes = memory_bytes.saturating_sub((batches_ahead + 1) * batch_bytes) * 15 / 16;
        Self { cache_chunks: chunk_bytes / (CHUNK_BYTES + ENTRY_BYTES), batches_ahead, ..self.clone() }
    }

    /// What stands for `loader.memory`.
    #[must_use]
    pub const fn memory_bytes(&self) -> u64 {
        self.cache_bytes() * 16 / 15 + (self.batches_ahead + 1) * self.batch_bytes()
    }

    const fn batch_bytes(&self) -> u64 {
        self.batch_size as u64 * self.sample_bytes()
    }

    /// Bytes of a sample, of one byte a voxel.
    pub(super) const fn sample_bytes(&self) -> u64 {
        self.case.arrays * (self.case.crop / SHRINK).pow(3)
    }

    /// As the loader's own statistics say it.
    pub(super) fn setup(&self) -> Setup {
        // A simulated chunk is a quarter as long as that of the trace.
        let side = self.case.crop / SHRINK;
        let array = |index: u64| ArraySetup {
            key: format!("input.array{index}"),
            encoding: "u8".to_owned(),
            shape: [side; 3],
            voxel_size_nm: [8.0; 3],
            channels: 1,
            classes: Vec::new(),
            sample_bytes: side.pow(3),
            stored: Some(StoredSetup {
                voxel_size_nm: [8.0; 3],
                coarser_nm: None,
                chunk_shape: [CHUNK / SHRINK; 3],
                voxel_bytes: 1,
                is_sharded: false,
                ..StoredSetup::default()
            }),
        };
        Setup {
            threads: self.threads,
            builders: self.builders(),
            cores: self.cores,
            batch_size: self.batch_size,
            batch_bytes: self.batch_bytes(),
            batches_ahead: self.batches_ahead,
            memory_bytes: self.memory_bytes(),
            chunk_local: self.case.chunk_local,
            arrays: (0..self.case.arrays).map(array).collect(),
            augmentations: vec!["augment.noise".to_owned()],
        }
    }
}
