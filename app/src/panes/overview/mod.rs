//! The 3-D overview: the volume's box, the three slices, the label crops and the last drawn samples, seen from any side.

mod axes;
mod boxes;

use egui::{PointerButton, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2};
use microtome_core::geometry::{Axis, BoxNm, Zyx};

use super::focus;
use super::scale_bar::scale_bar_ui;
use crate::command::Command;
use crate::context::PaneContext;
use crate::state::orbit::{Projection, corners_of_box, plane_outline};
use crate::state::section;
use crate::theme::Theme;

/// Draws the overview and sends what the mouse does on it.
pub fn overview_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let rect = ui.available_rect_before_wrap();
    let response = ui.allocate_rect(rect, Sense::click_and_drag());
    let Some(bounds) = ctx.state.session.open().and_then(|data| data.bounds()) else { return };
    let orbit = ctx.state.views.orbit;
    let label = format!("3-D overview, turned {:.0}°, from {:.0}° above", orbit.yaw_degrees, orbit.pitch_degrees);
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &label));
    let scene = Scene { rect, bounds, projection: Projection::new(&orbit, &bounds, size(rect)) };
    mouse(ui, ctx, &response, rect);
    if focus::hold_view(&response) && !ctx.state.views.overview_active {
        ctx.send(Command::ActivateOverview);
    }

    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, ctx.theme.image_ground);
    let targets = boxes::targets(ctx);
    let hovered = response.hover_pos().and_then(|at| boxes::pick(&scene, &targets, at));
    axes::far_edges_ui(&painter, ctx, &scene);
    planes_ui(&painter, ctx, &scene);
    boxes::footprints_ui(&painter, ctx, &scene);
    boxes::targets_ui(&painter, ctx, &scene, &targets, hovered);
    axes::near_edges_ui(&painter, ctx, &scene);
    axes::names_ui(&painter, ctx, &scene);
    scale_bar_ui(&painter, ctx.theme, rect, 1.0 / scene.projection.points_per_nm());
    if let Some(target) = hovered.map(|index| &targets[index]) {
        if response.clicked() {
            ctx.send(target.command.clone());
        }
        response.on_hover_text_at_pointer(format!("{}\nClick: fly there.", target.name));
    }
}

fn size(rect: Rect) -> [f64; 2] {
    [f64::from(rect.width()), f64::from(rect.height())]
}

/// What is seen, and from where.
struct Scene {
    rect: Rect,
    bounds: BoxNm,
    projection: Projection,
}

impl Scene {
    fn point(&self, world_nm: Zyx<f64>) -> Pos2 {
        let [right, down] = self.projection.point(world_nm);
        self.rect.min + egui::vec2(right as f32, down as f32)
    }
}

fn mouse(ui: &Ui, ctx: &PaneContext<'_>, response: &Response, rect: Rect) {
    if let Some(at) = response.hover_pos() {
        if !ctx.state.views.overview_active {
            ctx.send(Command::ActivateOverview);
        }
        let zoom = ui.input(egui::InputState::zoom_delta);
        if (zoom - 1.0).abs() > f32::EPSILON {
            let about = at - rect.center();
            ctx.send(Command::ZoomOverview { about: [about.x, about.y].map(f64::from), factor: f64::from(zoom) });
        }
    }
    let by = response.drag_delta();
    let by_points = [by.x, by.y].map(f64::from);
    let sideways = response.dragged_by(PointerButton::Middle) || ui.input(|input| input.modifiers.shift);
    if by == egui::Vec2::ZERO {
        return;
    }
    if sideways && response.dragged() {
        ctx.send(Command::MoveOverview(by_points));
    } else if response.dragged_by(PointerButton::Primary) {
        ctx.send(Command::DragOverview(by_points));
    }
}

/// The three slices, where the cursor is.
fn planes_ui(painter: &egui::Painter, ctx: &PaneContext<'_>, scene: &Scene) {
    for normal in Axis::ALL {
        let views = &ctx.state.views;
        let outline = match views.turned[normal] {
            None => plane_outline(&scene.bounds, normal, views.cursor_nm).to_vec(),
            Some(_) => section(&corners_of_box(&scene.bounds), &views.slice_view(normal)),
        };
        let outline: Vec<Pos2> = outline.into_iter().map(|corner| scene.point(corner)).collect();
        let color = ctx.theme.axis(normal);
        let is_active = !ctx.state.views.overview_active && ctx.state.views.active == normal;
        let width = if is_active { 1.8 } else { 1.0 };
        let fill = Theme::faded(color, 0.10);
        painter.add(Shape::convex_polygon(outline, fill, Stroke::new(width, Theme::faded(color, 0.75))));
    }
    let at = scene.point(ctx.state.views.cursor_nm);
    painter.circle_filled(pos2(at.x, at.y), 3.0, ctx.theme.strong);
}
