//! The app's side of the loader: starts and stops it, and takes its news into the state.

use std::sync::Arc;

use microtome_core::volume::Caches;

use super::streaming::Streaming;
use crate::background::{Consumer, Heritage, Waker};
use crate::state::preview::PreviewJob;
use crate::state::{LoaderPhase, LoaderView, LogLevel, State};
use crate::theme;

/// The loader, while there is one.
pub struct Loading {
    waker: Waker,
    consumer: Option<Consumer>,
    /// Of the loader that runs.
    caches: Option<Arc<Caches>>,
    /// What the loader was last asked to preview.
    previewing: Option<Arc<PreviewJob>>,
}

impl Loading {
    /// No loader yet.
    pub fn new(waker: Waker) -> Self {
        Self { waker, consumer: None, caches: None, previewing: None }
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
        let caches = self.caches.clone();
        let heritage = match self.consumer.take() {
            Some(before) => before.into_heritage(caches),
            None => Heritage::of(caches),
        };
        state.loader.hold_batch = false;
        (state.loader.simulation, state.loader.simulating) = (None, None);
        self.start_from(state, heritage)?;
        if matches!(state.loader.phase, LoaderPhase::Failed(_)) {
            state.loader.phase = LoaderPhase::Running;
        }
        self.set_paused(state.loader.phase == LoaderPhase::Paused)
    }

    fn start_from(&mut self, state: &State, heritage: Heritage) -> anyhow::Result<()> {
        let Some(data) = state.session.open() else { return Ok(()) };
        let consumer = Consumer::start(
            (Arc::clone(&data.catalog), data.config.clone()),
            heritage,
            theme::palette(&data.class_names, &state.display.looks),
            Arc::clone(&self.waker),
        )?;
        self.consumer = Some(consumer);
        self.previewing = None;
        Ok(())
    }

    /// Stops the loader, if there is one.
    pub fn stop(&mut self, state: &mut State) {
        self.consumer = None;
        self.caches = None;
        state.loader = LoaderView::default();
        state.preview.forget();
    }

    /// Stops taking batches, or goes on.
    #[allow(clippy::unnecessary_wraps, reason = "one of the effects, which all answer alike")]
    pub fn set_paused(&self, paused: bool) -> anyhow::Result<()> {
        if let Some(consumer) = &self.consumer {
            consumer.set_paused(paused);
        }
        Ok(())
    }

    /// Pictures of the next batches get the colours that classes have now.
    #[allow(clippy::unnecessary_wraps, reason = "one of the effects, which all answer alike")]
    pub fn recolor(&self, state: &State) -> anyhow::Result<()> {
        if let (Some(consumer), Some(data)) = (&self.consumer, state.session.open()) {
            consumer.set_palette(theme::palette(&data.class_names, &state.display.looks));
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
        }
    }

    /// Takes in what is new.
    pub fn take_news(&mut self, state: &mut State, streaming: &mut Streaming) {
        let Some(consumer) = &self.consumer else { return };
        let news = consumer.take();
        if let Some(caches) = news.caches {
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
            Some(Ok(view)) => (state.preview.shown, state.preview.failure) = (Some(view), None),
            Some(Err(words)) => state.preview.failure = Some(words),
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
        for complaint in news.complaints {
            state.say(LogLevel::Warning, complaint);
        }
        if let (Some(problem), Some(draft)) = (news.refused, state.session.draft_mut()) {
            draft.refuse(problem);
        }
        if let Some(reason) = news.ended {
            state.say(LogLevel::Error, format!("the loader stopped: {reason}"));
            state.loader.phase = LoaderPhase::Failed(reason);
            state.loader.simulating = None;
            self.consumer = None;
            streaming.use_own_caches();
        }
    }
}
