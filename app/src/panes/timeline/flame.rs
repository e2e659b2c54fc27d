//! The flame of a stretch of the timeline: spans inside of spans, of all threads together, as wide as the time they took.

use egui::{Align2, FontId, Rect, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::paint::kind_color;
use crate::context::PaneContext;
use crate::format;
use crate::state::timeline::{Flame, Kind, RangeSummary};

const ROW: f32 = 18.0;
/// What is narrower is not drawn, points.
const NARROWEST: f32 = 0.5;
/// A name is written from this width on, points.
const NAMED: f32 = 40.0;

/// Draws the flame, at most so many points high.
pub(super) fn flame_ui(ui: &mut Ui, ctx: &PaneContext<'_>, selected: &RangeSummary, height: f32) {
    let total_ns =
        selected.flames.iter().filter(|flame| flame.depth == 0).map(|flame| flame.total_ns).sum::<u64>().max(1);
    let rows = selected.flames.iter().map(|flame| flame.depth + 1).max().unwrap_or(1);
    ScrollArea::vertical().id_salt("flame").max_height(height).auto_shrink([false, true]).show(ui, |ui| {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), rows as f32 * ROW), Sense::hover());
        let point_ns = total_ns as f64 / f64::from(rect.width().max(1.0));
        for flame in &selected.flames {
            let left = rect.left() + (flame.start_ns as f64 / point_ns) as f32;
            let width = (flame.total_ns as f64 / point_ns) as f32;
            if width >= NARROWEST {
                let corner = pos2(left, rect.top() + flame.depth as f32 * ROW);
                bar_ui(ui, ctx, flame, Rect::from_min_size(corner, vec2(width, ROW - 1.0)), total_ns);
            }
        }
    });
    ui.separator();
}

fn bar_ui(ui: &Ui, ctx: &PaneContext<'_>, flame: &Flame, rect: Rect, total_ns: u64) {
    let fill = kind_color(ctx.theme, Kind::of(&flame.name));
    ui.painter().rect_filled(rect.shrink2(vec2(if rect.width() > 3.0 { 0.5 } else { 0.0 }, 0.0)), 0, fill);
    if rect.width() > NAMED {
        let inside = ui.painter().with_clip_rect(ui.clip_rect().intersect(rect.shrink2(vec2(3.0, 0.0))));
        let font = FontId::proportional(11.0);
        inside.text(
            rect.left_center() + vec2(4.0, 0.0),
            Align2::LEFT_CENTER,
            &flame.name,
            font,
            ctx.theme.ink_on(fill),
        );
    }
    let id = ui.id().with(("flame", flame.depth, flame.start_ns, &flame.name));
    let response = ui.interact(rect, id, Sense::hover());
    let words = format!(
        "{}: {} in {}, {} of all",
        flame.name,
        format::nanoseconds(i64::try_from(flame.total_ns).unwrap_or(i64::MAX)),
        format::counted(flame.calls, "span", "spans"),
        format::percent(flame.total_ns as f64 / total_ns as f64)
    );
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, format!("flame {words}")));
    response.on_hover_text(words);
}
