//! Spans as they end, taken frame by frame from puffin while somebody wants them.

use std::sync::Arc;

use crossbeam_channel::Receiver;
use puffin::{FrameData, GlobalProfiler};

use crate::telemetry::Timeline;
use crate::telemetry::frames::Frames;
use crate::telemetry::recorder::SinkGuard;

/// Frames that may wait between two looks; beyond, whole frames are lost rather than memory.
const MAX_WAITING_FRAMES: usize = 256;

/// Spans are on as long as this lives.
pub(super) struct Tap {
    frames: Receiver<Arc<FrameData>>,
    spans: Frames,
    _guard: SinkGuard,
}

impl Tap {
    pub(super) fn open() -> Self {
        let (sender, frames) = crossbeam_channel::bounded(MAX_WAITING_FRAMES);
        // puffin calls the sink under its own lock: nothing is parsed there.
        let sink = Box::new(move |frame: Arc<FrameData>| {
            let _full = sender.try_send(frame);
        });
        Self { frames, spans: Frames::default(), _guard: SinkGuard::add(sink) }
    }

    /// What has ended since the last call: as puffin has it.
    pub(super) fn take(&mut self) -> Vec<Arc<FrameData>> {
        let mut profiler = GlobalProfiler::lock();
        // An empty frame swallows the snapshot, so ask until one has come.
        if !self.spans.knows_all_scopes() {
            profiler.emit_scope_snapshot();
        }
        profiler.new_frame();
        drop(profiler);
        self.frames.try_iter().collect()
    }

    /// The same as spans.
    pub(super) fn spans_of(&mut self, frames: &[Arc<FrameData>]) -> Timeline {
        for frame in frames {
            self.spans.push(frame, i64::MIN, usize::MAX);
        }
        let timeline = self.spans.timeline(0, puffin::now_ns());
        self.spans.forget(i64::MAX, 0);
        timeline
    }
}
