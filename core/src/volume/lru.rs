//! Entries in the order of their last use, with their bytes: which entry goes when room is needed.

use std::collections::HashMap;
use std::hash::Hash;

/// No entry: the end of the list.
const NONE: usize = usize::MAX;

/// A map that knows which entry was used longest ago. Knows no budget and no locks.
#[derive(Debug)]
pub(super) struct Lru<K, V> {
    index: HashMap<K, usize>,
    // A doubly linked list in a vector: `newer` and `older` are positions in it.
    nodes: Vec<Node<K, V>>,
    free: Vec<usize>,
    newest: usize,
    oldest: usize,
    bytes: u64,
}

#[derive(Debug)]
struct Node<K, V> {
    entry: Option<(K, V)>,
    bytes: u64,
    newer: usize,
    older: usize,
}

impl<K: Hash + Eq + Clone, V> Lru<K, V> {
    pub(super) fn new() -> Self {
        Self { index: HashMap::new(), nodes: Vec::new(), free: Vec::new(), newest: NONE, oldest: NONE, bytes: 0 }
    }

    /// Entries held.
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// Sum of the entries' bytes.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The value of `key`, which becomes the newest.
    pub(super) fn get(&mut self, key: &K) -> Option<&V> {
        let at = *self.index.get(key)?;
        self.unlink(at);
        self.link_newest(at);
        self.nodes[at].entry.as_ref().map(|(_, value)| value)
    }

    /// Adds an entry as the newest; replaces one of the same key.
    pub(super) fn insert(&mut self, key: K, value: V, bytes: u64) {
        if let Some(&at) = self.index.get(&key) {
            self.remove_at(at);
        }
        let node = Node { entry: Some((key.clone(), value)), bytes, newer: NONE, older: NONE };
        let at = match self.free.pop() {
            Some(at) => {
                self.nodes[at] = node;
                at
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() - 1
            }
        };
        self.index.insert(key, at);
        self.bytes += bytes;
        self.link_newest(at);
    }

    /// Removes the entry that was used longest ago.
    pub(super) fn pop_oldest(&mut self) -> Option<(K, V)> {
        (self.oldest != NONE).then(|| self.remove_at(self.oldest)).flatten()
    }

    fn remove_at(&mut self, at: usize) -> Option<(K, V)> {
        self.unlink(at);
        self.bytes -= self.nodes[at].bytes;
        self.free.push(at);
        let entry = self.nodes[at].entry.take();
        if let Some((key, _)) = &entry {
            self.index.remove(key);
        }
        entry
    }

    fn unlink(&mut self, at: usize) {
        let (newer, older) = (self.nodes[at].newer, self.nodes[at].older);
        match newer {
            NONE => self.newest = older,
            newer => self.nodes[newer].older = older,
        }
        match older {
            NONE => self.oldest = newer,
            older => self.nodes[older].newer = newer,
        }
    }

    fn link_newest(&mut self, at: usize) {
        self.nodes[at].newer = NONE;
        self.nodes[at].older = self.newest;
        match self.newest {
            NONE => self.oldest = at,
            newest => self.nodes[newest].newer = at,
        }
        self.newest = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_makes_an_entry_the_newest() {
        let mut lru = Lru::new();
        for key in 0..3 {
            lru.insert(key, (), 10);
        }
        assert!(lru.get(&0).is_some());
        lru.insert(1, (), 5);
        assert_eq!((lru.len(), lru.bytes()), (3, 25));
        let order: Vec<_> = std::iter::from_fn(|| lru.pop_oldest()).map(|(key, ())| key).collect();
        assert_eq!(order, [2, 0, 1]);
        assert_eq!((lru.len(), lru.bytes()), (0, 0));
    }

    #[test]
    fn behaves_like_a_list() {
        let mut lru = Lru::new();
        // Oldest first.
        let mut list: Vec<(u64, u64)> = Vec::new();
        let mut random = 1_u64;
        for step in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (op, key, bytes) = (random >> 62, (random >> 40) % 8, (random >> 50) % 100);
            match op {
                0 | 1 => {
                    lru.insert(key, bytes, bytes);
                    list.retain(|entry| entry.0 != key);
                    list.push((key, bytes));
                }
                2 => {
                    let found = list.iter().position(|entry| entry.0 == key).map(|at| list.remove(at));
                    assert_eq!(lru.get(&key).copied(), found.map(|entry| entry.1), "step {step}");
                    list.extend(found);
                }
                _ => {
                    let oldest = (!list.is_empty()).then(|| list.remove(0));
                    assert_eq!(lru.pop_oldest(), oldest, "step {step}");
                }
            }
            assert_eq!(lru.len(), list.len());
            assert_eq!(lru.bytes(), list.iter().map(|entry| entry.1).sum::<u64>());
        }
    }
}
