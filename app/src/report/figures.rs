//! Figures, curves and the table of stages.

use std::time::Duration;

use microtome_core::telemetry::{Log, Stats};

use super::chart::Chart;
use super::{escaped, put, style};
use crate::format;
use crate::state::StatsHistory;
use crate::state::history::Curve;

/// The whole log, for rates.
const ALL: Duration = Duration::MAX;

/// What counts, large.
pub(super) fn figures(log: &Log, history: &StatsHistory) -> String {
    let Some(stats) = log.snapshots.back().map(|snapshot| &snapshot.stats) else {
        return "<section>\n<p class=\"note\">In this time nothing was measured.</p>\n</section>\n".to_owned();
    };
    let text = |value: Option<f64>, write: fn(f64) -> String| value.map_or_else(|| "–".to_owned(), write);
    let largest =
        |value: fn(&Stats) -> u64| log.snapshots.iter().map(|snapshot| value(&snapshot.stats)).max().unwrap_or(0);
    let used = |stats: &Stats| {
        let memory = &stats.memory;
        memory.cache_bytes.saturating_add(memory.queue_bytes).saturating_add(memory.in_flight_bytes)
    };
    let figures = [
        ("samples per second", text(history.recent_samples_per_second(ALL), format::per_second)),
        ("data per second", text(history.recent_bytes_per_second(ALL), format::bytes_per_second)),
        ("of the time the consumer waits", text(history.recent_stall_share(ALL), format::percent)),
        (
            "of decoded chunks were in memory",
            text(history.recent_hit_rate(|stats| &stats.chunk_cache, ALL), format::percent),
        ),
        ("samples in all", format::count(stats.samples)),
        ("skipped", format::counted(stats.skipped_samples, "sample", "samples")),
        (
            "of the budget at most",
            format!("{} of {}", format::bytes(largest(used)), format::bytes(stats.memory.budget_bytes)),
        ),
        ("process at most", format::bytes(largest(|stats| stats.memory.rss_bytes))),
        ("worker threads", stats.threads.to_string()),
    ];
    let mut section = String::from("<section>\n<dl class=\"figures\">\n");
    for (name, value) in figures {
        put(&mut section, format_args!("<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(name), escaped(&value)));
    }
    section + "</dl>\n</section>\n"
}

/// Every curve.
pub(super) fn curves(history: &StatsHistory) -> String {
    let memory = |value: fn(&Stats) -> u64| history.values(move |now| value(&now.stats) as f64);
    let charts = [
        Chart {
            title: "Samples per second",
            note: "Samples handed over, averaged over one second.",
            unit: format::per_second,
            binary: false,
            at_least: 1.0,
            stacked: false,
            curves: vec![("samples", history.samples_per_second())],
        },
        Chart {
            title: "Waiting",
            note: "Share of the time that the consumer waited for a batch.",
            unit: format::percent,
            binary: false,
            at_least: 1.0,
            stacked: false,
            curves: vec![("waits", whole_at_most(history.stall_share()))],
        },
        Chart {
            title: "Hit rates",
            note: "Lookups that were answered from memory: decoded chunks; plans and tables of transforms.",
            unit: format::percent,
            binary: false,
            at_least: 1.0,
            stacked: false,
            curves: vec![
                ("chunks", history.hit_rate(|stats| &stats.chunk_cache)),
                ("transforms", history.hit_rate(|stats| &stats.transform_cache)),
            ],
        },
        Chart {
            title: "Memory by owner",
            note: "What counts against the budget; stacked.",
            unit: |value| format::bytes(value as u64),
            binary: true,
            at_least: 1024.0,
            stacked: true,
            curves: vec![
                ("caches", memory(|stats| stats.memory.cache_bytes)),
                ("batches that wait", memory(|stats| stats.memory.queue_bytes)),
                ("batches being made", memory(|stats| stats.memory.in_flight_bytes)),
            ],
        },
    ];
    charts.iter().map(Chart::section).collect()
}

/// Shares of 0–1: a wait is counted when it ends, and so may be longer than the stretch in which it does.
fn whole_at_most(mut curve: Curve) -> Curve {
    curve.iter_mut().flatten().for_each(|point| point[1] = point[1].min(1.0));
    curve
}

/// What the threads' time went into, from the first to the last statistic.
pub(super) fn stages(log: &Log) -> String {
    let (Some(first), Some(last)) = (log.snapshots.front(), log.snapshots.back()) else { return String::new() };
    let seconds = last.stats.elapsed.saturating_sub(first.stats.elapsed).as_secs_f64();
    if seconds <= 0.0 {
        return String::new();
    }
    let mut section =
        String::from("<section>\n<h2>Stages</h2>\n<p class=\"note\">Self times, summed over threads.</p>\n");
    section += "<table>\n<tr><th>stage</th><th>threads busy</th><th>calls</th><th>mean</th><th>bytes</th></tr>\n";
    for now in &last.stats.stages {
        let before = first.stats.stages.iter().find(|row| row.stage == now.stage);
        let busy = now.busy.saturating_sub(before.map_or(Duration::ZERO, |row| row.busy));
        let calls = now.calls.saturating_sub(before.map_or(0, |row| row.calls));
        let bytes = now.bytes.saturating_sub(before.map_or(0, |row| row.bytes));
        let mean = if calls > 0 { format::duration(busy.div_f64(calls as f64)) } else { "–".to_owned() };
        let key = format!("<span class=\"key\" style=\"background: {}\"></span>", style::stage(now.stage));
        let cells = [
            format!("{:.2}", busy.as_secs_f64() / seconds),
            format::count(calls),
            mean,
            if bytes > 0 { format::bytes(bytes) } else { String::new() },
        ];
        put(&mut section, format_args!("<tr><td>{key}{}</td>", now.stage.name()));
        cells.iter().for_each(|cell| put(&mut section, format_args!("<td>{}</td>", escaped(cell))));
        section += "</tr>\n";
    }
    section + "</table>\n</section>\n"
}
