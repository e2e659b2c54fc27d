//! Reuse distances against a list of everything that was ever asked for, in the order of last use.

use super::*;

/// A generator good enough to make keys (Steele et al. 2014, SplitMix64).
struct Keys(u64);

impl Keys {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        hash_of(&self.0) % n
    }
}

/// Every key that was asked for and its bytes, the newest last.
#[derive(Default)]
struct Everything(Vec<(u64, u64)>);

impl Everything {
    /// The distance of a lookup; `None` for a new key.
    fn look_up(&mut self, key: u64, bytes: u64) -> Option<u64> {
        let found = self.0.iter().position(|(other, _)| *other == key);
        let distance = found.map(|at| self.0.split_off(at)[1..].to_vec()).map(|newer| {
            let sum: u64 = newer.iter().map(|(_, bytes)| bytes).sum();
            self.0.extend(newer);
            sum + bytes
        });
        self.0.push((key, bytes));
        distance
    }
}

/// Keys of which a few are asked for often, and how large they are.
fn trace(count: usize) -> Vec<(u64, u64)> {
    let mut keys = Keys(7);
    let key = |keys: &mut Keys| if keys.below(3) == 0 { keys.below(10) } else { keys.below(1000) };
    (0..count).map(|_| key(&mut keys)).map(|key| (key, 100 + key % 7 * 50)).collect()
}

#[test]
fn distances_of_all_keys_are_exact() {
    let (reuse, mut everything, mut expected, mut cold) =
        (Reuse::new(), Everything::default(), Histogram::default(), 0);
    // More lookups than there are places, so that they are numbered anew.
    for (key, bytes) in trace(MOST_PLACES + 5000) {
        reuse.look_up(&key, bytes);
        match everything.look_up(key, bytes) {
            Some(distance) => expected.add(distance, 1),
            None => cold += 1,
        }
    }
    let stats = reuse.stats();
    assert_eq!((stats.lookups, stats.cold, stats.distances), (MOST_PLACES as u64 + 5000, cold, expected));
    let all: u64 = everything.0.iter().map(|(_, bytes)| bytes).sum();
    assert_eq!((stats.chunks, stats.chunk_bytes, stats.sampled), (everything.0.len() as u64, all, 1.0));
}

#[test]
fn a_sample_is_bounded_and_stands_for_all() {
    let reuse = Reuse::following(128);
    let mut everything = Everything::default();
    let mut within = [(0_u64, 0_u64); 4];
    let sizes = [20_000_u64, 60_000, 120_000, 200_000];
    for (key, bytes) in trace(40_000) {
        reuse.look_up(&key, bytes);
        let distance = everything.look_up(key, bytes);
        for (size, within) in sizes.iter().zip(&mut within) {
            within.0 += u64::from(distance.is_none_or(|distance| distance > *size));
            within.1 += 1;
        }
    }
    let stats = reuse.stats();
    assert!(stats.sampled < 0.2 && reuse.state.lock().last.len() <= 128);
    assert!((stats.chunks as f64 / 1000.0 - 1.0).abs() < 0.35, "{}", stats.chunks);
    for (size, (missed, all)) in sizes.iter().zip(within) {
        let far: u64 = stats.distances.buckets().filter(|(lo, _, _)| lo >= size).map(|(_, _, count)| count).sum();
        let (said, exact) = ((far + stats.cold) as f64 / all as f64, missed as f64 / all as f64);
        assert!((said - exact).abs() < 0.08, "{size} bytes: {said} for {exact}");
    }
}

#[test]
fn bytes_are_those_of_the_last_lookup() {
    let reuse = Reuse::new();
    for (key, bytes) in [(1, 10), (2, 20), (1, 30), (2, 20), (1, 30)] {
        reuse.look_up(&key, bytes);
    }
    let stats = reuse.stats();
    let mut expected = Histogram::default();
    [20 + 30, 30 + 20, 20 + 30].into_iter().for_each(|distance| expected.add(distance, 1));
    assert_eq!((stats.distances, stats.cold, stats.chunk_bytes), (expected, 2, 50));
}
