//! The decoded-chunk cache: one byte budget, single flight.

use super::{Buffer, VolumeId};
use crate::Result;
use crate::geometry::Zyx;
use crate::telemetry::CacheStats;
use std::sync::Arc;

/// A decoded chunk, z, y, x in C order, always of the level's full chunk shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Voxels.
    pub shape: Zyx<usize>,
    /// `shape.product()` elements.
    pub data: Buffer,
}

/// Which chunk of which level of which volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChunkKey {
    /// The volume.
    pub volume: VolumeId,
    /// Index of the level.
    pub level: u32,
    /// Position in the chunk grid.
    pub chunk: Zyx<u64>,
}

/// Decoded chunks within a byte budget. `None` is a chunk that is absent from the store.
#[derive(Debug)]
pub struct ChunkCache {}

impl ChunkCache {
    /// An empty cache that may hold `capacity_bytes` (0: nothing is kept).
    #[must_use]
    pub fn new(capacity_bytes: u64) -> Self {
        todo!("{capacity_bytes}")
    }

    /// The chunk of `key`, from memory or by running `decode`, which runs once however many threads ask at a time.
    ///
    /// # Errors
    /// What `decode` answers; nothing is kept then and the next caller tries again.
    pub fn get_or_decode(
        &self,
        key: ChunkKey,
        decode: impl FnOnce() -> Result<Option<Chunk>>,
    ) -> Result<Option<Arc<Chunk>>> {
        todo!("{key:?} {:?}", decode().is_ok())
    }

    /// Changes the budget; drops entries at once if it shrinks.
    pub fn set_capacity_bytes(&self, capacity_bytes: u64) {
        todo!("{capacity_bytes}")
    }

    /// Counts and sizes.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        todo!()
    }
}
