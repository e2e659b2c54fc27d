//! The transform cache: lookup tables by geometry.

use std::sync::Arc;

use super::byte_cache::{ByteCache, Count};
use super::tables::{AxisKey, AxisTable};
use crate::Result;
use crate::telemetry::CacheStats;

/// Lookup tables of resampling and orientation by geometry, so that classes and samples of equal geometry share them.
///
/// One table serves one axis: a patch looks three up, and those of equal axes are the same one. What counts is the
/// patch's extent, the ratio of voxel sizes, the position within a voxel, the direction, the kind of resampling and
/// how much of it the volume's edge cuts off, not where in the volume the patch lies.
#[derive(Debug)]
pub struct TransformCache {
    tables: ByteCache<AxisKey, Arc<AxisTable>>,
}

impl TransformCache {
    /// An empty cache that may hold `capacity_bytes`.
    #[must_use]
    pub fn new(capacity_bytes: u64) -> Self {
        Self { tables: ByteCache::new(capacity_bytes) }
    }

    /// Counts and sizes.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        self.tables.stats()
    }

    /// Changes the budget; drops entries at once if it shrinks.
    pub fn set_capacity_bytes(&self, capacity_bytes: u64) {
        self.tables.set_capacity_bytes(capacity_bytes);
    }

    /// The table of `key`.
    pub(super) fn table(&self, key: &AxisKey) -> Result<Arc<AxisTable>> {
        self.tables.get_or_make(key, Count::Lookups, || {
            let table = Arc::new(AxisTable::build(key));
            let bytes = table.size_bytes();
            Ok((table, bytes))
        })
    }
}
