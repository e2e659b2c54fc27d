//! `bench-case CONFIG.toml`: one steady run of the loader, told as one line of JSON. `compare/speed.sh` runs it in turn with
//! the peers.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Parser;
use microtome_benches::process::cpu_seconds;
use microtome_core::loader::{BatchArray, Loader, LoaderConfig};
use microtome_core::telemetry::{CacheStats, Recorder, Stage, Stats, peak_resident_bytes, resident_set_bytes};
use serde_json::{Value, json};

/// A loader that has handed over so many samples has seen nearly every chunk of the volumes that are compared on.
const STEADY_SAMPLES: usize = 64;
/// Slow cases stop warming up after so many times the warm-up.
const WARM_UP_AT_MOST: u32 = 4;
/// Fewer batches make no rate.
const LEAST_BATCHES: usize = 4;
/// With `--profile` spans are on in every other slice of this length, so that whatever else the machine does meets both.
const SLICE: Duration = Duration::from_millis(500);
/// From one line of the log to the next.
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// Runs a configuration and prints what it did once it ran steadily.
#[derive(Parser)]
struct Args {
    /// The loader's configuration
    config: PathBuf,
    /// Seconds to measure
    #[arg(long, default_value = "4", value_parser = seconds)]
    seconds: Duration,
    /// Seconds before that, at least
    #[arg(long, default_value = "2", value_parser = seconds)]
    warm_up: Duration,
    /// Records spans in every other half second, and tells both rates
    #[arg(long)]
    profile: bool,
    /// Writes a line of CSV every 10 s (for an hour: `--seconds 3600`), and sums up the quarters
    #[arg(long)]
    log: Option<PathBuf>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| format!("{text:?} is no number of seconds"))?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let config = LoaderConfig::from_file(&args.config)?;
    let catalog = Arc::new(config.open_catalog()?);
    let loader = Loader::new(catalog, config)?;
    warm_up(&loader, args.warm_up)?;
    let mut log = args.log.as_deref().map(Log::create).transpose()?;
    let mut rates = args.profile.then(Profiled::default);
    let run = measure(&loader, args.seconds, &mut rates, &mut log)?;
    let mut said = run.told(&loader);
    said["profiled"] = rates.as_ref().map_or(Value::Null, Profiled::told);
    said["quarters"] = log.as_ref().map_or(Value::Null, Log::quarters);
    writeln!(std::io::stdout(), "{said}")?;
    Ok(())
}

fn warm_up(loader: &Loader, at_least: Duration) -> anyhow::Result<()> {
    let (began, mut samples) = (Instant::now(), 0);
    while began.elapsed() < at_least || (samples < STEADY_SAMPLES && began.elapsed() < WARM_UP_AT_MOST * at_least) {
        samples += loader.next_batch()?.provenance.len();
    }
    Ok(())
}

/// What was counted between two moments.
struct Run {
    samples: usize,
    batch_bytes: u64,
    own_bytes: u64,
    seconds: f64,
    cpu_seconds: f64,
    before: Stats,
    after: Stats,
}

/// Takes batches and drops them, for `long` at least.
fn measure(
    loader: &Loader,
    long: Duration,
    rates: &mut Option<Profiled>,
    log: &mut Option<Log>,
) -> anyhow::Result<Run> {
    let (before, cpu_before, began) = (loader.stats(), cpu_seconds()?, Instant::now());
    let (mut samples, mut batches, mut batch_bytes, mut own_bytes) = (0, 0, 0, 0);
    while began.elapsed() < long || batches < LEAST_BATCHES {
        let batch = loader.next_batch()?;
        samples += batch.provenance.len();
        batch_bytes += batch.size_bytes();
        own_bytes += batch.arrays.iter().map(BatchArray::own_bytes).sum::<u64>();
        batches += 1;
        if let Some(rates) = rates {
            rates.count(batch.provenance.len())?;
        }
        if let Some(log) = log {
            log.note(began.elapsed(), samples, &loader.stats())?;
        }
    }
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), cpu_seconds()? - cpu_before);
    Ok(Run { samples, batch_bytes, own_bytes, seconds, cpu_seconds: cpu, before, after: loader.stats() })
}

impl Run {
    fn told(&self, loader: &Loader) -> Value {
        let per_sample = |amount: f64| amount / self.samples as f64;
        let stages: serde_json::Map<_, _> = Stage::ALL
            .into_iter()
            .map(|stage| (stage.name().to_owned(), json!(per_sample(self.busy_seconds(stage)))))
            .collect();
        let keys = &loader.config().loader;
        let chunks = &self.after.chunk_cache;
        let saved = self.after.transform_saved.saturating_sub(self.before.transform_saved);
        json!({
            "system": "microtome",
            "version": env!("CARGO_PKG_VERSION"),
            "settings": { "memory_bytes": keys.memory, "threads": self.after.threads, "batch_size": keys.batch_size },
            "samples": self.samples,
            "seconds": self.seconds,
            "samples_per_s": self.samples as f64 / self.seconds,
            "cpu_seconds_per_sample": per_sample(self.cpu_seconds),
            "peak_rss_bytes": peak_resident_bytes(),
            "batch_bytes_per_sample": per_sample(self.batch_bytes as f64),
            "own_bytes_per_sample": per_sample(self.own_bytes as f64),
            "decoded_bytes_per_sample": per_sample(self.bytes(Stage::Decode) as f64),
            "fetched_bytes_per_sample": per_sample(self.bytes(Stage::Fetch) as f64),
            "hit_rate": hit_rate(chunks, &self.before.chunk_cache),
            "chunk_capacity_bytes": chunks.capacity_bytes,
            "transform_hit_rate": hit_rate(&self.after.transform_cache, &self.before.transform_cache),
            "transform_saved_seconds_per_sample": per_sample(saved.as_secs_f64()),
            "stage_seconds_per_sample": stages,
        })
    }

    fn busy_seconds(&self, stage: Stage) -> f64 {
        let busy = |stats: &Stats| {
            stats.stages.iter().find(|row| row.stage == stage).map_or(0.0, |row| row.busy.as_secs_f64())
        };
        busy(&self.after) - busy(&self.before)
    }

    fn bytes(&self, stage: Stage) -> u64 {
        let bytes = |stats: &Stats| stats.stages.iter().find(|row| row.stage == stage).map_or(0, |row| row.bytes);
        bytes(&self.after) - bytes(&self.before)
    }
}

/// Of the lookups since `before`; `None` without any.
fn hit_rate(now: &CacheStats, before: &CacheStats) -> Option<f64> {
    let since = CacheStats { hits: now.hits - before.hits, misses: now.misses - before.misses, ..*now };
    since.hit_rate()
}

/// Samples and time without and with spans.
#[derive(Default)]
struct Profiled {
    recorder: Option<Recorder>,
    slice: Option<(Instant, f64)>,
    in_slice: usize,
    /// Without, with: samples, seconds, seconds on the processors.
    totals: [(usize, f64, f64); 2],
}

impl Profiled {
    /// Counts a batch; at the end of a slice switches over. The switch itself is not measured.
    fn count(&mut self, samples: usize) -> anyhow::Result<()> {
        let Some((began, cpu)) = self.slice else {
            self.slice = Some((Instant::now(), cpu_seconds()?));
            return Ok(());
        };
        self.in_slice += samples;
        if began.elapsed() < SLICE {
            return Ok(());
        }
        let total = &mut self.totals[usize::from(self.recorder.is_some())];
        *total = (total.0 + self.in_slice, total.1 + began.elapsed().as_secs_f64(), total.2 + cpu_seconds()? - cpu);
        self.recorder = if self.recorder.is_some() { None } else { Some(Recorder::start(10 * SLICE)?) };
        (self.in_slice, self.slice) = (0, None);
        Ok(())
    }

    fn told(&self) -> Value {
        let [off, on] = self.totals.map(|(samples, seconds, _)| samples as f64 / seconds);
        let [cpu_off, cpu_on] = self.totals.map(|(samples, _, cpu)| cpu / samples as f64);
        json!({
            "off_samples_per_s": off,
            "on_samples_per_s": on,
            "on_of_off": on / off,
            "off_cpu_seconds_per_sample": cpu_off,
            "on_cpu_seconds_per_sample": cpu_on,
        })
    }
}

/// A long run, line by line.
struct Log {
    file: File,
    rows: Vec<LogRow>,
}

#[derive(Clone, Copy, Default)]
struct LogRow {
    seconds: f64,
    samples: usize,
    cpu_seconds: f64,
    rss_bytes: u64,
}

impl Log {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let mut file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        writeln!(file, "seconds,samples,samples_per_s,samples_per_cpu_s,rss_bytes,hit_rate_since_start")?;
        let first = LogRow { cpu_seconds: cpu_seconds()?, rss_bytes: resident_set_bytes(), ..LogRow::default() };
        Ok(Self { file, rows: vec![first] })
    }

    /// Writes a line if one is due.
    fn note(&mut self, elapsed: Duration, samples: usize, stats: &Stats) -> anyhow::Result<()> {
        let last = self.rows.last().copied().unwrap_or_default();
        if elapsed.as_secs_f64() < last.seconds + LOG_INTERVAL.as_secs_f64() {
            return Ok(());
        }
        let row = LogRow {
            seconds: elapsed.as_secs_f64(),
            samples,
            cpu_seconds: cpu_seconds()?,
            rss_bytes: resident_set_bytes(),
        };
        let (per_s, per_cpu_s) = rates(&last, &row);
        let hit_rate = stats.chunk_cache.hit_rate().unwrap_or(0.0);
        let LogRow { seconds, rss_bytes, .. } = row;
        writeln!(self.file, "{seconds:.1},{samples},{per_s:.2},{per_cpu_s:.2},{rss_bytes},{hit_rate:.4}")?;
        self.rows.push(row);
        Ok(())
    }

    /// The first and the last quarter: throughput, and the largest resident set.
    fn quarters(&self) -> Value {
        let quarter = (self.rows.len() / 4).max(1).min(self.rows.len() - 1);
        let told = |rows: &[LogRow]| {
            let ends = rows.first().zip(rows.last());
            let (per_s, per_cpu_s) = ends.map_or((0.0, 0.0), |(first, last)| rates(first, last));
            let rss = rows.iter().map(|row| row.rss_bytes).max();
            json!({ "samples_per_s": per_s, "samples_per_cpu_s": per_cpu_s, "peak_rss_bytes": rss })
        };
        json!({ "first": told(&self.rows[..=quarter]), "last": told(&self.rows[self.rows.len() - 1 - quarter..]) })
    }
}

/// Samples per second, and per second of all threads' work.
fn rates(from: &LogRow, to: &LogRow) -> (f64, f64) {
    let samples = (to.samples - from.samples) as f64;
    (samples / (to.seconds - from.seconds), samples / (to.cpu_seconds - from.cpu_seconds))
}
