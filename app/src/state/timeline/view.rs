//! Which stretch of recorded time the timeline shows: zoom about a point, pan, pause, follow.

/// Shown when nothing else was chosen, nanoseconds.
pub const DEFAULT_LENGTH_NS: i64 = 2_000_000_000;
/// The closest zoom, nanoseconds over the whole width.
pub const MIN_LENGTH_NS: i64 = 1_000;

/// A half-open stretch of the recorder's clock, nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeNs {
    /// First nanosecond.
    pub start: i64,
    /// One past the last.
    pub end: i64,
}

impl RangeNs {
    /// The stretch between two instants; never negative.
    #[must_use]
    pub fn new(start: i64, end: i64) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Its length, nanoseconds.
    #[must_use]
    pub const fn length(self) -> i64 {
        self.end.saturating_sub(self.start)
    }
}

/// The part of the recording on screen. While it is not paused it follows the recording's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimelineView {
    /// What is shown.
    pub range: RangeNs,
    /// Whether the picture stands still. Recording goes on.
    pub paused: bool,
}

impl Default for TimelineView {
    fn default() -> Self {
        Self { range: RangeNs::new(-DEFAULT_LENGTH_NS, 0), paused: false }
    }
}

impl TimelineView {
    /// Moves the range so that it ends where the recording ends, keeping its length.
    pub fn follow(&mut self, recorded: RangeNs) {
        self.range = clamped(RangeNs::new(recorded.end.saturating_sub(self.range.length()), recorded.end), recorded);
    }

    /// The range after zooming in by `factor` (below 1: out) so that `anchor_ns` stays where it is on screen.
    #[must_use]
    pub fn zoomed(&self, factor: f64, anchor_ns: i64, recorded: RangeNs) -> RangeNs {
        if !factor.is_finite() || factor <= 0.0 {
            return self.range;
        }
        let old = self.range.length().max(1) as f64;
        let new = (old / factor).clamp(MIN_LENGTH_NS as f64, longest(recorded) as f64).round();
        let before = (anchor_ns.saturating_sub(self.range.start)) as f64 * (new / old);
        let start = anchor_ns.saturating_sub(before.round() as i64);
        clamped(RangeNs::new(start, start.saturating_add(new as i64)), recorded)
    }

    /// The range moved by `delta_ns`; positive shows later time.
    #[must_use]
    pub fn panned(&self, delta_ns: i64, recorded: RangeNs) -> RangeNs {
        let start = self.range.start.saturating_add(delta_ns);
        clamped(RangeNs::new(start, start.saturating_add(self.range.length())), recorded)
    }
}

/// The longest range that makes sense: all of the recording, or the default while that is still shorter.
#[must_use]
pub fn longest(recorded: RangeNs) -> i64 {
    recorded.length().max(DEFAULT_LENGTH_NS)
}

/// The same length (between the closest and the widest zoom), moved to where something was recorded.
#[must_use]
pub fn clamped(range: RangeNs, recorded: RangeNs) -> RangeNs {
    let length = range.length().clamp(MIN_LENGTH_NS, longest(recorded));
    let last = recorded.end.saturating_sub(length);
    let start = range.start.clamp(recorded.start.min(last), last);
    RangeNs::new(start, start.saturating_add(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDED: RangeNs = RangeNs { start: 0, end: 10_000_000_000 };

    fn view(start: i64, end: i64) -> TimelineView {
        TimelineView { range: RangeNs::new(start, end), paused: true }
    }

    #[test]
    fn zoom_keeps_the_instant_under_the_pointer() {
        let before = view(4_000_000_000, 6_000_000_000);
        let after = before.zoomed(4.0, 4_500_000_000, RECORDED);
        assert_eq!(after.length(), 500_000_000);
        assert_eq!(after.start, 4_375_000_000, "a quarter of the way in, as before");
    }

    #[test]
    fn zoom_stops_at_a_microsecond_and_at_everything() {
        assert_eq!(view(0, 2_000).zoomed(1e9, 1_000, RECORDED).length(), MIN_LENGTH_NS);
        assert_eq!(view(0, 2_000).zoomed(1e-12, 1_000, RECORDED), RECORDED);
        assert_eq!(view(0, 2_000).zoomed(f64::NAN, 0, RECORDED), view(0, 2_000).range, "nonsense changes nothing");
    }

    #[test]
    fn pan_stays_inside_the_recording() {
        assert_eq!(view(0, 1_000_000).panned(-5, RECORDED).start, 0);
        assert_eq!(view(0, 1_000_000).panned(i64::MAX, RECORDED).end, RECORDED.end);
    }

    #[test]
    fn a_short_recording_sits_at_the_right_edge() {
        let mut live = TimelineView::default();
        live.follow(RangeNs::new(500, 1_000));
        assert_eq!(live.range, RangeNs::new(1_000 - DEFAULT_LENGTH_NS, 1_000));
    }

    #[test]
    fn following_keeps_the_length() {
        let mut live = TimelineView { range: RangeNs::new(0, 5_000), paused: false };
        live.follow(RECORDED);
        assert_eq!(live.range, RangeNs::new(RECORDED.end - 5_000, RECORDED.end));
    }
}
