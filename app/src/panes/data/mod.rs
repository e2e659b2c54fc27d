//! The Data pane: datasets with their levels, crops and classes, and how the slices look.

mod look;
mod tree;

use egui::{Panel, ScrollArea, Ui};

use crate::context::PaneContext;

/// Draws the pane.
pub fn data_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    Panel::bottom("look").resizable(false).frame(egui::Frame::new()).show(ui, |ui| look::look_ui(ui, ctx));
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| tree::tree_ui(ui, ctx));
}
