//! Policies that know the past only: LRU, CLOCK, S3-FIFO, and to keep what came first.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use crate::policies::Policy;

/// Gives up what was used longest ago.
pub struct Lru {
    room: usize,
    clock: u64,
    used: HashMap<usize, u64>,
    order: BTreeMap<u64, usize>,
}

impl Lru {
    pub fn new(room: usize) -> Self {
        Self { room, clock: 0, used: HashMap::new(), order: BTreeMap::new() }
    }
}

impl Policy for Lru {
    fn ask(&mut self, chunk: usize, _next: Option<usize>) -> bool {
        self.clock += 1;
        let before = self.used.insert(chunk, self.clock);
        self.order.insert(self.clock, chunk);
        match before {
            Some(before) => drop(self.order.remove(&before)),
            None if self.used.len() > self.room => {
                if let Some((_, oldest)) = self.order.pop_first() {
                    self.used.remove(&oldest);
                }
            }
            None => {}
        }
        before.is_some()
    }
}

/// A ring with a mark for each chunk that was used since the hand came by.
pub struct Clock {
    room: usize,
    hand: usize,
    ring: Vec<(usize, bool)>,
    places: HashMap<usize, usize>,
}

impl Clock {
    pub fn new(room: usize) -> Self {
        Self { room, hand: 0, ring: Vec::new(), places: HashMap::new() }
    }
}

impl Policy for Clock {
    fn ask(&mut self, chunk: usize, _next: Option<usize>) -> bool {
        if let Some(&at) = self.places.get(&chunk) {
            self.ring[at].1 = true;
            return true;
        }
        if self.ring.len() < self.room {
            self.places.insert(chunk, self.ring.len());
            self.ring.push((chunk, false));
            return false;
        }
        while std::mem::take(&mut self.ring[self.hand].1) {
            self.hand = (self.hand + 1) % self.room;
        }
        let (gone, _) = std::mem::replace(&mut self.ring[self.hand], (chunk, false));
        self.places.remove(&gone);
        self.places.insert(chunk, self.hand);
        self.hand = (self.hand + 1) % self.room;
        false
    }
}

/// Yang et al. 2023, "FIFO queues are all you need for cache eviction": a tenth is a probation queue, and chunks that
/// left it unused are remembered for as long as the main queue is.
pub struct S3Fifo {
    room: usize,
    small: VecDeque<usize>,
    main: VecDeque<usize>,
    ghost: VecDeque<usize>,
    remembered: HashSet<usize>,
    /// Uses since it came, at most 3.
    uses: HashMap<usize, u8>,
}

impl S3Fifo {
    pub fn new(room: usize) -> Self {
        Self {
            room,
            small: VecDeque::new(),
            main: VecDeque::new(),
            ghost: VecDeque::new(),
            remembered: HashSet::new(),
            uses: HashMap::new(),
        }
    }

    fn evict(&mut self) {
        let small_room = (self.room / 10).max(1);
        while self.uses.len() >= self.room {
            if self.small.len() >= small_room || self.main.is_empty() {
                self.evict_small();
            } else if let Some(chunk) = self.main.pop_front() {
                match self.uses.get_mut(&chunk) {
                    Some(uses) if *uses > 0 => {
                        *uses -= 1;
                        self.main.push_back(chunk);
                    }
                    _ => drop(self.uses.remove(&chunk)),
                }
            }
        }
    }

    fn evict_small(&mut self) {
        let Some(chunk) = self.small.pop_front() else { return };
        if self.uses.get(&chunk).is_some_and(|uses| *uses > 1) {
            self.uses.insert(chunk, 0);
            self.main.push_back(chunk);
            return;
        }
        self.uses.remove(&chunk);
        self.ghost.push_back(chunk);
        self.remembered.insert(chunk);
        if self.ghost.len() > self.room * 9 / 10
            && let Some(forgotten) = self.ghost.pop_front()
        {
            self.remembered.remove(&forgotten);
        }
    }
}

impl Policy for S3Fifo {
    fn ask(&mut self, chunk: usize, _next: Option<usize>) -> bool {
        if let Some(uses) = self.uses.get_mut(&chunk) {
            *uses = (*uses + 1).min(3);
            return true;
        }
        self.evict();
        if self.remembered.remove(&chunk) {
            self.ghost.retain(|other| *other != chunk);
            self.main.push_back(chunk);
        } else {
            self.small.push_back(chunk);
        }
        self.uses.insert(chunk, 0);
        false
    }
}

/// Keeps what came first.
pub struct NeverEvict {
    room: usize,
    kept: HashSet<usize>,
}

impl NeverEvict {
    pub fn new(room: usize) -> Self {
        Self { room, kept: HashSet::new() }
    }
}

impl Policy for NeverEvict {
    fn ask(&mut self, chunk: usize, _next: Option<usize>) -> bool {
        let hit = self.kept.contains(&chunk);
        if self.kept.len() < self.room {
            self.kept.insert(chunk);
        }
        hit
    }
}
