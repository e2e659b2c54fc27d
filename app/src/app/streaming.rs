//! What the slices need, frame by frame: which chunks to ask for, what came, what is under the pointer.

mod chunks;
mod previewing;
mod wanted;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use egui_wgpu::{RenderState, wgpu};
use microtome_core::geometry::Zyx;
use microtome_core::telemetry::Meter;
use microtome_core::volume::{Caches, Chunk, ChunkCache, TransformCache};
use microtome_render::{ChunkId, RenderError, SliceRenderer, Texels, choose_display_level};
use parking_lot::Mutex;

use previewing::Previewing;
use wanted::Wanted;

use crate::background::{Loaded, Outcome, Prepared, Viewer, Waker, Want};
use crate::command;
use crate::state::{
    ChunkGrid, ChunkKnown, ChunkStatus, GpuView, Histogram, LabelReadout, Layer, LayerKind, LogLevel, OpenData, Probe,
    Readout, State, value_in,
};

/// Texture memory that the slices may take.
const TEXTURE_BUDGET_BYTES: u64 = 1 << 30;
/// Bytes that are handed to the graphics card in one frame, so that scrubbing never stalls.
const FRAME_UPLOAD_BYTES: u64 = 16 << 20;
/// Decoded chunks that are kept for the slices while no loader runs.
const OWN_CACHE_BYTES: u64 = 256 << 20;

/// Chunks on their way to the slices.
pub struct Streaming {
    viewer: Viewer,
    own_caches: Arc<Caches>,
    renderer: Arc<Mutex<SliceRenderer>>,
    device: wgpu::Device,
    queue: wgpu::Queue,
    /// Grey values by chunk of the EM.
    histograms: HashMap<ChunkId, Arc<Histogram>>,
    /// Chunks under the pointer, as stored; `None`: absent from the store, with its fill value.
    probed: HashMap<ChunkId, Probed>,
    /// Chunks that cannot be read, or do not fit; not asked for again.
    refused: HashSet<ChunkId>,
    wanted: Vec<ChunkId>,
    histogram_of: Vec<ChunkId>,
    texture_budget_told: bool,
    previewing: Previewing,
}

#[derive(Clone)]
enum Probed {
    Chunk(Arc<Chunk>),
    Fill(f64),
}

impl Streaming {
    /// Starts the threads that decode for the slices.
    pub fn start(render_state: &RenderState, waker: &Waker) -> anyhow::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().div_ceil(2)).clamp(2, 4);
        let own_caches = own_caches();
        let (device, queue) = (render_state.device.clone(), render_state.queue.clone());
        let mut renderer = SliceRenderer::new(&device, &queue, render_state.target_format, TEXTURE_BUDGET_BYTES);
        renderer.textures_mut().set_frame_upload_limit_bytes(FRAME_UPLOAD_BYTES);
        Ok(Self {
            viewer: Viewer::start(threads, Arc::clone(&own_caches), waker)?,
            own_caches,
            renderer: Arc::new(Mutex::new(renderer)),
            device,
            queue,
            histograms: HashMap::new(),
            probed: HashMap::new(),
            refused: HashSet::new(),
            wanted: Vec::new(),
            histogram_of: Vec::new(),
            texture_budget_told: false,
            previewing: Previewing::default(),
        })
    }

    /// Draws the slices.
    pub const fn renderer(&self) -> &Arc<Mutex<SliceRenderer>> {
        &self.renderer
    }

    /// Reads through the loader's caches, so that both live under one budget.
    pub fn use_caches(&mut self, caches: Arc<Caches>) {
        self.viewer.use_caches(caches);
        self.own_caches = own_caches();
    }

    /// Reads through caches of its own again.
    pub fn use_own_caches(&self) {
        self.viewer.use_caches(Arc::clone(&self.own_caches));
    }

    /// Lets go of everything that belongs to what was open.
    pub fn forget(&mut self, state: &mut State) {
        self.own_caches = own_caches();
        if let Err(error) = self.viewer.start_afresh(Arc::clone(&self.own_caches)) {
            state.say(LogLevel::Error, format!("{error:#}"));
        }
        let mut renderer = self.renderer.lock();
        let layers = |data: &OpenData| [&data.layers[..], &data.beside_layers].concat();
        for layer in state.session.open().map(layers).unwrap_or_default() {
            renderer.textures_mut().remove_volume(layer.slot);
        }
        self.previewing.forget(&mut renderer);
        drop(renderer);
        self.histograms.clear();
        self.probed.clear();
        self.refused.clear();
        self.wanted.clear();
        self.histogram_of.clear();
        state.readout = None;
        state.chunk_grids = Zyx::default();
        state.histogram = None;
        state.pending_chunks = 0;
    }

    /// Through which everything for the slices is read.
    pub fn caches(&self) -> Arc<Caches> {
        self.viewer.caches()
    }

    /// Lets go of layers that are shown no more.
    pub fn remove(&mut self, layers: &[Layer]) {
        let mut renderer = self.renderer.lock();
        for layer in layers {
            renderer.textures_mut().remove_volume(layer.slot);
            self.refused.retain(|id| id.volume != layer.slot);
        }
    }

    /// Takes in what came, asks for what is missing, and brings readout, histogram and figures up to date. True if
    /// more has come than one frame may upload.
    pub fn advance(&mut self, state: &mut State) -> bool {
        self.renderer.lock().begin_frame();
        let more = self.take_loaded(state);
        let for_preview = self.previewing.missing(state, &self.renderer.lock());
        let (wanted, probes) = self.ask(state, for_preview);
        self.previewing.choose_painter(state, &self.renderer.lock(), &self.refused);
        self.update_readout(state, &probes);
        self.update_beside(state, &wanted.shown_beside);
        self.update_histogram(state, wanted.shown);
        state.chunk_grids = self.chunk_grids(state);
        let stats = self.renderer.lock().textures().stats();
        state.gpu = GpuView {
            bytes: stats.bytes,
            budget_bytes: stats.budget_bytes,
            textures: stats.textures as u64,
            absent: stats.absent as u64,
            evictions: stats.evictions,
        };
        more
    }

    fn take_loaded(&mut self, state: &mut State) -> bool {
        while self.renderer.lock().textures().upload_room_bytes() > 0 {
            let Some(loaded) = self.viewer.poll() else { return false };
            self.take_one(state, loaded);
        }
        true
    }

    fn take_one(&mut self, state: &mut State, loaded: Loaded) {
        let id = loaded.id;
        let of_layer = state.layer_of(id.volume).map(|layer| layer.kind == LayerKind::Raw);
        let Some(is_raw) = of_layer.or_else(|| self.previewing.is_raw(id.volume)) else { return };
        match loaded.outcome {
            Outcome::Chunk { chunk, prepared, histogram } => {
                if let Some(histogram) = histogram {
                    self.histograms.insert(id, histogram);
                    self.histogram_of.clear();
                }
                let texels = match prepared {
                    Prepared::Converted(texels) => texels,
                    Prepared::AsStored if is_raw => Texels::intensities(&chunk.data),
                    Prepared::AsStored => Texels::ids(&chunk.data),
                };
                if !self.renderer.lock().textures().contains(&id) {
                    self.upload(state, id, &chunk, &texels);
                }
                drop(texels);
                self.probed.insert(id, Probed::Chunk(chunk));
            }
            Outcome::Absent(fill) => {
                let value = match fill {
                    microtome_render::Fill::Intensity(value) => f64::from(value),
                    microtome_render::Fill::Id(id) => f64::from(id),
                };
                self.probed.insert(id, Probed::Fill(value));
                self.renderer.lock().textures_mut().mark_absent(id, fill);
            }
            Outcome::Failed(message) => {
                self.refused.insert(id);
                state.say(LogLevel::Error, message);
            }
        }
    }

    fn upload(&mut self, state: &mut State, id: ChunkId, chunk: &Chunk, texels: &Texels<'_>) {
        let shape = chunk.shape.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        let result = self.renderer.lock().textures_mut().upload(&self.device, &self.queue, id, shape, texels);
        match result {
            Ok(()) => {}
            Err(error @ RenderError::OverBudget { .. }) => {
                self.refused.insert(id);
                if !std::mem::replace(&mut self.texture_budget_told, true) {
                    state.say(LogLevel::Warning, format!("{error}; what is missing is drawn coarser"));
                }
            }
            Err(error) => {
                self.refused.insert(id);
                state.say(LogLevel::Error, error.to_string());
            }
        }
    }

    /// Tells the threads what is wanted now, last what the preview lacks. Answers the rest of what is wanted, and the chunks under the pointer.
    fn ask(&mut self, state: &mut State, for_preview: Vec<Want>) -> (Wanted, Vec<Want>) {
        let mut wanted = Wanted::by_views(state);
        let (coarse, fine) = (std::mem::take(&mut wanted.coarse), std::mem::take(&mut wanted.fine));
        let probes = probes(state);
        let renderer = self.renderer.lock();
        let is_missing = |want: &Want| !renderer.textures().contains(&want.id) && !self.refused.contains(&want.id);
        let mut seen = HashSet::new();
        let missing: Vec<Want> = coarse
            .into_iter()
            .chain(fine)
            .map(|(_, want)| want)
            .filter(|want| is_missing(want) && seen.insert(want.id))
            .collect();
        drop(renderer);
        state.pending_chunks = missing.len();
        let for_preview =
            for_preview.into_iter().filter(|want| !self.refused.contains(&want.id) && seen.insert(want.id));
        let missing: Vec<Want> = missing.into_iter().chain(for_preview).collect();
        let unknown = |want: &&Want| !self.probed.contains_key(&want.id) && !self.refused.contains(&want.id);
        let asked: Vec<Want> = probes.iter().filter(unknown).cloned().chain(missing).collect();
        let ids: Vec<ChunkId> = asked.iter().map(|want| want.id).collect();
        if ids != self.wanted {
            self.wanted = ids;
            self.viewer.want(asked);
        }
        let keep: HashSet<ChunkId> = probes.iter().map(|want| want.id).collect();
        self.probed.retain(|id, _| keep.contains(id));
        (wanted, probes)
    }

    fn update_readout(&self, state: &mut State, probes: &[Want]) {
        let Some(world_nm) = probe_point(state) else {
            state.readout = None;
            return;
        };
        let value = |layer: &Layer, level: usize| {
            let probe = Probe::at(&layer.levels[level], world_nm)?;
            let want = probes.iter().find(|want| want.id.volume == layer.slot && want.id.chunk == probe.chunk)?;
            match self.probed.get(&want.id)? {
                Probed::Chunk(chunk) => value_in(chunk, probe.index_in(chunk)),
                Probed::Fill(value) => Some((*value, *value as u64)),
            }
        };
        let mut readout = Readout { world_nm, level: String::new(), voxel: None, raw: None, labels: Vec::new() };
        let Some(data) = state.session.open() else { return };
        let (active, side) = (state.views.active, state.side_read_out());
        let layers = state.layers_in(active, side);
        let is_seen = layers.iter().any(|layer| layer.seen.is_some());
        for layer in layers.into_iter().filter(|layer| layer.seen.is_some() == is_seen) {
            let level = choose_display_level(&layer.levels, &state.views.slice_view(active));
            match layer.kind {
                LayerKind::Raw => {
                    readout.level = layer.level_name(level);
                    readout.voxel = Probe::at(&layer.levels[level], world_nm).map(|probe| probe.voxel);
                    readout.raw = value(layer, level).map(|(value, _)| value);
                }
                LayerKind::Labels { crop, class, .. } => {
                    let set = state.dataset_in(side).and_then(|index| data.catalog.datasets.get(index));
                    let names = set.and_then(|set| set.crops.get(crop));
                    let names =
                        names.and_then(|crop| Some((crop.name.clone(), crop.classes.get(class)?.class.clone())));
                    if let (Some((crop, class)), Some((_, id))) = (names, value(layer, level)) {
                        readout.labels.push(LabelReadout { crop, class, id });
                    }
                }
            }
        }
        state.readout = Some(readout);
    }

    fn chunk_grids(&self, state: &State) -> Zyx<Option<ChunkGrid>> {
        if !state.display.show_chunks {
            return Zyx::default();
        }
        let in_flight = self.viewer.in_flight();
        let renderer = self.renderer.lock();
        let textures = renderer.textures();
        chunks::chunk_grids(state, |id| {
            ChunkStatus::of(ChunkKnown {
                is_resident: textures.contains(id),
                is_absent: textures.is_absent(id),
                is_refused: self.refused.contains(id),
                is_in_flight: in_flight.contains(id),
            })
        })
    }

    /// The dataset beside the other gets a contrast of its own, once what is seen of it is there.
    fn update_beside(&self, state: &mut State, shown: &[ChunkId]) {
        if shown.is_empty() || state.display.beside_contrast.is_some() || state.pending_chunks > 0 {
            return;
        }
        let parts: Vec<_> = shown.iter().filter_map(|id| self.histograms.get(id)).collect();
        let histogram = Histogram::merged(parts.iter().map(|histogram| histogram.as_ref()));
        state.display.beside_contrast = histogram.and_then(|histogram| histogram.auto_contrast(0.0));
    }

    fn update_histogram(&mut self, state: &mut State, shown: Vec<ChunkId>) {
        if shown != self.histogram_of {
            let keep: HashSet<&ChunkId> = shown.iter().collect();
            let parts: Vec<_> = self.histograms.iter().filter(|(id, _)| keep.contains(id)).collect();
            let merged = Histogram::merged(parts.iter().map(|(_, histogram)| histogram.as_ref()));
            if merged.is_some() {
                state.histogram = merged;
            }
            // Chunks that left the screen may come back without being read again: their counts stay a while.
            const KEPT: usize = 4096;
            if self.histograms.len() > KEPT {
                let keep: HashSet<ChunkId> = shown.iter().copied().collect();
                self.histograms.retain(|id, _| keep.contains(id));
            }
            self.histogram_of = shown;
        }
        if state.display.auto_contrast_pending && state.pending_chunks == 0 && state.histogram.is_some() {
            command::auto_contrast(state);
            // If nothing could be found, more data may come; another frame will ask again.
        }
    }
}

fn own_caches() -> Arc<Caches> {
    const TRANSFORM_BYTES: u64 = 1 << 20;
    Arc::new(Caches {
        chunks: ChunkCache::new(OWN_CACHE_BYTES),
        transforms: TransformCache::new(TRANSFORM_BYTES),
        meter: Meter::new(),
    })
}

/// Where values are read out: under the pointer, else at the cursor.
fn probe_point(state: &State) -> Option<Zyx<f64>> {
    state.session.open()?;
    Some(state.views.hover_nm.unwrap_or(state.views.cursor_nm))
}

/// The chunks at the point where values are read out, one per visible layer that has one there.
fn probes(state: &State) -> Vec<Want> {
    let Some(world_nm) = probe_point(state) else { return Vec::new() };
    let view = state.views.slice_view(state.views.active);
    let probe = |layer: &Layer| {
        let level = choose_display_level(&layer.levels, &view);
        Some(Want::new(layer, level, Probe::at(&layer.levels[level], world_nm)?.chunk))
    };
    state.layers_in(state.views.active, state.side_read_out()).into_iter().filter_map(probe).collect()
}
