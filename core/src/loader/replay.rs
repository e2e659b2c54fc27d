//! Batches served again and again without the loader at work: how fast the consumer is by itself.

use std::time::Instant;

use parking_lot::Mutex;

use super::Batch;
use crate::telemetry::ReplayStats;

/// Serves batches again while it is asked to.
#[derive(Debug, Default)]
pub(super) struct Replay(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// So many batches are to be kept; 0: it is off.
    wanted: usize,
    kept: Vec<Batch>,
    next: usize,
    /// When the last was served, and how many samples it had.
    served: Option<(Instant, u64)>,
    totals: ReplayStats,
}

impl Replay {
    /// Keeps the next `batches` that are taken, then serves them.
    pub(super) fn begin(&self, batches: usize) {
        let mut state = self.0.lock();
        *state = State { wanted: batches, totals: state.totals, ..State::default() };
    }

    /// Serves no more, and lets go of what it kept.
    pub(super) fn end(&self) {
        self.begin(0);
    }

    /// A batch was taken; answers whether from now on what was kept is served.
    pub(super) fn keep(&self, batch: &Batch) -> bool {
        let mut state = self.0.lock();
        if state.kept.len() >= state.wanted {
            return false;
        }
        state.kept.push(batch.clone());
        state.kept.len() == state.wanted
    }

    /// A copy of the next batch, if it serves. What the consumer did since the one before is its own time; making the copy
    /// is not.
    pub(super) fn serve(&self) -> Option<Batch> {
        let mut state = self.0.lock();
        if state.wanted == 0 || state.kept.len() < state.wanted {
            return None;
        }
        if let Some((at, samples)) = state.served {
            state.totals.elapsed += at.elapsed();
            state.totals.batches += 1;
            state.totals.samples += samples;
        }
        let next = state.next % state.wanted;
        let batch = state.kept[next].clone();
        state.next = next + 1;
        state.served = Some((Instant::now(), batch.provenance.len() as u64));
        Some(batch)
    }

    /// What came of it so far.
    pub(super) fn stats(&self) -> ReplayStats {
        self.0.lock().totals
    }
}
