//! The chunk grids that the slices show over the EM.

use microtome_core::geometry::{Axis, Zyx};
use microtome_render::{ChunkId, choose_display_level, visible_chunks};

use crate::state::{ChunkGrid, ChunkStatus, Layer, LayerKind, Reading, State};

/// The grid of every slice on the screen, by normal; none where the EM is not shown.
pub fn chunk_grids(state: &State, status: impl Fn(&ChunkId) -> ChunkStatus) -> Zyx<Option<ChunkGrid>> {
    let raw = state.visible_layers().find(|layer| layer.kind == LayerKind::Raw);
    Zyx::from_fn(|normal| {
        let is_visible = state.views.viewport[normal].visible;
        raw.filter(|_| is_visible).map(|raw| grid(state, raw, normal, &status))
    })
}

fn grid(state: &State, raw: &Layer, normal: Axis, status: impl Fn(&ChunkId) -> ChunkStatus) -> ChunkGrid {
    let view = state.views.slice_view(normal);
    let index = choose_display_level(&raw.levels, &view);
    let level = &raw.levels[index];
    let known = |chunk: Zyx<u64>| {
        let id = ChunkId { volume: raw.slot, level: u32::try_from(index).unwrap_or(u32::MAX), chunk };
        (level.world_from_voxel.world_box(&level.chunk_voxels(chunk)), status(&id))
    };
    let crops = state.loader.batch.iter().flat_map(|batch| &batch.crops).filter_map(|crop| crop.read.as_ref());
    let dataset_index = state.session.open().map_or(0, |data| data.dataset_index);
    let reading = Reading::of(crops, dataset_index, index);
    let count = |chunk: &Zyx<u64>| reading.as_ref().and_then(|of| of.counts.get(chunk)).copied().unwrap_or(0);
    let visible = visible_chunks(&view, level);
    let reads = visible.iter().map(|(chunk, _)| count(chunk)).collect();
    let chunks = visible.into_iter().map(|(chunk, _)| known(chunk)).collect();
    ChunkGrid { level: raw.level_name(index), chunks, reads, reading }
}
