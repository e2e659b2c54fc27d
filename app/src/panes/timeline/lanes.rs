//! Where the timeline's rows lie from top to bottom: threads below each other, depths below each other inside a thread.

use std::ops::Range;

use crate::state::Recording;

/// Height of a row of spans, points.
pub const LANE: f32 = 16.0;
/// Between threads, points.
pub const GAP: f32 = 5.0;

/// The rows of one thread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThreadLanes {
    /// From the top of the timeline, points.
    pub top: f32,
    /// Rows.
    pub depths: usize,
}

/// All threads, in the recording's order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lanes {
    threads: Vec<ThreadLanes>,
    height: f32,
}

impl Lanes {
    /// Where the rows of a recording lie.
    #[must_use]
    pub fn of(recording: &Recording) -> Self {
        Self::new(recording.threads().map(|(_, rows)| rows.len()))
    }

    fn new(depths: impl Iterator<Item = usize>) -> Self {
        let mut lanes = Self::default();
        for depths in depths {
            let depths = depths.max(1);
            lanes.threads.push(ThreadLanes { top: lanes.height + GAP / 2.0, depths });
            lanes.height += depths as f32 * LANE + GAP;
        }
        lanes
    }

    /// Points from top to bottom.
    #[must_use]
    pub const fn height(&self) -> f32 {
        self.height
    }

    /// The lanes of a thread.
    #[must_use]
    pub fn thread(&self, thread: usize) -> Option<ThreadLanes> {
        self.threads.get(thread).copied()
    }

    /// The threads that have a part between two heights.
    #[must_use]
    pub fn visible(&self, from: f32, to: f32) -> Range<usize> {
        let bottom = |lanes: &ThreadLanes| lanes.top + lanes.depths as f32 * LANE;
        let first = self.threads.partition_point(|lanes| bottom(lanes) < from);
        let end = self.threads.partition_point(|lanes| lanes.top <= to);
        first..end.max(first)
    }

    /// The thread and depth at a height, if there is a row.
    #[must_use]
    pub fn at(&self, y: f32) -> Option<(usize, usize)> {
        let thread = self.threads.partition_point(|lanes| lanes.top <= y).checked_sub(1)?;
        let depth = ((y - self.threads[thread].top) / LANE) as usize;
        (depth < self.threads[thread].depths).then_some((thread, depth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_height_finds_its_row_and_gaps_find_none() {
        let lanes = Lanes::new([2, 0, 1].into_iter());
        assert_eq!(lanes.height(), 4.0 * LANE + 3.0 * GAP);
        let second = lanes.thread(1).unwrap();
        assert_eq!(second.depths, 1, "a thread without spans still has its row");
        assert_eq!(lanes.at(0.0), None);
        assert_eq!(lanes.at(GAP / 2.0), Some((0, 0)));
        assert_eq!(lanes.at(GAP / 2.0 + LANE), Some((0, 1)));
        assert_eq!(lanes.at(second.top - 1.0), None, "between threads");
        assert_eq!(lanes.at(second.top + 1.0), Some((1, 0)));
        assert_eq!(lanes.at(lanes.height() + 50.0), None);
    }

    #[test]
    fn only_threads_in_sight_are_drawn() {
        let lanes = Lanes::new([1; 10].into_iter());
        assert_eq!(lanes.visible(0.0, lanes.height()), 0..10);
        let third = lanes.thread(2).unwrap();
        assert_eq!(lanes.visible(third.top + 1.0, third.top + 2.0), 2..3);
        assert_eq!(Lanes::default().visible(0.0, 10.0), 0..0);
    }
}
