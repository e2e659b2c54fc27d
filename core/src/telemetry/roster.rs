//! Who is at what: each thread of a loader says so as it goes, and whoever finds that nothing gets on can ask.
//!
//! A thread that sits in the roster notes every stage that it begins and ends: one lock that nobody else wants, and no text
//! but the key of what it reads.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::Stage;

/// Most bytes of a key that is kept.
const MAX_KEY_BYTES: usize = 160;

/// What a thread was given to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// To build a batch.
    Batch {
        /// Its number.
        number: u64,
    },
    /// To read one array of a sample.
    Sample {
        /// Its epoch.
        epoch: u64,
        /// Its index in the epoch.
        index: u64,
        /// Which array, in the order of the batch.
        array: usize,
    },
}

/// What a thread is doing at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadWork {
    /// Its name.
    pub thread: String,
    /// What it was given to do.
    pub task: Option<Task>,
    /// The innermost stage that it is in; `None` if it is in none, as a builder that waits for its reads is.
    pub stage: Option<Stage>,
    /// What it read last, or is reading: the store's key of a chunk.
    pub key: String,
    /// For how long it has been in this stage, or has had nothing new to do.
    pub lasted: Duration,
}

/// What a thread has done since the loader started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadStats {
    /// Its name.
    pub thread: String,
    /// Time in stages, but for waits.
    pub busy: Duration,
    /// Stages that it ended, but for waits.
    pub steps: u64,
}

/// The threads of one loader.
#[derive(Debug, Default)]
pub(crate) struct Roster(Mutex<Vec<Arc<Seat>>>);

#[derive(Debug)]
struct Seat {
    thread: String,
    doing: Mutex<Doing>,
}

#[derive(Debug)]
struct Doing {
    task: Option<Task>,
    open: Vec<(Stage, Instant)>,
    key: String,
    /// When something last changed outside of all stages.
    since: Instant,
    steps: u64,
    busy: Duration,
    longest: Duration,
}

thread_local! {
    static SEAT: RefCell<Option<Arc<Seat>>> = const { RefCell::new(None) };
}

/// A thread sits in a roster until this is dropped.
#[derive(Debug)]
pub(crate) struct SeatGuard {
    not_send: PhantomData<*const ()>,
}

/// A thread has a task until this is dropped.
#[derive(Debug)]
pub(crate) struct TaskGuard {
    before: Option<Task>,
    not_send: PhantomData<*const ()>,
}

impl Roster {
    /// This thread belongs to the loader from now on.
    pub(crate) fn sit_down(&self) -> SeatGuard {
        let thread = std::thread::current().name().unwrap_or("thread").to_owned();
        let doing = Doing {
            task: None,
            open: Vec::with_capacity(4),
            key: String::new(),
            since: Instant::now(),
            steps: 0,
            busy: Duration::ZERO,
            longest: Duration::ZERO,
        };
        let seat = Arc::new(Seat { thread, doing: Mutex::new(doing) });
        self.0.lock().push(Arc::clone(&seat));
        SEAT.set(Some(seat));
        SeatGuard { not_send: PhantomData }
    }

    /// Stages that all threads together have ended, but for waits: grows as long as anything gets on.
    pub(crate) fn steps(&self) -> u64 {
        self.0.lock().iter().map(|seat| seat.doing.lock().steps).sum()
    }

    /// The longest that any stage took so far, but for waits.
    pub(crate) fn longest(&self) -> Duration {
        self.0.lock().iter().map(|seat| seat.doing.lock().longest).max().unwrap_or_default()
    }

    /// What every thread is doing now.
    pub(crate) fn work(&self) -> Vec<ThreadWork> {
        self.0.lock().iter().map(|seat| seat.work(Instant::now())).collect()
    }

    /// What every thread has done so far.
    pub(crate) fn stats(&self) -> Vec<ThreadStats> {
        let stats = |seat: &Arc<Seat>| {
            let doing = seat.doing.lock();
            ThreadStats { thread: seat.thread.clone(), busy: doing.busy, steps: doing.steps }
        };
        self.0.lock().iter().map(stats).collect()
    }
}

impl Seat {
    fn work(&self, now: Instant) -> ThreadWork {
        let doing = self.doing.lock();
        let (stage, since) = doing.open.last().map_or((None, doing.since), |(stage, since)| (Some(*stage), *since));
        let lasted = now.saturating_duration_since(since);
        ThreadWork { thread: self.thread.clone(), task: doing.task, stage, key: doing.key.clone(), lasted }
    }
}

impl Drop for SeatGuard {
    fn drop(&mut self) {
        SEAT.set(None);
    }
}

impl Drop for TaskGuard {
    fn drop(&mut self) {
        let before = self.before;
        at_seat(|doing| (doing.task, doing.since) = (before, Instant::now()));
    }
}

fn at_seat(change: impl FnOnce(&mut Doing)) {
    SEAT.with_borrow(|seat| {
        if let Some(seat) = seat {
            change(&mut seat.doing.lock());
        }
    });
}

/// Until the guard is dropped this thread, if it sits in a roster, is at `task`.
pub(crate) fn begin(task: Task) -> TaskGuard {
    let mut before = None;
    at_seat(|doing| {
        before = doing.task.replace(task);
        doing.since = Instant::now();
        doing.key.clear();
    });
    TaskGuard { before, not_send: PhantomData }
}

/// This thread reads what the store has under `key`.
pub(crate) fn reads(key: &str) {
    at_seat(|doing| {
        doing.key.clear();
        doing.key.push_str(&key[..key.floor_char_boundary(MAX_KEY_BYTES)]);
    });
}

/// This thread is in a stage from now on.
pub(super) fn enter(stage: Stage, now: Instant) {
    at_seat(|doing| doing.open.push((stage, now)));
}

/// It has left it after so long, of which so much was its own time.
pub(super) fn leave(stage: Stage, (took, own): (Duration, Duration)) {
    at_seat(|doing| {
        doing.open.pop();
        doing.since = Instant::now();
        if stage != Stage::Wait {
            doing.steps += 1;
            doing.busy += own;
            doing.longest = doing.longest.max(took);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::Meter;
    use super::*;

    #[test]
    fn a_thread_says_what_it_is_at_and_what_it_has_done() {
        let (roster, meter) = (Roster::default(), Meter::new());
        meter.time(Stage::Plan, 0, || ());
        assert!(roster.work().is_empty(), "who does not sit in it says nothing");
        let seat = roster.sit_down();
        let task = Task::Sample { epoch: 1, index: 7, array: 0 };
        {
            let _task = begin(task);
            let _decode = meter.start(Stage::Decode, String::new);
            let _fetch = Meter::nested(Stage::Fetch, String::new);
            reads(&"k".repeat(MAX_KEY_BYTES + 9));
            let work = roster.work();
            assert_eq!((work[0].task, work[0].stage), (Some(task), Some(Stage::Fetch)));
            assert_eq!(work[0].key.len(), MAX_KEY_BYTES);
        }
        drop(meter.start(Stage::Wait, String::new));
        let (work, stats) = (roster.work(), roster.stats());
        assert_eq!((work[0].task, work[0].stage, roster.steps()), (None, None, 2), "a wait is no step");
        assert_eq!(stats[0].steps, 2);
        assert!(roster.longest() >= stats[0].busy / 2);
        drop(seat);
        meter.time(Stage::Plan, 0, || ());
        assert_eq!(roster.steps(), 2);
    }
}
