//! What is wrong with where samples come from: crops that are left out and why, EM that is not there, and training boxes
//! that leak into validation. Each row flies there.

use egui::{Button, CollapsingHeader, RichText, Role, ScrollArea, Ui, WidgetInfo};
use microtome_core::loader::SourceReport;
use microtome_core::sample::{Leak, SplitBox};

use super::fly_to;
use crate::command::Command;
use crate::context::PaneContext;
use crate::format;

/// Height that a list takes at most, points.
const MOST_HEIGHT: f32 = 110.0;

/// Draws the list of what is left out or lacks EM; nothing where nothing does.
pub fn troubles_ui(ui: &mut Ui, ctx: &PaneContext<'_>, sources: &[SourceReport]) {
    let lacking: Vec<_> = sources.iter().filter_map(|source| Some((source, trouble(source)?))).collect();
    if lacking.is_empty() {
        return;
    }
    let title = format!("Left out or lacking: {}", format::count(lacking.len() as u64));
    let title = RichText::new(title).color(ctx.theme.risk);
    CollapsingHeader::new(title).id_salt("left out").default_open(true).show(ui, |ui| {
        ScrollArea::vertical().id_salt("left out").max_height(MOST_HEIGHT).show_rows(
            ui,
            18.0,
            lacking.len(),
            |ui, rows| {
                for (source, trouble) in &lacking[rows] {
                    let name = [source.dataset.as_str(), source.crop.as_deref().unwrap_or("whole volume")].join(" ");
                    let why = if source.left_out.is_some() { "which is left out" } else { "which lacks EM" };
                    if row_ui(ui, ctx, (&name, &format!("Fly to {name}, {why}")), trouble) {
                        fly_to(ctx, source);
                    }
                }
            },
        );
    });
}

/// What is wrong with a source and what changes it, if something is.
fn trouble(source: &SourceReport) -> Option<String> {
    if let Some(reason) = source.left_out {
        return Some(format!("{}. {}", reason.words(), reason.advice()));
    }
    (source.samples_without_raw > 0).then(|| {
        let samples = format::counted(source.samples_without_raw, "sample", "samples");
        let chunks = format::counted(source.absent_raw_chunks, "chunk", "chunks");
        format!("absent chunks. {samples} lacked EM, in {chunks} that the store does not have: sampling.absent_chunks.")
    })
}

/// Draws the list of training boxes that leak into validation; nothing where none does.
pub fn leaks_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let Some(data) = ctx.state.session.open().filter(|data| !data.leakage.leaks.is_empty()) else { return };
    let leakage = &data.leakage;
    let title = format!("leaks into validation: {}", format::count(leakage.leaks.len() as u64));
    let title = RichText::new(title).color(ctx.theme.risk);
    let header = CollapsingHeader::new(title).id_salt("leaks").default_open(true).show(ui, |ui| {
        let rows = leakage.leaks.len();
        ScrollArea::vertical().id_salt("leaks").max_height(MOST_HEIGHT).show_rows(ui, 18.0, rows, |ui, rows| {
            for leak in &leakage.leaks[rows] {
                if let (Some(train), Some(validate)) =
                    (leakage.train.get(leak.train), leakage.validate.get(leak.validate))
                {
                    leak_ui(ui, ctx, leak, (train, validate));
                }
            }
        });
    });
    header.header_response.on_hover_text(
        "Training boxes that overlap a validation box of the same volume, or are nearer to it than half a patch: what the \
         network is validated on, it may have seen.",
    );
}

fn leak_ui(ui: &mut Ui, ctx: &PaneContext<'_>, leak: &Leak, (train, validate): (&SplitBox, &SplitBox)) {
    let label = format!("Fly to the leak of {}", train.name);
    let words = format!("and {} (validate): {}", validate.name, leak.closeness.words());
    if row_ui(ui, ctx, (&train.name, &label), &words) {
        let target = leak.place(&train.bounds, &validate.bounds);
        ctx.send(Command::FlyTo { dataset: train.dataset_index, target });
    }
}

/// A name to click, and what is wrong with it. True if it was clicked.
fn row_ui(ui: &mut Ui, ctx: &PaneContext<'_>, (name, label): (&str, &str), words: &str) -> bool {
    let row = ui.horizontal(|ui| {
        let button = ui.add(Button::new(RichText::new(name).color(ctx.theme.accent)).frame(false).small());
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, label));
        let words = egui::Label::new(RichText::new(words).color(ctx.theme.text)).truncate();
        ui.add(words);
        button.on_hover_text("Fly there.").clicked()
    });
    row.inner
}
