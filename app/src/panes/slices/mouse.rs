//! What the mouse does on a slice, as neuroglancer and napari users expect it.

use egui::{Button, Event, MouseWheelUnit, Response, Ui};
use microtome_core::geometry::Zyx;

use super::Screen;
use crate::command::{Command, by_command};
use crate::context::PaneContext;
use crate::state::{PaneKind, Ruler};

/// Sends hover, wheel, zoom, measuring, drag and click.
pub fn mouse_ui(ui: &Ui, ctx: &PaneContext<'_>, screen: &Screen, response: &Response, kind: PaneKind) {
    let normal = screen.normal();
    if let Some(at) = response.hover_pos() {
        ctx.send(Command::Hover(Some((normal, screen.side, screen.world_from_point(at)))));
        wheel(ui, ctx, screen, response, at);
    } else if (ctx.state.views.active, ctx.state.views.hover_side) == (normal, screen.side)
        && ctx.state.views.hover_nm.is_some()
    {
        ctx.send(Command::Hover(None));
    }
    if measure(ui, ctx, screen, response) {
        return;
    }
    if response.dragged_by(egui::PointerButton::Primary) || response.dragged_by(egui::PointerButton::Middle) {
        let by = response.drag_delta();
        if by != egui::Vec2::ZERO {
            ctx.send(drag(ui, screen, by));
        }
    }
    if response.clicked()
        && let Some(at) = response.interact_pointer_pos()
    {
        ctx.send(Command::MoveCursor(screen.world_from_point(at)));
    }
    if response.double_clicked() {
        ctx.send(Command::ToggleMaximise(kind));
    }
}

/// A drag moves what is seen; with Ctrl it turns the plane about the cursor, as if one had hold of it.
fn drag(ui: &Ui, screen: &Screen, by: egui::Vec2) -> Command {
    const DEGREES_PER_POINT: f64 = 0.4;
    let [right, down] = [by.x, by.y].map(f64::from);
    if ui.input(|input| input.modifiers.command) {
        let (about_down_degrees, about_right_degrees) = (right * DEGREES_PER_POINT, down * DEGREES_PER_POINT);
        return Command::Turn { normal: screen.normal(), about_down_degrees, about_right_degrees };
    }
    let mut by_nm = Zyx::splat(0.0);
    by_nm[screen.view.right()] = -right * screen.nm_per_point();
    by_nm[screen.view.down()] = -down * screen.nm_per_point();
    Command::Pan(by_nm)
}

/// Shift drag measures; Shift is asked for only where the drag begins. True while it goes on.
fn measure(ui: &Ui, ctx: &PaneContext<'_>, screen: &Screen, response: &Response) -> bool {
    let id = response.id.with("measured from");
    if response.drag_started_by(egui::PointerButton::Primary) && ui.input(|input| input.modifiers.shift) {
        let from = ui.input(|input| input.pointer.press_origin());
        let from_nm = from.map(|from| screen.world_from_point(from).to_array());
        ui.data_mut(|data| data.insert_temp(id, from_nm));
    }
    let from_nm = ui.data(|data| data.get_temp::<Option<[f64; 3]>>(id)).flatten();
    let (Some(from_nm), Some(at)) = (from_nm, response.interact_pointer_pos()) else { return false };
    if !response.dragged() {
        ui.data_mut(|data| data.remove::<Option<[f64; 3]>>(id));
        return response.drag_stopped();
    }
    let (from_nm, to_nm) = (Zyx::from(from_nm), screen.world_from_point(at));
    let normal = screen.normal();
    if ctx.state.views.ruler != Some(Ruler { normal, from_nm, to_nm }) {
        ctx.send(Command::Measure { normal, from_nm, to_nm });
    }
    true
}

fn wheel(ui: &Ui, ctx: &PaneContext<'_>, screen: &Screen, response: &Response, at: egui::Pos2) {
    let zoom = ui.input(egui::InputState::zoom_delta);
    if (zoom - 1.0).abs() > f32::EPSILON {
        let about_nm = screen.world_from_point(at);
        ctx.send(Command::Zoom { normal: screen.normal(), about_nm, factor: f64::from(zoom) });
        return;
    }
    let id = response.id.with("wheel");
    let carried = ui.data_mut(|data| data.get_temp::<f32>(id)).unwrap_or(0.0);
    let (steps, carried) = ui.input(|input| slices_of(&input.events, carried));
    ui.data_mut(|data| data.insert_temp(id, carried));
    if steps != 0 {
        ctx.send(Command::StepSlice { axis: screen.normal(), voxels: steps });
    }
}

/// Slices that wheel events ask for: a notch is one, with Shift ten. Touchpads send points, which add up; what does
/// not make a whole slice is carried over.
fn slices_of(events: &[Event], carried: f32) -> (i64, f32) {
    const POINTS_PER_SLICE: f32 = 24.0;
    let mut total = carried;
    for event in events {
        let Event::MouseWheel { unit, delta, modifiers, .. } = event else { continue };
        if modifiers.command || modifiers.ctrl {
            continue;
        }
        // Some systems turn Shift wheel sideways. Wheel down is the next slice.
        let amount = if delta.y == 0.0 { -delta.x } else { -delta.y };
        let slices = match unit {
            MouseWheelUnit::Point => amount / POINTS_PER_SLICE,
            MouseWheelUnit::Line => amount,
            MouseWheelUnit::Page => amount * 10.0,
        };
        total += slices * if modifiers.shift { 10.0 } else { 1.0 };
    }
    let whole = total.trunc();
    (whole as i64, total - whole)
}

/// The menu of a right click.
pub fn menu_ui(ctx: &PaneContext<'_>, screen: &Screen, response: &Response, kind: PaneKind) {
    let at_id = response.id.with("menu at");
    if response.secondary_clicked()
        && let Some(at) = response.interact_pointer_pos()
    {
        response.ctx.data_mut(|data| data.insert_temp(at_id, screen.world_from_point(at).to_array()));
    }
    response.context_menu(|ui| {
        let at_nm: Zyx<f64> = ui.data(|data| data.get_temp::<[f64; 3]>(at_id)).unwrap_or_default().into();
        ui.weak(format!("z {:.0} y {:.0} x {:.0} nm", at_nm.z, at_nm.y, at_nm.x));
        let mut item = |label: &str, tip: &str, command: Command| item_ui(ui, ctx, (label, tip), command);
        item("Move the cursor here", "As a click does: the other slices come here.", Command::MoveCursor(at_nm));
        let views = &ctx.state.views;
        let centre = Command::Pan(views.straightened(screen.normal(), at_nm) - views.center_nm);
        item("Centre here", "Bring this point to the middle of every view.", centre);
        item("Copy this position", "As a line of text that can be pasted back.", Command::CopyPositionAt(at_nm));
        item("Auto contrast", "", Command::AutoContrast);
        item("Auto contrast of this view", "", Command::AutoContrastActive);
        if ctx.state.display.own_contrast[screen.normal()].is_some() {
            item("One contrast for all views", "", Command::CommonContrast);
        }
        if screen.view.turned.is_some() {
            item("Straighten the slices", "", Command::ResetTurns);
        }
        item("Fit the whole volume", "", Command::ResetView);
        for (index, name) in others(ctx) {
            let tip = "The same place of both, side by side.";
            item(&format!("Show {name} beside it"), tip, Command::ShowBeside(index));
        }
        let is_maximised = ctx.state.maximised == Some(kind);
        item(if is_maximised { "Back to the layout" } else { "Maximise" }, "", Command::ToggleMaximise(kind));
    });
}

/// An item of the menu; one that is in the table of commands says its key, and what it does in the table's words.
fn item_ui(ui: &mut Ui, ctx: &PaneContext<'_>, (label, tip): (&str, &str), command: Command) {
    let spec = by_command(&command);
    let mut button = Button::new(label);
    if let Some(shortcut) = spec.and_then(|spec| spec.shortcut) {
        button = button.shortcut_text(shortcut.to_string());
    }
    let tip = spec.map_or_else(|| tip.to_owned(), |spec| spec.tip(ctx.state));
    if ui.add(button).on_hover_text(tip).clicked() {
        ctx.send(command);
        ui.close();
    }
}

/// Datasets that can be shown beside the one in the slices: the first few, the palette has all.
fn others(ctx: &PaneContext<'_>) -> Vec<(usize, String)> {
    const MOST: usize = 8;
    let Some(data) = ctx.state.session.open() else { return Vec::new() };
    let others = data.catalog.datasets.iter().enumerate().filter(|(index, _)| *index != data.dataset_index);
    others.take(MOST).map(|(index, dataset)| (index, dataset.name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Modifiers, MouseWheelSource, TouchPhase, vec2};

    fn wheel(unit: MouseWheelUnit, x: f32, y: f32, modifiers: Modifiers) -> Event {
        let (phase, source) = (TouchPhase::Move, MouseWheelSource::Unknown);
        Event::MouseWheel { unit, delta: vec2(x, y), phase, source, modifiers }
    }

    #[test]
    fn a_notch_is_a_slice_and_shift_makes_ten() {
        let down = wheel(MouseWheelUnit::Line, 0.0, -1.0, Modifiers::NONE);
        assert_eq!(slices_of(&[down], 0.0), (1, 0.0));
        let up = wheel(MouseWheelUnit::Line, 0.0, 2.0, Modifiers::SHIFT);
        assert_eq!(slices_of(&[up], 0.0), (-20, 0.0));
        let sideways = wheel(MouseWheelUnit::Line, -1.0, 0.0, Modifiers::SHIFT);
        assert_eq!(slices_of(&[sideways], 0.0), (10, 0.0));
        let zoom = wheel(MouseWheelUnit::Line, 0.0, -1.0, Modifiers::COMMAND);
        assert_eq!(slices_of(&[zoom], 0.0), (0, 0.0));
    }

    #[test]
    fn touchpad_points_add_up() {
        let (mut total, mut carried) = (0, 0.0);
        for _ in 0..24 {
            let (steps, rest) = slices_of(&[wheel(MouseWheelUnit::Point, 0.0, -5.0, Modifiers::NONE)], carried);
            total += steps;
            carried = rest;
        }
        assert!((4..=5).contains(&total), "{total}");
    }
}
