//! Memory for what is made and forgotten at once: each thread keeps its own, so that none is asked for in the steady state.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use super::Voxel;

/// Pieces that a thread keeps at most.
const MOST: usize = 8;

thread_local! {
    // Words of 8 bytes suit every element type.
    static FREE: RefCell<Vec<Vec<u64>>> = const { RefCell::new(Vec::new()) };
}

/// So many elements, with whatever was left in them.
#[derive(Debug)]
pub(super) struct Scratch<T> {
    words: Vec<u64>,
    len: usize,
    of: PhantomData<T>,
}

impl<T: Voxel> Scratch<T> {
    /// Memory for `len` elements.
    pub(super) fn of(len: usize) -> Self {
        let mut scratch = Self { words: Vec::new(), len: 0, of: PhantomData };
        scratch.set_len(len);
        scratch
    }

    /// Makes it as long as that; it holds anything then.
    pub(super) fn set_len(&mut self, len: usize) {
        let words = (len * size_of::<T>()).div_ceil(size_of::<u64>());
        if self.words.len() < words {
            self.take_free(words);
            self.words.resize(words.max(self.words.len()), 0);
        }
        self.len = len;
    }

    /// Exchanges the memory for a free piece that has so many words, or else the largest there is.
    fn take_free(&mut self, words: usize) {
        FREE.with_borrow_mut(|free| {
            // The last one given back is the likeliest to be in a cache.
            let fitting = free.iter().rposition(|piece| piece.len() >= words);
            let largest = || (0..free.len()).max_by_key(|index| free[*index].len());
            if let Some(index) = fitting.or_else(largest) {
                std::mem::swap(&mut self.words, &mut free[index]);
                if free[index].is_empty() {
                    free.swap_remove(index);
                }
            }
        });
    }
}

impl<T: Voxel> Deref for Scratch<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &bytemuck::cast_slice(&self.words)[..self.len]
    }
}

impl<T: Voxel> DerefMut for Scratch<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.len]
    }
}

impl<T> Drop for Scratch<T> {
    fn drop(&mut self) {
        let words = std::mem::take(&mut self.words);
        // A thread that ends has nowhere to keep it.
        let _kept = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            if free.len() < MOST && !words.is_empty() {
                free.push(words);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_for_any_type() {
        let mut bytes = Scratch::<u8>::of(1000);
        bytes.fill(7);
        let at = bytes.as_ptr().addr();
        drop(bytes);
        let mut words = Scratch::<u32>::of(250);
        assert_eq!((words.len(), words.as_ptr().addr()), (250, at));
        assert!(words.iter().all(|word| *word == 0x0707_0707), "nobody clears it");
        words.set_len(3);
        assert_eq!(words.len(), 3);
        words.set_len(5000);
        assert_eq!((words.len(), words[4999]), (5000, 0));
        let other = Scratch::<f64>::of(1);
        assert_ne!(other.as_ptr().addr(), words.as_ptr().addr());
    }
}
