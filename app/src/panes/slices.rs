//! The pane `slices`.

use egui::Ui;

use crate::context::PaneContext;
use crate::state::PaneKind;

/// Draws the slice.
pub fn slice_ui(ui: &mut Ui, kind: PaneKind, _ctx: &PaneContext<'_>) {
    ui.weak(kind.title());
}
