//! Memory of batches that were let go, for those to come: its pages are there already, which new memory's are not.

use std::sync::{Arc, Weak};

use super::BatchArray;
use super::layout::BatchLayout;
use crate::sync::Mutex;

/// The memory of one batch, waiting to be used again.
#[derive(Debug, Default)]
pub(super) struct Recycler {
    free: Mutex<Option<Vec<BatchArray>>>,
}

/// Where the memory of a batch goes when it is let go. A copy of a batch has no such place.
#[derive(Debug, Default)]
pub(super) struct Home(Weak<Recycler>);

impl Recycler {
    /// Memory for a batch of `samples`: used before, with whatever that left in it, or new.
    pub(super) fn take(&self, layout: &BatchLayout, samples: usize) -> Vec<BatchArray> {
        let free = self.free.lock().take();
        free.filter(|arrays| layout.fits(arrays, samples)).unwrap_or_else(|| layout.zeros(samples))
    }

    /// Keeps the memory, in the place of what was kept before.
    fn put(&self, mut arrays: Vec<BatchArray>) {
        if cfg!(debug_assertions) {
            // What reads something that it did not write is to be noticed.
            arrays.iter_mut().for_each(BatchArray::spoil);
        }
        let before = self.free.lock().replace(arrays);
        // Outside of the lock.
        drop(before);
    }
}

impl Home {
    pub(super) fn new(recycler: &Arc<Recycler>) -> Self {
        Self(Arc::downgrade(recycler))
    }

    /// Gives memory back, if anybody still wants it.
    pub(super) fn give_back(&self, arrays: Vec<BatchArray>) {
        if let Some(recycler) = self.0.upgrade() {
            recycler.put(arrays);
        }
    }
}

impl Clone for Home {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Two batches are equal wherever their memory goes.
impl PartialEq for Home {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::geometry::Zyx;
    use crate::loader::Batch;
    use crate::loader::array_layout::ArrayLayout;
    use crate::loader::{ArraySpec, Encoding, Role};

    fn batch(layout: &BatchLayout, recycler: &Arc<Recycler>, samples: usize) -> Batch {
        let arrays = recycler.take(layout, samples);
        Batch { epoch: 0, number: 0, arrays, provenance: Vec::new(), skipped: Vec::new(), home: Home::new(recycler) }
    }

    #[test]
    fn memory_comes_back_if_it_suits_and_somebody_is_there() {
        let spec = ArraySpec::new(Zyx::splat(4), Zyx::splat(8.0), Encoding::U8);
        let target = ArrayLayout::new(&Catalog::default(), "t", Role::Target, &spec, vec![Some("er".to_owned())]);
        let layout = BatchLayout { arrays: vec![target.unwrap()] };
        let recycler = Arc::new(Recycler::default());
        let place = |batch: &Batch| batch.arrays[0].data.as_bytes().as_ptr();
        let first = batch(&layout, &recycler, 2);
        let (at, copy) = (place(&first), first.clone());
        assert_eq!(first, copy);
        drop(copy);
        assert_ne!(place(&batch(&layout, &recycler, 2)), at, "a copy keeps nothing for others, and this one is in use");
        drop(first);
        assert_eq!(batch(&layout, &recycler, 2).arrays[0].data.len(), 2 * 64);
        let again = batch(&layout, &recycler, 2);
        assert!(again.arrays[0].data.as_bytes().iter().all(|byte| *byte == 0xA5), "spoilt, for tests");
        drop(again);
        assert_eq!(batch(&layout, &recycler, 1).arrays[0].data.len(), 64, "another size is made anew");
        let mut taken_apart = batch(&layout, &recycler, 2);
        taken_apart.arrays.clear();
        drop(taken_apart);
        let last = batch(&layout, &recycler, 2);
        assert_eq!(last.arrays.len(), 1);
        drop(recycler);
        drop(last);
    }
}
