//! Runs the loader for the window: takes batches as fast as they come, keeps the last one as pictures, measures.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use microtome_core::catalog::Catalog;
use microtome_core::loader::params::problem_of;
use microtome_core::loader::{ClassTally, Loader, LoaderConfig, LoaderOptions, SourceReport};
use microtome_core::telemetry::{Recorder, Stats};
use microtome_core::volume::Caches;
use parking_lot::{Condvar, Mutex};

use super::preview::{self, Desk};
use super::taker::Taker;
use super::thumbnails::Palette;
use super::{Waker, spawn};
use crate::state::draft::Problem;
use crate::state::preview::{PreviewJob, PreviewView};
use crate::state::{BatchView, Footprint, Recording, RemoteView, SimulationView};

/// How much of the past the timeline shows.
const TIMELINE: Duration = Duration::from_secs(10);
/// How often statistics are taken.
pub(super) const STATS_EVERY: Duration = Duration::from_millis(100);

/// What is new since the window last looked; the latest of each.
#[derive(Default)]
pub struct News {
    /// The loader runs; slices read through its caches from now on.
    pub caches: Option<Arc<Caches>>,
    /// Statistics.
    pub stats: Option<Stats>,
    /// Where samples are drawn.
    pub sources: Option<Arc<Vec<SourceReport>>>,
    /// What the targets so far show of each class.
    pub tallies: Option<Arc<Vec<ClassTally>>>,
    /// Samples in an epoch of the loader that runs.
    pub samples_per_epoch: Option<u64>,
    /// Spans of the last seconds.
    pub timeline: Option<Arc<Recording>>,
    /// The last batch as pictures.
    pub batch: Option<Arc<BatchView>>,
    /// Where samples were drawn, oldest first.
    pub footprints: VecDeque<Footprint>,
    /// What many draws would cover; more of them each time.
    pub simulation: Option<Arc<SimulationView>>,
    /// The simulation that was asked for last is at its end, whatever became of it.
    pub simulated: bool,
    /// What was asked to be previewed, or why it cannot be.
    pub preview: Option<Result<Arc<PreviewView>, String>>,
    /// What does not work as one may expect, such as samples that could not be read and were drawn again; in words.
    pub complaints: Vec<String>,
    /// What a loader elsewhere answered to what was asked of it.
    pub answers: Vec<String>,
    /// The configuration does not fit the data or the memory: the loader did not start.
    pub refused: Option<Problem>,
    /// The loader ended, and why.
    pub ended: Option<String>,
    /// Into which file it is recorded from now on, or no more.
    pub recording: Option<Option<PathBuf>>,
    /// Of a loader elsewhere: who it is.
    pub remote: Option<Box<RemoteView>>,
    /// Of a loader elsewhere: whether it is paused.
    pub paused: Option<bool>,
    /// Of a recording: all of its statistics, each with the time since the loader started.
    pub past: Vec<(Duration, Stats)>,
}

/// What the window wants of the thread, and what the thread has to tell.
#[derive(Default)]
pub(super) struct Slot {
    pub(super) news: News,
    pub(super) paused: bool,
    pub(super) stop: bool,
    /// How long a training would take for each batch.
    pub(super) step: Duration,
    /// It is to be recorded into this file, or no more.
    pub(super) record: Option<Option<PathBuf>>,
    /// So many draws are to be simulated.
    pub(super) simulate: Option<u64>,
    /// Simulations that were asked for; an older one ends.
    pub(super) simulations: u64,
}

/// What the window and the threads about the loader share.
pub(super) struct Shared {
    pub(super) slot: Mutex<Slot>,
    desk: Desk,
    pub(super) palette: Mutex<Palette>,
    pub(super) wake: Condvar,
    waker: Waker,
}

/// What a loader takes over from the one before it.
#[derive(Default)]
pub struct Heritage {
    /// Decoded chunks.
    pub caches: Option<Arc<Caches>>,
    /// What it was told to do.
    config: Option<LoaderConfig>,
    thread: Option<JoinHandle<()>>,
}

impl Heritage {
    /// Of a loader that is gone.
    #[must_use]
    pub const fn of(caches: Option<Arc<Caches>>) -> Self {
        Self { caches, config: None, thread: None }
    }
}

/// The loader with a thread named `consumer` that takes its batches. Stops when it is dropped.
pub struct Consumer {
    shared: Arc<Shared>,
    config: LoaderConfig,
    thread: Option<JoinHandle<()>>,
}

impl Consumer {
    /// Starts the loader, as soon as the one before it is gone: two at a time would not keep to the budget.
    ///
    /// # Errors
    /// The system refuses another thread. A loader that cannot start says so in [`News::ended`].
    pub fn start(
        (catalog, config): (Arc<Catalog>, LoaderConfig),
        heritage: Heritage,
        palette: Palette,
        waker: Waker,
    ) -> anyhow::Result<Self> {
        let shared = Shared {
            slot: Mutex::default(),
            desk: Desk::default(),
            palette: Mutex::new(palette),
            wake: Condvar::new(),
            waker,
        };
        let shared = Arc::new(shared);
        let (for_thread, told) = (Arc::clone(&shared), config.clone());
        let thread = spawn("consumer", move || {
            if let Some(before) = heritage.thread {
                // A panic of that thread has been printed already.
                let _panicked = before.join();
            }
            let (caches, replaces) = (heritage.caches, heritage.config);
            let options = LoaderOptions { caches, replaces, ..LoaderOptions::default() };
            run((catalog, config), options, &for_thread);
        })?;
        Ok(Self { shared, config: told, thread: Some(thread) })
    }

    /// What it was told to do.
    #[must_use]
    pub const fn config(&self) -> &LoaderConfig {
        &self.config
    }

    /// Stops taking batches, or goes on.
    pub fn set_paused(&self, paused: bool) {
        self.shared.slot.lock().paused = paused;
        self.shared.wake.notify_all();
    }

    /// Takes a batch no sooner than so long after the one before, as a training would whose steps take so long.
    pub fn set_step(&self, step: Duration) {
        self.shared.slot.lock().step = step;
        self.shared.wake.notify_all();
    }

    /// Later pictures are made in these colours.
    pub fn set_palette(&self, palette: Palette) {
        *self.shared.palette.lock() = palette;
    }

    /// Works out what so many draws would cover, beside the running loader. One that is at work is given up; `None`: nothing
    /// in its place.
    pub fn simulate(&self, draws: Option<u64>) {
        let mut slot = self.shared.slot.lock();
        slot.simulate = draws;
        slot.simulations += 1;
        slot.news.simulated = false;
        drop(slot);
        self.shared.wake.notify_all();
    }

    /// Records the loader into a new file, or ends that.
    pub fn record(&self, file: Option<PathBuf>) {
        self.shared.slot.lock().record = Some(file);
        self.shared.wake.notify_all();
    }

    /// Draws single samples beside the running loader. What waits is given up for it.
    pub fn preview(&self, job: Arc<PreviewJob>) {
        self.shared.desk.ask(job);
    }

    /// Stops, and leaves to another what it may go on with.
    #[must_use]
    pub fn into_heritage(mut self, caches: Option<Arc<Caches>>) -> Heritage {
        Heritage { caches, config: Some(self.config.clone()), thread: self.thread.take() }
    }

    /// Breaks off what is drawn for the preview: there will be no answer.
    pub fn stop_preview(&self) {
        self.shared.desk.cancel();
        self.shared.slot.lock().news.preview = None;
    }

    /// What is new.
    #[must_use]
    pub fn take(&self) -> News {
        std::mem::take(&mut self.shared.slot.lock().news)
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.shared.slot.lock().stop = true;
        self.shared.wake.notify_all();
        // The thread ends within one STATS_EVERY and stops the loader's threads; nobody has to wait for that.
        self.thread = None;
    }
}

fn run((catalog, config): (Arc<Catalog>, LoaderConfig), options: LoaderOptions, shared: &Arc<Shared>) {
    if shared.slot.lock().stop {
        return;
    }
    let recorder = Recorder::start(TIMELINE);
    if let Err(error) = &recorder {
        shared.tell(|news| news.complaints.push(format!("there will be no timeline: {error}")));
    }
    let loader = match Loader::with_options(catalog, config, options) {
        Ok(loader) => Arc::new(loader),
        Err(error) => {
            let (key, words) = problem_of(&error);
            shared.tell(|news| {
                news.refused = Some(Problem { key, words });
                news.ended = Some(error.to_string());
            });
            return;
        }
    };
    shared.tell(|news| {
        news.caches = Some(Arc::clone(loader.caches()));
        news.samples_per_epoch = Some(loader.samples_per_epoch());
    });
    let previewer = start_previewer(&loader, shared);
    if let Err(message) = Taker::new(&loader, recorder.ok(), shared).take_batches() {
        shared.tell(|news| news.ended = Some(message));
    }
    loader.stop();
    shared.desk.close();
    if let Some(previewer) = previewer {
        // It holds the loader; a panic of it has been printed already.
        let _panicked = previewer.join();
    }
}

/// The thread that draws single samples.
fn start_previewer(loader: &Arc<Loader>, shared: &Arc<Shared>) -> Option<JoinHandle<()>> {
    let (loader, for_thread) = (Arc::clone(loader), Arc::clone(shared));
    let started = spawn("preview", move || {
        let mut sampler = None;
        while let Some(ticket) = for_thread.desk.next() {
            let palette = for_thread.palette.lock().clone();
            let is_wanted = || for_thread.desk.is_wanted(&ticket);
            let made = preview::make(&loader, &mut sampler, &ticket.job, &palette, &is_wanted);
            if let Some(made) = made.map_err(|error| error.to_string()).transpose()
                && is_wanted()
            {
                for_thread.tell(|news| news.preview = Some(made.map(Arc::new)));
            }
        }
    });
    started.map_err(|error| shared.tell(|news| news.complaints.push(format!("{error:#}")))).ok()
}

impl Shared {
    /// Adds to the news, and wakes the window.
    pub(super) fn tell(&self, change: impl FnOnce(&mut News)) {
        change(&mut self.slot.lock().news);
        (self.waker)();
    }
}
