//! The window that writes the box on display into a file.

use std::path::{Path, PathBuf};

use egui::{Button, ComboBox, Key, RichText, Role, TextEdit, Ui, WidgetInfo};
use microtome_core::write::Format;

use super::text_window::{Line, text_window_ui};
use crate::command::Command;
use crate::context::PaneContext;
use crate::format;
use crate::state::Layer;

/// Draws the window if it is open.
pub fn export_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let title = "Export the visible box";
    let closed = text_window_ui(ui, title, ctx.state.export.open, |ui, Line { text, just_opened }| {
        ui.set_width(520.0);
        ui.horizontal(|ui| {
            layer_ui(ui, ctx);
            level_ui(ui, ctx);
        });
        let plan = ctx.state.export_plan();
        match &plan {
            Some(plan) => {
                let shape = plan.what.voxels.shape();
                let bytes = format::bytes(plan.what.bytes(&plan.volume));
                ui.label(format!("{} × {} × {} voxels (z, y, x), {bytes}", shape.z, shape.y, shape.x));
            }
            None => {
                let words = "The slices show nothing of this volume: move or zoom them.";
                ui.label(RichText::new(words).color(ctx.theme.risk));
            }
        }
        ui.label(
            "A new file; its ending says the format: .npy (NumPy), .tif (Fiji, with the voxel size), .zarr (OME-Zarr):",
        );
        let hint = "box.tif";
        let edit = ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(f32::INFINITY));
        edit.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Export to"));
        if just_opened {
            edit.request_focus();
        }
        let entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let path = text.trim().trim_matches(['"', '\'']);
        let problem = problem(path, ctx);
        let ready = plan.is_some() && problem.is_none() && !path.is_empty();
        ui.horizontal(|ui| {
            let button = ui.add_enabled(ready, Button::new("Export"));
            let clicked = button.on_hover_text("Write the voxels as they are stored, in the background.").clicked();
            if let Some(problem) = problem {
                ui.label(RichText::new(problem).color(ctx.theme.risk));
            }
            if ready && (entered || clicked) {
                ctx.send(Command::Export(PathBuf::from(path)));
            }
        });
    });
    if closed {
        ctx.send(Command::ToggleExport);
    }
}

/// What stands against this path, as far as that can be said without looking at the disk.
fn problem(path: &str, ctx: &PaneContext<'_>) -> Option<&'static str> {
    if ctx.state.export.running.is_some() {
        return Some("Another export is still being written.");
    }
    let is_known = path.is_empty() || Format::of_path(Path::new(path)).is_ok();
    (!is_known).then_some("The name must end in .npy, .tif or .zarr.")
}

fn layer_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let layers = ctx.state.session.open().map_or(&[][..], |data| &data.layers);
    let chosen = ctx.state.export.layer;
    let current = layers.get(chosen).map_or_else(String::new, |layer| ctx.state.layer_name(layer));
    let combo = ComboBox::from_id_salt("export layer").selected_text(&current).width(200.0).show_ui(ui, |ui| {
        for (index, layer) in layers.iter().enumerate() {
            if ui.selectable_label(index == chosen, ctx.state.layer_name(layer)).clicked() {
                ctx.send(Command::SetExportLayer(index));
            }
        }
    });
    labelled(&combo.response, "Volume to export", &current);
    combo.response.on_hover_text("The EM, or the labels of one class of a crop.");
}

fn level_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let layers = ctx.state.session.open().map_or(&[][..], |data| &data.layers);
    let Some(layer) = layers.get(ctx.state.export.layer) else { return };
    let level = ctx.state.export_level(layer);
    let current = level_words(layer, level);
    let combo = ComboBox::from_id_salt("export level").selected_text(&current).width(200.0).show_ui(ui, |ui| {
        for index in 0..layer.levels.len() {
            if ui.selectable_label(index == level, level_words(layer, index)).clicked() {
                ctx.send(Command::SetExportLevel(Some(index)));
            }
        }
    });
    labelled(&combo.response, "Level to export", &current);
    combo.response.on_hover_text("The resolution that is written; at first the one on display.");
}

fn level_words(layer: &Layer, index: usize) -> String {
    layer.volume.levels().get(index).map_or_else(String::new, |level| {
        let size = level.voxel_size_nm();
        let name = if level.path.is_empty() { "level" } else { &level.path };
        format!("{name}: {} × {} × {} nm", format::decimal(size.z), format::decimal(size.y), format::decimal(size.x))
    })
}

fn labelled(response: &egui::Response, label: &str, value: &str) {
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, label);
        info.current_text_value = Some(value.to_owned());
        info
    });
}
