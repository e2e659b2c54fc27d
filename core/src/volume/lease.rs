//! Memory that goes on existing outside of a cache, counted for as long as anybody holds it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bytes of a value that count as held until they are counted elsewhere or the value goes.
///
/// The count grows only under the cache's lock; it shrinks whenever a holder drops the last reference. So what the cache
/// decides under its lock stays true: there may be more room a moment later, never less.
#[derive(Debug)]
pub(super) struct Lease {
    /// What is subtracted when the value goes.
    bytes: AtomicU64,
    held_bytes: Arc<AtomicU64>,
}

impl Lease {
    /// Counts `bytes` as held.
    pub(super) fn take(held_bytes: &Arc<AtomicU64>, bytes: u64) -> Self {
        held_bytes.fetch_add(bytes, Relaxed);
        Self { bytes: AtomicU64::new(bytes), held_bytes: Arc::clone(held_bytes) }
    }

    /// The bytes turned out to be so many.
    pub(super) fn set_bytes(&self, bytes: u64) {
        // First up and then down: never less than is held, and never below nothing.
        self.held_bytes.fetch_add(bytes, Relaxed);
        self.held_bytes.fetch_sub(self.bytes.swap(bytes, Relaxed), Relaxed);
    }

    /// The cache's entry counts them from now on.
    pub(super) fn moves_in(&self) {
        self.held_bytes.fetch_sub(self.bytes.load(Relaxed), Relaxed);
    }

    /// The cache gives the value up while others hold it.
    pub(super) fn moves_out(&self) {
        self.held_bytes.fetch_add(self.bytes.load(Relaxed), Relaxed);
    }

    /// The cache gives the value up and nobody else holds it: it is not counted any more.
    pub(super) fn ends(&self) {
        self.bytes.store(0, Relaxed);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.held_bytes.fetch_sub(*self.bytes.get_mut(), Relaxed);
    }
}

/// What a cache can keep.
pub(super) trait Lasting {
    /// The lease on its memory, if that can outlast the cache's entry, and whether nobody but the owner of this value
    /// holds it.
    fn lease(&self) -> Option<(&Lease, bool)>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_held_while_neither_the_cache_nor_nobody_has_them() {
        let held_bytes = Arc::new(AtomicU64::new(0));
        let held = || held_bytes.load(Relaxed);
        let lease = Lease::take(&held_bytes, 10);
        assert_eq!(held(), 10);
        lease.set_bytes(7);
        assert_eq!(held(), 7);
        lease.moves_in();
        assert_eq!(held(), 0);
        lease.moves_out();
        assert_eq!(held(), 7);
        drop(lease);
        assert_eq!(held(), 0);
        let lease = Lease::take(&held_bytes, 10);
        lease.moves_in();
        lease.ends();
        drop(lease);
        assert_eq!(held(), 0);
    }
}
