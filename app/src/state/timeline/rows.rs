//! Spans arranged for drawing: one row per thread and depth, disjoint and sorted, with sums that make any zoom quick.

use microtome_core::telemetry::{Span, Stage, Timeline, Track};

use super::view::RangeNs;

/// Stages, and one more for scopes that are none.
pub const KINDS: usize = Stage::ALL.len() + 1;
/// Marks per precomputed sum: small enough to add singly, large enough that sums are few.
const BLOCK: usize = 64;

/// What a span is about: a loader's stage, or anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind(u8);

impl Kind {
    /// Not a stage of the loader.
    pub const OTHER: Self = Self(Stage::ALL.len() as u8);

    /// The kind of a scope of that name.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Stage::ALL.iter().position(|stage| stage.name() == name).map_or(Self::OTHER, |index| Self(index as u8))
    }

    /// The stage, unless it is none.
    #[must_use]
    pub fn stage(self) -> Option<Stage> {
        Stage::ALL.get(usize::from(self.0)).copied()
    }
}

/// A span reduced to what drawing needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Start, nanoseconds.
    pub start_ns: i64,
    /// End, nanoseconds.
    pub end_ns: i64,
    /// Index in the track's spans.
    pub span: u32,
    /// Colour group.
    pub kind: Kind,
}

impl Mark {
    fn length(&self) -> i64 {
        self.end_ns - self.start_ns
    }

    fn clipped(&self, range: RangeNs) -> u64 {
        (self.end_ns.min(range.end) - self.start_ns.max(range.start)).max(0) as u64
    }
}

/// What is drawn at once: a span that is wide enough to see, or many that are not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Piece {
    /// One span.
    Span(Mark),
    /// Several spans, or a sliver of one, inside one pixel column.
    Dense {
        /// From the first span's start to the last one's end, cut to what is shown.
        range: RangeNs,
        /// Time covered by spans in it, nanoseconds.
        busy_ns: u64,
        /// Spans merged.
        spans: u32,
        /// The kind that takes most of it.
        kind: Kind,
    },
}

/// What lies under the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// A span, by its index in the track's spans.
    Span(usize),
    /// Nothing happened here, between two spans or the ends of the recording.
    Gap(RangeNs),
}

/// The spans of one thread at one depth.
#[derive(Debug, Clone, Default)]
pub struct Row {
    marks: Vec<Mark>,
    /// Nanoseconds per kind, of each full block of marks.
    blocks: Vec<[u64; KINDS]>,
}

impl Row {
    fn push(&mut self, span: &Span, index: usize) {
        // Searching needs disjoint spans in order. Scopes of one thread are; a clock that jumped may say otherwise.
        let floor = self.marks.last().map_or(i64::MIN, |mark| mark.end_ns);
        let start_ns = span.start_ns.max(floor);
        let end_ns = span.end_ns.max(start_ns);
        self.marks.push(Mark { start_ns, end_ns, span: index as u32, kind: Kind::of(&span.name) });
        if self.marks.len().is_multiple_of(BLOCK) {
            let mut sums = [0; KINDS];
            for mark in &self.marks[self.marks.len() - BLOCK..] {
                sums[usize::from(mark.kind.0)] += mark.length() as u64;
            }
            self.blocks.push(sums);
        }
    }

    /// The marks in order of time; disjoint.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// What to draw of `range` when a pixel is `pixel_ns` wide: every span of the range is in exactly one piece; pieces
    /// are in order and disjoint; at most one `Dense` per pixel column.
    #[must_use]
    pub fn pieces(&self, range: RangeNs, pixel_ns: f64) -> Vec<Piece> {
        let pixel_ns = if pixel_ns.is_finite() { pixel_ns.max(1.0) } else { 1.0 };
        let last = self.marks.partition_point(|mark| mark.start_ns < range.end);
        let mut next = self.first_in(range);
        let mut pieces = Vec::new();
        while next < last {
            let mark = self.marks[next];
            if mark.length() as f64 >= pixel_ns {
                pieces.push(Piece::Span(mark));
                next += 1;
                continue;
            }
            let column = ((mark.start_ns.max(range.start) - range.start) as f64 / pixel_ns).floor();
            let column_end = range.start.saturating_add(((column + 1.0) * pixel_ns).ceil() as i64);
            let mut end = next + self.marks[next..last].partition_point(|mark| mark.start_ns < column_end);
            // A wide span reaches beyond this column, so only the last one that starts in it can be wide.
            if end > next + 1 && self.marks[end - 1].length() as f64 >= pixel_ns {
                end -= 1;
            }
            let end = end.max(next + 1);
            pieces.push(self.merged(next, end, range));
            next = end;
        }
        pieces
    }

    /// The span or gap at `at_ns`; a span also counts when it is nearer than `slack_ns`.
    #[must_use]
    pub fn hit(&self, at_ns: i64, slack_ns: i64, recorded: RangeNs) -> Hit {
        let after = self.marks.partition_point(|mark| mark.start_ns <= at_ns);
        let before = after.checked_sub(1).map(|index| self.marks[index]);
        if let Some(mark) = before
            && mark.end_ns > at_ns
        {
            return Hit::Span(mark.span as usize);
        }
        let next = self.marks.get(after).copied();
        let near = [before.map(|mark| (at_ns - mark.end_ns, mark)), next.map(|mark| (mark.start_ns - at_ns, mark))]
            .into_iter()
            .flatten()
            .filter(|(distance, _)| *distance <= slack_ns)
            .min_by_key(|(distance, _)| *distance);
        match near {
            Some((_, mark)) => Hit::Span(mark.span as usize),
            None => Hit::Gap(RangeNs::new(
                before.map_or(recorded.start, |mark| mark.end_ns),
                next.map_or(recorded.end, |mark| mark.start_ns),
            )),
        }
    }

    /// The first mark that has a part in `range`; an instant at its very start has.
    fn first_in(&self, range: RangeNs) -> usize {
        self.marks.partition_point(|mark| mark.end_ns <= range.start && mark.start_ns < range.start)
    }

    fn merged(&self, first: usize, end: usize, range: RangeNs) -> Piece {
        let mut sums = self.sums(first, end);
        // Only the outermost marks can reach over the ends of what is shown.
        for index in [Some(first), (end - 1 > first).then_some(end - 1)].into_iter().flatten() {
            let mark = &self.marks[index];
            let sum = &mut sums[usize::from(mark.kind.0)];
            *sum = (*sum - mark.length() as u64) + mark.clipped(range);
        }
        let kind = (0..KINDS).max_by_key(|kind| (sums[*kind], KINDS - kind)).unwrap_or(0);
        let kind = if sums[kind] == 0 { self.marks[first].kind } else { Kind(kind as u8) };
        Piece::Dense {
            range: RangeNs::new(self.marks[first].start_ns.max(range.start), self.marks[end - 1].end_ns.min(range.end)),
            busy_ns: sums.iter().sum(),
            spans: (end - first) as u32,
            kind,
        }
    }

    /// Nanoseconds per kind of `marks[first..end]`.
    fn sums(&self, first: usize, end: usize) -> [u64; KINDS] {
        let mut sums = [0; KINDS];
        let mut next = first;
        while next < end {
            if next.is_multiple_of(BLOCK) && next + BLOCK <= end {
                for (sum, part) in sums.iter_mut().zip(self.blocks[next / BLOCK]) {
                    *sum += part;
                }
                next += BLOCK;
            } else {
                let mark = &self.marks[next];
                sums[usize::from(mark.kind.0)] += mark.length() as u64;
                next += 1;
            }
        }
        sums
    }
}

/// The rows of one thread, outermost first.
#[derive(Debug, Clone, Default)]
pub struct ThreadRows {
    /// One row per depth.
    pub rows: Vec<Row>,
}

impl ThreadRows {
    fn new(track: &Track) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        for (index, span) in track.spans.iter().enumerate() {
            let depth = span.depth as usize;
            if rows.len() <= depth.min(MAX_DEPTH) {
                rows.resize_with(depth.min(MAX_DEPTH) + 1, Row::default);
            }
            rows[depth.min(MAX_DEPTH)].push(span, index);
        }
        Self { rows }
    }
}

/// Deeper nesting is drawn in the deepest row: a runaway recursion must not take the whole pane.
const MAX_DEPTH: usize = 15;

/// All threads of a recording, in its order.
#[must_use]
pub fn rows_of(timeline: &Timeline) -> Vec<ThreadRows> {
    timeline.tracks.iter().map(ThreadRows::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(name: &str, start_ns: i64, end_ns: i64, depth: u32) -> Span {
        Span { name: name.into(), detail: "".into(), start_ns, end_ns, depth }
    }

    fn row(spans: &[(i64, i64)]) -> Row {
        let mut row = Row::default();
        for (index, (start, end)) in spans.iter().enumerate() {
            row.push(&span("fetch", *start, *end, 0), index);
        }
        row
    }

    #[test]
    fn wide_spans_stay_themselves_and_slivers_merge_with_their_true_sum() {
        let row = row(&[(0, 2), (4, 6), (8, 60), (62, 63)]);
        let pieces = row.pieces(RangeNs::new(0, 100), 10.0);
        assert_eq!(pieces.len(), 3, "{pieces:?}");
        assert_eq!(
            pieces[0],
            Piece::Dense { range: RangeNs::new(0, 6), busy_ns: 4, spans: 2, kind: Kind::of("fetch") }
        );
        assert!(matches!(pieces[1], Piece::Span(mark) if mark.span == 2));
        assert!(matches!(pieces[2], Piece::Dense { spans: 1, busy_ns: 1, .. }));
    }

    #[test]
    fn what_reaches_over_the_edge_is_cut_there() {
        let row = row(&[(0, 12), (14, 16), (28, 34)]);
        let pieces = row.pieces(RangeNs::new(10, 30), 100.0);
        assert_eq!(
            pieces,
            vec![Piece::Dense { range: RangeNs::new(10, 30), busy_ns: 2 + 2 + 2, spans: 3, kind: Kind::of("fetch") }]
        );
    }

    #[test]
    fn an_instant_is_seen() {
        let pieces = row(&[(5, 5)]).pieces(RangeNs::new(5, 10), 1.0);
        assert!(matches!(pieces[..], [Piece::Dense { spans: 1, busy_ns: 0, .. }]), "{pieces:?}");
    }

    #[test]
    fn a_column_has_the_colour_of_what_took_most_of_it() {
        let mut row = Row::default();
        for (index, (name, start, end)) in
            [("fetch", 0, 1), ("decode", 1, 4), ("fetch", 4, 5), ("scope", 5, 6)].iter().enumerate()
        {
            row.push(&span(name, *start, *end, 0), index);
        }
        let [Piece::Dense { kind, .. }] = row.pieces(RangeNs::new(0, 10), 10.0)[..] else { panic!("one column") };
        assert_eq!(kind.stage(), Some(Stage::Decode));
    }

    #[test]
    fn the_pointer_finds_spans_neighbours_and_gaps() {
        let row = row(&[(10, 20), (40, 50)]);
        let recorded = RangeNs::new(0, 100);
        assert_eq!(row.hit(10, 0, recorded), Hit::Span(0));
        assert_eq!(row.hit(20, 0, recorded), Hit::Span(0), "at the very end, distance 0");
        assert_eq!(row.hit(38, 3, recorded), Hit::Span(1));
        assert_eq!(row.hit(30, 3, recorded), Hit::Gap(RangeNs::new(20, 40)));
        assert_eq!(row.hit(5, 0, recorded), Hit::Gap(RangeNs::new(0, 10)));
        assert_eq!(row.hit(90, 3, recorded), Hit::Gap(RangeNs::new(50, 100)));
    }

    #[test]
    fn depths_become_rows_and_absurd_depths_share_the_last() {
        let track = Track {
            thread: "worker-0".to_owned(),
            spans: vec![span("gather", 0, 10, 0), span("decode", 2, 4, 1), span("x", 2, 3, 4_000_000_000)],
        };
        let rows = ThreadRows::new(&track).rows;
        assert_eq!(rows.len(), MAX_DEPTH + 1);
        assert_eq!(rows[1].marks().len(), 1);
        assert_eq!(rows[MAX_DEPTH].marks().len(), 1);
    }

    #[test]
    fn spans_that_overlap_at_one_depth_are_made_disjoint() {
        let row = row(&[(0, 10), (5, 8), (9, 20)]);
        assert_eq!(
            row.marks().iter().map(|mark| (mark.start_ns, mark.end_ns)).collect::<Vec<_>>(),
            [(0, 10), (10, 10), (10, 20)]
        );
    }
}
