//! A loader that stands still: who waits for what.

use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::roster::Task;
use super::{QueueStats, Stage, ThreadWork};

/// Threads that a report lists at most.
const MAX_THREADS: usize = 64;

/// What was found when the consumer waited and nothing got on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandstillReport {
    /// When, since the loader started.
    pub at: Duration,
    /// For how long nothing had got on.
    pub still: Duration,
    /// When something got on again, if it has.
    pub over_at: Option<Duration>,
    /// The batch that the consumer waits for.
    pub waits_for: u64,
    /// Batches that are ready, and their bytes: none of them is the next.
    pub queue: QueueStats,
    /// Bytes of batches that are being built.
    pub in_flight_bytes: u64,
    /// Reads that wait for a worker.
    pub reads_waiting: u64,
    /// Workers that are at a read.
    pub workers_busy: u64,
    /// The keys of the arrays, in the order of the batch.
    pub arrays: Vec<String>,
    /// What the threads were doing.
    pub threads: Vec<ThreadWork>,
    /// Threads beyond those that are listed.
    pub more_threads: usize,
}

/// How often a loader stood still, and how it was the last time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StandstillStats {
    /// How often.
    pub count: u64,
    /// The last time.
    pub last: Option<StandstillReport>,
}

impl StandstillStats {
    /// The stall that lasts.
    #[must_use]
    pub fn now(&self) -> Option<&StandstillReport> {
        self.last.as_ref().filter(|report| report.over_at.is_none())
    }
}

impl StandstillReport {
    /// With these threads, as many as are listed.
    pub(crate) fn with_threads(mut self, mut threads: Vec<ThreadWork>) -> Self {
        self.more_threads = threads.len().saturating_sub(MAX_THREADS);
        threads.truncate(MAX_THREADS);
        Self { threads, ..self }
    }

    /// The thread that builds the batch that is waited for.
    #[must_use]
    pub fn holder(&self) -> Option<&ThreadWork> {
        self.threads.iter().find(|work| work.task == Some(Task::Batch { number: self.waits_for }))
    }

    /// The thread that has been at one stage of work for longest: what the others wait for, if anything is.
    #[must_use]
    pub fn culprit(&self) -> Option<&ThreadWork> {
        let at_work = |work: &&ThreadWork| work.stage.is_some_and(|stage| stage != Stage::Wait);
        self.threads.iter().filter(at_work).max_by_key(|work| work.lasted)
    }

    /// What holds it up, in a line.
    #[must_use]
    pub fn cause(&self) -> String {
        match (self.culprit(), self.holder()) {
            (Some(work), _) => format!("{} {}", work.thread, self.doing(work)),
            (None, Some(builder)) => {
                format!("no thread is at work; {} builds batch {}", builder.thread, self.waits_for)
            }
            (None, None) => format!("no thread is at work, and none has begun batch {}", self.waits_for),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self.culprit().and_then(|work| work.stage) {
            Some(Stage::Fetch) => {
                "The store does not answer: look at the disk, mount or network that it is on. The loader goes on as soon as it does."
            }
            Some(Stage::Decode) => {
                "A chunk takes for ever to be decoded: it may be damaged, or its codec at fault. microtome doctor reads it by itself."
            }
            Some(_) => "A thread is at work without end: please report this with the lines above.",
            None => "Threads wait for each other: please report this with the lines above.",
        }
    }

    /// All of it in a line.
    #[must_use]
    pub fn words(&self) -> String {
        format!(
            "nothing has got on for {} while batch {} is waited for: {}",
            seconds(self.still),
            self.waits_for,
            self.cause()
        )
    }

    /// Who waits for what, a line each.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let holder =
            self.holder().map_or("no builder has begun it".to_owned(), |work| format!("{} builds it", work.thread));
        let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20));
        let mut lines = vec![
            format!("consumer: waits for batch {}; {holder}", self.waits_for),
            format!(
                "queue: {} batches that come later, {} with {} in flight, of {}",
                self.queue.batches,
                mib(self.queue.bytes),
                mib(self.in_flight_bytes),
                mib(self.queue.capacity_bytes)
            ),
            format!("reads: {} wait for a worker, {} workers are at one", self.reads_waiting, self.workers_busy),
        ];
        lines.extend(self.threads.iter().map(|work| format!("{}: {}", work.thread, self.doing(work))));
        if self.more_threads > 0 {
            lines.push(format!("and {} threads more", self.more_threads));
        }
        lines
    }

    fn doing(&self, work: &ThreadWork) -> String {
        let task = match work.task {
            Some(Task::Batch { number }) => format!("batch {number}, "),
            Some(Task::Sample { epoch, index, array }) => {
                let array = self.arrays.get(array).map_or("", String::as_str);
                format!("{array} of sample {index} of epoch {epoch}, ")
            }
            None => String::new(),
        };
        let lasted = seconds(work.lasted);
        let key = if work.key.is_empty() { "" } else { &work.key };
        let stage = match (work.stage, work.task) {
            (Some(Stage::Fetch), _) => format!("reads {key}"),
            (Some(Stage::Decode), _) => format!("decodes {key}"),
            (Some(Stage::Wait), Some(Task::Sample { .. })) => "waits for a chunk that another decodes".to_owned(),
            (Some(Stage::Wait), _) => "waits for room".to_owned(),
            (Some(stage), _) => format!("is at {}", stage.name()),
            (None, Some(Task::Batch { .. })) => "waits for its reads".to_owned(),
            (None, _) => "has nothing to do".to_owned(),
        };
        format!("{task}{stage} for {lasted}")
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Where stalls are noted.
#[derive(Debug, Default)]
pub(crate) struct StandstillLog(Mutex<StandstillStats>);

impl StandstillLog {
    /// A stall was found.
    pub(crate) fn begin(&self, report: StandstillReport) {
        let mut stats = self.0.lock();
        stats.count += 1;
        stats.last = Some(report);
    }

    /// It is over.
    pub(crate) fn end(&self, at: Duration) {
        if let Some(last) = &mut self.0.lock().last {
            last.over_at = Some(at);
        }
    }

    /// What was found so far.
    pub(crate) fn read(&self) -> StandstillStats {
        self.0.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(thread: &str, task: Option<Task>, stage: Option<Stage>, lasted_s: u64) -> ThreadWork {
        let (key, lasted) = ("s0/c/1".to_owned(), Duration::from_secs(lasted_s));
        ThreadWork { thread: thread.to_owned(), task, stage, key, lasted }
    }

    #[test]
    fn the_thread_that_is_at_work_for_longest_is_named_and_everybody_listed() {
        let sample = Some(Task::Sample { epoch: 0, index: 9, array: 0 });
        let threads = vec![
            work("builder-0", Some(Task::Batch { number: 12 }), None, 50),
            work("worker-0", sample, Some(Stage::Wait), 60),
            work("worker-1", sample, Some(Stage::Fetch), 31),
        ];
        let report =
            StandstillReport { waits_for: 12, arrays: vec!["input.raw".to_owned()], ..StandstillReport::default() };
        let report = report.with_threads(threads.clone());
        assert_eq!(report.cause(), "worker-1 input.raw of sample 9 of epoch 0, reads s0/c/1 for 31.0 s");
        assert!(report.advice().contains("store"));
        let lines = report.lines();
        assert_eq!(lines.len(), 3 + threads.len());
        assert!(lines[0].contains("builder-0 builds it"), "{lines:?}");
        assert!(lines[4].contains("waits for a chunk that another decodes"), "{lines:?}");
        let waiting = StandstillReport::default().with_threads(threads[1..2].to_vec());
        assert!(waiting.cause().contains("none has begun batch 0") && waiting.advice().contains("each other"));
    }

    #[test]
    fn a_report_lists_so_many_threads_and_counts_the_rest() {
        let report = StandstillReport::default().with_threads(vec![work("worker", None, None, 1); MAX_THREADS + 3]);
        assert_eq!((report.threads.len(), report.more_threads), (MAX_THREADS, 3));
        assert!(report.lines().last().is_some_and(|line| line.contains("3 threads more")));
    }

    #[test]
    fn the_last_stall_lasts_until_it_is_over() {
        let log = StandstillLog::default();
        log.begin(StandstillReport::default());
        assert_eq!((log.read().count, log.read().now().is_some()), (1, true));
        log.end(Duration::from_secs(3));
        assert!(log.read().now().is_none() && log.read().last.is_some());
    }
}
