//! The pane `memory`: who holds how much, against the budget; and the process and the graphics card beside it.

use egui::{Color32, RichText, ScrollArea, Ui};
use microtome_core::diagnose::monitor::{Alert, AlertKind};
use microtome_core::telemetry::MemoryStats;

use super::alerts::alerts_ui;
use super::curve::{TimePlot, Trace, marks_of, sum};
use super::figure::{bar_ui, message_ui, swatch_ui, why_nothing};
use crate::context::PaneContext;
use crate::format;
use crate::state::history::Observation;
use crate::theme::Theme;

const BARS_WIDTH: f32 = 340.0;

/// An owner of memory under the loader's budget.
struct Owner {
    name: &'static str,
    tooltip: &'static str,
    series: usize,
    read: fn(&MemoryStats) -> u64,
}

const OWNERS: [Owner; 3] = [
    Owner {
        name: "in flight",
        tooltip: "Batches that are being built, counted when their arrays are allocated.",
        series: 2,
        read: |memory| memory.in_flight_bytes,
    },
    Owner {
        name: "queue",
        tooltip: "Finished batches that wait for the consumer.",
        series: 1,
        read: |memory| memory.queue_bytes,
    },
    Owner {
        name: "cache",
        tooltip: "Decoded chunks and transform tables. Fills what the budget leaves, and gives way when room is needed.",
        series: 0,
        read: |memory| memory.cache_bytes,
    },
];

/// Alerts that are about memory.
const MEMORY_ALERTS: [AlertKind; 7] = [
    AlertKind::MachineShort,
    AlertKind::BudgetExceeded,
    AlertKind::BatchesCrowdOut,
    AlertKind::ChunksHeld,
    AlertKind::Miscounted,
    AlertKind::RestGrows,
    AlertKind::Fragmented,
];

/// Draws the pane.
pub fn memory_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let Some(stats) = ctx.state.loader.stats.as_ref() else {
        message_ui(ui, ctx.theme, &why_nothing(ctx));
        return;
    };
    ScrollArea::vertical().id_salt("memory").auto_shrink(false).show(ui, |ui| {
        if ui.available_width() > 2.0 * BARS_WIDTH {
            ui.horizontal_top(|ui| {
                ui.allocate_ui(egui::vec2(BARS_WIDTH, ui.available_height()), |ui| bars_ui(ui, ctx, &stats.memory));
                ui.add_space(12.0);
                plot_ui(ui, ctx, &stats.memory);
            });
        } else {
            bars_ui(ui, ctx, &stats.memory);
            plot_ui(ui, ctx, &stats.memory);
        }
    });
}

fn bars_ui(ui: &mut Ui, ctx: &PaneContext<'_>, memory: &MemoryStats) {
    let theme = ctx.theme;
    ui.vertical(|ui| {
        budget_ui(ui, theme, memory);
        for owner in OWNERS.iter().rev() {
            owner_ui(ui, theme, owner, (owner.read)(memory));
        }
        ui.add_space(8.0);
        let rss = (memory.rss_bytes > 0).then_some(memory.rss_bytes);
        let text = rss.map_or_else(|| "not told by this system".to_owned(), format::bytes);
        let tooltip = "Resident set of the whole process, as the operating system counts it: \
            the budget's owners, and the program, its window and its libraries besides.";
        row_ui(ui, theme, ("process (RSS)", theme.series[4]), &text, theme.strong, tooltip);
        rest_ui(ui, theme, memory);
        gpu_ui(ui, ctx);
        ui.add_space(8.0);
        let of_memory = |alert: &&Alert| MEMORY_ALERTS.contains(&alert.kind);
        alerts_ui(ui, theme, ctx.state.loader.alerts.iter().filter(of_memory));
    });
}

/// What of the process no owner accounts for, and what the machine has left.
fn rest_ui(ui: &mut Ui, theme: &Theme, memory: &MemoryStats) {
    if let Some(rest) = memory.rest_bytes() {
        let tooltip = "What the process has taken since the loader started and no owner above accounts for: batches that were \
            handed over, the window's own work, and what the allocator keeps for later.";
        row_ui(ui, theme, ("unaccounted", theme.line), &format::bytes(rest), theme.strong, tooltip);
    }
    if let Some(left) = memory.machine.left_share() {
        let text = format!(
            "{} of {}",
            format::bytes(memory.machine.available_bytes),
            format::bytes(memory.machine.total_bytes)
        );
        let tooltip = "What could be had without anybody giving up what they use. Below 6 % the chunk cache gives up half of \
            its share, below 3 % three quarters; it takes them back above 12 %.";
        let ink = if left < 0.1 { theme.risk } else { theme.strong };
        row_ui(ui, theme, ("machine, left", theme.line), &text, ink, tooltip);
    }
}

fn budget_ui(ui: &mut Ui, theme: &Theme, memory: &MemoryStats) {
    let used = used_bytes(memory);
    let share = used as f64 / memory.budget_bytes.max(1) as f64;
    let color = theme.of_budget(pressure(memory));
    let color = if color == theme.good { theme.strong } else { color };
    let text = format!("{} of {}", format::bytes(used), format::bytes(memory.budget_bytes));
    let tooltip = "What cache, queue and batches in flight hold together, of loader.memory in the configuration. \
        Amber: queue and batches in flight leave the cache less than a fifth. Red: more than the budget is held. \
        A full cache alone is no risk.";
    ui.horizontal(|ui| {
        ui.label(RichText::new("budget").color(theme.weak));
        ui.label(RichText::new(text.as_str()).heading().color(color));
        ui.label(RichText::new(format::percent(share)).color(color));
    })
    .response
    .on_hover_text(tooltip);
    let segments: Vec<(f64, Color32)> = OWNERS
        .iter()
        .map(|owner| (owner.read)(memory) as f64 / memory.budget_bytes.max(1) as f64)
        .zip(OWNERS.iter().map(|owner| theme.series[owner.series]))
        .collect();
    bar_ui(ui, theme, &segments, &format!("memory budget: {text}")).on_hover_text(tooltip);
}

fn owner_ui(ui: &mut Ui, theme: &Theme, owner: &Owner, bytes: u64) {
    row_ui(ui, theme, (owner.name, theme.series[owner.series]), &format::bytes(bytes), theme.strong, owner.tooltip);
}

fn gpu_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let theme = ctx.theme;
    let gpu = ctx.state.gpu;
    let share = gpu.bytes as f64 / gpu.budget_bytes.max(1) as f64;
    let text = if gpu.budget_bytes > 0 {
        format!("{} of {}", format::bytes(gpu.bytes), format::bytes(gpu.budget_bytes))
    } else {
        format::bytes(gpu.bytes)
    };
    let color = if share > 1.0 { theme.loss } else { theme.strong };
    let tooltip = format!(
        "Textures of the slices on the graphics card, counted when they are made: {}, {} dropped to make room. \
         Not part of the loader's budget.",
        format::counted(gpu.textures, "texture", "textures"),
        format::count(gpu.evictions)
    );
    row_ui(ui, theme, ("GPU textures", theme.series[3]), &text, color, &tooltip);
    if gpu.budget_bytes > 0 {
        bar_ui(ui, theme, &[(share, theme.series[3])], &format!("GPU textures: {text}")).on_hover_text(tooltip);
    }
}

fn row_ui(ui: &mut Ui, theme: &Theme, (name, color): (&str, Color32), value: &str, ink: Color32, tooltip: &str) {
    let row = ui.horizontal(|ui| {
        swatch_ui(ui, color);
        ui.label(RichText::new(name).color(theme.text));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(RichText::new(value).color(ink));
        });
    });
    let id = row.response.id.with(name);
    let row = ui.interact(row.response.rect, id, egui::Sense::hover());
    row.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, format!("{name}: {value}")));
    row.on_hover_text(tooltip);
}

fn plot_ui(ui: &mut Ui, ctx: &PaneContext<'_>, memory: &MemoryStats) {
    let history = &ctx.state.history;
    let theme = ctx.theme;
    let owner = |index: usize| history.values(move |now: &Observation| (OWNERS[index].read)(&now.stats.memory) as f64);
    let mut base = history.values(|_| 0.0);
    let mut traces = Vec::new();
    for (index, words) in OWNERS.iter().enumerate() {
        let top = sum(&base, &owner(index));
        let color = theme.series[words.series];
        traces.push(Trace { name: words.name, color, curve: top.clone(), base: Some(base) });
        base = top;
    }
    let line = |name, color, curve| Trace { name, color, curve, base: None };
    if memory.rss_bytes > 0 {
        let rss = history.values(|now| now.stats.memory.rss_bytes as f64);
        traces.push(line("process (RSS)", theme.series[4], rss));
    }
    traces.push(line("GPU textures", theme.series[3], history.values(|now| now.gpu_bytes as f64)));
    let marks = marks_of(ctx);
    let plot = TimePlot {
        id: "memory",
        title: "memory over time",
        tooltip: "Stacked: batches in flight, queue and cache, against the budget. Lines: the process, the graphics card.",
        unit: |value| format::bytes(value.max(0.0) as u64),
        binary: true,
        at_least: memory.budget_bytes as f64 * 1.05,
        limit: Some((memory.budget_bytes as f64, "budget")),
        legend: Some(egui_plot::Corner::LeftTop),
        marks: &marks,
        now_s: history.latest().map_or(0.0, |latest| latest.at.as_secs_f64()),
        height: (ui.available_height() - 4.0).clamp(140.0, 320.0),
    };
    plot.show_ui(ui, theme, traces);
}

/// Bytes under the budget.
fn used_bytes(memory: &MemoryStats) -> u64 {
    memory.cache_bytes + memory.queue_bytes + memory.in_flight_bytes
}

/// How tight the budget is, 0–1 and above: what cannot give way (queue, in flight) of the budget, or everything once that
/// exceeds it. The cache fills its part on purpose, so a full one is no warning.
fn pressure(memory: &MemoryStats) -> f64 {
    let budget = memory.budget_bytes.max(1) as f64;
    let total = used_bytes(memory) as f64 / budget;
    if total > 1.0 { total } else { (memory.queue_bytes + memory.in_flight_bytes) as f64 / budget }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_cache_is_no_warning_but_a_starved_one_and_an_excess_are() {
        let memory = |cache_bytes, queue_bytes, in_flight_bytes| MemoryStats {
            budget_bytes: 100,
            cache_bytes,
            queue_bytes,
            in_flight_bytes,
            rss_bytes: 1000,
            ..MemoryStats::default()
        };
        let theme = Theme::new(crate::ThemeName::Dark);
        assert_eq!(theme.of_budget(pressure(&memory(90, 5, 5))), theme.good);
        assert_eq!(theme.of_budget(pressure(&memory(10, 40, 40))), theme.risk);
        assert_eq!(theme.of_budget(pressure(&memory(90, 10, 5))), theme.loss);
    }
}
