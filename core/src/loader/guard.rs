//! The thread `guard`: sees that the loader gets on, and gives chunks up when the machine runs short of memory. It decides
//! nothing: the watchdog and [`super::trim`] do.

use std::sync::Arc;
use std::time::Duration;

use super::engine::Engine;
use super::trim;
use crate::telemetry::watchdog::{Bark, Progress, Watchdog};
use crate::telemetry::{Event, MachineMemory, StandstillReport, machine_memory};

/// How often it looks at most and at least.
const EVERY: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];
/// Looks between two checks of what the chunk cache counts.
const AUDIT_EVERY: u64 = 30;

/// Looks after the loader until it is stopped.
pub(super) fn guard(engine: &Arc<Engine>) {
    let patience = Duration::from_secs(engine.config.telemetry.watchdog_s);
    let every = if patience.is_zero() { EVERY[1] } else { (patience / 4).clamp(EVERY[0], EVERY[1]) };
    let mut watchdog = (!patience.is_zero()).then(|| Watchdog::new(patience, every));
    for look in 0.. {
        if engine.handover.wait_for_stop(every) {
            return;
        }
        if let Some(watchdog) = &mut watchdog {
            engine.watch_over(watchdog);
        }
        let machine = machine_memory();
        *engine.counts.machine.lock() = machine;
        engine.trim(machine);
        if look % AUDIT_EVERY == 0 {
            let audit = engine.caches.chunks.audit();
            *engine.counts.audit.lock() = Some(audit);
        }
    }
}

impl Engine {
    fn watch_over(&self, watchdog: &mut Watchdog) {
        let now = self.started.elapsed();
        let seen = Progress {
            steps: self.roster.steps() + self.handover.finished(),
            is_waited_for: self.log.is_waited_for() && self.handover.keeps_waiting(),
            longest: self.roster.longest(),
        };
        match watchdog.look(now, seen) {
            Some(Bark::Stalled { still }) => self.bark(still),
            Some(Bark::GotOn { still }) => {
                self.standstills.end(now);
                self.marks.note(Event::GotOn { still });
                tracing::warn!("the loader gets on again, after {:.1} s", still.as_secs_f64());
            }
            None => {}
        }
    }

    /// Says that nothing gets on, with who waits for what.
    fn bark(&self, still: Duration) {
        let report = self.standstill(still);
        tracing::warn!("{}", report.words());
        report.lines().iter().for_each(|line| tracing::warn!("  {line}"));
        tracing::warn!("{}", report.advice());
        self.marks.note(Event::Stalled { still, what: report.cause() });
        self.standstills.begin(report);
    }

    fn standstill(&self, still: Duration) -> StandstillReport {
        let (queue, in_flight_bytes) = self.handover.stats();
        let (reads_waiting, workers_busy) = self.crew.levels();
        let report = StandstillReport {
            at: self.started.elapsed(),
            still,
            waits_for: self.handover.next_out(),
            queue,
            in_flight_bytes,
            reads_waiting,
            workers_busy,
            arrays: self.setup.arrays.iter().map(|array| array.key.clone()).collect(),
            ..StandstillReport::default()
        };
        report.with_threads(self.roster.work())
    }

    /// Gives chunks up, or lets the cache have more again, if what the machine has left asks for it.
    fn trim(&self, machine: MachineMemory) {
        let chunks = &self.caches.chunks;
        let in_force = self.in_force.lock();
        let before = chunks.stats();
        let Some(bytes) = trim::capacity(machine, in_force.chunk_bytes, before.capacity_bytes) else { return };
        chunks.set_capacity_bytes(bytes);
        if bytes > before.capacity_bytes {
            self.marks.note(Event::CacheResized { before_bytes: before.capacity_bytes, after_bytes: bytes });
            return;
        }
        let after_bytes = chunks.stats().taken_bytes();
        let mib = |bytes: u64| bytes >> 20;
        let why = format!("the machine has {} of {} MiB left", mib(machine.available_bytes), mib(machine.total_bytes));
        tracing::warn!("{why}: the chunk cache may hold {} MiB now, of {}", mib(bytes), mib(in_force.chunk_bytes));
        self.marks.note(Event::Trimmed { before_bytes: before.taken_bytes(), after_bytes, why });
    }
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]
mod tests {
    use super::super::{Loader, LoaderConfig};
    use super::*;
    use crate::catalog::{Catalog, Dataset};
    use crate::store::Metered;
    use crate::testing::Fixture;
    use crate::volume::Volume;

    fn loader() -> Loader {
        let store = Arc::new(Metered::new(Fixture::default().write().unwrap(), "memory"));
        let raw = Arc::new(Volume::open_in(&store, "").unwrap());
        let dataset = Dataset { name: "small".to_owned(), raw, crops: Vec::new() };
        let text = "[input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n\
                    [loader]\nbatch_size = 2\nthreads = 2\nmemory = \"1 MiB\"\n[telemetry]\nwatchdog_s = 0\n";
        let catalog = Catalog { datasets: vec![dataset], ..Catalog::default() };
        Loader::new(Arc::new(catalog), LoaderConfig::from_toml(text).unwrap()).unwrap()
    }

    #[test]
    fn chunks_are_given_up_when_the_machine_runs_short_and_batches_stay_the_same() {
        let (loader, plenty) = (loader(), loader());
        let engine = &loader.engine;
        let full = engine.caches.chunks.stats().capacity_bytes;
        // The thread of the loader itself looks at the real machine, once a second.
        let short = MachineMemory { total_bytes: 1000, available_bytes: 10 };
        for number in 0..40 {
            engine.trim(short);
            assert!(loader.next_batch().unwrap() == plenty.next_batch().unwrap(), "batch {number}");
        }
        engine.trim(short);
        let stats = loader.stats();
        assert!(stats.chunk_cache.taken_bytes() <= full / 4, "{:?}", stats.chunk_cache);
        let trimmed = |event: &Event| matches!(event, Event::Trimmed { why, .. } if why.contains("left"));
        assert!(stats.events.iter().any(|mark| trimmed(&mark.event)), "{:?}", stats.events);
        let enough = MachineMemory { total_bytes: 1000, available_bytes: 900 };
        (0..3).for_each(|_| engine.trim(enough));
        assert_eq!(loader.stats().chunk_cache.capacity_bytes, full);
    }
}
