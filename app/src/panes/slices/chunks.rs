//! The chunk grid over a slice: every chunk of the level on display in the colour of what is known of it.

use egui::{Align2, Color32, FontId, Painter, Rect, Shape, Stroke, StrokeKind, vec2};

use super::Screen;
use crate::context::PaneContext;
use crate::state::ChunkStatus;
use crate::theme::Theme;

/// Draws the grid, if it is shown.
pub fn chunks_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    let Some(grid) = &ctx.state.chunk_grids[screen.normal()] else { return };
    for (world_box, status) in &grid.chunks {
        let color = color(ctx.theme, *status);
        let fill = match status {
            ChunkStatus::Resident => Color32::TRANSPARENT,
            ChunkStatus::Wanted => Theme::faded(color, 0.08),
            ChunkStatus::Absent | ChunkStatus::Failed => Theme::faded(color, 0.22),
        };
        let stroke = Stroke::new(1.0, Theme::faded(color, 0.8));
        if screen.view.turned.is_some() {
            let outline = screen.outline_of(world_box).map(|points| Shape::convex_polygon(points, fill, stroke));
            painter.extend(outline);
            continue;
        }
        let (a, b) = (screen.point_from_world(world_box.lo), screen.point_from_world(world_box.hi));
        // Neighbours do not draw over each other's lines.
        let rect = Rect::from_two_pos(a, b).shrink(0.75);
        painter.rect(rect, 0.0, fill, stroke, StrokeKind::Inside);
    }
}

fn color(theme: &Theme, status: ChunkStatus) -> Color32 {
    match status {
        ChunkStatus::Resident => theme.chunk_cached,
        ChunkStatus::Wanted => theme.sample,
        ChunkStatus::Absent => theme.chunk_absent,
        ChunkStatus::Failed => theme.loss,
    }
}

/// What the colours mean, with the counts, at the lower right.
pub fn legend_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    const ROW: f32 = 16.0;
    let Some(grid) = &ctx.state.chunk_grids[screen.normal()] else { return };
    let counts = ChunkStatus::ALL.map(|status| (status, grid.count(status)));
    let rows: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    let size = vec2(112.0, ROW * (rows.len() + 1) as f32 + 6.0);
    let ground = Align2::RIGHT_BOTTOM.anchor_size(screen.rect.right_bottom() - vec2(8.0, 8.0), size);
    painter.rect_filled(ground, 3.0, ctx.theme.over_image_ground);
    let at = |row: usize| ground.left_top() + vec2(8.0, 3.0 + ROW * (row as f32 + 0.5));
    let font = FontId::proportional(11.0);
    let head = format!("chunks of {}", grid.level);
    painter.text(at(0), Align2::LEFT_CENTER, head, font.clone(), ctx.theme.over_image);
    for (row, (status, count)) in rows.into_iter().enumerate() {
        let left = at(row + 1);
        let swatch = Rect::from_center_size(left + vec2(4.0, 0.0), vec2(8.0, 8.0));
        painter.rect_filled(swatch, 1.0, color(ctx.theme, status));
        let text = format!("{count} {}", status.name());
        painter.text(left + vec2(14.0, 0.0), Align2::LEFT_CENTER, text, font.clone(), ctx.theme.over_image);
    }
}
