//! The pane `tune`: every key of the configuration as a control, made from the description.

mod control;
mod distribution;
mod range;
mod row;
mod words;

use egui::{CollapsingHeader, RichText, ScrollArea, Ui};
use microtome_core::loader::params::{self, Param};

use super::figure::message_ui;
use super::focus;
use crate::command::{Command, by_command};
use crate::context::PaneContext;
use crate::state::Draft;

/// A section of the pane: its title, whether it is open at first, and the beginnings of its keys.
struct Part {
    title: &'static str,
    open: bool,
    keys: &'static [&'static str],
}

const PARTS: [Part; 5] = [
    Part { title: "Augment", open: true, keys: &["augment."] },
    Part { title: "Sampling settings", open: false, keys: &["sampling."] },
    Part { title: "Arrays", open: false, keys: &["data.classes", "input.", "target."] },
    Part { title: "Batches", open: false, keys: &["loader."] },
    Part { title: "Viewers", open: false, keys: &["telemetry."] },
];

/// Draws the pane.
pub fn tune_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let Some(data) = ctx.state.session.open() else {
        match ctx.state.session.remote() {
            Some(remote) => told_ui(ui, &remote.about.config),
            None => message_ui(ui, ctx.theme, "Nothing is open. Open a dataset, and its configuration appears here."),
        }
        return;
    };
    let draft = &data.draft;
    buttons_ui(ui, ctx);
    standing_ui(ui, ctx, draft);
    ui.separator();
    ScrollArea::vertical().id_salt("tune").auto_shrink(false).show(ui, |ui| {
        let keys = params::keys(draft.values());
        for part in &PARTS {
            let own: Vec<_> =
                keys.iter().filter(|(key, _)| part.keys.iter().any(|begin| key.starts_with(begin))).collect();
            let header = CollapsingHeader::new(RichText::new(part.title).color(ctx.theme.strong));
            header.default_open(part.open).show(ui, |ui| part_ui(ui, ctx, draft, &own));
        }
        focus::follow_focus(ui);
    });
}

/// The configuration of a loader elsewhere, which is not changed from here.
fn told_ui(ui: &mut Ui, config: &str) {
    ui.weak("The configuration of the loader that is looked at, in its own words; it cannot be changed from here.");
    ui.separator();
    ScrollArea::both().id_salt("told configuration").auto_shrink(false).show(ui, |ui| {
        ui.add(egui::Label::new(RichText::new(config).monospace()).selectable(true));
    });
}

fn part_ui(ui: &mut Ui, ctx: &PaneContext<'_>, draft: &Draft, keys: &[&(String, &'static Param)]) {
    let mut array = None;
    for (key, param) in keys {
        // A heading for each array.
        let own = key.rsplit_once('.').map(|(table, _)| table).filter(|_| param.key.contains('*'));
        if own.is_some() && own != array {
            ui.add_space(4.0);
            ui.label(RichText::new(own.unwrap_or_default().replace('.', " ")).color(ctx.theme.strong));
            array = own;
        }
        let is_off = |table: &Param| params::get(draft.values(), table.key).is_none();
        if !param.table().is_some_and(is_off) {
            row::row_ui(ui, ctx, draft, key, param);
        }
    }
}

/// The commands of the Edit menu, from the table.
fn buttons_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let shown = [
            (Command::Undo, "Undo"),
            (Command::Redo, "Redo"),
            (Command::RevertConfig, "Revert"),
            (Command::SaveConfig, "Save"),
            (Command::CopyPython, "Copy as Python"),
            (Command::CopyCellmap, "… for cellmap-data"),
        ];
        for (command, words) in shown {
            let Some(spec) = by_command(&command) else { continue };
            let enabled = (spec.enabled)(ctx.state);
            let button = ui.add_enabled(enabled, egui::Button::new(words).small());
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, enabled, format!("{words} (Tune)")));
            let button = button.on_hover_text(spec.tip(ctx.state)).on_disabled_hover_text(spec.tip(ctx.state));
            if button.clicked() {
                ctx.send(command);
            }
        }
    });
}

/// Whether the loader runs with what is shown, and what differs from the file.
fn standing_ui(ui: &mut Ui, ctx: &PaneContext<'_>, draft: &Draft) {
    let theme = ctx.theme;
    if let Some(problem) = draft.problem() {
        let words = format!("Not applied: {}: {}", problem.key, problem.words);
        ui.label(RichText::new(words).color(theme.loss));
    }
    let changes = draft.changes();
    let title = match changes.len() {
        0 => "As in the file".to_owned(),
        1 => "1 key changed".to_owned(),
        many => format!("{many} keys changed"),
    };
    if changes.is_empty() {
        let words = if draft.file().is_some() { title.as_str() } else { "Made for this data, not saved" };
        ui.label(RichText::new(words).small().color(theme.weak));
        return;
    }
    CollapsingHeader::new(RichText::new(title).small().color(theme.strong)).id_salt("changes").show(ui, |ui| {
        for change in changes {
            let words = |value: &Option<params::Value>| value.as_ref().map_or("left out".to_owned(), words::shown);
            let text = format!("{}: {}, in the file {}", change.key, words(&change.after), words(&change.before));
            ui.label(RichText::new(text).small());
        }
    });
}
