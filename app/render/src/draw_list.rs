//! Which pixels come from which chunk: the finest resident level wins, and every pixel is drawn at most once.

use microtome_core::geometry::Zyx;

use crate::levels::{chunks_in, fine_to_coarse};
use crate::{LevelGeometry, PixelRect, SliceView, choose_display_level, visible_chunks};

/// Pixels that show one slice of one chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChunkQuad {
    /// Index of the level.
    pub level: usize,
    /// Position in the level's chunk grid.
    pub chunk: Zyx<u64>,
    /// The pixels.
    pub pixels: PixelRect,
    /// Voxel inside the chunk along the view's normal.
    pub slice: u32,
    /// Voxel position inside the chunk (right, down) at the centre of the first pixel; integers are voxel centres.
    pub first_voxel: [f32; 2],
    /// Voxels per pixel (right, down).
    pub voxels_per_pixel: [f32; 2],
}

/// The quads of one layer: chunks of the display level where `is_resident(level, chunk)`, elsewhere the next coarser
/// level that is, cut to the very pixels that are missing.
///
/// Of views along the axes; [`crate::turned_list`] is for the others. No two quads overlap, so a half-transparent layer is blended once everywhere, whatever is loaded so far.
pub fn draw_list(
    view: &SliceView,
    levels: &[LevelGeometry],
    is_resident: impl Fn(usize, Zyx<u64>) -> bool,
) -> Vec<ChunkQuad> {
    if levels.is_empty() {
        return Vec::new();
    }
    let shown = choose_display_level(levels, view);
    let coarser: Vec<usize> = fine_to_coarse(levels).into_iter().skip_while(|level| *level != shown).skip(1).collect();
    let mut list = List { view, levels, is_resident: &is_resident, quads: Vec::new() };
    let Some(slice) = levels[shown].slice_index(view) else { return Vec::new() };
    list.add(shown, slice, &visible_chunks(view, &levels[shown]), &coarser);
    list.quads
}

struct List<'a, F> {
    view: &'a SliceView,
    levels: &'a [LevelGeometry],
    is_resident: &'a F,
    quads: Vec<ChunkQuad>,
}

impl<F: Fn(usize, Zyx<u64>) -> bool> List<'_, F> {
    fn add(&mut self, level: usize, slice: u64, chunks: &[(Zyx<u64>, PixelRect)], coarser: &[usize]) {
        for (chunk, pixels) in chunks {
            if (self.is_resident)(level, *chunk) {
                self.quads.push(quad(self.view, level, &self.levels[level], *chunk, *pixels, slice));
            } else if let Some((next, rest)) = coarser.split_first()
                && let Some(slice) = self.levels[*next].nearest_slice_index(self.view)
            {
                let below = chunks_in(self.view, &self.levels[*next], slice, pixels);
                self.add(*next, slice, &below, rest);
            }
        }
    }
}

fn quad(
    view: &SliceView,
    level: usize,
    geometry: &LevelGeometry,
    chunk: Zyx<u64>,
    pixels: PixelRect,
    slice: u64,
) -> ChunkQuad {
    let first_pixel = [f64::from(pixels.x0) + 0.5, f64::from(pixels.y0) + 0.5];
    let voxel = geometry.world_from_voxel.voxel_from_world(view.world_from_pixel(first_pixel));
    let chunk_lo = geometry.chunk_voxels(chunk).lo;
    let axes = [view.right(), view.down()];
    let size = geometry.chunk_shape[view.normal].max(1);
    ChunkQuad {
        level,
        chunk,
        pixels,
        slice: u32::try_from(slice % size).unwrap_or(u32::MAX),
        // Relative to the chunk, f32 is exact enough however large the volume is.
        first_voxel: axes.map(|axis| (voxel[axis] - chunk_lo[axis] as f64) as f32),
        voxels_per_pixel: axes.map(|axis| (view.nm_per_pixel / geometry.world_from_voxel.voxel_size_nm[axis]) as f32),
    }
}
