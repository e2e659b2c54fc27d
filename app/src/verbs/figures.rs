//! The loader without a window, measured: what `bench` and the headless demo print.

use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use microtome::format;
use microtome_core::diagnose::monitor::Alert;
use microtome_core::diagnose::{Diagnosis, Window};
use microtome_core::loader::Loader;
use microtome_core::telemetry::serve::FileRecording;
use microtome_core::telemetry::{CacheStats, StageStats, Stats};
use serde::Serialize;

use super::diagnosis::{self, Watched};
use super::input::Input;
use super::interrupt::Interrupt;
use super::output::Output;

/// What a run of the loader measured. Times in seconds, sizes in bytes; from the start of the loader, caches empty.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Length of the run.
    pub elapsed_s: f64,
    /// Until the first batch was handed over; absent if none was.
    pub first_batch_s: Option<f64>,
    /// Samples handed over.
    pub samples: u64,
    /// Batches handed over.
    pub batches: u64,
    /// Samples replaced because they could not be read.
    pub skipped_samples: u64,
    /// Samples per second over the whole run.
    pub samples_per_s: f64,
    /// Bytes of batches per second over the whole run.
    pub bytes_per_s: f64,
    /// Share of the run in which the consumer waited, 0–1. It does nothing but take batches, so near 1 is right.
    pub consumer_wait_share: f64,
    /// Worker threads.
    pub threads: usize,
    /// Per stage.
    pub stages: Vec<StageFigures>,
    /// Decoded chunks.
    pub chunk_cache: CacheFigures,
    /// Lookup tables of orientation and resampling.
    pub transform_cache: CacheFigures,
    /// Thread time that the transform cache saved.
    pub transform_saved_s: f64,
    /// `loader.memory`.
    pub memory_budget_bytes: u64,
    /// Largest sum of cache, queue and batches in flight that was seen.
    pub memory_peak_bytes: u64,
    /// Largest resident set of the process that was seen; 0 where the system does not tell.
    pub rss_peak_bytes: u64,
    /// What limits the loader, if that was asked for and batches came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
    /// What else deserves a word, if that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Alert>,
}

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub struct Course<'a> {
    /// Its length.
    pub duration: Duration,
    /// The consumer's work with each batch.
    pub step: Option<Duration>,
    /// Whether to say what limits it.
    pub diagnose: bool,
    /// Where it is recorded, if it is.
    pub record: Option<Record<'a>>,
}

/// Where a run is recorded.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// A new file.
    pub file: &'a Path,
    /// Its largest size; when it is full the older half goes.
    pub max_bytes: u64,
}

impl Course<'_> {
    /// Batches as fast as they come, and nothing else.
    pub const fn of(duration: Duration) -> Self {
        Self { duration, step: None, diagnose: false, record: None }
    }
}

/// One stage of the loader.
#[derive(Debug, Serialize)]
pub struct StageFigures {
    /// `plan`, `fetch`, ….
    pub stage: &'static str,
    /// How often it ran.
    pub calls: u64,
    /// Self time over all threads.
    pub busy_s: f64,
    /// Bytes that went through.
    pub bytes: u64,
}

/// One cache.
#[derive(Debug, Serialize)]
pub struct CacheFigures {
    /// Hits per lookup, 0–1; absent before the first lookup.
    pub hit_rate: Option<f64>,
    /// Answered from memory.
    pub hits: u64,
    /// Had to be made.
    pub misses: u64,
    /// Dropped to make room.
    pub evictions: u64,
    /// Bytes held at the end.
    pub resident_bytes: u64,
    /// Bytes that may be held.
    pub capacity_bytes: u64,
}

impl From<CacheStats> for CacheFigures {
    fn from(stats: CacheStats) -> Self {
        let CacheStats { hits, misses, evictions, resident_bytes, capacity_bytes, .. } = stats;
        Self { hit_rate: stats.hit_rate(), hits, misses, evictions, resident_bytes, capacity_bytes }
    }
}

impl From<&StageStats> for StageFigures {
    fn from(stats: &StageStats) -> Self {
        let StageStats { stage, calls, busy, bytes } = *stats;
        Self { stage: stage.name(), calls, busy_s: busy.as_secs_f64(), bytes }
    }
}

/// What is only seen while the loader runs.
#[derive(Debug, Default)]
struct Peaks {
    first_batch: Option<Duration>,
    memory_bytes: u64,
    rss_bytes: u64,
    /// After the first batch, and once the loader ran steadily.
    began: [Option<Stats>; 2],
}

impl Peaks {
    fn see(&mut self, stats: &Stats) {
        for (began, batches) in self.began.iter_mut().zip([1, Window::first_steady_batch(&stats.setup)]) {
            if began.is_none() && stats.batches >= batches {
                *began = Some(stats.clone());
            }
        }
        let memory = &stats.memory;
        self.memory_bytes = self.memory_bytes.max(memory.cache_bytes + memory.queue_bytes + memory.in_flight_bytes);
        self.rss_bytes = self.rss_bytes.max(memory.rss_bytes);
    }

    /// What limits the loader, from when it ran steadily, or if that was too late from the first batch on.
    fn diagnose(&self, stats: &Stats) -> Option<Diagnosis> {
        let windows = self.began.iter().rev().flatten().filter_map(|began| Window::between(began, stats));
        windows.map(|window| Diagnosis::of(&window)).next()
    }
}

/// Takes batches for as long as the course says, or until Ctrl-C. A bar on standard error shows the time.
///
/// # Errors
/// What the loader says; a recording that cannot be written.
pub fn measure(input: Input, course: Course<'_>, interrupt: &Interrupt) -> anyhow::Result<Figures> {
    const PATIENCE: Duration = Duration::from_millis(100);
    let Course { duration, step, diagnose, record } = course;
    let loader = Loader::new(input.catalog, input.config)?;
    let recording = record.map(|record| loader.record(record.file, record.max_bytes)).transpose()?;
    let started = Instant::now();
    let bar = seconds_bar(duration);
    let (mut peaks, mut watched) = (Peaks::default(), Watched::default());
    while started.elapsed() < duration && !interrupt.asked() {
        let rest = duration.saturating_sub(started.elapsed());
        if loader.next_batch_timeout(rest.min(PATIENCE))?.is_some() {
            peaks.first_batch.get_or_insert_with(|| started.elapsed());
            step.into_iter().for_each(std::thread::sleep);
        }
        let stats = loader.stats();
        peaks.see(&stats);
        watched.see(&stats);
        bar.set_position(started.elapsed().as_millis() as u64);
        bar.set_message(format!("{} samples", format::count(stats.samples)));
    }
    bar.finish_and_clear();
    recording.map_or(Ok(()), FileRecording::finish)?;
    let stats = loader.stats();
    let (diagnosis, alerts) =
        if diagnose { (peaks.diagnose(&stats), watched.alerts(&stats)) } else { (None, Vec::new()) };
    Ok(Figures { diagnosis, alerts, ..figures(&stats, &peaks) })
}

fn seconds_bar(duration: Duration) -> ProgressBar {
    // The template is a constant; should it ever be wrong the plain bar does.
    let style = ProgressStyle::with_template("loading {bar:30} {elapsed} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(duration.as_millis() as u64).with_style(style)
}

fn figures(stats: &Stats, peaks: &Peaks) -> Figures {
    let elapsed_s = stats.elapsed.as_secs_f64().max(1e-9);
    Figures {
        elapsed_s,
        first_batch_s: peaks.first_batch.map(|time| time.as_secs_f64()),
        samples: stats.samples,
        batches: stats.batches,
        skipped_samples: stats.skipped_samples,
        samples_per_s: stats.samples as f64 / elapsed_s,
        bytes_per_s: stats.batch_bytes as f64 / elapsed_s,
        consumer_wait_share: (stats.consumer_wait.as_secs_f64() / elapsed_s).min(1.0),
        threads: stats.threads,
        stages: stats.stages.iter().map(StageFigures::from).collect(),
        chunk_cache: stats.chunk_cache.into(),
        transform_cache: stats.transform_cache.into(),
        transform_saved_s: stats.transform_saved.as_secs_f64(),
        memory_budget_bytes: stats.memory.budget_bytes,
        memory_peak_bytes: peaks.memory_bytes,
        rss_peak_bytes: peaks.rss_bytes,
        diagnosis: None,
        alerts: Vec::new(),
    }
}

impl Figures {
    /// The figures as a page of text.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn print(&self, out: &mut Output) -> anyhow::Result<()> {
        let seconds = |s: f64| format::duration(Duration::from_secs_f64(s));
        let first =
            self.first_batch_s.map_or("no batch yet".to_owned(), |s| format!("first batch after {}", seconds(s)));
        out.line(&format!(
            "{:.1} samples/s   {}   ({} samples in {} on {} threads; {first})",
            self.samples_per_s,
            format::bytes_per_second(self.bytes_per_s),
            format::count(self.samples),
            seconds(self.elapsed_s),
            self.threads
        ))?;
        out.line(&format!(
            "consumer waited {} of the time; {} skipped",
            format::percent(self.consumer_wait_share),
            format::counted(self.skipped_samples, "sample", "samples")
        ))?;
        self.print_stages(out)?;
        print_cache(out, "chunk cache", &self.chunk_cache, None)?;
        print_cache(out, "transform cache", &self.transform_cache, Some(self.transform_saved_s))?;
        let rss = match self.rss_peak_bytes {
            0 => String::new(),
            bytes => format!("; process {}", format::bytes(bytes)),
        };
        out.line(&format!(
            "{:<16} peak {} of {}{rss}",
            "memory",
            format::bytes(self.memory_peak_bytes),
            format::bytes(self.memory_budget_bytes)
        ))?;
        self.diagnosis.as_ref().map_or(Ok(()), |diagnosis| diagnosis::print(diagnosis, out))?;
        diagnosis::print_alerts(&self.alerts, out)
    }

    fn print_stages(&self, out: &mut Output) -> anyhow::Result<()> {
        let total_s: f64 = self.stages.iter().map(|stage| stage.busy_s).sum();
        out.line(&format!(
            "\n{:<8} {:>10} {:>10} {:>6} {:>10} {:>12}",
            "stage", "calls", "time", "share", "mean", "bytes"
        ))?;
        for stage in &self.stages {
            let mean = if stage.calls > 0 { stage.busy_s / stage.calls as f64 } else { 0.0 };
            let share = if total_s > 0.0 { stage.busy_s / total_s } else { 0.0 };
            out.line(&format!(
                "{:<8} {:>10} {:>10} {:>6} {:>10} {:>12}",
                stage.stage,
                format::count(stage.calls),
                format::duration(Duration::from_secs_f64(stage.busy_s)),
                format::percent(share),
                format::duration(Duration::from_secs_f64(mean)),
                if stage.bytes > 0 { format::bytes(stage.bytes) } else { String::new() },
            ))?;
        }
        out.line("")
    }
}

fn print_cache(out: &mut Output, name: &str, cache: &CacheFigures, saved_s: Option<f64>) -> anyhow::Result<()> {
    let saved =
        saved_s.map(|s| format!("; {} saved", format::duration(Duration::from_secs_f64(s)))).unwrap_or_default();
    let rate = cache.hit_rate.map_or("no lookups".to_owned(), |rate| format!("{} hits", format::percent(rate)));
    out.line(&format!(
        "{name:<16} {rate}, {} made, {} dropped, {} of {}{saved}",
        format::count(cache.misses),
        format::count(cache.evictions),
        format::bytes(cache.resident_bytes),
        format::bytes(cache.capacity_bytes)
    ))
}
