//! The Classes pane: how much there is of each class in the data, in what is drawn and in the targets, and how long it
//! takes until a rare one was seen often enough.

mod positions;
mod table;

use egui::{DragValue, Role, ScrollArea, Ui, WidgetInfo};
use microtome_core::catalog::CountEstimate;

use super::figure::{figure_ui, message_ui, no_data};
use super::focus;
use crate::command::{Command, DataCommand};
use crate::context::PaneContext;
use crate::format;
use crate::state::{ClassBalance, CountJob, CountPhase, OpenData, balance};

/// Width from which positions stand beside the table, points.
const WIDE: f32 = 900.0;

/// Draws the pane.
pub fn classes_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let Some(data) = ctx.state.session.open() else {
        message_ui(ui, ctx.theme, no_data(ctx));
        return;
    };
    if data.class_names.is_empty() {
        message_ui(ui, ctx.theme, "There are no labels here.");
        return;
    }
    if ctx.state.inventory.classes.phase == CountPhase::NotAsked {
        ctx.send(Command::Data(DataCommand::Count(CountJob::Classes)));
    }
    figures_ui(ui, ctx, data);
    ui.add_space(4.0);
    let rows = rows(ctx, data);
    ScrollArea::both().id_salt("classes").auto_shrink(false).show(ui, |ui| {
        if ui.available_width() >= WIDE {
            ui.horizontal_top(|ui| {
                ui.vertical(|ui| table::table_ui(ui, ctx, &rows));
                ui.add_space(16.0);
                ui.vertical(|ui| positions::positions_ui(ui, ctx, data));
            });
        } else {
            table::table_ui(ui, ctx, &rows);
            ui.add_space(8.0);
            positions::positions_ui(ui, ctx, data);
        }
        focus::follow_focus(ui);
    });
}

fn rows(ctx: &PaneContext<'_>, data: &OpenData) -> Vec<ClassBalance> {
    let loader = &ctx.state.loader;
    let simulation = loader.simulation.as_ref().map(|view| &view.simulation);
    balance(&data.class_names, &ctx.state.inventory.classes.rows, simulation, &loader.tallies)
}

fn figures_ui(ui: &mut Ui, ctx: &PaneContext<'_>, data: &OpenData) {
    let theme = ctx.theme;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        count_ui(ui, ctx, data);
        let loader = &ctx.state.loader;
        let simulated = loader.simulation.as_ref().map_or(0, |view| view.simulation.draws);
        let tooltip = "Draws of the running configuration that were counted without reading them.";
        figure_ui(ui, theme, "simulated draws", &format::count(simulated), tooltip);
        let simulate = "Count what 10 000 draws would show; nothing is read. It needs the loader.";
        let button = ui.button("Simulate draws").on_hover_text(simulate);
        if button.clicked() {
            ctx.send(Command::SimulateDraws(10_000));
        }
        let looked = loader.tallies.iter().map(|tally| tally.samples).max().unwrap_or(0);
        let tooltip =
            "Samples of this run whose first target was looked at, on at most 16 384 evenly spaced voxels each.";
        figure_ui(ui, theme, "samples seen", &format::count(looked), tooltip);
        sightings_ui(ui, ctx);
    });
}

/// Where the counts come from, and how far counting is.
fn count_ui(ui: &mut Ui, ctx: &PaneContext<'_>, data: &OpenData) {
    let counts = &ctx.state.inventory.classes;
    let of = data.catalog.datasets.iter().flat_map(|set| &set.crops).map(|crop| crop.classes.len()).sum::<usize>();
    let (name, text) = (source_of(&counts.rows), format!("{} of {of}", counts.rows.len()));
    let tooltip = "Label arrays that are counted: by the counts in their metadata, else on the coarsest level that still \
        shows the classes, and of a large one on a part of its chunks.";
    figure_ui(ui, ctx.theme, &name, &text, tooltip);
    let job = CountJob::Classes;
    match &counts.phase {
        CountPhase::Counting | CountPhase::NotAsked => {
            let stop = ui.button("Stop counting").on_hover_text("What was counted stays.");
            if stop.clicked() {
                ctx.send(Command::Data(DataCommand::StopCount(job)));
            }
        }
        CountPhase::Stopped => {
            if ui.button("Count again").on_hover_text("Count every class of every crop.").clicked() {
                ctx.send(Command::Data(DataCommand::Count(job)));
            }
        }
        CountPhase::Failed(reason) => {
            ui.colored_label(ctx.theme.risk, reason);
        }
        CountPhase::Done if !counts.failures.is_empty() => {
            let arrays = format::counted(counts.failures.len() as u64, "crop", "crops");
            let label = ui.colored_label(ctx.theme.risk, format!("{arrays} could not be read"));
            label.on_hover_text(counts.failures.join("\n"));
        }
        CountPhase::Done => {}
    }
}

/// What the counts were made from.
fn source_of(rows: &[CountEstimate]) -> String {
    let mut levels: Vec<&str> = rows.iter().filter_map(|row| Some(row.read.as_ref()?.name.as_str())).collect();
    levels.sort_unstable();
    levels.dedup();
    let from_metadata = rows.iter().any(|row| row.read.is_none());
    let is_part = rows.iter().any(|row| row.read.as_ref().is_some_and(|read| read.share < 0.999));
    let part = if is_part { ", in part" } else { "" };
    match (from_metadata, levels.as_slice()) {
        (_, []) if from_metadata => "counts from metadata".to_owned(),
        (_, []) => "counts".to_owned(),
        (false, levels) => format!("counts from {}{part}", levels.join(", ")),
        (true, levels) => format!("counts from metadata and {}{part}", levels.join(", ")),
    }
}

fn sightings_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let mut wanted = ctx.state.sightings;
    ui.horizontal(|ui| {
        ui.label("epochs until seen");
        let drag = ui.add(DragValue::new(&mut wanted).range(1..=1_000_000).speed(1.0));
        drag.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::SpinButton, true, "Times that a class is to be seen");
            info.value = Some(wanted as f64);
            info
        });
        let tooltip = "How many samples are to show a class. Samples are taken as independent: the number until the k-th that \
            shows it has the negative binomial distribution.";
        if drag.on_hover_text(tooltip).changed() {
            ctx.send(Command::Data(DataCommand::SetSightings(wanted)));
        }
        ui.label("times");
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use microtome_core::catalog::{ClassCount, CountOrigin, CountRow, ReadLevel};

    #[test]
    fn what_was_counted_is_named() {
        let row = |read: Option<(&str, f64)>| CountEstimate {
            row: CountRow {
                dataset_index: 0,
                crop_index: 0,
                class: "er".to_owned(),
                count: ClassCount::default(),
                origin: CountOrigin::Voxels,
            },
            read: read.map(|(name, share)| ReadLevel { name: name.to_owned(), share }),
        };
        assert_eq!(source_of(&[]), "counts");
        assert_eq!(source_of(&[row(None)]), "counts from metadata");
        assert_eq!(source_of(&[row(Some(("s1", 1.0))), row(Some(("s0", 1.0)))]), "counts from s0, s1");
        assert_eq!(source_of(&[row(None), row(Some(("s1", 0.5)))]), "counts from metadata and s1, in part");
    }
}
