//! The curves of the pane `throughput`: samples and bytes per second, waiting, hit rates, the queue, and threads by stage.

use egui::{Ui, vec2};
use microtome_core::telemetry::Stage;

use super::curve::{CurveMark, TimePlot, Trace, marks_of, sum};
use crate::context::PaneContext;
use crate::format;
use crate::state::history::Curve;
use crate::theme::Theme;

/// A plot is at least so large, points.
const LEAST_WIDTH: f32 = 200.0;
const LEAST_HEIGHT: f32 = 96.0;
const MOST_HEIGHT: f32 = 240.0;
const GAP: f32 = 8.0;

/// A plot and what it shows.
struct Chart<'a> {
    plot: TimePlot<'a>,
    traces: Vec<Trace>,
}

/// Draws the curves side by side in as many columns as there is room for, to fill `height` points if they can.
pub(super) fn rates_ui(ui: &mut Ui, ctx: &PaneContext<'_>, height: f32) {
    let marks = marks_of(ctx);
    let charts = charts(ctx, &marks);
    let (columns, rows) = grid(charts.len(), ui.available_width());
    let row_height = (height / rows as f32 - GAP).clamp(LEAST_HEIGHT, MOST_HEIGHT);
    let width = (ui.available_width() - GAP * (columns as f32 - 1.0)) / columns as f32;
    let mut charts = charts.into_iter();
    for _ in 0..rows {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            for Chart { plot, traces } in charts.by_ref().take(columns) {
                ui.allocate_ui(vec2(width, row_height), |ui| {
                    ui.set_width(width);
                    TimePlot { height: row_height, ..plot }.show_ui(ui, ctx.theme, traces);
                });
            }
        });
    }
}

/// Columns and rows of so many plots in so much width.
fn grid(plots: usize, width: f32) -> (usize, usize) {
    let columns = ((width + GAP) / (LEAST_WIDTH + GAP)).floor().max(1.0) as usize;
    let columns = columns.min(plots.max(1));
    // Rows as full as each other: six plots in four columns are two rows of three.
    let rows = plots.div_ceil(columns).max(1);
    (plots.div_ceil(rows).max(1), rows)
}

fn charts<'a>(ctx: &PaneContext<'_>, marks: &'a [CurveMark]) -> Vec<Chart<'a>> {
    let history = &ctx.state.history;
    let theme = ctx.theme;
    let now_s = history.latest().map_or(0.0, |latest| latest.at.as_secs_f64());
    let blank = |id, title, tooltip, unit| TimePlot {
        id,
        title,
        tooltip,
        unit,
        binary: false,
        at_least: 1.0,
        limit: None,
        legend: None,
        marks,
        now_s,
        height: LEAST_HEIGHT,
    };
    let line = |name, color, curve| Trace { name, color, curve, base: None };
    let samples = blank("samples", "samples per second", "Samples handed over, averaged over 1 s.", format::per_second);
    let bytes = blank("bytes", "data per second", "Bytes handed over, averaged over 1 s.", format::bytes_per_second);
    let waits = "Share of the time that the consumer waited for a batch, averaged over 1 s.";
    let stall = blank("stall", "consumer waits", waits, format::percent);
    let hits = "Lookups that found what they looked for, averaged over 1 s: decoded chunks, and transforms, which are plans and \
        tables that patches of equal geometry share.";
    let hits = blank("hits", "hits of the caches", hits, format::percent);
    let queue = blank("queue", "batches that wait", "Bytes of finished batches that nobody has taken yet.", bytes_text);
    let stages =
        "How many threads are at each stage, averaged over 1 s; waiting is left out. The table names the colours.";
    let stages = blank("stages", "threads at work", stages, format::number);
    let capacity = ctx.state.loader.stats.as_ref().map_or(0, |stats| stats.queue.capacity_bytes);
    vec![
        Chart { plot: samples, traces: vec![line("samples", theme.series[0], history.samples_per_second())] },
        Chart { plot: stages, traces: stacked(ctx, theme) },
        Chart { plot: stall, traces: vec![line("consumer waits", theme.series[2], history.stall_share())] },
        Chart {
            plot: TimePlot { binary: true, at_least: 1024.0, ..bytes },
            traces: vec![line("data", theme.series[1], history.bytes_per_second())],
        },
        Chart {
            plot: hits,
            traces: vec![
                line("chunks", theme.series[0], history.hit_rate(|stats| &stats.chunk_cache)),
                line("transforms", theme.series[1], history.hit_rate(|stats| &stats.transform_cache)),
            ],
        },
        Chart {
            plot: TimePlot {
                binary: true,
                at_least: capacity as f64,
                limit: (capacity > 0).then_some((capacity as f64, "room")),
                ..queue
            },
            traces: vec![line("waiting batches", theme.series[3], history.values(|now| now.stats.queue.bytes as f64))],
        },
    ]
}

fn bytes_text(value: f64) -> String {
    format::bytes(value.max(0.0) as u64)
}

/// Threads at each stage that took any time, on top of each other.
fn stacked(ctx: &PaneContext<'_>, theme: &Theme) -> Vec<Trace> {
    let history = &ctx.state.history;
    let mut base: Option<Curve> = None;
    let mut traces = Vec::new();
    for stage in Stage::ALL.into_iter().filter(|stage| *stage != Stage::Wait) {
        let curve = history.stage_cores(stage);
        if curve.iter().flatten().all(|[_, cores]| *cores == 0.0) {
            continue;
        }
        let below =
            base.take().unwrap_or_else(|| curve.iter().map(|run| run.iter().map(|p| [p[0], 0.0]).collect()).collect());
        let top = sum(&below, &curve);
        traces.push(Trace { name: stage.name(), color: theme.stage(stage), curve: top.clone(), base: Some(below) });
        base = Some(top);
    }
    traces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_fill_their_rows() {
        assert_eq!(grid(6, 2000.0), (6, 1));
        assert_eq!(grid(6, 1000.0), (3, 2));
        assert_eq!(grid(6, 500.0), (2, 3));
        assert_eq!(grid(6, 100.0), (1, 6));
        assert_eq!(grid(0, 500.0), (1, 1));
    }
}
