//! Paints the timeline: grid, spans, density of what is too short to see, and the span under the pointer.

use egui::epaint::Mesh;
use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::lanes::{LANE, Lanes};
use crate::state::Recording;
use crate::state::timeline::{Grid, Kind, Piece, RangeNs, Row, SpanSearch};
use crate::theme::Theme;

/// A span gets its name written on it from this width on, points.
const NAMED: f32 = 34.0;
/// Idle time is painted from this width on, points.
const SEEN: f32 = 2.0;
/// Spans are painted at least this wide, points.
const NARROWEST: f32 = 1.0;

/// Time from left to right.
#[derive(Debug, Clone, Copy)]
pub struct TimeAxis {
    /// What is shown.
    pub range: RangeNs,
    /// The left edge, points.
    pub left: f32,
    /// Points.
    pub width: f32,
}

impl TimeAxis {
    /// Nanoseconds per point.
    #[must_use]
    pub fn point_ns(&self) -> f64 {
        self.range.length().max(1) as f64 / f64::from(self.width.max(1.0))
    }

    /// The point at which an instant lies; far outside it is cut to what drawing can bear.
    #[must_use]
    pub fn x(&self, at_ns: i64) -> f32 {
        let points = (at_ns.saturating_sub(self.range.start)) as f64 / self.point_ns();
        self.left + points.clamp(-1e4, 1e5) as f32
    }

    /// The instant at a point.
    #[must_use]
    pub fn at(&self, x: f32) -> i64 {
        self.range.start.saturating_add((f64::from(x - self.left) * self.point_ns()) as i64)
    }
}

/// The colour of a kind of span.
#[must_use]
pub fn kind_color(theme: &Theme, kind: Kind) -> Color32 {
    kind.stage().map_or(theme.scope, |stage| theme.stage(stage))
}

/// Paints the grid's labels into the ruler above the rows.
pub fn paint_ruler(painter: &Painter, rect: Rect, axis: &TimeAxis, grid: &Grid, theme: &Theme) {
    let font = FontId::proportional(10.5);
    for tick in &grid.ticks {
        let x = axis.x(tick.at_ns);
        painter.vline(x, rect.bottom() - 4.0..=rect.bottom(), Stroke::new(1.0, theme.line));
        let galley = painter.layout_no_wrap(tick.label.clone(), font.clone(), theme.weak);
        // Labels at the ends stay inside.
        let half = galley.size().x / 2.0;
        let left = (x - half).clamp(rect.left(), (rect.right() - galley.size().x).max(rect.left()));
        painter.galley(pos2(left, rect.top() + 1.0), galley, theme.weak);
    }
}

/// Paints what lies behind the rows: the ground, where nothing was recorded, and the grid lines.
pub fn paint_ground(painter: &Painter, rect: Rect, axis: &TimeAxis, grid: &Grid, recorded: RangeNs, theme: &Theme) {
    painter.rect_filled(rect, 0.0, theme.deep);
    let (first, last) = (axis.x(recorded.start), axis.x(recorded.end));
    for (left, right) in [(rect.left(), first), (last, rect.right())] {
        if right > left + 0.5 {
            let blank = Rect::from_x_y_ranges(left..=right.min(rect.right()), rect.y_range());
            painter.rect_filled(blank, 0.0, Theme::faded(theme.raised, 0.5));
        }
    }
    for tick in &grid.ticks {
        painter.vline(axis.x(tick.at_ns), rect.y_range(), Stroke::new(1.0, Theme::faded(theme.line, 0.7)));
    }
}

/// Paints, behind the outermost row of each thread in sight, where it did nothing: for as long as can be seen.
pub fn paint_idle(painter: &Painter, top: f32, axis: &TimeAxis, lanes: &Lanes, recording: &Recording, theme: &Theme) {
    let clip = painter.clip_rect();
    let visible = lanes.visible(clip.top() - top, clip.bottom() - top);
    let recorded = recording.range();
    let mut mesh = Mesh::default();
    for (thread, (_, rows)) in recording.threads().enumerate().skip(visible.start).take(visible.len()) {
        let (Some(place), Some(row)) = (lanes.thread(thread), rows.first()) else { continue };
        let strip = top + place.top..=top + place.top + LANE - 1.0;
        let mut idle = |from_ns: i64, to_ns: i64| {
            let (left, right) = (axis.x(from_ns).max(axis.left), axis.x(to_ns).min(axis.left + axis.width));
            if right - left >= SEEN {
                let rect = Rect::from_x_y_ranges(left..=right, *strip.start()..=*strip.end());
                mesh.add_colored_rect(rect, Theme::faded(theme.weak, 0.14));
            }
        };
        let mut reached_ns = recorded.start.max(axis.range.start);
        for piece in row.pieces(axis.range, axis.point_ns()) {
            let (from_ns, to_ns) = match piece {
                Piece::Span(mark) => (mark.start_ns, mark.end_ns),
                Piece::Dense { range, .. } => (range.start, range.end),
            };
            idle(reached_ns, from_ns);
            reached_ns = reached_ns.max(to_ns);
        }
        idle(reached_ns, recorded.end.min(axis.range.end));
    }
    painter.add(Shape::mesh(mesh));
}

/// Paints a line under each span in sight that was looked for, one a point at most.
pub fn paint_found(painter: &Painter, top: f32, axis: &TimeAxis, lanes: &Lanes, search: &SpanSearch, theme: &Theme) {
    let mut mesh = Mesh::default();
    let mut last: Vec<f32> = Vec::new();
    for found in search.within(RangeNs::new(axis.range.start.saturating_sub(axis.range.length()), axis.range.end)) {
        let Some(place) = lanes.thread(found.thread) else { continue };
        let left = axis.x(found.range.start).max(axis.left);
        let right = axis.x(found.range.end).min(axis.left + axis.width).max(left + 1.0);
        if last.len() <= found.thread {
            last.resize(found.thread + 1, f32::MIN);
        }
        // What lies under a line that is there already adds nothing to see.
        if right <= axis.left || right - last[found.thread] < 1.0 {
            continue;
        }
        last[found.thread] = right;
        let y = top + place.top + place.depths as f32 * LANE;
        mesh.add_colored_rect(Rect::from_x_y_ranges(left..=right, y - 2.0..=y + 1.0), theme.strong);
    }
    painter.add(Shape::mesh(mesh));
    if let Some((_, found)) = search.current().filter(|_| search.is_on()) {
        paint_range(painter, painter.clip_rect(), axis, found.range, theme.strong);
    }
}

/// Paints a stretch of time through all threads.
pub fn paint_range(painter: &Painter, rect: Rect, axis: &TimeAxis, range: RangeNs, color: Color32) {
    let (left, right) = (axis.x(range.start), axis.x(range.end));
    let rect = Rect::from_x_y_ranges(left..=right.max(left + 1.0), rect.y_range());
    painter.rect_filled(rect, 0.0, Theme::faded(color, 0.12));
    for x in [rect.left(), rect.right()] {
        painter.vline(x, rect.y_range(), Stroke::new(1.0, color));
    }
}

/// Paints the rows of the threads in sight.
pub fn paint_rows(painter: &Painter, top: f32, axis: &TimeAxis, lanes: &Lanes, recording: &Recording, theme: &Theme) {
    let clip = painter.clip_rect();
    let visible = lanes.visible(clip.top() - top, clip.bottom() - top);
    let mut mesh = Mesh::default();
    let mut names = Vec::new();
    for (thread, (_, rows)) in recording.threads().enumerate().skip(visible.start).take(visible.len()) {
        let Some(place) = lanes.thread(thread) else { continue };
        for (depth, row) in rows.iter().enumerate() {
            let y = top + place.top + depth as f32 * LANE;
            if y + LANE >= clip.top() && y <= clip.bottom() {
                let strip = Rect::from_x_y_ranges(axis.left..=axis.left + axis.width, y..=y + LANE - 1.0);
                add_row(&mut mesh, &mut names, row, strip, axis, theme);
            }
        }
        let line = top + place.top + place.depths as f32 * LANE + 1.5;
        painter.hline(axis.left..=axis.left + axis.width, line, Stroke::new(1.0, Theme::faded(theme.line, 0.6)));
    }
    painter.add(Shape::mesh(mesh));
    let font = FontId::proportional(11.0);
    for (rect, thread_span, kind) in names {
        write_name(painter, rect, thread_span, kind_color(theme, kind), recording, &font, theme, lanes, top);
    }
}

fn add_row(
    mesh: &mut Mesh,
    names: &mut Vec<(Rect, usize, Kind)>,
    row: &Row,
    strip: Rect,
    axis: &TimeAxis,
    theme: &Theme,
) {
    let point_ns = axis.point_ns();
    for piece in row.pieces(axis.range, point_ns) {
        match piece {
            Piece::Span(mark) => {
                let left = axis.x(mark.start_ns).max(strip.left());
                let right = axis.x(mark.end_ns).min(strip.right()).max(left + NARROWEST);
                // A hairline of ground keeps neighbours apart once they are wide enough to spare it.
                let hairline = if right - left > 3.0 { 0.5 } else { 0.0 };
                let rect = Rect::from_x_y_ranges(left..=right - hairline, strip.y_range());
                mesh.add_colored_rect(rect, kind_color(theme, mark.kind));
                if right - left > NAMED {
                    names.push((rect, mark.span as usize, mark.kind));
                }
            }
            Piece::Dense { range, busy_ns, kind, .. } => {
                let left = axis.x(range.start);
                let rect = Rect::from_min_size(pos2(left, strip.top()), vec2(NARROWEST, strip.height()));
                let share = (busy_ns as f64 / point_ns).clamp(0.0, 1.0) as f32;
                // Never fainter than a quarter: a single short span must still be seen.
                mesh.add_colored_rect(rect, Theme::faded(kind_color(theme, kind), 0.25 + 0.75 * share));
            }
        }
    }
}

#[allow(clippy::too_many_arguments, reason = "the painter's surroundings, all of them plain values")]
fn write_name(
    painter: &Painter,
    rect: Rect,
    span: usize,
    fill: Color32,
    recording: &Recording,
    font: &FontId,
    theme: &Theme,
    lanes: &Lanes,
    top: f32,
) {
    let Some((thread, _)) = lanes.at(rect.center().y - top) else { return };
    let Some(span) = recording.span(thread, span) else { return };
    let text = if span.detail.is_empty() { span.name.to_string() } else { format!("{} {}", span.name, span.detail) };
    let inside = painter.with_clip_rect(painter.clip_rect().intersect(rect.shrink2(vec2(2.0, 0.0))));
    inside.text(rect.left_center() + vec2(4.0, 0.0), Align2::LEFT_CENTER, text, font.clone(), theme.ink_on(fill));
}

/// Outlines a span, and draws a line through all threads at the pointer.
pub fn paint_hover(painter: &Painter, span: Option<Rect>, pointer: Option<Pos2>, rect: Rect, theme: &Theme) {
    if let Some(pointer) = pointer {
        painter.vline(pointer.x, rect.y_range(), Stroke::new(1.0, Theme::faded(theme.text, 0.4)));
    }
    if let Some(span) = span {
        painter.rect_stroke(span, 0.0, Stroke::new(1.5, theme.strong), StrokeKind::Inside);
    }
}
