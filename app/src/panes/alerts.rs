//! What deserves a word beside the verdict: alerts, and who waits for what when nothing gets on.

use egui::{CollapsingHeader, RichText, Ui};
use microtome_core::diagnose::monitor::{Alert, Severity};
use microtome_core::telemetry::StandstillStats;

use crate::theme::Theme;

/// Draws alerts, the gravest first.
pub fn alerts_ui<'a>(ui: &mut Ui, theme: &Theme, alerts: impl IntoIterator<Item = &'a Alert>) {
    for alert in alerts {
        let (word, color) = match alert.severity {
            Severity::Severe => ("severe", theme.loss),
            Severity::Warning => ("warning", theme.risk),
            Severity::Note => ("note", theme.weak),
        };
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(word).small().color(color));
            ui.label(RichText::new(&alert.what).color(theme.strong));
        });
        let words = format!("because {}; {}", alert.because, alert.advice);
        ui.label(RichText::new(words).small().color(theme.weak));
    }
}

/// Draws who waits for what, if nothing got on at any time.
pub fn standstill_ui(ui: &mut Ui, theme: &Theme, standstills: &StandstillStats) {
    let Some(report) = &standstills.last else { return };
    let lasts = report.over_at.is_none();
    let title = if lasts { "who waits for what" } else { "who waited for what the last time" };
    CollapsingHeader::new(title).default_open(lasts).show(ui, |ui| {
        for line in report.lines() {
            ui.label(RichText::new(line).monospace().small().color(theme.text));
        }
    });
}
