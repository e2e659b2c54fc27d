//! Memory of batches that were let go, for those to come: its pages are there already, which new memory's are not.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};

use super::BatchArray;
use super::layout::BatchLayout;
use crate::sync::Mutex;

/// The memory of some batches, waiting to be used again: as much as batches may take that are not being made and do not wait.
#[derive(Debug)]
pub(super) struct Recycler {
    free: Mutex<Vec<Vec<BatchArray>>>,
    most_bytes: u64,
    /// What is being made, and what waits for the consumer.
    reserved_bytes: Arc<AtomicU64>,
}

/// The arrays of a batch: a vector whose memory goes back to where it came from. That of a copy does not.
#[derive(Debug, Default)]
pub struct BatchArrays {
    arrays: Vec<BatchArray>,
    home: Weak<Recycler>,
}

impl Recycler {
    /// Keeps so many bytes, less those that are reserved.
    pub(super) const fn new(most_bytes: u64, reserved_bytes: Arc<AtomicU64>) -> Self {
        Self { free: Mutex::new(Vec::new()), most_bytes, reserved_bytes }
    }

    /// Memory for a batch of `samples`: used before, with whatever that left in it, or new.
    pub(super) fn take(self: &Arc<Self>, layout: &BatchLayout, samples: usize) -> BatchArrays {
        let free = self.free.lock().pop();
        let arrays = free.filter(|arrays| layout.fits(arrays, samples)).unwrap_or_else(|| layout.zeros(samples));
        BatchArrays { arrays, home: Arc::downgrade(self) }
    }

    /// Keeps the memory if there is room.
    fn put(&self, mut arrays: Vec<BatchArray>) {
        if cfg!(debug_assertions) {
            // What reads something that it did not write is to be noticed.
            arrays.iter_mut().for_each(BatchArray::spoil);
        }
        let bytes_of = |arrays: &Vec<BatchArray>| arrays.iter().map(BatchArray::size_bytes).sum::<u64>();
        let mut free = self.free.lock();
        let kept_bytes = free.iter().map(bytes_of).sum::<u64>() + self.reserved_bytes.load(Relaxed);
        if kept_bytes + bytes_of(&arrays) <= self.most_bytes {
            free.push(arrays);
        }
    }
}

impl Drop for BatchArrays {
    fn drop(&mut self) {
        if let Some(home) = self.home.upgrade() {
            home.put(std::mem::take(&mut self.arrays));
        }
    }
}

impl Deref for BatchArrays {
    type Target = Vec<BatchArray>;

    fn deref(&self) -> &Self::Target {
        &self.arrays
    }
}

impl DerefMut for BatchArrays {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.arrays
    }
}

impl<'a> IntoIterator for &'a BatchArrays {
    type Item = &'a BatchArray;
    type IntoIter = std::slice::Iter<'a, BatchArray>;

    fn into_iter(self) -> Self::IntoIter {
        self.arrays.iter()
    }
}

impl From<Vec<BatchArray>> for BatchArrays {
    fn from(arrays: Vec<BatchArray>) -> Self {
        Self { arrays, home: Weak::new() }
    }
}

impl Clone for BatchArrays {
    fn clone(&self) -> Self {
        self.arrays.clone().into()
    }
}

/// Wherever their memory goes.
impl PartialEq for BatchArrays {
    fn eq(&self, other: &Self) -> bool {
        self.arrays == other.arrays
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::geometry::Zyx;
    use crate::loader::array_layout::ArrayLayout;
    use crate::loader::{ArraySpec, Encoding, Role};

    #[test]
    fn memory_comes_back_if_it_suits_and_somebody_is_there() {
        let spec = ArraySpec::new(Zyx::splat(4), Zyx::splat(8.0), Encoding::U8);
        let target = ArrayLayout::new(&Catalog::default(), "t", Role::Target, &spec, vec![Some("er".to_owned())]);
        let layout = BatchLayout { arrays: vec![target.unwrap()] };
        let reserved_bytes = Arc::new(AtomicU64::new(0));
        let recycler = Arc::new(Recycler::new(3 * 2 * 64 * 2, Arc::clone(&reserved_bytes)));
        let is_spoilt = |arrays: &BatchArrays| arrays[0].data.as_bytes().iter().all(|byte| *byte == 0xA5);
        let first = recycler.take(&layout, 2);
        assert!(!is_spoilt(&first));
        let copy = first.clone();
        assert_eq!(first, copy);
        drop(copy);
        assert!(!is_spoilt(&recycler.take(&layout, 2)), "a copy keeps nothing for others");
        drop(first);
        let again = recycler.take(&layout, 2);
        assert!(is_spoilt(&again) && again[0].data.len() == 2 * 64, "used before, and spoilt for tests");
        drop(again);
        assert_eq!(recycler.take(&layout, 1)[0].data.len(), 64, "another size is made anew");
        let three = [2; 3].map(|samples| recycler.take(&layout, samples));
        drop(three);
        let spoilt =
            [2; 4].map(|samples| recycler.take(&layout, samples)).iter().filter(|arrays| is_spoilt(arrays)).count();
        assert_eq!(spoilt, 3, "as many as there is room for");
        reserved_bytes.store(3 * 2 * 64 * 2, Relaxed);
        drop(recycler.take(&layout, 2));
        reserved_bytes.store(0, Relaxed);
        let mut taken_apart = recycler.take(&layout, 2);
        taken_apart.clear();
        drop(taken_apart);
        let last = recycler.take(&layout, 2);
        assert_eq!(last.len(), 1);
        drop(recycler);
        drop(last);
    }
}
