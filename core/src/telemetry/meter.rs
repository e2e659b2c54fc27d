//! Where the stages report to: calls, self time and bytes per [`Stage`], and the span of each call in the timeline.
//!
//! A thread's open timers form a stack. A timer's self time is its own time less that of the timers opened inside it,
//! so that a decode does not count the reads that it waits for. The store knows no meter: [`Meter::nested`] reports to
//! the meter of the innermost open timer of the thread, and only makes a span where there is none.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::{Stage, StageStats};

/// Totals per stage. Shared by every thread that works for one loader; counting takes no lock.
#[derive(Debug, Default)]
pub struct Meter {
    stages: [Totals; Stage::ALL.len()],
}

#[derive(Debug, Default)]
struct Totals {
    calls: AtomicU64,
    busy_ns: AtomicU64,
    bytes: AtomicU64,
}

impl Meter {
    /// A meter at zero.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Starts `stage` on this thread: it ends when the timer is dropped. `detail` (such as `fib25 s0 (1, 2, 3)`) is
    /// only made while spans are recorded.
    pub fn start(self: &Arc<Self>, stage: Stage, detail: impl FnOnce() -> String) -> StageTimer {
        StageTimer::open(Some(Arc::clone(self)), stage, detail)
    }

    /// Starts `stage` inside whatever stage this thread is in, for the same meter. Outside any stage only a span is made.
    pub fn nested(stage: Stage, detail: impl FnOnce() -> String) -> StageTimer {
        let meter = OPEN.with_borrow(|open| open.last().and_then(|frame| frame.meter.clone()));
        StageTimer::open(meter, stage, detail)
    }

    /// Until the guard is dropped, what this thread starts with [`Meter::nested`] counts here.
    #[must_use]
    pub fn enter(self: &Arc<Self>) -> MeterGuard {
        let depth = push(Some(Arc::clone(self)));
        MeterGuard { depth, not_send: PhantomData }
    }

    /// Runs `work` as `stage`, which `bytes` go through.
    pub fn time<R>(self: &Arc<Self>, stage: Stage, bytes: u64, work: impl FnOnce() -> R) -> R {
        let mut timer = self.start(stage, String::new);
        timer.add_bytes(bytes);
        work()
    }

    /// Totals so far, in the order of [`Stage::ALL`].
    #[must_use]
    pub fn stages(&self) -> Vec<StageStats> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let stats = |stage: Stage| {
            let totals = self.totals(stage);
            StageStats {
                stage,
                calls: read(&totals.calls),
                busy: Duration::from_nanos(read(&totals.busy_ns)),
                bytes: read(&totals.bytes),
            }
        };
        Stage::ALL.into_iter().map(stats).collect()
    }

    fn totals(&self, stage: Stage) -> &Totals {
        // The variants number from 0 and there are as many as `ALL` lists.
        &self.stages[stage as usize]
    }
}

/// Makes a meter the thread's own until dropped; see [`Meter::enter`].
#[derive(Debug)]
pub struct MeterGuard {
    depth: usize,
    not_send: PhantomData<*const ()>,
}

impl Drop for MeterGuard {
    fn drop(&mut self) {
        // What ran inside belongs to whatever stage is around this guard: it was not that stage's own work.
        pop(self.depth, |nested| nested);
    }
}

/// One call of a stage, open until dropped. Timers of a thread are dropped in the reverse order of their start.
#[derive(Debug)]
pub struct StageTimer {
    meter: Option<Arc<Meter>>,
    stage: Stage,
    start: Instant,
    depth: usize,
    bytes: u64,
    span: Option<Span>,
    // A timer belongs to the thread whose stack it stands on.
    not_send: PhantomData<*const ()>,
}

/// puffin's guard, which closes the span when dropped.
struct Span {
    _scope: puffin::ProfilerScope,
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Span")
    }
}

struct Frame {
    meter: Option<Arc<Meter>>,
    nested: Duration,
}

thread_local! {
    static OPEN: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Opens a frame on this thread's stack; answers its place.
fn push(meter: Option<Arc<Meter>>) -> usize {
    OPEN.with_borrow_mut(|open| {
        open.push(Frame { meter, nested: Duration::ZERO });
        open.len() - 1
    })
}

/// Closes the frame at `depth`. Answers the time of the stages nested in it; `took` of that is what the frame around
/// it counts as nested.
fn pop(depth: usize, took: impl FnOnce(Duration) -> Duration) -> Duration {
    OPEN.with_borrow_mut(|open| {
        let nested = open.get(depth).map_or(Duration::ZERO, |frame| frame.nested);
        open.truncate(depth);
        if let Some(around) = open.last_mut() {
            around.nested += took(nested);
        }
        nested
    })
}

impl StageTimer {
    fn open(meter: Option<Arc<Meter>>, stage: Stage, detail: impl FnOnce() -> String) -> Self {
        let span =
            puffin::are_scopes_on().then(|| Span { _scope: puffin::ProfilerScope::new(scope_id(stage), detail()) });
        let depth = push(meter.clone());
        Self { meter, stage, start: Instant::now(), depth, bytes: 0, span, not_send: PhantomData }
    }

    /// Adds bytes that went through the stage in this call.
    pub fn add_bytes(&mut self, bytes: u64) {
        self.bytes += bytes;
    }
}

impl Drop for StageTimer {
    fn drop(&mut self) {
        let elapsed = self.start.elapsed();
        let nested = pop(self.depth, |_| elapsed);
        self.span = None;
        let Some(meter) = &self.meter else { return };
        let totals = meter.totals(self.stage);
        let busy_ns = u64::try_from(elapsed.saturating_sub(nested).as_nanos()).unwrap_or(u64::MAX);
        totals.calls.fetch_add(1, Ordering::Relaxed);
        totals.busy_ns.fetch_add(busy_ns, Ordering::Relaxed);
        totals.bytes.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

/// puffin's name of a stage's spans, registered once per process.
fn scope_id(stage: Stage) -> puffin::ScopeId {
    static IDS: [OnceLock<puffin::ScopeId>; Stage::ALL.len()] = [const { OnceLock::new() }; Stage::ALL.len()];
    *IDS[stage as usize].get_or_init(|| {
        puffin::ThreadProfiler::call(|profiler| profiler.register_named_scope(stage.name(), "stage", file!(), line!()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(meter: &Meter, stage: Stage) -> StageStats {
        meter.stages().into_iter().find(|row| row.stage == stage).unwrap()
    }

    #[test]
    fn stages_are_listed_in_the_order_of_all_and_counted_apart() {
        let meter = Meter::new();
        for (index, stage) in Stage::ALL.into_iter().enumerate() {
            meter.time(stage, index as u64, || ());
        }
        let bytes: Vec<_> = meter.stages().iter().map(|row| (row.stage, row.calls, row.bytes)).collect();
        let expected: Vec<_> = Stage::ALL.into_iter().enumerate().map(|(i, stage)| (stage, 1, i as u64)).collect();
        assert_eq!(bytes, expected);
    }

    #[test]
    fn self_time_leaves_out_what_is_nested() {
        let meter = Meter::new();
        let pause = Duration::from_millis(20);
        {
            let mut decode = meter.start(Stage::Decode, String::new);
            decode.add_bytes(8);
            let mut fetch = Meter::nested(Stage::Fetch, String::new);
            fetch.add_bytes(3);
            std::thread::sleep(pause);
        }
        let (decode, fetch) = (row(&meter, Stage::Decode), row(&meter, Stage::Fetch));
        assert_eq!((decode.calls, decode.bytes, fetch.calls, fetch.bytes), (1, 8, 1, 3));
        assert!(fetch.busy >= pause, "the sleep belongs to fetch: {fetch:?}");
        assert!(decode.busy < fetch.busy, "the sleep was counted twice: {decode:?}");
        assert_eq!(row(&meter, Stage::Wait).calls, 0);
    }

    #[test]
    fn an_entered_meter_collects_what_is_nested() {
        let meter = Meter::new();
        {
            let _here = meter.enter();
            drop(Meter::nested(Stage::Wait, String::new));
        }
        drop(Meter::nested(Stage::Wait, String::new));
        assert_eq!(row(&meter, Stage::Wait).calls, 1);
    }

    #[test]
    fn a_nested_stage_without_one_around_it_counts_nowhere() {
        let meter = Meter::new();
        drop(Meter::nested(Stage::Fetch, String::new));
        assert_eq!(row(&meter, Stage::Fetch).calls, 0);
    }

    #[test]
    fn time_runs_the_work_and_survives_its_panic() {
        let meter = Meter::new();
        assert_eq!(meter.time(Stage::Gather, 5, || 7), 7);
        let panicking = Arc::clone(&meter);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            panicking.time(Stage::Gather, 1, || std::panic::resume_unwind(Box::new("boom")))
        }));
        assert!(caught.is_err());
        assert!(OPEN.with_borrow(Vec::is_empty));
        let gather = row(&meter, Stage::Gather);
        assert_eq!((gather.calls, gather.bytes), (2, 6));
    }
}
