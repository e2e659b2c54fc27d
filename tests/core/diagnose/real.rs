//! The real loader: what its statistics say adds up, and what limits it is named where that is beyond doubt.

use std::sync::Arc;
use std::time::Duration;

use microtome_core::catalog::{Catalog, Dataset};
use microtome_core::diagnose::{Diagnosis, InputBound, Limit, Station, Window};
use microtome_core::loader::{Loader, LoaderConfig};
use microtome_core::store::Metered;
use microtome_core::telemetry::{Stage, Stats};
use microtome_core::testing::{Fault, FaultStore, Fixture};
use microtome_core::volume::Volume;

fn config(memory: &str) -> LoaderConfig {
    let text = format!(
        "[input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n\
         [loader]\nbatch_size = 2\nthreads = 2\nmemory = \"{memory}\"\n"
    );
    LoaderConfig::from_toml(&text).unwrap()
}

/// A volume of chunks of 16³ whose every read takes so long.
fn slow_loader(delay: Duration, memory: &str) -> Loader {
    let store = FaultStore::new(Fixture::default().write().unwrap());
    let metered = Arc::new(Metered::new(Arc::new(store.clone()), "memory"));
    let raw = Arc::new(Volume::open_in(&metered, "").unwrap());
    store.put("s0/c", Fault::Delay(delay));
    let dataset = Dataset { name: "slow".to_owned(), raw, crops: Vec::new() };
    let catalog = Catalog { datasets: vec![dataset], ..Catalog::default() };
    Loader::new(Arc::new(catalog), config(memory)).unwrap()
}

fn take(loader: &Loader, batches: usize, work: Duration) -> Stats {
    for _ in 0..batches {
        loader.next_batch().unwrap();
        std::thread::sleep(work);
    }
    loader.stats()
}

/// What a loader says once it is paused and nothing is being made: while workers count, counts that are read one after
/// the other are of different moments.
fn at_rest(loader: &Loader) -> Stats {
    loader.pause();
    while loader.stats().memory.in_flight_bytes > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    loader.stats()
}

#[test]
fn a_slow_store_is_named_and_its_cure_is_memory() {
    // Next to nothing is kept.
    let loader = slow_loader(Duration::from_millis(4), "40 KiB");
    let before = take(&loader, 10, Duration::ZERO);
    let after = take(&loader, 15, Duration::ZERO);
    let diagnosis = Diagnosis::of(&Window::between(&before, &after).unwrap());
    assert_eq!(diagnosis.limit, Limit::Stage(Stage::Fetch), "{diagnosis:#?}");
    assert_eq!(diagnosis.input_bound, InputBound::Highly);
    let keys: Vec<_> =
        diagnosis.remedies.iter().flat_map(|remedy| &remedy.changes).map(|change| change.key.as_str()).collect();
    // More threads would find no more reads: two are all that a batch has, and there is memory for one batch.
    assert!(keys.contains(&"loader.memory"), "{:#?}", diagnosis.remedies);
    assert!(!keys.contains(&"loader.threads"), "{:#?}", diagnosis.remedies);
}

#[test]
fn a_slow_consumer_is_not_the_loaders_fault() {
    let loader = slow_loader(Duration::ZERO, "64 MiB");
    let before = take(&loader, 10, Duration::from_millis(30));
    let after = take(&loader, 10, Duration::from_millis(30));
    let window = Window::between(&before, &after).unwrap();
    let diagnosis = Diagnosis::of(&window);
    assert!(diagnosis.findings.iter().any(|finding| finding.station == Station::Consumer), "{diagnosis:#?}");
    assert!(window.consumer.busy >= Duration::from_millis(9 * 30), "{:?}", window.consumer);
    assert!(after.batch_queue.full > before.batch_queue.full, "the queue was full while the consumer worked");
}

#[test]
fn what_is_measured_adds_up() {
    let loader = slow_loader(Duration::from_millis(1), "64 MiB");
    take(&loader, 12, Duration::ZERO);
    let stats = at_rest(&loader);
    assert_eq!((stats.last_batches.len(), stats.consumer.stalls.count(), stats.consumer.work.count()), (12, 12, 11));
    for (number, batch) in stats.last_batches.iter().enumerate() {
        assert_eq!((batch.number, batch.samples), (number as u64, 2));
        let life = [batch.started, batch.reading, batch.read, batch.ready, batch.taken];
        assert!(life.is_sorted() && batch.requested <= batch.taken && batch.stall <= batch.taken, "{batch:?}");
    }
    assert_eq!(stats.stage_times.len(), Stage::ALL.len());
    for (times, totals) in stats.stage_times.iter().zip(&stats.stages) {
        assert_eq!(times.stage, totals.stage);
        assert!(times.in_stall <= totals.busy, "{times:?} {totals:?}");
    }
    assert_eq!(stats.arrays[0].key, "input.raw");
    let fetched = |stages: &[microtome_core::telemetry::StageStats]| {
        stages.iter().find(|row| row.stage == Stage::Fetch).map(|row| row.calls)
    };
    assert_eq!(fetched(&stats.arrays[0].stages), fetched(&stats.stages), "only one array reads");
    let lookups = stats.chunk_cache.hits + stats.chunk_cache.misses;
    assert_eq!(stats.reuse.lookups, lookups);
    // Chunks of 16³ bytes, of which each sample touches 8 at most and uses as many bytes as it has voxels.
    assert_eq!(stats.reads.touched_bytes, lookups * 4096);
    assert_eq!(stats.reads.used_bytes % 4096, 0);
    let samples = stats.reads.used_bytes / 4096;
    assert!(samples >= stats.samples && lookups <= 8 * (samples + 4), "{:?}", stats.reads);
    assert!(stats.memory_peak.bytes >= stats.memory_peak.queue_bytes && stats.memory_peak.bytes > 0);
    let setup = &stats.setup;
    assert_eq!((setup.threads, setup.batch_size, setup.arrays.len(), setup.batch_bytes), (2, 2, 1, 2 * 4096));
    assert_eq!(setup.arrays[0].stored.as_ref().unwrap().chunk_shape, [16; 3]);
    let json = serde_json::to_string(&stats).unwrap();
    assert_eq!(serde_json::from_str::<Stats>(&json).unwrap(), stats);
}

#[test]
fn batches_are_served_again_without_the_loader_and_then_it_goes_on() {
    let fresh = slow_loader(Duration::ZERO, "64 MiB");
    let expected: Vec<_> = (0..6).map(|_| fresh.next_batch().unwrap()).collect();
    let loader = slow_loader(Duration::ZERO, "64 MiB");
    assert_eq!(loader.next_batch().unwrap(), expected[0]);
    loader.replay(2);
    for number in [1, 2, 1, 2, 1] {
        assert_eq!(loader.next_batch().unwrap(), expected[number], "batch {number}");
    }
    let stats = loader.stats();
    assert_eq!((stats.batches, stats.replay.batches, stats.replay.samples), (3, 2, 4), "{:?}", stats.replay);
    assert!(stats.replay.samples_per_second().is_some());
    loader.end_replay();
    for batch in &expected[3..] {
        assert_eq!(loader.next_batch().unwrap(), *batch);
    }
}

#[test]
fn an_older_state_of_the_statistics_is_still_read() {
    let now = Stats { samples: 5, ..Stats::default() };
    let mut json = serde_json::to_value(&now).unwrap();
    let old = [
        "elapsed",
        "samples",
        "batches",
        "batch_bytes",
        "skipped_samples",
        "faults",
        "stages",
        "chunk_cache",
        "transform_cache",
        "memory",
        "queue",
        "consumer_wait",
        "threads",
    ];
    json.as_object_mut().unwrap().retain(|key, _| old.contains(&key.as_str()));
    assert_eq!(serde_json::from_value::<Stats>(json).unwrap(), now);
}
