//! The transform cache: what planning costs time for, by geometry.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::byte_cache::{ByteCache, Count};
use super::lease::{Lasting, Lease};
use super::plan::ReadPlan;
use super::tables::{AxisKey, AxisTable};
use super::transform_key::{FieldKey, PlanKey};
use super::warp_plan::WarpPlan;
use crate::Result;
use crate::geometry::ElasticField;
use crate::telemetry::CacheStats;

/// What an entry costs beside its own bytes: the key, the list and the allocations around it.
const ENTRY_BYTES: u64 = 512;
/// Kinds of entries, each with an equal share of the budget.
const KINDS: u64 = 4;

/// Plans, lookup tables and displacement fields by geometry, so that classes and samples of equal geometry share them.
///
/// - A *plan* says which chunks a patch touches and where each of its voxels goes. The classes of a crop have equal
///   arrays: the first of them plans for all. What counts is the level's extent, chunks, voxel size and translation, and
///   the patch's grid; not the element type, nor which array it is. Plans of warped patches are a kind of their own.
/// - A *table* serves one axis of plans: those of equal axes are the same one. What counts is the patch's extent, the
///   ratio of voxel sizes, the position within a voxel, the direction, the kind of resampling and how much of it the
///   volume's edge cuts off, not where in the volume the patch lies. So samples share tables, too.
/// - A *field* holds the control points of an elastic displacement; the arrays of a sample share it.
#[derive(Debug)]
pub struct TransformCache {
    tables: Kind<AxisKey, AxisTable>,
    fields: Kind<FieldKey, ElasticField>,
    plans: Kind<PlanKey, ReadPlan>,
    warps: Kind<PlanKey, WarpPlan>,
}

/// Entries of one kind.
#[derive(Debug)]
struct Kind<K, V> {
    entries: ByteCache<K, Timed<V>>,
    saved_ns: AtomicU64,
}

/// What was made, and how long that took.
#[derive(Debug)]
struct Timed<V> {
    value: Arc<V>,
    made_ns: u64,
}

impl<V> Clone for Timed<V> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), made_ns: self.made_ns }
    }
}

/// Plans and tables are small: what a running read still holds of them is not counted.
impl<V> Lasting for Timed<V> {
    fn lease(&self) -> Option<(&Lease, bool)> {
        None
    }
}

impl<K: Hash + Eq + Clone, V> Kind<K, V> {
    fn new(capacity_bytes: u64) -> Self {
        Self { entries: ByteCache::new(capacity_bytes), saved_ns: AtomicU64::new(0) }
    }

    /// The value of `key`, from memory or by `make`, of `bytes_of` bytes.
    fn get(&self, key: &K, bytes_of: impl FnOnce(&V) -> u64, make: impl FnOnce() -> Result<V>) -> Result<Arc<V>> {
        let mut was_made = false;
        let entry = self.entries.get_or_make(key, (Count::Lookups, 0), |_nothing_leased| {
            was_made = true;
            let began = Instant::now();
            let value = Arc::new(make()?);
            let made_ns = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
            let bytes = bytes_of(&value) + ENTRY_BYTES;
            Ok((Timed { value, made_ns }, bytes))
        })?;
        if !was_made {
            self.saved_ns.fetch_add(entry.made_ns, Ordering::Relaxed);
        }
        Ok(entry.value)
    }
}

impl TransformCache {
    /// An empty cache that may hold `capacity_bytes` (0: nothing is kept, every lookup makes its entry).
    #[must_use]
    pub fn new(capacity_bytes: u64) -> Self {
        let share = capacity_bytes / KINDS;
        Self {
            tables: Kind::new(capacity_bytes - (KINDS - 1) * share),
            fields: Kind::new(share),
            plans: Kind::new(share),
            warps: Kind::new(share),
        }
    }

    /// Counts and sizes, of all kinds together.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        let kinds = [
            self.tables.entries.stats(),
            self.fields.entries.stats(),
            self.plans.entries.stats(),
            self.warps.entries.stats(),
        ];
        kinds.into_iter().fold(CacheStats::default(), |sum, kind| CacheStats {
            hits: sum.hits + kind.hits,
            misses: sum.misses + kind.misses,
            evictions: sum.evictions + kind.evictions,
            entries: sum.entries + kind.entries,
            resident_bytes: sum.resident_bytes + kind.resident_bytes,
            held_bytes: sum.held_bytes + kind.held_bytes,
            announced_bytes: sum.announced_bytes + kind.announced_bytes,
            capacity_bytes: sum.capacity_bytes + kind.capacity_bytes,
            ..sum
        })
    }

    /// The thread time that the cache saved: for every hit, how long its entry had taken to make.
    #[must_use]
    pub fn saved(&self) -> Duration {
        let kinds = [&self.tables.saved_ns, &self.fields.saved_ns, &self.plans.saved_ns, &self.warps.saved_ns];
        Duration::from_nanos(kinds.into_iter().map(|saved_ns| saved_ns.load(Ordering::Relaxed)).sum())
    }

    /// Changes the budget; drops entries at once if it shrinks.
    pub fn set_capacity_bytes(&self, capacity_bytes: u64) {
        let share = capacity_bytes / KINDS;
        self.tables.entries.set_capacity_bytes(capacity_bytes - (KINDS - 1) * share);
        self.fields.entries.set_capacity_bytes(share);
        self.plans.entries.set_capacity_bytes(share);
        self.warps.entries.set_capacity_bytes(share);
    }

    /// The table of `key`.
    pub(super) fn table(&self, key: &AxisKey) -> Result<Arc<AxisTable>> {
        self.tables.get(key, AxisTable::size_bytes, || Ok(AxisTable::build(key)))
    }

    /// The control points of `key`, made by `make`.
    pub(super) fn field(
        &self,
        key: &FieldKey,
        make: impl FnOnce() -> Result<ElasticField>,
    ) -> Result<Arc<ElasticField>> {
        self.fields.get(key, |field| size_of_val(field.points_nm.as_slice()) as u64, make)
    }

    /// The plan of `key`, made by `make`, which may ask for tables.
    pub(super) fn plan(&self, key: &PlanKey, make: impl FnOnce() -> Result<ReadPlan>) -> Result<Arc<ReadPlan>> {
        self.plans.get(key, ReadPlan::size_bytes, make)
    }

    /// The plan of a warped patch of `key`, made by `make`, which may ask for fields.
    pub(super) fn warp(&self, key: &PlanKey, make: impl FnOnce() -> Result<WarpPlan>) -> Result<Arc<WarpPlan>> {
        self.warps.get(key, WarpPlan::size_bytes, make)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Elastic, Zyx};

    fn field(seed: u64) -> (FieldKey, Elastic) {
        let elastic = Elastic { spacing_nm: Zyx::splat(100.0), sigma_nm: Zyx::splat(5.0), seed };
        (FieldKey::new(&elastic, Zyx::splat(300.0)), elastic)
    }

    fn look_up(cache: &TransformCache, seed: u64) -> Arc<ElasticField> {
        let (key, elastic) = field(seed);
        let make = || {
            // Long enough for any clock.
            std::thread::sleep(Duration::from_millis(2));
            ElasticField::about(&elastic, Zyx::splat(300.0)).ok_or(crate::Error::Stopped)
        };
        cache.field(&key, make).unwrap()
    }

    #[test]
    fn what_was_made_once_is_shared_and_its_time_counted_as_saved() {
        let cache = TransformCache::new(1 << 20);
        let first = look_up(&cache, 1);
        assert_eq!(cache.saved(), Duration::ZERO);
        let second = look_up(&cache, 1);
        assert!(Arc::ptr_eq(&first, &second));
        let saved = cache.saved();
        assert!(saved >= Duration::from_millis(2), "{saved:?}");
        look_up(&cache, 2);
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.entries, cache.saved()), (1, 2, 2, saved));
        let bytes = 2 * (ENTRY_BYTES + 24 * first.points_nm.len() as u64);
        assert_eq!((stats.resident_bytes, stats.capacity_bytes), (bytes, 1 << 20));
    }

    #[test]
    fn the_budget_is_divided_and_holds() {
        for capacity_bytes in [0, 1, 7, 4096, 100_003] {
            let cache = TransformCache::new(capacity_bytes);
            (0..30).for_each(|seed| drop(look_up(&cache, seed)));
            let stats = cache.stats();
            assert_eq!((stats.capacity_bytes, stats.misses), (capacity_bytes, 30));
            assert!(stats.resident_bytes <= capacity_bytes, "{stats:?}");
            cache.set_capacity_bytes(3);
            assert_eq!((cache.stats().capacity_bytes, cache.stats().entries), (3, 0));
        }
    }
}
