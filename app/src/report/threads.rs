//! The picture of what threads did in the last seconds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use microtome_core::telemetry::{Stage, Timeline};

use super::{escaped, put, style};
use crate::format;
use crate::state::Recording;
use crate::state::timeline::{Kind, Piece, RangeNs, Row};

/// How much of the end is shown.
const SHOWN_NS: i64 = 3_000_000_000;
/// Threads that are shown.
const MAX_THREADS: usize = 48;
const WIDTH: f64 = 1100.0;
const LEFT: f64 = 110.0;
const LANE: f64 = 13.0;
const GAP: f64 = 5.0;

/// The section; nothing if no spans were recorded.
pub(super) fn picture(timeline: &Timeline) -> String {
    let last = timeline.tracks.iter().filter_map(|track| track.spans.iter().map(|span| span.end_ns).max()).max();
    let Some(end_ns) = last else { return String::new() };
    let recording = Recording::new(Arc::new(timeline.clone()));
    let range = RangeNs::new(end_ns.saturating_sub(SHOWN_NS).max(timeline.start_ns), end_ns);
    let mut body = String::new();
    let mut shapes: BTreeMap<&'static str, String> = BTreeMap::new();
    let mut y = 4.0;
    for (name, rows) in recording.threads().take(MAX_THREADS) {
        put(&mut body, format_args!("<text x=\"0\" y=\"{:.1}\">{}</text>\n", y + LANE - 3.0, escaped(name)));
        for row in rows {
            add_row(&mut shapes, row, range, y);
            y += LANE;
        }
        y += GAP;
    }
    for (stage, path) in &shapes {
        let color = Stage::from_name(stage).map_or_else(|| "var(--scope)".to_owned(), style::stage);
        put(&mut body, format_args!("<path d=\"{path}\" fill=\"{color}\"/>\n"));
    }
    let long = format::nanoseconds(range.length());
    let mut section = String::from("<section>\n<h2>Threads</h2>\n");
    put(
        &mut section,
        format_args!(
            "<p class=\"note\">The last {}, one lane per depth; what is too short to be seen as high as it was busy.</p>\n",
            escaped(&long)
        ),
    );
    let label = "what each thread did";
    put(
        &mut section,
        format_args!("<svg viewBox=\"0 0 {WIDTH} {y:.0}\" role=\"img\" aria-label=\"{label}\">\n{body}</svg>\n"),
    );
    section += "<p class=\"legend\">";
    for stage in Stage::ALL {
        let key = format!("<span class=\"key\" style=\"background: {}\"></span>", style::stage(stage));
        put(&mut section, format_args!("<span>{key}{}</span>", stage.name()));
    }
    section + "</p>\n</section>\n"
}

fn add_row(shapes: &mut BTreeMap<&'static str, String>, row: &Row, range: RangeNs, y: f64) {
    let point_ns = range.length().max(1) as f64 / (WIDTH - LEFT);
    let x = |at_ns: i64| LEFT + (at_ns.saturating_sub(range.start)) as f64 / point_ns;
    for piece in row.pieces(range, point_ns) {
        let (kind, left, right, height) = match piece {
            Piece::Span(mark) => {
                let left = x(mark.start_ns).max(LEFT);
                (mark.kind, left, x(mark.end_ns).min(WIDTH).max(left + 0.5), LANE - 1.0)
            }
            Piece::Dense { range, busy_ns, kind, .. } => {
                let share = (busy_ns as f64 / point_ns).clamp(0.25, 1.0);
                (kind, x(range.start).max(LEFT), (x(range.start) + 1.0).min(WIDTH), (LANE - 1.0) * share)
            }
        };
        let path = shapes.entry(name(kind)).or_default();
        let (width, top) = (right - left, y + LANE - 1.0 - height);
        // Writing into a string cannot fail.
        let _written = write!(path, "M{left:.1} {top:.1}h{width:.1}v{height:.1}h-{width:.1}z");
    }
}

fn name(kind: Kind) -> &'static str {
    kind.stage().map_or("", Stage::name)
}
