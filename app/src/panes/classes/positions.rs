//! Where along each axis the middles of simulated draws lie: one small histogram per axis of the shown dataset.

use egui::{Color32, Rect, RichText, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use microtome_core::geometry::Axis;

use crate::context::PaneContext;
use crate::format;
use crate::state::OpenData;

/// Size of a histogram, points.
const SIZE: egui::Vec2 = vec2(220.0, 34.0);

/// Draws them, or says what they need.
pub fn positions_ui(ui: &mut Ui, ctx: &PaneContext<'_>, data: &OpenData) {
    let title = RichText::new("Positions of draws along each axis").small().color(ctx.theme.weak);
    ui.label(title).on_hover_text("Middles of simulated patches over the extent of the shown volume.");
    let view = ctx.state.loader.simulation.as_ref();
    let middles = view.and_then(|view| view.simulation.middles.get(data.dataset_index));
    let Some(middles) = middles else {
        ui.label(RichText::new("Simulate draws to see them.").color(ctx.theme.weak));
        return;
    };
    for axis in Axis::ALL {
        ui.horizontal(|ui| {
            let name = ["z", "y", "x"][axis.index()];
            ui.label(RichText::new(name).monospace().color(ctx.theme.text));
            histogram_ui(ui, ctx, name, &middles[axis], ctx.theme.axis(axis));
        });
    }
}

fn histogram_ui(ui: &mut Ui, ctx: &PaneContext<'_>, name: &str, bins: &[u64], color: Color32) {
    let (rect, response) = ui.allocate_exact_size(SIZE, Sense::hover());
    ui.painter().rect_filled(rect, 2.0, ctx.theme.deep);
    let most = bins.iter().copied().max().unwrap_or(0);
    let width = rect.width() / bins.len().max(1) as f32;
    for (bin, count) in bins.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (*count as f32 / most.max(1) as f32 * (rect.height() - 2.0)).max(1.0);
        let left = rect.left() + bin as f32 * width;
        let bar = Rect::from_min_max(pos2(left, rect.bottom() - height), pos2(left + width, rect.bottom()));
        ui.painter().rect_filled(bar, 0.0, color);
    }
    let empty = bins.iter().filter(|count| **count == 0).count();
    let words = format!("draws along {name}: at most {} in a part of {}", format::count(most), bins.len());
    let words = format!("{words}, none in {empty}");
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words.clone()));
    response.on_hover_text(words);
}
