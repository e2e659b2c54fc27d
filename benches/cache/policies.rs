//! Policies that know what comes: as far as they see, they give up what is used last.

use std::collections::{BTreeSet, HashMap};

use crate::queues::{Clock, Lru, NeverEvict, S3Fifo};
use microtome_core::testing::trace::Trace;

/// What decides which chunks are kept.
pub trait Policy {
    /// True if `chunk` is kept; afterwards it may be. `next` is the next later sample that asks for it.
    fn ask(&mut self, chunk: usize, next: Option<usize>) -> bool;

    /// Sample `index` begins.
    fn begin(&mut self, index: usize, trace: &Trace) {
        let _ = (index, trace);
    }
}

/// Every policy of the tables, for a cache of `room` chunks.
pub fn all(room: usize) -> Vec<(String, Box<dyn Policy>)> {
    let known = |ahead: usize| -> (String, Box<dyn Policy>) {
        (format!("knows {ahead} samples"), Box::new(Foresight::new(room, ahead)))
    };
    let mut all: Vec<(String, Box<dyn Policy>)> = vec![
        ("LRU".to_owned(), Box::new(Lru::new(room))),
        ("CLOCK".to_owned(), Box::new(Clock::new(room))),
        ("S3-FIFO".to_owned(), Box::new(S3Fifo::new(room))),
        ("never evict".to_owned(), Box::new(NeverEvict::new(room))),
    ];
    all.extend([0, 4, 16, 64, 256].map(known));
    all.push(("MIN (knows all)".to_owned(), Box::new(Foresight::new(room, usize::MAX))));
    all
}

/// Knows what the next samples ask for: gives up what none of them does, oldest first, then what is used last. What comes
/// and would itself be given up first is not kept.
pub struct Foresight {
    room: usize,
    ahead: usize,
    /// The sample that is being read.
    now: usize,
    clock: u64,
    /// By chunk, where it stands in the order.
    kept: HashMap<usize, (usize, u64)>,
    /// Next use as far as known, age, chunk: the last one goes first.
    order: BTreeSet<(usize, u64, usize)>,
}

impl Foresight {
    /// Knows the samples up to `ahead` after the one being read.
    pub fn new(room: usize, ahead: usize) -> Self {
        Self { room, ahead, now: 0, clock: u64::MAX, kept: HashMap::new(), order: BTreeSet::new() }
    }

    /// As [`Policy::ask`]; also which chunk is not kept now, `chunk` itself perhaps, and its next use as far as known.
    pub fn exchange(&mut self, chunk: usize, next: Option<usize>) -> (bool, Option<(usize, Option<usize>)>) {
        let seen = next.filter(|next| *next <= self.now.saturating_add(self.ahead)).unwrap_or(usize::MAX);
        let known = |next: usize| Some(next).filter(|next| *next != usize::MAX);
        let (hit, mut gone) = (self.kept.contains_key(&chunk), None);
        if !hit && self.kept.len() >= self.room {
            let Some(&last) = self.order.last().filter(|last| last.0 >= seen) else {
                return (false, Some((chunk, known(seen))));
            };
            self.remove(last.2);
            gone = Some((last.2, known(last.0)));
        }
        self.place(chunk, seen);
        (hit, gone)
    }

    /// Keeps `chunk` no longer; true if it did.
    pub fn remove(&mut self, chunk: usize) -> bool {
        let Some((next, age)) = self.kept.remove(&chunk) else { return false };
        self.order.remove(&(next, age, chunk))
    }

    fn place(&mut self, chunk: usize, next: usize) {
        self.clock -= 1;
        if let Some((next, age)) = self.kept.insert(chunk, (next, self.clock)) {
            self.order.remove(&(next, age, chunk));
        }
        self.order.insert((next, self.clock, chunk));
    }
}

impl Policy for Foresight {
    fn ask(&mut self, chunk: usize, next: Option<usize>) -> bool {
        self.exchange(chunk, next).0
    }

    fn begin(&mut self, index: usize, trace: &Trace) {
        self.now = index;
        // What comes into sight now.
        let Some(sample) = trace.samples.get(index.saturating_add(self.ahead)) else { return };
        for chunk in sample {
            if let Some(&(usize::MAX, _)) = self.kept.get(chunk) {
                self.place(*chunk, index + self.ahead);
            }
        }
    }
}
