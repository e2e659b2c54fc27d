//! The cache under the model checker: whatever the schedule, one maker per entry, the budget held, nobody left waiting.

#![allow(clippy::unwrap_used, reason = "the helpers of a test fail by panicking, as the test does")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use shuttle::thread;

use super::*;
use crate::Error;
use crate::sync::explore;

/// What an entry takes, bytes.
const COST: u64 = 10;

/// A value that says how long it lives.
#[derive(Debug)]
struct Value {
    key: usize,
    lease: Lease,
}

impl Value {
    /// What making `key` answers.
    fn made(key: usize, lease: Lease) -> Result<(Arc<Self>, u64)> {
        Ok((Arc::new(Self { key, lease }), COST))
    }
}

impl Lasting for Arc<Value> {
    fn lease(&self) -> Option<(&Lease, bool)> {
        Some((&self.lease, Arc::strong_count(self) == 1))
    }
}

/// A cache of a few keys that counts who makes what. The counts are plain atomics: between two locks nobody interferes.
struct Watched {
    cache: ByteCache<usize, Arc<Value>>,
    making: [AtomicU32; 4],
    made: [AtomicU32; 4],
}

impl Watched {
    fn new(entries: u64) -> Arc<Self> {
        Arc::new(Self { cache: ByteCache::new(entries * COST), making: Default::default(), made: Default::default() })
    }

    /// Asks for `key` and lets go of it; the value is the key. Making it takes as long as the scheduler likes.
    fn get(&self, key: usize) -> Result<usize> {
        self.hold(key).map(|value| value.key)
    }

    /// Asks for `key` and holds on to it.
    fn hold(&self, key: usize) -> Result<Arc<Value>> {
        let made = |lease| self.make(key, || Value::made(key, lease));
        let got = self.cache.get_or_make(&key, (Count::Lookups, COST), made);
        self.check_budget();
        got
    }

    fn make(&self, key: usize, make: impl FnOnce() -> Result<(Arc<Value>, u64)>) -> Result<(Arc<Value>, u64)> {
        assert_eq!(self.making[key].fetch_add(1, Relaxed), 0, "{key} is made twice at a time");
        thread::yield_now();
        self.check_budget();
        let made = catch_unwind(AssertUnwindSafe(make));
        self.making[key].fetch_sub(1, Relaxed);
        self.made[key].fetch_add(1, Relaxed);
        made.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn made(&self, key: usize) -> u32 {
        self.made[key].load(Relaxed)
    }

    fn check_budget(&self) {
        let stats = self.cache.stats();
        assert!(stats.resident_bytes <= stats.capacity_bytes, "{stats:?}");
        assert_eq!(stats.resident_bytes, stats.entries * COST, "{stats:?}");
        // Three threads hold or make one each at a time, and two of them make one for another's sake.
        assert!(stats.held_bytes <= 6 * COST, "{stats:?}");
        assert!(stats.taken_bytes() <= stats.capacity_bytes || stats.entries == 0, "{stats:?}");
    }
}

/// Runs `work` on as many threads, which are given their numbers, and waits for all.
fn on_threads(threads: usize, watched: &Arc<Watched>, work: impl Fn(&Watched, usize) + Send + Sync + Copy + 'static) {
    let spawn = |index: usize| {
        let watched = Arc::clone(watched);
        thread::spawn(move || work(&watched, index))
    };
    let running: Vec<_> = (0..threads).map(spawn).collect();
    running.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn model_an_entry_that_fits_is_made_once() {
    explore(|| {
        let watched = Watched::new(2);
        on_threads(3, &watched, |watched, index| {
            for key in [index % 2, (index + 1) % 2] {
                assert_eq!(watched.get(key).unwrap(), key);
            }
        });
        assert_eq!((watched.made(0), watched.made(1)), (1, 1));
        let stats = watched.cache.stats();
        assert_eq!((stats.hits, stats.misses, stats.evictions), (4, 2, 0));
    });
}

#[test]
fn model_the_budget_holds_while_it_changes() {
    explore(|| {
        let watched = Watched::new(2);
        on_threads(3, &watched, |watched, index| {
            if index == 2 {
                for entries in [1, 0, 2] {
                    watched.cache.set_capacity_bytes(entries * COST);
                    watched.check_budget();
                }
                return;
            }
            for key in [index, 2, 1 - index] {
                assert_eq!(watched.get(key).unwrap(), key);
            }
        });
        let stats = watched.cache.stats();
        assert_eq!(stats.hits + stats.misses, 6);
        assert!(stats.entries + stats.evictions <= stats.misses, "{stats:?}");
    });
}

#[test]
fn model_without_a_budget_those_who_wait_still_share() {
    explore(|| {
        let watched = Watched::new(0);
        on_threads(3, &watched, |watched, _| assert_eq!(watched.get(0).unwrap(), 0));
        let stats = watched.cache.stats();
        assert_eq!((stats.entries, stats.misses), (0, u64::from(watched.made(0))));
    });
}

/// Three threads ask for an entry whose first maker ends as `first` says. Afterwards it can be had.
fn explore_a_bad_start(first: fn() -> Result<(Arc<Value>, u64)>, most_failures: u32) {
    explore(move || {
        let watched = Watched::new(1);
        let ask = move |watched: &Watched| {
            let made = watched.cache.get_or_make(&0, (Count::Lookups, COST), |lease| {
                let is_first = watched.made(0) == 0;
                watched.make(0, || if is_first { first() } else { Value::made(0, lease) })
            });
            made.map(|value| value.key)
        };
        let failures = Arc::new(AtomicU32::new(0));
        let spawn = |_| {
            let (watched, failures) = (Arc::clone(&watched), Arc::clone(&failures));
            thread::spawn(move || {
                let got = catch_unwind(AssertUnwindSafe(|| ask(&watched)));
                failures.fetch_add(u32::from(!matches!(got, Ok(Ok(0)))), Relaxed);
            })
        };
        let running: Vec<_> = (0..3).map(spawn).collect();
        running.into_iter().for_each(|thread| thread.join().unwrap());
        assert!((1..=most_failures).contains(&failures.load(Relaxed)), "{failures:?} failed");
        assert_eq!(ask(&watched).unwrap(), 0);
        // Once badly and once well; nobody needs more.
        assert_eq!(watched.made(0), 2);
    });
}

#[test]
fn model_an_error_goes_to_all_who_waited_and_no_further() {
    explore_a_bad_start(|| Err(Error::Stopped), 3);
}

#[test]
fn model_a_panic_costs_its_own_thread_only() {
    // Not `panic!`: the hook would end the model.
    explore_a_bad_start(|| resume_unwind(Box::new("a defect in a decoder")), 1);
}

#[test]
fn model_making_an_entry_may_ask_for_another() {
    explore(|| {
        let watched = Watched::new(1);
        on_threads(3, &watched, |watched, index| {
            // Two chunks of one shard, and its index.
            let key = 1 + index % 2;
            let made = |lease| watched.make(key, || Value::made(watched.get(0)? + key, lease));
            let got = watched.cache.get_or_make(&key, (Count::Lookups, COST), made);
            assert_eq!(got.unwrap().key, key);
        });
        watched.check_budget();
        assert_eq!(watched.cache.stats().held_bytes, 0);
    });
}

#[test]
fn model_what_is_held_counts_until_the_last_lets_go() {
    explore(|| {
        let watched = Watched::new(2);
        on_threads(3, &watched, |watched, index| {
            let held = watched.hold(index).unwrap();
            watched.get(2 - index).unwrap();
            thread::yield_now();
            watched.check_budget();
            assert!(watched.cache.stats().taken_bytes() >= COST, "what is held counts somewhere");
            assert_eq!(held.key, index);
        });
        let stats = watched.cache.stats();
        assert_eq!((stats.held_bytes, stats.hits + stats.misses), (0, 6), "{stats:?}");
    });
}

#[test]
fn model_announcing_and_forgetting_race_with_reading() {
    /// Room for two entries and what is announced; of the whole a 32nd part may be.
    const CAPACITY: u64 = 32 * 3 * ANNOUNCED_USE_BYTES;
    explore(|| {
        let watched = Watched::new(0);
        watched.cache.set_capacity_bytes(CAPACITY);
        on_threads(3, &watched, |watched, index| {
            let sequence = index as u64;
            watched.cache.announce(sequence, &[index, 3]);
            watched.cache.begin(sequence);
            assert_eq!((watched.get(3).unwrap(), watched.get(index).unwrap()), (3, index));
            let announced_bytes = watched.cache.stats().announced_bytes;
            assert!(announced_bytes <= CAPACITY / ANNOUNCED_SHARE);
            if index == 2 {
                watched.cache.forget_all();
            }
            watched.cache.forget(sequence);
        });
        let stats = watched.cache.stats();
        assert_eq!((stats.announced_bytes, stats.held_bytes, stats.misses), (0, 0, 4), "{stats:?}");
    });
}

#[test]
fn model_what_is_announced_outlasts_what_is_not() {
    /// Room for two entries beside one announced use.
    const CAPACITY: u64 = 32 * ANNOUNCED_USE_BYTES;
    const ENTRY: u64 = (CAPACITY - ANNOUNCED_USE_BYTES) / 2;
    explore(|| {
        let watched = Watched::new(0);
        watched.cache.set_capacity_bytes(CAPACITY);
        let get = |watched: &Watched, key: usize| {
            let made = |lease| Ok((Arc::new(Value { key, lease }), ENTRY));
            drop(watched.cache.get_or_make(&key, (Count::Lookups, ENTRY), made).unwrap());
        };
        get(&watched, 0);
        assert!(watched.cache.announce(5, &[0]));
        // One thread at a time, so that no room is needed beside that of two entries.
        let turn = Arc::new(Mutex::new(()));
        let spawn = |index| {
            let (watched, turn) = (Arc::clone(&watched), Arc::clone(&turn));
            thread::spawn(move || {
                let _turn = turn.lock();
                get(&watched, index);
            })
        };
        let running: Vec<_> = (1..4).map(spawn).collect();
        running.into_iter().for_each(|thread| thread.join().unwrap());
        let stats = watched.cache.stats();
        assert_eq!((stats.misses, stats.evictions), (4, 2), "{stats:?}");
        get(&watched, 0);
        assert_eq!(watched.cache.stats().misses, 4);
    });
}
