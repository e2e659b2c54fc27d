//! A loader that is not in this process: one that serves, or one that was recorded. Tells the window the same news as the
//! loader of this process would.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use microtome_core::loader::{Batch, LoaderConfig};
use microtome_core::telemetry::wire::{About, Message, SampleSlice, SliceLog, SpanLog, Tune, Wants};
use microtome_core::telemetry::{BatchTimes, Client, Log, Mark, Stats};
use parking_lot::Mutex;

use super::consumer::News;
use super::thumbnails::{Palette, batch_view};
use super::{Waker, spawn};
use crate::options::Start;
use crate::state::{Recording, RemoteView};

/// How much of the past the timeline shows.
const TIMELINE_NS: i64 = 10_000_000_000;
/// Most bytes of spans that are kept for it.
const MAX_SPAN_BYTES: usize = 64 << 20;
/// How long the thread listens at a time.
const LISTEN: Duration = Duration::from_millis(50);
/// Statistics of a recording that the curves are drawn from, at most.
const MAX_OBSERVATIONS: usize = 1500;

/// The colours of pictures, by the classes of whoever is looked at.
pub type PaletteOf = Box<dyn Fn(&[String]) -> Palette + Send + Sync>;

#[derive(Default)]
struct Slot {
    news: News,
    stop: bool,
    /// What it is asked to do, in order.
    tunes: VecDeque<Tune>,
}

struct Shared {
    slot: Mutex<Slot>,
    palette: Mutex<Palette>,
    palette_of: PaletteOf,
    waker: Waker,
}

/// A thread named `remote` that listens to a loader elsewhere, or reads a recording. Ends when it is dropped.
pub struct Remote {
    shared: Arc<Shared>,
}

impl Remote {
    /// Starts to listen or read.
    ///
    /// # Errors
    /// The system refuses another thread. What cannot be looked at says so in [`News::ended`].
    pub fn start(source: Start, palette_of: PaletteOf, waker: Waker) -> anyhow::Result<Self> {
        let shared =
            Arc::new(Shared { slot: Mutex::default(), palette: Mutex::new(palette_of(&[])), palette_of, waker });
        let for_thread = Arc::clone(&shared);
        spawn("remote", move || {
            let looked = match &source {
                Start::Loader { address, token } => listen(&for_thread, &source, address, token.as_deref()),
                Start::Recording(path) => read(&for_thread, &source, path),
                _ => Ok(()),
            };
            if let Err(error) = looked {
                for_thread.tell(|news| news.ended = Some(error.to_string()));
            }
        })?;
        Ok(Self { shared })
    }

    /// Asks the loader to pause, or to go on.
    pub fn set_paused(&self, paused: bool) {
        self.tune(if paused { Tune::Pause } else { Tune::Resume });
    }

    /// Asks the loader to change.
    pub fn tune(&self, tune: Tune) {
        self.shared.slot.lock().tunes.push_back(tune);
    }

    /// Later pictures are made in these colours.
    pub fn set_palette(&self, palette: Palette) {
        *self.shared.palette.lock() = palette;
    }

    /// What is new.
    #[must_use]
    pub fn take(&self) -> News {
        std::mem::take(&mut self.shared.slot.lock().news)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        // The thread ends within one LISTEN; nobody has to wait for that.
        self.shared.slot.lock().stop = true;
    }
}

impl Shared {
    /// Who the loader is, with its configuration as far as it can be read. Pictures are in the colours of its classes now.
    fn view(&self, source: &Start, about: About) -> RemoteView {
        *self.palette.lock() = (self.palette_of)(&about.classes);
        RemoteView { source: source.clone(), config: LoaderConfig::from_toml(&about.config).unwrap_or_default(), about }
    }

    fn tell(&self, change: impl FnOnce(&mut News)) {
        change(&mut self.slot.lock().news);
        (self.waker)();
    }
}

/// Until the loader or the window has enough.
fn listen(shared: &Shared, source: &Start, address: &str, token: Option<&str>) -> microtome_core::Result<()> {
    let mut client = Client::connect(address, token, Wants { spans: true, slices: true })?;
    let mut listener = Listener {
        shared,
        config: LoaderConfig::default(),
        spans: SpanLog::new(TIMELINE_NS, MAX_SPAN_BYTES),
        slices: SliceLog::default(),
        batches: VecDeque::new(),
        marks: VecDeque::new(),
    };
    listener.begin(source, client.about().clone());
    loop {
        let tune = {
            let mut slot = shared.slot.lock();
            if slot.stop {
                return Ok(());
            }
            slot.tunes.pop_front()
        };
        if let Some(tune) = tune {
            client.tune(tune)?;
        }
        if let Some(message) = client.next(LISTEN)? {
            listener.take(message);
        }
    }
}

struct Listener<'a> {
    shared: &'a Shared,
    config: LoaderConfig,
    spans: SpanLog,
    slices: SliceLog,
    /// The last that were taken.
    batches: VecDeque<BatchTimes>,
    /// The last things that happened.
    marks: VecDeque<Mark>,
}

impl Listener<'_> {
    fn begin(&mut self, source: &Start, about: About) {
        let view = self.shared.view(source, about);
        self.config.clone_from(&view.config);
        self.shared.tell(|news| {
            news.samples_per_epoch = Some(view.about.samples_per_epoch);
            news.remote = Some(Box::new(view));
        });
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Stats(snapshot) => {
                let last_batches = self.batches.iter().copied().collect();
                let events = self.marks.iter().cloned().collect();
                let stats = Stats { last_batches, events, ..snapshot.stats };
                self.shared.tell(|news| (news.stats, news.paused) = (Some(stats), Some(snapshot.paused)));
            }
            Message::Batches(batches) => {
                self.batches.extend(batches);
                let excess = self.batches.len().saturating_sub(BatchTimes::KEPT);
                self.batches.drain(..excess);
            }
            Message::Marks(marks) => {
                self.marks.extend(marks);
                let excess = self.marks.len().saturating_sub(Mark::KEPT);
                self.marks.drain(..excess);
            }
            Message::Spans(block) => {
                self.spans.push(&block);
                let recording = Arc::new(Recording::new(Arc::new(self.spans.timeline())));
                self.shared.tell(|news| news.timeline = Some(recording));
            }
            Message::Slice(slice) => {
                self.slices.push(slice);
                picture(self.shared, &self.config, self.slices.whole());
            }
            Message::Done(words) => self.shared.tell(|news| news.answers.push(words)),
            Message::Refused(words) => self.shared.tell(|news| news.complaints.push(words)),
            Message::Ended(words) => self.shared.tell(|news| news.ended = Some(words)),
            Message::Dropped(count) => self.shared.tell(|news| {
                let words = "this window does not keep up with the loader: messages were left out";
                news.complaints.push(format!("{words} ({count} so far)"));
            }),
            _ => {}
        }
    }
}

fn picture(shared: &Shared, config: &LoaderConfig, slices: Option<&[SampleSlice]>) {
    let Some(batch) = slices.and_then(Batch::of_slices) else { return };
    let palette = shared.palette.lock().clone();
    let view = Arc::new(batch_view(&batch, config, &palette));
    shared.tell(|news| news.batch = Some(view));
}

fn read(shared: &Shared, source: &Start, path: &Path) -> microtome_core::Result<()> {
    let log = Log::read(path)?;
    let view = shared.view(source, log.about.clone());
    let config = view.config.clone();
    let history = observations(&log);
    let timeline = Arc::new(Recording::new(Arc::new(log.spans.timeline())));
    shared.tell(|news| {
        news.samples_per_epoch = Some(view.about.samples_per_epoch);
        news.remote = Some(Box::new(view));
        news.stats = log.last_stats();
        news.past = history;
        news.timeline = Some(timeline);
        if log.is_cut {
            let words = "the recording ends in the middle of a message: whoever wrote it was ended";
            news.complaints.push(words.to_owned());
        }
    });
    picture(shared, &config, log.slices.whole());
    Ok(())
}

/// Statistics evenly from all of a recording, with the time since the loader started.
fn observations(log: &Log) -> Vec<(Duration, Stats)> {
    let step = log.snapshots.len().div_ceil(MAX_OBSERVATIONS).max(1);
    let picked = log.snapshots.iter().step_by(step);
    picked.map(|snapshot| (snapshot.stats.elapsed, snapshot.stats.clone())).collect()
}
