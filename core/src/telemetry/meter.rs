//! Where the stages report to: calls, self time and bytes per [`Stage`], and the span of each call in the timeline.
//!
//! A thread's open timers form a stack. A timer's self time is its own time less that of the timers opened inside it,
//! so that a decode does not count the reads that it waits for. The store knows no meter: [`Meter::nested`] reports to
//! the meter of the innermost open timer of the thread, and only makes a span where there is none.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::histogram::TimeCounts;
use super::stall::StallClock;
use super::{Stage, StageStats, StageTimes, roster};

/// Lanes that are told apart; what runs in later ones counts in the last.
const LANES: usize = 16;

/// Totals per stage. Shared by every thread that works for one loader; counting takes no lock.
#[derive(Debug, Default)]
pub struct Meter {
    stages: [Totals; Stage::ALL.len()],
    times: [Times; Stage::ALL.len()],
    /// Apart by what the threads said that they work for; see [`Meter::lane`].
    lanes: [[Totals; Stage::ALL.len()]; LANES],
    stall: StallClock,
    used_bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct Totals {
    calls: AtomicU64,
    busy_ns: AtomicU64,
    bytes: AtomicU64,
}

#[derive(Debug, Default)]
struct Times {
    times: TimeCounts,
    in_stall_ns: AtomicU64,
}

impl Totals {
    fn add(&self, busy_ns: u64, bytes: u64) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.busy_ns.fetch_add(busy_ns, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn read(&self, stage: Stage) -> StageStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StageStats {
            stage,
            calls: read(&self.calls),
            busy: Duration::from_nanos(read(&self.busy_ns)),
            bytes: read(&self.bytes),
        }
    }
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
        Stage::ALL.into_iter().map(|stage| self.totals(stage).read(stage)).collect()
    }

    /// Times so far, in the order of [`Stage::ALL`].
    #[must_use]
    pub fn stage_times(&self) -> Vec<StageTimes> {
        let times = |stage: Stage| {
            let Times { times, in_stall_ns } = &self.times[stage as usize];
            let in_stall = Duration::from_nanos(in_stall_ns.load(Ordering::Relaxed));
            StageTimes { stage, times: times.read(), in_stall }
        };
        Stage::ALL.into_iter().map(times).collect()
    }

    /// Until the guard is dropped, what this thread does counts for lane `index`, too: for one array of the batches.
    #[must_use]
    pub fn lane(index: usize) -> LaneGuard {
        LaneGuard { before: LANE.replace(Some(index.min(LANES - 1))), not_send: PhantomData }
    }

    /// Totals of one lane so far, in the order of [`Stage::ALL`].
    #[must_use]
    pub fn lane_stages(&self, index: usize) -> Vec<StageStats> {
        let lane = &self.lanes[index.min(LANES - 1)];
        Stage::ALL.into_iter().map(|stage| lane[stage as usize].read(stage)).collect()
    }

    /// Until the guard is dropped, the consumer waits: what stages do meanwhile counts as work within a stall.
    #[must_use]
    pub fn stall(self: &Arc<Self>) -> StallGuard {
        self.stall.begin();
        StallGuard(Arc::clone(self))
    }

    /// So many bytes of decoded voxels go into a patch.
    pub fn count_used(&self, bytes: u64) {
        self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Bytes that [`Meter::count_used`] was told of.
    #[must_use]
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes.load(Ordering::Relaxed)
    }

    fn totals(&self, stage: Stage) -> &Totals {
        // The variants number from 0 and there are as many as `ALL` lists.
        &self.stages[stage as usize]
    }
}

/// What a thread does is for one array until this is dropped; see [`Meter::lane`].
#[derive(Debug)]
pub struct LaneGuard {
    before: Option<usize>,
    not_send: PhantomData<*const ()>,
}

impl Drop for LaneGuard {
    fn drop(&mut self) {
        LANE.set(self.before);
    }
}

/// The consumer waits until this is dropped; see [`Meter::stall`].
#[derive(Debug)]
pub struct StallGuard(Arc<Meter>);

impl Drop for StallGuard {
    fn drop(&mut self) {
        self.0.stall.end();
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
    /// What the meter's clock of stalls showed then, ns.
    stalled_ns: u64,
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
    nested: Took,
}

/// How long something took, ns, and how much of that within a stall.
#[derive(Debug, Clone, Copy, Default)]
struct Took {
    time_ns: u64,
    in_stall_ns: u64,
}

thread_local! {
    static LANE: Cell<Option<usize>> = const { Cell::new(None) };
    static OPEN: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Opens a frame on this thread's stack; answers its place.
fn push(meter: Option<Arc<Meter>>) -> usize {
    OPEN.with_borrow_mut(|open| {
        open.push(Frame { meter, nested: Took::default() });
        open.len() - 1
    })
}

/// Closes the frame at `depth`. Answers the time of the stages nested in it; `took` of that is what the frame around
/// it counts as nested.
fn pop(depth: usize, took: impl FnOnce(Took) -> Took) -> Took {
    OPEN.with_borrow_mut(|open| {
        let nested = open.get(depth).map_or(Took::default(), |frame| frame.nested);
        open.truncate(depth);
        if let Some(around) = open.last_mut() {
            let took = took(nested);
            around.nested.time_ns += took.time_ns;
            around.nested.in_stall_ns += took.in_stall_ns;
        }
        nested
    })
}

impl StageTimer {
    fn open(meter: Option<Arc<Meter>>, stage: Stage, detail: impl FnOnce() -> String) -> Self {
        let span =
            puffin::are_scopes_on().then(|| Span { _scope: puffin::ProfilerScope::new(scope_id(stage), detail()) });
        let depth = push(meter.clone());
        let start = Instant::now();
        roster::enter(stage, start);
        let stalled_ns = meter.as_ref().map_or(0, |meter| meter.stall.read_ns(start));
        Self { meter, stage, start, stalled_ns, depth, bytes: 0, span, not_send: PhantomData }
    }

    /// Adds bytes that went through the stage in this call.
    pub fn add_bytes(&mut self, bytes: u64) {
        self.bytes += bytes;
    }
}

impl Drop for StageTimer {
    fn drop(&mut self) {
        let end = Instant::now();
        let time_ns = u64::try_from(end.saturating_duration_since(self.start).as_nanos()).unwrap_or(u64::MAX);
        let stalled_ns = self.meter.as_ref().map_or(0, |meter| meter.stall.read_ns(end));
        // Another consumer's wait may have ended since.
        let in_stall_ns = stalled_ns.saturating_sub(self.stalled_ns).min(time_ns);
        let nested = pop(self.depth, |_| Took { time_ns, in_stall_ns });
        self.span = None;
        let busy_ns = time_ns.saturating_sub(nested.time_ns);
        roster::leave(self.stage, (Duration::from_nanos(time_ns), Duration::from_nanos(busy_ns)));
        let Some(meter) = &self.meter else { return };
        meter.totals(self.stage).add(busy_ns, self.bytes);
        let times = &meter.times[self.stage as usize];
        times.times.add_ns(busy_ns);
        times.in_stall_ns.fetch_add(in_stall_ns.saturating_sub(nested.in_stall_ns), Ordering::Relaxed);
        if let Some(lane) = LANE.get() {
            meter.lanes[lane][self.stage as usize].add(busy_ns, self.bytes);
        }
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
    fn times_within_a_stall_are_told_apart_and_self_times_too() {
        let meter = Meter::new();
        let pause = Duration::from_millis(10);
        {
            let _decode = meter.start(Stage::Decode, String::new);
            let stall = meter.stall();
            std::thread::sleep(pause);
            {
                let _fetch = Meter::nested(Stage::Fetch, String::new);
                std::thread::sleep(pause);
            }
            drop(stall);
            std::thread::sleep(pause);
        }
        let times = |stage: Stage| meter.stage_times().into_iter().find(|row| row.stage == stage).unwrap();
        let (decode, fetch) = (times(Stage::Decode), times(Stage::Fetch));
        assert!(fetch.in_stall >= pause && decode.in_stall >= pause, "{decode:?} {fetch:?}");
        assert!(decode.in_stall + pause <= row(&meter, Stage::Decode).busy, "after the stall it counts no more");
        assert_eq!((decode.times.count(), fetch.times.count()), (1, 1));
        let median = decode.times.time_quantile(0.5).unwrap().as_secs_f64();
        assert!((median / row(&meter, Stage::Decode).busy.as_secs_f64() - 1.0).abs() < 0.07);
    }

    #[test]
    fn lanes_hold_what_was_done_for_them() {
        let meter = Meter::new();
        for (lane, bytes) in [(0, 1), (1, 20), (99, 300), (15, 4000)] {
            let _lane = Meter::lane(lane);
            meter.time(Stage::Gather, bytes, || ());
        }
        meter.time(Stage::Gather, 50_000, || ());
        let gathered = |lane: usize| meter.lane_stages(lane).iter().map(|row| row.bytes).sum::<u64>();
        assert_eq!([0, 1, 2, 15, 99].map(gathered), [1, 20, 0, 4300, 4300]);
        assert_eq!(row(&meter, Stage::Gather).bytes, 54_321);
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
