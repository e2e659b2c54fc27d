//! The middle of the window while nothing is open: how to begin, what is being opened, or why it could not be.

use egui::{Align2, Id, Layout, Order, RichText, Spinner, Ui};

use crate::command::{Command, by_command};
use crate::context::PaneContext;
use crate::options::Start;
use crate::state::Session;

/// Draws it.
pub fn welcome_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let top = (ui.available_height() * 0.22).max(24.0);
    ui.with_layout(Layout::top_down(egui::Align::Center), |ui| {
        ui.add_space(top);
        match &ctx.state.session {
            Session::Opening { path } => {
                ui.add(Spinner::new().size(28.0));
                ui.add_space(8.0);
                ui.label(RichText::new("Opening").heading().color(ctx.theme.strong));
                ui.label(path.display().to_string());
                ui.add_space(8.0);
                if ui.button("Cancel").on_hover_text("Stop opening it; nothing is open then.").clicked() {
                    ctx.send(Command::Close);
                }
            }
            Session::Failed { message, .. } => {
                ui.label(RichText::new("This could not be opened").heading().color(ctx.theme.loss));
                ui.add_space(6.0);
                ui.scope(|ui| {
                    ui.set_max_width(720.0);
                    ui.label(RichText::new(message).color(ctx.theme.text));
                });
                ui.add_space(10.0);
                if ui.button("Try again").on_hover_text("Open the same path again.").clicked() {
                    ctx.send(Command::Open(ctx.state.asked.clone()));
                }
                begin_ui(ui, ctx);
            }
            _ => {
                ui.label(RichText::new("Microtome").size(30.0).color(ctx.theme.strong));
                ui.label("See what the network will see, and what the loader does.");
                begin_ui(ui, ctx);
            }
        }
    });
}

fn begin_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    ui.add_space(20.0);
    if ui.button(RichText::new("Open folder…").size(15.0)).on_hover_text(tip(ctx, &Command::ChooseFolder)).clicked() {
        ctx.send(Command::ChooseFolder);
    }
    if ui.button("Open path…").on_hover_text(tip(ctx, &Command::TogglePathField)).clicked() {
        ctx.send(Command::TogglePathField);
    }
    ui.add_space(6.0);
    ui.weak("or drop an OME-Zarr group, a CellMap dataset, a configuration (TOML) or a script for cellmap-data (Python) on this window");
    ui.weak("No data at hand? `microtome demo` writes a synthetic cell and opens it.");
    if !ctx.state.recent.is_empty() {
        ui.add_space(20.0);
        ui.label(RichText::new("Recent").color(ctx.theme.strong));
        for path in &ctx.state.recent {
            if ui.link(path.display().to_string()).on_hover_text("Open it again.").clicked() {
                ctx.send(Command::Open(Start::from_path(path.clone())));
            }
        }
    }
}

/// What a command does, and its key.
fn tip(ctx: &PaneContext<'_>, command: &Command) -> String {
    by_command(command).map_or_else(String::new, |spec| spec.tip(ctx.state))
}

/// While something is dragged over the window: what letting go will do.
pub fn drop_hint_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let hovering = ui.input(|input| input.raw.hovered_files.first().cloned());
    let Some(file) = hovering else { return };
    let layer = egui::LayerId::new(Order::Foreground, Id::unique("drop hint"));
    let painter = ui.ctx().layer_painter(layer);
    let rect = ui.ctx().content_rect();
    painter.rect_filled(rect, 0.0, ctx.theme.over_image_ground);
    let path = file.path.map(|path| path.display().to_string()).unwrap_or_default();
    let text = format!("Drop to open\n{path}");
    let font = egui::FontId::proportional(20.0);
    painter.text(rect.center(), Align2::CENTER_CENTER, text, font, ctx.theme.over_image);
}
