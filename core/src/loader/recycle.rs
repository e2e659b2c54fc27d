//! Memory of batches that were let go, for those to come: its pages are there already, which new memory's are not.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Weak};

use super::BatchArray;
use super::layout::BatchLayout;
use crate::sync::Mutex;

/// The memory of all batches of a loader: of those that are being made, wait, are used, or are over. Of the last as much is
/// kept as the budget has room for.
#[derive(Debug)]
pub(super) struct Recycler {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    free: Vec<Vec<BatchArray>>,
    /// Of all memory, free or not.
    bytes: u64,
    /// What there may be in all before what is over is let go.
    most_bytes: u64,
}

/// The arrays of a batch: a vector whose memory goes back to where it came from. That of a copy does not.
#[derive(Debug, Default)]
pub struct BatchArrays {
    arrays: Vec<BatchArray>,
    bytes: u64,
    home: Weak<Recycler>,
}

impl Recycler {
    /// Keeps what is over as long as there are no more than so many bytes in all.
    pub(super) fn new(most_bytes: u64) -> Self {
        Self { state: Mutex::new(State { most_bytes, ..State::default() }) }
    }

    /// From now on keeps as much as there is room for in so many bytes.
    pub(super) fn set_most_bytes(&self, most_bytes: u64) {
        let leaving = {
            let mut state = self.state.lock();
            state.most_bytes = most_bytes;
            if state.bytes <= most_bytes { Vec::new() } else { std::mem::take(&mut state.free) }
        };
        let bytes: u64 = leaving.iter().map(|arrays| size_of_arrays(arrays)).sum();
        let mut state = self.state.lock();
        state.bytes = state.bytes.saturating_sub(bytes);
    }

    /// Memory for a batch of `samples`: used before, with whatever that left in it, or new.
    pub(super) fn take(self: &Arc<Self>, layout: &BatchLayout, samples: usize) -> BatchArrays {
        let bytes = layout.batch_bytes(samples);
        let free = {
            let mut state = self.state.lock();
            let free = state.free.pop();
            state.bytes = state.bytes.saturating_sub(free.as_deref().map_or(0, size_of_arrays)) + bytes;
            free
        };
        let arrays = free.filter(|arrays| layout.fits(arrays, samples)).unwrap_or_else(|| layout.zeros(samples));
        BatchArrays { arrays, bytes, home: Arc::downgrade(self) }
    }

    /// Keeps memory of `bytes` if there is room and it is whole.
    fn put(&self, mut arrays: Vec<BatchArray>, bytes: u64) {
        if cfg!(debug_assertions) {
            // What reads something that it did not write is to be noticed.
            arrays.iter_mut().for_each(BatchArray::spoil);
        }
        let mut state = self.state.lock();
        if state.bytes <= state.most_bytes && size_of_arrays(&arrays) == bytes {
            state.free.push(arrays);
        } else {
            state.bytes -= bytes;
            drop(state);
            drop(arrays);
        }
    }
}

fn size_of_arrays(arrays: &[BatchArray]) -> u64 {
    arrays.iter().map(BatchArray::size_bytes).sum()
}

impl Drop for BatchArrays {
    fn drop(&mut self) {
        if let Some(home) = self.home.upgrade() {
            home.put(std::mem::take(&mut self.arrays), self.bytes);
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
        Self { arrays, bytes: 0, home: Weak::new() }
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
        // Three batches of two samples, data and mask.
        let recycler = Arc::new(Recycler::new(3 * 2 * 64 * 2));
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
        let mut taken_apart = recycler.take(&layout, 2);
        taken_apart.clear();
        drop(taken_apart);
        let last = recycler.take(&layout, 2);
        assert_eq!(last.len(), 1);
        drop(recycler);
        drop(last);
    }
}
