//! What is drawn over a slice: crosshair, where and at which level we are, and the scale bar.

use egui::{Align2, FontId, Painter, Rect, Stroke, pos2, vec2};
use microtome_core::geometry::{Axis, Zyx};
use microtome_render::{choose_display_level, dot};

use super::Screen;
use crate::context::PaneContext;
use crate::panes::scale_bar::{length_text, scale_bar_ui};
use crate::state::LayerKind;

/// Draws it.
pub fn overlay_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    crosshair_ui(painter, ctx, screen);
    twin_ui(painter, ctx, screen);
    position_ui(painter, ctx, screen);
    directions_ui(painter, ctx, screen);
    scale_bar_ui(painter, ctx.theme, screen.rect, screen.nm_per_point());
}

fn crosshair_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    const GAP: f32 = 7.0;
    let at = screen.point_from_world(ctx.state.views.cursor_nm);
    let stroke = Stroke::new(1.0, ctx.theme.crosshair);
    let Rect { min, max } = screen.rect;
    // The middle stays free, so that the voxel at the cursor can be seen.
    painter.line_segment([pos2(min.x, at.y), pos2(at.x - GAP, at.y)], stroke);
    painter.line_segment([pos2(at.x + GAP, at.y), pos2(max.x, at.y)], stroke);
    painter.line_segment([pos2(at.x, min.y), pos2(at.x, at.y - GAP)], stroke);
    painter.line_segment([pos2(at.x, at.y + GAP), pos2(at.x, max.y)], stroke);
}

/// Where the pointer is in the other half.
fn twin_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    const ARM: f32 = 6.0;
    let views = &ctx.state.views;
    let is_other = views.active == screen.normal() && views.hover_side != screen.side;
    let Some(at_nm) = views.hover_nm.filter(|_| is_other) else { return };
    let at = screen.point_from_world(at_nm);
    for (width, color) in [(3.0, ctx.theme.over_image_ground), (1.2, ctx.theme.over_image)] {
        let stroke = Stroke::new(width, color);
        painter.line_segment([at - vec2(ARM, 0.0), at + vec2(ARM, 0.0)], stroke);
        painter.line_segment([at - vec2(0.0, ARM), at + vec2(0.0, ARM)], stroke);
    }
}

/// Width of the axes at the upper right, with a margin, points.
pub(super) const DIRECTIONS: f32 = 66.0;

/// Where the slice lies: as much of it as there is room for beside the axes, the position before all.
fn position_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    let font = FontId::proportional(12.0);
    let mut parts = position_parts(ctx, screen);
    let layout = |parts: &[String]| painter.layout_no_wrap(parts.join("  ·  "), font.clone(), ctx.theme.over_image);
    let room = screen.rect.width() - DIRECTIONS - 16.0;
    while parts.len() > 1 && layout(&parts).size().x > room {
        // The number of the slice goes before the level.
        parts.remove(1);
    }
    let galley = layout(&parts);
    let rect = Align2::LEFT_TOP.anchor_size(screen.rect.left_top() + vec2(8.0, 8.0), galley.size());
    painter.rect_filled(rect.expand2(vec2(5.0, 3.0)), 3.0, ctx.theme.over_image_ground);
    painter.galley(rect.min, galley, ctx.theme.over_image);
}

/// `z 1.24 µm`, `slice 124 / 250`, `s0 10 nm`.
fn position_parts(ctx: &PaneContext<'_>, screen: &Screen) -> Vec<String> {
    let normal = screen.normal();
    let at_nm = ctx.state.views.cursor_nm[normal];
    let mut parts = vec![format!("{} {}", normal.name(), length_text(at_nm))];
    let layers = ctx
        .state
        .session
        .open()
        .map_or(&[][..], |data| if ctx.state.is_beside(screen.side) { &data.beside_layers } else { &data.layers });
    if let Some(raw) = layers.iter().find(|layer| layer.kind == LayerKind::Raw) {
        let finest = &raw.levels[0];
        let index = finest.slice_index(&screen.view).filter(|_| screen.view.turned.is_none());
        if let Some(index) = index {
            parts.push(format!("slice {} / {}", index + 1, finest.shape[normal]));
        }
        let shown = choose_display_level(&raw.levels, &screen.view);
        let size_nm = raw.levels[shown].world_from_voxel.voxel_size_nm;
        let (right, down) = (size_nm[screen.view.right()], size_nm[screen.view.down()]);
        let size = if (right - down).abs() < 1e-9 {
            format!("{} nm", trim(right))
        } else {
            format!("{} × {} nm", trim(right), trim(down))
        };
        // Otherwise the chip says which voxels are drawn.
        if ctx.state.network_layers(normal).is_empty() {
            parts.push(format!("{} {size}", raw.level_name(shown)));
        }
    }
    parts
}

fn trim(nm: f64) -> f64 {
    (nm * 100.0).round() / 100.0
}

/// Names of the axes at the upper right: which way is which.
fn directions_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    let origin = screen.rect.right_top() + vec2(-44.0, 14.0);
    let font = FontId::proportional(11.0);
    let ground = Rect::from_min_size(origin - vec2(8.0, 8.0), vec2(46.0, 46.0));
    if screen.view.turned.is_some() {
        let ground = ground.expand2(vec2(14.0, 14.0));
        return turned_axes_ui(&painter.with_clip_rect(screen.rect), ctx, screen, ground.translate(vec2(-12.0, 8.0)));
    }
    painter.rect_filled(ground, 4.0, ctx.theme.over_image_ground);
    let arms =
        [(screen.view.right(), vec2(18.0, 0.0), vec2(8.0, 0.0)), (screen.view.down(), vec2(0.0, 18.0), vec2(0.0, 8.0))];
    for (axis, arm, beyond) in arms {
        painter.arrow(origin, arm, Stroke::new(1.5, ctx.theme.axis(axis)));
        painter.text(origin + arm + beyond, Align2::CENTER_CENTER, axis.name(), font.clone(), ctx.theme.over_image);
    }
}

/// The three axes as a turned plane sees them: those that lie in it are long.
fn turned_axes_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen, ground: Rect) {
    const ARM: f32 = 20.0;
    let ground = ground.translate((screen.rect.right_top() + vec2(-6.0, 6.0)) - ground.right_top());
    painter.rect_filled(ground, 4.0, ctx.theme.over_image_ground);
    for axis in Axis::ALL {
        let along = Zyx::from_fn(|other| if other == axis { 1.0 } else { 0.0 });
        let [right, down] = [screen.view.right_vector(), screen.view.down_vector()].map(|side| dot(along, side) as f32);
        let arm = vec2(right, down) * ARM;
        painter.arrow(ground.center(), arm, Stroke::new(1.5, ctx.theme.axis(axis)));
        // The name of an axis that points at the viewer would lie on the others.
        if arm.length() > ARM * 0.3 {
            let at = ground.center() + arm + arm.normalized() * 8.0;
            let font = FontId::proportional(11.0);
            painter.text(at, Align2::CENTER_CENTER, axis.name(), font, ctx.theme.over_image);
        }
    }
}
