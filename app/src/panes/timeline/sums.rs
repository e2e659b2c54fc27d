//! What happened in the stretch of the timeline that is selected, beside one that was kept.

use egui::{RichText, Role, ScrollArea, Ui, WidgetInfo};

use super::flame::flame_ui;
use super::paint::kind_color;
use crate::command::Command;
use crate::context::PaneContext;
use crate::format;
use crate::panes::figure::{cell_ui, swatch_ui};
use crate::state::timeline::{Kind, RangeSummary, SpanRow, ThreadRow};

/// Points that the sums take at most.
const HEIGHT: f32 = 150.0;
const COLUMNS: [(&str, f32, &str); 7] = [
    ("span", 92.0, "A stage of the loader, or another scope."),
    ("calls", 56.0, "Spans that have a part in the stretch."),
    ("self", 70.0, "Their time in the stretch without what is nested in them, of all threads."),
    ("share", 56.0, "Of the time of all threads together."),
    ("p50", 66.0, "Length of the whole span: half of them are shorter."),
    ("p90", 66.0, "Nine of ten are shorter."),
    ("p99", 66.0, "99 of 100 are shorter."),
];

/// Draws the sums, if a stretch is selected.
pub(super) fn sums_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let timeline = &ctx.state.timeline;
    let Some(selected) = timeline.selected() else { return };
    head_ui(ui, ctx, selected);
    if timeline.is_flame() {
        flame_ui(ui, ctx, selected, HEIGHT);
        return;
    }
    ScrollArea::both().id_salt("sums").max_height(HEIGHT).auto_shrink([false, true]).show(ui, |ui| {
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| spans_ui(ui, ctx, selected));
            ui.add_space(16.0);
            ui.vertical(|ui| threads_ui(ui, ctx, selected));
        });
    });
    ui.separator();
}

fn head_ui(ui: &mut Ui, ctx: &PaneContext<'_>, selected: &RangeSummary) {
    let timeline = &ctx.state.timeline;
    ui.horizontal_wrapped(|ui| {
        let long = format::nanoseconds(selected.range.length());
        ui.label(RichText::new(format!("Sum of {long}")).strong());
        if let Some(kept) = timeline.kept() {
            let words = format!("less what was kept, of {}", format::nanoseconds(kept.range.length()));
            ui.label(RichText::new(words).color(ctx.theme.weak))
                .on_hover_text("Of shares: those of this stretch less those of the one that was kept.");
        }
        let kept = timeline.kept() == Some(selected);
        let (word, tip) = if kept {
            ("Kept", "This is the stretch that was kept.")
        } else {
            ("Keep", "Compare the next stretches with this one.")
        };
        if ui.add_enabled(!kept, egui::Button::new(word)).on_hover_text(tip).clicked() {
            ctx.send(Command::KeepTimeline);
        }
        let flame = ui.selectable_label(timeline.is_flame(), "Flame");
        if flame.on_hover_text("Spans inside of spans, as wide as the time they took.").clicked() {
            ctx.send(Command::ToggleFlame);
        }
        let close = ui.button("Close").on_hover_text("No sums, and nothing selected.");
        close.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Close the sums"));
        if close.clicked() {
            ctx.send(Command::SelectTimeline(None));
        }
    });
}

fn spans_ui(ui: &mut Ui, ctx: &PaneContext<'_>, selected: &RangeSummary) {
    ui.spacing_mut().item_spacing.y = 2.0;
    heading_ui(ui, ctx, &COLUMNS);
    let kept = ctx.state.timeline.kept().filter(|kept| *kept != selected);
    for row in &selected.spans {
        ui.horizontal(|ui| span_ui(ui, ctx, selected, row, kept));
    }
}

fn heading_ui(ui: &mut Ui, ctx: &PaneContext<'_>, columns: &[(&str, f32, &str)]) {
    ui.horizontal(|ui| {
        for (index, (name, width, tip)) in columns.iter().enumerate() {
            let text = RichText::new(*name).small().color(ctx.theme.weak);
            cell_ui(ui, *width, index > 0, text).on_hover_text(*tip);
        }
    });
}

fn span_ui(ui: &mut Ui, ctx: &PaneContext<'_>, selected: &RangeSummary, row: &SpanRow, kept: Option<&RangeSummary>) {
    let [name, calls, own, share, quantiles @ ..] = COLUMNS.map(|(_, width, _)| width);
    let color = kind_color(ctx.theme, Kind::of(&row.name));
    swatch_ui(ui, color);
    cell_ui(ui, name - 20.0, false, RichText::new(&row.name).color(ctx.theme.text));
    let cell = |ui: &mut Ui, width: f32, text: String| drop(cell_ui(ui, width, true, text));
    cell(ui, calls, format::count(row.calls));
    cell(ui, own, time(row.self_ns));
    let now = share_of(selected, row.self_ns);
    match kept {
        None => cell(ui, share, format::percent(now)),
        Some(kept) => {
            let before = kept.row(&row.name).map_or(0.0, |row| share_of(kept, row.self_ns));
            let sign = if now >= before { "+" } else { "−" };
            cell(ui, share, format!("{sign}{}", format::percent((now - before).abs())));
        }
    }
    for (width, length_ns) in quantiles.into_iter().zip(row.quantiles_ns) {
        cell(ui, width, time(length_ns));
    }
}

fn threads_ui(ui: &mut Ui, ctx: &PaneContext<'_>, selected: &RangeSummary) {
    const COLUMNS: [(&str, f32, &str); 4] = [
        ("thread", 80.0, "Who did it."),
        ("busy", 52.0, "Share of the stretch in spans that do not wait."),
        ("waits", 52.0, "Share of the stretch in spans that wait."),
        ("longest gap", 80.0, "The longest time without a span."),
    ];
    ui.spacing_mut().item_spacing.y = 2.0;
    heading_ui(ui, ctx, &COLUMNS);
    for ThreadRow { name, busy_ns, waiting_ns, longest_gap_ns, .. } in &selected.threads {
        ui.horizontal(|ui| {
            let [thread, busy, waits, gap] = COLUMNS.map(|(_, width, _)| width);
            let share = |ns: u64| format::percent(ns as f64 / selected.range.length().max(1) as f64);
            cell_ui(ui, thread, false, RichText::new(name).color(ctx.theme.text));
            cell_ui(ui, busy, true, share(*busy_ns));
            cell_ui(ui, waits, true, share(*waiting_ns));
            cell_ui(ui, gap, true, time(*longest_gap_ns));
        });
    }
}

/// Of the time of all threads in a stretch.
fn share_of(summary: &RangeSummary, ns: u64) -> f64 {
    let all_ns = summary.range.length().max(1) as f64 * summary.threads.len().max(1) as f64;
    ns as f64 / all_ns
}

fn time(ns: u64) -> String {
    format::nanoseconds(i64::try_from(ns).unwrap_or(i64::MAX))
}
