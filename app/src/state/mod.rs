//! Everything the window shows, as plain values: panes read it, commands change it, nothing in it knows egui.

mod arrangement;
mod attach;
mod balance;
mod chunks;
mod crop_color;
mod display;
pub mod draft;
mod effect;
mod export;
mod hints;
mod histogram;
pub mod history;
mod inventory;
mod layers;
mod loader;
mod log;
mod network;
pub mod orbit;
mod pane;
mod place;
pub mod preview;
mod readout;
mod reads;
mod ruler;
mod search;
mod section;
mod session;
pub mod timeline;
mod trials;
mod views;

use std::path::PathBuf;

pub use arrangement::{Arrangement, Side};
pub use attach::{AttachState, loader_of};
pub use balance::{CERTAINTY, ClassBalance, Waiting, balance};
pub use chunks::{ChunkGrid, ChunkKnown, ChunkStatus};
pub use crop_color::{CropColor, CropTone};
pub use display::{ClassLook, Contrast, Display};
pub use draft::Draft;
pub use effect::Effect;
pub use export::{ExportPlan, ExportRun, ExportState};
pub use hints::{Hint, Hints};
pub use histogram::{BINS, Histogram};
pub use history::StatsHistory;
pub use inventory::{ClassCountsView, CountJob, CountPhase, Counted, DiskView, ImageRef, Inventory};
pub use layers::{Layer, LayerKind, fills_space};
pub use loader::{BatchView, CropView, Footprint, LoaderPhase, LoaderView, SimulationView, Thumbnail};
pub use log::{Log, LogEntry, LogLevel};
pub use network::{NetworkAsk, NetworkPhase, NetworkView, NetworkWords, network_layers};
pub use pane::{PaneKind, Preset};
pub use place::{Place, neuroglancer_link};
pub use preview::PreviewState;
pub use readout::{LabelReadout, Probe, Readout, value_in};
pub use reads::{CropRead, Reading};
pub use ruler::Ruler;
pub use search::{CropFound, DatasetFound, DatasetNames, Found, Search, find};
pub use section::section;
pub use session::{OpenData, RemoteView, Session};
pub use timeline::{Recording, TimelineState};
pub use trials::Trials;
pub use views::{Viewport, Views};

use crate::options::{Start, ThemeName};
use microtome_core::diagnose::{Diagnosis, monitor};
use microtome_core::geometry::Zyx;
use microtome_core::telemetry::{KeyChange, Stats};
use std::sync::Arc;
use std::time::Duration;

/// Textures on the graphics card.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GpuView {
    /// Bytes held.
    pub bytes: u64,
    /// Bytes that may be held.
    pub budget_bytes: u64,
    /// Textures held.
    pub textures: u64,
    /// Chunks that the store does not have: drawn as the fill value, without a texture.
    pub absent: u64,
    /// Textures dropped to make room.
    pub evictions: u64,
}

/// How often a verdict is taken, seconds, and over how long a time.
const DIAGNOSE_EVERY_S: f64 = 1.0;
const DIAGNOSE_OVER: Duration = Duration::from_secs(10);
/// Over how long a time the monitors look.
const MONITOR_OVER: Duration = Duration::from_secs(120);

/// Everything the window shows.
#[derive(Debug, Default)]
pub struct State {
    /// Seconds since the app started, at the start of this frame.
    pub now_s: f64,
    /// What is open.
    pub session: Session,
    /// What was asked for last.
    pub asked: Start,
    /// Where the slices look.
    pub views: Views,
    /// How they look: contrast, labels, boxes.
    pub display: Display,
    /// Whether they show the data as the network sees them.
    pub network: NetworkView,
    /// What is searched for in the Data pane.
    pub search: Search,
    /// What is counted in the background.
    pub inventory: Inventory,
    /// How many samples are to show a class, for how long that takes.
    pub sightings: u64,
    /// What the loader does.
    pub loader: LoaderView,
    /// One sample under the augmentation that is being edited.
    pub preview: PreviewState,
    /// How long a training would take for each batch, after which the window's loader is asked for the next; 0: at once.
    pub training_step: Duration,
    /// Its statistics over the last minutes.
    pub history: StatsHistory,
    /// Changes that were put to the test.
    pub trials: Trials,
    /// What the threads did in the last seconds.
    pub timeline: TimelineState,
    /// What is under the pointer.
    pub readout: Option<Readout>,
    /// Grey values of the EM on display; `None` until a chunk is there.
    pub histogram: Option<Histogram>,
    /// What happened.
    pub log: Log,
    /// Textures on the graphics card.
    pub gpu: GpuView,
    /// The chunk grid over each slice, by normal, while it is shown.
    pub chunk_grids: Zyx<Option<ChunkGrid>>,
    /// Chunks that the slices want and do not have yet.
    pub pending_chunks: usize,
    /// The look.
    pub theme: ThemeName,
    /// Everything in the window is so many tenths larger than at first.
    pub ui_scale_steps: i8,
    /// The arrangement that the user chose last.
    pub preset: Preset,
    /// The pane that fills the middle, if one does.
    pub maximised: Option<PaneKind>,
    /// The command palette is open.
    pub palette_open: bool,
    /// The in-app path field is open.
    pub path_field_open: bool,
    /// The field for a position is open.
    pub go_to_open: bool,
    /// The field that asks where to save the configuration is open.
    pub save_field_open: bool,
    /// Loaders of other processes, and recording this one.
    pub attach: AttachState,
    /// Writing the box on display into a file.
    pub export: ExportState,
    /// The page of keys is open.
    pub help_open: bool,
    /// The window fills the screen.
    pub fullscreen: bool,
    /// First steps.
    pub hints: Hints,
    /// Recently opened, newest first.
    pub recent: Vec<PathBuf>,
    /// What commands want done outside the state; the app takes them after each frame's commands.
    pub effects: Vec<Effect>,
}

impl State {
    /// Whether a consumer is known that takes its time for a batch: a loader elsewhere has one, this window's if it was set.
    #[must_use]
    pub fn has_training(&self) -> bool {
        self.session.remote().is_some() || !self.training_step.is_zero()
    }

    /// Writes into the log.
    pub fn say(&mut self, level: LogLevel, message: impl Into<String>) {
        self.log.push(self.now_s, level, message);
    }

    /// Takes over what the loader measured. Everything that follows statistics over time starts here.
    pub fn take_stats(&mut self, stats: Stats) {
        self.say_standstill(&stats);
        self.history.push(Duration::from_secs_f64(self.now_s.max(0.0)), stats.clone(), self.gpu.bytes);
        self.loader.stats = Some(stats);
        self.loader.stats_version += 1;
        if self.now_s - self.loader.diagnosed_at_s >= DIAGNOSE_EVERY_S || self.loader.diagnosis.is_none() {
            self.diagnose();
        }
    }

    /// Says that nothing gets on, once, with who waits for what.
    fn say_standstill(&mut self, stats: &Stats) {
        let known = self.loader.stats.as_ref().map_or(0, |before| before.standstills.count);
        let Some(report) = stats.standstills.now().filter(|_| stats.standstills.count != known) else { return };
        self.say(LogLevel::Error, format!("{}. {}", report.words(), report.advice()));
        report.lines().into_iter().for_each(|line| self.say(LogLevel::Warning, line));
    }

    fn diagnose(&mut self) {
        let window = self.history.steady_window(DIAGNOSE_OVER);
        let elapsed = self.loader.stats.as_ref().map(|stats| stats.elapsed).unwrap_or_default();
        if let Some(trial) = self.trials.look(elapsed, window.as_ref()) {
            let words = trial.words();
            self.say(LogLevel::Info, words);
        }
        self.loader.alerts = Arc::new(monitor::alerts(&self.history.course(MONITOR_OVER)));
        self.loader.diagnosis = window.map(|window| Arc::new(Diagnosis::of(&window)));
        self.loader.diagnosed_at_s = self.now_s;
    }

    /// The loader goes on with a configuration of which this is changed.
    pub fn take_changes(&mut self, changes: &[KeyChange]) {
        let elapsed = self.loader.stats.as_ref().map(|stats| stats.elapsed).unwrap_or_default();
        self.trials.changed(changes, self.history.steady_window(DIAGNOSE_OVER), elapsed);
    }

    /// Takes over everything that was recorded of a loader: curves and timeline show all of it.
    pub fn take_past(&mut self, past: Vec<(Duration, Stats)>, now: Stats) {
        let (Some((first, _)), Some((last, _))) = (past.first(), past.last()) else { return };
        self.history = StatsHistory::new(last.saturating_sub(*first) + Duration::from_secs(1), past.len());
        self.loader.stats = Some(now);
        self.loader.stats_version += 1;
        for (at, stats) in past {
            self.history.push(at, stats, 0);
        }
    }

    /// Takes over what the threads did, unless the timeline stands still.
    pub fn take_timeline(&mut self, recording: Arc<Recording>) {
        self.timeline.update(recording);
    }
}
