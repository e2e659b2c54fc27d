//! What the preview shows: mode, redraw and what it keeps, slice, draws, swept parameter.

use egui::{Button, ComboBox, RichText, Role, Slider, Ui, WidgetInfo};
use microtome_core::loader::params;

use crate::command::{Command, table};
use crate::context::PaneContext;
use crate::state::preview::{PreviewAsk, PreviewMode, swept};

/// Draws them.
pub(super) fn controls_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let ask = &ctx.state.preview.ask;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for mode in PreviewMode::ALL {
            let choice = choice_ui(ui, ask.mode == mode, mode.title(), &format!("Preview: {}", mode.title()));
            if choice.on_hover_text(mode.purpose()).clicked() {
                ctx.send(Command::SetPreviewMode(mode));
            }
        }
    });
    ui.horizontal_wrapped(|ui| {
        redraw_ui(ui, ctx);
        toggle_ui(ui, ctx, ask.keep_place, "place", &Command::ToggleKeepPlace);
        toggle_ui(ui, ctx, ask.keep_numbers, "augmentation", &Command::ToggleKeepNumbers);
        let mut labels = ctx.state.display.show_labels;
        let check = ui.checkbox(&mut labels, "labels");
        check.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, labels, "Labels over the preview"));
        if check.on_hover_text("Labels over slices and crops (L). Hatched: nobody annotated there.").changed() {
            ctx.send(Command::ToggleLabels);
        }
    });
    slice_ui(ui, ctx, ask);
    match ask.mode {
        PreviewMode::Draws => draws_ui(ui, ctx, ask),
        PreviewMode::Sweep => sweep_ui(ui, ctx, ask),
        PreviewMode::Pair | PreviewMode::Stages => {}
    }
}

/// A small button that stays pressed; `label` is its name in the accessibility tree.
fn choice_ui(ui: &mut Ui, on: bool, words: &str, label: &str) -> egui::Response {
    let choice = ui.add(Button::selectable(on, words).small());
    choice.widget_info(|| WidgetInfo::selected(Role::Button, true, on, label));
    choice
}

fn redraw_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let Some(spec) = table().iter().find(|spec| spec.command == Command::RedrawPreview) else { return };
    let enabled = (spec.enabled)(ctx.state);
    let button = ui.add_enabled(enabled, Button::new("Redraw").small());
    button.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, "Redraw (Preview)"));
    let keys = spec.shortcut.map(|shortcut| format!(" ({shortcut})")).unwrap_or_default();
    if button.on_hover_text(format!("{}{keys}", spec.tooltip)).clicked() {
        ctx.send(Command::RedrawPreview);
    }
    ui.label(RichText::new("keeps").small().color(ctx.theme.weak));
}

fn toggle_ui(ui: &mut Ui, ctx: &PaneContext<'_>, on: bool, words: &str, command: &Command) {
    let Some(spec) = table().iter().find(|spec| spec.command == *command) else { return };
    let mut value = on;
    let check = ui.checkbox(&mut value, words);
    check.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, on, format!("{} (Preview)", spec.label)));
    if check.on_hover_text(&spec.tooltip).changed() {
        ctx.send(command.clone());
    }
}

fn slice_ui(ui: &mut Ui, ctx: &PaneContext<'_>, ask: &PreviewAsk) {
    const WORDS: f32 = 96.0;
    let slices = ctx.state.preview.shown.as_ref().map_or(0, |view| view.slices);
    if slices < 2 {
        return;
    }
    let last = (slices - 1) as f32;
    let mut slice = (ask.slice * last).round();
    ui.horizontal(|ui| {
        ui.spacing_mut().slider_width = (ui.available_width() - WORDS).max(40.0);
        let slider = ui.add(Slider::new(&mut slice, 0.0..=last).step_by(1.0).show_value(false));
        slider.widget_info(|| WidgetInfo::slider(true, f64::from(slice), "Slice of the preview"));
        if slider.on_hover_text("The slice through the patch, along its own z.").changed() {
            ctx.send(Command::SetPreviewSlice(slice / last));
        }
        ui.label(RichText::new(format!("slice {} / {slices}", slice as usize + 1)).small().color(ctx.theme.weak));
    });
}

fn draws_ui(ui: &mut Ui, ctx: &PaneContext<'_>, ask: &PreviewAsk) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for draws in PreviewAsk::DRAWS {
            let choice = choice_ui(ui, ask.draws == draws, &format!("{draws}"), &format!("{draws} draws"));
            if choice.on_hover_text("How many draws are shown side by side.").clicked() {
                ctx.send(Command::SetPreviewDraws(draws));
            }
        }
    });
}

/// The parameter and at how many values.
fn sweep_ui(ui: &mut Ui, ctx: &PaneContext<'_>, ask: &PreviewAsk) {
    let Some(data) = ctx.state.session.open() else { return };
    let values = data.draft.values();
    let Some(current) = swept(values, ask) else {
        let words = "No parameter to sweep: switch an augmentation on in the pane Tune.";
        ui.label(RichText::new(words).color(ctx.theme.weak));
        return;
    };
    let words = |key: &str| key.trim_start_matches("augment.").replace(['.', '_'], " ");
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let combo = ComboBox::from_id_salt("swept").selected_text(words(&current.key)).width(130.0);
        let combo = combo.show_ui(ui, |ui| {
            for span in params::spans(values) {
                let meaning = params::param(&span.key).map_or("", |param| param.meaning);
                let item = ui.selectable_label(span.key == current.key, words(&span.key));
                if item.on_hover_text(meaning).clicked() {
                    ctx.send(Command::SetSweptKey(Some(span.key.clone())));
                }
            }
        });
        combo.response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::ComboBox, true, "Swept parameter");
            info.current_text_value = Some(words(&current.key));
            info
        });
        combo.response.on_hover_text("The parameter that goes from its smallest to its largest value.");
        for values in PreviewAsk::VALUES {
            let (title, label) = match values {
                2 => ("extremes".to_owned(), "Extremes".to_owned()),
                many => (format!("{many}"), format!("{many} values")),
            };
            let choice = choice_ui(ui, ask.values == values, &title, &label);
            if choice.on_hover_text("At how many values, the smallest and the largest among them.").clicked() {
                ctx.send(Command::SetSweepValues(values));
            }
        }
    });
}
