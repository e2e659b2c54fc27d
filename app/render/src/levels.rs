//! The levels of a pyramid as a view sees them: which one to show, and which of its chunks the plane meets.

use std::ops::Range;

use microtome_core::geometry::{GridTransform, VoxelBox, Zyx};

use crate::SliceView;
use crate::basis::dot;
use crate::turned::{cut_chunks, cut_count};

/// At most so many chunks are asked for and drawn per layer and view; beyond it, those nearest the centre.
///
/// A full screen of 64-voxel chunks at one voxel per pixel is about 600.
pub const MAX_VISIBLE_CHUNKS: usize = 4096;

/// What drawing needs to know about one level of a volume.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelGeometry {
    /// Voxels.
    pub shape: Zyx<u64>,
    /// Voxels of the unit that is decoded and uploaded at once.
    pub chunk_shape: Zyx<u64>,
    /// World from voxel, nm.
    pub world_from_voxel: GridTransform,
}

impl LevelGeometry {
    /// Chunks per axis.
    #[must_use]
    pub fn chunk_grid(&self) -> Zyx<u64> {
        self.shape.zip_map(self.chunk_shape, |n, c| n.div_ceil(c.max(1)))
    }

    /// The voxels of a chunk inside the array.
    #[must_use]
    pub fn chunk_voxels(&self, chunk: Zyx<u64>) -> VoxelBox {
        let signed = |v: u64| i64::try_from(v).unwrap_or(i64::MAX);
        let lo = chunk.zip_map(self.chunk_shape, |c, n| signed(c.saturating_mul(n.max(1))));
        let hi = lo.zip_map(self.chunk_shape, |lo, n| lo.saturating_add(signed(n.max(1))));
        VoxelBox::new(lo, hi).intersection(&VoxelBox::of_shape(self.shape))
    }

    /// The voxel index along the view's normal that the plane cuts; `None` if it passes beside the array. Of a turned view
    /// that of its middle.
    #[must_use]
    pub fn slice_index(&self, view: &SliceView) -> Option<u64> {
        let index = self.world_from_voxel.voxel_containing(view.center_nm)[view.normal];
        u64::try_from(index).ok().filter(|i| *i < self.shape[view.normal])
    }

    /// Like [`Self::slice_index`], but a plane just beside the array gets the nearest voxel.
    ///
    /// Levels whose shape was rounded down end a little earlier than the finest one.
    pub(crate) fn nearest_slice_index(&self, view: &SliceView) -> Option<u64> {
        let last = self.shape[view.normal].checked_sub(1)?;
        let index = self.world_from_voxel.voxel_containing(view.center_nm)[view.normal];
        Some(u64::try_from(index).unwrap_or(0).min(last))
    }

    pub(crate) fn is_drawable(&self) -> bool {
        self.world_from_voxel.voxel_size_nm.all(|s| s.is_finite() && s > 0.0)
            && self.world_from_voxel.translation_nm.all(f64::is_finite)
            && self.shape.all(|n| n > 0)
    }
}

/// A half-open rectangle of whole pixels of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelRect {
    /// First column inside.
    pub x0: u32,
    /// First row inside.
    pub y0: u32,
    /// First column beyond.
    pub x1: u32,
    /// First row beyond.
    pub y1: u32,
}

impl PixelRect {
    /// All pixels of a view.
    #[must_use]
    pub const fn of_viewport(view: &SliceView) -> Self {
        Self { x0: 0, y0: 0, x1: view.viewport[0], y1: view.viewport[1] }
    }

    /// The pixels in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self {
            x0: self.x0.max(other.x0),
            y0: self.y0.max(other.y0),
            x1: self.x1.min(other.x1),
            y1: self.y1.min(other.y1),
        }
    }

    /// True if no pixel is inside.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.x1 <= self.x0 || self.y1 <= self.y0
    }
}

/// The coarsest level that loses nothing at this zoom: its voxels in the plane are no larger than a pixel, or no
/// larger than the finest level's. Goes coarser only if the view would meet more than [`MAX_VISIBLE_CHUNKS`] chunks.
///
/// Returns an index into `levels`, 0 if there is none.
#[must_use]
pub fn choose_display_level(levels: &[LevelGeometry], view: &SliceView) -> usize {
    const TOLERANCE: f64 = 1.01;
    let directions = [view.right_vector(), view.down_vector()];
    // How far apart the voxels stand along a direction.
    let size = |level: usize, direction: Zyx<f64>| {
        let voxels_per_nm = direction / levels[level].world_from_voxel.voxel_size_nm;
        1.0 / dot(voxels_per_nm, voxels_per_nm).sqrt()
    };
    let finest = |direction| (0..levels.len()).map(|level| size(level, direction)).fold(f64::INFINITY, f64::min);
    let is_sharp = |level: usize, direction: &Zyx<f64>| {
        size(level, *direction) <= view.nm_per_pixel.max(finest(*direction)) * TOLERANCE
    };
    let sharp = |level: &usize| directions.iter().all(|direction| is_sharp(*level, direction));
    let order = fine_to_coarse(levels);
    let chosen = order.iter().rposition(sharp).unwrap_or(0);
    let light = |level: &usize| chunk_range_count(view, &levels[*level]) <= MAX_VISIBLE_CHUNKS as u64;
    let affordable = (chosen..order.len()).find(|i| light(&order[*i])).unwrap_or(chosen);
    order.get(affordable).copied().unwrap_or(0)
}

/// Indices of the levels, finest first.
pub(crate) fn fine_to_coarse(levels: &[LevelGeometry]) -> Vec<usize> {
    let volume_nm3 = |level: usize| levels[level].world_from_voxel.voxel_size_nm.product();
    let mut order: Vec<usize> = (0..levels.len()).collect();
    order.sort_by(|a, b| volume_nm3(*a).total_cmp(&volume_nm3(*b)));
    order
}

/// The chunks of a level that the view shows, each with its pixels; from the centre of the viewport outwards.
///
/// Chunks that cover no pixel centre are left out; the rectangles are disjoint and together cover exactly the pixels
/// whose centres lie in the array. Of a turned view they are a little larger than what the plane cuts from a chunk. At most [`MAX_VISIBLE_CHUNKS`], those nearest the centre.
#[must_use]
pub fn visible_chunks(view: &SliceView, level: &LevelGeometry) -> Vec<(Zyx<u64>, PixelRect)> {
    let mut chunks = match (view.turned, level.slice_index(view)) {
        (Some(_), _) => cut_chunks(view, level, None),
        (None, Some(slice)) => chunks_in(view, level, slice, &PixelRect::of_viewport(view)),
        (None, None) => return Vec::new(),
    };
    let center = view.viewport.map(i64::from);
    chunks.sort_by_key(|(_, rect)| {
        let right = i64::from(rect.x0) + i64::from(rect.x1) - center[0];
        let down = i64::from(rect.y0) + i64::from(rect.y1) - center[1];
        right * right + down * down
    });
    chunks
}

/// What to load for a view, most urgent first, as (level, chunk): the coarsest level, then the one to display.
///
/// The coarsest level is small and fills the screen at once; the other levels between would be thrown away.
#[must_use]
pub fn wanted_chunks(view: &SliceView, levels: &[LevelGeometry]) -> Vec<(usize, Zyx<u64>)> {
    let Some(coarsest) = fine_to_coarse(levels).last().copied() else { return Vec::new() };
    let shown = choose_display_level(levels, view);
    let of_level =
        |level: usize| visible_chunks(view, &levels[level]).into_iter().map(move |(chunk, _)| (level, chunk));
    let mut wanted: Vec<_> = of_level(coarsest).collect();
    if shown != coarsest {
        wanted.extend(of_level(shown));
    }
    wanted
}

/// The chunks of `level` in the layer of voxel `slice` that have pixels inside `region`, in row order.
pub(crate) fn chunks_in(
    view: &SliceView,
    level: &LevelGeometry,
    slice: u64,
    region: &PixelRect,
) -> Vec<(Zyx<u64>, PixelRect)> {
    if region.is_empty() || !view.is_drawable() || !level.is_drawable() {
        return Vec::new();
    }
    let [columns, rows] = limited(chunk_ranges(view, level, region));
    let edges = |direction: usize, range: &Range<u64>| -> Vec<(u64, Range<u32>)> {
        range.clone().map(|chunk| (chunk, chunk_pixels(view, level, direction, chunk))).collect()
    };
    let columns = edges(0, &columns);
    let mut found = Vec::new();
    for (row, ys) in edges(1, &rows) {
        for (column, xs) in &columns {
            let rect = PixelRect { x0: xs.start, y0: ys.start, x1: xs.end, y1: ys.end }.intersection(region);
            if !rect.is_empty() {
                let mut chunk = Zyx::splat(0);
                chunk[view.right()] = *column;
                chunk[view.down()] = row;
                chunk[view.normal] = slice / level.chunk_shape[view.normal].max(1);
                found.push((chunk, rect));
            }
        }
    }
    found
}

/// The pixels along one screen direction whose centres lie in a chunk. Neighbours share the edge bit by bit, so
/// that no pixel is drawn twice or left out.
fn chunk_pixels(view: &SliceView, level: &LevelGeometry, direction: usize, chunk: u64) -> Range<u32> {
    let axis = if direction == 0 { view.right() } else { view.down() };
    let size = level.chunk_shape[axis].max(1);
    let edge = |chunk: u64| {
        let voxel = chunk.saturating_mul(size).min(level.shape[axis]) as f64 - 0.5;
        let grid = &level.world_from_voxel;
        let pixel = view.pixel_along(axis, direction, grid.translation_nm[axis] + voxel * grid.voxel_size_nm[axis]);
        (pixel - 0.5).ceil().clamp(0.0, f64::from(view.viewport[direction])) as u32
    };
    edge(chunk)..edge(chunk + 1)
}

/// The chunks, right and down, that a region of pixels may touch; one too many at each side rather than one too few.
fn chunk_ranges(view: &SliceView, level: &LevelGeometry, region: &PixelRect) -> [Range<u64>; 2] {
    let grid = level.chunk_grid();
    let corner =
        |x: u32, y: u32| level.world_from_voxel.voxel_from_world(view.world_from_pixel([f64::from(x), f64::from(y)]));
    let (lo, hi) = (corner(region.x0, region.y0), corner(region.x1, region.y1));
    [view.right(), view.down()].map(|axis| {
        let size = level.chunk_shape[axis].max(1) as f64;
        let first = ((lo[axis] + 0.5) / size).floor() - 1.0;
        let end = ((hi[axis] + 0.5) / size).floor() + 2.0;
        // Casts from f64 saturate, so that far away is an empty range.
        (first.max(0.0) as u64).min(grid[axis])..(end.max(0.0) as u64).min(grid[axis])
    })
}

/// Cuts a range of chunks down to the middle part that the limit allows.
pub(crate) fn limited([columns, rows]: [Range<u64>; 2]) -> [Range<u64>; 2] {
    let count = |range: &Range<u64>| range.end.saturating_sub(range.start);
    let limit = MAX_VISIBLE_CHUNKS as u64;
    if count(&columns).saturating_mul(count(&rows)) <= limit {
        return [columns, rows];
    }
    let middle = |range: &Range<u64>, keep: u64| {
        let keep = keep.clamp(1, count(range).max(1));
        let start = range.start + (count(range).max(1) - keep) / 2;
        start..(start + keep).min(range.end)
    };
    let side = limit.isqrt();
    let rows_kept = count(&rows).min(side.max(limit / count(&columns).max(1)));
    [middle(&columns, limit / rows_kept.max(1)), middle(&rows, rows_kept)]
}

fn chunk_range_count(view: &SliceView, level: &LevelGeometry) -> u64 {
    if view.turned.is_some() {
        return cut_count(view, level);
    }
    if !view.is_drawable() || !level.is_drawable() {
        return 0;
    }
    let [columns, rows] = chunk_ranges(view, level, &PixelRect::of_viewport(view));
    (columns.end - columns.start).saturating_mul(rows.end - rows.start)
}
