//! `[from, to]` as a track with two handles, and the two numbers.

use egui::{Id, Key, Rect, Response, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use microtome_core::loader::params::{Kind, Limits, Value};

use super::control::{Edit, NUMBER, RESET, drag_ui};
use super::distribution::{Distribution, distribution_ui};
use super::row::explained;
use super::words::{spoken, value_of};

/// Draws it.
pub(super) fn range_ui(ui: &mut Ui, edit: &Edit<'_>, ends: &[f64], limits: Limits, whole: bool) {
    let [from, to] = [ends.first(), ends.get(1)].map(|end| end.copied().unwrap_or(0.0));
    let with = |end: usize, value: Value| {
        let other = value_of(if end == 0 { to } else { from }, limits, whole);
        Value::Array(if end == 0 { vec![value, other] } else { vec![other, value] })
    };
    drag_ui(ui, edit, from, limits, whole, "from", |value| with(0, value));
    track_ui(ui, edit, [from, to], limits, |end, at| with(end, value_of(at, limits, whole)));
    drag_ui(ui, edit, to, limits, whole, "to", |value| with(1, value));
}

fn track_ui(ui: &mut Ui, edit: &Edit<'_>, ends: [f64; 2], limits: Limits, with: impl Fn(usize, f64) -> Value) {
    const HANDLE: f32 = 9.0;
    // A narrow pane has the numbers only.
    const NARROWEST: f32 = 20.0;
    let width = ui.available_width() - NUMBER - RESET - 2.0 * ui.spacing().item_spacing.x;
    if width < NARROWEST {
        return;
    }
    let (rect, room) = ui.allocate_exact_size(vec2(width, ui.spacing().interact_size.y), Sense::hover());
    let track = rect.shrink2(vec2(HANDLE / 2.0 + 1.0, 0.0));
    let x_of = |value: f64| {
        let share = (value - limits.from) / (limits.to - limits.from);
        egui::lerp(track.x_range(), share.clamp(0.0, 1.0) as f32)
    };
    let theme = edit.ctx.theme;
    if let Some(drawn) = distribution(edit, ends, limits) {
        distribution_ui(ui, theme, rect, drawn, limits, x_of);
        room.on_hover_text(drawn.in_words());
    }
    let line = |from: f32, to: f32| Rect::from_x_y_ranges(from..=to, rect.center().y - 2.0..=rect.center().y + 2.0);
    ui.painter().rect_filled(line(track.left(), track.right()), 2.0, theme.line);
    let color = if ends[0] <= ends[1] { theme.accent } else { theme.loss };
    ui.painter().rect_filled(line(x_of(ends[0].min(ends[1])), x_of(ends[0].max(ends[1]))), 2.0, color);
    for (end, name) in ["from", "to"].into_iter().enumerate() {
        let at = Rect::from_center_size(pos2(x_of(ends[end]), rect.center().y), vec2(HANDLE, 16.0));
        let handle = ui.interact(at.expand(1.0), Id::unique(("tune handle", edit.key, name)), Sense::click_and_drag());
        handle.widget_info(|| WidgetInfo::slider(true, ends[end], format!("{} {name} handle", spoken(edit.key))));
        let stroke = if handle.has_focus() { Stroke::new(2.0, theme.accent) } else { Stroke::new(1.0, theme.weak) };
        let fill = if handle.hovered() || handle.dragged() { theme.strong } else { theme.text };
        ui.painter().rect(at, 3.0, fill, stroke, egui::StrokeKind::Inside);
        edit.settle(&handle);
        if let Some(value) = moved(ui, &handle, ends[end], track, limits) {
            edit.send(Some(with(end, value)), &handle);
        }
        handle.on_hover_text(explained(edit.param));
    }
}

/// How its values are drawn; `None` where they count as they are.
fn distribution(edit: &Edit<'_>, [from, to]: [f64; 2], limits: Limits) -> Option<Distribution> {
    let is_drawn = matches!(edit.param.kind, Kind::Range(_) | Kind::IntegerRange(_));
    let probability = edit.probability.filter(|_| is_drawn)?;
    Some(Distribution { from, to, probability, neutral: limits.neutral })
}

/// Where a handle is dragged, or moved by a key.
fn moved(ui: &Ui, handle: &Response, at: f64, track: Rect, limits: Limits) -> Option<f64> {
    if handle.dragged() {
        let pointer = handle.interact_pointer_pos()?;
        let share = f64::from(((pointer.x - track.left()) / track.width()).clamp(0.0, 1.0));
        let value = limits.from + share * (limits.to - limits.from);
        let value = (value / limits.step).round() * limits.step;
        return (value != at).then_some(value);
    }
    if !handle.has_focus() {
        return None;
    }
    ui.memory_mut(|memory| {
        let filter = egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() };
        memory.set_focus_lock_filter(handle.id, filter);
    });
    let steps = ui.input(|input| {
        let count = |key| input.num_presses(key) as f64;
        count(Key::ArrowRight) - count(Key::ArrowLeft)
    });
    (steps != 0.0).then(|| (at + steps * limits.step).clamp(limits.from, limits.to))
}
