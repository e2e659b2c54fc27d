//! A ring about the widget that has the keyboard, whatever it is drawn by.

use egui::{Stroke, StrokeKind, Ui, Vec2};

use crate::context::PaneContext;

/// Width of the ring, points.
const WIDTH: f32 = 2.0;

/// Draws it over the widget's own layer. Text fields have a caret instead.
pub fn focus_ui(ui: &Ui, ctx: &PaneContext<'_>) {
    if ui.ctx().text_edit_focused() {
        return;
    }
    let focused = ui.memory(egui::Memory::focused).and_then(|id| ui.ctx().read_response(id));
    let Some(response) = focused.filter(|response| response.interact_rect.is_positive()) else { return };
    let window = ui.ctx().content_rect().shrink(WIDTH);
    // As much of it as can be seen; what reaches to the edge of the window has its ring inside.
    let around = response.interact_rect.expand2(Vec2::splat(1.0)).intersect(window);
    let painter = ui.ctx().layer_painter(response.layer_id);
    painter.rect_stroke(around, 3.0, Stroke::new(WIDTH, ctx.theme.accent), StrokeKind::Middle);
}
