//! Builders, consumers and the hand-over under the model checker: whatever the schedule, batches leave in order within
//! their bytes, a pause and a failure wedge nobody, and stopping ends every thread. No wait gives up here by itself.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use shuttle::thread::{self, JoinHandle};

use super::*;
use crate::loader::turn::Walk;
use crate::loader::{BatchArray, Role};
use crate::sync::explore;
use crate::volume::Buffer;

/// What a batch takes, bytes.
const COST: u64 = 10;

fn batch(number: u64) -> Batch {
    let data = Buffer::U8(vec![0; COST as usize]);
    let array = BatchArray {
        name: "raw".to_owned(),
        role: Role::Input,
        shape: [1, 1, 1, 1, COST as usize],
        data,
        known: None,
        known_bits: None,
        classes: [].into(),
    };
    Batch { epoch: 0, number, arrays: vec![array].into(), provenance: Vec::new(), skipped: Vec::new() }
}

/// A hand-over with room for so many batches.
struct Watched {
    handover: Handover,
    meter: Arc<Meter>,
    begun: AtomicU64,
    taken: AtomicU64,
}

impl Watched {
    fn new(batches: u64) -> Arc<Self> {
        let handover = Handover::new(batches * COST, Walk::ALL, 0);
        Arc::new(Self { handover, meter: Meter::new(), begun: AtomicU64::new(0), taken: AtomicU64::new(0) })
    }

    fn start_builders(self: &Arc<Self>, builders: usize, build: fn(u64) -> Result<Batch>) -> Vec<JoinHandle<()>> {
        let spawn = |_| {
            let watched = Arc::clone(self);
            thread::spawn(move || {
                let build = |number| {
                    watched.begun.fetch_add(1, Relaxed);
                    watched.check_bytes();
                    thread::yield_now();
                    build(number)
                };
                build_in_turn(&watched.handover, &watched.meter, |_| COST, build);
            })
        };
        (0..builders).map(spawn).collect()
    }

    /// As [`crate::loader::Loader::next_batch`] waits.
    fn next(&self) -> Result<Batch> {
        loop {
            if let Some(batch) = self.handover.take()? {
                self.taken.fetch_add(1, Relaxed);
                self.check_bytes();
                return Ok(batch);
            }
            self.handover.wait_for_batch(WAIT_SLICE);
        }
    }

    /// What is reserved fits, and no more was begun than was reserved.
    fn check_bytes(&self) {
        let (queue, in_flight_bytes) = self.handover.stats();
        assert!(queue.bytes + in_flight_bytes <= queue.capacity_bytes, "{queue:?} {in_flight_bytes}");
        assert_eq!(queue.bytes, queue.batches * COST);
        // A consumer may be between taking a batch and counting it.
        let outstanding = self.begun.load(Relaxed).saturating_sub(self.taken.load(Relaxed) + CONSUMERS);
        assert!(outstanding * COST <= queue.capacity_bytes, "{outstanding} batches in {queue:?}");
    }
}

/// Most threads that take batches.
const CONSUMERS: u64 = 2;

fn join(threads: Vec<JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn model_batches_leave_in_order_within_their_bytes() {
    explore(|| {
        let watched = Watched::new(2);
        let builders = watched.start_builders(3, |number| Ok(batch(number)));
        for number in 0..5 {
            assert_eq!(watched.next().unwrap().number, number);
        }
        watched.handover.stop();
        join(builders);
    });
}

#[test]
fn model_two_consumers_get_every_batch_once() {
    explore(|| {
        let watched = Watched::new(2);
        let builders = watched.start_builders(2, |number| Ok(batch(number)));
        let consume = |_| {
            let watched = Arc::clone(&watched);
            thread::spawn(move || [watched.next().unwrap().number, watched.next().unwrap().number])
        };
        let consumers: Vec<_> = (0..CONSUMERS).map(consume).collect();
        let took: Vec<_> = consumers.into_iter().map(|consumer| consumer.join().unwrap()).collect();
        assert!(took.iter().all(|[first, second]| first < second), "{took:?}");
        let mut numbers = took.concat();
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2, 3]);
        watched.handover.stop();
        join(builders);
    });
}

#[test]
fn model_stopping_ends_builders_and_consumers_at_any_moment() {
    explore(|| {
        let watched = Watched::new(1);
        let builders = watched.start_builders(2, |number| Ok(batch(number)));
        let consumer = {
            let watched = Arc::clone(&watched);
            thread::spawn(move || {
                loop {
                    if let Err(error) = watched.next() {
                        assert!(matches!(error, Error::Stopped), "{error}");
                        return;
                    }
                }
            })
        };
        let waits_to_retry = {
            let watched = Arc::clone(&watched);
            thread::spawn(move || assert!(watched.handover.wait_for_stop(WAIT_SLICE), "woken before the end"))
        };
        watched.handover.stop();
        join(builders);
        join(vec![consumer, waits_to_retry]);
        let (queue, in_flight_bytes) = watched.handover.stats();
        assert_eq!((queue.batches, queue.bytes, in_flight_bytes), (0, 0, 0));
    });
}

#[test]
fn model_a_paused_loader_stops_and_a_resumed_one_goes_on() {
    explore(|| {
        let watched = Watched::new(2);
        watched.handover.set_paused(true);
        let builders = watched.start_builders(2, |number| Ok(batch(number)));
        let pausing = {
            let watched = Arc::clone(&watched);
            thread::spawn(move || {
                assert_eq!(watched.begun.load(Relaxed), 0, "begun in spite of the pause");
                for paused in [false, true, false] {
                    watched.handover.set_paused(paused);
                }
            })
        };
        for number in 0..3 {
            assert_eq!(watched.next().unwrap().number, number);
        }
        join(vec![pausing]);
        watched.handover.set_paused(true);
        watched.handover.stop();
        join(builders);
    });
}

/// Batch 1 fails as `build` says: consumers get batch 0 and then the error, each of them, and builders end by themselves.
fn explore_a_failure(build: fn(u64) -> Result<Batch>, expected: fn(&Error) -> bool) {
    explore(move || {
        let watched = Watched::new(2);
        let builders = watched.start_builders(3, build);
        let consume = |_| {
            let watched = Arc::clone(&watched);
            thread::spawn(move || {
                let mut taken = 0;
                loop {
                    match watched.next() {
                        Ok(batch) => {
                            assert_eq!(batch.number, 0);
                            taken += 1;
                        }
                        Err(error) => {
                            assert!(expected(&error), "{error}");
                            return taken;
                        }
                    }
                }
            })
        };
        let consumers: Vec<_> = (0..CONSUMERS).map(consume).collect();
        let taken: u32 = consumers.into_iter().map(|consumer| consumer.join().unwrap()).sum();
        assert_eq!(taken, 1, "batch 0 came before the error");
        join(builders);
    });
}

#[test]
fn model_an_error_reaches_everybody_and_ends_the_builders() {
    let build = |number| if number == 1 { Err(Error::NotFound { path: "x".to_owned() }) } else { Ok(batch(number)) };
    explore_a_failure(build, |error| matches!(error, Error::NotFound { .. }));
}

#[test]
fn model_a_panic_reaches_everybody_as_an_error() {
    // Not `panic!`: the hook would end the model.
    let build = |number| if number == 1 { resume_unwind(Box::new("a defect")) } else { Ok(batch(number)) };
    explore_a_failure(build, |error| matches!(error, Error::Panicked { reason, .. } if reason == "a defect"));
}
