//! Stores around a store: one that logs every read, one that fails as told.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use zarrs::storage::byte_range::{ByteRange, ByteRangeIterator};
use zarrs::storage::{
    Bytes, ListableStorageTraits, MaybeBytes, MaybeBytesIterator, ReadableListableStorageTraits, ReadableStorageTraits,
    StorageError, StoreKey, StoreKeys, StoreKeysPrefixes, StorePrefix,
};

/// One read, as it reached the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// What was read.
    pub key: String,
    /// Which part; `None` for all.
    pub range: Option<ByteRange>,
    /// Bytes answered; `None` if there is nothing under that key.
    pub bytes: Option<u64>,
}

/// Logs every read of a store.
#[derive(Clone)]
pub struct CountingStore {
    inner: Arc<dyn ReadableListableStorageTraits>,
    reads: Arc<Mutex<Vec<Read>>>,
}

impl CountingStore {
    /// Around `inner`. Clones share the log.
    #[must_use]
    pub fn new(inner: Arc<dyn ReadableListableStorageTraits>) -> Self {
        Self { inner, reads: Arc::default() }
    }

    /// The reads since the last call, in order.
    #[must_use]
    pub fn take(&self) -> Vec<Read> {
        std::mem::take(&mut self.reads.lock())
    }

    /// Forgets the reads so far.
    pub fn clear(&self) {
        self.reads.lock().clear();
    }

    fn log(&self, key: &StoreKey, range: Option<ByteRange>, bytes: Option<&Bytes>) {
        let bytes = bytes.map(|bytes| bytes.len() as u64);
        self.reads.lock().push(Read { key: key.to_string(), range, bytes });
    }
}

impl ReadableStorageTraits for CountingStore {
    fn get(&self, key: &StoreKey) -> Result<MaybeBytes, StorageError> {
        let found = self.inner.get(key)?;
        self.log(key, None, found.as_ref());
        Ok(found)
    }

    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        byte_ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let ranges: Vec<_> = byte_ranges.collect();
        let Some(parts) = self.inner.get_partial_many(key, Box::new(ranges.clone().into_iter()))? else {
            self.log(key, ranges.first().copied(), None);
            return Ok(None);
        };
        let parts: Vec<_> = parts.collect();
        for (range, part) in ranges.iter().zip(&parts) {
            self.log(key, Some(*range), part.as_ref().ok());
        }
        Ok(Some(Box::new(parts.into_iter())))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        self.inner.size_key(key)
    }

    fn supports_get_partial(&self) -> bool {
        self.inner.supports_get_partial()
    }
}

/// What goes wrong with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Reading fails with this kind of system error.
    Fail(std::io::ErrorKind),
    /// The first so many reads fail with this kind of system error; then it passes.
    FailFirst(std::io::ErrorKind, u32),
    /// Only so many bytes are there.
    Truncate(u64),
    /// One byte, at this place, has all its bits flipped.
    Flip(u64),
    /// Reading takes this long.
    Delay(Duration),
    /// Reading does not end until [`FaultStore::heal`].
    Hang,
    /// Nothing is there.
    Absent,
    /// Reading panics, as a defect in a codec would.
    Panic,
}

/// A store that has faults at the keys told.
#[derive(Clone)]
pub struct FaultStore {
    inner: Arc<dyn ReadableListableStorageTraits>,
    /// Parts of keys, their faults, and how often each was met.
    faults: Arc<Mutex<Vec<(String, Fault, u32)>>>,
    healed: Arc<(Mutex<u64>, Condvar)>,
}

impl FaultStore {
    /// Around `inner`, without faults yet. Clones share them.
    #[must_use]
    pub fn new(inner: Arc<dyn ReadableListableStorageTraits>) -> Self {
        Self { inner, faults: Arc::default(), healed: Arc::default() }
    }

    /// From now on every key that contains `part` has the fault.
    pub fn put(&self, part: &str, fault: Fault) {
        self.faults.lock().push((part.to_owned(), fault, 0));
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.faults.lock().clear();
        let (times, healed) = &*self.healed;
        *times.lock() += 1;
        healed.notify_all();
    }

    fn wait_until_healed(&self, before: u64) {
        let (times, healed) = &*self.healed;
        healed.wait_while(&mut times.lock(), |times| *times == before);
    }

    /// The whole value as the faults leave it.
    fn value(&self, key: &StoreKey) -> Result<MaybeBytes, StorageError> {
        let healed = *self.healed.0.lock();
        let faults: Vec<_> = {
            let mut faults = self.faults.lock();
            let here = faults.iter_mut().filter(|(part, _, _)| key.as_str().contains(part.as_str()));
            let met = here.map(|(_, fault, times)| {
                *times += 1;
                (*fault, *times)
            });
            met.collect()
        };
        let mut value = self.inner.get(key)?.map(Vec::from);
        for (fault, times) in faults {
            match (fault, &mut value) {
                (Fault::Fail(kind), _) => return Err(StorageError::from(std::io::Error::from(kind))),
                (Fault::FailFirst(kind, first), _) if times <= first => {
                    return Err(StorageError::from(std::io::Error::from(kind)));
                }
                (Fault::FailFirst(..), _) => {}
                (Fault::Truncate(len), Some(value)) => value.truncate(len as usize),
                (Fault::Flip(at), Some(value)) => {
                    if let Some(byte) = value.get_mut(at as usize) {
                        *byte = !*byte;
                    }
                }
                (Fault::Hang, _) => self.wait_until_healed(healed),
                (Fault::Delay(time), _) => std::thread::sleep(time),
                (Fault::Panic, _) => std::panic::panic_any(format!("a defect, planted at {key}")),
                (Fault::Absent, _) => value = None,
                (Fault::Truncate(_) | Fault::Flip(_), None) => {}
            }
        }
        Ok(value.map(Bytes::from))
    }
}

impl ReadableStorageTraits for FaultStore {
    fn get(&self, key: &StoreKey) -> Result<MaybeBytes, StorageError> {
        self.value(key)
    }

    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        byte_ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let Some(value) = self.value(key)? else { return Ok(None) };
        let size = value.len() as u64;
        let part = move |range: ByteRange| {
            let beyond = || zarrs::storage::byte_range::InvalidByteRangeError::new(range, size).into();
            let (start, end) = match range {
                ByteRange::FromStart(start, None) => (Some(start), Some(size)),
                ByteRange::FromStart(start, Some(length)) => (Some(start), start.checked_add(length)),
                ByteRange::Suffix(length) => (size.checked_sub(length), Some(size)),
            };
            match (start, end) {
                (Some(start), Some(end)) if start <= end && end <= size => {
                    Ok(value.slice(start as usize..end as usize))
                }
                _ => Err(beyond()),
            }
        };
        Ok(Some(Box::new(byte_ranges.map(part))))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        Ok(self.value(key)?.map(|value| value.len() as u64))
    }

    fn supports_get_partial(&self) -> bool {
        true
    }
}

macro_rules! list_as_inner {
    ($($store:ty),*) => { $(impl ListableStorageTraits for $store {
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
    })* };
}

list_as_inner!(CountingStore, FaultStore);
