//! What the window knows about the loader: its phase, its last statistics, its last batch.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use microtome_core::diagnose::Diagnosis;
use microtome_core::diagnose::monitor::Alert;
use microtome_core::loader::{ClassTally, Provenance, SourceReport};
use microtome_core::sample::Simulation;
use microtome_core::telemetry::Stats;

use super::CropRead;
use super::orbit::{Corners, corners_of_patch};

/// What the loader is doing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LoaderPhase {
    /// There is none.
    #[default]
    Off,
    /// It hands over batches.
    Running,
    /// Nobody takes batches, and it begins no more.
    Paused,
    /// It could not start, or it ended: the reason.
    Failed(String),
}

/// One picture, 8-bit RGBA.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thumbnail {
    /// Pixels: width, height.
    pub size: [usize; 2],
    /// Width · height · 4 bytes, top row first, alpha not premultiplied.
    pub rgba: Vec<u8>,
}

/// One sample of the last batch, ready to be drawn.
#[derive(Debug, Clone)]
pub struct CropView {
    /// The middle slice of the first input.
    pub raw: Thumbnail,
    /// The labels of the same slice, transparent where background; hatched where nobody annotated.
    pub labels: Option<Thumbnail>,
    /// How large the labels are beside the EM (right, down): 1 if they cover the same part of the world.
    pub label_share: [f32; 2],
    /// Where it came from.
    pub provenance: Provenance,
    /// What reading its EM takes, if that is known.
    pub read: Option<CropRead>,
}

/// The last batch, ready to be drawn.
#[derive(Debug, Clone)]
pub struct BatchView {
    /// Number of the batch since the loader started.
    pub number: u64,
    /// One per sample.
    pub crops: Vec<CropView>,
}

/// Where a sample was drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Footprint {
    /// Which dataset.
    pub dataset_index: usize,
    /// Its corners in the world, turned as it was drawn, nm.
    pub corners_nm: Corners,
    /// The class that it was drawn for, if it was for one.
    pub class: Option<String>,
    /// The part of its EM that the store lacks, 0–1, by chunks.
    pub missing: f32,
}

impl Footprint {
    /// Where a sample of this provenance was drawn.
    #[must_use]
    pub fn of(provenance: &Provenance) -> Self {
        let of_em = provenance.sources.iter().filter(|source| source.class.is_none());
        let (absent, chunks) = of_em.fold((0, 0), |sum, of| (sum.0 + of.absent_chunks, sum.1 + of.chunks));
        Self {
            dataset_index: provenance.dataset_index,
            corners_nm: corners_of_patch(&provenance.grid),
            class: provenance.reason.class.clone(),
            missing: absent as f32 / chunks.max(1) as f32,
        }
    }
}

/// What many draws would show.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulationView {
    /// What was counted so far.
    pub simulation: Simulation,
    /// For each dataset the share of its label crops (of the volume, if it has none) that no draw covers, 0 to 1.
    pub never_covered: Vec<f64>,
}

/// What the window knows about the loader.
#[derive(Debug, Clone, Default)]
pub struct LoaderView {
    /// What it is doing.
    pub phase: LoaderPhase,
    /// When it was asked to start, while it has not.
    pub starting: Option<Instant>,
    /// Its statistics, at most ten times a second; `None` before the first.
    pub stats: Option<Stats>,
    /// How often statistics were replaced, so that panes can tell new from old.
    pub stats_version: u64,
    /// What limits it over the last seconds, taken anew every second; `None` while too little is known.
    pub diagnosis: Option<Arc<Diagnosis>>,
    /// What else deserves a word over the last minutes, the gravest first.
    pub alerts: Arc<Vec<Alert>>,
    /// When that was taken, seconds of the window's clock.
    pub diagnosed_at_s: f64,
    /// Every crop and volume: drawn from or left out, how often so far.
    pub sources: Arc<Vec<SourceReport>>,
    /// What the targets that were handed over show of each class.
    pub tallies: Arc<Vec<ClassTally>>,
    /// Samples in an epoch; 0 before the loader has said so.
    pub samples_per_epoch: u64,
    /// The last batch.
    pub batch: Option<Arc<BatchView>>,
    /// The pointer is over the batch: newer ones are not shown, so that what is aimed at does not move away.
    pub hold_batch: bool,
    /// What many draws would cover, if that was asked for.
    pub simulation: Option<Arc<SimulationView>>,
    /// So many draws are being simulated.
    pub simulating: Option<u64>,
    /// Where the last samples were drawn, newest last.
    pub footprints: VecDeque<Footprint>,
}

impl LoaderView {
    /// Footprints that are kept.
    pub const FOOTPRINTS: usize = 24;

    /// Adds footprints; the oldest go.
    pub fn add_footprints(&mut self, new: impl IntoIterator<Item = Footprint>) {
        self.footprints.extend(new);
        let excess = self.footprints.len().saturating_sub(Self::FOOTPRINTS);
        self.footprints.drain(..excess);
    }
}
