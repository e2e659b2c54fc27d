//! The hand-over: batches are begun in order, finished in any order, and leave in order, within a number of bytes.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Batch;
use super::turn::Walk;
use crate::sync::{Condvar, Mutex};
use crate::telemetry::{Occupancy, OccupancyClock, QueueStats};
use crate::{Error, Result};

/// Where builders and consumers meet. A batch's bytes are reserved before it is begun and given back when it leaves.
#[derive(Debug)]
pub(super) struct Handover {
    /// From one batch to the next.
    walk: Walk,
    state: Mutex<State>,
    /// Room for another batch, or an end of the pause or of everything.
    room: Condvar,
    /// Another batch, or an end of everything.
    ready: Condvar,
    /// An end of everything.
    stopping: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// What batches in flight and queued may take together.
    capacity_bytes: u64,
    next_in: u64,
    next_out: u64,
    /// Batches in flight and queued.
    reserved_bytes: u64,
    queued_bytes: u64,
    queued: BTreeMap<u64, Result<Batch>>,
    paused: bool,
    /// Batches are served that were made before: nothing is begun.
    resting: bool,
    /// Batches that were queued so far.
    finished: u64,
    /// Batches that could be taken one after the other.
    occupancy: OccupancyClock,
    /// An error is queued: nothing is begun any more.
    failed: bool,
    stopped: bool,
}

/// What a builder may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// Build the batch of that number.
    Build(u64),
    /// Wait: there is no room.
    Full,
    /// Wait: somebody paused.
    Paused,
    /// End.
    Stop,
}

impl Handover {
    /// Of the batches of a walk from number `first` on, within so many bytes.
    pub(super) fn new(capacity_bytes: u64, walk: Walk, first: u64) -> Self {
        let state = Mutex::new(State { capacity_bytes, next_in: first, next_out: first, ..State::default() });
        let [room, ready, stopping] = [(); 3].map(|()| Condvar::new());
        Self { walk, state, room, ready, stopping }
    }

    /// Number of the next batch that somebody will take.
    pub(super) fn next_out(&self) -> u64 {
        self.state.lock().next_out
    }

    /// Reserves the next batch, whose bytes `bytes_of` tells from its number, if there is room.
    pub(super) fn reserve(&self, bytes_of: impl Fn(u64) -> u64) -> Turn {
        let mut state = self.state.lock();
        let turn = self.turn(&state, &bytes_of);
        match turn {
            Turn::Build(number) => {
                state.reserved_bytes += bytes_of(number);
                state.next_in = self.walk.after(number);
            }
            Turn::Full => state.watch(&self.walk, true),
            Turn::Paused | Turn::Stop => {}
        }
        turn
    }

    /// Waits up to `slice` for [`Handover::reserve`] to have something else to say than now.
    pub(super) fn wait_for_turn(&self, bytes_of: impl Fn(u64) -> u64, slice: Duration) {
        let mut state = self.state.lock();
        if matches!(self.turn(&state, bytes_of), Turn::Full | Turn::Paused) {
            self.room.wait_for(&mut state, slice);
        }
    }

    fn turn(&self, state: &State, bytes_of: impl Fn(u64) -> u64) -> Turn {
        if state.stopped || state.failed {
            return Turn::Stop;
        }
        if state.paused || state.resting {
            return Turn::Paused;
        }
        let fits = state.reserved_bytes + bytes_of(state.next_in) <= state.capacity_bytes;
        if fits { Turn::Build(state.next_in) } else { Turn::Full }
    }

    /// Queues what became of batch `number`. An error is the last that consumers get to see.
    pub(super) fn put(&self, number: u64, reserved_bytes: u64, made: Result<Batch>) {
        let mut state = self.state.lock();
        if state.stopped {
            return;
        }
        state.finished += 1;
        match &made {
            Ok(_) => state.queued_bytes += reserved_bytes,
            Err(_) => {
                state.reserved_bytes -= reserved_bytes;
                state.failed = true;
                self.room.notify_all();
            }
        }
        state.queued.insert(number, made);
        let is_full = state.occupancy.is_full();
        state.watch(&self.walk, is_full);
        self.ready.notify_all();
    }

    /// The next batch in order, if it is there.
    ///
    /// # Errors
    /// The error in its place (again and again), or [`Error::Stopped`].
    pub(super) fn take(&self) -> Result<Option<Batch>> {
        let mut state = self.state.lock();
        if state.stopped {
            return Err(Error::Stopped);
        }
        let number = state.next_out;
        match state.queued.remove(&number) {
            None => Ok(None),
            Some(Ok(batch)) => {
                let bytes = batch.size_bytes();
                state.queued_bytes -= bytes;
                state.reserved_bytes -= bytes;
                state.next_out = self.walk.after(number);
                state.watch(&self.walk, false);
                self.room.notify_all();
                Ok(Some(batch))
            }
            Some(Err(error)) => {
                state.queued.insert(number, Err(error.clone()));
                Err(error)
            }
        }
    }

    /// Whether who asks for a batch has to wait, although nobody has paused anything.
    pub(super) fn keeps_waiting(&self) -> bool {
        let state = self.state.lock();
        let is_at_work = !state.stopped && !state.failed && !state.paused && !state.resting;
        is_at_work && !state.queued.contains_key(&state.next_out)
    }

    /// Batches that were queued so far, whatever became of them.
    pub(super) fn finished(&self) -> u64 {
        self.state.lock().finished
    }

    /// Waits up to `slice` for [`Handover::take`] to have an answer.
    pub(super) fn wait_for_batch(&self, slice: Duration) {
        let mut state = self.state.lock();
        if !state.stopped && !state.queued.contains_key(&state.next_out) {
            self.ready.wait_for(&mut state, slice);
        }
    }

    /// From now on batches in flight and queued may take so many bytes together; what is there already stays.
    pub(super) fn set_capacity_bytes(&self, capacity_bytes: u64) {
        self.state.lock().capacity_bytes = capacity_bytes;
        self.room.notify_all();
    }

    /// Begins no batches, or goes on; answers whether it was paused before.
    pub(super) fn set_paused(&self, paused: bool) -> bool {
        let before = std::mem::replace(&mut self.state.lock().paused, paused);
        self.room.notify_all();
        before
    }

    /// Begins no batches, or goes on, apart from pauses.
    pub(super) fn set_resting(&self, resting: bool) {
        self.state.lock().resting = resting;
        self.room.notify_all();
    }

    pub(super) fn is_paused(&self) -> bool {
        self.state.lock().paused
    }

    /// Ends everything: queued batches go, and whoever waits is woken.
    pub(super) fn stop(&self) {
        let mut state = self.state.lock();
        state.stopped = true;
        let dropped = std::mem::take(&mut state.queued);
        (state.queued_bytes, state.reserved_bytes) = (0, 0);
        drop(state);
        drop(dropped);
        self.room.notify_all();
        self.ready.notify_all();
        self.stopping.notify_all();
    }

    /// Waits so long, or until everything ends; answers whether it has.
    pub(super) fn wait_for_stop(&self, wait: Duration) -> bool {
        let mut state = self.state.lock();
        self.stopping.wait_while_for(&mut state, |state| !state.stopped, wait);
        state.stopped
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.state.lock().stopped
    }

    /// How many batches could be taken one after the other, over time; full is when there is no room to begin another.
    pub(super) fn occupancy(&self) -> Occupancy {
        self.state.lock().occupancy.read()
    }

    /// The queue, and the bytes of batches in flight.
    pub(super) fn stats(&self) -> (QueueStats, u64) {
        let state = self.state.lock();
        let batches = state.queued.values().filter(|made| made.is_ok()).count() as u64;
        let queue = QueueStats { batches, bytes: state.queued_bytes, capacity_bytes: state.capacity_bytes };
        (queue, state.reserved_bytes - state.queued_bytes)
    }
}

impl State {
    /// Notes how many batches could be taken now, and whether there is no room for another.
    fn watch(&mut self, walk: &Walk, is_full: bool) {
        let expected = std::iter::successors(Some(self.next_out), |number| Some(walk.after(*number)));
        let ready = expected.zip(self.queued.keys()).take_while(|(next, number)| next == *number).count();
        self.occupancy.set(ready as u64, is_full);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loader::{BatchArray, Role};
    use crate::volume::Buffer;

    fn batch(number: u64) -> Batch {
        let data = Buffer::U8(vec![0; 10]);
        let array = BatchArray {
            name: "raw".to_owned(),
            role: Role::Input,
            shape: [1, 1, 1, 1, 10],
            data,
            known: None,
            known_bits: None,
            classes: [].into(),
        };
        Batch { epoch: 0, number, arrays: vec![array].into(), provenance: Vec::new(), skipped: Vec::new() }
    }

    fn ten(_: u64) -> u64 {
        10
    }

    #[test]
    fn batches_leave_in_order_within_the_bytes() {
        let handover = Handover::new(20, Walk::ALL, 0);
        assert_eq!(handover.reserve(ten), Turn::Build(0));
        assert_eq!(handover.reserve(ten), Turn::Build(1));
        assert_eq!(handover.reserve(ten), Turn::Full);
        handover.put(1, 10, Ok(batch(1)));
        assert!(handover.take().unwrap().is_none(), "0 comes first");
        assert_eq!(handover.stats().1, 10);
        handover.put(0, 10, Ok(batch(0)));
        assert_eq!(handover.stats(), (QueueStats { batches: 2, bytes: 20, capacity_bytes: 20 }, 0));
        assert_eq!(handover.reserve(ten), Turn::Full, "queued bytes count");
        assert_eq!(handover.take().unwrap().unwrap().number, 0);
        assert_eq!(handover.take().unwrap().unwrap().number, 1);
        assert_eq!((handover.reserve(ten), handover.stats().1), (Turn::Build(2), 10));
    }

    #[test]
    fn it_can_begin_anywhere() {
        let handover = Handover::new(100, Walk::ALL, 41);
        assert_eq!((handover.reserve(ten), handover.next_out()), (Turn::Build(41), 41));
        handover.put(41, 10, Ok(batch(41)));
        assert_eq!(handover.next_out(), 41, "nobody has taken it yet");
        assert_eq!(handover.take().unwrap().unwrap().number, 41);
        assert_eq!(handover.next_out(), 42);
    }

    #[test]
    fn an_error_comes_in_its_place_and_stays() {
        let handover = Handover::new(100, Walk::ALL, 0);
        for number in 0..3 {
            assert_eq!(handover.reserve(ten), Turn::Build(number));
        }
        handover.put(1, 10, Err(Error::NotFound { path: "x".to_owned() }));
        assert_eq!(handover.reserve(ten), Turn::Stop);
        handover.put(2, 10, Ok(batch(2)));
        handover.put(0, 10, Ok(batch(0)));
        assert_eq!(handover.take().unwrap().unwrap().number, 0);
        assert!(matches!(handover.take(), Err(Error::NotFound { .. })));
        assert!(matches!(handover.take(), Err(Error::NotFound { .. })));
    }

    #[test]
    fn a_pause_holds_builders_back_but_not_what_is_ready() {
        let handover = Handover::new(100, Walk::ALL, 0);
        assert_eq!(handover.reserve(ten), Turn::Build(0));
        handover.set_paused(true);
        assert_eq!(handover.reserve(ten), Turn::Paused);
        handover.put(0, 10, Ok(batch(0)));
        assert_eq!(handover.take().unwrap().unwrap().number, 0);
        assert!(handover.is_paused());
        handover.set_paused(false);
        assert_eq!(handover.reserve(ten), Turn::Build(1));
    }

    #[test]
    fn only_batches_that_can_be_taken_in_order_are_in_the_queue_and_it_is_full_until_one_leaves() {
        let handover = Handover::new(20, Walk::ALL, 0);
        let pause = || std::thread::sleep(Duration::from_millis(2));
        let watch = |before: &Occupancy| handover.occupancy().since(before);
        assert_eq!([handover.reserve(ten), handover.reserve(ten)], [Turn::Build(0), Turn::Build(1)]);
        handover.put(1, 10, Ok(batch(1)));
        pause();
        let first = handover.occupancy();
        assert_eq!((first.empty, first.full), (first.observed, Duration::ZERO), "batch 0 is not there yet");
        handover.put(0, 10, Ok(batch(0)));
        let second = handover.occupancy();
        assert_eq!(handover.reserve(ten), Turn::Full);
        pause();
        let full = watch(&second);
        assert!(full.full >= Duration::from_millis(2) && full.empty == Duration::ZERO, "{full:?}");
        assert!(full.mean_level().is_some_and(|level| (level - 2.0).abs() < 1e-9), "{full:?}");
        handover.take().unwrap();
        let third = handover.occupancy();
        pause();
        let after = watch(&third);
        assert!(after.full == Duration::ZERO && after.mean_level().is_some_and(|level| (level - 1.0).abs() < 1e-9));
    }

    #[test]
    fn resting_holds_builders_back_apart_from_a_pause() {
        let handover = Handover::new(100, Walk::ALL, 0);
        handover.set_resting(true);
        assert_eq!((handover.reserve(ten), handover.is_paused()), (Turn::Paused, false));
        handover.set_paused(true);
        handover.set_resting(false);
        assert_eq!(handover.reserve(ten), Turn::Paused);
        handover.set_paused(false);
        assert_eq!(handover.reserve(ten), Turn::Build(0));
    }

    #[test]
    fn stopping_wakes_a_waiting_consumer() {
        let handover = Handover::new(10, Walk::ALL, 0);
        std::thread::scope(|scope| {
            let consumer = scope.spawn(|| {
                while handover.take()?.is_none() {
                    handover.wait_for_batch(Duration::from_secs(60));
                }
                Ok(())
            });
            handover.stop();
            assert!(matches!(consumer.join().unwrap(), Err(Error::Stopped)));
        });
        assert!(handover.wait_for_stop(Duration::from_secs(60)), "a wait ends at once");
        assert_eq!(handover.reserve(ten), Turn::Stop);
        handover.put(0, 10, Ok(batch(0)));
        assert_eq!(handover.stats(), (QueueStats { batches: 0, bytes: 0, capacity_bytes: 10 }, 0));
    }
}
