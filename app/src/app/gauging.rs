//! The app's side of contrasts of single slices: has them measured, and takes what came into the state.

use std::sync::Arc;
use std::time::Instant;

use microtome_core::geometry::Axis;
use microtome_core::volume::Caches;
use microtome_render::choose_display_level;

use crate::background::{Gauge, GaugeJob, Waker};
use crate::state::{LayerKind, LogLevel, State};

/// What measures.
pub struct Gauging {
    gauge: Gauge,
}

impl Gauging {
    /// Nothing asked for yet.
    pub fn new(waker: Waker) -> Self {
        Self { gauge: Gauge::new(waker) }
    }

    /// Measures what the slice across an axis shows of the EM.
    pub fn start(&mut self, state: &mut State, normal: Axis, caches: Arc<Caches>) -> anyhow::Result<()> {
        let Some(data) = state.session.open() else { return Ok(()) };
        let Some(raw) = data.layers.iter().find(|layer| layer.kind == LayerKind::Raw) else { return Ok(()) };
        let view = state.views.slice_view(normal);
        let index = choose_display_level(&raw.levels, &view);
        let job = GaugeJob { volume: Arc::clone(&raw.volume), level: (index, raw.levels[index]), view };
        self.gauge.measure(job, caches)?;
        state.display.gauging = Some((normal, Instant::now()));
        Ok(())
    }

    /// Breaks it off.
    pub fn stop(&mut self, state: &mut State) {
        self.gauge.cancel();
        state.display.gauging = None;
    }

    /// Takes in what was measured.
    pub fn take_answers(&self, state: &mut State) {
        while let Some(gauged) = self.gauge.poll() {
            state.display.gauging = None;
            let fill = state.session.open().and_then(|data| data.dataset()).and_then(|set| set.raw.levels().first());
            let fill = fill.map_or(0.0, |level| level.fill_value);
            match gauged.result {
                Ok(Some(histogram)) => {
                    state.display.own_contrast[gauged.normal] = histogram.auto_contrast(fill);
                }
                Ok(None) => state.say(LogLevel::Info, "that slice shows nothing to take a contrast from"),
                Err(reason) => state.say(LogLevel::Warning, format!("no contrast of its own: {reason}")),
            }
        }
    }
}
