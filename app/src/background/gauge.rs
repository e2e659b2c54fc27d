//! Grey values of exactly what one slice shows, away from the UI thread: for a contrast of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender};
use microtome_core::geometry::{Axis, Zyx};
use microtome_core::volume::{Caches, Volume};
use microtome_render::{LevelGeometry, SliceView};

use super::{Waker, spawn};
use crate::state::{Histogram, Probe, value_in};

/// Points of a slice that are looked at, per side: enough for percentiles.
const MOST_PER_SIDE: u32 = 400;

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct GaugeJob {
    /// The EM.
    pub volume: Arc<Volume>,
    /// The index of the level on display, and where its voxels are.
    pub level: (usize, LevelGeometry),
    /// The slice.
    pub view: SliceView,
}

/// What was measured.
#[derive(Debug)]
pub struct Gauged {
    /// The axis of the slice.
    pub normal: Axis,
    /// Its grey values; `None` if it shows nothing. Or why it cannot be read.
    pub result: Result<Option<Histogram>, String>,
}

/// Measures on threads named `gauge`.
pub struct Gauge {
    waker: Waker,
    /// Set when what is being measured is not wanted any more.
    broken_off: Arc<AtomicBool>,
    sender: Sender<Gauged>,
    answers: Receiver<Gauged>,
}

impl Gauge {
    /// Nothing asked for yet.
    #[must_use]
    pub fn new(waker: Waker) -> Self {
        // More than anybody asks for before the window looks.
        let (sender, answers) = crossbeam_channel::bounded(64);
        Self { waker, broken_off: Arc::default(), sender, answers }
    }

    /// Starts to measure; what is being measured already is broken off.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn measure(&mut self, job: GaugeJob, caches: Arc<Caches>) -> anyhow::Result<()> {
        self.cancel();
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        let broken_off = Arc::clone(&self.broken_off);
        spawn("gauge", move || {
            let is_wanted = || !broken_off.load(Ordering::Relaxed);
            let result = measure(&job, &caches, is_wanted).map_err(|error| error.to_string());
            // The window may be gone.
            if is_wanted() && sender.send(Gauged { normal: job.view.normal, result }).is_ok() {
                waker();
            }
        })?;
        Ok(())
    }

    /// Breaks off what is being measured: nothing more is read, and there will be no answer.
    pub fn cancel(&mut self) {
        std::mem::take(&mut self.broken_off).store(true, Ordering::Relaxed);
        while self.answers.try_recv().is_ok() {}
    }

    /// The next answer, without waiting.
    #[must_use]
    pub fn poll(&self) -> Option<Gauged> {
        self.answers.try_recv().ok()
    }
}

/// Grey values at points spread evenly over the slice; what is absent from the store is left out, and so is what would be
/// read after nobody wants it any more.
fn measure(job: &GaugeJob, caches: &Caches, is_wanted: impl Fn() -> bool) -> microtome_core::Result<Option<Histogram>> {
    let (level, geometry) = &job.level;
    let mut by_chunk: HashMap<Zyx<u64>, Vec<Probe>> = HashMap::new();
    let step = |side: u32| side.div_ceil(MOST_PER_SIDE).max(1) as usize;
    let [width, height] = job.view.viewport;
    for y in (0..height).step_by(step(height)) {
        for x in (0..width).step_by(step(width)) {
            let world_nm = job.view.world_from_pixel([f64::from(x) + 0.5, f64::from(y) + 0.5]);
            if let Some(probe) = Probe::at(geometry, world_nm) {
                by_chunk.entry(probe.chunk).or_default().push(probe);
            }
        }
    }
    let mut values = Vec::new();
    for (chunk, probes) in by_chunk {
        if !is_wanted() {
            break;
        }
        let Some(chunk) = job.volume.chunk(*level, chunk, &caches.chunks)? else { continue };
        values
            .extend(probes.iter().filter_map(|probe| value_in(&chunk, probe.index_in(&chunk))).map(|(value, _)| value));
    }
    Ok(Histogram::of_values(&values, job.volume.dtype()))
}
