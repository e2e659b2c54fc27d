//! The window in which a loader of another process is chosen: those that were found on this machine, and a field.

use egui::{Button, Key, Role, TextEdit, Ui, WidgetInfo};
use microtome_core::telemetry::discovery::Found;

use super::text_window::{Line, text_window_ui};
use crate::command::Command;
use crate::context::PaneContext;
use crate::options::Start;
use crate::state::loader_of;

/// Draws the window if it is open.
pub fn attach_ui(ui: &Ui, ctx: &PaneContext<'_>) {
    let closed = text_window_ui(ui, "Attach to a loader", ctx.state.attach.open, |ui, line| {
        ui.set_width(520.0);
        found_ui(ui, ctx);
        ui.separator();
        field_ui(ui, ctx, line);
    });
    if closed {
        ctx.send(Command::ToggleAttach);
    }
}

fn found_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    ui.horizontal(|ui| {
        ui.label("On this machine:");
        if ui.small_button("Look again").on_hover_text("Look for loaders of yours that serve here.").clicked() {
            ctx.send(Command::FindLoaders);
        }
    });
    match ctx.state.attach.found.as_deref() {
        None => drop(ui.weak("Looking…")),
        Some([]) => {
            ui.weak("None serves. telemetry.serve = \"127.0.0.1:0\" in a loader's configuration makes it.");
        }
        Some(found) => found.iter().for_each(|found| row_ui(ui, ctx, found)),
    }
}

fn row_ui(ui: &mut Ui, ctx: &PaneContext<'_>, found: &Found) {
    let rank =
        if found.world_size > 1 { format!(" · rank {} of {}", found.rank, found.world_size) } else { String::new() };
    let words = format!("{} · {}{rank} · process {}", found.name, found.address, found.pid);
    if ui.button(&words).on_hover_text("Show in this window what this loader does.").clicked() {
        ctx.send(Command::Open(Start::Loader { address: found.address.to_string(), token: None }));
    }
}

fn field_ui(ui: &mut Ui, ctx: &PaneContext<'_>, Line { text, just_opened }: Line<'_>) {
    ui.label("Or where it serves, HOST:PORT, behind it the token if it asks for one:");
    // A name of its own: else it would be another field, without the keyboard, when the list above comes.
    let edit = ui.add(TextEdit::singleline(text).id_salt("address").desired_width(f32::INFINITY));
    edit.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Address of a loader"));
    if just_opened {
        edit.request_focus();
    }
    let entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let start = loader_of(text);
    let button = ui.add_enabled(start.is_some(), Button::new("Attach"));
    let clicked = button.on_hover_text("Show in this window what the loader there does.").clicked();
    if let Some(start) = start.filter(|_| entered || clicked) {
        ctx.send(Command::Open(start));
    }
}
