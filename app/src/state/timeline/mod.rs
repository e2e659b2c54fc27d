//! The timeline's state: the recording on screen, arranged in rows, and which part of it is shown.

mod grid;
mod rows;
mod search;
mod summary;
mod view;

use std::sync::Arc;

use microtome_core::telemetry::{Span, Timeline, Track};

pub use grid::{Grid, Tick, grid};
pub use rows::{Hit, KINDS, Kind, Mark, Piece, Row, ThreadRows, rows_of};
pub use search::{Found, SpanSearch};
pub use summary::{Flame, RangeSummary, SpanRow, ThreadRow};
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

    /// The spans by thread.
    #[must_use]
    pub fn tracks(&self) -> &[Track] {
        &self.timeline.tracks
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
    search: Arc<SpanSearch>,
    selected: Option<Arc<RangeSummary>>,
    /// Kept to be compared with what is selected.
    kept: Option<Arc<RangeSummary>>,
    /// What is selected is shown as a flame, not as a table.
    as_flame: bool,
}

impl TimelineState {
    /// Takes a newer recording, unless the picture is paused. Returns whether the picture changed.
    pub fn update(&mut self, recording: Arc<Recording>) -> bool {
        if self.view.paused {
            return false;
        }
        self.recording = recording;
        self.view.follow(self.recording.range());
        // While the picture moves nothing of it stays selected.
        self.selected = None;
        if self.search.is_on() {
            self.search = Arc::new(SpanSearch::new(self.search.text(), self.recording.tracks()));
        }
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

    /// What is looked for.
    #[must_use]
    pub fn search(&self) -> &SpanSearch {
        &self.search
    }

    /// Looks for spans; nothing, for an empty text.
    pub fn find(&mut self, text: &str) {
        let mut search = SpanSearch::new(text, self.recording.tracks());
        search.go_to(self.view.range.start);
        self.search = Arc::new(search);
    }

    /// Goes to the next span that was found, or back; what is shown holds still and moves there.
    pub fn step_found(&mut self, by: i64) {
        let Some(found) = Arc::make_mut(&mut self.search).step(by) else { return };
        let length = self.view.range.length();
        if found.range.start < self.view.range.start || found.range.end > self.view.range.end {
            let middle = found.range.start + found.range.length() / 2;
            self.show(RangeNs::new(middle - length / 2, middle + length - length / 2));
        } else {
            self.view.paused = true;
        }
    }

    /// What happened in the stretch that is selected.
    #[must_use]
    pub fn selected(&self) -> Option<&RangeSummary> {
        self.selected.as_deref()
    }

    /// What it is compared with.
    #[must_use]
    pub fn kept(&self) -> Option<&RangeSummary> {
        self.kept.as_deref()
    }

    /// Whether it is shown as a flame.
    #[must_use]
    pub const fn is_flame(&self) -> bool {
        self.as_flame
    }

    /// Selects a stretch, as far as it was recorded, and holds the picture; `None`: nothing.
    pub fn select(&mut self, range: Option<RangeNs>) {
        let recorded = self.recording.range();
        let range = range.map(|range| RangeNs::new(range.start.max(recorded.start), range.end.min(recorded.end)));
        self.selected = range
            .filter(|range| range.length() > 0)
            .map(|range| Arc::new(RangeSummary::of(self.recording.tracks(), range)));
        self.view.paused |= self.selected.is_some();
    }

    /// Selects what is shown.
    pub fn select_shown(&mut self) {
        self.select(Some(self.view.range));
    }

    /// Keeps what is selected, to compare others with it; if nothing is selected, keeps nothing.
    pub fn keep(&mut self) {
        self.kept = self.selected.clone();
    }

    /// Shows what is selected as a table or as a flame.
    pub const fn toggle_flame(&mut self) {
        self.as_flame = !self.as_flame;
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
    fn a_selection_holds_the_picture_until_it_follows_again() {
        let mut state = TimelineState::default();
        state.update(recording(100));
        state.select(Some(RangeNs::new(-50, 5)));
        assert_eq!(state.selected().map(|summary| summary.range), Some(RangeNs::new(0, 5)), "as far as was recorded");
        assert!(state.view().paused);
        state.keep();
        state.select(Some(RangeNs::new(5, 5)));
        assert!(state.selected().is_none() && state.kept().is_some());
        state.select_shown();
        assert_eq!(state.selected().and_then(|summary| summary.row("fetch")).map(|row| row.self_ns), Some(10));
        state.toggle_pause();
        assert!(state.update(recording(200)) && state.selected().is_none());
    }

    #[test]
    fn what_is_found_is_moved_into_sight() {
        let mut state = TimelineState::default();
        state.update(recording(5_000_000_000));
        state.find("FETCH");
        assert_eq!(state.search().count(), 1);
        state.step_found(1);
        assert!(state.view().paused && state.view().range.start == 0, "{:?}", state.view());
        state.find("");
        assert!(!state.search().is_on());
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
