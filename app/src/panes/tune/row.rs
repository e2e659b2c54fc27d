//! One key: its name, whether it is set, its control, what is wrong with it, and the way back to its default.

use egui::{RichText, Role, Ui, WidgetInfo, vec2};
use microtome_core::loader::params::{self, Kind, Param};

use super::control::control_ui;
use super::range::{is_drawn, row_height};
use super::words::{same, spoken};
use crate::command::Command;
use crate::context::PaneContext;
use crate::state::Draft;
use crate::theme::Theme;

/// Width of the names, points: least, and where there is room.
const NAME: [f32; 2] = [40.0, 66.0];

/// Draws it.
pub(super) fn row_ui(ui: &mut Ui, ctx: &PaneContext<'_>, draft: &Draft, key: &str, param: &'static Param) {
    let value = draft.get(key);
    let theme = ctx.theme;
    let problem = draft.problem().filter(|problem| is_here(draft, &problem.key, key, param));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        let probability = probability(draft, param);
        ui.set_min_height(row_height(ui, probability.is_some() && is_drawn(param.kind) && value.is_some()));
        if param.table().is_some() {
            ui.add_space(14.0);
        }
        let color = if problem.is_some() { theme.loss } else { theme.text };
        if may_be_left_out(param) {
            switch_ui(ui, ctx, key, param, value.is_some(), color);
        } else {
            name_ui(ui, param, color);
        }
        if value.is_some() || is_typed(param.kind) {
            control_ui(ui, ctx, (key, param), value, probability);
            reset_ui(ui, ctx, draft, key, param);
        }
    });
    if let Some(problem) = problem {
        ui.label(RichText::new(&problem.words).small().color(theme.loss));
    }
}

/// Of the augmentation that a key belongs to, being applied; `None` for other keys.
fn probability(draft: &Draft, param: &Param) -> Option<f64> {
    let table = param.table().filter(|table| table.key.starts_with("augment."))?;
    params::get(draft.values(), &format!("{}.probability", table.key))?.as_float()
}

/// Whether a problem belongs beside this key: it is about it, or about what it holds and that is not shown.
fn is_here(draft: &Draft, about: &str, key: &str, param: &Param) -> bool {
    let inside = about.strip_prefix(key).is_some_and(|rest| rest.starts_with(['.', '[']));
    about == key || inside && (param.kind != Kind::Table || draft.get(about).is_none())
}

/// A key that no table must have. What the default configuration has is always there; so are the keys of a table that
/// is there, but for alternatives.
fn may_be_left_out(param: &Param) -> bool {
    const ALTERNATIVES: [&str; 5] = ["range", "percentile", "mean", "std", "dataset"];
    let of_normalise = param.key.starts_with("augment.normalise.") && ALTERNATIVES.contains(&param.name());
    let of_subset = param.key == "sampling.subset.count";
    let of_array = param.key.starts_with("target.*.") && matches!(param.kind, Kind::Number(_));
    let is_plain = param.table().is_none() && !is_typed(param.kind) && params::standard(param).is_none();
    of_normalise || of_subset || of_array || is_plain || param.kind == Kind::Table
}

/// Whether it is typed as a text, which may be empty.
const fn is_typed(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Path | Kind::Texts | Kind::Integers | Kind::Offsets | Kind::Map | Kind::Bytes)
}

fn name_ui(ui: &mut Ui, param: &Param, color: egui::Color32) {
    let text = RichText::new(param.name().replace('_', " ")).color(color);
    let width = (ui.available_width() * 0.25).clamp(NAME[0], NAME[1]);
    let name = ui.allocate_ui_with_layout(
        vec2(width, ui.spacing().interact_size.y),
        egui::Layout::left_to_right(egui::Align::Center),
        |ui| {
            ui.set_min_width(width);
            ui.add(egui::Label::new(text).truncate())
        },
    );
    name.inner.on_hover_text(explained(param));
}

/// A check box that puts the key there, as the example has it, or leaves it out.
fn switch_ui(ui: &mut Ui, ctx: &PaneContext<'_>, key: &str, param: &'static Param, on: bool, color: egui::Color32) {
    let mut checked = on;
    let text = RichText::new(param.name().replace('_', " ")).color(color);
    let text = if param.kind == Kind::Table { text.strong() } else { text };
    let check = ui.checkbox(&mut checked, text);
    let words = if param.kind == Kind::Table { spoken(key) } else { format!("set {}", spoken(key)) };
    check.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, &words));
    if check.on_hover_text(explained(param)).changed() {
        let value = checked.then(|| params::typical(param)).flatten();
        ctx.send(Command::SetParam { key: key.to_owned(), value });
        ctx.send(Command::SettleParam);
    }
}

/// The meaning, and the unit.
pub(super) fn explained(param: &Param) -> String {
    match param.kind.unit() {
        "" => param.meaning.to_owned(),
        unit => format!("{}\nUnit: {unit}.", param.meaning),
    }
}

/// Shown where there is something to go back to.
fn reset_ui(ui: &mut Ui, ctx: &PaneContext<'_>, draft: &Draft, key: &str, param: &Param) {
    let standard = params::standard(param);
    let is_standard = |standard| draft.get(key).is_some_and(|value| same(value, standard));
    if param.kind == Kind::Table || standard.as_ref().is_none_or(is_standard) {
        return;
    }
    let button =
        ui.add(egui::Button::new(RichText::new("reset").small().color(Theme::faded(ctx.theme.text, 0.8))).frame(false));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("reset {}", spoken(key))));
    let words = standard.as_ref().map(super::words::shown).unwrap_or_default();
    if button.on_hover_text(format!("Back to {words}.")).clicked() {
        ctx.send(Command::SetParam { key: key.to_owned(), value: standard });
        ctx.send(Command::SettleParam);
    }
}
