//! The bar at the top: menus at the left; what the loader does, palette and theme at the right.

use egui::{Align, Layout, RichText, Ui};
use microtome_core::diagnose::{Diagnosis, InputBound};

use super::menus;
use crate::command::{Command, by_command};
use crate::context::PaneContext;
use crate::format;
use crate::options::ThemeName;
use crate::state::{LoaderPhase, PaneKind};

/// Draws the bar.
pub fn bar_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    ui.horizontal(|ui| {
        menus::menus_ui(ui, ctx);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            theme_ui(ui, ctx);
            let palette = ui.button("Commands  Ctrl P");
            if palette.on_hover_text("Find any command by typing a part of its name. (Ctrl P)").clicked() {
                ctx.send(Command::TogglePalette);
            }
            ui.separator();
            loader_ui(ui, ctx);
        });
    });
}

fn theme_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let (word, name) = match ctx.state.theme {
        ThemeName::Dark | ThemeName::HighContrast => ("Light", "Light theme"),
        ThemeName::Light => ("Dark", "Dark theme"),
    };
    let button = ui.button(word).on_hover_text("The other look.");
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    if button.clicked() {
        ctx.send(Command::ToggleTheme);
    }
}

/// Right to left: the button stands right of its words.
fn loader_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let (word, name) = match ctx.state.loader.phase {
        LoaderPhase::Running => ("Pause", "Pause the loader"),
        _ => ("Run", "Run the loader"),
    };
    let enabled = by_command(&Command::PlayPause).is_none_or(|spec| (spec.enabled)(ctx.state));
    let button = ui.add_enabled(enabled, egui::Button::new(word));
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, enabled, name));
    let button = button.on_hover_text(format!("{name}. (Space)"));
    if button.on_disabled_hover_text("Open data first.").clicked() {
        ctx.send(Command::PlayPause);
    }
    verdict_ui(ui, ctx);
    let (words, color) = match &ctx.state.loader.phase {
        LoaderPhase::Off => ("loader off".to_owned(), ctx.theme.weak),
        LoaderPhase::Paused => ("paused".to_owned(), ctx.theme.weak),
        LoaderPhase::Failed(_) => ("loader stopped".to_owned(), ctx.theme.loss),
        LoaderPhase::Running => (rate(ctx), ctx.theme.strong),
    };
    let tooltip = match &ctx.state.loader.phase {
        LoaderPhase::Failed(reason) => reason.clone(),
        _ => "Samples handed over to this window per second, over the last five seconds.".to_owned(),
    };
    ui.label(RichText::new(words).color(color)).on_hover_text(tooltip);
}

/// How much of the time the consumer waits; shows the verdict when it is clicked.
fn verdict_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let Some(diagnosis) =
        ctx.state.loader.diagnosis.as_ref().filter(|_| ctx.state.loader.phase == LoaderPhase::Running)
    else {
        return;
    };
    let (words, color) = match diagnosis.input_bound {
        // Somebody who takes batches as fast as they come always waits.
        _ if !ctx.state.has_training() => (format!("limited by {}", diagnosis.limit.name()), ctx.theme.text),
        InputBound::Highly => (input_bound(diagnosis), ctx.theme.loss),
        InputBound::Moderately => (input_bound(diagnosis), ctx.theme.risk),
        InputBound::Not => (input_bound(diagnosis), ctx.theme.good),
    };
    let chip = ui.add(egui::Button::new(RichText::new(words).color(color)).frame(false));
    let taken = if ctx.state.has_training() { "" } else { " This window takes batches as fast as they come." };
    let tooltip =
        format!("{}{taken} Click for the Diagnosis pane, where a training step can be set.", diagnosis.verdict);
    if chip.on_hover_text(tooltip).clicked() {
        ctx.send(Command::ShowPane(PaneKind::Diagnosis));
    }
}

fn input_bound(diagnosis: &Diagnosis) -> String {
    format!("input-bound {}", format::percent(diagnosis.input_bound_share))
}

fn rate(ctx: &PaneContext<'_>) -> String {
    match ctx.state.history.recent_samples_per_second(std::time::Duration::from_secs(5)) {
        Some(rate) => format!("{} samples/s", format::number(rate)),
        None => "starting…".to_owned(),
    }
}
