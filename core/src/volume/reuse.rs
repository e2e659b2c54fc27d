//! Reuse distances of what a cache is asked for, in bytes, of a sample of its keys: one pass gives the misses of a cache of
//! any size.
//!
//! Mattson et al. 1970 ("Evaluation techniques for storage hierarchies"): a cache that gives up what was used longest ago
//! (LRU) holds an entry as long as the bytes of the different entries used since, its own among them, fit. Waldspurger et
//! al. 2015 ("Efficient MRC construction with SHARDS"): it is enough to follow the keys whose hash is below a threshold,
//! if distances and counts are scaled up by the share that it lets through; the threshold falls when there are too many.
//! Here it is halved, so that every count is a whole number.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use parking_lot::Mutex;
use rustc_hash::FxBuildHasher;

use crate::telemetry::{Histogram, ReuseStats};

/// Keys that are followed at a time, at most.
const MOST_KEYS: usize = 4096;
/// Places of lookups in time before they are numbered anew.
const MOST_PLACES: usize = 4 * MOST_KEYS;

/// Follows a sample of the keys that a cache is asked for.
#[derive(Debug)]
pub(super) struct Reuse<K> {
    lookups: AtomicU64,
    /// How often the threshold was halved.
    halvings: AtomicU64,
    most_keys: usize,
    state: Mutex<State<K>>,
}

#[derive(Debug)]
struct State<K> {
    /// The place of each followed key's last lookup, its bytes, and its hash.
    last: HashMap<K, Seen, FxBuildHasher>,
    /// The bytes of the keys whose last lookup is at a place.
    bytes: Sums,
    next: usize,
    cold: u64,
    distances: Histogram,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    place: usize,
    bytes: u64,
    hash: u64,
}

/// Sums over places, each changed and read in logarithmic time (Fenwick 1994, "A new data structure for cumulative
/// frequency tables").
#[derive(Debug)]
struct Sums(Vec<u64>);

impl Sums {
    fn new(places: usize) -> Self {
        Self(vec![0; places + 1])
    }

    /// Adds to the sum at `place`; what wraps around is a subtraction.
    fn add(&mut self, place: usize, bytes: u64) {
        let mut at = place + 1;
        while at < self.0.len() {
            self.0[at] = self.0[at].wrapping_add(bytes);
            at += at & at.wrapping_neg();
        }
    }

    /// The sum of all places before `place`.
    fn before(&self, place: usize) -> u64 {
        let (mut at, mut sum) = (place, 0_u64);
        while at > 0 {
            sum = sum.wrapping_add(self.0[at]);
            at &= at - 1;
        }
        sum
    }
}

/// A hash whose bits are all as good as the best.
fn hash_of(key: &impl Hash) -> u64 {
    // Of Fx only the high bits are mixed; the finalizer of SplitMix64 (Steele et al. 2014) spreads them.
    let mut hash = FxBuildHasher.hash_one(key);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Whether a hash is among those that are left after the threshold was halved so often.
const fn is_sampled(hash: u64, halvings: u64) -> bool {
    hash.leading_zeros() as u64 >= halvings
}

impl<K: Hash + Eq + Clone> Reuse<K> {
    /// Nothing seen yet.
    pub(super) fn new() -> Self {
        Self::following(MOST_KEYS)
    }

    /// As [`Reuse::new`], with so many keys at most.
    fn following(most_keys: usize) -> Self {
        let state = State {
            last: HashMap::default(),
            bytes: Sums::new(MOST_PLACES),
            next: 0,
            cold: 0,
            distances: Histogram::default(),
        };
        Self { lookups: AtomicU64::new(0), halvings: AtomicU64::new(0), most_keys, state: Mutex::new(state) }
    }

    /// `key` was asked for, an entry of so many bytes.
    pub(super) fn look_up(&self, key: &K, bytes: u64) {
        self.lookups.fetch_add(1, Relaxed);
        let hash = hash_of(key);
        if !is_sampled(hash, self.halvings.load(Relaxed)) {
            return;
        }
        let mut state = self.state.lock();
        let halvings = self.halvings.load(Relaxed);
        if is_sampled(hash, halvings) {
            state.look_up(key, Seen { place: 0, bytes, hash }, halvings);
        }
        if state.last.len() > self.most_keys {
            self.halvings.store(halvings + 1, Relaxed);
            state.forget_beyond(halvings + 1);
        }
    }

    /// What was seen so far.
    pub(super) fn stats(&self) -> ReuseStats {
        let state = self.state.lock();
        let lookups = self.lookups.load(Relaxed);
        let halvings = self.halvings.load(Relaxed);
        ReuseStats {
            lookups,
            cold: state.cold,
            distances: state.distances.clone(),
            chunks: (state.last.len() as u64) << halvings,
            chunk_bytes: state.bytes.before(state.next) << halvings,
            sampled: 0.5_f64.powi(i32::try_from(halvings).unwrap_or(i32::MAX)),
        }
    }
}

impl<K: Hash + Eq + Clone> State<K> {
    fn look_up(&mut self, key: &K, seen: Seen, halvings: u64) {
        if self.next == MOST_PLACES {
            self.number_anew();
        }
        let (place, weight) = (self.next, 1_u64 << halvings);
        self.next += 1;
        match self.last.insert(key.clone(), Seen { place, ..seen }) {
            None => self.cold += weight,
            Some(before) => {
                let since = self.bytes.before(place).wrapping_sub(self.bytes.before(before.place));
                // Its own bytes count as they are, not scaled up.
                let others = since.wrapping_sub(before.bytes);
                self.bytes.add(before.place, before.bytes.wrapping_neg());
                self.distances.add((others << halvings).saturating_add(seen.bytes), weight);
            }
        }
        self.bytes.add(place, seen.bytes);
    }

    /// Follows only the keys that are left after so many halvings.
    fn forget_beyond(&mut self, halvings: u64) {
        self.last.retain(|_, seen| is_sampled(seen.hash, halvings));
        self.number_anew();
    }

    /// Gives the followed keys the first places, in their order.
    fn number_anew(&mut self) {
        let mut all: Vec<_> = self.last.values_mut().collect();
        all.sort_unstable_by_key(|seen| seen.place);
        self.bytes = Sums::new(MOST_PLACES);
        self.next = all.len();
        for (place, seen) in all.into_iter().enumerate() {
            seen.place = place;
            self.bytes.add(place, seen.bytes);
        }
    }
}

#[cfg(test)]
mod tests;
