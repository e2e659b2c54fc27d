//! The loader's statistics over the last minutes, and the rates between them.

use std::collections::VecDeque;
use std::time::Duration;

use microtome_core::diagnose::Window;
use microtome_core::telemetry::{CacheStats, Stage, Stats};

/// Rates are averaged over this long, so that a batch handed over now and then does not look like a storm.
pub const SMOOTHING: Duration = Duration::from_secs(1);

/// The statistics at one instant.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// When, since the history began.
    pub at: Duration,
    /// What the loader said.
    pub stats: Stats,
    /// Bytes in GPU textures, which the loader does not know.
    pub gpu_bytes: u64,
    /// Counts up when a new loader begins to count from 0.
    run: u64,
}

/// A curve: unbroken runs of `[seconds, value]`. A restart or a stretch without a value breaks it.
pub type Curve = Vec<Vec<[f64; 2]>>;

/// One stage over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageRate {
    /// Which.
    pub stage: Stage,
    /// Threads' worth of time spent in it: 1.5 means one and a half threads did nothing else.
    pub cores: f64,
    /// The same per worker thread, 0–1 (waiting consumers and builders can lift `wait` above).
    pub share: f64,
    /// Calls per second.
    pub calls: f64,
    /// Self time per call; `None` if it was not called.
    pub mean: Option<Duration>,
    /// Bytes per second.
    pub bytes: f64,
}

/// A bounded record of [`Stats`]. Knows about restarts and irregular intervals; holds no clock.
#[derive(Debug, Clone)]
pub struct StatsHistory {
    observations: VecDeque<Observation>,
    window: Duration,
    capacity: usize,
}

impl Default for StatsHistory {
    fn default() -> Self {
        Self::new(Duration::from_secs(120), 1500)
    }
}

impl StatsHistory {
    /// A history of the last `window`, never more than `capacity` observations (at least two).
    #[must_use]
    pub fn new(window: Duration, capacity: usize) -> Self {
        Self { observations: VecDeque::new(), window, capacity: capacity.max(2) }
    }

    /// Adds what the loader says at `at`, any clock that does not run backwards. An instant not after the last one is
    /// ignored: it holds nothing to divide by.
    pub fn push(&mut self, at: Duration, stats: Stats, gpu_bytes: u64) {
        let run = match self.observations.back() {
            Some(last) if at <= last.at => return,
            Some(last) => last.run + u64::from(restarted(&last.stats, &stats)),
            None => 0,
        };
        self.observations.push_back(Observation { at, stats, gpu_bytes, run });
        while self.observations.len() > self.capacity
            || self.observations.front().is_some_and(|first| at.saturating_sub(first.at) > self.window)
        {
            self.observations.pop_front();
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.observations.clear();
    }

    /// The newest observation.
    #[must_use]
    pub fn latest(&self) -> Option<&Observation> {
        self.observations.back()
    }

    /// All, oldest first.
    #[must_use]
    pub fn observations(&self) -> impl ExactSizeIterator<Item = &Observation> {
        self.observations.iter()
    }

    /// Samples handed over per second.
    #[must_use]
    pub fn samples_per_second(&self) -> Curve {
        self.rates(|now, before, seconds| Some(now.samples.saturating_sub(before.samples) as f64 / seconds))
    }

    /// Bytes of batches handed over per second.
    #[must_use]
    pub fn bytes_per_second(&self) -> Curve {
        self.rates(|now, before, seconds| Some(now.batch_bytes.saturating_sub(before.batch_bytes) as f64 / seconds))
    }

    /// Share of time that the consumer waited, 0–1.
    #[must_use]
    pub fn stall_share(&self) -> Curve {
        self.rates(|now, before, seconds| Some(stall(now, before, seconds)))
    }

    /// Threads at a stage: its self time per second.
    #[must_use]
    pub fn stage_cores(&self, stage: Stage) -> Curve {
        let busy = |stats: &Stats| {
            stats.stages.iter().find(|entry| entry.stage == stage).map_or(Duration::ZERO, |entry| entry.busy)
        };
        self.rates(|now, before, seconds| Some(busy(now).saturating_sub(busy(before)).as_secs_f64() / seconds))
    }

    /// Hits per lookup of a cache, 0–1; broken where nothing was looked up.
    #[must_use]
    pub fn hit_rate(&self, cache: fn(&Stats) -> &CacheStats) -> Curve {
        self.rates(|now, before, _| hits(cache(now), cache(before)))
    }

    /// A value read off each observation, such as the bytes an owner holds.
    #[must_use]
    pub fn values(&self, value: impl Fn(&Observation) -> f64) -> Curve {
        self.curve(|_, now| Some(value(now)))
    }

    /// Samples per second over the last `over` (or what there is of the current run).
    #[must_use]
    pub fn recent_samples_per_second(&self, over: Duration) -> Option<f64> {
        self.recent(over, |now, before, seconds| Some(now.samples.saturating_sub(before.samples) as f64 / seconds))
    }

    /// Bytes per second over the last `over`.
    #[must_use]
    pub fn recent_bytes_per_second(&self, over: Duration) -> Option<f64> {
        self.recent(over, |now, before, seconds| {
            Some(now.batch_bytes.saturating_sub(before.batch_bytes) as f64 / seconds)
        })
    }

    /// Share of the last `over` that the consumer waited.
    #[must_use]
    pub fn recent_stall_share(&self, over: Duration) -> Option<f64> {
        self.recent(over, |now, before, seconds| Some(stall(now, before, seconds)))
    }

    /// Hits per lookup over the last `over`; `None` when nothing was looked up.
    #[must_use]
    pub fn recent_hit_rate(&self, cache: fn(&Stats) -> &CacheStats, over: Duration) -> Option<f64> {
        self.recent(over, |now, before, _| hits(cache(now), cache(before)))
    }

    /// Entries dropped per second over the last `over`.
    #[must_use]
    pub fn recent_evictions_per_second(&self, cache: fn(&Stats) -> &CacheStats, over: Duration) -> Option<f64> {
        self.recent(over, |now, before, seconds| {
            Some(cache(now).evictions.saturating_sub(cache(before).evictions) as f64 / seconds)
        })
    }

    /// Every stage over the last `over`, in the order of [`Stage::ALL`]; empty before two observations.
    #[must_use]
    pub fn recent_stages(&self, over: Duration) -> Vec<StageRate> {
        self.recent(over, |now, before, seconds| Some(stage_rates(now, before, seconds))).unwrap_or_default()
    }

    /// What the loader did over the last `over`, or as long as it ran steadily if that is shorter; `None` while it has not, or
    /// if no batch came.
    #[must_use]
    pub fn steady_window(&self, over: Duration) -> Option<Window> {
        let last = self.observations.len().checked_sub(1)?;
        let first = self.reference(last, over)?;
        let is_steady = |stats: &Stats| stats.batches >= Window::first_steady_batch(&stats.setup);
        let steady = (first..last).find(|index| is_steady(&self.observations[*index].stats))?;
        Window::between(&self.observations[steady].stats, &self.observations[last].stats)
    }

    /// The last `over` of the current run, oldest first, no more than one a second: what monitors look at.
    #[must_use]
    pub fn course(&self, over: Duration) -> Vec<&Stats> {
        const EVERY: Duration = Duration::from_secs(1);
        let Some(last) = self.observations.len().checked_sub(1) else { return Vec::new() };
        let first = self.reference(last, over).unwrap_or(last);
        let mut picked: Vec<&Stats> = Vec::new();
        for observation in self.observations.range(first..last) {
            let is_due = |before: &&Stats| observation.stats.elapsed >= before.elapsed.saturating_add(EVERY);
            if picked.last().is_none_or(is_due) {
                picked.push(&observation.stats);
            }
        }
        picked.push(&self.observations[last].stats);
        picked
    }

    fn recent<T>(&self, over: Duration, value: impl Fn(&Stats, &Stats, f64) -> Option<T>) -> Option<T> {
        let last = self.observations.len().checked_sub(1)?;
        let first = self.reference(last, over)?;
        between(&self.observations[first], &self.observations[last], value)
    }

    fn rates(&self, value: impl Fn(&Stats, &Stats, f64) -> Option<f64>) -> Curve {
        self.curve(|index, now| {
            let first = self.reference(index, SMOOTHING)?;
            between(&self.observations[first], now, &value)
        })
    }

    /// The observation to compare with: the latest that is at least `over` older, else the run's first.
    fn reference(&self, index: usize, over: Duration) -> Option<usize> {
        let now = &self.observations[index];
        let mut found = None;
        for before in (0..index).rev() {
            let observation = &self.observations[before];
            if observation.run != now.run {
                break;
            }
            found = Some(before);
            if now.at.saturating_sub(observation.at) >= over {
                break;
            }
        }
        found
    }

    fn curve(&self, value: impl Fn(usize, &Observation) -> Option<f64>) -> Curve {
        let mut curve = Curve::new();
        let mut open: Option<u64> = None;
        for (index, observation) in self.observations.iter().enumerate() {
            match value(index, observation).filter(|value| value.is_finite()) {
                Some(value) => {
                    if open != Some(observation.run) {
                        curve.push(Vec::new());
                    }
                    open = Some(observation.run);
                    if let Some(run) = curve.last_mut() {
                        run.push([observation.at.as_secs_f64(), value]);
                    }
                }
                None => open = None,
            }
        }
        curve
    }
}

/// Totals only grow; smaller ones come from another loader.
fn restarted(before: &Stats, now: &Stats) -> bool {
    now.elapsed < before.elapsed || now.samples < before.samples || now.batches < before.batches
}

fn between<T>(before: &Observation, now: &Observation, value: impl Fn(&Stats, &Stats, f64) -> Option<T>) -> Option<T> {
    // The loader's own clock: it was read together with the counters.
    let seconds = now.stats.elapsed.saturating_sub(before.stats.elapsed).as_secs_f64();
    if seconds > 0.0 { value(&now.stats, &before.stats, seconds) } else { None }
}

fn stall(now: &Stats, before: &Stats, seconds: f64) -> f64 {
    now.consumer_wait.saturating_sub(before.consumer_wait).as_secs_f64() / seconds
}

fn hits(now: &CacheStats, before: &CacheStats) -> Option<f64> {
    let hits = now.hits.saturating_sub(before.hits);
    let lookups = hits + now.misses.saturating_sub(before.misses);
    (lookups > 0).then(|| hits as f64 / lookups as f64)
}

fn stage_rates(now: &Stats, before: &Stats, seconds: f64) -> Vec<StageRate> {
    let find = |stats: &Stats, stage| stats.stages.iter().find(|entry| entry.stage == stage).copied();
    Stage::ALL
        .into_iter()
        .map(|stage| {
            let (last, first) = (find(now, stage), find(before, stage));
            let busy = last.map_or(Duration::ZERO, |entry| entry.busy);
            let busy = busy.saturating_sub(first.map_or(Duration::ZERO, |entry| entry.busy));
            let calls = last.map_or(0, |entry| entry.calls).saturating_sub(first.map_or(0, |entry| entry.calls));
            let bytes = last.map_or(0, |entry| entry.bytes).saturating_sub(first.map_or(0, |entry| entry.bytes));
            let cores = busy.as_secs_f64() / seconds;
            StageRate {
                stage,
                cores,
                share: cores / now.threads.max(1) as f64,
                calls: calls as f64 / seconds,
                mean: (calls > 0).then(|| busy.div_f64(calls as f64)),
                bytes: bytes as f64 / seconds,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use microtome_core::telemetry::{MemoryStats, QueueStats, StageStats};

    use super::*;

    fn stats(elapsed_ms: u64, samples: u64) -> Stats {
        Stats {
            elapsed: Duration::from_millis(elapsed_ms),
            samples,
            batches: samples / 4,
            batch_bytes: samples * 1000,
            skipped_samples: 0,
            faults: Vec::new(),
            stages: vec![StageStats {
                stage: Stage::Decode,
                calls: samples * 2,
                busy: Duration::from_millis(samples * 10),
                bytes: samples * 500,
            }],
            chunk_cache: CacheStats {
                hits: samples * 3,
                misses: samples,
                evictions: samples / 2,
                ..Default::default()
            },
            transform_cache: CacheStats::default(),
            transform_saved: Duration::ZERO,
            memory: MemoryStats { cache_bytes: samples, ..Default::default() },
            queue: QueueStats::default(),
            consumer_wait: Duration::from_millis(elapsed_ms / 4),
            threads: 2,
            ..Stats::default()
        }
    }

    fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    #[test]
    fn rates_use_the_loaders_clock_over_irregular_intervals() {
        let mut history = StatsHistory::default();
        for (at, samples) in [(0, 0), (1_000, 10), (1_300, 13), (4_000, 40)] {
            history.push(ms(at + 5_000), stats(at + 100, samples), 0);
        }
        let curve = history.samples_per_second();
        assert_eq!(curve.len(), 1);
        assert!(curve[0].iter().all(|point| (point[1] - 10.0).abs() < 1e-9), "{curve:?}");
        assert_eq!(curve[0][0][0], 6.0, "the first observation has no rate");
        assert!((history.recent_bytes_per_second(ms(2_000)).unwrap() - 10_000.0).abs() < 1e-6);
        assert!((history.recent_stall_share(ms(60_000)).unwrap() - 0.25).abs() < 1e-9);
    }

    #[test]
    fn a_restart_breaks_the_curve_and_never_shows_a_negative_rate() {
        let mut history = StatsHistory::default();
        for (at, elapsed, samples) in
            [(0, 100, 0), (1_000, 1_100, 100), (2_000, 50, 0), (3_000, 1_050, 7), (4_000, 2_050, 14)]
        {
            history.push(ms(at + 1), stats(elapsed, samples), 0);
        }
        let curve = history.samples_per_second();
        assert_eq!(curve.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2], "{curve:?}");
        assert!(curve.iter().flatten().all(|point| point[1] >= 0.0));
        assert!((history.recent_samples_per_second(ms(60_000)).unwrap() - 7.0).abs() < 1e-9, "this run only");
    }

    #[test]
    fn a_restart_that_catches_up_between_two_looks_is_still_seen() {
        let mut history = StatsHistory::default();
        history.push(ms(1), stats(5_000, 10), 0);
        history.push(ms(9_000), stats(4_000, 40), 0);
        assert!(history.samples_per_second().is_empty());
    }

    #[test]
    fn memory_is_bounded_in_time_and_number() {
        let mut history = StatsHistory::new(ms(1_000), 4);
        for at in 1..100 {
            history.push(ms(at * 100), stats(at * 100, at), 0);
        }
        assert_eq!(history.observations().len(), 4);
        history.push(ms(100_000), stats(100_000, 1_000), 0);
        assert_eq!(history.observations().len(), 1, "the rest is too old");
        history.clear();
        assert!(history.latest().is_none() && history.recent_stages(ms(1_000)).is_empty());
    }

    #[test]
    fn time_that_stands_still_is_ignored() {
        let mut history = StatsHistory::default();
        history.push(ms(5), stats(100, 1), 0);
        history.push(ms(5), stats(200, 2), 0);
        assert_eq!(history.observations().len(), 1);
    }

    #[test]
    fn hit_rates_are_of_the_window_and_absent_without_lookups() {
        let mut history = StatsHistory::default();
        history.push(ms(1), stats(1_000, 100), 0);
        history.push(ms(1_001), stats(2_000, 200), 0);
        assert_eq!(history.recent_hit_rate(|stats| &stats.chunk_cache, ms(1_000)), Some(0.75));
        assert_eq!(history.recent_hit_rate(|stats| &stats.transform_cache, ms(1_000)), None);
        assert_eq!(history.recent_evictions_per_second(|stats| &stats.chunk_cache, ms(1_000)), Some(50.0));
        assert_eq!(history.hit_rate(|stats| &stats.chunk_cache), vec![vec![[1.001, 0.75]]]);
        assert!(history.hit_rate(|stats| &stats.transform_cache).is_empty());
    }

    #[test]
    fn stages_are_shares_of_the_worker_threads() {
        let mut history = StatsHistory::default();
        history.push(ms(1), stats(1_000, 0), 0);
        history.push(ms(1_001), stats(2_000, 50), 0);
        let stages = history.recent_stages(ms(1_000));
        assert_eq!(stages.len(), Stage::ALL.len());
        assert_eq!(history.stage_cores(Stage::Decode), vec![vec![[1.001, 0.5]]]);
        let decode = stages.iter().find(|rate| rate.stage == Stage::Decode).unwrap();
        assert!((decode.cores - 0.5).abs() < 1e-9 && (decode.share - 0.25).abs() < 1e-9);
        assert_eq!(decode.mean, Some(ms(5)));
        assert!((decode.calls - 100.0).abs() < 1e-9 && (decode.bytes - 25_000.0).abs() < 1e-6);
        let plan = stages.iter().find(|rate| rate.stage == Stage::Plan).unwrap();
        assert_eq!((plan.cores, plan.mean), (0.0, None), "never called");
    }

    #[test]
    fn sizes_are_read_off_as_they_are() {
        let mut history = StatsHistory::default();
        history.push(ms(1_000), stats(1_000, 7), 9);
        assert_eq!(history.values(|now| now.stats.memory.cache_bytes as f64), vec![vec![[1.0, 7.0]]]);
        assert_eq!(history.values(|now| now.gpu_bytes as f64), vec![vec![[1.0, 9.0]]]);
    }
}
