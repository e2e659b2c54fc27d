//! The decoded-chunk cache: one byte budget, single flight.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::byte_cache::{ByteCache, Count};
use super::lease::{Lasting, Lease};
use super::reuse::Reuse;
use super::shard::ShardIndex;
use super::{Announcement, Buffer, LabelCodes, VolumeId};
use crate::Result;
use crate::geometry::Zyx;
use crate::sync::Mutex;
use crate::telemetry::{CacheAudit, CacheStats, ReuseStats};

/// What an entry costs beside its voxels: the key, the list and the allocations around it.
const ENTRY_BYTES: u64 = 128;

/// A decoded chunk, z, y, x in C order, always of the level's full chunk shape.
#[derive(Debug)]
pub struct Chunk {
    /// Voxels.
    pub shape: Zyx<usize>,
    /// `shape.product()` elements; of a bundle of classes as many again where something is unknown.
    pub data: Buffer,
    /// Of one that a cache handed out.
    lease: Option<Lease>,
}

impl Chunk {
    /// A chunk of `shape` voxels; `data` has at least `shape.product()` elements.
    #[must_use]
    pub const fn new(shape: Zyx<usize>, data: Buffer) -> Self {
        Self { shape, data, lease: None }
    }

    /// What the cache counts for a chunk of `data_bytes`.
    pub(super) const fn cost_bytes(data_bytes: u64) -> u64 {
        data_bytes.saturating_add(ENTRY_BYTES)
    }
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
///
/// # What leaves
/// The entry that was used longest ago (LRU), if nobody says what will be asked for. Who knows announces it
/// ([`ChunkCache::announce`]): then what nobody announced leaves first, and after that the entry whose announced use is
/// farthest away. What is read never depends on announcements; only how often it is decoded does.
///
/// Announcements number reads by a *sequence*, smaller ones first. There is one count of them per cache: two readers that
/// both announce get in each other's way, which costs hits and nothing else.
///
/// # What the budget bounds
/// Entries, announcements, chunks that are being decoded, and chunks that left but are still held by who reads them:
/// [`CacheStats::taken_bytes`] stays within the capacity as long as running reads hold no more than that. If they do,
/// there are no other entries. The encoded bytes of a chunk that is being decoded are not counted.
#[derive(Debug)]
pub struct ChunkCache {
    entries: ByteCache<EntryKey, Entry>,
    reuse: Reuse<ChunkKey>,
    hit_bytes: AtomicU64,
    miss_bytes: AtomicU64,
    bundles: Mutex<HashMap<Vec<Member>, VolumeId>>,
}

/// A class array in a bundle, and what its values mean there.
pub(super) type Member = (VolumeId, LabelCodes);

/// What the cache holds of one place of a level: of the chunk grid, or of the shard grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum EntryKey {
    Chunk(ChunkKey),
    ShardIndex(ChunkKey),
}

#[derive(Debug, Clone)]
enum Entry {
    Chunk(Option<Arc<Chunk>>),
    ShardIndex(Option<Arc<ShardIndex>>),
}

impl Lasting for Entry {
    fn lease(&self) -> Option<(&Lease, bool)> {
        // Indices are small, and absent chunks nothing.
        let Self::Chunk(Some(chunk)) = self else { return None };
        // References are added only by who has one or holds the cache's lock.
        Some((chunk.lease.as_ref()?, Arc::strong_count(chunk) == 1))
    }
}

impl ChunkCache {
    /// An empty cache that may hold `capacity_bytes` (0: nothing is kept).
    #[must_use]
    pub fn new(capacity_bytes: u64) -> Self {
        Self {
            entries: ByteCache::new(capacity_bytes),
            reuse: Reuse::new(),
            hit_bytes: AtomicU64::new(0),
            miss_bytes: AtomicU64::new(0),
            bundles: Mutex::new(HashMap::new()),
        }
    }

    /// The name under which chunks of these class arrays together are kept: the same whoever asks.
    pub(super) fn bundle_id(&self, members: Vec<Member>) -> VolumeId {
        *self.bundles.lock().entry(members).or_insert_with(VolumeId::next)
    }

    /// The chunk of `key`, from memory or by running `decode`, which runs once however many threads ask at a time. There
    /// is room for `expected_bytes`, the most that it takes at a time, before it runs.
    ///
    /// # Errors
    /// What `decode` answers, to everybody who waited for it; nothing is kept then and the next caller tries again.
    pub fn get_or_decode(
        &self,
        key: ChunkKey,
        expected_bytes: u64,
        decode: impl FnOnce() -> Result<Option<Chunk>>,
    ) -> Result<Option<Arc<Chunk>>> {
        let ask = (Count::Lookups, Chunk::cost_bytes(expected_bytes));
        let mut came_from = &self.hit_bytes;
        let made = self.entries.get_or_make(&EntryKey::Chunk(key), ask, |lease| {
            came_from = &self.miss_bytes;
            let chunk = decode()?.map(|chunk| Arc::new(Chunk { lease: Some(lease), ..chunk }));
            let data_bytes = chunk.as_ref().map_or(0, |chunk| chunk.data.size_bytes() as u64);
            Ok((Entry::Chunk(chunk), Chunk::cost_bytes(data_bytes)))
        })?;
        let chunk = if let Entry::Chunk(chunk) = made { chunk } else { None };
        let data_bytes = chunk.as_ref().map_or(0, |chunk| chunk.data.size_bytes() as u64);
        came_from.fetch_add(data_bytes, Relaxed);
        self.reuse.look_up(&key, Chunk::cost_bytes(data_bytes));
        Ok(chunk)
    }

    /// The index of the shard at `key.chunk` of the shard grid, from memory or by `read`; `None` if there is no shard.
    pub(super) fn shard_index(
        &self,
        key: ChunkKey,
        read: impl FnOnce() -> Result<Option<ShardIndex>>,
    ) -> Result<Option<Arc<ShardIndex>>> {
        let made = self.entries.get_or_make(&EntryKey::ShardIndex(key), (Count::Nothing, 0), |_nothing_leased| {
            let index = read()?.map(Arc::new);
            let index_bytes = index.as_ref().map_or(0, |index| index.size_bytes());
            Ok((Entry::ShardIndex(index), index_bytes + ENTRY_BYTES))
        })?;
        Ok(if let Entry::ShardIndex(index) = made { index } else { None })
    }

    /// Says what read `sequence` will ask for. It adds to what was said of the same read before.
    ///
    /// False, and nothing is remembered, if all announcements would take more than 1/32 of the capacity, at 256 bytes for
    /// each chunk of each read (and each index of a shard): who announces from near to far stops there. They count
    /// against the capacity until their reads are forgotten.
    pub fn announce(&self, sequence: u64, announcement: &Announcement) -> bool {
        self.entries.announce(sequence, announcement.keys())
    }

    /// Read `sequence` begins, and with it all before it: from now on a lookup uses up the nearest announced use of its
    /// chunk, if that is by a read that has begun. (Looking up more often than announced uses up nothing of later reads.)
    pub fn begin(&self, sequence: u64) {
        self.entries.begin(sequence);
    }

    /// Read `sequence` is over, or will never be: what is left of its announcement is forgotten.
    pub fn forget(&self, sequence: u64) {
        self.entries.forget(sequence);
    }

    /// Forgets all announcements, and which reads have begun: the count of sequences may start anew.
    pub fn forget_all(&self) {
        self.entries.forget_all();
    }

    /// Changes the budget; drops entries at once if it shrinks.
    pub fn set_capacity_bytes(&self, capacity_bytes: u64) {
        self.entries.set_capacity_bytes(capacity_bytes);
    }

    /// Counts and sizes.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        let bytes = |counter: &AtomicU64| counter.load(Relaxed);
        CacheStats { hit_bytes: bytes(&self.hit_bytes), miss_bytes: bytes(&self.miss_bytes), ..self.entries.stats() }
    }

    /// What it counts against what it has: a walk through all entries, which holds lookups up for a moment.
    #[must_use]
    pub fn audit(&self) -> CacheAudit {
        self.entries.audit()
    }

    /// How far apart lookups of the same chunk are.
    #[must_use]
    pub fn reuse(&self) -> ReuseStats {
        self.reuse.stats()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::Error;

    fn key(x: u64) -> ChunkKey {
        ChunkKey { volume: VolumeId(0), level: 0, chunk: Zyx::new(0, 0, x) }
    }

    fn chunk(value: u8, len: usize) -> Chunk {
        Chunk::new(Zyx::new(1, 1, len), Buffer::U8(vec![value; len]))
    }

    const COST: u64 = 100 + ENTRY_BYTES;

    #[test]
    fn the_oldest_go_when_room_is_needed_and_when_the_budget_shrinks() {
        let cache = ChunkCache::new(3 * COST);
        for x in [0, 1, 2, 0, 3] {
            cache.get_or_decode(key(x), 100, || Ok(Some(chunk(x as u8, 100)))).unwrap();
        }
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.evictions, stats.entries), (1, 4, 1, 3));
        assert_eq!(stats.resident_bytes, 3 * COST);
        cache.set_capacity_bytes(COST);
        let stats = cache.stats();
        assert_eq!((stats.evictions, stats.entries, stats.capacity_bytes), (3, 1, COST));
        // 3 was the newest and is still there.
        cache.get_or_decode(key(3), 100, || Err(Error::Stopped)).unwrap();
    }

    #[test]
    fn what_is_larger_than_the_budget_is_handed_out_but_not_kept() {
        let cache = ChunkCache::new(COST);
        cache.get_or_decode(key(0), 100, || Ok(Some(chunk(0, 100)))).unwrap();
        let large = cache.get_or_decode(key(1), 101, || Ok(Some(chunk(1, 101)))).unwrap().unwrap();
        assert_eq!(large.data.len(), 101);
        let stats = cache.stats();
        assert_eq!((stats.entries, stats.evictions), (1, 0), "the small entry had to go for nothing");
        let nothing = ChunkCache::new(0);
        nothing.get_or_decode(key(0), 100, || Ok(None)).unwrap();
        nothing.get_or_decode(key(0), 100, || Ok(None)).unwrap();
        assert_eq!((nothing.stats().misses, nothing.stats().entries), (2, 0));
    }

    #[test]
    fn absent_chunks_are_remembered_at_a_fixed_cost() {
        let cache = ChunkCache::new(1000);
        assert!(cache.get_or_decode(key(0), 100, || Ok(None)).unwrap().is_none());
        assert!(cache.get_or_decode(key(0), 100, || Err(Error::Stopped)).unwrap().is_none());
        assert_eq!(cache.stats().resident_bytes, ENTRY_BYTES);
    }

    #[test]
    fn what_is_still_read_counts_after_it_left() {
        let cache = ChunkCache::new(3 * COST);
        let get = |x: u64| cache.get_or_decode(key(x), 100, || Ok(Some(chunk(x as u8, 100)))).unwrap();
        let reading: Vec<_> = [0, 1, 2].map(get).to_vec();
        assert_eq!((cache.stats().resident_bytes, cache.stats().held_bytes), (3 * COST, 0));
        // 3 needs room that only 0, 1 and 2 could give; they leave, but their readers stay, and 3 finds none either.
        drop(get(3));
        let stats = cache.stats();
        assert_eq!((stats.resident_bytes, stats.held_bytes, stats.evictions), (0, 3 * COST, 4));
        drop(reading);
        assert_eq!((cache.stats().resident_bytes, cache.stats().held_bytes), (0, 0));
        drop([4, 5].map(get));
        assert_eq!((cache.stats().resident_bytes, cache.stats().evictions), (2 * COST, 4));
    }

    #[test]
    fn what_is_being_decoded_counts_and_has_room_before() {
        let cache = ChunkCache::new(2 * COST);
        let get = |x: u64| cache.get_or_decode(key(x), 100, || Ok(Some(chunk(x as u8, 100)))).unwrap();
        drop([0, 1].map(get));
        let decode = || {
            let stats = cache.stats();
            assert_eq!((stats.resident_bytes, stats.held_bytes), (COST, COST));
            Ok(None)
        };
        cache.get_or_decode(key(2), 100, decode).unwrap();
        assert_eq!((cache.stats().resident_bytes, cache.stats().held_bytes), (COST + ENTRY_BYTES, 0));
        assert!(cache.get_or_decode(key(3), 100, || Err(Error::Stopped)).is_err());
        assert_eq!(cache.stats().held_bytes, 0);
    }

    #[test]
    fn what_was_announced_stays_and_what_is_never_used_again_goes() {
        // Room for 10 chunks beside 5 announced uses.
        let cache = ChunkCache::new(10 * (100_000 + ENTRY_BYTES) + 5 * 256);
        let get = |x: u64| drop(cache.get_or_decode(key(x), 100_000, || Ok(Some(chunk(0, 100_000)))).unwrap());
        let announce = |sequence, chunks: &[u64]| {
            let keys = chunks.iter().map(|x| EntryKey::Chunk(key(*x))).collect();
            assert!(cache.announce(sequence, &Announcement::of_keys(keys)));
        };
        (0..10).for_each(get);
        announce(1, &[0, 1]);
        announce(2, &[2, 50]);
        announce(3, &[1]);
        (100..120).for_each(get);
        cache.begin(1);
        let misses = cache.stats().misses;
        [0, 1, 2, 1].into_iter().for_each(get);
        assert_eq!(cache.stats().misses, misses, "what was announced is there");
        [1, 2, 3].into_iter().for_each(|sequence| cache.forget(sequence));
        assert_eq!(cache.stats().announced_bytes, 0);
        (100..110).for_each(get);
        let misses = cache.stats().misses;
        get(0);
        assert_eq!(cache.stats().misses, misses + 1, "without announcements the oldest went");
    }

    #[test]
    fn announcements_take_a_part_of_the_budget_and_no_more() {
        let cache = ChunkCache::new(32 * 10 * 256);
        let of = |count: u64| Announcement::of_keys((0..count).map(|x| EntryKey::Chunk(key(x))).collect());
        assert!(!cache.announce(0, &of(11)));
        assert_eq!(cache.stats().announced_bytes, 0);
        assert!(cache.announce(0, &of(6)) && cache.announce(1, &of(4)) && !cache.announce(2, &of(1)));
        assert_eq!(cache.stats().announced_bytes, 10 * 256);
        cache.forget(0);
        assert!(cache.announce(2, &of(6)));
        cache.forget_all();
        assert_eq!(cache.stats().announced_bytes, 0);
    }

    #[test]
    fn an_error_is_not_kept() {
        let cache = ChunkCache::new(1000);
        assert!(matches!(cache.get_or_decode(key(0), 100, || Err(Error::Stopped)), Err(Error::Stopped)));
        assert!(cache.get_or_decode(key(0), 100, || Ok(Some(chunk(7, 1)))).unwrap().is_some());
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
                let got = cache.get_or_decode(key(x), 100, || {
                    decodes[x as usize].fetch_add(1, Relaxed);
                    std::thread::yield_now();
                    Ok(Some(chunk(x as u8, 100)))
                });
                assert_eq!(got.unwrap().unwrap().data, chunk(x as u8, 100).data);
            }
        });
        assert!(decodes.iter().all(|count| count.load(Relaxed) == 1), "{decodes:?}");
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.evictions), (7 * 64, 64, 0));
    }

    #[test]
    fn the_budget_holds_at_every_moment() {
        let cache = ChunkCache::new(5 * COST);
        on_eight_threads(|thread| {
            for step in 0..400_u64 {
                let x = (step * 7 + thread as u64 * 13) % 23;
                cache.get_or_decode(key(x), 100, || Ok((!x.is_multiple_of(5)).then(|| chunk(x as u8, 100)))).unwrap();
                let capacity_bytes = if step == 200 { 2 * COST } else { 5 * COST };
                if thread == 0 {
                    cache.set_capacity_bytes(capacity_bytes);
                }
                let stats = cache.stats();
                assert!(stats.resident_bytes <= stats.capacity_bytes, "{stats:?}");
                // What eight threads hold at a time is all that can exceed it.
                assert!(stats.held_bytes <= 8 * COST, "{stats:?}");
                assert!(stats.taken_bytes() <= stats.capacity_bytes || stats.entries == 0, "{stats:?}");
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
            let decode = || match tries.fetch_add(1, Relaxed) {
                // Not `panic!`: the hook would print into the test's output.
                0 => std::panic::resume_unwind(Box::new("decoder bug")),
                1 => Err(Error::Stopped),
                _ => Ok(Some(chunk(1, 1))),
            };
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cache.get_or_decode(key(0), 100, decode)));
        });
        assert!(cache.get_or_decode(key(0), 100, || Ok(Some(chunk(1, 1)))).unwrap().is_some());
    }
}
