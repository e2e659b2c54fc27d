//! How long the consumer has waited so far, readable at any moment for the price of one load: what of a stage's time lies
//! within such a wait is the difference of two readings.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

/// Set while somebody waits.
const RUNNING: u64 = 1 << 63;

/// A clock that runs while the consumer waits.
#[derive(Debug)]
pub(super) struct StallClock {
    epoch: Instant,
    waiting: AtomicU32,
    /// While it stands the time so far, ns. While it runs, with [`RUNNING`], the time since the epoch less that.
    state: AtomicU64,
}

impl Default for StallClock {
    fn default() -> Self {
        Self { epoch: Instant::now(), waiting: AtomicU32::new(0), state: AtomicU64::new(0) }
    }
}

impl StallClock {
    fn since_epoch_ns(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.epoch).as_nanos()).unwrap_or(RUNNING - 1)
    }

    /// What it shows at `at`, now or a moment ago, ns.
    pub(super) fn read_ns(&self, at: Instant) -> u64 {
        let state = self.state.load(Ordering::Relaxed);
        if state & RUNNING == 0 { state } else { self.since_epoch_ns(at).saturating_sub(state & !RUNNING) }
    }

    /// A consumer begins to wait. The clock runs as long as any does.
    pub(super) fn begin(&self) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) == 0 {
            let so_far_ns = self.state.load(Ordering::Relaxed) & !RUNNING;
            let now_ns = self.since_epoch_ns(Instant::now());
            self.state.store(RUNNING | now_ns.saturating_sub(so_far_ns), Ordering::Relaxed);
        }
    }

    /// It has what it waited for.
    pub(super) fn end(&self) {
        if self.waiting.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.state.store(self.read_ns(Instant::now()), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_runs_while_anybody_waits_and_stands_else() {
        let clock = StallClock::default();
        let read = || Duration::from_nanos(clock.read_ns(Instant::now()));
        let pause = Duration::from_millis(3);
        std::thread::sleep(pause);
        assert_eq!(read(), Duration::ZERO);
        clock.begin();
        std::thread::sleep(pause);
        clock.begin();
        clock.end();
        std::thread::sleep(pause);
        let while_running = read();
        assert!(while_running >= 2 * pause);
        clock.end();
        let stood = read();
        std::thread::sleep(pause);
        assert!(stood >= while_running && read() == stood);
        clock.begin();
        std::thread::sleep(pause);
        assert!(read() >= stood + pause, "it goes on from where it stood");
    }
}
