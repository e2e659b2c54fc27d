//! What changes brought, against what was predicted, and how far off each kind of advice has been.

use egui::{RichText, Ui};

use crate::state::Trials;
use crate::theme::Theme;

/// Trials that are listed.
const LISTED: usize = 5;

/// Draws what is being tried, the last trials and the scores; nothing before the first change.
pub fn trials_ui(ui: &mut Ui, theme: &Theme, trials: &Trials) {
    if let Some(plan) = trials.running() {
        let words = format!("trying: {}; a few seconds of steady running say what it brings", plan.what);
        ui.label(RichText::new(words).color(theme.text));
    }
    if trials.done().is_empty() {
        return;
    }
    ui.label(RichText::new("what changes brought").color(theme.strong)).on_hover_text(
        "Samples per second over the seconds before and after each change. ±: the standard error, from how much single \
         batches differ. Data that is cached first, or other load on the machine, counts too.",
    );
    for trial in trials.done().iter().rev().take(LISTED) {
        let color = match trial.measured_gain() {
            _ if !trial.is_told_apart() => theme.weak,
            gain if gain > 0.0 => theme.good,
            _ => theme.risk,
        };
        ui.label(RichText::new(trial.words()).small().color(color));
    }
    for score in trials.scores() {
        let words = format!("advice on {}: {}", score.kind.words(), score.words());
        ui.label(RichText::new(words).small().color(theme.text)).on_hover_text(
            "How this kind of advice has done since the app was started; 1.00 would be right every time.",
        );
    }
}
