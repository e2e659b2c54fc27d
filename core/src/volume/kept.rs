//! What a cache keeps, and in which order it goes: by the next use that was announced, then by the last use.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::Hash;

use rustc_hash::FxBuildHasher;

/// No node: the end of a list.
const NONE: usize = usize::MAX;
/// The next use of what nobody announced: later than any other.
const NEVER: u64 = u64::MAX;
/// What one announced use costs at most: a key's node, its places in the index and in the list of its read.
pub(super) const ANNOUNCED_USE_BYTES: u64 = 256;

/// A map that knows which entry to give up first. Knows no budget and no locks.
///
/// Reads to come are announced by a number, their *sequence*, and the keys that they will ask for. The entry to give up
/// is one that nobody announced, the one that was used longest ago; where all are announced, one whose next use has the
/// largest sequence (Belády 1966, "A study of replacement algorithms for a virtual-storage computer", as far as the
/// future is known). So without announcements this is a list in the order of last use (LRU).
#[derive(Debug)]
pub(super) struct Kept<K, V> {
    index: HashMap<K, usize, FxBuildHasher>,
    nodes: Vec<Node<K, V>>,
    free: Vec<usize>,
    /// Entries by their next use, the last list goes first. Lists are never empty.
    lists: BTreeMap<u64, List>,
    /// The nodes of each announced read, a node as often as it was announced.
    reads: BTreeMap<u64, Box<[usize]>>,
    /// Reads up to this one have begun.
    begun: Option<u64>,
    announced: u64,
    entries: usize,
    bytes: u64,
}

/// A key that has an entry, or is announced, or both.
#[derive(Debug)]
struct Node<K, V> {
    key: K,
    entry: Option<(V, u64)>,
    /// Sequences of the reads that will ask for it, ascending.
    uses: VecDeque<u64>,
    /// How often `reads` name this node: as long as they do it is not free.
    named: u32,
    /// The list that it is in, if it has an entry.
    list: u64,
    newer: usize,
    older: usize,
}

/// A doubly linked list of nodes in the order of last use.
#[derive(Debug, Clone, Copy)]
struct List {
    newest: usize,
    oldest: usize,
}

impl<K: Hash + Eq + Clone, V> Kept<K, V> {
    pub(super) fn new() -> Self {
        Self {
            index: HashMap::default(),
            nodes: Vec::new(),
            free: Vec::new(),
            lists: BTreeMap::new(),
            reads: BTreeMap::new(),
            begun: None,
            announced: 0,
            entries: 0,
            bytes: 0,
        }
    }

    /// Entries held.
    pub(super) const fn len(&self) -> usize {
        self.entries
    }

    /// Sum of the entries' bytes.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The same, added up anew from all entries.
    pub(super) fn found_bytes(&self) -> u64 {
        self.nodes.iter().filter_map(|node| node.entry.as_ref()).map(|(_, bytes)| bytes).sum()
    }

    /// What announcements take, [`ANNOUNCED_USE_BYTES`] for each use until its read is forgotten.
    pub(super) const fn announced_bytes(&self) -> u64 {
        self.announced * ANNOUNCED_USE_BYTES
    }

    /// The value of `key`, which becomes the newest. With `uses_up` the lookup is the one that was announced for it, if
    /// a read that has begun announced any.
    pub(super) fn look_up(&mut self, key: &K, uses_up: bool) -> Option<&V> {
        let at = *self.index.get(key)?;
        if uses_up && self.nodes[at].uses.front().copied() <= self.begun {
            self.nodes[at].uses.pop_front();
        }
        if self.nodes[at].entry.is_some() {
            self.relist(at);
        }
        self.nodes[at].entry.as_ref().map(|(value, _)| value)
    }

    /// Adds an entry as the newest; answers one of the same key that it replaces.
    pub(super) fn insert(&mut self, key: K, value: V, bytes: u64) -> Option<(V, u64)> {
        let at = self.node_of(key);
        let replaced = self.take_entry(at);
        self.nodes[at].entry = Some((value, bytes));
        self.entries += 1;
        self.bytes += bytes;
        self.link(at);
        replaced
    }

    /// Removes the entry to give up first, and answers it with its bytes.
    pub(super) fn pop(&mut self) -> Option<(V, u64)> {
        let at = self.lists.last_key_value()?.1.oldest;
        let taken = self.take_entry(at);
        self.free_if_idle(at);
        taken
    }

    /// Says that read `sequence` will ask for `keys`, for a key as often as it is named.
    pub(super) fn announce(&mut self, sequence: u64, keys: &[K]) {
        let mut nodes: Vec<_> = self.reads.remove(&sequence).map(Vec::from).unwrap_or_default();
        for key in keys {
            let at = self.node_of(key.clone());
            let uses = &mut self.nodes[at].uses;
            uses.insert(uses.partition_point(|other| *other <= sequence), sequence);
            self.nodes[at].named += 1;
            self.announced += 1;
            self.move_if_due(at);
            nodes.push(at);
        }
        if !nodes.is_empty() {
            self.reads.insert(sequence, nodes.into());
        }
    }

    /// From now on lookups use up what reads up to `sequence` announced.
    pub(super) fn begin(&mut self, sequence: u64) {
        self.begun = self.begun.max(Some(sequence));
    }

    /// Forgets what is left of the announcement of read `sequence`.
    pub(super) fn forget(&mut self, sequence: u64) {
        for at in self.reads.remove(&sequence).unwrap_or_default() {
            let node = &mut self.nodes[at];
            node.named -= 1;
            self.announced -= 1;
            if let Ok(found) = node.uses.binary_search(&sequence) {
                node.uses.remove(found);
                self.move_if_due(at);
            }
            self.free_if_idle(at);
        }
    }

    /// Forgets all announcements, and which reads have begun.
    pub(super) fn forget_all(&mut self) {
        while let Some((&sequence, _)) = self.reads.last_key_value() {
            self.forget(sequence);
        }
        self.begun = None;
    }

    /// The node of `key`, a new one if it has none.
    fn node_of(&mut self, key: K) -> usize {
        if let Some(&at) = self.index.get(&key) {
            return at;
        }
        let node = Node {
            key: key.clone(),
            entry: None,
            uses: VecDeque::new(),
            named: 0,
            list: NEVER,
            newer: NONE,
            older: NONE,
        };
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
        at
    }

    fn take_entry(&mut self, at: usize) -> Option<(V, u64)> {
        let taken = self.nodes[at].entry.take()?;
        self.unlink(at);
        self.entries -= 1;
        self.bytes -= taken.1;
        Some(taken)
    }

    fn free_if_idle(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        if node.entry.is_none() && node.named == 0 {
            // An announcement's memory goes with it.
            node.uses = VecDeque::new();
            self.index.remove(&self.nodes[at].key);
            self.free.push(at);
        }
    }

    /// Moves an entry to the list of its next use, if it is in another.
    fn move_if_due(&mut self, at: usize) {
        let node = &self.nodes[at];
        if node.entry.is_some() && node.list != node.next_use() {
            self.relist(at);
        }
    }

    /// Makes an entry the newest of the list of its next use.
    fn relist(&mut self, at: usize) {
        self.unlink(at);
        self.link(at);
    }

    fn unlink(&mut self, at: usize) {
        let Node { list, newer, older, .. } = self.nodes[at];
        match newer {
            NONE => {}
            newer => self.nodes[newer].older = older,
        }
        match older {
            NONE => {}
            older => self.nodes[older].newer = newer,
        }
        if newer != NONE && older != NONE {
            return;
        }
        let Entry::Occupied(mut slot) = self.lists.entry(list) else { return };
        match (newer, older) {
            (NONE, NONE) => drop(slot.remove()),
            (NONE, older) => slot.get_mut().newest = older,
            (newer, _) => slot.get_mut().oldest = newer,
        }
    }

    fn link(&mut self, at: usize) {
        let next_use = self.nodes[at].next_use();
        let older = match self.lists.entry(next_use) {
            Entry::Vacant(slot) => {
                slot.insert(List { newest: at, oldest: at });
                NONE
            }
            Entry::Occupied(mut slot) => std::mem::replace(&mut slot.get_mut().newest, at),
        };
        if older != NONE {
            self.nodes[older].newer = at;
        }
        let node = &mut self.nodes[at];
        (node.list, node.newer, node.older) = (next_use, NONE, older);
    }
}

impl<K, V> Node<K, V> {
    fn next_use(&self) -> u64 {
        self.uses.front().copied().unwrap_or(NEVER)
    }
}

#[cfg(test)]
mod tests;
