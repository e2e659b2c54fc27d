//! Everything around the panes: menus, status bar, palette, notices, and what stands there while nothing is open.

mod attach;
mod bar;
mod export;
mod focus;
mod go_to;
mod help;
mod hints;
mod menus;
mod notices;
mod palette;
mod path_field;
mod status;
mod text_window;
mod welcome;

use std::time::Duration;

use egui::{CentralPanel, Frame, Margin, Panel, Ui};

use crate::context::PaneContext;
use crate::layout::{Layout, framed_pane_ui};
use crate::state::{Log, LogLevel, Session, State};

/// Draws the whole window.
pub fn window_ui(ui: &mut Ui, ctx: &PaneContext<'_>, layout: &mut Layout) {
    let bar = Frame::new().fill(ctx.theme.raised);
    Panel::top("bar").frame(bar.inner_margin(Margin::symmetric(8, 4))).show(ui, |ui| bar::bar_ui(ui, ctx));
    Panel::bottom("status").frame(bar.inner_margin(Margin::symmetric(8, 3))).show(ui, |ui| status::status_ui(ui, ctx));
    if let Some(hint) = hints::wanted(ctx) {
        let frame = bar.inner_margin(Margin::symmetric(10, 4));
        Panel::bottom("hint").frame(frame).show(ui, |ui| hints::hint_ui(ui, ctx, hint));
    }
    CentralPanel::default().frame(Frame::new().fill(ctx.theme.panel)).show(ui, |ui| match &ctx.state.session {
        Session::Open(_) | Session::Remote(_) => match ctx.state.maximised {
            Some(kind) => framed_pane_ui(ui, kind, ctx),
            None => layout.layout_ui(ui, ctx),
        },
        _ => welcome::welcome_ui(ui, ctx),
    });
    path_field::path_field_ui(ui, ctx);
    attach::attach_ui(ui, ctx);
    go_to::go_to_ui(ui, ctx);
    export::export_ui(ui, ctx);
    palette::palette_ui(ui, ctx);
    help::help_ui(ui, ctx);
    notices::notices_ui(ui, ctx);
    focus::focus_ui(ui, ctx);
    welcome::drop_hint_ui(ui, ctx);
}

/// Asks for a frame when the next notice is due to go, so that it goes by itself.
pub fn wake_for_notices(ctx: &egui::Context, state: &State) {
    let due = state.log.notices(state.now_s).filter(|(_, entry)| entry.level != LogLevel::Error);
    let soonest = due.map(|(_, entry)| entry.time_s + Log::NOTICE_SECONDS - state.now_s).fold(f64::INFINITY, f64::min);
    if soonest.is_finite() {
        ctx.request_repaint_after(Duration::from_secs_f64(soonest.max(0.0) + 0.02));
    }
}
