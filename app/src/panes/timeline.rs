//! The pane `timeline`.

use egui::Ui;

use crate::context::PaneContext;

/// Draws the pane.
pub fn timeline_ui(ui: &mut Ui, _ctx: &PaneContext<'_>) {
    ui.weak("The loader is not running.");
}
