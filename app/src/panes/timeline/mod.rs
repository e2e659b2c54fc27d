//! The pane `timeline`: what every thread did in the last seconds, span by span; zoom, pan, pause.

mod flame;
mod lanes;
mod paint;
mod sums;

use egui::{Align, Layout, PopupAnchor, Rect, Response, RichText, ScrollArea, Sense, Tooltip, Ui, pos2, vec2};
use microtome_core::telemetry::Stage;

use self::lanes::{LANE, Lanes};
use self::paint::{
    TimeAxis, kind_color, paint_found, paint_ground, paint_hover, paint_idle, paint_range, paint_rows, paint_ruler,
};
use super::figure::{message_ui, stage_words, swatch_ui, why_nothing};
use crate::command::Command;
use crate::context::PaneContext;
use crate::format;
use crate::state::timeline::{Grid, Hit, RangeNs, grid};

const RULER: f32 = 18.0;
/// Points between grid lines, at least.
const GRID_SPACING: f32 = 84.0;
/// A step of the zoom buttons and keys.
const ZOOM_STEP: f64 = 1.6;
/// How far a short span may be from the pointer, points.
const SLACK: f64 = 2.0;

/// Draws the pane.
pub fn timeline_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    toolbar_ui(ui, ctx);
    search_ui(ui, ctx);
    let recording = ctx.state.timeline.recording();
    if recording.span_count() == 0 {
        let why = if ctx.state.loader.stats.is_some() {
            "No span has ended yet; a thread's spans appear when its outermost one ends.".to_owned()
        } else {
            why_nothing(ctx)
        };
        message_ui(ui, ctx.theme, &why);
        return;
    }
    sums::sums_ui(ui, ctx);
    let gutter = gutter_width(ui, ctx);
    let (ruler, _) = ui.allocate_exact_size(vec2(ui.available_width(), RULER), Sense::hover());
    let axis = TimeAxis {
        range: ctx.state.timeline.view().range,
        left: ruler.left() + gutter,
        width: (ruler.width() - gutter - ui.spacing().scroll.bar_width - 4.0).max(1.0),
    };
    let max_lines = (axis.width / GRID_SPACING).max(2.0) as usize;
    let lines = grid(axis.range, recording.range().end, max_lines);
    let origin = RichText::new(lines.origin.as_str()).small().color(ctx.theme.weak);
    let corner = Rect::from_min_size(ruler.min, vec2(gutter - 6.0, RULER)).translate(vec2(2.0, 0.0));
    left_label_ui(ui, corner, origin)
        .on_hover_text("What the times on the ruler count from. The clock is the recorder's.");
    let strip = Rect::from_min_size(pos2(axis.left, ruler.top()), vec2(axis.width, RULER));
    paint_ruler(ui.painter(), strip, &axis, &lines, ctx.theme);
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().id_salt("timeline").auto_shrink(false).show(ui, |ui| rows_ui(ui, ctx, &axis, &lines));
}

fn toolbar_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let timeline = &ctx.state.timeline;
    let view = timeline.view();
    let recorded = timeline.recording().range();
    ui.horizontal(|ui| {
        let (text, tooltip) = if view.paused {
            ("Follow", "Let the timeline run with the recording again.")
        } else {
            ("Hold", "Hold the picture still. Recording goes on; zooming and dragging hold it too.")
        };
        if ui.button(text).on_hover_text(tooltip).clicked() {
            ctx.send(Command::ToggleTimelinePause);
        }
        if ui.button("Fit").on_hover_text("Show everything recorded (double-click does the same).").clicked() {
            ctx.send(Command::FitTimeline);
        }
        let middle = view.range.start + view.range.length() / 2;
        for (text, name, factor) in [("−", "Zoom out", 1.0 / ZOOM_STEP), ("+", "Zoom in", ZOOM_STEP)] {
            let button =
                ui.button(text).on_hover_text(format!("{name} about the middle (ctrl wheel: about the pointer)."));
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("{name} the timeline")));
            if button.clicked() {
                ctx.send(Command::ShowTimeline(view.zoomed(factor, middle, recorded)));
            }
        }
        let shown = format!(
            "{} of {} · {}",
            format::nanoseconds(view.range.length().min(recorded.length())),
            format::nanoseconds(recorded.length()),
            format::counted(timeline.recording().span_count(), "span", "spans")
        );
        ui.label(RichText::new(shown).color(ctx.theme.weak))
            .on_hover_text("Time on display, of the time that the recorder keeps, and the spans in it.");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| legend_ui(ui, ctx));
    });
}

/// The field that looks for spans, and what was found.
fn search_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let search = ctx.state.timeline.search();
    ui.horizontal(|ui| {
        let mut text = search.text().to_owned();
        let field =
            egui::TextEdit::singleline(&mut text).hint_text("Find spans: stage, dataset, chunk…").desired_width(220.0);
        let field = ui.add(field);
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Find spans"));
        let field =
            field.on_hover_text("Every word must be in a span's name or in what it worked on. Enter goes to the next.");
        if field.changed() {
            ctx.send(Command::FindSpans(text));
        }
        if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
            ctx.send(Command::StepSpans(1));
            field.request_focus();
        }
        if search.is_on() {
            for (sign, name, by) in [("<", "Previous span that was found", -1), (">", "Next span that was found", 1)] {
                let button = ui.add_enabled(search.count() > 0, egui::Button::new(sign).small()).on_hover_text(name);
                button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, search.count() > 0, name));
                if button.clicked() {
                    ctx.send(Command::StepSpans(by));
                }
            }
            let words = match search.current() {
                Some((number, _)) => format!("{number} of {}", format::counted(search.count() as u64, "span", "spans")),
                None => "no span has all of these words".to_owned(),
            };
            ui.label(RichText::new(words).small().color(ctx.theme.weak));
        }
        let sum = ui.button("Sum up").on_hover_text("What happened in what is shown. Shift drag: in a part of it.");
        if sum.clicked() {
            ctx.send(Command::SelectShownTimeline);
        }
    });
}

fn legend_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    ui.spacing_mut().item_spacing.x = 4.0;
    for stage in Stage::ALL.into_iter().rev() {
        if ui.available_width() < 50.0 {
            break;
        }
        ui.label(RichText::new(stage.name()).small().color(ctx.theme.text)).on_hover_text(stage_words(stage));
        swatch_ui(ui, ctx.theme.stage(stage));
        ui.add_space(6.0);
    }
}

fn gutter_width(ui: &Ui, ctx: &PaneContext<'_>) -> f32 {
    let font = egui::TextStyle::Small.resolve(ui.style());
    let measure = |name: &str| ui.painter().layout_no_wrap(name.to_owned(), font.clone(), ctx.theme.text).size().x;
    let widest = ctx.state.timeline.recording().threads().map(|(name, _)| measure(name)).fold(60.0, f32::max);
    (widest + 12.0).min(170.0)
}

fn rows_ui(ui: &mut Ui, ctx: &PaneContext<'_>, axis: &TimeAxis, lines: &Grid) {
    let recording = ctx.state.timeline.recording();
    let lanes = Lanes::of(recording);
    let height = lanes.height().max(ui.available_height());
    let (content, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let rect = Rect::from_min_size(pos2(axis.left, content.top()), vec2(axis.width, height));
    names_ui(ui, ctx, &lanes, Rect::from_min_max(content.min, pos2(axis.left, content.bottom())));
    let response = ui.interact(rect, ui.scope_id().with("rows"), Sense::click_and_drag());
    let label = format!(
        "timeline: {}, {}",
        format::counted(recording.threads().len() as u64, "thread", "threads"),
        format::counted(recording.span_count(), "span", "spans")
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, label.as_str()));
    let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(rect));
    paint_ground(&painter, rect, axis, lines, recording.range(), ctx.theme);
    paint_idle(&painter, rect.top(), axis, &lanes, recording, ctx.theme);
    paint_rows(&painter, rect.top(), axis, &lanes, recording, ctx.theme);
    paint_found(&painter, rect.top(), axis, &lanes, ctx.state.timeline.search(), ctx.theme);
    if let Some(selected) = ctx.state.timeline.selected() {
        paint_range(&painter, rect, axis, selected.range, ctx.theme.accent);
    }
    navigate(ui, ctx, &response, axis);
    hover_ui(ui, ctx, &response, axis, &lanes);
}

fn names_ui(ui: &mut Ui, ctx: &PaneContext<'_>, lanes: &Lanes, gutter: Rect) {
    for (thread, (name, rows)) in ctx.state.timeline.recording().threads().enumerate() {
        let Some(place) = lanes.thread(thread) else { continue };
        let corner = pos2(gutter.left() + 2.0, gutter.top() + place.top);
        let rect = Rect::from_min_size(corner, vec2(gutter.width() - 6.0, LANE));
        if !ui.clip_rect().intersects(rect) {
            continue;
        }
        let text = RichText::new(name).small().color(ctx.theme.text);
        let spans: usize = rows.iter().map(|row| row.marks().len()).sum();
        left_label_ui(ui, rect, text).on_hover_text(format!(
            "Thread {name}: {}, nested {} deep.",
            format::counted(spans as u64, "span", "spans"),
            format::count(rows.len() as u64)
        ));
    }
}

fn left_label_ui(ui: &mut Ui, rect: Rect, text: RichText) -> Response {
    let builder = egui::UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center));
    ui.new_child(builder).add(egui::Label::new(text).selectable(false).truncate())
}

/// Zoom about the pointer, pan by drag or sideways wheel, fit by double click.
fn navigate(ui: &mut Ui, ctx: &PaneContext<'_>, response: &Response, axis: &TimeAxis) {
    let timeline = &ctx.state.timeline;
    let recorded = timeline.recording().range();
    let mut view = timeline.view();
    let before = view.range;
    // egui counts clicks wherever they fell: a double click soon after a button is its third.
    if response.double_clicked() || response.triple_clicked() {
        ctx.send(Command::FitTimeline);
        return;
    }
    let selects = ui.input(|input| input.modifiers.shift);
    if selects && response.dragged() {
        let (from, to) = ui.input(|input| (input.pointer.press_origin(), input.pointer.latest_pos()));
        if let (Some(from), Some(to)) = (from, to) {
            let ends = [axis.at(from.x), axis.at(to.x)];
            ctx.send(Command::SelectTimeline(Some(RangeNs::new(ends[0].min(ends[1]), ends[0].max(ends[1])))));
        }
        return;
    }
    if response.dragged() {
        let drag = response.drag_delta();
        view.range = view.panned((f64::from(-drag.x) * axis.point_ns()).round() as i64, recorded);
        ui.scroll_with_delta(vec2(0.0, drag.y));
    }
    if let Some(pointer) = response.hover_pos() {
        let (zoom, scroll) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
        if zoom != 1.0 {
            view.range = view.zoomed(f64::from(zoom), axis.at(pointer.x), recorded);
        }
        if scroll.x != 0.0 && zoom == 1.0 {
            view.range = view.panned((f64::from(-scroll.x) * axis.point_ns()).round() as i64, recorded);
        }
    }
    if view.range != before {
        ctx.send(Command::ShowTimeline(view.range));
    }
    if response.dragged() {
        ui.set_cursor_icon(egui::CursorIcon::Grabbing);
    }
}

/// Says what is under the pointer.
fn hover_ui(ui: &mut Ui, ctx: &PaneContext<'_>, response: &Response, axis: &TimeAxis, lanes: &Lanes) {
    let Some(pointer) = response.hover_pos().filter(|_| !response.dragged()) else { return };
    let top = response.rect.top();
    let painter = ui.painter().with_clip_rect(ui.clip_rect().intersect(response.rect));
    let recording = ctx.state.timeline.recording();
    let Some((thread, depth)) = lanes.at(pointer.y - top) else {
        paint_hover(&painter, None, Some(pointer), response.rect, ctx.theme);
        return;
    };
    let Some((name, rows)) = recording.threads().nth(thread) else { return };
    let slack_ns = (SLACK * axis.point_ns()).ceil() as i64;
    let hit = rows.get(depth).map(|row| row.hit(axis.at(pointer.x), slack_ns, recording.range()));
    let outline = |range: RangeNs| {
        let y = top + lanes.thread(thread).map_or(0.0, |place| place.top) + depth as f32 * LANE;
        let left = axis.x(range.start);
        Rect::from_x_y_ranges(left..=axis.x(range.end).max(left + 2.0), y..=y + LANE - 1.0)
    };
    match hit {
        Some(Hit::Span(span)) => {
            let Some(span) = recording.span(thread, span) else { return };
            let range = RangeNs::new(span.start_ns, span.end_ns);
            paint_hover(&painter, Some(outline(range)), Some(pointer), response.rect, ctx.theme);
            tooltip(ui, response, |ui| span_ui(ui, ctx, span, name, recording.range().end));
        }
        Some(Hit::Gap(range)) if depth == 0 => {
            paint_hover(&painter, None, Some(pointer), response.rect, ctx.theme);
            let inside = recording.range().start <= axis.at(pointer.x) && axis.at(pointer.x) < recording.range().end;
            if inside {
                tooltip(ui, response, |ui| {
                    ui.label(format!("{name}: idle for {}", format::nanoseconds(range.length())));
                });
            }
        }
        _ => paint_hover(&painter, None, Some(pointer), response.rect, ctx.theme),
    }
}

fn span_ui(ui: &mut Ui, ctx: &PaneContext<'_>, span: &microtome_core::telemetry::Span, thread: &str, now_ns: i64) {
    let kind = crate::state::timeline::Kind::of(&span.name);
    ui.horizontal(|ui| {
        swatch_ui(ui, kind_color(ctx.theme, kind));
        ui.label(RichText::new(&*span.name).strong());
        ui.label(RichText::new(format::nanoseconds(span.end_ns - span.start_ns)).strong());
    });
    if !span.detail.is_empty() {
        ui.label(&*span.detail);
    }
    let ago = format::nanoseconds(now_ns.saturating_sub(span.start_ns).max(0));
    ui.label(RichText::new(format!("on {thread}, began {ago} before now")).color(ctx.theme.weak));
    if let Some(stage) = kind.stage() {
        ui.label(RichText::new(stage_words(stage)).small().color(ctx.theme.weak));
    }
}

/// At the pointer and at once: a timeline is read by sweeping over it.
fn tooltip(ui: &Ui, response: &Response, content: impl FnOnce(&mut Ui)) {
    Tooltip::always_open(ui.ctx().clone(), ui.layer_id(), response.id, PopupAnchor::Pointer).gap(14.0).show(content);
}
