//! A cache within a byte budget whose entries are made once, however many threads ask for them at a time.

#[cfg(all(test, feature = "model"))]
mod tests;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rustc_hash::FxBuildHasher;

use super::kept::{ANNOUNCED_USE_BYTES, Kept};
use super::lease::{Lasting, Lease};
use crate::Result;
use crate::sync::{Condvar, Mutex};
use crate::telemetry::{CacheAudit, CacheStats, Meter, Stage};

/// The part of the capacity that announcements may take.
const ANNOUNCED_SHARE: u64 = 32;

/// One lock guards all entries; making an entry runs outside it, and so does giving memory back.
///
/// What counts against the capacity: the entries, what is announced, and what is *held* beside them, that is bytes being
/// made and values with a lease that the cache gave up or never kept while somebody still reads them. Room is made before
/// an entry is made, so that all together stay within the capacity as long as what is held does: then it is the entries
/// that give way, down to none, and the bound is what is held.
#[derive(Debug)]
pub(super) struct ByteCache<K, V> {
    state: Mutex<State<K, V>>,
    held_bytes: Arc<AtomicU64>,
}

/// Whether a lookup counts as hit or miss, and uses up what was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// It does.
    Lookups,
    /// It does not.
    Nothing,
}

#[derive(Debug)]
struct State<K, V> {
    entries: Kept<K, V>,
    making: HashMap<K, Arc<Flight<V>>, FxBuildHasher>,
    held_bytes: Arc<AtomicU64>,
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

impl<K: Hash + Eq + Clone, V: Clone + Lasting> ByteCache<K, V> {
    /// An empty cache for `capacity_bytes`.
    pub(super) fn new(capacity_bytes: u64) -> Self {
        let held_bytes = Arc::new(AtomicU64::new(0));
        let state = State {
            entries: Kept::new(),
            making: HashMap::default(),
            held_bytes: Arc::clone(&held_bytes),
            capacity_bytes,
            hits: 0,
            misses: 0,
            evictions: 0,
        };
        Self { state: Mutex::new(state), held_bytes }
    }

    /// The entry of `key`, from memory or by running `make`, which answers the value and its bytes.
    ///
    /// Who asks while another thread makes the same entry waits for it and gets its outcome, error or not. Errors are
    /// not kept. An entry larger than the capacity is handed out, but not kept. `make` may ask for *other* entries.
    ///
    /// Before it runs there is room for `expected_bytes`, which `make` is given a lease on: a value that others may hold
    /// for longer than the cache keeps it must hold the lease, too ([`Lasting`]).
    pub(super) fn get_or_make(
        &self,
        key: &K,
        (count, expected_bytes): (Count, u64),
        make: impl FnOnce(Lease) -> Result<(V, u64)>,
    ) -> Result<V> {
        let counted = u64::from(count == Count::Lookups);
        let mut uses_up = count == Count::Lookups;
        let (lease, leaving) = loop {
            let flight = {
                let mut state = self.state.lock();
                let state = &mut *state;
                if let Some(value) = state.entries.look_up(key, std::mem::take(&mut uses_up)) {
                    state.hits += counted;
                    return Ok(value.clone());
                }
                match state.making.entry(key.clone()) {
                    Entry::Vacant(slot) => {
                        state.misses += counted;
                        slot.insert(Arc::new(Flight { outcome: Mutex::new(Outcome::Pending), landed: Condvar::new() }));
                        let leaving = state.make_room(expected_bytes);
                        break (Lease::take(&self.held_bytes, expected_bytes), leaving);
                    }
                    Entry::Occupied(slot) => Arc::clone(slot.get()),
                }
            };
            if let Some(result) = flight.wait() {
                self.state.lock().hits += counted;
                return result;
            }
        };
        let maker = Maker { cache: self, key };
        // Before the memory of the new value is asked for.
        drop(leaving);
        match make(lease) {
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

    /// Says that read `sequence` will look up `keys`, for a key as often as it is named. False, and nothing is
    /// remembered, if announcements would take more than 1/32 of the capacity.
    pub(super) fn announce(&self, sequence: u64, keys: &[K]) -> bool {
        let mut state = self.state.lock();
        let added_bytes = (keys.len() as u64).saturating_mul(ANNOUNCED_USE_BYTES);
        if state.entries.announced_bytes().saturating_add(added_bytes) > state.capacity_bytes / ANNOUNCED_SHARE {
            return false;
        }
        state.entries.announce(sequence, keys);
        let leaving = state.make_room(0);
        drop(state);
        drop(leaving);
        true
    }

    /// From now on lookups use up what reads up to `sequence` announced.
    pub(super) fn begin(&self, sequence: u64) {
        self.state.lock().entries.begin(sequence);
    }

    /// Forgets what is left of the announcement of read `sequence`.
    pub(super) fn forget(&self, sequence: u64) {
        self.state.lock().entries.forget(sequence);
    }

    /// Forgets all announcements.
    pub(super) fn forget_all(&self) {
        self.state.lock().entries.forget_all();
    }

    /// Changes the budget; drops entries at once if it shrinks.
    pub(super) fn set_capacity_bytes(&self, capacity_bytes: u64) {
        let mut state = self.state.lock();
        state.capacity_bytes = capacity_bytes;
        let leaving = state.make_room(0);
        drop(state);
        drop(leaving);
    }

    /// The entries' bytes as they are counted, and as they are.
    pub(super) fn audit(&self) -> CacheAudit {
        let state = self.state.lock();
        CacheAudit { counted_bytes: state.entries.bytes(), found_bytes: state.entries.found_bytes() }
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
            held_bytes: self.held_bytes.load(Relaxed),
            announced_bytes: state.entries.announced_bytes(),
            capacity_bytes: state.capacity_bytes,
            ..CacheStats::default()
        }
    }
}

impl<K: Hash + Eq + Clone, V: Lasting> State<K, V> {
    /// Gives up entries until `bytes` more fit; the caller drops them once it has unlocked, and before it takes memory.
    /// For what does not fit into the whole cache none would help.
    #[must_use]
    fn make_room(&mut self, bytes: u64) -> Vec<V> {
        let mut leaving = Vec::new();
        if bytes > self.capacity_bytes {
            return leaving;
        }
        while self.taken_bytes().saturating_add(bytes) > self.capacity_bytes {
            let Some((value, _)) = self.entries.pop() else { break };
            self.evictions += 1;
            moves_out(&value);
            leaving.push(value);
        }
        leaving
    }

    /// What counts against the capacity.
    fn taken_bytes(&self) -> u64 {
        let held_bytes = self.held_bytes.load(Relaxed);
        self.entries.bytes().saturating_add(self.entries.announced_bytes()).saturating_add(held_bytes)
    }

    /// Keeps a value that was just made, if it fits at all; answers what has to leave for it.
    fn keep(&mut self, key: K, value: V, bytes: u64) -> Vec<V> {
        if let Some((lease, _)) = value.lease() {
            lease.set_bytes(bytes);
        }
        if bytes > self.capacity_bytes {
            return Vec::new();
        }
        if let Some((lease, _)) = value.lease() {
            lease.moves_in();
        }
        let replaced = self.entries.insert(key, value, bytes);
        // Where others hold all the room, this gives up the new entry, too.
        let mut leaving = self.make_room(0);
        if let Some((replaced, _)) = replaced {
            moves_out(&replaced);
            leaving.push(replaced);
        }
        leaving
    }
}

/// A value is no entry any more: it counts as held if somebody else has it.
fn moves_out(value: &impl Lasting) {
    match value.lease() {
        Some((lease, true)) => lease.ends(),
        Some((lease, false)) => lease.moves_out(),
        None => {}
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
struct Maker<'a, K: Hash + Eq + Clone, V: Clone + Lasting> {
    cache: &'a ByteCache<K, V>,
    key: &'a K,
}

impl<K: Hash + Eq + Clone, V: Clone + Lasting> Maker<'_, K, V> {
    fn land(self, outcome: Outcome<V>, keep: Option<(V, u64)>) {
        self.finish(outcome, keep);
        std::mem::forget(self);
    }

    fn finish(&self, outcome: Outcome<V>, keep: Option<(V, u64)>) {
        let (flight, leaving) = {
            let mut state = self.cache.state.lock();
            let leaving = keep.map(|(value, bytes)| state.keep(self.key.clone(), value, bytes));
            (state.making.remove(self.key), leaving)
        };
        drop(leaving);
        if let Some(flight) = flight {
            *flight.outcome.lock() = outcome;
            flight.landed.notify_all();
        }
    }
}

impl<K: Hash + Eq + Clone, V: Clone + Lasting> Drop for Maker<'_, K, V> {
    fn drop(&mut self) {
        self.finish(Outcome::Abandoned, None);
    }
}
