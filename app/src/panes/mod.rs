//! The panes, one file each. A pane reads its context and sends commands; it reads no data and waits for nothing.

mod alerts;
mod cache;
mod classes;
mod crops;
mod curve;
mod data;
mod diagnosis;
mod figure;
pub(crate) mod focus;
mod log;
mod memory;
mod overview;
mod preview;
mod rates;
mod sampling;
mod scale_bar;
mod slices;
mod step;
mod throughput;
mod timeline;
mod trials;
mod tune;

use egui::Ui;

use crate::context::PaneContext;
pub use crate::state::PaneKind;

/// Draws one pane into the whole of `ui`.
pub fn pane_ui(ui: &mut Ui, kind: PaneKind, ctx: &PaneContext<'_>) {
    match kind {
        PaneKind::Data => data::data_ui(ui, ctx),
        PaneKind::SliceXy | PaneKind::SliceXz | PaneKind::SliceYz => slices::slice_ui(ui, kind, ctx),
        PaneKind::Overview => overview::overview_ui(ui, ctx),
        PaneKind::Crops => crops::crops_ui(ui, ctx),
        PaneKind::Sampling => sampling::sampling_ui(ui, ctx),
        PaneKind::Tune => tune::tune_ui(ui, ctx),
        PaneKind::Preview => preview::preview_ui(ui, ctx),
        PaneKind::Classes => classes::classes_ui(ui, ctx),
        PaneKind::Throughput => throughput::throughput_ui(ui, ctx),
        PaneKind::Timeline => timeline::timeline_ui(ui, ctx),
        PaneKind::Cache => cache::cache_ui(ui, ctx),
        PaneKind::Memory => memory::memory_ui(ui, ctx),
        PaneKind::Diagnosis => diagnosis::diagnosis_ui(ui, ctx),
        PaneKind::Log => log::log_ui(ui, ctx),
    }
}
