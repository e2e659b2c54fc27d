//! The in-app path field: opens data and saves configurations on desktops that have no file dialog, and for those who
//! paste paths.

use std::path::PathBuf;

use egui::{Button, Key, Role, TextEdit, Ui, WidgetInfo};

use super::text_window::{Line, text_window_ui};
use crate::command::Command;
use crate::context::PaneContext;
use crate::options::Start;

/// What the path is for.
struct Purpose {
    title: &'static str,
    words: &'static str,
    button: &'static str,
    tip: &'static str,
    open: bool,
    close: Command,
    run: fn(PathBuf) -> Command,
}

/// Draws the fields that are open.
pub fn path_field_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let open = Purpose {
        title: "Open path",
        words: "An OME-Zarr image group, a CellMap dataset, a folder of them, a configuration (TOML) or a recording:",
        button: "Open",
        tip: "Open what this path names.",
        open: ctx.state.path_field_open,
        close: Command::TogglePathField,
        run: |path| Command::Open(Start::from_path(path)),
    };
    let save = Purpose {
        title: "Save configuration",
        words: "A new file for the configuration, such as train.toml; the data are named in it by their full path:",
        button: "Save",
        tip: "Write the configuration into this file.",
        open: ctx.state.save_field_open,
        close: Command::ToggleSaveField,
        run: Command::SaveConfigAs,
    };
    let record = Purpose {
        title: "Record the loader",
        words: "A new file for the recording, such as run.microtome; beyond 256 MiB the older half goes:",
        button: "Record",
        tip: "Write what the loader does into this file, until it is stopped.",
        open: ctx.state.attach.record_field_open,
        close: Command::ToggleRecordField,
        run: Command::Record,
    };
    field_ui(ui, ctx, &open);
    field_ui(ui, ctx, &record);
    field_ui(ui, ctx, &save);
}

fn field_ui(ui: &Ui, ctx: &PaneContext<'_>, purpose: &Purpose) {
    let closed = text_window_ui(ui, purpose.title, purpose.open, |ui, Line { text, just_opened }| {
        ui.set_width(520.0);
        ui.label(purpose.words);
        let edit = ui.add(TextEdit::singleline(text).desired_width(f32::INFINITY));
        edit.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Path"));
        if just_opened {
            edit.request_focus();
        }
        let entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let path = text.trim().trim_matches(['"', '\'']);
        let button = ui.add_enabled(!path.is_empty(), Button::new(purpose.button));
        let clicked = button.on_hover_text(purpose.tip).clicked();
        if (entered || clicked) && !path.is_empty() {
            ctx.send((purpose.run)(PathBuf::from(path)));
        }
    });
    if closed {
        ctx.send(purpose.close.clone());
    }
}
