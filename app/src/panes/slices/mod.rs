//! One of the three linked slices: the image by wgpu, everything over it by the painter, and what the mouse does.

mod boxes;
mod chips;
mod chunks;
mod density;
mod mouse;
mod overlay;
mod paint;
mod ruler;

use egui::{Rect, Role, Sense, Ui, WidgetInfo, vec2};
use microtome_core::geometry::{Axis, Zyx};
use microtome_render::SliceView;

use crate::command::Command;
use crate::context::PaneContext;
use crate::panes::focus;
use crate::state::orbit::corners_of_box;
use crate::state::{PaneKind, Side, section};

/// Draws the slice, or its two halves, and sends what the mouse does on it.
pub fn slice_ui(ui: &mut Ui, kind: PaneKind, ctx: &PaneContext<'_>) {
    const GAP: f32 = 3.0;
    let Some(normal) = kind.normal() else { return };
    let whole = ui.available_rect_before_wrap();
    ui.allocate_rect(whole, Sense::hover());
    // Seen between the halves.
    ui.painter().rect_filled(whole, 0.0, ctx.theme.raised);
    let sides = ctx.state.views.arrangement.sides();
    let width = ((whole.width() - GAP * (sides.len() - 1) as f32) / sides.len() as f32).floor();
    let size = if sides.len() == 1 { whole.size() } else { vec2(width, whole.height()) };
    for (place, side) in sides.iter().enumerate() {
        let rect = Rect::from_min_size(whole.min + vec2((width + GAP) * place as f32, 0.0), size);
        let pixels_per_point = ui.ctx().pixels_per_point();
        let pixels = paint::pixels_of(Rect::from_min_size(whole.min, size), pixels_per_point);
        if place == 0 {
            ctx.send(Command::SetViewport { normal, points: size.into(), pixels });
        }
        // What is drawn is what this frame's size shows, not the last one's.
        let mut view = ctx.state.views.slice_view(normal);
        view.viewport = paint::pixels_of(rect, pixels_per_point);
        view.nm_per_pixel = ctx.state.views.nm_per_point / f64::from(pixels_per_point);
        side_ui(ui, ctx, &Screen { rect, view, pixels_per_point, side: *side }, kind);
    }
}

fn side_ui(ui: &mut Ui, ctx: &PaneContext<'_>, screen: &Screen, kind: PaneKind) {
    let response = ui.interact(screen.rect, ui.scope_id().with(("slice", screen.side)), Sense::click_and_drag());
    let name = match screen.side {
        Side::Right => ctx.state.side_name(Side::Right).map(|name| format!(": {name}")),
        Side::Whole | Side::Left => None,
    };
    let label = format!("{} slice{}", kind.title(), name.unwrap_or_default());
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &label));
    mouse::mouse_ui(ui, ctx, screen, &response, kind);
    if focus::hold_view(&response) && (ctx.state.views.overview_active || ctx.state.views.active != screen.normal()) {
        ctx.send(Command::ActivateSlice(screen.normal()));
    }
    let painter = ui.painter_at(screen.rect);
    painter.rect_filled(screen.rect, 0.0, ctx.theme.image_ground);
    if let Some(renderer) = ctx.slices {
        painter.add(paint::callback(ctx, screen, renderer));
    }
    let is_beside = ctx.state.is_beside(screen.side);
    if !is_beside {
        density::density_ui(&painter, ctx, screen);
        chunks::chunks_ui(&painter, ctx, screen);
    }
    boxes::boxes_ui(&painter, ctx, screen);
    overlay::overlay_ui(&painter, ctx, screen);
    if !is_beside {
        chunks::legend_ui(&painter, ctx, screen);
    }
    ruler::ruler_ui(&painter, ctx, screen);
    chips::chips_ui(ui, ctx, screen);
    mouse::menu_ui(ctx, screen, &response, kind);
}

/// A slice on the screen: from world to points and back.
#[derive(Debug, Clone, Copy)]
struct Screen {
    rect: Rect,
    view: SliceView,
    pixels_per_point: f32,
    side: Side,
}

impl Screen {
    fn normal(&self) -> Axis {
        self.view.normal
    }

    /// The corner of the first pixel: the image is drawn on whole pixels, wherever the pane begins.
    fn origin(&self) -> egui::Pos2 {
        let round = |points: f32| (points * self.pixels_per_point).round() / self.pixels_per_point;
        egui::pos2(round(self.rect.min.x), round(self.rect.min.y))
    }

    fn world_from_point(&self, at: egui::Pos2) -> Zyx<f64> {
        let pixel = (at - self.origin()) * self.pixels_per_point;
        self.view.world_from_pixel([f64::from(pixel.x), f64::from(pixel.y)])
    }

    fn point_from_world(&self, world_nm: Zyx<f64>) -> egui::Pos2 {
        let [right, down] = self.view.pixel_from_world(world_nm);
        self.origin() + vec2(right as f32, down as f32) / self.pixels_per_point
    }

    /// The part of the screen that a box covers, if the plane cuts it.
    fn rect_of(&self, target: &microtome_core::geometry::BoxNm) -> Option<Rect> {
        let plane_nm = self.view.center_nm[self.normal()];
        let is_cut = target.lo[self.normal()] <= plane_nm && plane_nm < target.hi[self.normal()];
        is_cut.then(|| Rect::from_two_pos(self.point_from_world(target.lo), self.point_from_world(target.hi)))
    }

    /// The outline in which the plane cuts a box, on the screen; `None` where it passes by.
    fn outline_of(&self, target: &microtome_core::geometry::BoxNm) -> Option<Vec<egui::Pos2>> {
        if self.view.turned.is_none() {
            let rect = self.rect_of(target)?;
            return Some(vec![rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()]);
        }
        let outline = section(&corners_of_box(target), &self.view);
        let points: Vec<_> = outline.into_iter().map(|corner| self.point_from_world(corner)).collect();
        (points.len() > 2).then_some(points)
    }

    fn nm_per_point(&self) -> f64 {
        self.view.nm_per_pixel * f64::from(self.pixels_per_point)
    }
}
