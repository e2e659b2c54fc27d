//! The volume's box with its axes: what is behind is fainter, and each axis says its name and length.

use egui::{Align2, FontId, Painter, Rect, Stroke, Vec2, vec2};
use microtome_core::geometry::Axis;

use super::Scene;
use crate::context::PaneContext;
use crate::panes::scale_bar::{SCALE_BAR, length_text};
use crate::state::orbit::{Corners, EDGES, corners_of_box};
use crate::theme::Theme;

/// The three edges behind everything.
pub fn far_edges_ui(painter: &Painter, ctx: &PaneContext<'_>, scene: &Scene) {
    edges_ui(painter, scene, true, Stroke::new(1.0, Theme::faded(ctx.theme.weak, 0.35)));
}

/// The other nine.
pub fn near_edges_ui(painter: &Painter, ctx: &PaneContext<'_>, scene: &Scene) {
    edges_ui(painter, scene, false, Stroke::new(1.0, Theme::faded(ctx.theme.weak, 0.9)));
}

fn edges_ui(painter: &Painter, scene: &Scene, far: bool, stroke: Stroke) {
    let corners = corners_of_box(&scene.bounds);
    let farthest = scene.projection.farthest(&corners);
    for [a, b] in EDGES {
        if (a == farthest || b == farthest) == far {
            painter.line_segment([scene.point(corners[a]), scene.point(corners[b])], stroke);
        }
    }
}

/// Name and length of each axis, outside the box at an edge along it.
pub fn names_ui(painter: &Painter, ctx: &PaneContext<'_>, scene: &Scene) {
    const BEYOND: f32 = 16.0;
    let corners = corners_of_box(&scene.bounds);
    let middle = scene.point(scene.bounds.center_nm());
    let extent_nm = scene.bounds.extent_nm();
    let font = FontId::proportional(12.0);
    for axis in Axis::ALL {
        let [a, b] = outer_edge(scene, &corners, axis).map(|corner| scene.point(corners[corner]));
        if a.distance(b) < 12.0 {
            // Seen along its own direction, an axis has no length to write at.
            continue;
        }
        let at = a + (b - a) * 0.5;
        let text = format!("{} {}", axis.name(), length_text(extent_nm[axis]));
        let galley = painter.layout_no_wrap(text, font.clone(), ctx.theme.text);
        // Off the line itself, so that no stroke runs through the words.
        let away = across(b - a, at - middle) * (BEYOND + 0.3 * galley.size().x * across(b - a, at - middle).x.abs());
        // In a narrow pane it moves in, so that it can be read.
        let ground = within(Align2::CENTER_CENTER.anchor_size(at + away, galley.size()), scene.rect);
        painter.rect_filled(ground.expand2(vec2(3.0, 1.0)), 3.0, Theme::faded(ctx.theme.image_ground, 0.8));
        painter.galley(ground.min, galley, ctx.theme.text);
        let dot = ground.left_center() - vec2(8.0, 0.0);
        painter.circle_filled(dot, 3.0, ctx.theme.axis(axis));
    }
}

/// Moved so that it lies in the pane, with its dot at the left and above the scale bar.
fn within(words: Rect, pane: Rect) -> Rect {
    let room = Rect::from_min_max(pane.min + vec2(16.0, 4.0), pane.max - vec2(4.0, SCALE_BAR));
    let to = words.min.clamp(room.min, (room.max - words.size()).max(room.min));
    Rect::from_min_size(to, words.size())
}

/// The direction across a line, of length 1, on the side of `outward`.
fn across(along: Vec2, outward: Vec2) -> Vec2 {
    let normal = along.rot90().normalized();
    if normal.dot(outward) < 0.0 { -normal } else { normal }
}

/// The edge along an axis that is outermost on the screen; of two as far out the lower one, then the left one.
fn outer_edge(scene: &Scene, corners: &Corners, axis: Axis) -> [usize; 2] {
    const TIE: f32 = 0.01;
    let along = match axis {
        Axis::X => &EDGES[..4],
        Axis::Y => &EDGES[4..8],
        Axis::Z => &EDGES[8..],
    };
    let middle = scene.point(scene.bounds.center_nm());
    let rank = |edge: &[usize; 2]| {
        let [a, b] = edge.map(|corner| scene.point(corners[corner]));
        let from_middle = a + (b - a) * 0.5 - middle;
        let outward = across(b - a, from_middle);
        outward.dot(from_middle) + TIE * (from_middle.y - 0.5 * from_middle.x)
    };
    along.iter().copied().max_by(|a, b| rank(a).total_cmp(&rank(b))).unwrap_or(along[0])
}
