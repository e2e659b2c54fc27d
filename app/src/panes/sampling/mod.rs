//! The pane `sampling`: from which crops and volumes samples are drawn, how many so far, what is left out and why.

mod troubles;

use egui::{Color32, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo};
use microtome_core::loader::SourceReport;
use microtome_core::sample::LeftOut;

use super::figure::{bar_ui, cell_ui, colored_figure_ui, figure_ui, nothing_yet_ui};
use super::focus;
use crate::command::Command;
use crate::context::PaneContext;
use crate::format;
use crate::theme::Theme;

/// Widths of the columns, points: crop, dataset, positions, samples, bar.
const WIDTHS: [f32; 5] = [90.0, 240.0, 90.0, 80.0, 120.0];

/// Height that the table of sources has at least, points.
const TABLE_HEIGHT: f32 = 140.0;

/// Draws the pane.
pub fn sampling_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    // In a low pane the whole scrolls, and the table keeps some height.
    let table_height = (ui.available_height() * 0.6).max(TABLE_HEIGHT);
    ScrollArea::vertical().id_salt("sampling pane").auto_shrink(false).show(ui, |ui| {
        troubles::leaks_ui(ui, ctx);
        if nothing_yet_ui(ui, ctx) {
            return;
        }
        let sources = &ctx.state.loader.sources;
        figures_ui(ui, ctx, sources);
        simulated_ui(ui, ctx);
        troubles::troubles_ui(ui, ctx, sources);
        ui.add_space(4.0);
        heading_ui(ui, ctx.theme);
        let most = sources.iter().map(|source| source.samples).max().unwrap_or(0);
        let row_height = ui.spacing().interact_size.y.min(18.0);
        let table = ScrollArea::vertical().id_salt("sampling").auto_shrink([false, true]).max_height(table_height);
        table.show_rows(ui, row_height, sources.len(), |ui, rows| {
            for source in &sources[rows] {
                source_ui(ui, ctx, source, most);
            }
            focus::follow_focus(ui);
        });
        focus::follow_focus(ui);
    });
}

fn figures_ui(ui: &mut Ui, ctx: &PaneContext<'_>, sources: &[SourceReport]) {
    let theme = ctx.theme;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        let drawn = sources.iter().filter(|source| source.left_out.is_none()).count();
        let text = format!("{drawn} of {}", sources.len());
        figure_ui(ui, theme, "drawn from", &text, "Label crops, and volumes without any, of all that are open.");
        let small = sources.iter().filter(|source| source.is_small).count();
        if small > 0 {
            let tooltip = "Smaller than a patch on some axis: samples of these hold voxels that nobody annotated. \
                sampling.small_crops decides: pad, jitter or drop.";
            figure_ui(ui, theme, "smaller than a patch", &format::count(small as u64), tooltip);
        }
        for reason in LeftOut::ALL {
            let count = sources.iter().filter(|source| source.left_out == Some(reason)).count();
            if count > 0 {
                let name = format!("left out: {}", reason.words());
                let tooltip = "Nothing is drawn here; the table says which.";
                colored_figure_ui(ui, theme, &name, &format::count(count as u64), theme.risk, tooltip);
            }
        }
        let without = sources.iter().map(|source| source.samples_without_raw).sum::<u64>();
        if without > 0 {
            let tooltip = "Samples some of whose EM is not in the store: absent chunks, as after a sparse download. \
                sampling.absent_chunks decides: mask, skip or fail.";
            let text = format::count(without);
            colored_figure_ui(ui, theme, "samples without some EM", &text, theme.risk, tooltip);
        }
    });
}

/// What many draws would show, or the offer to find out.
fn simulated_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    const DRAWS: u64 = 10_000;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        let tooltip = "Counts what 10 000 draws would cover, and for which classes they are drawn. Nothing is read.";
        if ui.button("Simulate 10 000 draws").on_hover_text(tooltip).clicked() {
            ctx.send(Command::SimulateDraws(DRAWS));
        }
        let Some(view) = &ctx.state.loader.simulation else { return };
        let (theme, draws) = (ctx.theme, view.simulation.draws);
        let tooltip = "Draws of the running configuration that were counted, epoch after epoch, without reading them.";
        figure_ui(ui, theme, "simulated draws", &format::count(draws), tooltip);
        let shown = ctx.state.session.open().map_or(0, |data| data.dataset_index);
        if let Some(never) = view.never_covered.get(shown) {
            let color = if *never > 0.01 { theme.risk } else { theme.strong };
            let tooltip = "The part of the shown dataset's label crops (of its volume, without crops) that none of these draws \
                shows; amber in the slices with \"Density of draws\".";
            colored_figure_ui(ui, theme, "never covered", &format::percent(*never), color, tooltip);
        }
        for (class, count) in &view.simulation.classes {
            let share = format::percent(*count as f64 / draws.max(1) as f64);
            let tooltip = "The part of the draws that are made for this class by the configured strategy.";
            figure_ui(ui, theme, &format!("drawn for {class}"), &share, tooltip);
        }
    });
}

fn heading_ui(ui: &mut Ui, theme: &Theme) {
    ui.horizontal(|ui| {
        let names = ["crop", "dataset", "positions", "samples", ""];
        for (index, (name, width)) in names.into_iter().zip(WIDTHS).enumerate() {
            cell_ui(ui, width, index == 2 || index == 3, RichText::new(name).small().color(theme.weak));
        }
    });
}

fn source_ui(ui: &mut Ui, ctx: &PaneContext<'_>, source: &SourceReport, most: u64) {
    let theme = ctx.theme;
    let name = match &source.crop {
        Some(crop) => format!("{} {crop}", source.dataset),
        None => source.dataset.clone(),
    };
    let color = if source.left_out.is_some() { theme.weak } else { theme.text };
    ui.horizontal(|ui| {
        let crop = source.crop.as_deref().unwrap_or("whole volume");
        let label = cell_ui(ui, WIDTHS[0], false, RichText::new(crop).color(color)).interact(Sense::click());
        label.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("fly to {name}")));
        if label.on_hover_text(format!("{name}\nClick to fly there.")).clicked() {
            fly_to(ctx, source);
        }
        cell_ui(ui, WIDTHS[1], false, RichText::new(&source.dataset).color(color)).on_hover_text(&source.dataset);
        // Whole, as long as that can be read.
        let positions = u64::try_from(source.positions).ok().filter(|n| *n < 1_000_000_000).map(format::count);
        let positions = positions.unwrap_or_else(|| format::number(source.positions as f64));
        let tooltip = "Positions of a patch that is not transposed; of a grid, its tiles.";
        cell_ui(ui, WIDTHS[2], true, RichText::new(positions).color(color)).on_hover_text(tooltip);
        let samples = format::count(source.samples);
        let tooltip = "Samples read here since the loader started, those that were replaced among them.";
        cell_ui(ui, WIDTHS[3], true, RichText::new(&samples).color(color)).on_hover_text(tooltip);
        ui.allocate_ui(egui::vec2(WIDTHS[4], 12.0), |ui| {
            let share = source.samples as f64 / most.max(1) as f64;
            bar_ui(ui, theme, &[(share, theme.series[0])], &format!("{name}: {samples} samples"));
        });
        if let Some((note, color)) = note(theme, source) {
            ui.label(RichText::new(note).color(color));
        }
    });
}

/// What is unusual about a source, and the colour that says how bad it is.
fn note(theme: &Theme, source: &SourceReport) -> Option<(String, Color32)> {
    if let Some(reason) = source.left_out {
        return Some((format!("left out: {}", reason.words()), theme.risk));
    }
    if source.samples_without_raw > 0 {
        let samples = format::counted(source.samples_without_raw, "sample", "samples");
        let chunks = format::counted(source.absent_raw_chunks, "absent chunk", "absent chunks");
        return Some((format!("{samples} without some EM ({chunks})"), theme.risk));
    }
    source.is_small.then(|| ("smaller than a patch".to_owned(), theme.weak))
}

/// Shows a source in the slices.
fn fly_to(ctx: &PaneContext<'_>, source: &SourceReport) {
    let Some(data) = ctx.state.session.open() else { return };
    let Some(dataset) = data.catalog.datasets.get(source.dataset_index) else { return };
    let crop = source.crop_index.and_then(|index| dataset.crops.get(index));
    let target = crop.map_or_else(|| dataset.raw.bounds(), |crop| crop.bounds);
    ctx.send(Command::FlyTo { dataset: source.dataset_index, target });
}
