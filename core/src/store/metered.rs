//! Counts what is fetched, and shows each fetch as a span.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use zarrs::storage::byte_range::ByteRangeIterator;
use zarrs::storage::{
    ListableStorageTraits, MaybeBytes, MaybeBytesIterator, ReadableListableStorageTraits, ReadableStorageTraits,
    StorageError, StoreKey, StoreKeys, StoreKeysPrefixes, StorePrefix,
};

use super::{join, storage_error};
use crate::Result;
use crate::telemetry::{Meter, Stage, roster};

/// What a store has been asked for since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FetchTotals {
    /// Requests: one for a whole file, one for each range of a file.
    pub reads: u64,
    /// Bytes received.
    pub bytes: u64,
    /// Time spent in requests, summed over threads.
    pub busy: Duration,
}

/// What a folder of a store takes, as far as it was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// Bytes of these files.
    pub bytes: u64,
    /// Files, metadata among them.
    pub files: u64,
    /// Nothing was left uncounted.
    pub is_complete: bool,
}

/// Folders below an array that are entered one inside the other: its chunks lie at most six deep.
const MOST_DEPTH: u32 = 12;

/// A store and its meter. Everything that Microtome reads goes through one.
///
/// A read inside a `decode` stage shows there as a nested stage `fetch` with the key as its detail, and counts for the
/// meter of that stage.
pub struct Metered {
    inner: Arc<dyn ReadableListableStorageTraits>,
    location: String,
    reads: AtomicU64,
    bytes: AtomicU64,
    busy_ns: AtomicU64,
}

impl std::fmt::Debug for Metered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metered").field("location", &self.location).field("totals", &self.totals()).finish()
    }
}

impl Metered {
    /// Meters `inner`. `location` is its path or URL, as it stands in messages.
    #[must_use]
    pub fn new(inner: Arc<dyn ReadableListableStorageTraits>, location: impl Into<String>) -> Self {
        let zero = || AtomicU64::new(0);
        Self { inner, location: location.into(), reads: zero(), bytes: zero(), busy_ns: zero() }
    }

    /// Path or URL of the store's root.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Path or URL of a key, for messages.
    #[must_use]
    pub fn path_of(&self, key: &str) -> String {
        join(self.location.strip_suffix('/').unwrap_or(&self.location), key)
    }

    /// Counts so far.
    #[must_use]
    pub fn totals(&self) -> FetchTotals {
        FetchTotals {
            reads: self.reads.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            busy: Duration::from_nanos(self.busy_ns.load(Ordering::Relaxed)),
        }
    }

    /// Names of the folders directly inside `group`, sorted; empty if there is no such folder.
    ///
    /// # Errors
    /// [`crate::Error::Io`] if it cannot be listed.
    pub fn folders(&self, group: &str) -> Result<Vec<String>> {
        let failed = |error| storage_error("list", self.path_of(group), error);
        let prefix = prefix_of(group).map_err(failed)?;
        let listed = self.inner.list_dir(&prefix).map_err(failed)?;
        let name = |child: &StorePrefix| {
            let child = child.as_str();
            child.strip_prefix(prefix.as_str()).unwrap_or(child).trim_matches('/').to_owned()
        };
        let mut names: Vec<_> = listed.prefixes().iter().map(name).collect();
        names.sort();
        Ok(names)
    }

    /// Bytes stored below `group`, metadata included.
    ///
    /// # Errors
    /// [`crate::Error::Io`] if it cannot be listed.
    pub fn stored_bytes(&self, group: &str) -> Result<u64> {
        let size = prefix_of(group).and_then(|prefix| self.inner.size_prefix(&prefix));
        size.map_err(|error| storage_error("list", self.path_of(group), error))
    }

    /// As [`Metered::stored_bytes`], folder by folder: ends at `most_files`, so that a store of millions of chunks is
    /// not listed whole, and soon after `is_stopped` says so. Folders more than 12 are not entered: links
    /// may run in circles.
    ///
    /// # Errors
    /// [`crate::Error::Io`] if a folder cannot be listed; [`crate::Error::Stopped`].
    pub fn stored_until(&self, group: &str, most_files: u64, is_stopped: &dyn Fn() -> bool) -> Result<Stored> {
        let failed = |error| storage_error("list", self.path_of(group), error);
        let mut stored = Stored { bytes: 0, files: 0, is_complete: true };
        let mut open = vec![(prefix_of(group).map_err(failed)?, 0)];
        while let Some((prefix, depth)) = open.pop() {
            if is_stopped() {
                return Err(crate::Error::Stopped);
            }
            let listed = self.inner.list_dir(&prefix).map_err(failed)?;
            for key in listed.keys() {
                if stored.files == most_files {
                    return Ok(Stored { is_complete: false, ..stored });
                }
                stored.files += 1;
                stored.bytes += self.inner.size_key(key).map_err(failed)?.unwrap_or_default();
            }
            if depth < MOST_DEPTH {
                open.extend(listed.prefixes().iter().map(|prefix| (prefix.clone(), depth + 1)));
            }
        }
        Ok(stored)
    }

    /// Runs one request, counts it and shows it as a span.
    fn fetch<T>(
        &self,
        key: &StoreKey,
        read: impl FnOnce() -> Result<T, StorageError>,
        size: impl FnOnce(&T) -> (u64, u64),
    ) -> Result<T, StorageError> {
        let mut stage = Meter::nested(Stage::Fetch, || key.as_str().to_owned());
        roster::reads(key.as_str());
        let start = Instant::now();
        let result = read();
        let busy_ns = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let (reads, bytes) = result.as_ref().map_or((1, 0), size);
        stage.add_bytes(bytes);
        self.reads.fetch_add(reads, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.busy_ns.fetch_add(busy_ns, Ordering::Relaxed);
        result
    }
}

fn prefix_of(group: &str) -> Result<StorePrefix, StorageError> {
    if group.is_empty() { Ok(StorePrefix::root()) } else { Ok(StorePrefix::new(format!("{group}/"))?) }
}

impl ReadableStorageTraits for Metered {
    fn get(&self, key: &StoreKey) -> Result<MaybeBytes, StorageError> {
        self.fetch(key, || self.inner.get(key), |found| (1, found.as_ref().map_or(0, |b| b.len() as u64)))
    }

    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        byte_ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        // Collected inside the span: the inner iterator reads only when it is drawn from.
        let read = || match self.inner.get_partial_many(key, byte_ranges)? {
            Some(parts) => parts.collect::<Result<Vec<_>, _>>().map(Some),
            None => Ok(None),
        };
        let parts = self.fetch(key, read, |found| match found {
            Some(parts) => (parts.len() as u64, parts.iter().map(|b| b.len() as u64).sum()),
            None => (1, 0),
        })?;
        Ok(parts.map(|parts| -> Box<dyn Iterator<Item = _>> { Box::new(parts.into_iter().map(Ok)) }))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        self.inner.size_key(key)
    }

    fn supports_get_partial(&self) -> bool {
        self.inner.supports_get_partial()
    }
}

impl ListableStorageTraits for Metered {
    fn list(&self) -> Result<StoreKeys, StorageError> {
        self.inner.list()
    }

    fn list_prefix(&self, prefix: &StorePrefix) -> Result<StoreKeys, StorageError> {
        self.inner.list_prefix(prefix)
    }

    fn list_dir(&self, prefix: &StorePrefix) -> Result<StoreKeysPrefixes, StorageError> {
        self.inner.list_dir(prefix)
    }

    fn size_prefix(&self, prefix: &StorePrefix) -> Result<u64, StorageError> {
        self.inner.size_prefix(prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::open_memory;
    use zarrs::storage::WritableStorageTraits;
    use zarrs::storage::byte_range::ByteRange;
    use zarrs::storage::store::MemoryStore;

    #[test]
    fn counts_requests_ranges_and_bytes() {
        let memory = Arc::new(MemoryStore::new());
        let key = StoreKey::new("a/b").unwrap();
        memory.set(&key, vec![7; 100].into()).unwrap();
        let store = open_memory(memory, "memory");
        assert_eq!(store.get(&key).unwrap().unwrap().len(), 100);
        let ranges = [ByteRange::FromStart(10, Some(5)), ByteRange::Suffix(20)];
        let parts = store.get_partial_many(&key, Box::new(ranges.into_iter())).unwrap().unwrap();
        assert_eq!(parts.map(|p| p.unwrap().len()).collect::<Vec<_>>(), [5, 20]);
        assert!(store.get(&StoreKey::new("absent").unwrap()).unwrap().is_none());
        let totals = store.totals();
        assert_eq!((totals.reads, totals.bytes), (4, 125));
        assert_eq!(store.folders("").unwrap(), ["a"]);
        assert_eq!(store.stored_bytes("a").unwrap(), 100);
        assert_eq!(store.path_of("a/b"), "memory/a/b");
    }
}
