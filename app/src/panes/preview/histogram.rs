//! Histograms of the patch before and after.

use egui::{Role, Ui, WidgetInfo};
use egui_plot::{Corner, Legend, Line, Plot, PlotPoints};

use crate::context::PaneContext;
use crate::format;
use crate::state::preview::Histograms;

/// Draws them over each other, `size` points large.
pub(super) fn histogram_ui(ui: &mut Ui, ctx: &PaneContext<'_>, histograms: &Histograms, size: egui::Vec2) {
    const ROOM_FOR_LEGEND: f32 = 150.0;
    if histograms.before.is_empty() {
        return;
    }
    let legend = Legend::default()
        .position(Corner::RightTop)
        .follow_insertion_order(true)
        .background_alpha(0.6)
        .text_style(egui::TextStyle::Small);
    let plot = Plot::new("preview histograms")
        .width(size.x)
        .height(size.y)
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .allow_axis_zoom_drag(false)
        .show_y(false)
        .show_axes([true, false])
        .show_grid([true, false])
        .grid_color(ctx.theme.line)
        .include_x(0.0)
        .include_x(1.0)
        .include_y(0.0);
    // Where it would hide the curves, the tooltip says it.
    let plot = if size.x < ROOM_FOR_LEGEND { plot } else { plot.legend(legend) };
    let [before, after, ..] = ctx.theme.series;
    let response = plot.show(ui, |plot| {
        for (name, shares, color) in [("before", &histograms.before, before), ("after", &histograms.after, after)] {
            plot.line(Line::new(name, steps(histograms, shares)).color(color).width(1.5));
        }
    });
    response.response.widget_info(|| {
        let [from, to] = [histograms.from, histograms.to].map(format::number);
        WidgetInfo::labeled(Role::Image, true, format!("histograms before and after, from {from} to {to}"))
    });
    response.response.on_hover_text(
        "Intensities of all voxels of the patch: before in blue, after in green; 0–1 is black to white.",
    );
}

/// The outline of the bars.
fn steps(histograms: &Histograms, shares: &[f64]) -> PlotPoints<'static> {
    let width = (histograms.to - histograms.from) / shares.len().max(1) as f64;
    let corners = shares.iter().enumerate().flat_map(|(bin, share)| {
        let left = histograms.from + bin as f64 * width;
        [[left, *share], [left + width, *share]]
    });
    corners.collect()
}
