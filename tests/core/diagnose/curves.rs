//! Miss-ratio curves of sampled reuse distances against caches of every size that are simulated one by one.

use std::collections::HashMap;

use microtome_core::diagnose::{MissRatioCurve, Window};
use microtome_core::geometry::Zyx;
use microtome_core::telemetry::{CacheStats, Stats};
use microtome_core::testing::trace::{Case, Trace};
use microtome_core::volume::{Announcement, Buffer, Chunk, ChunkCache, ChunkKey, VolumeId};

const CHUNK_BYTES: usize = 512;
/// What the cache counts for a chunk.
const COST: u64 = CHUNK_BYTES as u64 + 128;

fn key(chunk: usize) -> ChunkKey {
    ChunkKey { volume: VolumeId(0), level: 0, chunk: Zyx::new(0, 0, chunk as u64) }
}

/// The real cache asked for everything in a trace; `ahead` samples are announced.
fn ask_all(trace: &Trace, capacity_bytes: u64, ahead: usize) -> ChunkCache {
    let cache = ChunkCache::new(capacity_bytes);
    let mut unannounced = 0;
    for (index, sample) in trace.samples.iter().enumerate() {
        while ahead > 0 && unannounced <= index + ahead {
            let Some(next) = trace.samples.get(unannounced) else { break };
            let mut said = Announcement::new();
            next.iter().for_each(|chunk| said.add_key(key(*chunk)));
            if !cache.announce(unannounced as u64, &said) {
                break;
            }
            unannounced += 1;
        }
        cache.begin(index as u64);
        for chunk in sample {
            let made = || Ok(Some(Chunk::new(Zyx::splat(8), Buffer::U8(vec![0; CHUNK_BYTES]))));
            cache.get_or_decode(key(*chunk), CHUNK_BYTES as u64, made).unwrap();
        }
        cache.forget(index as u64);
    }
    cache
}

/// What a curve is made from, as of a loader whose cache that is.
fn curve(cache: &ChunkCache) -> MissRatioCurve {
    let before = Stats::default();
    let after = Stats {
        elapsed: std::time::Duration::from_secs(1),
        batches: 1,
        samples: 1,
        chunk_cache: cache.stats(),
        reuse: cache.reuse(),
        ..Stats::default()
    };
    MissRatioCurve::of(&Window::between(&before, &after).unwrap()).unwrap()
}

/// The share of lookups that an LRU cache of `room` chunks misses, by brute force.
fn lru_misses(trace: &Trace, room: usize) -> f64 {
    let (mut used, mut misses, mut lookups) = (HashMap::new(), 0, 0_u64);
    let mut order = std::collections::BTreeMap::new();
    for chunk in trace.samples.iter().flatten() {
        lookups += 1;
        match used.insert(*chunk, lookups) {
            Some(at) => drop(order.remove(&at)),
            None => misses += 1,
        }
        order.insert(lookups, *chunk);
        if used.len() > room
            && let Some((_, oldest)) = order.pop_first()
        {
            used.remove(&oldest);
        }
    }
    misses as f64 / lookups as f64
}

#[test]
fn a_curve_from_one_run_is_that_of_every_size_of_an_lru_cache() {
    let mut errors = Vec::new();
    for case in Case::ALL {
        let trace = Trace::new(&case, 1500).unwrap();
        // The cache itself holds nothing: the curve does not depend on it.
        let curve = curve(&ask_all(&trace, 0, 0));
        let sizes = (1..=20).map(|twentieth| trace.chunks * twentieth / 20);
        let of_case = sizes.map(|room| {
            let (said, exact) = (curve.lru_miss_ratio(room as f64 * COST as f64), lru_misses(&trace, room));
            (said - exact).abs()
        });
        let of_case: Vec<f64> = of_case.collect();
        let mean = of_case.iter().sum::<f64>() / of_case.len() as f64;
        assert!(mean <= 0.02, "{case:?}: mean absolute error {mean}, by size {of_case:?}");
        errors.push(mean);
    }
    assert_eq!(errors.len(), Case::ALL.len());
}

#[test]
fn stretched_through_its_working_point_it_foretells_the_real_cache() {
    let mut worst: (f64, String) = (0.0, String::new());
    for case in Case::ALL.into_iter().filter(|case| case.volume == 500) {
        let trace = Trace::new(&case, 1500).unwrap();
        for (now, then) in [(10, 20), (20, 40), (20, 60)] {
            let bytes = |percent: u64| trace.chunks as u64 * percent / 100 * COST;
            let curve = curve(&ask_all(&trace, bytes(now), 64));
            let changed: CacheStats = ask_all(&trace, bytes(then), 64).stats();
            let exact = 1.0 - changed.hit_rate().unwrap();
            let entries_bytes = (changed.capacity_bytes - changed.announced_bytes - changed.held_bytes) as f64;
            let error = (curve.miss_ratio(entries_bytes) - exact).abs();
            if error > worst.0 {
                worst = (error, format!("{case:?} {now} -> {then} %: {} for {exact}", curve.miss_ratio(entries_bytes)));
            }
            let here = curve.working_point;
            assert!((curve.miss_ratio(here.bytes) - here.miss_ratio).abs() < 1e-6, "it goes through the working point");
        }
    }
    assert!(worst.0 < 0.1, "{}", worst.1);
}
