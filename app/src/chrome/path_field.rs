//! The in-app path field: opens data on desktops that have no file dialog, and for those who paste paths.

use std::path::PathBuf;

use egui::{Key, TextEdit, Ui};

use super::text_window::{Line, text_window_ui};
use crate::command::Command;
use crate::context::PaneContext;
use crate::options::Start;

/// Draws the field if it is open.
pub fn path_field_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let closed = text_window_ui(ui, "Open path", ctx.state.path_field_open, |ui, Line { text, just_opened }| {
        ui.set_width(520.0);
        ui.label("An OME-Zarr image group, a CellMap dataset, a folder of them, or a configuration (TOML):");
        let edit = ui.add(TextEdit::singleline(text).desired_width(f32::INFINITY));
        edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Path"));
        if just_opened {
            edit.request_focus();
        }
        let entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let path = text.trim().trim_matches(['"', '\'']);
        let clicked = ui.add_enabled(!path.is_empty(), egui::Button::new("Open")).clicked();
        if (entered || clicked) && !path.is_empty() {
            ctx.send(Command::Open(Start::from_path(PathBuf::from(path))));
        }
    });
    if closed {
        ctx.send(Command::TogglePathField);
    }
}
