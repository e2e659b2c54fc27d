//! The control of one key, by the kind of its value.

use egui::{ComboBox, DragValue, Id, Response, Role, Slider, TextEdit, Ui, WidgetInfo};
use microtome_core::loader::params::{Kind, Limits, Param, Value};

use super::range::range_ui;
use super::row::explained;
use super::words::{number, numbers, parsed, shown, spoken, typed, value_of};
use crate::command::Command;
use crate::context::PaneContext;

/// Room for a number, points.
pub(super) const NUMBER: f32 = 46.0;
/// Room for the button that resets, points.
pub(super) const RESET: f32 = 32.0;

/// Draws it. `probability`: of being applied, where the key is one of an augmentation.
pub(super) fn control_ui(
    ui: &mut Ui,
    ctx: &PaneContext<'_>,
    (key, param): (&str, &'static Param),
    value: Option<&Value>,
    probability: Option<f64>,
) {
    let edit = Edit { ctx, key, param, probability };
    let at = value.map_or(0.0, number);
    match param.kind {
        Kind::Table => {}
        Kind::Probability => probability_ui(ui, &edit, at),
        Kind::Number(limits) => number_ui(ui, &edit, at, limits, false),
        Kind::Integer(limits) => number_ui(ui, &edit, at, limits, true),
        Kind::Range(limits) | Kind::Ends(limits) => range_ui(ui, &edit, &numbers(value), limits, false),
        Kind::IntegerRange(limits) => range_ui(ui, &edit, &numbers(value), limits, true),
        Kind::Choice(choices) => choice_ui(ui, &edit, value, choices),
        Kind::Choices(choices) => choices_ui(ui, &edit, value, choices),
        Kind::Axes(limits) => axes_ui(ui, &edit, &numbers(value), limits),
        Kind::Switch => switch_ui(ui, &edit, value == Some(&Value::Boolean(true))),
        Kind::Text | Kind::Path | Kind::Texts | Kind::Integers | Kind::Offsets | Kind::Map | Kind::Bytes => {
            text_ui(ui, &edit, value);
        }
    }
}

/// The key that a control is of.
pub(super) struct Edit<'a> {
    pub(super) ctx: &'a PaneContext<'a>,
    pub(super) key: &'a str,
    pub(super) param: &'static Param,
    /// Of being applied to a sample.
    pub(super) probability: Option<f64>,
}

impl Edit<'_> {
    /// Sends the new value; all of a drag is one step.
    pub(super) fn send(&self, value: Option<Value>, response: &Response) {
        self.ctx.send(Command::SetParam { key: self.key.to_owned(), value });
        if !response.dragged() {
            self.ctx.send(Command::SettleParam);
        }
    }

    /// Ends the step when a slider is let go.
    pub(super) fn settle(&self, response: &Response) {
        if response.drag_stopped() {
            self.ctx.send(Command::SettleParam);
        }
    }

    fn spoken(&self) -> String {
        spoken(self.key)
    }
}

/// Off at 0; the check box brings the example's value back.
fn probability_ui(ui: &mut Ui, edit: &Edit<'_>, at: f64) {
    const LIMITS: Limits = Limits { unit: "", from: 0.0, to: 1.0, step: 0.01, neutral: None };
    let mut on = at > 0.0;
    let check = ui.add(egui::Checkbox::without_text(&mut on));
    check.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, at > 0.0, format!("{} on", edit.spoken())));
    if check.on_hover_text("Ever, or never.").changed() {
        let usual = microtome_core::loader::params::standard(edit.param).unwrap_or(Value::Float(0.5));
        edit.ctx.send(Command::SetParam {
            key: edit.key.to_owned(),
            value: Some(if on { usual } else { Value::Float(0.0) }),
        });
        edit.ctx.send(Command::SettleParam);
    }
    number_ui(ui, edit, at, LIMITS, false);
}

/// A slider, where the range is one that a hand can aim at, and the number itself.
fn number_ui(ui: &mut Ui, edit: &Edit<'_>, at: f64, limits: Limits, whole: bool) {
    const MOST_STEPS: f64 = 4000.0;
    let mut value = at;
    let range = limits.from..=limits.to;
    if (limits.to - limits.from) / limits.step <= MOST_STEPS {
        ui.spacing_mut().slider_width =
            (ui.available_width() - NUMBER - RESET - 2.0 * ui.spacing().item_spacing.x).max(24.0);
        let slider =
            Slider::new(&mut value, range).show_value(false).step_by(limits.step).clamping(egui::SliderClamping::Never);
        let slider = ui.add(slider);
        slider.widget_info(|| WidgetInfo::slider(true, at, edit.spoken()));
        edit.settle(&slider);
        let slider = slider.on_hover_text(explained(edit.param));
        if slider.changed() {
            edit.send(Some(value_of(value, limits, whole)), &slider);
        }
    }
    drag_ui(ui, edit, at, limits, whole, "number", |value| value);
}

/// A number that is dragged or typed; `whole_value` makes the key's value of it.
pub(super) fn drag_ui(
    ui: &mut Ui,
    edit: &Edit<'_>,
    at: f64,
    limits: Limits,
    whole: bool,
    name: &str,
    whole_value: impl Fn(Value) -> Value,
) {
    let mut value = at;
    let speed = if whole { 0.2 } else { limits.step };
    let drag = DragValue::new(&mut value).speed(speed).max_decimals(if whole { 0 } else { 4 });
    let drag = ui.add_sized([NUMBER, ui.spacing().interact_size.y], drag);
    drag.widget_info(|| {
        let mut info = WidgetInfo::drag_value(true, at);
        info.label = Some(format!("{} {name}", edit.spoken()));
        info
    });
    edit.settle(&drag);
    let drag = drag.on_hover_text(explained(edit.param));
    if drag.changed() {
        edit.send(Some(whole_value(value_of(value, limits, whole))), &drag);
    }
}

fn axes_ui(ui: &mut Ui, edit: &Edit<'_>, at: &[f64], limits: Limits) {
    let whole = limits.step.fract() == 0.0 && limits.unit == "voxels";
    for (axis, name) in ["z", "y", "x"].into_iter().enumerate() {
        let with = |value: Value| {
            let axes = at.iter().enumerate();
            Value::Array(
                axes.map(|(other, n)| if other == axis { value.clone() } else { value_of(*n, limits, whole) })
                    .collect(),
            )
        };
        drag_ui(ui, edit, at.get(axis).copied().unwrap_or(0.0), limits, whole, name, with);
    }
}

fn choice_ui(ui: &mut Ui, edit: &Edit<'_>, value: Option<&Value>, choices: &'static [(&'static str, &'static str)]) {
    let current = value.map(shown).unwrap_or_default();
    let combo = ComboBox::from_id_salt(edit.key).selected_text(current.as_str()).width(110.0).show_ui(ui, |ui| {
        for (word, meaning) in choices {
            let item = ui.selectable_label(current == *word, *word).on_hover_text(*meaning);
            if item.clicked() {
                edit.send(Some(Value::from(*word)), &item);
            }
        }
    });
    combo.response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, edit.spoken());
        info.current_text_value = Some(current.clone());
        info
    });
    let meaning = choices.iter().find(|(word, _)| *word == current).map_or("", |(_, meaning)| *meaning);
    combo.response.on_hover_text(format!("{}\n{current}: {meaning}.", edit.param.meaning));
}

fn choices_ui(ui: &mut Ui, edit: &Edit<'_>, value: Option<&Value>, choices: &'static [&'static str]) {
    let chosen: Vec<&str> = value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for word in choices {
        let mut on = chosen.contains(word);
        let toggle = ui.toggle_value(&mut on, *word);
        toggle.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, format!("{} {word}", edit.spoken())));
        if toggle.on_hover_text(explained(edit.param)).changed() {
            let kept = choices.iter().filter(|other| if *other == word { on } else { chosen.contains(other) });
            let value = Value::Array(kept.map(|word| Value::from(*word)).collect());
            edit.ctx.send(Command::SetParam { key: edit.key.to_owned(), value: Some(value) });
            edit.ctx.send(Command::SettleParam);
        }
    }
}

fn switch_ui(ui: &mut Ui, edit: &Edit<'_>, at: bool) {
    let mut on = at;
    let check = ui.add(egui::Checkbox::without_text(&mut on));
    check.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, at, edit.spoken()));
    let check = check.on_hover_text(explained(edit.param));
    if check.changed() {
        edit.send(Some(Value::Boolean(on)), &check);
    }
}

/// A text that counts when it is entered or left; while it says nothing that can be, that is said beside it.
fn text_ui(ui: &mut Ui, edit: &Edit<'_>, value: Option<&Value>) {
    let id = Id::unique(("tune text", edit.key));
    let known = ui.data(|data| data.get_temp::<String>(id));
    let mut text = known.unwrap_or_else(|| typed(edit.param.kind, value));
    let hint = edit.param.examples.first().map_or("", |example| example.trim_matches('"'));
    let width = (ui.available_width() - RESET).max(60.0);
    let field = ui.add(TextEdit::singleline(&mut text).id(id.with("field")).desired_width(width).hint_text(hint));
    field.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::TextInput, true, edit.spoken());
        info.current_text_value = Some(text.clone());
        info
    });
    let field = field.on_hover_text(explained(edit.param));
    if field.changed() {
        ui.data_mut(|data| data.insert_temp(id, text.clone()));
    }
    let says = parsed(edit.param.kind, &text);
    if field.lost_focus() {
        ui.data_mut(|data| data.remove::<String>(id));
        if let Ok(new) = &says
            && new.as_ref() != value
        {
            edit.send(new.clone(), &field);
        }
    }
    if let Err(words) = says {
        field.on_hover_text(words.as_str());
        ui.label(egui::RichText::new(words).small().color(edit.ctx.theme.loss));
    }
}
