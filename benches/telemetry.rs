//! What watching costs: one span off and on, statistics, collecting and drawing spans, and the loader with spans and without
//! in turn.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Throughput};
use microtome_benches::{Fixtures, criterion, patch_side, quick, quieten};
use microtome_core::catalog::Catalog;
use microtome_core::geometry::{Axis, Zyx};
use microtome_core::loader::{Augment, Loader, LoaderConfig, Mirror, Transpose};
use microtome_core::ome::NgffVersion;
use microtome_core::telemetry::{Meter, Recorder, Stage};

/// What the window's recorder keeps.
const WINDOW: Duration = Duration::from_secs(10);
/// Spans that are collected at a time.
const SPANS: u64 = 10_000;

fn main() -> anyhow::Result<()> {
    let fixtures = Fixtures::new(&[NgffVersion::V04])?;
    let loader = loader(&fixtures)?;
    let mut criterion = criterion();
    let mut group = criterion.benchmark_group("telemetry");
    group.throughput(Throughput::Elements(1));
    spans(&mut group)?;
    statistics(&mut group, &loader)?;
    group.finish();
    let mut group = criterion.benchmark_group("telemetry_loader");
    group.throughput(Throughput::Elements(loader.config().loader.batch_size as u64));
    in_turn(&mut group, &loader);
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// The loader of the bench `loader`, rich: the shorter its samples, the more spans weigh.
fn loader(fixtures: &Fixtures) -> anyhow::Result<Loader> {
    let catalog = Arc::new(Catalog::open(&fixtures.dataset(NgffVersion::V04))?);
    let mut config = LoaderConfig::for_catalog(&catalog);
    for array in config.input.values_mut().chain(config.target.values_mut()) {
        array.shape = Zyx::splat(usize::try_from(patch_side())?);
    }
    config.augment = Augment {
        mirror: Some(Mirror { z: 0.5, y: 0.5, x: 0.5 }),
        transpose: Some(Transpose { axes: Axis::ALL.to_vec(), probability: 1.0 }),
        ..Augment::default()
    };
    let loader = Loader::new(catalog, config)?;
    for _ in 0..if quick() { 2 } else { 16 } {
        loader.next_batch()?;
    }
    quieten(&loader);
    Ok(loader)
}

/// One call of a stage on a thread that does nothing else.
fn spans(group: &mut BenchmarkGroup<'_, WallTime>) -> anyhow::Result<()> {
    let meter = Meter::new();
    let one = || drop(meter.start(Stage::Gather, || "volume s0 (1, 2, 3)".to_owned()));
    // A span inside another: what most of the loader's are.
    let nested = || drop(Meter::nested(Stage::Fetch, || "volume s0 (1, 2, 3)".to_owned()));
    group.bench_function("stage_off", |bencher| bencher.iter(one));
    {
        let _around = meter.start(Stage::Decode, String::new);
        group.bench_function("stage_nested_off", |bencher| bencher.iter(nested));
    }
    let _recorder = Recorder::start(WINDOW)?;
    group.bench_function("stage_on", |bencher| bencher.iter(one));
    group.bench_function("stage_nested_on", |bencher| {
        // Spans of a thread arrive when the outermost ends: that one has to end now and then.
        bencher.iter_custom(|times| {
            let began = Instant::now();
            for first in (0..times).step_by(100) {
                let _around = meter.start(Stage::Decode, String::new);
                (first..times.min(first + 100)).for_each(|_| nested());
            }
            began.elapsed()
        });
    });
    Ok(())
}

/// What the window and `bench` ask for in every frame; and what the thread `telemetry` does with spans.
fn statistics(group: &mut BenchmarkGroup<'_, WallTime>, loader: &Loader) -> anyhow::Result<()> {
    group.bench_function("stats", |bencher| bencher.iter(|| black_box(loader.stats())));
    let meter = Meter::new();
    let burst = || (0..SPANS).for_each(|_| drop(meter.start(Stage::Gather, || "volume s0 (1, 2, 3)".to_owned())));
    group.bench_function("collect_10000_spans", |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| collecting(&burst)).sum());
    });
    let recorder = Recorder::start(WINDOW)?;
    burst();
    recorder.stop();
    let spans: usize = recorder.timeline().tracks.iter().map(|track| track.spans.len()).sum();
    anyhow::ensure!(spans >= SPANS as usize, "{spans} of {SPANS} spans were collected");
    group.bench_function("timeline_10000_spans", |bencher| {
        bencher.iter_custom(|times| {
            // A timeline stands for a moment; one of a recorder that stopped stands for ever, so each needs its own.
            (0..times).map(|_| drawing(&burst)).sum()
        });
    });
    Ok(())
}

/// Time to collect a burst of spans: what is left to do when a recorder stops right behind it.
fn collecting(burst: &impl Fn()) -> Duration {
    let Ok(recorder) = Recorder::start(WINDOW) else { return Duration::MAX };
    burst();
    let began = Instant::now();
    recorder.stop();
    began.elapsed()
}

/// Time to draw the timeline of a burst.
fn drawing(burst: &impl Fn()) -> Duration {
    let Ok(recorder) = Recorder::start(WINDOW) else { return Duration::MAX };
    burst();
    recorder.stop();
    let began = Instant::now();
    black_box(recorder.timeline());
    began.elapsed()
}

/// Batches without and with spans in turn, so that whatever else the machine does meets both.
fn in_turn(group: &mut BenchmarkGroup<'_, WallTime>, loader: &Loader) {
    let batches = |count: u64| -> microtome_core::Result<Duration> {
        let began = Instant::now();
        for _ in 0..count {
            loader.next_batch()?;
        }
        Ok(began.elapsed())
    };
    let both = |count: u64| -> microtome_core::Result<[Duration; 2]> {
        let without = batches(count)?;
        let recorder = Recorder::start(WINDOW)?;
        // The first batches were made before.
        batches(2)?;
        let with = batches(count)?;
        recorder.stop();
        batches(2)?;
        Ok([without, with])
    };
    loader.resume();
    for (way, name) in ["spans_off", "spans_on"].into_iter().enumerate() {
        // A loader that fails gives a time that nobody takes for a measurement.
        let run = |count: u64| both(count).map_or(Duration::MAX, |took| took[way]);
        group.bench_function(name, |bencher| bencher.iter_custom(run));
    }
}
