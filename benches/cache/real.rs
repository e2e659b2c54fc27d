//! The real chunk cache under the same traces: chunks of full size whose memory nobody touches.

use std::sync::Arc;

use microtome_core::geometry::Zyx;
use microtome_core::volume::{Announcement, Buffer, Chunk, ChunkCache, ChunkKey, VolumeId};

use crate::policies::Policy;
use microtome_core::testing::trace::{CHUNK, Trace};

/// Bytes of a chunk's voxels.
pub const CHUNK_BYTES: usize = (CHUNK * CHUNK * CHUNK) as usize;
/// What an entry costs beside them.
const ENTRY_BYTES: usize = 128;

/// The cache, told of so many samples ahead. A sample's chunks of one array are held until all of them are there.
pub struct Real {
    cache: ChunkCache,
    ahead: usize,
    /// The next sample to announce.
    unannounced: usize,
    held: Vec<Arc<Chunk>>,
    per_read: usize,
}

impl Real {
    /// Room for `room` chunks; `per_read` chunks are held at a time.
    pub fn new(room: usize, ahead: usize, per_read: usize) -> Self {
        let cache = ChunkCache::new((room * (CHUNK_BYTES + ENTRY_BYTES)) as u64);
        Self { cache, ahead, unannounced: 0, held: Vec::new(), per_read }
    }
}

/// The key of chunk number `chunk` of a trace.
pub const fn key(chunk: usize) -> ChunkKey {
    ChunkKey { volume: VolumeId(0), level: 0, chunk: Zyx { z: 0, y: 0, x: chunk as u64 } }
}

impl Policy for Real {
    fn ask(&mut self, chunk: usize, _next: Option<usize>) -> bool {
        let mut hit = true;
        let got = self.cache.get_or_decode(key(chunk), CHUNK_BYTES as u64, || {
            hit = false;
            // Zeros of the system's: no memory until somebody writes.
            let data = Buffer::U8(vec![0; CHUNK_BYTES]);
            Ok(Some(Chunk::new(Zyx::splat(CHUNK as usize), data)))
        });
        if self.held.len() >= self.per_read {
            self.held.clear();
        }
        self.held.extend(got.ok().flatten());
        hit
    }

    fn begin(&mut self, index: usize, trace: &Trace) {
        self.held.clear();
        if let Some(over) = index.checked_sub(1) {
            self.cache.forget(over as u64);
        }
        while self.unannounced <= index.saturating_add(self.ahead) {
            let Some(sample) = trace.samples.get(self.unannounced).filter(|_| self.ahead > 0) else { break };
            let mut announcement = Announcement::new();
            sample.iter().for_each(|chunk| announcement.add_key(key(*chunk)));
            if !self.cache.announce(self.unannounced as u64, &announcement) {
                break;
            }
            self.unannounced += 1;
        }
        self.cache.begin(index as u64);
    }
}
