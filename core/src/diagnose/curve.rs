//! The miss-ratio curve of decoded chunks: what share of lookups a cache of any size would miss, from one run.

use serde::Serialize;

use super::Window;

/// Points for each doubling of a drawn curve.
const POINTS: u32 = 4;

/// Miss ratio by cache size.
///
/// It is that of a cache which gives up what was used longest ago (LRU). Microtome's own is told what will be asked for, and
/// keeps that: with the same bytes it misses less, as if it were larger. How much larger is measured at the one size that is
/// known, the working point, and taken to be the same factor elsewhere ([`MissRatioCurve::stretch`]).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MissRatioCurve {
    /// Bytes, ascending, and the share of lookups that an LRU cache of so many bytes misses, 0–1.
    points: Vec<(f64, f64)>,
    /// The cache in force.
    pub working_point: WorkingPoint,
    /// By how much the cache does as if it were larger than it is.
    pub stretch: f64,
    /// Share of lookups that asked for a chunk for the first time: no cache holds those.
    pub cold_share: f64,
    /// Bytes of all chunks that were asked for: a cache of so many holds everything.
    pub all_bytes: f64,
}

/// A size and what was measured with it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WorkingPoint {
    /// What the cache has for entries, bytes.
    pub bytes: f64,
    /// Share of lookups that missed, 0–1.
    pub miss_ratio: f64,
}

impl MissRatioCurve {
    /// The curve that a window shows; `None` if nothing was looked up.
    #[must_use]
    pub fn of(window: &Window) -> Option<Self> {
        let cache = &window.chunk_cache;
        let miss_ratio = 1.0 - cache.hit_rate()?;
        let total = window.reuse.lookups as f64;
        if total <= 0.0 {
            return None;
        }
        let held_bytes = cache.held_bytes + cache.announced_bytes;
        let bytes = cache.capacity_bytes.saturating_sub(held_bytes) as f64;
        // Dividing by all lookups instead of the sampled ones counts the difference as hits at the smallest distance, as
        // SHARDS-adj does (Waldspurger et al. 2015).
        let mut left =
            window.reuse.cold as f64 + window.reuse.distances.buckets().map(|(_, _, n)| n as f64).sum::<f64>();
        let mut points = vec![(0.0, 1.0)];
        for (lo, hi, count) in window.reuse.distances.buckets() {
            points.push((lo as f64, (left / total).min(1.0)));
            left -= count as f64;
            points.push((hi as f64, (left / total).min(1.0)));
        }
        let mut curve = Self {
            points,
            working_point: WorkingPoint { bytes, miss_ratio },
            stretch: 1.0,
            cold_share: (window.reuse.cold as f64 / total).min(1.0),
            all_bytes: window.reuse.chunk_bytes as f64,
        };
        curve.stretch = curve.stretch_at_working_point();
        Some(curve)
    }

    /// The share of lookups that an LRU cache of so many bytes misses.
    #[must_use]
    pub fn lru_miss_ratio(&self, bytes: f64) -> f64 {
        let at = self.points.partition_point(|(size, _)| *size <= bytes);
        let Some(&(lo, above)) = self.points.get(at.wrapping_sub(1)) else { return 1.0 };
        let Some(&(hi, below)) = self.points.get(at) else { return above };
        above + (below - above) * (bytes - lo) / (hi - lo).max(1.0)
    }

    /// The share of lookups that Microtome's cache would miss with so many bytes for entries: the curve, stretched so that it
    /// goes through the working point.
    #[must_use]
    pub fn miss_ratio(&self, bytes: f64) -> f64 {
        let stretched = self.lru_miss_ratio(bytes * self.stretch);
        let known = self.lru_miss_ratio(self.working_point.bytes * self.stretch);
        // Where no stretch leads through the working point, the rest is a factor.
        let rest = if known > 0.0 { self.working_point.miss_ratio / known } else { 1.0 };
        (stretched * rest).clamp(0.0, 1.0)
    }

    /// The factor by which the curve has to be stretched to go through the working point.
    fn stretch_at_working_point(&self) -> f64 {
        const MOST: f64 = 16.0;
        let WorkingPoint { bytes, miss_ratio } = self.working_point;
        if bytes <= 0.0 {
            return 1.0;
        }
        // The curve falls: halve the interval of the factor's logarithm.
        let (mut lo, mut hi) = (1.0 / MOST, MOST);
        for _ in 0..40 {
            let middle = f64::sqrt(lo * hi);
            if self.lru_miss_ratio(bytes * middle) > miss_ratio { lo = middle } else { hi = middle }
        }
        let is_flat = (self.lru_miss_ratio(bytes * lo) - miss_ratio).abs() > 0.02;
        if is_flat || self.lru_miss_ratio(bytes) == miss_ratio { 1.0 } else { f64::sqrt(lo * hi) }
    }

    /// Sizes and miss ratios to draw, from a part of the working point to what holds everything.
    #[must_use]
    pub fn drawn(&self) -> Vec<(f64, f64)> {
        let largest = self.all_bytes.max(self.working_point.bytes).max(2.0) * 1.5;
        let smallest = (self.working_point.bytes / 64.0).max(largest / 65_536.0).max(1.0);
        let count = ((largest / smallest).log2() * f64::from(POINTS)).ceil() as u32;
        let size = |index: u32| smallest * 2_f64.powf(f64::from(index) / f64::from(POINTS));
        (0..=count).map(|index| (size(index), self.miss_ratio(size(index)))).collect()
    }
}
