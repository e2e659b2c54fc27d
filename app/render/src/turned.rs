//! Plans of turned planes: which chunks they cut, and which pixels come from which chunk. Pure.

use std::ops::Range;

use microtome_core::geometry::{Axis, BoxNm, VoxelBox, Zyx};

use crate::basis::dot;
use crate::levels::{fine_to_coarse, limited};
use crate::{LevelGeometry, PixelRect, SliceView, choose_display_level};

/// Pixels of a turned plane that show one chunk: those whose nearest voxels lie in both boxes.
///
/// Which they are is decided pixel by pixel, in the same arithmetic for every chunk, so that neighbours neither overlap nor
/// leave a gap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TurnedQuad {
    /// Index of the level.
    pub level: usize,
    /// Position in the level's chunk grid.
    pub chunk: Zyx<u64>,
    /// The voxels of the chunk.
    pub voxels: VoxelBox,
    /// Index of the level on display.
    pub shown: usize,
    /// The voxels of the chunk of that level which this one is, or stands in for.
    pub shown_voxels: VoxelBox,
    /// The smallest rectangle around its pixels, and a pixel more.
    pub pixels: PixelRect,
}

/// The quads of one layer in a turned view: chunks of the display level where `is_resident(level, chunk)`; in the place of
/// each other the finest coarser level of which everything there is resident, else what there is of the coarsest.
pub fn turned_list(
    view: &SliceView,
    levels: &[LevelGeometry],
    is_resident: impl Fn(usize, Zyx<u64>) -> bool,
) -> Vec<TurnedQuad> {
    if levels.is_empty() {
        return Vec::new();
    }
    let shown = choose_display_level(levels, view);
    let coarser: Vec<usize> = fine_to_coarse(levels).into_iter().skip_while(|level| *level != shown).skip(1).collect();
    let mut quads = Vec::new();
    for (chunk, pixels) in cut_chunks(view, &levels[shown], None) {
        let shown_voxels = levels[shown].chunk_voxels(chunk);
        let own = TurnedQuad { level: shown, chunk, voxels: shown_voxels, shown, shown_voxels, pixels };
        if is_resident(shown, chunk) {
            quads.push(own);
            continue;
        }
        let region = levels[shown].world_from_voxel.world_box(&shown_voxels);
        for level in &coarser {
            let below = cut_chunks(view, &levels[*level], Some(&region));
            let is_last = Some(level) == coarser.last();
            if is_last || below.iter().all(|(chunk, _)| is_resident(*level, *chunk)) {
                let there = below.into_iter().filter(|(chunk, _)| is_resident(*level, *chunk));
                quads.extend(there.map(|(chunk, within)| TurnedQuad {
                    level: *level,
                    chunk,
                    voxels: levels[*level].chunk_voxels(chunk),
                    pixels: within.intersection(&pixels),
                    ..own
                }));
                break;
            }
        }
    }
    quads.retain(|quad| !quad.pixels.is_empty());
    quads
}

/// The chunks of a level that a turned plane cuts in the viewport (and in `region`), each with a rectangle around its
/// pixels. At most about [`crate::MAX_VISIBLE_CHUNKS`] columns of them, those in the middle.
pub(crate) fn cut_chunks(
    view: &SliceView,
    level: &LevelGeometry,
    region: Option<&BoxNm>,
) -> Vec<(Zyx<u64>, PixelRect)> {
    if !view.is_drawable() || !level.is_drawable() {
        return Vec::new();
    }
    let ranges = chunk_ranges(view, level, region);
    let depth = deepest(view, level);
    let [a, b] = others(depth);
    let [columns, rows] = limited([ranges[a].clone(), ranges[b].clone()]);
    let mut found = Vec::new();
    for i in columns {
        for j in rows.clone() {
            for k in depth_range(view, level, (depth, &ranges[depth]), [(a, i), (b, j)]) {
                let mut chunk = Zyx::splat(0);
                (chunk[a], chunk[b], chunk[depth]) = (i, j, k);
                let pixels = cut_pixels(view, level, &level.chunk_voxels(chunk));
                found.extend(pixels.map(|pixels| (chunk, pixels)));
            }
        }
    }
    found
}

/// How many chunks a turned view meets, about.
pub(crate) fn cut_count(view: &SliceView, level: &LevelGeometry) -> u64 {
    if !view.is_drawable() || !level.is_drawable() {
        return 0;
    }
    let ranges = chunk_ranges(view, level, None);
    let count = |axis: Axis| ranges[axis].end.saturating_sub(ranges[axis].start);
    let [a, b] = others(deepest(view, level));
    // Most columns hold two of them.
    count(a).saturating_mul(count(b)).saturating_mul(2)
}

const fn others(axis: Axis) -> [Axis; 2] {
    match axis {
        Axis::Z => [Axis::Y, Axis::X],
        Axis::Y => [Axis::Z, Axis::X],
        Axis::X => [Axis::Z, Axis::Y],
    }
}

/// Extent of a chunk, nm.
fn chunk_nm(level: &LevelGeometry) -> Zyx<f64> {
    level.chunk_shape.map(|n| n.max(1) as f64) * level.world_from_voxel.voxel_size_nm
}

/// The axis along which the plane crosses the fewest chunks.
fn deepest(view: &SliceView, level: &LevelGeometry) -> Axis {
    let steepness = view.normal_vector() * chunk_nm(level);
    let steeper = |a: &Axis, b: &Axis| steepness[*a].abs().total_cmp(&steepness[*b].abs());
    Axis::ALL.into_iter().max_by(steeper).unwrap_or(Axis::Z)
}

/// The chunks, per axis, of the box about what the viewport shows; one too many at each side rather than one too few.
fn chunk_ranges(view: &SliceView, level: &LevelGeometry, region: Option<&BoxNm>) -> Zyx<Range<u64>> {
    let [width, height] = view.viewport.map(f64::from);
    let corners = [[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]].map(|at| view.world_from_pixel(at));
    let grid = level.chunk_grid();
    Zyx::from_fn(|axis| {
        let mut lo = corners.iter().map(|corner| corner[axis]).fold(f64::INFINITY, f64::min);
        let mut hi = corners.iter().map(|corner| corner[axis]).fold(f64::NEG_INFINITY, f64::max);
        if let Some(region) = region {
            (lo, hi) = (lo.max(region.lo[axis]), hi.min(region.hi[axis]));
        }
        chunks_between(level, axis, (lo, hi), grid[axis])
    })
}

/// The chunks along an axis that a stretch of the world, nm, may touch.
fn chunks_between(level: &LevelGeometry, axis: Axis, (lo, hi): (f64, f64), count: u64) -> Range<u64> {
    const MARGIN_VOXELS: f64 = 0.01;
    let grid = &level.world_from_voxel;
    let size = level.chunk_shape[axis].max(1) as f64;
    let voxel = |nm: f64| (nm - grid.translation_nm[axis]) / grid.voxel_size_nm[axis] + 0.5;
    let first = ((voxel(lo) - MARGIN_VOXELS) / size).floor();
    let end = ((voxel(hi) + MARGIN_VOXELS) / size).floor() + 1.0;
    // Casts from f64 saturate, so that far away is an empty range.
    (first.max(0.0) as u64).min(count)..(end.max(0.0) as u64).min(count)
}

/// The chunks along `depth` that the plane meets in one column.
fn depth_range(
    view: &SliceView,
    level: &LevelGeometry,
    (depth, within): (Axis, &Range<u64>),
    column: [(Axis, u64); 2],
) -> Range<u64> {
    let normal = view.normal_vector();
    let mut chunk = Zyx::splat(0);
    column.into_iter().for_each(|(axis, at)| chunk[axis] = at);
    let cell = level.world_from_voxel.world_box(&level.chunk_voxels(chunk));
    let (mut lo, mut hi) = (view.center_nm[depth], view.center_nm[depth]);
    for (axis, _) in column {
        let slope = -normal[axis] / normal[depth];
        let ends = [cell.lo[axis], cell.hi[axis]].map(|end| (end - view.center_nm[axis]) * slope);
        lo += ends[0].min(ends[1]);
        hi += ends[0].max(ends[1]);
    }
    let met = chunks_between(level, depth, (lo, hi), within.end);
    met.start.max(within.start)..met.end.max(within.start)
}

/// The rectangle about the polygon that the plane cuts from a box of voxels, a pixel larger at each side; `None` if the
/// plane passes by, or the polygon lies outside of the viewport.
fn cut_pixels(view: &SliceView, level: &LevelGeometry, voxels: &VoxelBox) -> Option<PixelRect> {
    let cell = level.world_from_voxel.world_box(voxels);
    // A face that lies in the plane belongs to one of its neighbours, whichever rounding says: both are asked.
    let margin = level.world_from_voxel.voxel_size_nm * 0.01;
    let (lo, hi) = (cell.lo - margin, cell.hi + margin);
    let corner = |bits: usize| {
        let end = |axis: Axis, bit: usize| if bits >> bit & 1 == 1 { hi[axis] } else { lo[axis] };
        Zyx::new(end(Axis::Z, 0), end(Axis::Y, 1), end(Axis::X, 2))
    };
    let normal = view.normal_vector();
    let height = |bits: usize| dot(corner(bits) - view.center_nm, normal);
    let (mut least, mut most) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
    for bits in 0..8_usize {
        for bit in (0..3).filter(|bit| bits >> bit & 1 == 0) {
            let other = bits | 1 << bit;
            let (below, above) = (height(bits), height(other));
            if (below < 0.0) != (above < 0.0) {
                let at = corner(bits) + (corner(other) - corner(bits)) * (below / (below - above));
                let pixel = view.pixel_from_world(at);
                for side in 0..2 {
                    least[side] = least[side].min(pixel[side]);
                    most[side] = most[side].max(pixel[side]);
                }
            }
        }
    }
    let [width, rows] = view.viewport.map(f64::from);
    let first = |v: f64, limit: f64| (v.floor() - 1.0).clamp(0.0, limit) as u32;
    let end = |v: f64, limit: f64| (v.ceil() + 1.0).clamp(0.0, limit) as u32;
    let rect = PixelRect {
        x0: first(least[0], width),
        y0: first(least[1], rows),
        x1: end(most[0], width),
        y1: end(most[1], rows),
    };
    (least[0] <= most[0] && !rect.is_empty()).then_some(rect)
}
