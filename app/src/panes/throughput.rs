//! The pane `throughput`: figures of now, curves of the last minutes, and which stage the worker threads spend time in.

use std::time::Duration;

use egui::{RichText, ScrollArea, Ui};
use microtome_core::telemetry::Stats;

use super::figure::{SWATCH, cell_ui, colored_figure_ui, figure_ui, nothing_yet_ui, stage_words, swatch_ui};
use super::rates::rates_ui;
use crate::context::PaneContext;
use crate::format;
use crate::state::history::{SMOOTHING, StageRate};
use crate::theme::Theme;

/// The table of stages looks back this long.
const TABLE_SPAN: Duration = Duration::from_secs(5);
const TABLE_WIDTH: f32 = 420.0;
const COLUMNS: [(&str, f32, &str); 5] = [
    ("stage", 84.0, "What a thread of the loader can be doing. Each is a span in the timeline."),
    ("threads", 58.0, "Self time of the stage per second, over the last 5 s: 1.0 keeps one thread busy all the time."),
    ("share", 92.0, "The same per worker thread. Builders and the consumer also wait, so that wait can exceed 100 %."),
    ("calls", 74.0, "Calls per second, over the last 5 s."),
    ("mean", 66.0, "Self time per call, over the last 5 s: without the stages nested inside."),
];
const BYTES_COLUMN: (&str, f32, &str) =
    ("bytes", 84.0, "Encoded bytes for fetch, decoded for decode, written for gather and collate; last 5 s.");

/// Draws the pane.
pub fn throughput_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    if nothing_yet_ui(ui, ctx) {
        return;
    }
    let Some(stats) = ctx.state.loader.stats.as_ref() else { return };
    let bottom = ui.max_rect().bottom() - 4.0;
    ScrollArea::vertical().id_salt("throughput").auto_shrink(false).show(ui, |ui| {
        figures_ui(ui, ctx, stats);
        ui.add_space(4.0);
        if ui.available_width() > 2.0 * TABLE_WIDTH {
            // The pane is inside of what scrolls, and therefore has no height of its own.
            let height = (bottom - ui.cursor().top()).max(0.0);
            ui.horizontal_top(|ui| {
                ui.allocate_ui(egui::vec2(TABLE_WIDTH + 40.0, height), |ui| stages_ui(ui, ctx));
                ui.vertical(|ui| rates_ui(ui, ctx, height));
            });
        } else {
            rates_ui(ui, ctx, bottom - ui.cursor().top());
            ui.add_space(8.0);
            stages_ui(ui, ctx);
        }
    });
}

fn figures_ui(ui: &mut Ui, ctx: &PaneContext<'_>, stats: &Stats) {
    let history = &ctx.state.history;
    let theme = ctx.theme;
    let text = |value: Option<f64>, write: fn(f64) -> String| value.map_or_else(|| "–".to_owned(), write);
    let elapsed_s = stats.elapsed.as_secs_f64();
    let mean = |total: u64| (elapsed_s > 0.0).then(|| total as f64 / elapsed_s);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 22.0;
        let now = history.recent_samples_per_second(SMOOTHING);
        figure_ui(ui, theme, "samples now", &text(now, format::per_second), "Samples handed over in the last second.");
        let tooltip = "All samples handed over, divided by the time since the loader started, pauses included.";
        figure_ui(ui, theme, "mean", &text(mean(stats.samples), format::per_second), tooltip);
        let now = history.recent_bytes_per_second(SMOOTHING);
        let tooltip = "Bytes of the batches handed over in the last second, labels and masks included.";
        figure_ui(ui, theme, "data now", &text(now, format::bytes_per_second), tooltip);
        let tooltip = "Bytes of all batches handed over, divided by the time since the loader started.";
        figure_ui(ui, theme, "mean data", &text(mean(stats.batch_bytes), format::bytes_per_second), tooltip);
        let now = history.recent_stall_share(TABLE_SPAN);
        let tooltip = "Share of the last 5 s that the consumer waited for a batch. \
            This window takes batches as fast as they come, so it waits most of the time; a training run would not.";
        figure_ui(ui, theme, "consumer waits", &text(now, format::percent), tooltip);
        let tooltip = "Samples and batches handed over since the loader started.";
        let samples =
            format!("{} in {}", format::count(stats.samples), format::counted(stats.batches, "batch", "batches"));
        figure_ui(ui, theme, "samples", &samples, tooltip);
        if stats.skipped_samples > 0 {
            let tooltip = "Samples that could not be read and were replaced by others. The log says which and why.";
            let skipped = format::count(stats.skipped_samples);
            colored_figure_ui(ui, theme, "skipped", &skipped, theme.risk, tooltip);
        }
    });
}

fn stages_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let theme = ctx.theme;
    let stages = ctx.state.history.recent_stages(TABLE_SPAN);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        ui.spacing_mut().interact_size.y = 18.0;
        ui.horizontal(|ui| {
            for (index, (name, width, tooltip)) in COLUMNS.into_iter().chain([BYTES_COLUMN]).enumerate() {
                let text = RichText::new(name).small().color(theme.weak);
                cell_ui(ui, width, index > 0, text).on_hover_text(tooltip);
            }
        });
        for rate in &stages {
            stage_ui(ui, theme, rate);
        }
        if stages.is_empty() {
            ui.label(RichText::new("Shares appear after the second look at the counters.").color(theme.weak));
        }
    });
}

fn stage_ui(ui: &mut Ui, theme: &Theme, rate: &StageRate) {
    ui.horizontal(|ui| {
        let [stage, threads, share, calls, mean] = COLUMNS.map(|(_, width, _)| width);
        let spacing = ui.spacing().item_spacing.x;
        swatch_ui(ui, theme.stage(rate.stage));
        let words = format!("{}: {}", rate.stage.name(), stage_words(rate.stage));
        cell_ui(ui, stage - SWATCH - spacing, false, rate.stage.name()).on_hover_text(words);
        let idle = rate.calls == 0.0 && rate.cores == 0.0;
        let color = if idle { theme.weak } else { theme.text };
        let text = |value: String| RichText::new(if idle { "–".to_owned() } else { value }).color(color);
        cell_ui(ui, threads, true, text(format::number(rate.cores)));
        share_ui(ui, theme, share, rate);
        cell_ui(ui, calls, true, text(format::per_second(rate.calls)));
        cell_ui(ui, mean, true, text(rate.mean.map_or_else(|| "–".to_owned(), format::duration)));
        let bytes = if rate.bytes > 0.0 { format::bytes_per_second(rate.bytes) } else { "–".to_owned() };
        cell_ui(ui, BYTES_COLUMN.1, true, text(bytes));
    });
}

fn share_ui(ui: &mut Ui, theme: &Theme, width: f32, rate: &StageRate) {
    let response = cell_ui(ui, width, true, RichText::new(format::percent(rate.share)).color(theme.text));
    let ground = egui::Rect::from_min_size(
        egui::pos2(response.rect.right() - width, response.rect.center().y - 3.0),
        egui::vec2(width - 48.0, 6.0),
    );
    let filled = egui::vec2(ground.width() * rate.share.clamp(0.0, 1.0) as f32, ground.height());
    ui.painter().rect_filled(ground, 2, theme.raised);
    ui.painter().rect_filled(egui::Rect::from_min_size(ground.min, filled), 2, theme.stage(rate.stage));
}
