//! The chunk grid over a slice: every chunk of the level on display in the colour of what is known of it.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, vec2};

use super::Screen;
use crate::context::PaneContext;
use crate::state::{ChunkStatus, Reading};
use crate::theme::Theme;

/// Draws the grid, if it is shown.
pub fn chunks_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    let Some(grid) = &ctx.state.chunk_grids[screen.normal()] else { return };
    let most = grid.reading.as_ref().map_or(0, Reading::most);
    for ((world_box, status), reads) in grid.chunks.iter().zip(&grid.reads) {
        let color = color(ctx.theme, *status);
        let fill = match status {
            // The more samples decode it the stronger.
            ChunkStatus::Resident if *reads > 0 => Theme::faded(ctx.theme.sample, 0.3 * *reads as f32 / most as f32),
            ChunkStatus::Resident => Color32::TRANSPARENT,
            ChunkStatus::Queued => Theme::faded(color, 0.06),
            ChunkStatus::Decoding => Theme::faded(color, 0.3),
            ChunkStatus::Absent | ChunkStatus::Failed => Theme::faded(color, 0.22),
        };
        let stroke = Stroke::new(1.0, Theme::faded(color, 0.8));
        if screen.view.turned.is_some() {
            let outline = screen.outline_of(world_box).map(|points| Shape::convex_polygon(points, fill, stroke));
            painter.extend(outline);
            count_ui(painter, ctx, screen.point_from_world(world_box.center_nm()), *reads);
            continue;
        }
        let (a, b) = (screen.point_from_world(world_box.lo), screen.point_from_world(world_box.hi));
        // Neighbours do not draw over each other's lines.
        let rect = Rect::from_two_pos(a, b).shrink(0.75);
        painter.rect(rect, 0.0, fill, stroke, StrokeKind::Inside);
        if rect.width().min(rect.height()) > COUNT_SIDE {
            count_ui(painter, ctx, rect.center(), *reads);
        }
    }
}

/// Points of a chunk's side from which on there is room for a number in it.
const COUNT_SIDE: f32 = 22.0;

/// How many samples decode a chunk, in its middle.
fn count_ui(painter: &Painter, ctx: &PaneContext<'_>, at: Pos2, reads: u32) {
    if reads > 0 {
        let galley = painter.layout_no_wrap(format!("{reads} ×"), FontId::proportional(10.0), ctx.theme.over_image);
        let rect = Align2::CENTER_CENTER.anchor_size(at, galley.size());
        painter.rect_filled(rect.expand2(vec2(3.0, 1.0)), 2.0, ctx.theme.over_image_ground);
        painter.galley(rect.min, galley, Color32::PLACEHOLDER);
    }
}

fn color(theme: &Theme, status: ChunkStatus) -> Color32 {
    match status {
        ChunkStatus::Resident => theme.chunk_cached,
        ChunkStatus::Queued | ChunkStatus::Decoding => theme.sample,
        ChunkStatus::Absent => theme.chunk_absent,
        ChunkStatus::Failed => theme.loss,
    }
}

/// What the samples of the last batch take.
fn reading_lines(reading: &Reading) -> [String; 2] {
    let times = match reading.most() {
        0 => "they read another level".to_owned(),
        most => format!("a chunk up to {most} ×"),
    };
    [format!("{:.1} × the last batch", reading.amplification()), times]
}

/// What the colours mean, with the counts, at the lower right.
pub fn legend_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    const ROW: f32 = 16.0;
    let Some(grid) = &ctx.state.chunk_grids[screen.normal()] else { return };
    let counts = ChunkStatus::ALL.map(|status| (status, grid.count(status)));
    let rows: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
    // In a small slice it would cover too much; the status bar says it, too.
    let has_room = screen.rect.width() > 260.0 && screen.rect.height() > 200.0;
    let reading = grid.reading.as_ref().filter(|_| has_room).map(reading_lines);
    let lines = rows.len() + 1 + reading.iter().flatten().count();
    let size = vec2(if reading.is_some() { 164.0 } else { 112.0 }, ROW * lines as f32 + 6.0);
    let ground = Align2::RIGHT_BOTTOM.anchor_size(screen.rect.right_bottom() - vec2(8.0, 8.0), size);
    painter.rect_filled(ground, 3.0, ctx.theme.over_image_ground);
    let at = |row: usize| ground.left_top() + vec2(8.0, 3.0 + ROW * (row as f32 + 0.5));
    let font = FontId::proportional(11.0);
    let head = format!("chunks of {}", grid.level);
    painter.text(at(0), Align2::LEFT_CENTER, head, font.clone(), ctx.theme.over_image);
    for (row, line) in reading.into_iter().flatten().enumerate() {
        painter.text(at(lines - 2 + row), Align2::LEFT_CENTER, line, font.clone(), ctx.theme.over_image);
    }
    for (row, (status, count)) in rows.into_iter().enumerate() {
        let left = at(row + 1);
        let swatch = Rect::from_center_size(left + vec2(4.0, 0.0), vec2(8.0, 8.0));
        let color = color(ctx.theme, status);
        if status == ChunkStatus::Queued {
            // As the chunks themselves: an outline, where those that are decoded are filled.
            painter.rect_stroke(swatch, 1.0, Stroke::new(1.0, color), StrokeKind::Inside);
        } else {
            painter.rect_filled(swatch, 1.0, color);
        }
        let text = format!("{count} {}", status.name());
        painter.text(left + vec2(14.0, 0.0), Align2::LEFT_CENTER, text, font.clone(), ctx.theme.over_image);
    }
}
