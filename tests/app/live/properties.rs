//! At any zoom the timeline draws every span exactly once, and all of the time that spans cover.

use std::sync::Arc;

use microtome::state::Recording;
use microtome::state::timeline::{Piece, RangeNs, Row, TimelineView};
use microtome_core::telemetry::{Span, Stage, Timeline, Track};
use proptest::prelude::{ProptestConfig, Strategy, prop_assert, prop_assert_eq, prop_assume, proptest};

/// Disjoint spans in order, as lengths of gap and span; some of them instants, some of them touching.
fn spans() -> impl Strategy<Value = Vec<(i64, i64, usize)>> {
    let gap = proptest::prop_oneof![0_i64..3, 0_i64..200, 0_i64..50_000];
    let length = proptest::prop_oneof![0_i64..3, 0_i64..300, 0_i64..100_000];
    proptest::collection::vec((gap, length, 0..Stage::ALL.len()), 0..400)
}

fn recording(spans: &[(i64, i64, usize)]) -> Recording {
    let mut at = 0;
    let spans: Vec<Span> = spans
        .iter()
        .map(|(gap, length, stage)| {
            let start_ns = at + gap;
            at = start_ns + length;
            Span { name: Stage::ALL[*stage].name().into(), detail: "".into(), start_ns, end_ns: at, depth: 0 }
        })
        .collect();
    let tracks = vec![Track { thread: "worker-0".to_owned(), spans }];
    Recording::new(Arc::new(Timeline { start_ns: 0, end_ns: at, tracks }))
}

fn only_row(recording: &Recording) -> Option<&Row> {
    recording.threads().next().and_then(|(_, rows)| rows.first())
}

fn edges(piece: &Piece, range: RangeNs) -> (i64, i64) {
    match piece {
        Piece::Span(mark) => (mark.start_ns.max(range.start), mark.end_ns.min(range.end)),
        Piece::Dense { range, .. } => (range.start, range.end),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_span_is_lost_and_no_time_is_invented(
        spans in spans(),
        start in -1000_i64..1_000_000,
        length in 1_i64..3_000_000,
        points in 1_u32..2000,
    ) {
        let recording = recording(&spans);
        let Some(row) = only_row(&recording) else { return Ok(()) };
        let range = RangeNs::new(start, start + length);
        let pixel_ns = length as f64 / f64::from(points);
        let pieces = row.pieces(range, pixel_ns);

        let inside = |start: i64, end: i64| start < range.end && (end > range.start || start >= range.start);
        let shown: Vec<_> = row.marks().iter().filter(|mark| inside(mark.start_ns, mark.end_ns)).collect();
        let count: u64 = pieces
            .iter()
            .map(|piece| if let Piece::Dense { spans, .. } = piece { u64::from(*spans) } else { 1 })
            .sum();
        prop_assert_eq!(count, shown.len() as u64, "every span is in exactly one piece");

        let busy: i64 = shown.iter().map(|mark| (mark.end_ns.min(range.end) - mark.start_ns.max(range.start)).max(0)).sum();
        let drawn: i64 = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Span(_) => { let (start, end) = edges(piece, range); (end - start).max(0) }
                Piece::Dense { busy_ns, .. } => *busy_ns as i64,
            })
            .sum();
        prop_assert_eq!(drawn, busy, "covered time is exact");

        for pair in pieces.windows(2) {
            prop_assert!(edges(&pair[0], range).1 <= edges(&pair[1], range).0, "in order and disjoint: {:?}", pair);
        }
        for mark in &shown {
            let (start, end) = (mark.start_ns.max(range.start), mark.end_ns.min(range.end));
            let covered = pieces.iter().any(|piece| { let (from, to) = edges(piece, range); from <= start && end <= to });
            prop_assert!(covered, "a span lies outside every piece: {:?}", mark);
        }
        for piece in &pieces {
            if let Piece::Dense { range: dense, busy_ns, .. } = piece {
                prop_assert!((dense.length() as f64) < 2.0 * pixel_ns.max(1.0) + 1.0, "a column, and the last span's rest");
                prop_assert!(*busy_ns <= dense.length() as u64);
            }
        }
        prop_assert!(pieces.len() <= 2 * points as usize + 2, "bounded by the width, not by the spans");
    }

    #[test]
    fn zooming_keeps_the_instant_under_the_pointer_and_stays_in_the_recording(
        start in 0_i64..5_000_000_000,
        length in 1_000_i64..4_000_000_000,
        share in 0.0_f64..1.0,
        factor in 0.05_f64..20.0,
    ) {
        let recorded = RangeNs::new(0, 10_000_000_000);
        let view = TimelineView { range: RangeNs::new(start, start + length), paused: true };
        let anchor = start + (length as f64 * share) as i64;
        let after = view.zoomed(factor, anchor, recorded);
        prop_assert!(after.start >= recorded.start && after.end <= recorded.end);
        // At the ends of the recording the range is pushed back inside; elsewhere the instant stays.
        prop_assume!(after.start > recorded.start && after.end < recorded.end);
        let before = (anchor - view.range.start) as f64 / view.range.length() as f64;
        let now = (anchor - after.start) as f64 / after.length() as f64;
        prop_assert!((before - now).abs() < 2e-3, "{} became {}", before, now);
    }
}

#[test]
fn a_million_spans_become_as_many_pieces_as_there_are_columns() {
    let spans: Vec<(i64, i64, usize)> = (0..1_000_000).map(|index| (10, 20, index % 7)).collect();
    let recording = recording(&spans);
    let row = only_row(&recording).unwrap();
    let range = recording.range();
    let pieces = row.pieces(range, range.length() as f64 / 1600.0);
    assert!((1600..=1601).contains(&pieces.len()), "{}", pieces.len());
    let busy: u64 =
        pieces.iter().map(|piece| if let Piece::Dense { busy_ns, .. } = piece { *busy_ns } else { 0 }).sum();
    assert_eq!(busy, 20_000_000);
}
