//! The app: one frame is `logic` (take in, apply commands), then `ui` (paint).

mod answers;
mod counting;
mod gauging;
mod loading;
mod network;
mod streaming;

use std::sync::Arc;

use egui_wgpu::RenderState;

use crate::background::{Dialogs, Exporter, Finder, Opener, Saver, Waker, Writer};
use crate::chrome;
use crate::command::{self, Command};
use crate::context::{CommandSender, PaneContext};
use crate::keys;
use crate::layout::Layout;
use crate::options::AppOptions;
use crate::settings::Settings;
use crate::state::{Effect, Hints, LoaderPhase, LogLevel, PaneKind, Search, Session, State};
use crate::theme::Theme;
use counting::Counting;
use gauging::Gauging;
use loading::Loading;
use network::Network;
use streaming::Streaming;

/// Samples that are to show a class, until the user says otherwise.
const SIGHTINGS: u64 = 100;

/// The app, whatever hosts it.
pub struct App {
    state: State,
    commands: CommandSender,
    theme: Theme,
    layout: Layout,
    opener: Opener,
    dialogs: Dialogs,
    saver: Saver,
    finder: Finder,
    exporter: Exporter,
    loading: Loading,
    counting: Counting,
    gauging: Gauging,
    network: Network,
    streaming: Streaming,
    writer: Option<Writer>,
    written: Settings,
    run_loader: bool,
    quitting: bool,
}

impl App {
    /// Starts the app in a context that draws with `render_state`.
    ///
    /// # Errors
    /// A background thread cannot be started.
    pub fn new(ctx: &egui::Context, render_state: &RenderState, options: AppOptions) -> anyhow::Result<Self> {
        let repaint = ctx.clone();
        let waker: Waker = Arc::new(move || repaint.request_repaint());
        let (settings, complaint) = match &options.settings_dir {
            Some(folder) => Settings::read(&Settings::file(folder)),
            None => (Settings::default(), None),
        };
        // One from before a pane was there would hide what is new.
        let kept = settings.layout.clone().filter(|_| settings.layout_panes == PaneKind::ALL.len());
        let layout = kept.and_then(Layout::from_value).unwrap_or_default();
        let mut state = State {
            theme: options.theme.unwrap_or(settings.theme),
            recent: settings.recent.clone(),
            preset: settings.preset,
            ui_scale_steps: settings.ui_scale_steps,
            sightings: SIGHTINGS,
            ..State::default()
        };
        state.display.looks.clone_from(&settings.class_looks);
        state.hints = Hints { on: options.settings_dir.is_some(), seen: settings.hints_seen.clone() };
        if let Some(complaint) = complaint {
            state.say(LogLevel::Warning, complaint);
        }
        let writer = match &options.settings_dir {
            Some(folder) => Some(Writer::start(Settings::file(folder), Arc::clone(&waker))?),
            None => None,
        };
        let theme = Theme::new(state.theme);
        theme.install(ctx);
        // By commands of our own, which are remembered.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let mut app = Self {
            state,
            commands: CommandSender::default(),
            theme,
            layout,
            opener: Opener::new(Arc::clone(&waker)),
            dialogs: Dialogs::new(Arc::clone(&waker)),
            saver: Saver::new(Arc::clone(&waker)),
            finder: Finder::new(Arc::clone(&waker)),
            exporter: Exporter::new(Arc::clone(&waker)),
            loading: Loading::new(Arc::clone(&waker)),
            counting: Counting::new(Arc::clone(&waker)),
            gauging: Gauging::new(Arc::clone(&waker)),
            network: Network::new(Arc::clone(&waker)),
            streaming: Streaming::start(render_state, &waker)?,
            writer,
            written: settings,
            run_loader: options.run_loader,
            quitting: false,
        };
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

    /// True once the user wants to quit.
    #[must_use]
    pub const fn is_quitting(&self) -> bool {
        self.quitting
    }

    /// First half of a frame: takes in what the background did and applies commands. Paints nothing.
    pub fn logic(&mut self, ctx: &egui::Context) {
        self.state.now_s = ctx.input(|input| input.time);
        let dropped = ctx.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_path_buf()));
        if let Some(path) = dropped {
            self.run(Command::Open(crate::Start::from_path(path)));
        }
        self.state.views.begin_frame();
        self.state.preview.is_watched = false;
        let pressed = keys::pressed(ctx, &self.state);
        for command in pressed.into_iter().chain(self.commands.take()) {
            self.run(command);
        }
        self.take_answers();
        self.loading.take_news(&mut self.state, &mut self.streaming);
        self.apply_draft(ctx);
        self.loading.preview(&mut self.state);
        self.counting.take_news(&mut self.state);
        self.run_effects(ctx);
        self.gauging.take_answers(&mut self.state);
        self.network.advance(&mut self.state, &mut self.streaming);
        if self.state.views.fit_pending && self.state.views.any_visible() {
            self.state.views.fit_pending = false;
            command::reset_view(&mut self.state);
        }
        if self.streaming.advance(&mut self.state) {
            ctx.request_repaint();
        }
        ctx.set_zoom_factor(1.0 + f32::from(self.state.ui_scale_steps) / 10.0);
        if self.theme.name != self.state.theme {
            self.theme = Theme::new(self.state.theme);
            self.theme.install(ctx);
        }
        self.remember();
        chrome::wake_for_notices(ctx, &self.state);
    }

    /// Second half of a frame: paints.
    pub fn ui(&mut self, ui: &mut egui::Ui) {
        let ctx = PaneContext {
            state: &self.state,
            commands: &self.commands,
            theme: &self.theme,
            slices: Some(self.streaming.renderer()),
        };
        chrome::window_ui(ui, &ctx, &mut self.layout);
        if self.commands.wants_frame(&self.state) {
            ui.ctx().request_repaint();
        }
    }

    /// Hands an edited configuration to the loader when it has rested.
    fn apply_draft(&mut self, ctx: &egui::Context) {
        let now_s = self.state.now_s;
        let Session::Open(data) = &mut self.state.session else { return };
        if let Some(config) = data.draft.take_due(now_s) {
            data.config = config;
            data.refresh_leaks();
            if self.state.loader.phase != LoaderPhase::Off {
                self.state.effects.push(Effect::ApplyConfig);
            }
        } else if let Some(wait_s) = data.draft.waits_s(now_s) {
            ctx.request_repaint_after(std::time::Duration::from_secs_f64(wait_s));
        }
    }

    fn save(&mut self, file: std::path::PathBuf) -> anyhow::Result<()> {
        let Session::Open(data) = &self.state.session else { return Ok(()) };
        let source = match &data.source {
            crate::Start::Path(path) => Some(path.as_path()),
            _ => None,
        };
        let saving = data.draft.saving(source, &file);
        self.saver.save(file, saving)
    }

    fn run_effects(&mut self, ctx: &egui::Context) {
        for effect in std::mem::take(&mut self.state.effects) {
            let result = match effect {
                Effect::Open(start) => {
                    self.close();
                    match start {
                        crate::Start::Loader { .. } | crate::Start::Recording(_) => {
                            self.loading.attach(&mut self.state, start)
                        }
                        start => self.opener.open(start),
                    }
                }
                Effect::ChooseFolder => self.dialogs.show(false),
                Effect::ChooseConfig => self.dialogs.show(true),
                Effect::Close => {
                    self.opener.cancel();
                    self.gauging.stop(&mut self.state);
                    self.close();
                    self.state.session = Session::Empty;
                    Ok(())
                }
                Effect::FindLoaders => self.finder.look(),
                Effect::Record(file) => self.loading.record(file),
                Effect::StartLoader | Effect::RestartLoader => self.loading.start(&mut self.state),
                Effect::TuneElsewhere { key, value } => self.loading.tune_elsewhere(key, value),
                Effect::ApplyConfig => self.loading.apply(&mut self.state),
                Effect::SaveConfig(file) => self.save(file),
                Effect::Export { path, plan } => self.exporter.start(path, plan),
                Effect::Gauge(normal) => self.gauging.start(&mut self.state, normal, self.streaming.caches()),
                Effect::StopGauge => {
                    self.gauging.stop(&mut self.state);
                    Ok(())
                }
                Effect::SetTrainingStep => self.loading.set_step(self.state.training_step),
                Effect::StopLoader => {
                    self.loading.stop(&mut self.state);
                    self.streaming.use_own_caches();
                    Ok(())
                }
                Effect::StopPreview => {
                    self.loading.stop_preview(&mut self.state);
                    Ok(())
                }
                Effect::CancelExport => {
                    self.exporter.cancel();
                    Ok(())
                }
                Effect::PauseLoader => self.loading.set_paused(true),
                Effect::ResumeLoader => self.loading.set_paused(false),
                Effect::Simulate(draws) => self.loading.simulate(draws),
                Effect::Count(job) => self.counting.start(&mut self.state, job),
                Effect::StopCount(job) => self.counting.stop(&mut self.state, job),
                Effect::Recolor => self.loading.recolor(&self.state),
                Effect::CopyText(text) => {
                    ctx.copy_text(text);
                    Ok(())
                }
                Effect::ShowPane(kind) => {
                    self.layout.show(kind);
                    Ok(())
                }
                Effect::SetLayout(preset) => {
                    self.layout.arrange(preset);
                    Ok(())
                }
                Effect::Fullscreen => {
                    ctx.send_viewport_cmd(egui::ViewportCommand::Fullscreen(self.state.fullscreen));
                    Ok(())
                }
                Effect::Quit => {
                    self.quitting = true;
                    ctx.send_viewport_cmd(egui::ViewportCommand::Close);
                    Ok(())
                }
            };
            if let Err(error) = result {
                self.state.say(LogLevel::Error, format!("{error:#}"));
            }
        }
    }

    /// Lets go of the catalog and everything made from it.
    fn close(&mut self) {
        self.loading.stop(&mut self.state);
        self.streaming.forget(&mut self.state);
        self.counting.forget(&mut self.state);
        self.state.search = Search { focus_wanted: self.state.search.focus_wanted, ..Search::default() };
    }

    /// Hands changed settings to the writer.
    fn remember(&mut self) {
        let Some(writer) = &self.writer else { return };
        let layout_changed = self.layout.take_changed();
        let (layout, layout_panes) = match layout_changed {
            true => (self.layout.to_value(), PaneKind::ALL.len()),
            false => (self.written.layout.clone(), self.written.layout_panes),
        };
        let state = &self.state;
        let now = Settings {
            theme: state.theme,
            ui_scale_steps: state.ui_scale_steps,
            recent: state.recent.clone(),
            preset: state.preset,
            class_looks: state.display.looks.clone(),
            hints_seen: state.hints.seen.clone(),
            layout,
            layout_panes,
        };
        if now == self.written {
            return;
        }
        self.written = now;
        if let Ok(text) = serde_json::to_string_pretty(&self.written) {
            writer.write(text);
        }
    }
}
