//! Every class of what is open: shown or hidden in all crops, its colour and opacity, and shown alone.

use egui::{Button, CornerRadius, Id, Popup, PopupCloseBehavior, RichText, Role, Sense, Slider, Ui, WidgetInfo, vec2};

use super::fold::{Fold, fold_ui};
use crate::command::{Command, DataCommand};
use crate::context::PaneContext;
use crate::theme::{CLASS_COLORS, Theme, class_rgb};

/// Classes that are unfolded at first; more would push the tree out of sight.
const UNFOLDED: usize = 8;

/// Draws them.
pub fn classes_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let Some(data) = ctx.state.session.open() else { return };
    if data.class_names.is_empty() {
        return;
    }
    let fold = Fold {
        id: Id::unique("class looks"),
        label: "Fold of class looks",
        open: data.class_names.len() <= UNFOLDED,
        forced: false,
    };
    let header = |ui: &mut Ui| {
        ui.label(RichText::new("Class looks").strong().color(ctx.theme.strong));
        if let Some(isolated) = &ctx.state.display.isolated {
            let all =
                ui.small_button("Show all").on_hover_text(format!("Only {isolated} is shown; show the others, too."));
            if all.clicked() {
                ctx.send(Command::Data(DataCommand::ShowAllClasses));
            }
        } else if !ctx.state.display.looks.is_empty() {
            let reset = ui.small_button("Reset looks").on_hover_text("Colours and opacity of every class as at first.");
            if reset.clicked() {
                ctx.send(Command::Data(DataCommand::ResetClassLooks));
            }
        }
    };
    fold_ui(ui, fold, header, |ui| {
        for class in &data.class_names {
            class_ui(ui, ctx, class);
        }
    });
}

fn class_ui(ui: &mut Ui, ctx: &PaneContext<'_>, class: &str) {
    ui.horizontal(|ui| {
        visible_ui(ui, ctx, class);
        swatch_ui(ui, ctx, class);
        let isolated = ctx.state.display.isolated.as_deref() == Some(class);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let only = Button::new(RichText::new("only").small()).selected(isolated).small();
            let only = ui.add(only);
            only.widget_info(|| WidgetInfo::selected(Role::Button, true, isolated, format!("Show only {class}")));
            if only.on_hover_text(format!("Show only {class}; again: what was shown before.")).clicked() {
                ctx.send(Command::Data(DataCommand::IsolateClass(class.to_owned())));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let dimmed = ctx.state.display.isolated.is_some() && !isolated;
                let color = if dimmed { ctx.theme.weak } else { ctx.theme.text };
                ui.add(egui::Label::new(RichText::new(class).color(color)).truncate());
            });
        });
    });
}

fn visible_ui(ui: &mut Ui, ctx: &PaneContext<'_>, class: &str) {
    let visibility = ctx.state.class_visibility(class);
    let mut visible = visibility.unwrap_or(false);
    let check = ui.add(egui::Checkbox::without_text(&mut visible).indeterminate(visibility.is_none()));
    let name = format!("Show {class} in every crop");
    check.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, visible, &name));
    if check.on_hover_text(format!("{name} of the shown dataset.")).changed() {
        ctx.send(Command::Data(DataCommand::ShowClass { class: class.to_owned(), visible }));
    }
}

/// The colour of the class: a button that opens what its look consists of.
fn swatch_ui(ui: &mut Ui, ctx: &PaneContext<'_>, class: &str) {
    let (rect, swatch) = ui.allocate_exact_size(vec2(16.0, 16.0), Sense::click());
    let color = Theme::rgb(ctx.color_of_class(class));
    let opacity = ctx.state.display.look(class).opacity;
    let dot = egui::Rect::from_center_size(rect.center(), vec2(12.0, 12.0));
    ui.painter().rect_filled(dot, CornerRadius::same(6), Theme::faded(color, 0.25 + 0.75 * opacity));
    ui.painter().rect_stroke(dot, CornerRadius::same(6), egui::Stroke::new(1.0, color), egui::StrokeKind::Inside);
    if swatch.has_focus() || swatch.hovered() {
        let ring = egui::Stroke::new(1.5, ctx.theme.accent);
        ui.painter().rect_stroke(rect, CornerRadius::same(8), ring, egui::StrokeKind::Inside);
    }
    swatch.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Look of {class}")));
    let swatch = swatch.on_hover_text("Colour and opacity of this class.");
    Popup::menu(&swatch).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| look_ui(ui, ctx, class));
}

fn look_ui(ui: &mut Ui, ctx: &PaneContext<'_>, class: &str) {
    let look = ctx.state.display.look(class);
    ui.label(RichText::new(class).strong());
    let mut opacity = look.opacity;
    let slider = ui.add(Slider::new(&mut opacity, 0.0..=1.0).fixed_decimals(2).text("opacity"));
    slider.widget_info(|| WidgetInfo::slider(true, f64::from(opacity), format!("Opacity of {class}")));
    if slider.on_hover_text("Its part of the opacity of all labels.").changed() {
        ctx.send(Command::Data(DataCommand::SetClassOpacity { class: class.to_owned(), opacity }));
    }
    ui.label(RichText::new("safe for colour-blind readers").small().color(ctx.theme.weak));
    let shown = ctx.color_of_class(class);
    let set = |color| ctx.send(Command::Data(DataCommand::SetClassColor { class: class.to_owned(), color }));
    ui.horizontal_wrapped(|ui| {
        for index in 0..CLASS_COLORS {
            let color = class_rgb(index);
            if palette_ui(ui, ctx, color, color == shown, &format!("Colour {} for {class}", index + 1)) {
                set(Some(color));
            }
        }
    });
    for (channel, name) in ["red", "green", "blue"].into_iter().enumerate() {
        let mut picked = shown;
        let slider = ui.add(Slider::new(&mut picked[channel], 0..=255).text(name));
        slider.widget_info(|| WidgetInfo::slider(true, f64::from(shown[channel]), format!("{name} of {class}")));
        if slider.on_hover_text("A colour of its own, sRGB, 0 to 255.").changed() {
            set(Some(picked));
        }
    }
    let first = ui.add_enabled(look.color.is_some(), Button::new("Colour as at first"));
    if first.on_hover_text("The colour of its place in the palette.").clicked() {
        set(None);
    }
}

fn palette_ui(ui: &mut Ui, ctx: &PaneContext<'_>, color: [u8; 3], chosen: bool, label: &str) -> bool {
    let (rect, button) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::click());
    ui.painter().rect_filled(rect.shrink(3.0), CornerRadius::same(3), Theme::rgb(color));
    if chosen || button.has_focus() || button.hovered() {
        let ring = egui::Stroke::new(1.5, if chosen { ctx.theme.strong } else { ctx.theme.accent });
        ui.painter().rect_stroke(rect, CornerRadius::same(4), ring, egui::StrokeKind::Inside);
    }
    button.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, label));
    button.on_hover_text(label).clicked()
}
