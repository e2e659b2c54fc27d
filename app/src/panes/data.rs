//! The pane `data`.

use egui::Ui;

use crate::context::PaneContext;

/// Draws the pane.
pub fn data_ui(ui: &mut Ui, _ctx: &PaneContext<'_>) {
    ui.weak("The loader is not running.");
}
