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
    const HANDLE: f32 = 7.0;
    // Half of its height.
    const TRACK: f32 = 2.0;
    // A narrow pane has the numbers only.
    const NARROWEST: f32 = 20.0;
    let width = ui.available_width() - NUMBER - RESET - 2.0 * ui.spacing().item_spacing.x;
    if width < NARROWEST {
        return;
    }
    let drawn = distribution(edit, ends, limits);
    let (room, hover) = ui.allocate_exact_size(vec2(width, row_height(ui, drawn.is_some())), Sense::hover());
    let track = room.shrink2(vec2(HANDLE / 2.0 + 1.0, 0.0));
    let x_of = |value: f64| {
        let share = (value - limits.from) / (limits.to - limits.from);
        egui::lerp(track.x_range(), share.clamp(0.0, 1.0) as f32)
    };
    let theme = edit.ctx.theme;
    if let Some(drawn) = drawn {
        distribution_ui(ui, theme, track, drawn, limits, x_of);
        hover.on_hover_text(drawn.in_words());
    }
    let line =
        |from: f32, to: f32| Rect::from_x_y_ranges(from..=to, track.center().y - TRACK..=track.center().y + TRACK);
    ui.painter().rect_filled(line(track.left(), track.right()), 2.0, theme.line);
    let color = if ends[0] <= ends[1] { theme.accent } else { theme.loss };
    ui.painter().rect_filled(line(x_of(ends[0].min(ends[1])), x_of(ends[0].max(ends[1]))), 2.0, color);
    for (end, name) in ["from", "to"].into_iter().enumerate() {
        let at = Rect::from_center_size(pos2(x_of(ends[end]), track.center().y), vec2(HANDLE, 12.0));
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

/// Rows that show a distribution are higher.
pub(super) fn row_height(ui: &Ui, is_drawn: bool) -> f32 {
    const MORE: f32 = 16.0;
    ui.spacing().interact_size.y + if is_drawn { MORE } else { 0.0 }
}

/// Whether values are drawn from a range of this kind.
pub(super) const fn is_drawn(kind: Kind) -> bool {
    matches!(kind, Kind::Range(_) | Kind::IntegerRange(_))
}

/// How its values are drawn; `None` where they count as they are.
fn distribution(edit: &Edit<'_>, [from, to]: [f64; 2], limits: Limits) -> Option<Distribution> {
    let probability = edit.probability.filter(|_| is_drawn(edit.param.kind))?;
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
