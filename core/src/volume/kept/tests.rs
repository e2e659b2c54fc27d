//! The order in which entries go, by examples and against a list that is searched from end to end.

use super::*;

fn drain(kept: &mut Kept<u64, u64>) -> Vec<u64> {
    std::iter::from_fn(|| kept.pop()).map(|(value, _)| value).collect()
}

fn filled(keys: std::ops::Range<u64>) -> Kept<u64, u64> {
    let mut kept = Kept::new();
    keys.for_each(|key| assert!(kept.insert(key, key, 10).is_none()));
    kept
}

#[test]
fn without_announcements_the_oldest_goes_first() {
    let mut kept = filled(0..3);
    assert_eq!(kept.look_up(&0, true), Some(&0));
    assert_eq!(kept.insert(1, 1, 5), Some((1, 10)));
    assert_eq!((kept.len(), kept.bytes()), (3, 25));
    assert_eq!(drain(&mut kept), [2, 0, 1]);
    assert_eq!((kept.len(), kept.bytes()), (0, 0));
}

#[test]
fn what_nobody_announced_goes_first_then_what_is_used_last() {
    let mut kept = filled(0..6);
    kept.announce(7, &[4, 2]);
    kept.announce(9, &[0, 4]);
    kept.announce(8, &[1]);
    assert_eq!(drain(&mut kept), [3, 5, 0, 1, 4, 2]);
}

#[test]
fn a_lookup_uses_up_the_announcement_of_a_read_that_has_begun_and_of_no_other() {
    let mut kept = filled(0..2);
    kept.announce(1, &[0]);
    kept.announce(2, &[1]);
    // Not begun: 0 is still needed sooner.
    kept.look_up(&0, true);
    kept.begin(1);
    kept.look_up(&1, true);
    assert_eq!(drain(&mut kept), [1, 0]);
    let mut kept = filled(0..2);
    kept.announce(1, &[0]);
    kept.announce(2, &[1]);
    kept.begin(1);
    kept.look_up(&0, false);
    assert_eq!(kept.look_up(&0, true), Some(&0));
    assert_eq!(drain(&mut kept), [0, 1]);
}

#[test]
fn what_is_not_there_yet_uses_up_its_announcement_all_the_same() {
    let mut kept = filled(0..1);
    kept.announce(1, &[5]);
    kept.announce(3, &[0, 5]);
    kept.announce(4, &[5]);
    kept.begin(2);
    assert_eq!(kept.look_up(&5, true), None);
    assert!(kept.insert(5, 5, 10).is_none());
    kept.forget(3);
    assert_eq!(drain(&mut kept), [0, 5], "5 is used again by 4, 0 is not");
}

#[test]
fn what_is_forgotten_is_as_never_announced_and_costs_nothing() {
    let mut kept = filled(0..3);
    kept.announce(1, &[0, 1, 0, 9]);
    kept.announce(2, &[1]);
    assert_eq!(kept.announced_bytes(), 5 * ANNOUNCED_USE_BYTES);
    kept.forget(1);
    kept.forget(1);
    assert_eq!(kept.announced_bytes(), ANNOUNCED_USE_BYTES);
    assert_eq!(kept.index.len(), 3, "9 is neither kept nor announced");
    kept.begin(5);
    kept.forget_all();
    assert_eq!((kept.announced_bytes(), kept.begun), (0, None));
    // 0 and 1 moved when they lost their announcements.
    assert_eq!(drain(&mut kept), [2, 0, 1]);
    assert!(kept.index.is_empty() && kept.lists.is_empty());
}

#[test]
fn a_use_costs_no_more_than_it_says() {
    // A vector and a table may be half empty; a table's slot has a byte of its own, an allocation sixteen.
    let node = 2 * size_of::<Node<[u64; 5], [u64; 2]>>();
    let index = (size_of::<([u64; 5], usize)>() + 1) * 16 / 7;
    let uses = 4 * size_of::<u64>() + 16;
    let of_read = size_of::<usize>();
    let all = node + index + uses + of_read;
    assert!(all as u64 <= 2 * ANNOUNCED_USE_BYTES, "{all}");
    assert!((node / 2 + index / 2 + uses + of_read) as u64 <= ANNOUNCED_USE_BYTES, "{all}");
}

/// The same as a list: entries oldest first, announced uses, nothing linked.
#[derive(Default)]
struct Naive {
    entries: Vec<(u64, u64)>,
    uses: Vec<(u64, u64)>,
    announced: Vec<(u64, u64)>,
    begun: Option<u64>,
}

impl Naive {
    fn next_use(&self, key: u64) -> u64 {
        self.uses.iter().filter(|(_, other)| *other == key).map(|(sequence, _)| *sequence).min().unwrap_or(NEVER)
    }

    fn look_up(&mut self, key: u64, uses_up: bool) -> Option<u64> {
        let next_use = self.next_use(key);
        if uses_up && next_use != NEVER && Some(next_use) <= self.begun {
            let used = self.uses.iter().position(|one| *one == (next_use, key));
            used.map(|at| self.uses.remove(at));
        }
        let found = self.entries.iter().position(|entry| entry.0 == key)?;
        let entry = self.entries.remove(found);
        self.entries.push(entry);
        Some(entry.1)
    }

    fn pop(&mut self) -> Option<(u64, u64)> {
        let farthest = self.entries.iter().map(|entry| self.next_use(entry.0)).max()?;
        let at = self.entries.iter().position(|entry| self.next_use(entry.0) == farthest)?;
        let (_, bytes) = self.entries.remove(at);
        Some((bytes, bytes))
    }

    /// Moves what is used at another time now to the end, as if it were used.
    fn moved(&mut self, key: u64, before: u64) {
        if self.next_use(key) != before
            && let Some(at) = self.entries.iter().position(|entry| entry.0 == key)
        {
            let entry = self.entries.remove(at);
            self.entries.push(entry);
        }
    }

    fn announce(&mut self, sequence: u64, keys: &[u64]) {
        for key in keys {
            let before = self.next_use(*key);
            self.uses.push((sequence, *key));
            self.announced.push((sequence, *key));
            self.moved(*key, before);
        }
    }

    fn forget(&mut self, sequence: u64) {
        for (_, key) in self.announced.extract_if(.., |(other, _)| *other == sequence).collect::<Vec<_>>() {
            let before = self.next_use(key);
            if let Some(at) = self.uses.iter().position(|one| *one == (sequence, key)) {
                self.uses.remove(at);
            }
            self.moved(key, before);
        }
    }
}

#[test]
fn behaves_like_a_list_that_is_searched() {
    let (mut kept, mut naive) = (Kept::new(), Naive::default());
    let mut random = 1_u64;
    let mut draw = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 40) % below
    };
    for step in 0..40_000 {
        let (key, sequence) = (draw(12), draw(10));
        match draw(10) {
            0..=2 => {
                let bytes = draw(100);
                kept.insert(key, bytes, bytes);
                naive.entries.retain(|entry| entry.0 != key);
                naive.entries.push((key, bytes));
            }
            3..=5 => {
                let uses_up = draw(3) > 0;
                assert_eq!(kept.look_up(&key, uses_up).copied(), naive.look_up(key, uses_up), "step {step}");
            }
            6 => {
                let keys: Vec<_> = (0..draw(5)).map(|_| draw(12)).collect();
                kept.announce(sequence, &keys);
                naive.announce(sequence, &keys);
            }
            7 => {
                kept.forget(sequence);
                naive.forget(sequence);
            }
            8 if draw(4) == 0 => {
                kept.begin(sequence);
                naive.begun = naive.begun.max(Some(sequence));
            }
            8 if draw(40) == 0 => {
                kept.forget_all();
                (0..10).rev().for_each(|sequence| naive.forget(sequence));
                naive.begun = None;
            }
            _ => assert_eq!(kept.pop(), naive.pop(), "step {step}"),
        }
        assert_eq!((kept.len(), kept.bytes()), (naive.entries.len(), naive.entries.iter().map(|entry| entry.1).sum()));
        assert_eq!(kept.announced_bytes(), naive.announced.len() as u64 * ANNOUNCED_USE_BYTES);
        let used = kept.nodes.len() - kept.free.len();
        assert_eq!(kept.index.len(), used);
        assert!(used <= 12, "nodes leak");
    }
}
