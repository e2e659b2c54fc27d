//! The pane `log`: what happened, in words; filtered by level, ready to be copied.

use egui::{Align, Label, Layout, RichText, ScrollArea, Ui};

use super::figure::message_ui;
use crate::command::Command;
use crate::context::PaneContext;
use crate::format;
use crate::state::{LogEntry, LogLevel};
use crate::theme::Theme;

/// Entries laid out in each frame; older ones are copied, not shown.
const SHOWN: usize = 300;

/// Draws the pane.
pub fn log_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let least = toolbar_ui(ui, ctx);
    let entries: Vec<&LogEntry> = ctx.state.log.entries().filter(|entry| entry.level >= least).collect();
    if entries.is_empty() {
        message_ui(ui, ctx.theme, if least == LogLevel::Info { "Nothing to report." } else { "Nothing of that kind." });
        return;
    }
    ScrollArea::vertical().id_salt("log").auto_shrink(false).stick_to_bottom(true).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        let older = entries.len().saturating_sub(SHOWN);
        if older > 0 {
            let text = format!(
                "{} not shown; Copy takes them too",
                format::counted(older as u64, "older entry", "older entries")
            );
            ui.label(RichText::new(text).small().color(ctx.theme.weak));
        }
        for entry in &entries[older..] {
            entry_ui(ui, ctx.theme, entry);
        }
    });
}

/// The filter and the buttons. Returns the mildest level to show.
fn toolbar_ui(ui: &mut Ui, ctx: &PaneContext<'_>) -> LogLevel {
    let id = ui.scope_id().with("least level");
    let mut least = ui.data(|data| data.get_temp::<LogLevel>(id)).unwrap_or(LogLevel::Info);
    let log = &ctx.state.log;
    ui.horizontal(|ui| {
        for level in LogLevel::ALL {
            let count = log.entries().filter(|entry| entry.level >= level).map(|entry| entry.count).sum();
            let words = match level {
                LogLevel::Info => "All",
                LogLevel::Warning => "Warnings and errors",
                LogLevel::Error => "Errors",
            };
            let text = format!("{words} {}", format::count(count));
            if ui.selectable_label(least == level, text).on_hover_text("Show entries at least this serious.").clicked()
            {
                least = level;
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let any = log.entries().len() > 0;
            ui.add_enabled_ui(any, |ui| {
                if ui.button("Clear").on_hover_text("Empty the log.").clicked() {
                    ctx.send(Command::ClearLog);
                }
                if ui.button("Copy").on_hover_text("Copy the entries of the chosen level as text.").clicked() {
                    ui.copy_text(as_text(log.entries().filter(|entry| entry.level >= least)));
                }
            });
        });
    });
    ui.data_mut(|data| data.insert_temp(id, least));
    least
}

fn entry_ui(ui: &mut Ui, theme: &Theme, entry: &LogEntry) {
    let color = match entry.level {
        LogLevel::Info => theme.weak,
        LogLevel::Warning => theme.risk,
        LogLevel::Error => theme.loss,
    };
    ui.horizontal_top(|ui| {
        ui.label(RichText::new(clock(entry.time_s)).monospace().color(theme.weak))
            .on_hover_text("Time since the app started, of the latest repetition.");
        ui.allocate_ui(egui::vec2(54.0, 16.0), |ui| {
            ui.set_min_width(54.0);
            ui.label(RichText::new(entry.level.name()).color(color));
        });
        if entry.count > 1 {
            ui.label(RichText::new(format!("×{}", format::count(entry.count))).color(theme.weak))
                .on_hover_text("How often it was said in a row.");
        }
        ui.add(Label::new(RichText::new(entry.message.as_str()).color(theme.text)).wrap().selectable(true));
    });
}

/// `1:02:03` or `02:03.4`, since the app started.
fn clock(time_s: f64) -> String {
    let tenths = (time_s.max(0.0) * 10.0).floor() as u64;
    let (minutes, rest) = (tenths / 600, tenths % 600);
    if minutes < 60 {
        format!("{minutes:02}:{:02}.{}", rest / 10, rest % 10)
    } else {
        format!("{}:{:02}:{:02}", minutes / 60, minutes % 60, rest / 10)
    }
}

/// The entries as lines of text.
fn as_text<'a>(entries: impl Iterator<Item = &'a LogEntry>) -> String {
    let line = |entry: &LogEntry| {
        let times = if entry.count > 1 { format!(" (×{})", entry.count) } else { String::new() };
        format!("{} {} {}{times}\n", clock(entry.time_s), entry.level.name(), entry.message)
    };
    entries.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_clock_times_since_the_start() {
        assert_eq!(clock(0.04), "00:00.0");
        assert_eq!(clock(75.55), "01:15.5");
        assert_eq!(clock(3723.0), "1:02:03");
        assert_eq!(clock(f64::NAN), "00:00.0");
    }

    #[test]
    fn copied_text_has_one_line_per_entry() {
        let entry = |count, message: &str| LogEntry {
            time_s: 1.0,
            level: LogLevel::Error,
            message: message.to_owned(),
            count,
            notice: false,
        };
        let text = as_text([entry(1, "a"), entry(3, "b")].iter());
        assert_eq!(text, "00:01.0 error a\n00:01.0 error b (×3)\n");
    }
}
