//! Holds the app in a test harness and waits for it by frames, never by the clock.

use std::path::PathBuf;
use std::time::Duration;

use egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, vec2};
use egui_kittest::kittest::Queryable;
use egui_kittest::wgpu::{WgpuTestRenderer, create_render_state, default_wgpu_setup};
use egui_kittest::{Harness, Node};
use egui_wgpu::{RenderState, RendererOptions};
use microtome::command::Command;
use microtome::state::{Session, State};
use microtome::{App, AppOptions, Start};

/// Frames after which a test gives up: about half a minute.
const FRAMES: usize = 3000;

/// The app, made in the first frame because it needs the harness's context.
pub struct Held {
    app: Option<App>,
    render_state: RenderState,
    options: AppOptions,
}

/// A running app.
pub struct Driver {
    pub harness: Harness<'static, Held>,
}

impl Driver {
    pub fn start(options: AppOptions) -> Self {
        let render_state = create_render_state(default_wgpu_setup(), RendererOptions::PREDICTABLE);
        let renderer = WgpuTestRenderer::from_render_state(render_state.clone());
        let held = Held { app: None, render_state, options };
        let harness = Harness::builder().with_size(vec2(1200.0, 800.0)).renderer(renderer).build_ui_state(
            |ui, held: &mut Held| {
                if held.app.is_none() {
                    held.app =
                        Some(App::new(ui.ctx(), &held.render_state, held.options.clone()).expect("the app starts"));
                }
                if let Some(app) = &mut held.app {
                    app.logic(ui.ctx());
                    app.ui(ui);
                }
            },
            held,
        );
        Self { harness }
    }

    /// The app on a dataset of the test data, with everything on display loaded.
    pub fn open(path: PathBuf, run_loader: bool) -> Self {
        let mut driver = Self::start(AppOptions { start: Start::Path(path), run_loader, ..AppOptions::default() });
        driver.wait("the slices to load", |state| {
            state.readout.as_ref().is_some_and(|readout| readout.raw.is_some()) && state.pending_chunks == 0
        });
        driver
    }

    pub fn state(&self) -> &State {
        self.harness.state().app.as_ref().expect("made in the first frame").state()
    }

    /// A command, without a way to it in the window.
    pub fn run(&mut self, command: Command) {
        self.harness.state_mut().app.as_mut().expect("made in the first frame").run(command);
    }

    /// Frames until `done`.
    pub fn wait(&mut self, what: &str, mut done: impl FnMut(&State) -> bool) {
        for _ in 0..FRAMES {
            self.harness.step();
            if done(self.state()) {
                return;
            }
            // Lets the background threads work; the number of frames is the limit.
            std::thread::sleep(Duration::from_millis(10));
        }
        let log: Vec<_> = self.state().log.entries().map(|entry| entry.message.clone()).collect();
        let failed = matches!(self.state().session, Session::Failed { .. });
        panic!("waited in vain for {what}; failed to open: {failed}; log: {log:?}");
    }

    /// Frames until something is put on the clipboard.
    pub fn copied(&mut self) -> String {
        for _ in 0..20 {
            self.harness.step();
            let commands = &self.harness.output().platform_output.commands;
            let text = commands.iter().find_map(|command| match command {
                egui::OutputCommand::CopyText(text) => Some(text.clone()),
                _ => None,
            });
            if let Some(text) = text {
                return text;
            }
        }
        panic!("nothing was copied")
    }

    /// Runs what the palette finds.
    pub fn palette(&mut self, words: &str) {
        self.key(Modifiers::COMMAND, egui::Key::P);
        self.node("Find a command").type_text(words);
        self.settle();
        self.harness.key_press(egui::Key::Enter);
    }

    /// A few frames: events are read in one, commands applied in the next.
    pub fn settle(&mut self) {
        self.harness.run_steps(4);
    }

    pub fn node<'a>(&'a self, label: &'a str) -> Node<'a> {
        self.harness.get_by_label(label)
    }

    pub fn click(&mut self, label: &str) {
        self.node(label).click();
        self.settle();
    }

    /// Where there may be nothing to click.
    pub fn click_at(&mut self, at: egui::Pos2) {
        self.harness.hover_at(at);
        self.harness.step();
        self.harness.drag_at(at);
        self.harness.step();
        self.harness.drop_at(at);
        self.settle();
    }

    /// As a screen reader clicks: wherever it is scrolled to.
    pub fn press(&mut self, label: &str) {
        self.node(label).click_accesskit();
        self.settle();
    }

    pub fn key(&mut self, modifiers: Modifiers, key: egui::Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// Turns the wheel by notches over a widget; positive is away from the user.
    pub fn wheel(&mut self, label: &str, notches: f32, modifiers: Modifiers) {
        let at = self.node(label).rect().center() + vec2(37.0, -21.0);
        self.harness.hover_at(at);
        self.harness.step();
        let (unit, phase, source) = (MouseWheelUnit::Line, TouchPhase::Move, MouseWheelSource::Unknown);
        let event = Event::MouseWheel { unit, delta: vec2(0.0, notches), phase, source, modifiers };
        self.harness.event_modifiers(event, modifiers);
        self.settle();
    }
}
