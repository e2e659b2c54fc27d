//! What the pane Preview needs on the graphics card, and who makes its picture.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use microtome_core::telemetry::Meter;
use microtome_core::volume::{Caches, ChunkCache, TransformCache};
use microtome_render::{ChunkId, LevelGeometry, ResamplePlan, ResampleRefusal, SliceRenderer};

use crate::background::Want;
use crate::state::State;
use crate::state::preview::{DevicePicture, Painter, Resampling};

/// Plans and displacement fields of the last frames.
const TRANSFORM_BYTES: u64 = 8 << 20;

/// The preview's part of what is on the graphics card.
pub(super) struct Previewing {
    /// Beside the loader's: what is planned here is no work of its.
    caches: Caches,
    /// Volumes that were asked for, and whether they are raw.
    volumes: HashMap<u64, bool>,
}

impl Default for Previewing {
    fn default() -> Self {
        let caches = Caches {
            chunks: ChunkCache::new(0),
            transforms: TransformCache::new(TRANSFORM_BYTES),
            meter: Meter::new(),
        };
        Self { caches, volumes: HashMap::new() }
    }
}

impl Previewing {
    /// Lets go of everything that belongs to what was open.
    pub(super) fn forget(&mut self, renderer: &mut SliceRenderer) {
        for slot in self.volumes.drain().map(|(slot, _)| slot) {
            renderer.textures_mut().remove_volume(slot);
        }
    }

    /// Whether a volume that was asked for is raw.
    pub(super) fn is_raw(&self, slot: u64) -> Option<bool> {
        self.volumes.get(&slot).copied()
    }

    /// Plans what is wanted, and answers the chunks that are not there yet.
    pub(super) fn missing(&mut self, state: &mut State, renderer: &SliceRenderer) -> Vec<Want> {
        if !state.preview.is_watched {
            return Vec::new();
        }
        state.preview.plan(&self.caches);
        let planned = state.preview.planned.as_ref();
        let Some(Ok(resampling)) = planned.map(|planned| &planned.resampling) else { return Vec::new() };
        self.volumes.extend(resampling.volumes.iter().map(|(slot, _, is_raw)| (*slot, *is_raw)));
        match renderer.can_resample(&resampling.plan) {
            Err(ResampleRefusal::Missing(ids)) => ids.into_iter().filter_map(|id| want(resampling, id)).collect(),
            _ => Vec::new(),
        }
    }

    /// Decides whether the graphics card makes the picture: while what is shown is not what is wanted, if it can.
    pub(super) fn choose_painter(&self, state: &mut State, renderer: &SliceRenderer, refused: &HashSet<ChunkId>) {
        let preview = &mut state.preview;
        let (Some(planned), Some(shown)) = (&preview.planned, &preview.shown) else {
            preview.painter = Painter::default();
            return;
        };
        let resampling = match &planned.resampling {
            Ok(resampling) => resampling,
            Err(reason) => {
                preview.painter = Painter::Loader(reason.clone());
                return;
            }
        };
        preview.painter = match renderer.can_resample(&resampling.plan) {
            Ok(()) if preview.is_busy() => {
                Painter::Device(Box::new(DevicePicture { resampling: resampling.clone(), window: shown.window }))
            }
            Ok(()) => Painter::default(),
            Err(refusal) => Painter::Loader(words(&refusal, refused)),
        };
    }
}

/// Why the loader's own crop is shown, in words.
fn words(refusal: &ResampleRefusal, refused: &HashSet<ChunkId>) -> String {
    let words = match refusal {
        ResampleRefusal::Missing(ids) if ids.iter().any(|id| refused.contains(id)) => {
            "chunks cannot be read, or do not fit into the texture memory"
        }
        ResampleRefusal::Missing(_) => "its chunks are on their way to the graphics card",
        ResampleRefusal::Absent => {
            "chunks of the EM are not in the store: shown by the loader, which masks labels there"
        }
        ResampleRefusal::TooLarge => "the patch is too large for the graphics card at once: shown by the loader",
        ResampleRefusal::Slow => {
            "the mean of so large a patch takes too long without a graphics card: shown by the loader"
        }
        ResampleRefusal::NoCompute => "this graphics device cannot compute: shown by the loader",
    };
    words.to_owned()
}

/// A chunk that a plan lacks.
fn want(resampling: &Resampling, id: ChunkId) -> Option<Want> {
    let (volume, is_raw) = resampling.volume(id.volume)?;
    let geometry = geometry(&resampling.plan, id)?;
    Some(Want { id, volume: Arc::clone(volume), seen: None, is_raw, geometry })
}

fn geometry(plan: &ResamplePlan, id: ChunkId) -> Option<LevelGeometry> {
    let classes = plan.labels.iter().flat_map(|labels| &labels.classes).filter_map(|class| class.from.as_ref());
    let sources = std::iter::once(&plan.raw.source).chain(classes.map(|from| &from.source));
    sources
        .into_iter()
        .find(|source| (source.volume, source.level) == (id.volume, id.level))
        .map(|source| source.geometry)
}
