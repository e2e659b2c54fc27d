//! The thread that takes the batches of the window's loader: as fast as they come, or as a training would; keeps the last one as
//! pictures, and measures.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use microtome_core::loader::{Batch, ClassTally, Loader, SourceReport};
use microtome_core::telemetry::serve::FileRecording;
use microtome_core::telemetry::{Recorder, Stats};

use super::consumer::{STATS_EVERY, Shared};
use super::reads::crop_read;
use super::simulator::simulate;
use super::spawn;
use super::thumbnails::batch_view;
use crate::state::{Footprint, LoaderView, Recording};

/// Voxels of each class of a sample that are looked at: a few milliseconds for a batch, however large its patches.
const TALLIED_VOXELS: usize = 1 << 14;
/// Largest recording; beyond, its older half goes.
const MAX_RECORDING_BYTES: u64 = 256 << 20;
/// How often the table of sources is taken, which may have thousands of rows.
const SOURCES_EVERY: Duration = Duration::from_millis(500);
/// How often a batch becomes pictures.
const PICTURES_EVERY: Duration = Duration::from_millis(250);

/// The thread `consumer`, while the loader runs.
pub(super) struct Taker<'a> {
    loader: Arc<Loader>,
    recorder: Option<Recorder>,
    recording: Option<FileRecording>,
    shared: &'a Arc<Shared>,
    /// What the targets so far show of each class.
    tallies: Vec<ClassTally>,
    /// The last batch, until it has become pictures.
    last: Option<Batch>,
    /// When the last batch was taken.
    taken: Option<Instant>,
    pictured: Option<Instant>,
    sourced: Option<Instant>,
    told: Option<(Instant, Stats)>,
}

impl<'a> Taker<'a> {
    /// Nothing taken yet.
    pub(super) fn new(loader: &Arc<Loader>, recorder: Option<Recorder>, shared: &'a Arc<Shared>) -> Self {
        Self {
            loader: Arc::clone(loader),
            recorder,
            recording: None,
            shared,
            tallies: Vec::new(),
            last: None,
            taken: None,
            pictured: None,
            sourced: None,
            told: None,
        }
    }

    /// Takes batches and does what the window asks for, until it wants no more.
    ///
    /// # Errors
    /// Why the loader ended, in words.
    pub(super) fn take_batches(&mut self) -> Result<(), String> {
        loop {
            let (paused, rest, asked, record) = {
                let mut slot = self.shared.slot.lock();
                let rest = self.rest(slot.step);
                let wait = if slot.paused { STATS_EVERY } else { rest.min(STATS_EVERY) };
                if !wait.is_zero() && !slot.stop {
                    self.shared.wake.wait_for(&mut slot, wait);
                }
                if slot.stop {
                    return Ok(());
                }
                let asked = slot.simulate.take().map(|draws| (draws, slot.simulations));
                (slot.paused, self.rest(slot.step), asked, slot.record.take())
            };
            if let Some(file) = record {
                self.record(file);
            }
            if let Some((draws, number)) = asked {
                self.simulate(draws, number);
            }
            // A loader that goes on paused shows what it would do.
            let is_shown = !paused || self.taken.is_none();
            self.set_paused(!is_shown);
            if is_shown && (rest.is_zero() || self.taken.is_none()) {
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

    /// How much of a training's step is left.
    fn rest(&self, step: Duration) -> Duration {
        self.taken.map_or(Duration::ZERO, |taken| step.saturating_sub(taken.elapsed()))
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
        self.taken = Some(Instant::now());
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
