//! The field that takes a position as text and goes there.

use egui::{Button, Key, RichText, Role, TextEdit, Ui, WidgetInfo};

use super::text_window::{Line, text_window_ui};
use crate::command::Command;
use crate::context::PaneContext;
use crate::state::Place;

/// Draws the field if it is open.
pub fn go_to_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let closed = text_window_ui(ui, "Go to position", ctx.state.go_to_open, |ui, Line { text, just_opened }| {
        ui.set_width(440.0);
        ui.label("z, y, x in nm (or µm, mm); zoom and dataset if you like:");
        let hint = Place::on_display(ctx.state, ctx.state.views.cursor_nm).to_string();
        let edit = ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(f32::INFINITY));
        edit.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Position"));
        if just_opened {
            edit.request_focus();
        }
        let entered = edit.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        edit.on_hover_text("What Copy position gives, or three numbers: z, y, x.");
        let place = Place::parse(text);
        ui.horizontal(|ui| {
            let button = ui.add_enabled(place.is_some(), Button::new("Go"));
            let clicked = button.on_hover_text("Centre the views on this position.").clicked();
            if text.trim().is_empty() || place.is_some() {
                ui.label("");
            } else {
                let words = "This is no position: it needs three numbers, such as 1250, 300, 995.";
                ui.label(RichText::new(words).color(ctx.theme.risk));
            }
            if let Some(place) = place.filter(|_| entered || clicked) {
                ctx.send(Command::GoTo(place));
            }
        });
    });
    if closed {
        ctx.send(Command::ToggleGoTo);
    }
}
