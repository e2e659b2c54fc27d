//! Figures as a table: one row per snapshot, counts since the loader started, rates since the row before.

use std::io::{self, Write};

use crate::telemetry::{Log, Stage, Stats};

const COLUMNS: [&str; 17] = [
    "elapsed_s",
    "samples",
    "batches",
    "batch_bytes",
    "samples_per_s",
    "consumer_wait_share",
    "consumer_wait_s",
    "skipped_samples",
    "chunk_cache_hits",
    "chunk_cache_misses",
    "chunk_cache_evictions",
    "cache_bytes",
    "queue_bytes",
    "in_flight_bytes",
    "budget_bytes",
    "rss_bytes",
    "batches_ready",
];

/// Writes the table, with a line of names at its head; stages follow as `STAGE_s` and `STAGE_bytes`.
///
/// # Errors
/// `out` cannot be written to.
pub fn write_csv(log: &Log, out: impl Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    let stages =
        Stage::ALL.into_iter().flat_map(|stage| [format!("{}_s", stage.name()), format!("{}_bytes", stage.name())]);
    table.write_record(COLUMNS.into_iter().map(str::to_owned).chain(stages))?;
    let mut before: Option<&Stats> = None;
    for snapshot in &log.snapshots {
        table.write_record(row(&snapshot.stats, before))?;
        before = Some(&snapshot.stats);
    }
    table.flush()
}

fn row(stats: &Stats, before: Option<&Stats>) -> Vec<String> {
    let seconds =
        before.and_then(|before| stats.elapsed.checked_sub(before.elapsed)).map(|between| between.as_secs_f64());
    let rate = |now: f64, then: f64| match seconds {
        Some(seconds) if seconds > 0.0 && now >= then => format!("{}", (now - then) / seconds),
        _ => String::new(),
    };
    let wait_s = |stats: &Stats| stats.consumer_wait.as_secs_f64();
    let (cache, memory) = (&stats.chunk_cache, &stats.memory);
    let mut row = vec![
        stats.elapsed.as_secs_f64().to_string(),
        stats.samples.to_string(),
        stats.batches.to_string(),
        stats.batch_bytes.to_string(),
        rate(stats.samples as f64, before.map_or(0.0, |before| before.samples as f64)),
        rate(wait_s(stats), before.map_or(0.0, wait_s)),
        wait_s(stats).to_string(),
    ];
    let counts = [
        stats.skipped_samples,
        cache.hits,
        cache.misses,
        cache.evictions,
        memory.cache_bytes,
        memory.queue_bytes,
        memory.in_flight_bytes,
        memory.budget_bytes,
        memory.rss_bytes,
        stats.queue.batches,
    ];
    row.extend(counts.map(|count| count.to_string()));
    for stage in Stage::ALL {
        let found = stats.stages.iter().find(|row| row.stage == stage);
        row.push(found.map_or(0.0, |row| row.busy.as_secs_f64()).to_string());
        row.push(found.map_or(0, |row| row.bytes).to_string());
    }
    row
}
