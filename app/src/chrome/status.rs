//! The bar at the bottom: what is under the pointer at the left; what is pending and what memory takes at the right.

use std::time::{Duration, Instant};

use egui::{Align, Label, Layout, RichText, Role, Ui, WidgetInfo};
use microtome_core::geometry::Zyx;

use crate::command::Command;
use crate::context::PaneContext;
use crate::format;
use crate::state::{LabelReadout, PaneKind, Readout, RemoteView};

/// What is done sooner is not told.
const SOON: Duration = Duration::from_millis(500);

/// Draws the bar.
pub fn status_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            memory_ui(ui, ctx);
            config_ui(ui, ctx);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| match &ctx.state.readout {
                Some(readout) => {
                    let text = RichText::new(readout_text(readout)).monospace();
                    ui.add(Label::new(text).truncate()).on_hover_text(
                        "World position in nanometres (z, y, x), voxel of the level on display, its stored value, and \
                         the visible labels there. Under the pointer; at the cursor while the pointer is elsewhere.",
                    );
                }
                None => {
                    let remote = ctx.state.session.remote();
                    let words = remote.map_or_else(|| "nothing open".to_owned(), RemoteView::words);
                    ui.add(Label::new(RichText::new(words).color(ctx.theme.weak)).truncate());
                }
            });
        });
    });
}

/// With which configuration the loader runs, where that is not the one of the file.
fn config_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let Some(draft) = ctx.state.session.open().map(|data| &data.draft) else { return };
    let changes = draft.changes().len() as u64;
    let (words, color) = match draft.problem() {
        Some(_) => ("configuration not applied".to_owned(), ctx.theme.loss),
        None if draft.waits_s(ctx.state.now_s).is_some() => ("applying…".to_owned(), ctx.theme.weak),
        None if changes > 0 => (format!("{} applied", format::counted(changes, "change", "changes")), ctx.theme.text),
        None => return,
    };
    ui.separator();
    let tooltip = match draft.problem() {
        Some(problem) => format!("{}: {}", problem.key, problem.words),
        None => "Keys of the configuration that are not as in its file; the Tune pane lists them.".to_owned(),
    };
    ui.label(RichText::new(words).color(color)).on_hover_text(tooltip);
}

/// Right to left.
fn memory_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let gpu = &ctx.state.gpu;
    let share = gpu.bytes as f64 / gpu.budget_bytes.max(1) as f64;
    let color = if share >= 0.8 { ctx.theme.of_budget(share) } else { ctx.theme.text };
    ui.label(RichText::new(format!("VRAM {}", format::bytes(gpu.bytes))).color(color)).on_hover_text(format!(
        "Textures of the slices: {} of at most {}. The driver may round up.",
        format::counted(gpu.textures, "chunk", "chunks"),
        format::bytes(gpu.budget_bytes),
    ));
    if let Some(stats) = &ctx.state.loader.stats {
        ui.separator();
        let memory = &stats.memory;
        let used = memory.cache_bytes + memory.queue_bytes + memory.in_flight_bytes;
        let share = used as f64 / memory.budget_bytes.max(1) as f64;
        let color = if share >= 0.8 { ctx.theme.of_budget(share) } else { ctx.theme.text };
        let text = format!("RAM {} / {}", format::bytes(used), format::bytes(memory.budget_bytes));
        ui.label(RichText::new(text).color(color)).on_hover_text(
            "Decoded chunks, finished batches and batches being built, against loader.memory. The whole process is in \
             the Memory pane.",
        );
    }
    if let Some(grid) = &ctx.state.chunk_grids[ctx.state.views.active] {
        ui.separator();
        ui.label(grid.words()).on_hover_text(
            "Chunks of the EM that the active slice meets, at the level on display: on the graphics card, being read and \
             decoded, waiting for that, not in the store, or impossible to read. Then what reading the EM of the last batch takes, each sample by \
             itself: bytes of the chunks that it touches, decoded, beside the bytes of its own voxels as they are stored; \
             what the cache holds is not decoded again. Numbers in the chunks say how many samples need them.",
        );
    }
    if let Some(ruler) = &ctx.state.views.ruler {
        ui.separator();
        ui.label(format!("ruler {} nm", format::number(ruler.length_nm())))
            .on_hover_text("The distance measured last (Shift drag in a slice); Esc takes it away.");
    }
    if let Some(draws) = ctx.state.loader.simulating {
        ui.separator();
        let stop = ui.small_button("stop").on_hover_text("Stop simulating draws; what was counted so far stays.");
        stop.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Stop simulating draws"));
        if stop.clicked() {
            ctx.send(Command::StopSimulation);
        }
        let done = ctx.state.loader.simulation.as_ref().map_or(0, |view| view.simulation.draws);
        let share = (done as f64 / draws.max(1) as f64).min(1.0);
        ui.label(format!("simulating {:.0} %", share * 100.0))
            .on_hover_text(format!("Of {} draws; nothing is read.", format::count(draws)));
    }
    waits_ui(ui, ctx);
    if let Some(run) = &ctx.state.export.running {
        ui.separator();
        let cancel = ui.small_button("cancel").on_hover_text("Stop writing, and remove what was written so far.");
        cancel.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Cancel the export"));
        if cancel.clicked() {
            ctx.send(Command::CancelExport);
        }
        let share = run.progress.done as f64 / run.progress.total.max(1) as f64;
        ui.label(format!("exporting {:.0} %", share * 100.0)).on_hover_text(run.path.display().to_string());
    }
    if ctx.state.pending_chunks > 0 {
        ui.separator();
        ui.label(format!("{} pending", format::count(ctx.state.pending_chunks as u64)))
            .on_hover_text("Chunks that the slices want and do not have yet. Coarser levels stand in for them.");
    }
}

/// What is being made for somebody who may want to break it off.
struct Wait {
    since: Instant,
    words: String,
    tooltip: &'static str,
    /// The name of its button, what that does, in words and as a command.
    cancel: (&'static str, &'static str, Command),
}

/// What takes longer than half a second, each with a button that breaks it off.
fn waits_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let state = ctx.state;
    let contrast = state.display.gauging.map(|(normal, since)| Wait {
        since,
        words: format!("measuring the contrast of {}", PaneKind::slice(normal).title()),
        tooltip: "Reads the chunks that the slice shows at the level on display.",
        cancel: ("Cancel the contrast", "Stop reading for it; the contrast stays as it is.", Command::StopContrast),
    });
    let preview = state.preview.asked_at.filter(|_| state.preview.is_busy()).map(|since| Wait {
        since,
        words: "drawing the preview".to_owned(),
        tooltip: "The loader reads the sample and augments it.",
        cancel: ("Cancel the preview", "Stop drawing; what is shown stays.", Command::StopPreview),
    });
    let loader = state.loader.starting.map(|since| Wait {
        since,
        words: "starting the loader".to_owned(),
        tooltip: "One that ran before has to end first: what it is reading is read to its end.",
        cancel: ("Cancel the start of the loader", "There will be no loader.", Command::StopLoader),
    });
    for wait in [contrast, preview, loader].into_iter().flatten() {
        wait.show_ui(ui, ctx);
    }
}

impl Wait {
    fn show_ui(self, ui: &mut Ui, ctx: &PaneContext<'_>) {
        if let Some(rest) = SOON.checked_sub(self.since.elapsed()).filter(|rest| !rest.is_zero()) {
            return ui.ctx().request_repaint_after(rest);
        }
        let (name, tooltip, command) = self.cancel;
        ui.separator();
        let cancel = ui.small_button("cancel").on_hover_text(tooltip);
        cancel.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        if cancel.clicked() {
            ctx.send(command);
        }
        ui.label(self.words).on_hover_text(self.tooltip);
    }
}

fn readout_text(readout: &Readout) -> String {
    let axes = |v: Zyx<String>| format!("z {} y {} x {}", v.z, v.y, v.x);
    let mut parts = vec![format!("{} nm", axes(readout.world_nm.map(|nm| format!("{nm:.0}"))))];
    match readout.voxel {
        Some(voxel) => parts.push(format!("{} ({}, {}, {})", readout.level, voxel.z, voxel.y, voxel.x)),
        None if readout.level.is_empty() => {}
        None => parts.push("outside".to_owned()),
    }
    if let Some(raw) = readout.raw {
        parts.push(format!("raw {}", trimmed(raw)));
    }
    parts.extend(labels_text(&readout.labels));
    parts.join("  ·  ")
}

/// The labels there; annotated background only if there is nothing else.
fn labels_text(labels: &[LabelReadout]) -> Option<String> {
    let mut named: Vec<_> =
        labels.iter().filter(|label| label.id != 0).map(|label| format!("{} {}", label.class, label.id)).collect();
    // Crops that overlap say the same twice.
    named.dedup();
    if !named.is_empty() {
        return Some(named.join(", "));
    }
    labels.first().map(|label| format!("background of {}", label.crop))
}

/// A stored value: integers as they are, others with four significant digits.
fn trimmed(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    let decimals = (3 - value.abs().log10().floor().clamp(-6.0, 3.0) as i32).max(0);
    format!("{value:.*}", usize::try_from(decimals).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(class: &str, id: u64) -> LabelReadout {
        LabelReadout { crop: "crop1".to_owned(), class: class.to_owned(), id }
    }

    #[test]
    fn the_readout_says_where_and_what() {
        let readout = Readout {
            world_nm: Zyx::new(1024.0, 880.4, 412.0),
            level: "s1".to_owned(),
            voxel: Some(Zyx::new(128, 110, 51)),
            raw: Some(143.0),
            labels: vec![label("er", 0), label("mito", 7)],
        };
        let text = readout_text(&readout);
        assert_eq!(text, "z 1024 y 880 x 412 nm  ·  s1 (128, 110, 51)  ·  raw 143  ·  mito 7");
    }

    #[test]
    fn annotated_background_is_told_from_nothing() {
        assert_eq!(labels_text(&[label("er", 0)]), Some("background of crop1".to_owned()));
        assert_eq!(labels_text(&[label("er", 3), label("er", 3)]), Some("er 3".to_owned()));
        assert_eq!(labels_text(&[]), None);
    }

    #[test]
    fn values_keep_what_they_need() {
        let texts = [143.0, 0.123_456, -12.5, 65_535.0, 1234.5].map(trimmed);
        assert_eq!(texts, ["143", "0.1235", "-12.50", "65535", "1234"]);
    }
}
