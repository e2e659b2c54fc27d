//! What every key and mouse button does, generated from the command table.

use egui::{Align2, Grid, RichText, ScrollArea, Ui, Window};

use crate::command::{Command, table};
use crate::context::PaneContext;

const MOUSE: [(&str, &str); 11] = [
    ("Wheel over a slice", "Next or previous slice"),
    ("Shift wheel", "Ten slices"),
    ("Ctrl wheel, pinch", "Zoom about the pointer"),
    ("Drag", "Move the slices sideways"),
    ("Shift drag", "Measure a distance in a slice"),
    ("Click", "Move the shared cursor"),
    ("Right click", "Menu for what is under the pointer"),
    ("Drag in the overview", "Turn it; with Shift or the middle button, move it"),
    ("Click a box in the overview", "Fly there"),
    ("Click a crop", "Fly to where it was drawn"),
    ("Drop a folder or file", "Open it"),
];

/// Draws the page if it is open.
pub fn help_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    if !ctx.state.help_open {
        return;
    }
    let mut stays_open = true;
    let window = Window::new("Keys and mouse").open(&mut stays_open).collapsible(false).resizable(false);
    window.anchor(Align2::CENTER_CENTER, [0.0, 0.0]).show(ui, |ui| {
        ScrollArea::vertical().max_height(ui.ctx().content_rect().height() - 140.0).show(ui, |ui| {
            Grid::new("keys").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
                let keys = table().iter().filter_map(|spec| Some((spec.shortcut?.to_string(), spec.label.as_str())));
                let mouse = MOUSE.into_iter().map(|(act, result)| (act.to_owned(), result));
                for (act, result) in mouse.chain(keys) {
                    ui.label(RichText::new(act).color(ctx.theme.strong));
                    ui.label(result);
                    ui.end_row();
                }
            });
        });
    });
    if !stays_open {
        ctx.send(Command::ToggleHelp);
    }
}
