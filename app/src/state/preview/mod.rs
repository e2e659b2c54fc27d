//! The pane Preview: what it is asked to show, and what came of it.

mod job;
mod resampling;

use std::sync::Arc;
use std::time::{Duration, Instant};

use microtome_core::loader::Provenance;
use microtome_core::volume::Caches;

pub use job::{PreviewJob, Variant, job, swept};
pub use resampling::{PreviewPlace, Resampling, resampling, same_slice};

use super::{Draft, Thumbnail};

/// What the pane shows of a sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PreviewMode {
    /// Without augmentation, with it, and what the difference is.
    #[default]
    Pair,
    /// Every stage of the chain on its own.
    Stages,
    /// The same place under other random numbers.
    Draws,
    /// One parameter at values from its smallest to its largest.
    Sweep,
}

impl PreviewMode {
    /// All of them, in the order of the buttons.
    pub const ALL: [Self; 4] = [Self::Pair, Self::Stages, Self::Draws, Self::Sweep];

    /// The words on its button.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Pair => "Before | after",
            Self::Stages => "Stages",
            Self::Draws => "Draws",
            Self::Sweep => "Sweep",
        }
    }

    /// What it shows, in a sentence.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Pair => "One sample without augmentation and with it, the difference, and the histograms of both.",
            Self::Stages => "What each stage of the augmentation makes of the one before it, and how long it takes.",
            Self::Draws => "The same place as several draws augment it.",
            Self::Sweep => "One parameter from its smallest to its largest value; everything else stays.",
        }
    }
}

/// What is asked of the preview.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviewAsk {
    /// What to show.
    pub mode: PreviewMode,
    /// The epoch of both samples.
    pub epoch: u64,
    /// Number of the sample whose place is shown.
    pub place: u64,
    /// Number of the sample whose random numbers augment it: the same number shows the sample as the loader draws it.
    pub numbers: u64,
    /// A redraw keeps the place.
    pub keep_place: bool,
    /// A redraw keeps the random numbers.
    pub keep_numbers: bool,
    /// How far through the patch along its z the slice lies, 0–1.
    pub slice: f32,
    /// How many draws are shown side by side.
    pub draws: u64,
    /// The dotted key that is swept; `None`: the first that can be.
    pub swept: Option<String>,
    /// At how many values; two are the extremes.
    pub values: usize,
}

impl Default for PreviewAsk {
    fn default() -> Self {
        Self {
            mode: PreviewMode::default(),
            epoch: 0,
            place: 0,
            numbers: 0,
            keep_place: true,
            keep_numbers: false,
            slice: 0.5,
            draws: 9,
            swept: None,
            values: 5,
        }
    }
}

impl PreviewAsk {
    /// How many draws can be shown side by side.
    pub const DRAWS: [u64; 3] = [4, 9, 16];
    /// At how many values a parameter can be swept.
    pub const VALUES: [usize; 3] = [2, 5, 7];

    /// The sample as the loader draws it.
    pub const fn show(&mut self, epoch: u64, index: u64) {
        (self.epoch, self.place, self.numbers) = (epoch, index, index);
    }

    /// Whether a redraw would change anything.
    #[must_use]
    pub const fn can_redraw(&self) -> bool {
        !(self.keep_place && self.keep_numbers)
    }

    /// Another sample: what is not kept is that of the next one.
    pub const fn redraw(&mut self) {
        if !self.keep_place {
            self.place += 1;
        }
        if !self.keep_numbers {
            self.numbers += if matches!(self.mode, PreviewMode::Draws) { self.draws } else { 1 };
        }
    }
}

/// One picture of the preview.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shot {
    /// What it shows.
    pub title: String,
    /// What was drawn for it, in words; may be empty.
    pub words: String,
    /// The slice of the first input.
    pub raw: Thumbnail,
    /// Its labels, transparent where background.
    pub labels: Option<Thumbnail>,
    /// How long its stage took.
    pub took: Option<Duration>,
}

/// How many voxels of the patch have which intensity, before and after; shares of all voxels, of bins of equal width.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histograms {
    /// Lower end of the first bin.
    pub from: f64,
    /// Upper end of the last bin.
    pub to: f64,
    /// Before.
    pub before: Vec<f64>,
    /// After.
    pub after: Vec<f64>,
}

/// What came of a job.
#[derive(Debug, Clone)]
pub struct PreviewView {
    /// The job.
    pub job: Arc<PreviewJob>,
    /// Its pictures, in order.
    pub shots: Vec<Shot>,
    /// After less before, of the slice: darker in one colour, brighter in another.
    pub difference: Thumbnail,
    /// The largest difference of the slice, which has the full colour; intensities.
    pub largest_difference: f32,
    /// Of the whole patch.
    pub histograms: Histograms,
    /// How large the labels are beside the EM (right, down): 1 if they cover the same part of the world.
    pub label_share: [f32; 2],
    /// Number of the slice, from 0.
    pub slice: usize,
    /// How many slices there are.
    pub slices: usize,
    /// Intensities that are black and white.
    pub window: [f32; 2],
    /// Where it lies, to lay other augmentation onto it; `None`: only the loader can.
    pub place: Option<Arc<PreviewPlace>>,
    /// Operations that are configured and were not drawn for this sample, by their keys.
    pub not_drawn: Vec<&'static str>,
    /// Where the sample lies, and everything that was drawn for it.
    pub provenance: Provenance,
}

/// Who made the picture of the sample as it is augmented.
#[derive(Debug, Clone)]
pub enum Painter {
    /// The graphics card makes it anew in every frame.
    Device(Box<DevicePicture>),
    /// It is the loader's own crop, and why, in words; empty: it is what is wanted.
    Loader(String),
}

impl Default for Painter {
    fn default() -> Self {
        Self::Loader(String::new())
    }
}

/// What the graphics card would have to do for a job at a place, or why it cannot, in words.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The job.
    pub job: Arc<PreviewJob>,
    /// The place.
    pub place: Arc<PreviewPlace>,
    /// What to do.
    pub resampling: Result<Resampling, String>,
}

/// What the graphics card makes.
#[derive(Debug, Clone)]
pub struct DevicePicture {
    /// What it does.
    pub resampling: Resampling,
    /// Intensities that are black and white.
    pub window: [f32; 2],
}

/// The preview.
#[derive(Debug, Clone, Default)]
pub struct PreviewState {
    /// What is asked.
    pub ask: PreviewAsk,
    /// The pane was on the screen in the last frame.
    pub is_watched: bool,
    /// What is to be shown, as far as the configuration allows.
    pub wanted: Option<Arc<PreviewJob>>,
    /// The last one that is ready.
    pub shown: Option<Arc<PreviewView>>,
    /// Who made the picture of what is wanted.
    pub painter: Painter,
    /// Why the last one could not be made.
    pub failure: Option<String>,
    /// What the graphics card would have to do for what is wanted, or why it cannot.
    pub planned: Option<Planned>,
    /// When the loader was asked for what is wanted, while it has not answered.
    pub asked_at: Option<Instant>,
    /// Somebody broke it off; a redraw or another setting draws again.
    pub is_stopped: bool,
    /// What `wanted` was made of.
    made_of: Option<(u64, PreviewAsk)>,
}

impl PreviewState {
    /// Decides anew what is wanted, if the configuration or what is asked has changed.
    pub fn decide(&mut self, draft: &Draft) {
        let now = (draft.version(), self.ask.clone());
        if self.made_of.as_ref() != Some(&now) {
            self.wanted = draft.valid().map(|config| Arc::new(job(config, &self.ask)));
            self.made_of = Some(now);
            self.is_stopped = false;
        }
    }

    /// Wants nothing any more, until the configuration or what is asked changes.
    pub fn stop(&mut self) {
        (self.wanted, self.asked_at, self.is_stopped) = (None, None, true);
    }

    /// Nothing is open any more; what is asked stays.
    pub fn forget(&mut self) {
        *self = Self { ask: self.ask.clone(), is_watched: self.is_watched, ..Self::default() };
    }

    /// Works out what the graphics card has to do for what is wanted, at the place that is shown; once for each of both.
    pub fn plan(&mut self, caches: &Caches) {
        let place = self.shown.as_ref().and_then(|shown| shown.place.as_ref());
        let (Some(job), Some(shown), Some(place)) = (&self.wanted, &self.shown, place) else {
            self.planned = None;
            return;
        };
        let same = |planned: &Planned| Arc::ptr_eq(&planned.job, job) && Arc::ptr_eq(&planned.place, place);
        if self.planned.as_ref().is_some_and(same) {
            return;
        }
        let (job, place) = (Arc::clone(job), Arc::clone(place));
        let resampling = if (job.epoch, job.place) != (shown.job.epoch, shown.job.place) {
            Err("another place: the loader draws it first".to_owned())
        } else if job.stages || !job.variants.is_empty() {
            Err("the graphics card makes before and after only".to_owned())
        } else {
            let slice = (f64::from(job.slice) * (shown.slices - 1) as f64).round() as usize;
            resampling(&place.sources, &place.request_of(&job), slice, caches)
        };
        self.planned = Some(Planned { job, place, resampling });
    }

    /// What is shown is not what is wanted, and is being made.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let shown = self.shown.as_ref().map(|view| &view.job);
        self.failure.is_none() && self.wanted.is_some() && shown != self.wanted.as_ref()
    }
}
