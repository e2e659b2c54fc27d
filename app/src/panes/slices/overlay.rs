//! What is drawn over a slice: crosshair, where and at which level we are, and the scale bar.

use egui::{Align2, FontId, Painter, Pos2, Rect, Stroke, pos2, vec2};
use microtome_render::choose_display_level;

use super::Screen;
use crate::context::PaneContext;
use crate::panes::scale_bar::{length_text, scale_bar_ui};
use crate::state::LayerKind;

/// Draws it.
pub fn overlay_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    crosshair_ui(painter, ctx, screen);
    let corner = screen.rect.left_top() + vec2(8.0, 8.0);
    words_ui(painter, ctx, corner, Align2::LEFT_TOP, &position_text(ctx, screen));
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

/// `z 1.24 µm · slice 124 / 250 · s0 10 nm`
fn position_text(ctx: &PaneContext<'_>, screen: &Screen) -> String {
    let normal = screen.normal();
    let at_nm = screen.view.center_nm[normal];
    let mut parts = vec![format!("{} {}", normal.name(), length_text(at_nm))];
    let raw = ctx.state.session.open().and_then(|data| data.layers.iter().find(|layer| layer.kind == LayerKind::Raw));
    if let Some(raw) = raw {
        let finest = &raw.levels[0];
        if let Some(index) = finest.slice_index(&screen.view) {
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
    parts.join("  ·  ")
}

fn trim(nm: f64) -> f64 {
    (nm * 100.0).round() / 100.0
}

/// Names of the axes at the upper right: which way is which.
fn directions_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    let origin = screen.rect.right_top() + vec2(-44.0, 14.0);
    let font = FontId::proportional(11.0);
    let ground = Rect::from_min_size(origin - vec2(8.0, 8.0), vec2(46.0, 46.0));
    painter.rect_filled(ground, 4.0, ctx.theme.over_image_ground);
    let arms =
        [(screen.view.right(), vec2(18.0, 0.0), vec2(8.0, 0.0)), (screen.view.down(), vec2(0.0, 18.0), vec2(0.0, 8.0))];
    for (axis, arm, beyond) in arms {
        painter.arrow(origin, arm, Stroke::new(1.5, ctx.theme.axis(axis)));
        painter.text(origin + arm + beyond, Align2::CENTER_CENTER, axis.name(), font.clone(), ctx.theme.over_image);
    }
}

fn words_ui(painter: &Painter, ctx: &PaneContext<'_>, at: Pos2, align: Align2, text: &str) {
    let galley = painter.layout_no_wrap(text.to_owned(), FontId::proportional(12.0), ctx.theme.over_image);
    let rect = align.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand2(vec2(5.0, 3.0)), 3.0, ctx.theme.over_image_ground);
    painter.galley(rect.min, galley, ctx.theme.over_image);
}
