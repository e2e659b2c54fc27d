//! A loader whose store never answers says so, once, and who waits for what; one whose store is only slow does not.

use std::sync::Arc;
use std::time::Duration;

use microtome_core::catalog::{Catalog, Dataset};
use microtome_core::loader::{Loader, LoaderConfig};
use microtome_core::store::Metered;
use microtome_core::telemetry::{Event, Stage, Task};
use microtome_core::testing::{Fault, FaultStore, Fixture};
use microtome_core::volume::Volume;

/// A loader and the store below it, which answers at the latest when this goes: a loader ends with its last read.
struct Scene {
    loader: Loader,
    store: FaultStore,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.store.heal();
    }
}

/// A loader whose watchdog has a patience of a second, above a store that does not answer.
fn scene(memory: &str, threads: usize) -> Scene {
    let text = format!(
        "[input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n\
         [loader]\nbatch_size = 2\nthreads = {threads}\nmemory = \"{memory}\"\n[telemetry]\nwatchdog_s = 1\n"
    );
    let store = FaultStore::new(Fixture::default().write().unwrap());
    let metered = Arc::new(Metered::new(Arc::new(store.clone()), "memory"));
    let raw = Arc::new(Volume::open_in(&metered, "").unwrap());
    let dataset = Dataset { name: "small".to_owned(), raw, crops: Vec::new() };
    let catalog = Catalog { datasets: vec![dataset], ..Catalog::default() };
    store.put("s0/c", Fault::Hang);
    let loader = Loader::new(Arc::new(catalog), LoaderConfig::from_toml(&text).unwrap()).unwrap();
    Scene { loader, store }
}

fn events(loader: &Loader) -> Vec<Event> {
    loader.stats().events.into_iter().map(|mark| mark.event).collect()
}

#[test]
fn a_store_that_never_answers_is_named_once_with_who_waits_for_what() {
    let scene = scene("64 MiB", 2);
    let loader = &scene.loader;
    while loader.stats().standstills.count == 0 {
        assert!(loader.next_batch_timeout(Duration::from_millis(50)).unwrap().is_none());
    }
    // Once for each standstill, however long it lasts.
    assert!(loader.next_batch_timeout(Duration::from_millis(1500)).unwrap().is_none());
    let standstills = loader.stats().standstills;
    let report = standstills.now().expect("it lasts");
    assert_eq!((standstills.count, report.waits_for, report.queue.batches), (1, 0, 0));
    assert!(report.still >= Duration::from_secs(1) && report.in_flight_bytes > 0);
    let culprit = report.culprit().unwrap();
    assert_eq!(culprit.stage, Some(Stage::Fetch));
    assert!(culprit.key.starts_with("s0/c") && culprit.thread.starts_with("worker-"), "{culprit:?}");
    assert!(matches!(culprit.task, Some(Task::Sample { epoch: 0, array: 0, .. })), "{culprit:?}");
    assert!(report.holder().unwrap().thread.starts_with("builder-"));
    assert_eq!(report.workers_busy, 2);
    assert!(report.words().contains("batch 0") && report.words().contains("reads s0/c"), "{}", report.words());
    assert!(report.advice().contains("store does not answer"));
    let stalled = |event: &Event| matches!(event, Event::Stalled { what, .. } if what.contains("s0/c"));
    assert_eq!(events(loader).iter().filter(|event| stalled(event)).count(), 1);
    // It answers again: the loader goes on, and that is said, too.
    scene.store.heal();
    assert_eq!(loader.next_batch().unwrap().number, 0);
    while loader.stats().standstills.now().is_some() {
        loader.next_batch().unwrap();
    }
    let last = events(loader).pop();
    assert!(matches!(last, Some(Event::GotOn { still }) if still >= Duration::from_secs(1)), "{last:?}");
}

#[test]
fn a_slow_store_is_not_called_dead() {
    let scene = scene("40 KiB", 1);
    let loader = &scene.loader;
    scene.store.heal();
    scene.store.put("s0/c", Fault::Delay(Duration::from_millis(150)));
    // Far longer than the watchdog's patience all in all, but never without a read that ends.
    let waited = |loader: &Loader| loader.stats().consumer_wait;
    while waited(loader) < Duration::from_secs(4) {
        loader.next_batch_timeout(Duration::from_millis(50)).unwrap();
    }
    assert_eq!(loader.stats().standstills.count, 0, "{:?}", loader.stats().standstills);
}

#[test]
fn a_loader_that_is_paused_or_not_asked_is_not_dead() {
    let scene = scene("64 MiB", 2);
    let loader = &scene.loader;
    assert!(loader.next_batch_timeout(Duration::from_millis(10)).unwrap().is_none());
    loader.pause();
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(loader.stats().standstills.count, 0);
}
