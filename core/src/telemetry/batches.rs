//! When each batch was asked for, begun, finished and taken; the last of them are kept.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::Histogram;

/// The life of one batch. Times are since the loader started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchTimes {
    /// Its number.
    pub number: u64,
    /// Samples in it.
    pub samples: u64,
    /// Its bytes.
    pub bytes: u64,
    /// A builder began it.
    pub started: Duration,
    /// Its reads were given to the workers.
    pub reading: Duration,
    /// The workers were through with it.
    pub read: Duration,
    /// It could be taken, apart from those before it.
    pub ready: Duration,
    /// The consumer asked for it.
    pub requested: Duration,
    /// The consumer got it.
    pub taken: Duration,
    /// How long the consumer waited for it.
    pub stall: Duration,
}

impl BatchTimes {
    /// Batches whose times are kept.
    pub const KEPT: usize = 64;
}

/// What is known of the consumer: how long it waited for each batch, and how long it was at work with each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsumerStats {
    /// Time that it was at work, between taking a batch and asking for the next. Pauses are left out. Of several
    /// consumers it is of little meaning.
    pub busy: Duration,
    /// Its times of work, by batch.
    pub work: Histogram,
    /// Its waits, by batch.
    pub stalls: Histogram,
}

/// Where builders and the consumer report to.
#[derive(Debug)]
pub(crate) struct BatchLog {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: BTreeMap<u64, BatchTimes>,
    done: VecDeque<BatchTimes>,
    consumer: ConsumerStats,
    requested: Option<Duration>,
    taken: Option<Duration>,
    waited: Duration,
}

/// What happens to a batch that is being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Milestone {
    /// See [`BatchTimes::started`].
    Started,
    /// See [`BatchTimes::reading`].
    Reading,
    /// See [`BatchTimes::read`].
    Read,
    /// See [`BatchTimes::ready`].
    Ready,
}

impl BatchLog {
    /// Of a loader that started at `started`.
    pub(crate) fn new(started: Instant) -> Self {
        Self { started, state: Mutex::default() }
    }

    /// Batch `number` has come so far. (It may read several times, where samples are drawn again.)
    pub(crate) fn reached(&self, number: u64, milestone: Milestone) {
        let now = self.started.elapsed();
        let mut state = self.state.lock();
        let batch = state.open.entry(number).or_insert(BatchTimes { number, ..BatchTimes::default() });
        match milestone {
            Milestone::Started => batch.started = now,
            Milestone::Reading if batch.reading.is_zero() => batch.reading = now,
            Milestone::Reading => {}
            Milestone::Read => batch.read = now,
            Milestone::Ready => batch.ready = now,
        }
    }

    /// The consumer asks. Asking again before it was answered changes nothing.
    pub(crate) fn requested(&self) {
        let now = self.started.elapsed();
        let mut state = self.state.lock();
        if state.requested.is_some() {
            return;
        }
        state.requested = Some(now);
        if let Some(taken) = state.taken.take() {
            let busy = now.saturating_sub(taken);
            state.consumer.busy += busy;
            state.consumer.work.add_time(busy);
        }
    }

    /// Whether the consumer has asked for a batch and not got it yet.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.state.lock().requested.is_some()
    }

    /// It has waited so long.
    pub(crate) fn waited(&self, time: Duration) {
        self.state.lock().waited += time;
    }

    /// Somebody paused the loader: what the consumer does until it gets a batch again is not its work.
    pub(crate) fn paused(&self) {
        let mut state = self.state.lock();
        (state.requested, state.taken) = (None, None);
    }

    /// The consumer got a batch of `samples` and `bytes`.
    pub(crate) fn taken(&self, number: u64, samples: u64, bytes: u64) {
        let now = self.started.elapsed();
        let mut state = self.state.lock();
        let stall = std::mem::take(&mut state.waited);
        let requested = state.requested.take().unwrap_or(now);
        state.taken = Some(now);
        state.consumer.stalls.add_time(stall);
        let made = state.open.remove(&number).unwrap_or(BatchTimes { number, ..BatchTimes::default() });
        if state.done.len() == BatchTimes::KEPT {
            state.done.pop_front();
        }
        state.done.push_back(BatchTimes { samples, bytes, requested, taken: now, stall, ..made });
    }

    /// The last batches, oldest first, and what is known of the consumer.
    pub(crate) fn read(&self) -> (Vec<BatchTimes>, ConsumerStats) {
        let state = self.state.lock();
        (state.done.iter().copied().collect(), state.consumer.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_followed_from_its_beginning_to_its_consumer() {
        let log = BatchLog::new(Instant::now());
        let pause = Duration::from_millis(5);
        for milestone in [Milestone::Started, Milestone::Reading, Milestone::Read, Milestone::Reading, Milestone::Read]
        {
            std::thread::sleep(pause);
            log.reached(7, milestone);
        }
        log.requested();
        log.reached(7, Milestone::Ready);
        log.waited(pause);
        log.requested();
        log.taken(7, 4, 100);
        let (batches, consumer) = log.read();
        let batch = batches[0];
        assert_eq!((batch.number, batch.samples, batch.bytes, batch.stall), (7, 4, 100, pause));
        let times = [batch.started, batch.reading, batch.read, batch.ready, batch.taken];
        assert!(times.is_sorted() && batch.read - batch.reading >= 3 * pause, "{batch:?}");
        assert!(batch.requested <= batch.ready && batch.requested >= batch.read);
        assert_eq!((consumer.busy, consumer.stalls.count(), consumer.work.count()), (Duration::ZERO, 1, 0));
    }

    #[test]
    fn the_consumers_work_is_between_taking_and_asking_but_not_across_a_pause() {
        let log = BatchLog::new(Instant::now());
        log.requested();
        log.taken(0, 1, 1);
        std::thread::sleep(Duration::from_millis(5));
        log.requested();
        log.taken(1, 1, 1);
        let (_, consumer) = log.read();
        assert!(consumer.busy >= Duration::from_millis(5));
        log.paused();
        std::thread::sleep(Duration::from_millis(5));
        log.requested();
        assert_eq!(log.read().1.busy, consumer.busy);
    }

    #[test]
    fn only_the_last_batches_are_kept() {
        let log = BatchLog::new(Instant::now());
        for number in 0..BatchTimes::KEPT as u64 + 3 {
            log.requested();
            log.taken(number, 1, 1);
        }
        let (batches, consumer) = log.read();
        assert_eq!(
            (batches.len(), batches[0].number, consumer.stalls.count()),
            (BatchTimes::KEPT, 3, BatchTimes::KEPT as u64 + 3)
        );
    }
}
