//! The in-app path field: opens data on desktops that have no file dialog, and for those who paste paths.

use std::path::PathBuf;

use egui::{Align2, Id, Key, TextEdit, Ui, Window};

use crate::command::Command;
use crate::context::PaneContext;
use crate::options::Start;

/// Draws the field if it is open.
pub fn path_field_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let id = Id::unique("path field");
    if !ctx.state.path_field_open {
        ui.data_mut(|data| data.remove::<String>(id));
        return;
    }
    let known = ui.data_mut(|data| data.get_temp::<String>(id));
    let just_opened = known.is_none();
    let mut text = known.unwrap_or_default();
    let mut stays_open = true;
    let window = Window::new("Open path").open(&mut stays_open).collapsible(false).resizable(false);
    window.anchor(Align2::CENTER_TOP, [0.0, 90.0]).show(ui, |ui| {
        ui.set_width(520.0);
        ui.label("An OME-Zarr image group, a CellMap dataset, a folder of them, or a configuration (TOML):");
        let edit = ui.add(TextEdit::singleline(&mut text).desired_width(f32::INFINITY));
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
    ui.data_mut(|data| data.insert_temp(id, text));
    if !stays_open {
        ctx.send(Command::TogglePathField);
    }
}
