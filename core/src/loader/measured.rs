//! Everything that a loader measures about itself, put together into one [`Stats`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::Batch;
use super::engine::Engine;
use crate::telemetry::{
    ArrayStats, CacheAudit, CacheStats, MachineMemory, MemoryPeak, MemoryStats, ReadStats, ReuseStats, Setup,
    StageStats, StageTimes, Stats, processor_time, resident_set_bytes,
};
use crate::volume::Caches;

/// Counts since the start.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub samples: AtomicU64,
    pub batches: AtomicU64,
    pub batch_bytes: AtomicU64,
    pub skipped_samples: AtomicU64,
    pub consumer_wait_ns: AtomicU64,
    pub memory_peak: Mutex<MemoryPeak>,
    pub audit: Mutex<Option<CacheAudit>>,
    /// As it was a second ago.
    pub machine: Mutex<MachineMemory>,
}

/// What shared caches had counted before this loader started.
#[derive(Debug)]
pub(super) struct Baseline {
    stages: Vec<StageStats>,
    times: Vec<StageTimes>,
    lanes: Vec<Vec<StageStats>>,
    used_bytes: u64,
    chunks: CacheStats,
    transforms: CacheStats,
    transform_saved: Duration,
    reuse: ReuseStats,
    rss_bytes: u64,
}

impl Baseline {
    /// Of caches, whose meter has so many lanes.
    pub(super) fn of(caches: &Caches, lanes: usize) -> Self {
        let cached_bytes = caches.chunks.stats().resident_bytes + caches.transforms.stats().resident_bytes;
        Self {
            stages: caches.meter.stages(),
            times: caches.meter.stage_times(),
            lanes: (0..lanes).map(|lane| caches.meter.lane_stages(lane)).collect(),
            used_bytes: caches.meter.used_bytes(),
            chunks: caches.chunks.stats(),
            transforms: caches.transforms.stats(),
            transform_saved: caches.transforms.saved(),
            reuse: caches.chunks.reuse(),
            rss_bytes: resident_set_bytes().saturating_sub(cached_bytes),
        }
    }
}

impl Engine {
    pub(super) fn count_handed_over(&self, batch: &Batch) {
        let (samples, bytes) = (batch.provenance.len() as u64, batch.size_bytes());
        self.counts.batches.fetch_add(1, Ordering::Relaxed);
        self.counts.samples.fetch_add(samples, Ordering::Relaxed);
        self.counts.batch_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.log.taken(batch.number, samples, bytes);
        self.marks.took_of(batch.epoch);
        self.watch.saw(batch);
    }

    /// Batch `number` was begun or finished: remembers who holds memory, if it is more than ever.
    pub(super) fn note_memory(&self, number: u64) {
        let cache_bytes = self.caches.chunks.stats().taken_bytes() + self.caches.transforms.stats().taken_bytes();
        let (queue, in_flight_bytes) = self.handover.stats();
        let bytes = cache_bytes + queue.bytes + in_flight_bytes;
        let mut peak = self.counts.memory_peak.lock();
        if bytes > peak.bytes {
            let at = self.started.elapsed();
            *peak = MemoryPeak { bytes, cache_bytes, queue_bytes: queue.bytes, in_flight_bytes, batch: number, at };
        }
    }

    /// Everything that the loader measures about itself.
    pub(super) fn stats(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (caches, baseline) = (&self.caches, &self.baseline);
        let chunk_cache = since(caches.chunks.stats(), &baseline.chunks);
        let transform_cache = since(caches.transforms.stats(), &baseline.transforms);
        let (queue, in_flight_bytes) = self.handover.stats();
        let (last_batches, consumer) = self.log.read();
        let (read_queue, workers) = self.crew.read();
        let in_force = *self.in_force.lock();
        Stats {
            elapsed: self.started.elapsed(),
            samples: read(&self.counts.samples),
            batches: read(&self.counts.batches),
            batch_bytes: read(&self.counts.batch_bytes),
            skipped_samples: read(&self.counts.skipped_samples),
            faults: self.faults.stats(),
            stages: stages_since(caches.meter.stages(), &baseline.stages),
            chunk_cache,
            transform_cache,
            transform_saved: caches.transforms.saved().saturating_sub(baseline.transform_saved),
            memory: MemoryStats {
                budget_bytes: in_force.memory_bytes,
                cache_bytes: chunk_cache.taken_bytes() + transform_cache.taken_bytes(),
                queue_bytes: queue.bytes,
                in_flight_bytes,
                rss_bytes: resident_set_bytes(),
                before_bytes: baseline.rss_bytes,
                machine: *self.counts.machine.lock(),
                audit: *self.counts.audit.lock(),
            },
            queue,
            consumer_wait: Duration::from_nanos(read(&self.counts.consumer_wait_ns)),
            threads: self.threads,
            setup: Setup {
                memory_bytes: in_force.memory_bytes,
                batches_ahead: in_force.batches_bytes / self.setup.batch_bytes.max(1),
                ..self.setup.clone()
            },
            stage_times: times_since(caches.meter.stage_times(), &baseline.times),
            arrays: self.array_stats(),
            last_batches,
            consumer,
            batch_queue: self.handover.occupancy(),
            read_queue,
            workers,
            reads: ReadStats {
                used_bytes: caches.meter.used_bytes() - baseline.used_bytes,
                touched_bytes: chunk_cache.hit_bytes + chunk_cache.miss_bytes,
                cached_bytes: chunk_cache.hit_bytes,
            },
            reuse: caches.chunks.reuse().since(&baseline.reuse),
            memory_peak: *self.counts.memory_peak.lock(),
            processor_time: processor_time(),
            replay: self.replay.stats(),
            events: self.marks.read(),
            standstills: self.standstills.read(),
            thread_stats: self.roster.stats(),
        }
    }

    fn array_stats(&self) -> Vec<ArrayStats> {
        let lanes = self.setup.arrays.iter().zip(&self.baseline.lanes).enumerate();
        let of = |lane: usize, before: &[StageStats]| stages_since(self.caches.meter.lane_stages(lane), before);
        lanes.map(|(lane, (array, before))| ArrayStats { key: array.key.clone(), stages: of(lane, before) }).collect()
    }
}

fn stages_since(mut stages: Vec<StageStats>, before: &[StageStats]) -> Vec<StageStats> {
    for (now, before) in stages.iter_mut().zip(before) {
        now.calls -= before.calls;
        now.bytes -= before.bytes;
        now.busy = now.busy.saturating_sub(before.busy);
    }
    stages
}

fn times_since(mut times: Vec<StageTimes>, before: &[StageTimes]) -> Vec<StageTimes> {
    for (now, before) in times.iter_mut().zip(before) {
        now.times = now.times.since(&before.times);
        now.in_stall = now.in_stall.saturating_sub(before.in_stall);
    }
    times
}

/// Counts since a baseline; sizes as they are now.
fn since(now: CacheStats, before: &CacheStats) -> CacheStats {
    CacheStats {
        hits: now.hits - before.hits,
        misses: now.misses - before.misses,
        evictions: now.evictions - before.evictions,
        hit_bytes: now.hit_bytes - before.hit_bytes,
        miss_bytes: now.miss_bytes - before.miss_bytes,
        ..now
    }
}
