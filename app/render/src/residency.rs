//! Which chunks have a texture, within a budget of bytes: least recently drawn goes first. Knows no device.

use std::collections::HashMap;

use microtome_core::geometry::Zyx;

use crate::RenderError;

/// Which chunk of which level of which volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChunkId {
    /// The caller's number of the volume; one volume shown both as image and as labels needs two.
    pub volume: u64,
    /// Index of the level.
    pub level: u32,
    /// Position in the level's chunk grid.
    pub chunk: Zyx<u64>,
}

/// Bytes, ages and the budget of what is on the device.
#[derive(Debug)]
pub struct Residency {
    budget_bytes: u64,
    bytes: u64,
    frame: u64,
    evictions: u64,
    entries: HashMap<ChunkId, Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    bytes: u64,
    last_used: u64,
}

impl Residency {
    /// Nothing resident, at most `budget_bytes`.
    #[must_use]
    pub fn new(budget_bytes: u64) -> Self {
        Self { budget_bytes, bytes: 0, frame: 1, evictions: 0, entries: HashMap::new() }
    }

    /// A new frame begins: what neither it nor the one before uses may be evicted.
    pub fn begin_frame(&mut self) {
        self.frame += 1;
    }

    /// True if `id` is resident.
    #[must_use]
    pub fn contains(&self, id: &ChunkId) -> bool {
        self.entries.contains_key(id)
    }

    /// Marks `id` as used in this frame.
    pub fn touch(&mut self, id: &ChunkId) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.last_used = self.frame;
        }
    }

    /// Makes room for `bytes` and enters `id` as used now, in place of an older entry of the same id.
    ///
    /// Answers what had to go. What this frame or the last one used stays, so that a screen never eats itself.
    ///
    /// # Errors
    /// [`RenderError::OverBudget`] if what is in use leaves no room; nothing has changed then.
    pub fn admit(&mut self, id: ChunkId, bytes: u64) -> Result<Vec<ChunkId>, RenderError> {
        let before = self.entries.get(&id).map_or(0, |entry| entry.bytes);
        let in_use_bytes = self.in_use_bytes(&id);
        if in_use_bytes.saturating_add(bytes) > self.budget_bytes {
            return Err(RenderError::OverBudget { needed_bytes: bytes, in_use_bytes, budget_bytes: self.budget_bytes });
        }
        self.entries.remove(&id);
        self.bytes -= before;
        let evicted = self.evict_down_to(self.budget_bytes - bytes, true);
        self.entries.insert(id, Entry { bytes, last_used: self.frame });
        self.bytes += bytes;
        Ok(evicted)
    }

    /// Changes the budget and answers what had to go, also of what is in use.
    pub fn set_budget_bytes(&mut self, budget_bytes: u64) -> Vec<ChunkId> {
        self.budget_bytes = budget_bytes;
        let mut evicted = self.evict_down_to(budget_bytes, true);
        evicted.extend(self.evict_down_to(budget_bytes, false));
        evicted
    }

    /// Forgets every chunk of a volume and answers them.
    pub fn remove_volume(&mut self, volume: u64) -> Vec<ChunkId> {
        let gone: Vec<ChunkId> = self.entries.keys().filter(|id| id.volume == volume).copied().collect();
        for id in &gone {
            self.bytes -= self.entries.remove(id).map_or(0, |entry| entry.bytes);
        }
        gone
    }

    /// Bytes resident; never more than the budget.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The budget, bytes.
    #[must_use]
    pub const fn budget_bytes(&self) -> u64 {
        self.budget_bytes
    }

    /// Chunks evicted since the start.
    #[must_use]
    pub const fn evictions(&self) -> u64 {
        self.evictions
    }

    fn is_in_use(&self, entry: Entry) -> bool {
        entry.last_used + 1 >= self.frame
    }

    fn in_use_bytes(&self, except: &ChunkId) -> u64 {
        let others = self.entries.iter().filter(|(id, entry)| *id != except && self.is_in_use(**entry));
        others.map(|(_, entry)| entry.bytes).sum()
    }

    fn evict_down_to(&mut self, target_bytes: u64, spare_in_use: bool) -> Vec<ChunkId> {
        if self.bytes <= target_bytes {
            return Vec::new();
        }
        let candidates = self.entries.iter().filter(|(_, entry)| !(spare_in_use && self.is_in_use(**entry)));
        let mut oldest_first: Vec<(ChunkId, Entry)> = candidates.map(|(id, entry)| (*id, *entry)).collect();
        // The id breaks ties, so that the same history evicts the same chunks.
        oldest_first.sort_by_key(|(id, entry)| (entry.last_used, id.volume, id.level, id.chunk.to_array()));
        let mut evicted = Vec::new();
        for (id, entry) in oldest_first {
            if self.bytes <= target_bytes {
                break;
            }
            self.entries.remove(&id);
            self.bytes -= entry.bytes;
            self.evictions += 1;
            evicted.push(id);
        }
        evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(x: u64) -> ChunkId {
        ChunkId { volume: 1, level: 0, chunk: Zyx::new(0, 0, x) }
    }

    #[test]
    fn the_least_recently_drawn_goes_first() {
        let mut r = Residency::new(30);
        for x in 0..3 {
            assert_eq!(r.admit(id(x), 10).unwrap(), []);
        }
        r.begin_frame();
        r.touch(&id(0));
        r.begin_frame();
        r.begin_frame();
        r.touch(&id(1));
        assert_eq!(r.admit(id(3), 10).unwrap(), [id(2)]);
        assert_eq!(r.admit(id(4), 10).unwrap(), [id(0)]);
        assert!(r.contains(&id(1)) && r.contains(&id(3)) && r.contains(&id(4)));
        assert_eq!((r.bytes(), r.evictions()), (30, 2));
    }

    #[test]
    fn what_is_on_screen_is_not_evicted() {
        let mut r = Residency::new(20);
        r.admit(id(0), 10).unwrap();
        r.admit(id(1), 10).unwrap();
        r.begin_frame();
        let refused = r.admit(id(2), 10).unwrap_err();
        assert_eq!(refused, RenderError::OverBudget { needed_bytes: 10, in_use_bytes: 20, budget_bytes: 20 });
        r.begin_frame();
        assert_eq!(r.admit(id(2), 10).unwrap(), [id(0)]);
    }

    #[test]
    fn the_same_chunk_again_takes_the_place_of_the_old_one() {
        let mut r = Residency::new(20);
        r.admit(id(0), 15).unwrap();
        assert_eq!(r.admit(id(0), 20).unwrap(), []);
        assert_eq!(r.bytes(), 20);
    }

    #[test]
    fn a_smaller_budget_holds_at_once() {
        let mut r = Residency::new(100);
        for x in 0..10 {
            r.admit(id(x), 10).unwrap();
        }
        assert_eq!(r.set_budget_bytes(35).len(), 7);
        assert_eq!(r.bytes(), 30);
        assert_eq!(r.remove_volume(1).len(), 3);
        assert_eq!(r.bytes(), 0);
    }
}
