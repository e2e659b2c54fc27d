//! What a loader did between two statistics, as figures and as a page of text.

use std::time::Duration;

use microtome::format;
use microtome_core::telemetry::{CacheStats, Stage, Stats};
use serde::Serialize;

use super::table;

/// Rates between two statistics; absent where no time lies between them, or nothing was counted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rates {
    /// Seconds between them.
    pub over_s: f64,
    /// Samples handed over per second.
    pub samples_per_s: Option<f64>,
    /// Bytes of batches handed over per second.
    pub bytes_per_s: Option<f64>,
    /// Share of the time that the consumer waited, 0–1.
    pub stall_share: Option<f64>,
    /// Decoded chunks found in memory per lookup, 0–1.
    pub chunk_hit_rate: Option<f64>,
    /// Threads' worth of time spent in each stage.
    pub stage_cores: Vec<(Stage, f64)>,
}

impl Rates {
    /// Between an earlier and a later statistic of one loader.
    pub fn between(before: &Stats, now: &Stats) -> Self {
        let over_s = now.elapsed.saturating_sub(before.elapsed).as_secs_f64();
        let rate = |now: f64, before: f64| (over_s > 0.0 && now >= before).then(|| (now - before) / over_s);
        let wait_s = |stats: &Stats| stats.consumer_wait.as_secs_f64();
        let busy = |stats: &Stats, stage| {
            stats.stages.iter().find(|row| row.stage == stage).map_or(0.0, |row| row.busy.as_secs_f64())
        };
        let cores = |stage| Some((stage, rate(busy(now, stage), busy(before, stage))?));
        Self {
            over_s,
            samples_per_s: rate(now.samples as f64, before.samples as f64),
            bytes_per_s: rate(now.batch_bytes as f64, before.batch_bytes as f64),
            stall_share: rate(wait_s(now), wait_s(before)).map(|share| share.min(1.0)),
            chunk_hit_rate: hit_rate(&now.chunk_cache, &before.chunk_cache),
            stage_cores: Stage::ALL.into_iter().filter_map(cores).collect(),
        }
    }

    /// A page of text: rates, stages, caches, memory.
    pub fn page(&self, now: &Stats) -> String {
        let or_none = |value: Option<f64>, words: fn(f64) -> String| value.map_or_else(|| "–".to_owned(), words);
        let mut page = format!(
            "samples   {}   {}   ({} in all)\nconsumer  waits {} of the time; {} ready\n\n",
            or_none(self.samples_per_s, format::per_second),
            or_none(self.bytes_per_s, format::bytes_per_second),
            format::count(now.samples),
            or_none(self.stall_share, format::percent),
            format::counted(now.queue.batches, "batch", "batches"),
        );
        let head = ["stage", "threads", "calls", "mean"].map(str::to_owned);
        let row = |(stage, cores): &(Stage, f64)| {
            let found = now.stages.iter().find(|row| row.stage == *stage);
            let calls = found.map_or(0, |row| row.calls);
            let mean = found.map_or(Duration::ZERO, |row| row.busy / u32::try_from(calls.max(1)).unwrap_or(u32::MAX));
            [stage.name().to_owned(), format!("{cores:.2}"), format::count(calls), format::duration(mean)]
        };
        page += &table::aligned(&std::iter::once(head).chain(self.stage_cores.iter().map(row)).collect::<Vec<_>>());
        let (cache, memory) = (&now.chunk_cache, &now.memory);
        page += &format!(
            "\nchunks    {} hits, {} of {}, {} dropped\nmemory    cache {}, queue {}, in flight {}, of {}; process {}\n",
            or_none(self.chunk_hit_rate, format::percent),
            format::bytes(cache.resident_bytes),
            format::bytes(cache.capacity_bytes),
            format::count(cache.evictions),
            format::bytes(memory.cache_bytes),
            format::bytes(memory.queue_bytes),
            format::bytes(memory.in_flight_bytes),
            format::bytes(memory.budget_bytes),
            format::bytes(memory.rss_bytes),
        );
        page
    }
}

fn hit_rate(now: &CacheStats, before: &CacheStats) -> Option<f64> {
    let hits = now.hits.checked_sub(before.hits)?;
    // Whatever a loader elsewhere says, the sum is a number.
    let lookups = hits.saturating_add(now.misses.checked_sub(before.misses)?);
    (lookups > 0).then(|| hits as f64 / lookups as f64)
}
