//! The pane `cache`: how often chunks and transforms were found in memory, and how full the caches are.

use std::time::Duration;

use egui::{RichText, ScrollArea, Ui};
use microtome_core::telemetry::{CacheStats, Stats};

use super::curve::{TimePlot, Trace, marks_of};
use super::figure::{bar_ui, figure_ui, nothing_yet_ui, swatch_ui};
use crate::context::PaneContext;
use crate::format;

const NOW: Duration = Duration::from_secs(2);
const CARD_WIDTH: f32 = 330.0;

/// One of the caches and how to talk about it.
struct CacheWords {
    name: &'static str,
    tooltip: &'static str,
    series: usize,
    read: fn(&Stats) -> &CacheStats,
    /// Thread time saved by hits, where it is known.
    saved: fn(&Stats) -> Option<Duration>,
}

const CACHES: [CacheWords; 2] = [
    CacheWords {
        name: "decoded chunks",
        tooltip: "Chunks of the volumes after decoding, shared by the loader and the slices of this window.",
        series: 0,
        read: |stats| &stats.chunk_cache,
        saved: |_| None,
    },
    CacheWords {
        name: "transforms",
        tooltip: "Which chunks a patch needs and where each voxel goes, lookup tables, displacement fields; equal geometry shares one entry.",
        series: 1,
        read: |stats| &stats.transform_cache,
        saved: |stats| Some(stats.transform_saved),
    },
];

/// Draws the pane.
pub fn cache_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    if nothing_yet_ui(ui, ctx) {
        return;
    }
    let Some(stats) = ctx.state.loader.stats.as_ref() else { return };
    ScrollArea::vertical().id_salt("cache").auto_shrink(false).show(ui, |ui| {
        if ui.available_width() > 2.2 * CARD_WIDTH {
            ui.horizontal_top(|ui| {
                ui.allocate_ui(egui::vec2(CARD_WIDTH, ui.available_height()), |ui| cards_ui(ui, ctx, stats));
                ui.add_space(12.0);
                plots_ui(ui, ctx);
            });
        } else {
            cards_ui(ui, ctx, stats);
            plots_ui(ui, ctx);
        }
    });
}

fn cards_ui(ui: &mut Ui, ctx: &PaneContext<'_>, stats: &Stats) {
    ui.vertical(|ui| {
        for (index, words) in CACHES.iter().enumerate() {
            if index > 0 {
                ui.add_space(10.0);
            }
            ui.push_id(words.name, |ui| card_ui(ui, ctx, words, stats));
        }
    });
}

fn card_ui(ui: &mut Ui, ctx: &PaneContext<'_>, words: &CacheWords, stats: &Stats) {
    let cache = (words.read)(stats);
    let theme = ctx.theme;
    let history = &ctx.state.history;
    let color = theme.series[words.series];
    ui.horizontal(|ui| {
        swatch_ui(ui, color);
        ui.label(RichText::new(words.name).color(theme.strong)).on_hover_text(words.tooltip);
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        let now = history.recent_hit_rate(words.read, NOW);
        let tooltip = "Hits per lookup over the last 2 s; a dash when nothing was looked up. \
            Waiting for another thread's decode of the same chunk counts as a hit.";
        figure_ui(ui, theme, "hit rate now", &share(now), tooltip);
        let tooltip = format!(
            "{} of {} found in memory since the loader started.",
            format::count(cache.hits),
            format::counted(cache.hits + cache.misses, "lookup", "lookups")
        );
        figure_ui(ui, theme, "total", &share(cache.hit_rate()), &tooltip);
        let evictions = history.recent_evictions_per_second(words.read, NOW);
        let tooltip = format!(
            "Entries dropped to make room, over the last 2 s; {} since the start. \
             Many drops with a low hit rate say that the cache is too small for the way samples are drawn.",
            format::count(cache.evictions)
        );
        figure_ui(ui, theme, "evictions", &evictions.map_or_else(|| "–".to_owned(), format::per_second), &tooltip);
        figure_ui(ui, theme, "entries", &format::count(cache.entries), "Entries held now.");
        if let Some(saved) = (words.saved)(stats) {
            let tooltip = "Thread time saved since the start: for every hit, how long its entry had taken to make.";
            figure_ui(ui, theme, "time saved", &format::duration(saved), tooltip);
        }
    });
    let full = cache.resident_bytes as f64 / cache.capacity_bytes.max(1) as f64;
    let text = format!("{} of {}", format::bytes(cache.resident_bytes), format::bytes(cache.capacity_bytes));
    let label = format!("{}: {text}", words.name);
    bar_ui(ui, theme, &[(full, color)], &label);
    ui.label(RichText::new(format!("{text} · {}", format::percent(full))).small().color(theme.weak))
        .on_hover_text("Bytes held now, of the bytes that may be held. A full cache is as it should be.");
}

fn plots_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let history = &ctx.state.history;
    let now_s = history.latest().map_or(0.0, |latest| latest.at.as_secs_f64());
    let height = (ui.available_height() - 4.0).clamp(120.0, 300.0);
    let traces = |curve: &dyn Fn(&CacheWords) -> crate::state::history::Curve| {
        let trace = |words: &CacheWords| Trace {
            name: words.name,
            color: ctx.theme.series[words.series],
            curve: curve(words),
            base: None,
        };
        CACHES.iter().map(trace).collect::<Vec<_>>()
    };
    let marks = marks_of(ctx);
    let rates = TimePlot {
        id: "hit rate",
        title: "hit rate",
        tooltip: "Hits per lookup, over 1 s each; a gap where nothing was looked up.",
        unit: format::percent,
        binary: false,
        at_least: 1.0,
        limit: None,
        legend: None,
        marks: &marks,
        now_s,
        height,
    };
    let sizes = TimePlot {
        id: "resident",
        title: "held",
        tooltip: "Bytes held by each cache.",
        unit: |value| format::bytes(value.max(0.0) as u64),
        binary: true,
        at_least: 1024.0,
        ..rates
    };
    let rate_traces = traces(&|words| history.hit_rate(words.read));
    let size_traces = traces(&|words| history.values(|now| (words.read)(&now.stats).resident_bytes as f64));
    if ui.available_width() > 420.0 {
        ui.columns(2, |columns| {
            rates.show_ui(&mut columns[0], ctx.theme, rate_traces);
            sizes.show_ui(&mut columns[1], ctx.theme, size_traces);
        });
    } else {
        rates.show_ui(ui, ctx.theme, rate_traces);
        sizes.show_ui(ui, ctx.theme, size_traces);
    }
}

fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), format::percent)
}
