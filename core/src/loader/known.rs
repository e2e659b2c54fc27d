//! What is known of a batch's labels: memory of its own, or, where everything is, memory that batches share.

use std::ops::{Deref, DerefMut, Range};
use std::sync::{Arc, Weak};

use bytemuck::{AnyBitPattern, NoUninit};

use crate::sync::Mutex;
use crate::volume::stream::{self, is_large};

/// What is known of every element of an array, as a slice of it.
///
/// Where everything is known, it is memory that all batches of a loader share; it is copied once somebody changes it.
#[derive(Debug, Clone)]
pub struct Known<T> {
    /// Means nothing while the shared memory stands for it; is not touched before it is needed.
    own: Vec<T>,
    /// Whether something was written into it.
    is_used: bool,
    /// As many elements or more, all alike.
    shared: Option<Arc<[T]>>,
    is_shared: bool,
    /// For each part that is made by itself: everything is known, and nothing was written.
    is_all: Vec<bool>,
}

/// An element that says what is known.
pub trait Said: Copy + Default + PartialEq + AnyBitPattern + NoUninit {}
impl Said for u8 {}
impl Said for u64 {}

impl<T: Copy> Known<T> {
    /// Whether its memory is that of other batches, too, so that nothing was written for it.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        self.is_shared
    }
}

impl<T> Deref for Known<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.shared {
            Some(shared) if self.is_shared => &shared[..self.own.len()],
            _ => &self.own,
        }
    }
}

impl<T: Copy> DerefMut for Known<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        if let Some(shared) = self.shared.take().filter(|_| self.is_shared) {
            let len = self.own.len();
            self.own.copy_from_slice(&shared[..len]);
        }
        (self.is_shared, self.is_used) = (false, true);
        &mut self.own
    }
}

impl<'a, T> IntoIterator for &'a Known<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: PartialEq> PartialEq for Known<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T> From<Vec<T>> for Known<T> {
    fn from(own: Vec<T>) -> Self {
        Self { own, is_used: true, shared: None, is_shared: false, is_all: Vec::new() }
    }
}

impl<T: Said> Known<T> {
    /// Of `len` elements, which are made in so many `parts`; all 0.
    pub(super) fn zeros(len: usize, parts: usize) -> Self {
        Self { is_used: false, is_all: vec![false; parts], ..vec![T::default(); len].into() }
    }

    /// Of one part of which this was said.
    #[cfg(test)]
    pub(super) fn from_said(own: Vec<T>) -> Self {
        Self { is_all: vec![false], ..own.into() }
    }

    /// The parts, of `len` elements each, of which `all` says that everything is known.
    pub(super) fn parts(&mut self, len: usize, all: T) -> impl Iterator<Item = KnownPart<'_, T>> {
        self.is_shared = false;
        let is_used = self.is_used;
        let parts = self.own.chunks_exact_mut(len).zip(&mut self.is_all);
        parts.map(move |(elements, is_all)| KnownPart { elements, is_all, is_used, all })
    }

    /// Once every part is made: takes shared memory if nothing was ever written here, or writes what is left.
    pub(super) fn finish(&mut self, all: T, everywhere: &Everywhere<T>) {
        let everything = self.is_all.iter().all(|is_all| *is_all) && !self.is_all.is_empty();
        if everything && !self.is_used {
            let shared = self.shared.take().filter(|shared| shared.len() >= self.own.len());
            self.shared = Some(shared.unwrap_or_else(|| everywhere.of(self.own.len(), all)));
            self.is_shared = true;
            return;
        }
        (self.shared, self.is_used) = (None, true);
        let len = self.own.len() / self.is_all.len().max(1);
        for (elements, is_all) in self.own.chunks_exact_mut(len.max(1)).zip(&mut self.is_all) {
            KnownPart { elements, is_all, is_used: true, all }.finish();
        }
    }
}

/// Memory in which everything is known, as long as some batch has it. So what batches take in all is never more than if
/// each had memory of its own.
#[derive(Debug, Default)]
pub(super) struct Everywhere<T>(Mutex<Option<Weak<[T]>>>);

impl<T: Said> Everywhere<T> {
    /// `len` elements that are `all`, or more.
    fn of(&self, len: usize, all: T) -> Arc<[T]> {
        let mut kept = self.0.lock();
        let suits = |shared: &Arc<[T]>| shared.len() >= len && shared.first() == Some(&all);
        if let Some(shared) = kept.as_ref().and_then(Weak::upgrade).filter(suits) {
            return shared;
        }
        let shared: Arc<[T]> = std::iter::repeat_n(all, len).collect();
        *kept = Some(Arc::downgrade(&shared));
        shared
    }
}

/// What is known of a part that is made by itself, from the first element to the last.
#[derive(Debug)]
pub(super) struct KnownPart<'a, T> {
    elements: &'a mut [T],
    is_all: &'a mut bool,
    /// There is no use in writing nothing: the array has been written before.
    is_used: bool,
    all: T,
}

impl<T: Said> KnownPart<'_, T> {
    /// Before something is said: everything is known so far.
    pub(super) fn begin(&mut self) {
        *self.is_all = true;
    }

    /// Everything is known of `range`.
    pub(super) fn put_all(&mut self, range: Range<usize>) {
        if !*self.is_all {
            let is_large = is_large(self.elements.len());
            stream::fill(&mut self.elements[range], is_large, self.all);
        }
    }

    /// Where to write what is known of `range`, which follows all that was said so far.
    pub(super) fn range(&mut self, range: Range<usize>) -> &mut [T] {
        if std::mem::take(self.is_all) {
            self.put_all(0..range.start);
        }
        &mut self.elements[range]
    }

    /// Where to write all of it.
    pub(super) fn whole(&mut self) -> &mut [T] {
        *self.is_all = false;
        self.elements
    }

    /// The same is known of every element.
    pub(super) fn say(&mut self, known: T) {
        *self.is_all = known == self.all;
        if !*self.is_all {
            stream::fill(self.elements, is_large(self.elements.len()), known);
        }
    }

    /// All of it, as it was said, to be changed.
    pub(super) fn said(&mut self) -> &mut [T] {
        if std::mem::take(self.is_all) {
            self.put_all(0..self.elements.len());
        }
        self.elements
    }

    /// After everything was said: writes it, where it has to be.
    pub(super) fn finish(&mut self) {
        if self.is_used {
            self.said();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parts of four elements; of each what is said: `None` that all is known.
    fn made(known: &mut Known<u8>, everywhere: &Everywhere<u8>, said: [Option<u8>; 3]) {
        for (part, said) in known.parts(4, 1).zip(said).collect::<Vec<_>>().iter_mut() {
            part.begin();
            part.put_all(0..2);
            match said {
                Some(said) => part.range(2..3).fill(*said),
                None => part.put_all(2..3),
            }
            part.put_all(3..4);
            part.finish();
        }
        known.finish(1, everywhere);
    }

    #[test]
    fn what_is_all_known_is_shared_until_something_is_not() {
        let everywhere = Everywhere::default();
        let mut batches = [(); 2].map(|()| Known::zeros(12, 3));
        batches.iter_mut().for_each(|known| made(known, &everywhere, [None; 3]));
        let [a, b] = &mut batches;
        assert_eq!((&**a, a.is_shared(), a.as_ptr()), (&[1; 12][..], true, b.as_ptr()));
        made(a, &everywhere, [None, Some(0), None]);
        assert_eq!((&**a, a.is_shared()), (&[1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1][..], false));
        made(a, &everywhere, [None; 3]);
        assert_eq!((&**a, a.is_shared()), (&[1; 12][..], false), "it has memory of its own by now");
        assert_ne!(a.as_ptr(), b.as_ptr());
        b[5] = 0;
        assert_eq!((&b[4..8], b.is_shared()), (&[1, 0, 1, 1][..], false));
        assert!(everywhere.0.lock().as_ref().unwrap().upgrade().is_none(), "nobody has it");
    }

    #[test]
    fn a_part_is_changed_after_it_was_said() {
        let everywhere = Everywhere::default();
        let mut known = Known::<u64>::zeros(6, 2);
        for part in &mut known.parts(3, 7).collect::<Vec<_>>() {
            part.begin();
            part.put_all(0..3);
            part.finish();
        }
        known.parts(3, 7).nth(1).unwrap().said()[0] = 0;
        known.finish(7, &everywhere);
        assert_eq!(*known, [7, 7, 7, 0, 7, 7]);
        known.parts(3, 7).for_each(|mut part| part.whole().fill(0));
        known.finish(7, &everywhere);
        assert_eq!(*known, [0; 6]);
    }
}
