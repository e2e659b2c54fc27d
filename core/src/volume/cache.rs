//! The decoded-chunk cache: one byte budget, single flight.

use std::sync::Arc;

use super::byte_cache::{ByteCache, Count};
use super::shard::ShardIndex;
use super::{Buffer, VolumeId};
use crate::Result;
use crate::geometry::Zyx;
use crate::telemetry::CacheStats;

/// What an entry costs beside its voxels: the key, the list and the allocations around it.
const ENTRY_BYTES: u64 = 128;

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
///
/// The indices of shards live in the same budget. They count as entries, but looking one up is no hit or miss.
#[derive(Debug)]
pub struct ChunkCache {
    entries: ByteCache<EntryKey, Entry>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum EntryKey {
    Chunk(ChunkKey),
    ShardIndex(ChunkKey),
}

#[derive(Debug, Clone)]
enum Entry {
    Chunk(Option<Arc<Chunk>>),
    ShardIndex(Option<Arc<ShardIndex>>),
}

impl ChunkCache {
    /// An empty cache that may hold `capacity_bytes` (0: nothing is kept).
    #[must_use]
    pub fn new(capacity_bytes: u64) -> Self {
        Self { entries: ByteCache::new(capacity_bytes) }
    }

    /// The chunk of `key`, from memory or by running `decode`, which runs once however many threads ask at a time.
    ///
    /// # Errors
    /// What `decode` answers, to everybody who waited for it; nothing is kept then and the next caller tries again.
    pub fn get_or_decode(
        &self,
        key: ChunkKey,
        decode: impl FnOnce() -> Result<Option<Chunk>>,
    ) -> Result<Option<Arc<Chunk>>> {
        let made = self.entries.get_or_make(&EntryKey::Chunk(key), Count::Lookups, || {
            let chunk = decode()?.map(Arc::new);
            let data_bytes = chunk.as_ref().map_or(0, |chunk| chunk.data.size_bytes() as u64);
            Ok((Entry::Chunk(chunk), data_bytes + ENTRY_BYTES))
        })?;
        Ok(if let Entry::Chunk(chunk) = made { chunk } else { None })
    }

    /// The index of the shard at `key.chunk` of the shard grid, from memory or by `read`; `None` if there is no shard.
    pub(super) fn shard_index(
        &self,
        key: ChunkKey,
        read: impl FnOnce() -> Result<Option<ShardIndex>>,
    ) -> Result<Option<Arc<ShardIndex>>> {
        let made = self.entries.get_or_make(&EntryKey::ShardIndex(key), Count::Nothing, || {
            let index = read()?.map(Arc::new);
            let index_bytes = index.as_ref().map_or(0, |index| index.size_bytes());
            Ok((Entry::ShardIndex(index), index_bytes + ENTRY_BYTES))
        })?;
        Ok(if let Entry::ShardIndex(index) = made { index } else { None })
    }

    /// Changes the budget; drops entries at once if it shrinks.
    pub fn set_capacity_bytes(&self, capacity_bytes: u64) {
        self.entries.set_capacity_bytes(capacity_bytes);
    }

    /// Counts and sizes.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        self.entries.stats()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::Error;

    fn key(x: u64) -> ChunkKey {
        ChunkKey { volume: VolumeId(0), level: 0, chunk: Zyx::new(0, 0, x) }
    }

    fn chunk(value: u8, len: usize) -> Chunk {
        Chunk { shape: Zyx::new(1, 1, len), data: Buffer::U8(vec![value; len]) }
    }

    const COST: u64 = 100 + ENTRY_BYTES;

    #[test]
    fn the_oldest_go_when_room_is_needed_and_when_the_budget_shrinks() {
        let cache = ChunkCache::new(3 * COST);
        for x in [0, 1, 2, 0, 3] {
            cache.get_or_decode(key(x), || Ok(Some(chunk(x as u8, 100)))).unwrap();
        }
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.evictions, stats.entries), (1, 4, 1, 3));
        assert_eq!(stats.resident_bytes, 3 * COST);
        cache.set_capacity_bytes(COST);
        let stats = cache.stats();
        assert_eq!((stats.evictions, stats.entries, stats.capacity_bytes), (3, 1, COST));
        // 3 was the newest and is still there.
        cache.get_or_decode(key(3), || Err(Error::Stopped)).unwrap();
    }

    #[test]
    fn what_is_larger_than_the_budget_is_handed_out_but_not_kept() {
        let cache = ChunkCache::new(COST);
        cache.get_or_decode(key(0), || Ok(Some(chunk(0, 100)))).unwrap();
        let large = cache.get_or_decode(key(1), || Ok(Some(chunk(1, 101)))).unwrap().unwrap();
        assert_eq!(large.data.len(), 101);
        let stats = cache.stats();
        assert_eq!((stats.entries, stats.evictions), (1, 0), "the small entry had to go for nothing");
        let nothing = ChunkCache::new(0);
        nothing.get_or_decode(key(0), || Ok(None)).unwrap();
        nothing.get_or_decode(key(0), || Ok(None)).unwrap();
        assert_eq!((nothing.stats().misses, nothing.stats().entries), (2, 0));
    }

    #[test]
    fn absent_chunks_are_remembered_at_a_fixed_cost() {
        let cache = ChunkCache::new(1000);
        assert!(cache.get_or_decode(key(0), || Ok(None)).unwrap().is_none());
        assert!(cache.get_or_decode(key(0), || Err(Error::Stopped)).unwrap().is_none());
        assert_eq!(cache.stats().resident_bytes, ENTRY_BYTES);
    }

    #[test]
    fn an_error_is_not_kept() {
        let cache = ChunkCache::new(1000);
        assert!(matches!(cache.get_or_decode(key(0), || Err(Error::Stopped)), Err(Error::Stopped)));
        assert!(cache.get_or_decode(key(0), || Ok(Some(chunk(7, 1)))).unwrap().is_some());
        assert_eq!((cache.stats().hits, cache.stats().misses), (0, 2));
    }

    /// Runs `work` on eight threads that start together.
    fn on_eight_threads(work: impl Fn(usize) + Sync) {
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (start, work) = (&start, &work);
                scope.spawn(move || {
                    start.wait();
                    work(thread);
                });
            }
        });
    }

    #[test]
    fn eight_threads_decode_each_chunk_once() {
        let cache = ChunkCache::new(64 * COST);
        let decodes: Vec<_> = (0..64).map(|_| AtomicUsize::new(0)).collect();
        on_eight_threads(|_| {
            for x in 0..64 {
                let got = cache.get_or_decode(key(x), || {
                    decodes[x as usize].fetch_add(1, Ordering::Relaxed);
                    std::thread::yield_now();
                    Ok(Some(chunk(x as u8, 100)))
                });
                assert_eq!(got.unwrap().unwrap().data, chunk(x as u8, 100).data);
            }
        });
        assert!(decodes.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{decodes:?}");
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.evictions), (7 * 64, 64, 0));
    }

    #[test]
    fn the_budget_holds_at_every_moment() {
        let cache = ChunkCache::new(5 * COST);
        on_eight_threads(|thread| {
            for step in 0..400_u64 {
                let x = (step * 7 + thread as u64 * 13) % 23;
                cache.get_or_decode(key(x), || Ok((!x.is_multiple_of(5)).then(|| chunk(x as u8, 100)))).unwrap();
                let capacity_bytes = if step == 200 { 2 * COST } else { 5 * COST };
                if thread == 0 {
                    cache.set_capacity_bytes(capacity_bytes);
                }
                let stats = cache.stats();
                assert!(stats.resident_bytes <= stats.capacity_bytes, "{stats:?}");
            }
        });
        let stats = cache.stats();
        assert_eq!(stats.hits + stats.misses, 8 * 400);
        assert_eq!(stats.misses, stats.evictions + stats.entries, "everything made was kept, then evicted or not");
    }

    #[test]
    fn a_failing_or_panicking_decode_wedges_nobody() {
        let cache = ChunkCache::new(1000);
        let tries = AtomicUsize::new(0);
        on_eight_threads(|_| {
            let decode = || match tries.fetch_add(1, Ordering::Relaxed) {
                // Not `panic!`: the hook would print into the test's output.
                0 => std::panic::resume_unwind(Box::new("decoder bug")),
                1 => Err(Error::Stopped),
                _ => Ok(Some(chunk(1, 1))),
            };
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cache.get_or_decode(key(0), decode)));
        });
        assert!(cache.get_or_decode(key(0), || Ok(Some(chunk(1, 1)))).unwrap().is_some());
    }
}
