//! How busy the workers are: reads that wait for one, and workers that are at one.

use crate::sync::Mutex;
use crate::telemetry::{Occupancy, OccupancyClock};

/// Counts reads that were given to the workers, and those that run.
#[derive(Debug)]
pub(super) struct Crew {
    threads: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    waiting: OccupancyClock,
    working: OccupancyClock,
}

/// A worker is at a read until this is dropped.
#[derive(Debug)]
pub(super) struct AtWork<'a>(&'a Crew);

impl Crew {
    /// Of so many workers.
    pub(super) fn new(threads: usize) -> Self {
        let state = State { waiting: OccupancyClock::default(), working: OccupancyClock::default() };
        Self { threads: threads as u64, state: Mutex::new(state) }
    }

    /// So many reads are given to the workers.
    pub(super) fn given(&self, reads: usize) {
        let mut state = self.state.lock();
        let level = state.waiting.level() + reads as u64;
        state.waiting.set(level, false);
    }

    /// A worker begins one of them.
    pub(super) fn begin(&self) -> AtWork<'_> {
        let mut state = self.state.lock();
        let waiting = state.waiting.level().saturating_sub(1);
        state.waiting.set(waiting, false);
        self.set_working(&mut state, |working| working + 1);
        AtWork(self)
    }

    /// Reads that wait, workers that work.
    pub(super) fn read(&self) -> (Occupancy, Occupancy) {
        let state = self.state.lock();
        (state.waiting.read(), state.working.read())
    }

    /// Reads that wait and workers that work now.
    pub(super) fn levels(&self) -> (u64, u64) {
        let state = self.state.lock();
        (state.waiting.level(), state.working.level())
    }

    fn set_working(&self, state: &mut State, change: impl FnOnce(u64) -> u64) {
        let working = change(state.working.level());
        state.working.set(working, working >= self.threads);
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        self.0.set_working(&mut state, |working| working.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn reads_wait_until_a_worker_begins_them() {
        let crew = Crew::new(2);
        let pause = || std::thread::sleep(Duration::from_millis(2));
        crew.given(3);
        pause();
        let first = crew.begin();
        pause();
        let second = crew.begin();
        pause();
        let (waiting, working) = crew.read();
        assert!(waiting.empty < Duration::from_millis(2) && waiting.mean_level().is_some_and(|level| level > 1.0));
        assert!(working.full >= Duration::from_millis(2) && working.full <= working.observed / 2, "{working:?}");
        drop((first, second));
        drop(crew.begin());
        pause();
        let before = crew.read();
        pause();
        let after = crew.read();
        assert_eq!(after.0.since(&before.0).empty_share(), Some(1.0));
        assert_eq!(after.1.since(&before.1).mean_level(), Some(0.0));
    }
}
