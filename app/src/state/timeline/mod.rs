//! The timeline's state: the recording on screen, arranged in rows, and which part of it is shown.

mod grid;
mod rows;
mod view;

use std::sync::Arc;

use microtome_core::telemetry::{Span, Timeline};

pub use grid::{Grid, Tick, grid};
pub use rows::{Hit, KINDS, Kind, Mark, Piece, Row, ThreadRows, rows_of};
pub use view::{DEFAULT_LENGTH_NS, MIN_LENGTH_NS, RangeNs, TimelineView, clamped, longest};

/// A recording arranged in rows. Making one walks over every span: do it on a background thread.
#[derive(Debug, Default)]
pub struct Recording {
    timeline: Arc<Timeline>,
    threads: Vec<ThreadRows>,
    spans: u64,
}

impl Recording {
    /// Arranges what was recorded.
    #[must_use]
    pub fn new(timeline: Arc<Timeline>) -> Self {
        let threads = rows_of(&timeline);
        let spans = timeline.tracks.iter().map(|track| track.spans.len() as u64).sum();
        Self { timeline, threads, spans }
    }

    /// Its threads by name, each with its rows, outermost first.
    #[must_use]
    pub fn threads(&self) -> impl ExactSizeIterator<Item = (&str, &[Row])> {
        let names = self.timeline.tracks.iter().map(|track| track.thread.as_str());
        names.zip(self.threads.iter().map(|thread| thread.rows.as_slice()))
    }

    /// The recorded stretch of time.
    #[must_use]
    pub fn range(&self) -> RangeNs {
        RangeNs::new(self.timeline.start_ns, self.timeline.end_ns)
    }

    /// Spans of all threads.
    #[must_use]
    pub const fn span_count(&self) -> u64 {
        self.spans
    }

    /// The span that a [`Hit`] names, by the number of its thread.
    #[must_use]
    pub fn span(&self, thread: usize, span: usize) -> Option<&Span> {
        self.timeline.tracks.get(thread)?.spans.get(span)
    }
}

/// What the timeline pane draws.
#[derive(Debug, Clone, Default)]
pub struct TimelineState {
    recording: Arc<Recording>,
    view: TimelineView,
}

impl TimelineState {
    /// Takes a newer recording, unless the picture is paused. Returns whether the picture changed.
    pub fn update(&mut self, recording: Arc<Recording>) -> bool {
        if self.view.paused {
            return false;
        }
        self.recording = recording;
        self.view.follow(self.recording.range());
        true
    }

    /// The recording on screen.
    #[must_use]
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// What is shown of it.
    #[must_use]
    pub const fn view(&self) -> TimelineView {
        self.view
    }

    /// Stops the picture, or lets it follow the recording again.
    pub const fn toggle_pause(&mut self) {
        self.view.paused = !self.view.paused;
    }

    /// Shows a range and stops there: what is being looked at must not run away.
    pub fn show(&mut self, range: RangeNs) {
        self.view.range = clamped(range, self.recording.range());
        self.view.paused = true;
    }

    /// Shows everything recorded; keeps following if it did.
    pub fn fit(&mut self) {
        let recorded = self.recording.range();
        self.view.range = clamped(recorded, recorded);
    }
}

#[cfg(test)]
mod tests {
    use microtome_core::telemetry::Track;

    use super::*;

    fn recording(end_ns: i64) -> Arc<Recording> {
        let span = Span { name: "fetch".into(), detail: "".into(), start_ns: 0, end_ns: 10, depth: 0 };
        let tracks = vec![Track { thread: "worker-0".to_owned(), spans: vec![span] }];
        Arc::new(Recording::new(Arc::new(Timeline { start_ns: 0, end_ns, tracks })))
    }

    #[test]
    fn live_follows_and_paused_stands_still() {
        let mut state = TimelineState::default();
        assert!(state.update(recording(5_000_000_000)));
        assert_eq!(state.view().range.end, 5_000_000_000);
        state.toggle_pause();
        assert!(!state.update(recording(9_000_000_000)));
        assert_eq!(state.recording().range().end, 5_000_000_000, "the picture is a still");
        state.toggle_pause();
        assert!(state.update(recording(9_000_000_000)));
        assert_eq!(state.view().range, RangeNs::new(7_000_000_000, 9_000_000_000));
    }

    #[test]
    fn looking_closer_pauses() {
        let mut state = TimelineState::default();
        state.update(recording(5_000_000_000));
        state.show(RangeNs::new(1_000_000, 2_000_000));
        assert!(state.view().paused);
        assert_eq!(state.view().range, RangeNs::new(1_000_000, 2_000_000));
        state.fit();
        assert_eq!(state.view().range, state.recording().range());
        assert!(state.view().paused, "fit does not let it run");
    }

    #[test]
    fn spans_are_counted_and_found() {
        let mut state = TimelineState::default();
        assert_eq!(state.recording().span_count(), 0);
        state.update(recording(100));
        assert_eq!(state.recording().span_count(), 1);
        assert_eq!(state.recording().span(0, 0).map(|span| &*span.name), Some("fetch"));
        assert!(state.recording().span(7, 0).is_none());
    }
}
