//! The app's side of the loader: starts and stops it, and takes its news into the state.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use microtome_core::telemetry::wire::Tune;
use microtome_core::volume::Caches;

use super::streaming::Streaming;
use crate::background::{Consumer, Heritage, News, Remote, Waker};
use crate::command::{self, Command};
use crate::options::Start;
use crate::state::preview::PreviewJob;
use crate::state::{LoaderPhase, LoaderView, LogLevel, Preset, RemoteView, Session, State, StatsHistory};
use crate::theme;

/// The loader, while there is one.
pub struct Loading {
    waker: Waker,
    consumer: Option<Consumer>,
    /// What listens to a loader elsewhere, instead.
    remote: Option<Remote>,
    /// Of the loader that runs.
    caches: Option<Arc<Caches>>,
    /// What the loader was last asked to preview.
    previewing: Option<Arc<PreviewJob>>,
}

impl Loading {
    /// No loader yet.
    pub fn new(waker: Waker) -> Self {
        Self { waker, consumer: None, remote: None, caches: None, previewing: None }
    }

    /// Starts the loader on what is open; one that runs already is stopped first.
    pub fn start(&mut self, state: &mut State) -> anyhow::Result<()> {
        self.stop(state);
        self.start_from(state, Heritage::default())?;
        if self.consumer.is_some() {
            state.loader.phase = LoaderPhase::Running;
        }
        Ok(())
    }

    /// Goes on with a configuration that was edited: what is decoded is kept, and what is shown stays until there is
    /// something new. One that is paused stays so.
    pub fn apply(&mut self, state: &mut State) -> anyhow::Result<()> {
        if let (Some(consumer), Some(data)) = (&self.consumer, state.session.open()) {
            let changes = data.config.changes_since(consumer.config());
            state.take_changes(&changes);
        }
        let caches = self.caches.clone();
        let heritage = match self.consumer.take() {
            Some(before) => before.into_heritage(caches),
            None => Heritage::of(caches),
        };
        state.loader.hold_batch = false;
        // A recording is of one loader.
        state.attach.recording = None;
        (state.loader.simulation, state.loader.simulating) = (None, None);
        self.start_from(state, heritage)?;
        if matches!(state.loader.phase, LoaderPhase::Failed(_)) {
            state.loader.phase = LoaderPhase::Running;
        }
        self.set_paused(state.loader.phase == LoaderPhase::Paused)
    }

    fn start_from(&mut self, state: &mut State, heritage: Heritage) -> anyhow::Result<()> {
        let Some(data) = state.session.open() else { return Ok(()) };
        let consumer = Consumer::start(
            (Arc::clone(&data.catalog), data.config.clone()),
            heritage,
            theme::palette(&data.class_names, &state.display.looks),
            Arc::clone(&self.waker),
        )?;
        consumer.set_step(state.training_step);
        self.consumer = Some(consumer);
        self.previewing = None;
        state.loader.starting = Some(Instant::now());
        Ok(())
    }

    /// Stops the loader, if there is one.
    pub fn stop(&mut self, state: &mut State) {
        self.consumer = None;
        self.remote = None;
        self.caches = None;
        state.loader = LoaderView::default();
        state.trials.stop();
        state.attach.recording = None;
        state.preview.forget();
    }

    /// Stops taking batches, or goes on.
    #[allow(clippy::unnecessary_wraps, reason = "one of the effects, which all answer alike")]
    pub fn set_paused(&self, paused: bool) -> anyhow::Result<()> {
        if let Some(consumer) = &self.consumer {
            consumer.set_paused(paused);
        }
        if let Some(remote) = &self.remote {
            remote.set_paused(paused);
        }
        Ok(())
    }

    /// Takes batches as often as a training would.
    #[allow(clippy::unnecessary_wraps, reason = "one of the effects, which all answer alike")]
    pub fn set_step(&self, step: Duration) -> anyhow::Result<()> {
        if let Some(consumer) = &self.consumer {
            consumer.set_step(step);
        }
        Ok(())
    }

    /// Asks a loader elsewhere to set a key of its configuration.
    #[allow(clippy::unnecessary_wraps, reason = "one of the effects, which all answer alike")]
    pub fn tune_elsewhere(&self, key: String, value: String) -> anyhow::Result<()> {
        if let Some(remote) = &self.remote {
            remote.tune(Tune::Set { key, value });
        }
        Ok(())
    }

    /// Records the loader into a file, or ends that.
    #[allow(clippy::unnecessary_wraps, reason = "one of the effects, which all answer alike")]
    pub fn record(&self, file: Option<PathBuf>) -> anyhow::Result<()> {
        if let Some(consumer) = &self.consumer {
            consumer.record(file);
        }
        Ok(())
    }

    /// Looks at a loader elsewhere, or at a recording; whatever ran before is stopped.
    pub fn attach(&mut self, state: &mut State, source: Start) -> anyhow::Result<()> {
        self.stop(state);
        let looks = state.display.looks.clone();
        let palette_of = Box::new(move |classes: &[String]| theme::palette(classes, &looks));
        self.remote = Some(Remote::start(source, palette_of, Arc::clone(&self.waker))?);
        Ok(())
    }

    /// Pictures of the next batches get the colours that classes have now.
    #[allow(clippy::unnecessary_wraps, reason = "one of the effects, which all answer alike")]
    pub fn recolor(&self, state: &State) -> anyhow::Result<()> {
        let palette = theme::palette(state.session.class_names(), &state.display.looks);
        if let Some(remote) = &self.remote {
            remote.set_palette(palette);
        } else if let Some(consumer) = &self.consumer {
            consumer.set_palette(palette);
        }
        Ok(())
    }

    /// Works out what so many draws would cover; `None`: stops that.
    #[allow(clippy::unnecessary_wraps, reason = "one of the effects, which all answer alike")]
    pub fn simulate(&self, draws: Option<u64>) -> anyhow::Result<()> {
        if let Some(consumer) = &self.consumer {
            consumer.simulate(draws);
        }
        Ok(())
    }

    /// Asks for what the pane Preview wants, if it is on the screen and that has not been asked for.
    pub fn preview(&mut self, state: &mut State) {
        let (Some(consumer), Some(data)) = (&self.consumer, state.session.open()) else { return };
        if !state.preview.is_watched {
            return;
        }
        state.preview.decide(&data.draft);
        if let Some(wanted) = state.preview.wanted.as_ref().filter(|wanted| self.previewing.as_ref() != Some(wanted)) {
            self.previewing = Some(Arc::clone(wanted));
            consumer.preview(Arc::clone(wanted));
            state.preview.asked_at = Some(Instant::now());
        }
    }

    /// Breaks off what is being drawn for the pane Preview.
    pub fn stop_preview(&mut self, state: &mut State) {
        if let Some(consumer) = &self.consumer {
            consumer.stop_preview();
        }
        self.previewing = None;
        state.preview.stop();
    }

    /// Takes in what is new.
    pub fn take_news(&mut self, state: &mut State, streaming: &mut Streaming) {
        let mut news = match (&self.consumer, &self.remote) {
            (Some(consumer), _) => consumer.take(),
            (None, Some(remote)) => remote.take(),
            (None, None) => return,
        };
        take_from_elsewhere(state, &mut news);
        if let Some(caches) = news.caches {
            state.loader.starting = None;
            self.caches = Some(Arc::clone(&caches));
            streaming.use_caches(caches);
        }
        if let Some(stats) = news.stats {
            state.take_stats(stats);
        }
        if let Some(sources) = news.sources {
            state.loader.sources = sources;
        }
        match news.preview {
            Some(Ok(view)) => {
                (state.preview.shown, state.preview.failure, state.preview.asked_at) = (Some(view), None, None);
            }
            Some(Err(words)) => (state.preview.failure, state.preview.asked_at) = (Some(words), None),
            None => {}
        }
        if let Some(tallies) = news.tallies {
            state.loader.tallies = tallies;
        }
        state.loader.samples_per_epoch = news.samples_per_epoch.unwrap_or(state.loader.samples_per_epoch);
        if news.simulation.is_some() {
            state.loader.simulation = news.simulation;
        }
        if news.simulated {
            state.loader.simulating = None;
        }
        if let Some(timeline) = news.timeline {
            state.take_timeline(timeline);
        }
        let held = state.loader.hold_batch && state.loader.batch.is_some();
        if let Some(batch) = news.batch.filter(|_| !held) {
            state.loader.batch = Some(batch);
            state.display.selected_crop = None;
        }
        state.loader.add_footprints(news.footprints);
        for answer in news.answers {
            state.say(LogLevel::Info, answer);
        }
        for complaint in news.complaints {
            state.say(LogLevel::Warning, complaint);
        }
        if let Some(recording) = news.recording {
            state.attach.recording = recording;
        }
        if let (Some(problem), Some(draft)) = (news.refused, state.session.draft_mut()) {
            draft.refuse(problem);
        }
        if let Some(reason) = news.ended {
            state.loader.starting = None;
            if matches!(state.session, Session::Opening { .. }) {
                self.could_not_attach(state, reason);
                return;
            }
            state.say(LogLevel::Error, format!("the loader stopped: {reason}"));
            state.loader.phase = LoaderPhase::Failed(reason);
            state.loader.simulating = None;
            self.consumer = None;
            self.remote = None;
            streaming.use_own_caches();
        }
    }

    /// A loader elsewhere that cannot be looked at, or a recording that cannot be read.
    fn could_not_attach(&mut self, state: &mut State, message: String) {
        self.remote = None;
        state.say(LogLevel::Error, message.clone());
        let path = match &state.session {
            Session::Opening { path } => path.clone(),
            _ => PathBuf::default(),
        };
        state.session = Session::Failed { path, message };
    }
}

/// A loader elsewhere has answered.
fn begin_remote(state: &mut State, remote: Box<RemoteView>) {
    state.say(LogLevel::Info, remote.words());
    state.history = StatsHistory::default();
    let is_live = matches!(remote.source, Start::Loader { .. });
    state.loader.phase = if is_live { LoaderPhase::Running } else { LoaderPhase::Off };
    state.session = Session::Remote(remote);
    command::apply(state, Command::SetLayout(Preset::Diagnose));
}

/// What only a loader elsewhere tells.
fn take_from_elsewhere(state: &mut State, news: &mut News) {
    if let Some(remote) = news.remote.take() {
        begin_remote(state, remote);
    }
    // Of a recording, whose newest statistics are among those of the past.
    if !news.past.is_empty()
        && let Some(now) = news.stats.take()
    {
        state.take_past(std::mem::take(&mut news.past), now);
        if let Some(timeline) = news.timeline.take() {
            state.take_timeline(timeline);
            state.timeline.fit();
        }
    }
    if let (Some(paused), Session::Remote(_)) = (news.paused, &state.session) {
        state.loader.phase = if paused { LoaderPhase::Paused } else { LoaderPhase::Running };
    }
}
