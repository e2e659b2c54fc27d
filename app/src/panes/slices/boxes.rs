//! Boxes over a slice: the volume, the label crops, and where samples were drawn, as they lay, the newest brightest.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2};

use super::Screen;
use crate::context::PaneContext;
use crate::panes::scale_bar::SCALE_BAR;
use crate::state::section;
use crate::theme::Theme;

/// Draws them.
pub fn boxes_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen) {
    let Some(data) = ctx.state.session.open() else { return };
    let Some(index) = ctx.state.dataset_in(screen.side) else { return };
    let Some(dataset) = data.catalog.datasets.get(index) else { return };
    if let Some(points) = screen.outline_of(&dataset.raw.bounds()) {
        outline(painter, screen, points, Stroke::new(1.0, ctx.theme.line));
    }
    if ctx.state.display.show_boxes {
        for crop in &dataset.crops {
            if let Some(points) = screen.outline_of(&crop.bounds) {
                let around = Rect::from_points(&points);
                outline(painter, screen, points, Stroke::new(1.5, ctx.theme.label_crop));
                name_ui(painter, ctx, screen, around, &crop.name);
            }
        }
        samples_ui(painter, ctx, screen, index);
    }
    if ctx.state.is_beside(screen.side) {
        return;
    }
    if let Some(points) = ctx.state.display.selected.as_ref().and_then(|selected| screen.outline_of(selected)) {
        let fill = Theme::faded(ctx.theme.sample, 0.08);
        painter.add(Shape::convex_polygon(points.clone(), fill, Stroke::NONE));
        outline(painter, screen, points, Stroke::new(2.5, ctx.theme.sample));
    }
}

fn samples_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen, dataset_index: usize) {
    let footprints = &ctx.state.loader.footprints;
    for (age, footprint) in footprints.iter().rev().enumerate().rev() {
        if footprint.dataset_index != dataset_index {
            continue;
        }
        let outline = section(&footprint.corners_nm, &screen.view);
        let points: Vec<_> = outline.into_iter().map(|corner| screen.point_from_world(corner)).collect();
        let freshness = 1.0 - age as f32 / footprints.len() as f32;
        let tone = ctx.state.display.crop_color.tone(footprint);
        let color = Theme::faded(ctx.color_of_crop(&tone), 0.05 + 0.85 * freshness.powi(4));
        painter.add(Shape::closed_line(points, Stroke::new(1.0, color)));
    }
}

/// Along the axes it is a rectangle, which is drawn on whole pixels.
fn outline(painter: &Painter, screen: &Screen, points: Vec<Pos2>, stroke: Stroke) {
    if screen.view.turned.is_none() {
        painter.rect_stroke(Rect::from_points(&points), 0.0, stroke, StrokeKind::Middle);
    } else {
        painter.add(Shape::closed_line(points, stroke));
    }
}

/// The name of a label crop inside its upper left corner, if there is room for it.
fn name_ui(painter: &Painter, ctx: &PaneContext<'_>, screen: &Screen, rect: Rect, name: &str) {
    let seen = rect.intersect(screen.rect);
    if seen.width() < 60.0 || seen.height() < 24.0 {
        return;
    }
    let font = FontId::proportional(11.0);
    // Not behind the scale bar.
    let in_corner = rect.left() < screen.rect.left() + 0.3 * screen.rect.width() + 20.0;
    let lowest = screen.rect.bottom() - if in_corner { SCALE_BAR } else { 0.0 };
    let at = pos2(rect.left() + 4.0, (rect.bottom() - 3.0).min(lowest));
    let galley = painter.layout_no_wrap(name.to_owned(), font, ctx.theme.label_crop);
    let ground = Align2::LEFT_BOTTOM.anchor_size(at, galley.size());
    painter.rect_filled(ground.expand(2.0), 2.0, ctx.theme.over_image_ground);
    painter.galley(ground.min, galley, Color32::PLACEHOLDER);
}
