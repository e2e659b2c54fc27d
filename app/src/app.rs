//! The app: one frame is `logic` (take in, apply commands), then `ui` (paint).

use egui_wgpu::RenderState;

use crate::command::{self, Command};
use crate::context::{CommandSender, PaneContext};
use crate::options::AppOptions;
use crate::state::State;
use crate::theme::Theme;

/// The app, whatever hosts it.
pub struct App {
    state: State,
    commands: CommandSender,
    theme: Theme,
}

impl App {
    /// Starts the app in a context that draws with `render_state`.
    ///
    /// # Errors
    /// A background thread cannot be started.
    pub fn new(ctx: &egui::Context, _render_state: &RenderState, options: AppOptions) -> anyhow::Result<Self> {
        let state = State { theme: options.theme.unwrap_or_default(), ..State::default() };
        let theme = Theme::new(state.theme);
        theme.install(ctx);
        let mut app = Self { state, commands: CommandSender::default(), theme };
        app.run(Command::Open(options.start));
        Ok(app)
    }

    /// Everything the window shows.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Runs a command at once.
    pub fn run(&mut self, command: Command) {
        command::apply(&mut self.state, command);
    }

    /// First half of a frame: takes in what the background did and applies commands. Paints nothing.
    pub fn logic(&mut self, ctx: &egui::Context) {
        self.state.now_s = ctx.input(|input| input.time);
        for command in self.commands.take() {
            self.run(command);
        }
        if self.theme.name != self.state.theme {
            self.theme = Theme::new(self.state.theme);
            self.theme.install(ctx);
        }
    }

    /// Second half of a frame: paints.
    pub fn ui(&mut self, ui: &mut egui::Ui) {
        let ctx = PaneContext { state: &self.state, commands: &self.commands, theme: &self.theme };
        egui::CentralPanel::default().show(ui, |ui| {
            crate::panes::pane_ui(ui, crate::panes::PaneKind::Log, &ctx);
        });
    }
}
