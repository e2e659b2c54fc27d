//! The pane `preview`: one sample under the augmentation that is being edited.

mod controls;
mod device;
mod histogram;
mod pictures;

use egui::{RichText, ScrollArea, Ui};

use super::figure::{message_ui, why_nothing};
use crate::command::Command;
use crate::context::PaneContext;
use crate::format::drawn;
use crate::state::LoaderPhase;
use crate::state::preview::{Painter, PreviewMode, PreviewView};

/// Draws the pane.
pub fn preview_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    ctx.send(Command::WatchPreview);
    let preview = &ctx.state.preview;
    let is_there = matches!(ctx.state.loader.phase, LoaderPhase::Running | LoaderPhase::Paused);
    if !is_there {
        message_ui(ui, ctx.theme, &why_nothing(ctx));
        return;
    }
    controls::controls_ui(ui, ctx);
    if let Some(words) = &preview.failure {
        ui.label(RichText::new(format!("This sample cannot be shown: {words}")).color(ctx.theme.loss));
    }
    let Some(view) = &preview.shown else {
        if preview.failure.is_none() {
            let stopped = "Broken off. Redraw it (X), or change a setting.";
            message_ui(ui, ctx.theme, if preview.is_stopped { stopped } else { "The first sample is on its way…" });
        }
        return;
    };
    place_ui(ui, ctx, view);
    ScrollArea::vertical().id_salt("preview").auto_shrink(false).show(ui, |ui| {
        pictures::pictures_ui(ui, ctx, view);
        if !view.not_drawn.is_empty() && preview.ask.mode == PreviewMode::Stages {
            let keys: Vec<_> = view.not_drawn.iter().map(|key| key.replace('_', " ")).collect();
            let text = RichText::new(format!("Not drawn for this sample: {}", keys.join(", "))).small();
            let tip = "Each operation is applied with its own probability; other random numbers apply others.";
            ui.label(text.color(ctx.theme.weak)).on_hover_text(tip);
        }
    });
}

/// Where the sample lies, and which it is.
fn place_ui(ui: &mut Ui, ctx: &PaneContext<'_>, view: &PreviewView) {
    let from = &view.provenance;
    // In the line that is there anyway: pictures do not move while newer ones are drawn.
    let sign = if ctx.state.preview.is_busy() { "drawing… " } else { "" };
    let words = format!("{sign}{}", drawn::place(from));
    let own = view.job.place == view.job.after.numbers;
    let numbers = if own { "its own random numbers" } else { "the random numbers of sample" };
    let which = if own { String::new() } else { format!(" {}", view.job.after.numbers) };
    let tip = format!(
        "Sample {} of epoch {}, with {numbers}{which}; seed {}. With its own, it is the sample that the loader draws.",
        from.index, from.epoch, from.seed
    );
    let text = RichText::new(words).small().color(ctx.theme.weak);
    ui.horizontal(|ui| {
        painter_ui(ui, ctx);
        ui.add(egui::Label::new(text).truncate()).on_hover_text(tip);
    });
}

/// Who made the picture.
fn painter_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let (words, tip) = match &ctx.state.preview.painter {
        Painter::Device(_) => (
            "GPU",
            "The graphics card makes it from the chunks that it has, in the same frame: within 1/255 of what the loader \
             makes, which follows. Difference and histograms are those of the loader's last crop."
                .to_owned(),
        ),
        Painter::Loader(reason) if reason.is_empty() => (
            "loader's own crop",
            "Made by the loader, as the network gets it. While a slider moves the graphics card shows it at once.".to_owned(),
        ),
        Painter::Loader(reason) => ("loader's own crop", format!("Why not by the graphics card: {reason}.")),
    };
    let text = RichText::new(words).small().color(ctx.theme.text).background_color(ctx.theme.line);
    let label = ui.add(egui::Label::new(text).sense(egui::Sense::hover()));
    label.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, format!("Made by: {words}")));
    label.on_hover_text(tip);
}
