//! How long a lookup keeps the cache's lock, and what that means for many threads.

use std::fmt::Write as _;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use microtome_core::geometry::Zyx;
use microtome_core::volume::{Announcement, Buffer, Chunk, ChunkCache};

use crate::real::key;

/// Entries that are looked up.
const ENTRIES: usize = 4096;
/// Lookups of one measurement, of all threads together.
const LOOKUPS: usize = 400_000;
/// Lookups of a sample of raw and eight classes: 27 chunks of raw and as many of the classes' bits.
const PER_SAMPLE: f64 = 54.0;

/// Times lookups that hit, without and with announcements, by one thread and by two, and lookups that miss.
///
/// # Errors
/// None but of writing to a string.
pub fn table() -> anyhow::Result<String> {
    let mut text = String::from(
        "## The lock\n\nNanoseconds per lookup, the least of 9 measurements in turn. Two threads that do nothing but look \
         up meet at every lookup; readers copy a chunk in between.\n\n| | 1 thread | 2 threads |\n|---|---:|---:|\n",
    );
    let plain = filled(false);
    let announced = filled(true);
    let mut least = [[f64::MAX; 2]; 2];
    for _ in 0..9 {
        for (cache, least) in [&plain, &announced].into_iter().zip(&mut least) {
            for (threads, least) in [1, 2].into_iter().zip(least) {
                *least = least.min(hits(cache, threads));
            }
        }
    }
    for (name, [one, two]) in ["hit, nothing announced", "hit, 64 samples announced"].into_iter().zip(least) {
        writeln!(text, "| {name} | {one:.0} | {two:.0} |")?;
    }
    let missing = (0..9).map(|_| misses()).fold(f64::MAX, f64::min);
    writeln!(text, "| miss that evicts, decoding nothing | {missing:.0} | |\n")?;
    let busy_us = least[1][0] * PER_SAMPLE / 1000.0;
    writeln!(
        text,
        "A sample of {PER_SAMPLE:.0} lookups takes the lock for at most {busy_us:.0} µs. The lock is a limit at {:.0} \
         samples/s, whatever the number of threads; 64 threads that take t ms for a sample use it for {:.1}/t of the \
         time.\n",
        1e6 / busy_us,
        64.0 * busy_us / 1000.0
    )?;
    Ok(text)
}

/// A cache of entries of one byte. The announcements are those of 64 samples and are not used up.
fn filled(announced: bool) -> ChunkCache {
    let cache = ChunkCache::new(1 << 30);
    for entry in 0..ENTRIES {
        get(&cache, entry);
    }
    for sequence in 0..if announced { 64 } else { 0 } {
        let mut announcement = Announcement::new();
        (0..PER_SAMPLE as usize).for_each(|at| announcement.add_key(key((sequence * 61 + at * 17) % ENTRIES)));
        cache.announce(sequence as u64 + 1, &announcement);
    }
    cache
}

fn get(cache: &ChunkCache, entry: usize) {
    let got = cache.get_or_decode(key(entry), 1, || Ok(Some(Chunk::new(Zyx::splat(1), Buffer::U8(vec![0])))));
    std::hint::black_box(got.is_ok());
}

/// Nanoseconds per lookup and thread.
fn hits(cache: &ChunkCache, threads: usize) -> f64 {
    let each = LOOKUPS / threads;
    let start = Barrier::new(threads);
    let took = std::thread::scope(|scope| {
        let work = |thread: usize| {
            let start = &start;
            move || {
                start.wait();
                let began = Instant::now();
                (0..each).for_each(|i| get(cache, (i * 577 + thread * 1931) % ENTRIES));
                began.elapsed()
            }
        };
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(work(thread))).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).max().unwrap_or(Duration::MAX)
    });
    took.as_nanos() as f64 / each as f64
}

/// Nanoseconds per lookup that makes an entry of one byte and evicts another.
fn misses() -> f64 {
    let cache = ChunkCache::new(129 * 1000);
    (0..1000).for_each(|entry| get(&cache, entry));
    let began = Instant::now();
    (1000..LOOKUPS / 10).for_each(|entry| get(&cache, entry));
    began.elapsed().as_nanos() as f64 / (LOOKUPS / 10 - 1000) as f64
}
