//! The Data pane: datasets with their volumes, crops and classes, searched, and how they look in the slices.

mod classes;
mod fold;
mod image;
mod labels;
mod look;
mod search;
mod tree;

use egui::{Panel, ScrollArea, Ui};

use super::focus;
use crate::context::PaneContext;

/// Draws the pane.
pub fn data_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    Panel::bottom("look").resizable(false).frame(egui::Frame::new()).show(ui, |ui| look::look_ui(ui, ctx));
    search::search_ui(ui, ctx);
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().indent = 14.0;
        if ctx.state.search.found.is_none() {
            classes::classes_ui(ui, ctx);
        }
        tree::tree_ui(ui, ctx);
        focus::follow_focus(ui);
    });
}
