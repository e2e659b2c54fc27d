//! Monitors: what deserves a word beside the verdict, each with a measured cause, its figures, and what to do.
//!
//! Every one is a pure function of the [`Stats`] of one loader over a stretch of time. None speaks for a figure alone: a full
//! cache, a large process or an idle worker is no fault unless something waits for it, grows, or is lost. Each takes the
//! place of rules of cellmap-data's memory and thread reports, which look at one number each:
//!
//! | rule there | its condition and advice | here | what is measured in addition |
//! | --- | --- | --- | --- |
//! | M1 | process takes > 80 % of memory: smaller batch | [`AlertKind::MachineShort`] | what the machine has *left*, and who holds the rest: loader, process, others |
//! | M2, G3, G4 | reserved but not allocated > 15, 30 %: empty the cache | [`AlertKind::Fragmented`] | what the process kept of what chunks gave back |
//! | M3 | process > 8000 MB: less in memory | [`AlertKind::BudgetExceeded`], [`AlertKind::RestGrows`] | owners against the budget; a trend with its fit |
//! | M4 | little allocated: larger batch | the verdict, [`RemedyKind::PrefetchDepth`](super::RemedyKind::PrefetchDepth) | whether training waits at all |
//! | G1, G2 | > 80, 90 % reserved: smaller batch, watch out | [`AlertKind::MachineShort`], [`AlertKind::BatchesCrowdOut`] | misses that the lack of room causes |
//! | G5 | peak > 1.5 × current: memory spikes | [`MemoryPeak`](crate::telemetry::MemoryPeak) | who held it, and for which batch |
//! | G6, G7 | any of these, or none: general advice, "optimal" | nothing | advice without a cause is none |
//! | T1 | a task took > 1 s: counted | [`AlertKind::SlowCalls`], [`AlertKind::StoodStill`] | the share of a stage's time in its slowest calls; who waits for what |
//! | T2, T3 | > 10 of these, or tasks < 0.1 s: a worker less, or more | [`RemedyKind::Threads`](super::RemedyKind::Threads), [`AlertKind::WorkersIdle`], [`AlertKind::WorkersUneven`] | demand and capacity; the gain, checked afterwards |
//! | T4 | memory of the machine > 85 %: sleep | chunks are given up, [`Event::Trimmed`](crate::telemetry::Event::Trimmed) | and had back once there is enough |
//! | L1, L2 | data > 10, 50 GB: presets | [`RemedyKind::CacheSize`](super::RemedyKind::CacheSize) | the miss-ratio curve of what is really asked for |
//! | errors by type, counted | none | [`AlertKind::Retries`], [`AlertKind::SamplesReplaced`] | by reason, as a share of samples |
//! | none | | [`AlertKind::ChunksHeld`], [`AlertKind::Miscounted`] | leaks of the cache |

mod faults;
mod memory;
mod threads;

use serde::Serialize;

use super::Window;
use crate::telemetry::Stats;

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// The consumer waits and nothing gets on.
    StoodStill,
    /// The machine has little memory left.
    MachineShort,
    /// Caches and batches held more than their budget.
    BudgetExceeded,
    /// Batches leave chunks no room, which are decoded again and again.
    BatchesCrowdOut,
    /// Chunks that left the cache are held for longer than any read takes.
    ChunksHeld,
    /// The cache counts other bytes than it has.
    Miscounted,
    /// What no owner accounts for grows.
    RestGrows,
    /// Chunks gave memory back, and the process kept it.
    Fragmented,
    /// Workers have nothing to do although the consumer waits.
    WorkersIdle,
    /// Some workers do far more than others.
    WorkersUneven,
    /// A few calls of a stage take much of its time.
    SlowCalls,
    /// Reads were tried again.
    Retries,
    /// Samples could not be read.
    SamplesReplaced,
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// It costs something.
    Warning,
    /// It ends, or biases, the training.
    Severe,
}

/// Something that deserves a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// What it is about.
    pub kind: AlertKind,
    /// How much it matters.
    pub severity: Severity,
    /// What is so, with its figures.
    pub what: String,
    /// What was measured that makes it so.
    pub because: String,
    /// What to do.
    pub advice: String,
}

/// What is looked at: some minutes of one loader.
struct Course<'a> {
    /// Oldest first.
    history: &'a [&'a Stats],
    first: &'a Stats,
    last: &'a Stats,
    /// From the first to the last, if a batch came between.
    window: Option<Window>,
}

impl Course<'_> {
    fn seconds(&self) -> f64 {
        self.last.elapsed.saturating_sub(self.first.elapsed).as_secs_f64()
    }

    /// Share of the time that the consumer waited, 0–1.
    fn stall_share(&self) -> f64 {
        let waited = self.last.consumer_wait.saturating_sub(self.first.consumer_wait).as_secs_f64();
        waited / self.seconds().max(1e-9)
    }
}

/// Everything that deserves a word in `history` (of one loader, oldest first), the gravest first.
#[must_use]
pub fn alerts(history: &[&Stats]) -> Vec<Alert> {
    let (Some(first), Some(last)) = (history.first(), history.last()) else { return Vec::new() };
    let course = Course { history, first, last, window: Window::between(first, last) };
    let mut all: Vec<Alert> =
        [faults::alerts(&course), memory::alerts(&course), threads::alerts(&course)].into_iter().flatten().collect();
    all.sort_by(|a, b| b.severity.cmp(&a.severity).then(a.kind.cmp(&b.kind)));
    all
}
