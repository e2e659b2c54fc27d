//! The recorder on a running loader: every stage by name, on named threads, nested as the work is.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test fail by panicking, as the test does"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use microtome_core::catalog::Catalog;
use microtome_core::loader::{Loader, LoaderConfig};
use microtome_core::telemetry::{Recorder, Span, Stage, Timeline};
use microtome_tests::data;

fn record(batches: usize) -> (Arc<Timeline>, Vec<Stage>) {
    let config = LoaderConfig::from_toml(
        "
        [input.raw]
        shape = [32, 32, 32]
        voxel_size_nm = [10, 10, 10]
        encoding = \"f32\"
        [target.labels]
        shape = [32, 32, 32]
        voxel_size_nm = [10, 10, 10]
        encoding = \"ids\"
        [loader]
        batch_size = 2
        memory = \"64 MiB\"
        threads = 2
        ",
    );
    let catalog = Arc::new(Catalog::open(&data::root().join("gala.zarr")).unwrap());
    let recorder = Recorder::start(Duration::from_secs(600)).unwrap();
    let loader = Loader::new(catalog, config.unwrap()).unwrap();
    for _ in 0..batches {
        loader.next_batch().unwrap();
    }
    // Let the queue run full, so that a builder waits for room.
    let waits =
        |loader: &Loader| loader.stats().stages.iter().find(|row| row.stage == Stage::Wait).map_or(0, |row| row.calls);
    let before = waits(&loader);
    while waits(&loader) <= before {
        std::thread::sleep(Duration::from_millis(5));
    }
    let ran = loader.stats().stages.iter().filter(|row| row.calls > 0).map(|row| row.stage).collect();
    drop(loader);
    recorder.stop();
    (recorder.timeline(), ran)
}

/// The spans around `spans[index]`, innermost first.
fn around(spans: &[Span], index: usize) -> Vec<&str> {
    let mut depth = spans[index].depth;
    let mut names = Vec::new();
    for span in spans[..index].iter().rev() {
        if span.depth + 1 == depth {
            names.push(&*span.name);
            depth = span.depth;
        }
    }
    names
}

#[test]
fn every_stage_shows_on_the_thread_that_ran_it() {
    let (timeline, ran) = record(6);
    assert_eq!(ran, Stage::ALL);
    let threads: Vec<_> = timeline.tracks.iter().map(|track| track.thread.as_str()).collect();
    assert!(
        threads.contains(&"worker-0") && threads.contains(&"worker-1") && threads.contains(&"builder-0"),
        "{threads:?}"
    );
    let names_on = |prefix: &str| -> BTreeSet<&str> {
        let tracks = timeline.tracks.iter().filter(|track| track.thread.starts_with(prefix));
        tracks.flat_map(|track| track.spans.iter().map(|span| &*span.name)).collect()
    };
    let on_workers = names_on("worker-");
    for name in ["sample", "plan", "augment", "fetch", "decode", "gather"] {
        assert!(on_workers.contains(name), "{name} is not among {on_workers:?}");
    }
    let on_builders = names_on("builder-");
    for name in ["build", "plan", "collate", "wait"] {
        assert!(on_builders.contains(name), "{name} is not among {on_builders:?}");
    }
}

#[test]
fn spans_nest_as_the_work_does_and_say_what_they_work_on() {
    let (timeline, _) = record(3);
    let (mut decodes, mut fetches) = (0, 0);
    for track in timeline.tracks.iter().filter(|track| track.thread.starts_with("worker-")) {
        for (index, span) in track.spans.iter().enumerate() {
            assert!(span.start_ns <= span.end_ns);
            let outer = around(&track.spans, index);
            match &*span.name {
                "decode" => {
                    decodes += 1;
                    assert_eq!(outer.last(), Some(&"sample"), "{outer:?}");
                    assert!(span.detail.contains("s0"), "{}", span.detail);
                }
                "fetch" => {
                    fetches += 1;
                    assert!(outer.contains(&"decode"), "{outer:?}");
                }
                "sample" => {
                    assert_eq!(span.depth, 0);
                    assert!(span.detail.contains("gala"), "{}", span.detail);
                }
                _ => {}
            }
            for inner in track.spans[index + 1..].iter().take_while(|inner| inner.depth > span.depth) {
                assert!(span.start_ns <= inner.start_ns && inner.end_ns <= span.end_ns, "{span:?} {inner:?}");
            }
        }
    }
    assert!(decodes > 0 && fetches > 0);
}
