//! The recorder: the spans of the last seconds of every thread, ready to draw.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::Receiver;
use parking_lot::Mutex;
use puffin::{FrameData, GlobalProfiler};

use super::Timeline;
use super::frames::Frames;
use crate::{Error, Result};

/// How often finished spans are collected.
const INTERVAL: Duration = Duration::from_millis(50);
/// Most bytes that one recorder keeps, whatever its window.
const MAX_BYTES: usize = 64 << 20;
/// Frames that may wait for the telemetry thread; beyond, whole frames are lost rather than memory.
const MAX_WAITING_FRAMES: usize = 256;

/// Records spans while it lives. Several can record side by side; without any, spans cost next to nothing.
///
/// The spans of a thread arrive when its outermost one ends, collected by a thread named `telemetry`.
#[derive(Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    window_ns: i64,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    stop: AtomicBool,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    frames: Frames,
    /// The last timeline made, until new frames come or it is out of date.
    drawn: Option<Arc<Timeline>>,
    /// When the recorder stopped: its timeline then stands still.
    stopped_ns: Option<i64>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("stop", &self.stop).finish_non_exhaustive()
    }
}

impl Recorder {
    /// Switches spans on and keeps those of the last `window`.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn start(window: Duration) -> Result<Self> {
        let shared = Arc::new(Shared { stop: AtomicBool::new(false), kept: Mutex::default() });
        let window_ns = i64::try_from(window.as_nanos()).unwrap_or(i64::MAX / 2);
        let (sender, receiver) = crossbeam_channel::bounded(MAX_WAITING_FRAMES);
        // puffin calls the sink under its own lock: nothing is parsed there.
        let sink = Box::new(move |frame: Arc<FrameData>| {
            let _full = sender.try_send(frame);
        });
        let guard = SinkGuard::add(sink);
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("telemetry".to_owned())
            .spawn(move || for_thread.collect(&receiver, window_ns, guard))
            .map_err(|source| Error::Io {
                action: "start",
                path: "thread telemetry".to_owned(),
                reason: source.into(),
            })?;
        Ok(Self { shared, window_ns, thread: Mutex::new(Some(thread)) })
    }

    /// What every thread did in the last `window`. Cheap enough to ask for in every frame of a window.
    #[must_use]
    pub fn timeline(&self) -> Arc<Timeline> {
        let mut kept = self.shared.kept.lock();
        let now_ns = kept.stopped_ns.unwrap_or_else(puffin::now_ns);
        let stale_ns = i64::try_from(INTERVAL.as_nanos()).unwrap_or(i64::MAX);
        match &kept.drawn {
            Some(drawn) if now_ns - drawn.end_ns < stale_ns => Arc::clone(drawn),
            _ => {
                let timeline = Arc::new(kept.frames.timeline(now_ns - self.window_ns, now_ns));
                kept.drawn = Some(Arc::clone(&timeline));
                timeline
            }
        }
    }

    /// Collects what has ended so far and stops recording. The timeline stays as it is then.
    pub fn stop(&self) {
        let Some(thread) = self.thread.lock().take() else { return };
        self.shared.stop.store(true, Ordering::Release);
        thread.thread().unpark();
        // A panic of the thread has been printed by the panic hook; the spans it had collected are still there.
        let _panicked = thread.join();
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    /// The telemetry thread: asks puffin for frames and keeps their spans.
    fn collect(&self, frames: &Receiver<Arc<FrameData>>, window_ns: i64, guard: SinkGuard) {
        loop {
            let last = self.stop.load(Ordering::Acquire);
            let all_known = self.kept.lock().frames.knows_all_scopes();
            {
                let mut profiler = GlobalProfiler::lock();
                // An empty frame swallows the snapshot, so ask until one has come.
                if !all_known {
                    profiler.emit_scope_snapshot();
                }
                profiler.new_frame();
            }
            let now_ns = puffin::now_ns();
            let mut kept = self.kept.lock();
            kept.frames.forget(now_ns - window_ns, MAX_BYTES);
            for frame in frames.try_iter() {
                kept.frames.push(&frame, now_ns - window_ns, MAX_BYTES);
                kept.drawn = None;
            }
            if last {
                kept.stopped_ns = Some(now_ns);
                kept.drawn = None;
                drop(guard);
                return;
            }
            drop(kept);
            std::thread::park_timeout(INTERVAL);
        }
    }
}

/// A sink of puffin, with spans switched on for as long as any is there.
pub(super) struct SinkGuard {
    remove: Option<Box<dyn FnOnce() + Send>>,
}

/// puffin's switch and sinks are one per process, so the count of recorders that hold it is, too.
static SWITCH: Mutex<Switch> = Mutex::new(Switch { recorders: 0, was_on: false });

struct Switch {
    recorders: usize,
    /// Somebody else had switched spans on before the first recorder: they stay on after the last.
    was_on: bool,
}

impl SinkGuard {
    pub(super) fn add(sink: puffin::FrameSink) -> Self {
        let mut profiler = GlobalProfiler::lock();
        // What ended before belongs to the recorders that were there.
        profiler.new_frame();
        let id = profiler.add_sink(sink);
        drop(profiler);
        let mut switch = SWITCH.lock();
        if switch.recorders == 0 {
            switch.was_on = puffin::are_scopes_on();
            puffin::set_scopes_on(true);
        }
        switch.recorders += 1;
        // puffin does not export the type of `id`; a closure can still hold it.
        let remove = move || {
            GlobalProfiler::lock().remove_sink(id);
        };
        Self { remove: Some(Box::new(remove)) }
    }
}

impl Drop for SinkGuard {
    fn drop(&mut self) {
        if let Some(remove) = self.remove.take() {
            remove();
        }
        let mut switch = SWITCH.lock();
        switch.recorders -= 1;
        if switch.recorders == 0 {
            puffin::set_scopes_on(switch.was_on);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{Meter, Stage};

    #[test]
    fn spans_of_named_threads_arrive_nested_and_recorders_coexist() {
        let first = Recorder::start(Duration::from_secs(60)).unwrap();
        let work = |name: &str| {
            let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(|| {
                let meter = Meter::new();
                let _decode = meter.start(Stage::Decode, || "s0 (1, 2, 3)".to_owned());
                let _fetch = Meter::nested(Stage::Fetch, || "key".to_owned());
            });
            spawned.unwrap().join().unwrap();
        };
        work("recorded-1");
        // Scopes that were announced before a recorder started have their names in it, too.
        let second = Recorder::start(Duration::from_secs(60)).unwrap();
        assert!(puffin::are_scopes_on());
        work("recorded-2");
        first.stop();
        first.stop();
        assert!(puffin::are_scopes_on(), "the second still records");
        work("recorded-3");
        second.stop();
        let spans = |recorder: &Recorder, thread: &str| {
            let timeline = recorder.timeline();
            let track = timeline.tracks.iter().find(|track| track.thread == thread)?.clone();
            Some(track.spans.iter().map(|s| (s.name.to_string(), s.detail.to_string(), s.depth)).collect::<Vec<_>>())
        };
        let expected =
            vec![("decode".to_owned(), "s0 (1, 2, 3)".to_owned(), 0), ("fetch".to_owned(), "key".to_owned(), 1)];
        assert_eq!(spans(&first, "recorded-1"), Some(expected.clone()));
        assert_eq!(spans(&first, "recorded-2"), Some(expected.clone()));
        assert_eq!(spans(&first, "recorded-3"), None);
        assert_eq!(spans(&second, "recorded-1"), None);
        assert_eq!(spans(&second, "recorded-3"), Some(expected));
        let timeline = second.timeline();
        assert_eq!(timeline.end_ns - timeline.start_ns, 60_000_000_000);
        for span in timeline.tracks.iter().flat_map(|track| &track.spans) {
            assert!(span.start_ns <= span.end_ns && span.end_ns <= timeline.end_ns);
        }
    }
}
