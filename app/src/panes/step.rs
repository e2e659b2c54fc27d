//! How often the window takes a batch: as fast as they come, or as the training would whose loader this will be.

use std::time::Duration;

use egui::{DragValue, RichText, Role, Ui, WidgetInfo};

use crate::command::Command;
use crate::context::PaneContext;
use crate::state::Session;

/// Longest step that can be set.
const MOST_MS: u64 = 60_000;

/// Draws the field; nothing for a loader elsewhere, which has its own consumer.
pub(super) fn step_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    if !matches!(ctx.state.session, Session::Open(_)) {
        return;
    }
    let step = ctx.state.training_step;
    ui.horizontal_wrapped(|ui| {
        ui.label("A training step takes").on_hover_text(
            "How long your training computes on a batch. The window takes batches as often, so that the verdict is about that \
             training. Measure it with a batch that stays the same.",
        );
        let mut ms = u64::try_from(step.as_millis()).unwrap_or(MOST_MS);
        let drag = ui.add(DragValue::new(&mut ms).range(0..=MOST_MS).speed(1.0).suffix(" ms"));
        drag.widget_info(|| WidgetInfo::labeled(Role::SpinButton, true, "Training step in milliseconds"));
        if drag.on_hover_text("Drag, or type. 0 ms: batches are taken as fast as they come.").changed() {
            ctx.send(Command::SetTrainingStep(Duration::from_millis(ms)));
        }
        if step.is_zero() {
            let words = "nothing is known of one: batches are taken as fast as they come";
            ui.label(RichText::new(words).small().color(ctx.theme.weak));
        }
    });
}
