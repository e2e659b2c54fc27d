//! The strip of first steps below the panes.

use egui::{Layout, RichText, Ui};

use crate::command::Command;
use crate::context::PaneContext;
use crate::state::{Hint, Hints, Preset};

/// Draws the hint that helps now. Call only where there is one.
pub fn hint_ui(ui: &mut Ui, ctx: &PaneContext<'_>, hint: Hint) {
    ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
        if ui.small_button("No hints").on_hover_text("Help, Hints for first steps, brings them back.").clicked() {
            ctx.send(Command::ToggleHints);
        }
        if ui.small_button("Got it").on_hover_text("On to the next one, when it helps.").clicked() {
            ctx.send(Command::DismissHint(hint));
        }
        let layout = match hint {
            Hint::Tune => Some(Preset::Tune),
            Hint::Diagnose => Some(Preset::Diagnose),
            _ => None,
        };
        if let Some(preset) = layout
            && ui.small_button(format!("Show me {}", preset.title())).on_hover_text(preset.purpose()).clicked()
        {
            ctx.send(Command::SetLayout(preset));
            ctx.send(Command::DismissHint(hint));
        }
        ui.with_layout(Layout::left_to_right(egui::Align::Center), |ui| {
            ui.add(egui::Label::new(RichText::new(hint.words()).color(ctx.theme.text)).wrap());
        });
    });
}

/// The hint to show.
pub fn wanted(ctx: &PaneContext<'_>) -> Option<Hint> {
    Hints::next(ctx.state)
}
