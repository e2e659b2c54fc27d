//! The ruler over a slice: a line with its length.

use egui::{Align2, FontId, Painter, Stroke, vec2};
use microtome_render::choose_display_level;

use super::Screen;
use crate::context::PaneContext;
use crate::format;
use crate::panes::scale_bar::length_text;
use crate::state::{LayerKind, Ruler};
use crate::theme::Theme;

/// Draws the ruler in the slice that it was measured in; fainter where the slice has moved on.
pub fn ruler_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    const TICK: f32 = 5.0;
    let Some(ruler) = ctx.state.views.ruler.filter(|ruler| ruler.normal == screen.normal()) else { return };
    let [from, to] = [ruler.from_nm, ruler.to_nm].map(|end| screen.point_from_world(end));
    let moved_on = screen.view.height_nm(ruler.from_nm).abs() > 1e-6;
    let opacity = if moved_on { 0.4 } else { 1.0 };
    let tick = (to - from).rot90().normalized() * TICK;
    // A dark line below the bright one shows over any image.
    for (width, color) in [(4.0, ctx.theme.over_image_ground), (1.8, ctx.theme.over_image)] {
        let stroke = Stroke::new(width, Theme::faded(color, opacity));
        painter.line_segment([from, to], stroke);
        for end in [from, to] {
            painter.line_segment([end - tick, end + tick], stroke);
        }
    }
    let text = words(ctx, screen, &ruler);
    let galley = painter.layout_no_wrap(text, FontId::proportional(12.0), ctx.theme.over_image);
    // Beyond its end, so that the words never cover the line.
    let beyond = vec2(0.0, if to.y < from.y { -20.0 } else { 20.0 });
    let ground = Align2::CENTER_CENTER.anchor_size(to + beyond, galley.size()).expand2(vec2(5.0, 2.0));
    let room = screen.rect.shrink(2.0);
    let inside = ground.translate((room.min - ground.min).max(vec2(0.0, 0.0)));
    let inside = inside.translate((room.max - inside.max).min(vec2(0.0, 0.0)));
    painter.rect_filled(inside, 3.0, Theme::faded(ctx.theme.over_image_ground, opacity));
    painter.galley(inside.min + vec2(5.0, 2.0), galley, Theme::faded(ctx.theme.over_image, opacity));
}

/// `1.25 µm · 125 voxels of s0`
fn words(ctx: &PaneContext<'_>, screen: &Screen, ruler: &Ruler) -> String {
    // A pointer is no finer than that.
    let length_nm = ruler.length_nm();
    let length = length_text(if length_nm < 100.0 { length_nm } else { length_nm.round() });
    let raw = ctx.state.session.open().and_then(|data| data.layers.iter().find(|layer| layer.kind == LayerKind::Raw));
    let Some(raw) = raw else { return length };
    let level = choose_display_level(&raw.levels, &screen.view);
    let voxels = ruler.length_in(raw.levels[level].world_from_voxel.voxel_size_nm);
    format!("{length}  ·  {} voxels of {}", format::number(voxels), raw.volume.levels()[level].path)
}
