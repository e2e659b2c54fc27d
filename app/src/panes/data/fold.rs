//! A part of the tree that folds away: a triangle with a name of its own, anything beside it, and what is below.

use egui::collapsing_header::{CollapsingState, paint_default_icon};
use egui::{Id, Response, Role, Ui, WidgetInfo};

/// How a fold begins.
#[derive(Clone, Copy)]
pub struct Fold<'a> {
    /// Tells it from the others of its parent.
    pub id: Id,
    /// What its triangle is called.
    pub label: &'a str,
    /// Open until the user says otherwise.
    pub open: bool,
    /// Open whatever the user says, as long as something in it was searched for.
    pub forced: bool,
}

/// Draws it: the header beside the triangle, and the body below if it is open.
pub fn fold_ui(ui: &mut Ui, fold: Fold<'_>, header_ui: impl FnOnce(&mut Ui), body_ui: impl FnOnce(&mut Ui)) {
    let mut state = CollapsingState::load_with_default_open(ui.ctx(), fold.id, fold.open);
    let header = ui.horizontal(|ui| {
        let spacing = std::mem::replace(&mut ui.spacing_mut().item_spacing.x, 2.0);
        triangle_ui(ui, &mut state, fold);
        ui.spacing_mut().item_spacing.x = spacing;
        header_ui(ui);
    });
    if fold.forced {
        // What the user folded away stays so for afterwards.
        state.store(ui.ctx());
        ui.indent(fold.id, body_ui);
    } else {
        state.show_body_indented(&header.response, ui, body_ui);
    }
}

fn triangle_ui(ui: &mut Ui, state: &mut CollapsingState, fold: Fold<'_>) -> Response {
    let open = state.is_open() || fold.forced;
    let triangle = state.show_toggle_button(ui, paint_default_icon);
    triangle.widget_info(|| WidgetInfo::selected(Role::Button, !fold.forced, open, fold.label));
    triangle.on_hover_text(if open { "Fold away." } else { "Show what is in it." })
}
