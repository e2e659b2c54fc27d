//! Warnings and errors as notices in the corner, until they are read.

use egui::{Align2, Area, Frame, Id, Order, RichText, Stroke, Ui};

use crate::command::Command;
use crate::context::PaneContext;
use crate::state::{LogLevel, PaneKind, Session};

/// Notices that are up at a time; the others wait in the log.
const SHOWN: usize = 3;

/// Draws the notices.
pub fn notices_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let log = &ctx.state.log;
    // What the middle of the window says already is not said twice.
    let said = match &ctx.state.session {
        Session::Failed { message, .. } => Some(message),
        _ => None,
    };
    let notices: Vec<_> =
        log.notices(ctx.state.now_s).filter(|(_, entry)| Some(&entry.message) != said).take(SHOWN + 1).collect();
    if notices.is_empty() {
        return;
    }
    let area = Area::new(Id::unique("notices")).order(Order::Foreground).anchor(Align2::RIGHT_BOTTOM, [-12.0, -36.0]);
    area.show(ui, |ui| {
        for (index, entry) in notices.iter().take(SHOWN).rev() {
            let color = if entry.level == LogLevel::Error { ctx.theme.loss } else { ctx.theme.risk };
            let frame = Frame::popup(ui.style()).stroke(Stroke::new(1.0, color)).inner_margin(8);
            frame.show(ui, |ui| {
                ui.set_width(380.0);
                ui.horizontal_top(|ui| {
                    let close = ui.small_button("×").on_hover_text("Take this notice down; it stays in the log.");
                    close.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Dismiss notice"));
                    if close.clicked() {
                        ctx.send(Command::DismissNotice(*index));
                    }
                    let times = if entry.count > 1 { format!(" ({}×)", entry.count) } else { String::new() };
                    ui.label(RichText::new(format!("{}{times}", entry.message)).color(ctx.theme.strong));
                });
            });
        }
        if notices.len() > SHOWN {
            let more = ui.button("More in the log").on_hover_text("Bring the pane Log to the front.");
            if more.clicked() {
                ctx.send(Command::ShowPane(PaneKind::Log));
            }
        }
    });
}
