//! Trace events as JSON, which `ui.perfetto.dev` and `chrome://tracing` read: "Trace Event Format", Google, 2016.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use crate::telemetry::Log;

/// An event; times in microseconds.
#[derive(Serialize)]
struct Event<'a> {
    name: &'a str,
    cat: &'static str,
    ph: &'static str,
    ts: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    dur: Option<f64>,
    pid: u32,
    tid: usize,
    args: Value,
}

/// Writes spans as slices of their threads, and figures as counters. Times count from the first of them.
///
/// # Errors
/// `out` cannot be written to.
pub fn write_trace(log: &Log, mut out: impl Write) -> io::Result<()> {
    let timeline = log.spans.timeline();
    // Of all: threads of the same name, such as of two loaders in a process, share a track, whose spans then lie in any order.
    let first_span = timeline.tracks.iter().flat_map(|track| &track.spans).map(|span| span.start_ns).min();
    let first_snapshot = log.snapshots.front().map(|snapshot| snapshot.clock_ns);
    let origin_ns = first_span.into_iter().chain(first_snapshot).min().unwrap_or(0);
    let us = |at_ns: i64| at_ns.saturating_sub(origin_ns) as f64 / 1e3;
    let pid = log.about.pid;
    out.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n")?;
    let process = if log.about.name.is_empty() { "microtome" } else { &log.about.name };
    serde_json::to_writer(&mut out, &named("process_name", pid, 0, process))?;
    for (index, track) in timeline.tracks.iter().enumerate() {
        // Thread 0 is the process's own, for counters.
        let tid = index + 1;
        put(&mut out, &named("thread_name", pid, tid, &track.thread))?;
        put(
            &mut out,
            &json!({"name": "thread_sort_index", "ph": "M", "pid": pid, "tid": tid, "args": {"sort_index": tid}}),
        )?;
        for span in &track.spans {
            let args = if span.detail.is_empty() { json!({}) } else { json!({"of": &*span.detail}) };
            let dur = Some(span.end_ns.saturating_sub(span.start_ns) as f64 / 1e3);
            let (name, ts) = (&*span.name, us(span.start_ns));
            put(&mut out, &Event { name, cat: "loader", ph: "X", ts, dur, pid, tid, args })?;
        }
    }
    for snapshot in &log.snapshots {
        let (stats, ts) = (&snapshot.stats, us(snapshot.clock_ns));
        let memory = &stats.memory;
        let counters = [
            ("samples handed over", json!({"samples": stats.samples})),
            (
                "memory",
                json!({"cache": memory.cache_bytes, "queue": memory.queue_bytes, "in flight": memory.in_flight_bytes}),
            ),
            ("batches ready", json!({"batches": stats.queue.batches})),
        ];
        for (name, args) in counters {
            put(&mut out, &Event { name, cat: "loader", ph: "C", ts, dur: None, pid, tid: 0, args })?;
        }
    }
    out.write_all(b"\n]}\n")
}

fn named(what: &str, pid: u32, tid: usize, name: &str) -> Value {
    json!({"name": what, "ph": "M", "pid": pid, "tid": tid, "args": {"name": name}})
}

/// One event behind another.
fn put(out: &mut impl Write, event: &impl Serialize) -> io::Result<()> {
    out.write_all(b",\n")?;
    Ok(serde_json::to_writer(out, event)?)
}
