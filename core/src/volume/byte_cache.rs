//! A cache within a byte budget whose entries are made once, however many threads ask for them at a time.

#[cfg(all(test, feature = "model"))]
mod tests;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::Arc;

use super::lru::Lru;
use crate::Result;
use crate::sync::{Condvar, Mutex};
use crate::telemetry::{CacheStats, Meter, Stage};

/// One lock guards all entries; making an entry runs outside it.
#[derive(Debug)]
pub(super) struct ByteCache<K, V> {
    state: Mutex<State<K, V>>,
}

/// Whether a lookup counts as hit or miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// It does.
    Lookups,
    /// It does not.
    Nothing,
}

#[derive(Debug)]
struct State<K, V> {
    entries: Lru<K, V>,
    making: HashMap<K, Arc<Flight<V>>>,
    capacity_bytes: u64,
    hits: u64,
    misses: u64,
    evictions: u64,
}

/// An entry that some thread is making.
#[derive(Debug)]
struct Flight<V> {
    outcome: Mutex<Outcome<V>>,
    landed: Condvar,
}

#[derive(Debug, Clone)]
enum Outcome<V> {
    Pending,
    Made(Result<V>),
    /// The maker panicked: whoever waits has to make it.
    Abandoned,
}

impl<K: Hash + Eq + Clone, V: Clone> ByteCache<K, V> {
    /// An empty cache for `capacity_bytes`.
    pub(super) fn new(capacity_bytes: u64) -> Self {
        let state =
            State { entries: Lru::new(), making: HashMap::new(), capacity_bytes, hits: 0, misses: 0, evictions: 0 };
        Self { state: Mutex::new(state) }
    }

    /// The entry of `key`, from memory or by running `make`, which answers the value and its bytes.
    ///
    /// Who asks while another thread makes the same entry waits for it and gets its outcome, error or not. Errors are
    /// not kept. An entry larger than the capacity is handed out, but not kept. `make` may ask for *other* entries.
    pub(super) fn get_or_make(&self, key: &K, count: Count, make: impl FnOnce() -> Result<(V, u64)>) -> Result<V> {
        let counted = u64::from(count == Count::Lookups);
        loop {
            let flight = {
                let mut state = self.state.lock();
                let state = &mut *state;
                if let Some(value) = state.entries.get(key) {
                    state.hits += counted;
                    return Ok(value.clone());
                }
                match state.making.entry(key.clone()) {
                    Entry::Vacant(slot) => {
                        state.misses += counted;
                        slot.insert(Arc::new(Flight { outcome: Mutex::new(Outcome::Pending), landed: Condvar::new() }));
                        break;
                    }
                    Entry::Occupied(slot) => Arc::clone(slot.get()),
                }
            };
            if let Some(result) = flight.wait() {
                self.state.lock().hits += counted;
                return result;
            }
        }
        let maker = Maker { cache: self, key };
        match make() {
            Ok((value, bytes)) => {
                maker.land(Outcome::Made(Ok(value.clone())), Some((value.clone(), bytes)));
                Ok(value)
            }
            Err(error) => {
                maker.land(Outcome::Made(Err(error.clone())), None);
                Err(error)
            }
        }
    }

    /// Changes the budget; drops the oldest entries at once if it shrinks.
    pub(super) fn set_capacity_bytes(&self, capacity_bytes: u64) {
        let mut state = self.state.lock();
        state.capacity_bytes = capacity_bytes;
        state.make_room(0);
    }

    /// Counts and sizes.
    pub(super) fn stats(&self) -> CacheStats {
        let state = self.state.lock();
        CacheStats {
            hits: state.hits,
            misses: state.misses,
            evictions: state.evictions,
            entries: state.entries.len() as u64,
            resident_bytes: state.entries.bytes(),
            capacity_bytes: state.capacity_bytes,
        }
    }
}

impl<K: Hash + Eq + Clone, V> State<K, V> {
    /// Drops the oldest entries until `bytes` more fit.
    fn make_room(&mut self, bytes: u64) {
        while self.entries.bytes() + bytes > self.capacity_bytes && self.entries.pop_oldest().is_some() {
            self.evictions += 1;
        }
    }
}

impl<V: Clone> Flight<V> {
    /// Waits for the maker; `None` if it gave up.
    fn wait(&self) -> Option<Result<V>> {
        let _span = Meter::nested(Stage::Wait, String::new);
        let mut outcome = self.outcome.lock();
        loop {
            match &*outcome {
                Outcome::Pending => self.landed.wait(&mut outcome),
                Outcome::Made(result) => return Some(result.clone()),
                Outcome::Abandoned => return None,
            }
        }
    }
}

/// The duty to tell those who wait, kept even if making panics.
struct Maker<'a, K: Hash + Eq + Clone, V: Clone> {
    cache: &'a ByteCache<K, V>,
    key: &'a K,
}

impl<K: Hash + Eq + Clone, V: Clone> Maker<'_, K, V> {
    fn land(self, outcome: Outcome<V>, keep: Option<(V, u64)>) {
        self.finish(outcome, keep);
        std::mem::forget(self);
    }

    fn finish(&self, outcome: Outcome<V>, keep: Option<(V, u64)>) {
        let flight = {
            let mut state = self.cache.state.lock();
            if let Some((value, bytes)) = keep
                && bytes <= state.capacity_bytes
            {
                state.make_room(bytes);
                state.entries.insert(self.key.clone(), value, bytes);
            }
            state.making.remove(self.key)
        };
        if let Some(flight) = flight {
            *flight.outcome.lock() = outcome;
            flight.landed.notify_all();
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Drop for Maker<'_, K, V> {
    fn drop(&mut self) {
        self.finish(Outcome::Abandoned, None);
    }
}
