//! Runs the loader for the window: takes batches as fast as they come, keeps the last one as pictures, measures.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use microtome_core::catalog::Catalog;
use microtome_core::loader::params::problem_of;
use microtome_core::loader::{Batch, ClassTally, Loader, LoaderConfig, LoaderOptions, SourceReport};
use microtome_core::telemetry::serve::FileRecording;
use microtome_core::telemetry::{Recorder, Stats};
use microtome_core::volume::Caches;
use parking_lot::{Condvar, Mutex};

use super::preview::{self, Desk};
use super::reads::crop_read;
use super::simulator::simulate;
use super::thumbnails::{Palette, batch_view};
use super::{Waker, spawn};
use crate::state::draft::Problem;
use crate::state::preview::{PreviewJob, PreviewView};
use crate::state::{BatchView, Footprint, LoaderView, Recording, RemoteView, SimulationView};

/// How much of the past the timeline shows.
const TIMELINE: Duration = Duration::from_secs(10);
/// Voxels of each class of a sample that are looked at: a few milliseconds for a batch, however large its patches.
const TALLIED_VOXELS: usize = 1 << 14;
/// Largest recording; beyond, its older half goes.
const MAX_RECORDING_BYTES: u64 = 256 << 20;
/// How often statistics are taken.
const STATS_EVERY: Duration = Duration::from_millis(100);
/// How often the table of sources is taken, which may have thousands of rows.
const SOURCES_EVERY: Duration = Duration::from_millis(500);
/// How often a batch becomes pictures.
const PICTURES_EVERY: Duration = Duration::from_millis(250);

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

#[derive(Default)]
struct Slot {
    news: News,
    paused: bool,
    stop: bool,
    /// It is to be recorded into this file, or no more.
    record: Option<Option<PathBuf>>,
    /// So many draws are to be simulated.
    simulate: Option<u64>,
    /// Simulations that were asked for; an older one ends.
    simulations: u64,
}

struct Shared {
    slot: Mutex<Slot>,
    desk: Desk,
    palette: Mutex<Palette>,
    wake: Condvar,
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
    let mut taker = Taker {
        loader: Arc::clone(&loader),
        recorder: recorder.ok(),
        recording: None,
        shared,
        tallies: Vec::new(),
        last: None,
        has_taken: false,
        pictured: None,
        sourced: None,
        told: None,
    };
    if let Err(message) = taker.take_batches() {
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
        while let Some(job) = for_thread.desk.next() {
            let palette = for_thread.palette.lock().clone();
            let made = preview::make(&loader, &mut sampler, &job, &palette);
            let made = made.map(Arc::new).map_err(|error| error.to_string());
            for_thread.tell(|news| news.preview = Some(made));
        }
    });
    started.map_err(|error| shared.tell(|news| news.complaints.push(format!("{error:#}")))).ok()
}

struct Taker<'a> {
    loader: Arc<Loader>,
    recorder: Option<Recorder>,
    recording: Option<FileRecording>,
    shared: &'a Arc<Shared>,
    /// What the targets so far show of each class.
    tallies: Vec<ClassTally>,
    /// The last batch, until it has become pictures.
    last: Option<Batch>,
    has_taken: bool,
    pictured: Option<Instant>,
    sourced: Option<Instant>,
    told: Option<(Instant, Stats)>,
}

impl Taker<'_> {
    fn take_batches(&mut self) -> Result<(), String> {
        loop {
            let (paused, asked, record) = {
                let mut slot = self.shared.slot.lock();
                if slot.paused && !slot.stop {
                    self.shared.wake.wait_for(&mut slot, STATS_EVERY);
                }
                if slot.stop {
                    return Ok(());
                }
                (slot.paused, slot.simulate.take().map(|draws| (draws, slot.simulations)), slot.record.take())
            };
            if let Some(file) = record {
                self.record(file);
            }
            if let Some((draws, number)) = asked {
                self.simulate(draws, number);
            }
            // A loader that goes on paused shows what it would do.
            let is_shown = !paused || !self.has_taken;
            self.set_paused(!is_shown);
            if is_shown {
                match self.loader.next_batch_timeout(STATS_EVERY) {
                    Ok(Some(batch)) => self.took(batch),
                    Ok(None) => {}
                    Err(error) => return Err(error.to_string()),
                }
            }
            self.picture(paused);
            self.measure(paused);
        }
    }

    fn set_paused(&self, paused: bool) {
        if paused != self.loader.is_paused() {
            if paused { self.loader.pause() } else { self.loader.resume() }
        }
    }

    /// Begins a recording, in place of one that runs, or ends it.
    fn record(&mut self, file: Option<PathBuf>) {
        let ended = self.recording.take().map_or(Ok(()), FileRecording::finish);
        let begun = file.as_deref().map(|file| self.loader.record(file, MAX_RECORDING_BYTES)).transpose();
        let problem = ended.err().or(begun.as_ref().err().cloned());
        self.recording = begun.ok().flatten();
        let file = file.filter(|_| self.recording.is_some());
        self.shared.tell(|news| {
            news.complaints.extend(problem.map(|error| format!("the recording is not whole: {error}")));
            news.recording = Some(file);
        });
    }

    /// Starts a thread that simulates draws; it ends with the loader, or when another one is asked for.
    fn simulate(&self, draws: u64, number: u64) {
        let (loader, shared) = (Arc::clone(&self.loader), Arc::clone(self.shared));
        let started = spawn("simulator", move || {
            let is_wanted = || {
                let slot = shared.slot.lock();
                !slot.stop && slot.simulations == number
            };
            let told = simulate(&loader, draws, is_wanted, |view| {
                shared.tell(|news| news.simulation = Some(Arc::new(view)));
            });
            if let Err(error) = told {
                shared.tell(|news| news.complaints.push(format!("draws cannot be simulated: {error}")));
            }
            if is_wanted() {
                shared.tell(|news| news.simulated = true);
            }
        });
        if let Err(error) = started {
            self.shared.tell(|news| news.complaints.push(format!("{error:#}")));
        }
    }

    fn took(&mut self, batch: Batch) {
        self.has_taken = true;
        let footprints = batch.provenance.iter().map(Footprint::of);
        let mut slot = self.shared.slot.lock();
        slot.news.footprints.extend(footprints);
        let excess = slot.news.footprints.len().saturating_sub(LoaderView::FOOTPRINTS);
        slot.news.footprints.drain(..excess);
        drop(slot);
        self.tally(&batch);
        self.last = Some(batch);
    }

    fn tally(&mut self, batch: &Batch) {
        let new = batch.class_tallies(TALLIED_VOXELS);
        if self.tallies.is_empty() {
            self.tallies = new;
        } else {
            self.tallies.iter_mut().zip(&new).for_each(|(sum, new)| sum.add(new));
        }
    }

    /// Makes pictures of the last batch a few times a second, and of the very last one when paused.
    fn picture(&mut self, paused: bool) {
        let due = paused || self.pictured.is_none_or(|at| at.elapsed() >= PICTURES_EVERY);
        if due && let Some(batch) = self.last.take() {
            let palette = self.shared.palette.lock().clone();
            let mut view = batch_view(&batch, self.loader.config(), &palette);
            view.crops.iter_mut().for_each(|crop| crop.read = crop_read(&self.loader, &crop.provenance));
            let view = Arc::new(view);
            self.pictured = Some(Instant::now());
            self.shared.tell(|news| news.batch = Some(view));
        }
    }

    fn measure(&mut self, paused: bool) {
        if self.told.as_ref().is_some_and(|(at, _)| at.elapsed() < STATS_EVERY) {
            return;
        }
        // A disk that is full ends the recording, and nothing else.
        if self.recording.as_ref().is_some_and(|recording| recording.failure().is_some()) {
            self.record(None);
        }
        let stats = self.loader.stats();
        let skipped = self.loader.take_skipped();
        if !skipped.is_empty() {
            let words = skipped.into_iter().map(|sample| format!("samples are drawn again: {}", sample.reason));
            self.shared.tell(|news| news.complaints.extend(words));
        }
        // While nothing moves nobody is woken: an idle window costs nothing.
        let still = paused && self.told.as_ref().is_some_and(|(_, told)| nothing_moved(told, &stats));
        self.told = Some((Instant::now(), stats.clone()));
        if !still {
            let sources = self.sources();
            let tallies = Arc::new(self.tallies.clone());
            let timeline = self.recorder.as_ref().map(|recorder| Arc::new(Recording::new(recorder.timeline())));
            self.shared.tell(|news| {
                news.stats = Some(stats);
                news.timeline = timeline;
                news.tallies = Some(tallies);
                news.sources = sources.or(news.sources.take());
            });
        }
    }

    /// The table of sources, if it is time.
    fn sources(&mut self) -> Option<Arc<Vec<SourceReport>>> {
        let due = self.sourced.is_none_or(|at| at.elapsed() >= SOURCES_EVERY);
        due.then(|| {
            self.sourced = Some(Instant::now());
            Arc::new(self.loader.sources_report())
        })
    }
}

/// True if the loader did no work between two statistics; waiting is no work.
fn nothing_moved(before: &Stats, after: &Stats) -> bool {
    before.samples == after.samples
        && before.queue == after.queue
        && before.chunk_cache == after.chunk_cache
        && before.transform_cache == after.transform_cache
        && before.memory.in_flight_bytes == after.memory.in_flight_bytes
        && before.events == after.events
}

impl Shared {
    fn tell(&self, change: impl FnOnce(&mut News)) {
        change(&mut self.slot.lock().news);
        (self.waker)();
    }
}
