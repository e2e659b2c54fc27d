//! The tiles of strategy `grid`: every source covered completely, each voxel once, counted without listing them.

use super::Source;
use super::even::{cell_in_even_order, part_in_even_order};
use super::lattice::Footprint;
use super::positions::Place;
use crate::geometry::{Axis, BoxNm, Zyx};
use crate::{Error, Result};

/// Edges that are off the grid only by rounding noise (a millionth of a voxel) are on it.
const EPSILON: f64 = 1e-6;

/// A tile: where its patch lies, and the part of the source that it alone shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tile {
    pub place: Place,
    /// Half-open, nm; the boxes of all tiles of a source are disjoint and make up the source.
    pub shows: BoxNm,
}

/// The tiles of one source.
#[derive(Debug, Clone)]
struct Tiled {
    source: usize,
    region: BoxNm,
    /// Lower edge of the first tile, nm.
    first_nm: Zyx<f64>,
    count: Zyx<u64>,
}

/// The tiles of all sources.
#[derive(Debug, Clone)]
pub(super) struct Tiles {
    /// From one tile to the next, nm.
    stride_nm: Zyx<f64>,
    /// From a tile's lower edge to that of its patch, which has the same middle, nm.
    patch_from_tile_nm: Zyx<f64>,
    sources: Vec<Tiled>,
    /// Number of tiles up to and including each source.
    up_to: Vec<u64>,
}

impl Tiles {
    /// Tiles of `tile_nm`, cut down to whole voxels of the patch, in the middle of patches.
    ///
    /// The first tile of a source begins at its lower edge, or before it by less than a voxel so that patches lie on the
    /// voxels of the raw volume; the last of an axis reaches over the end.
    ///
    /// # Errors
    /// [`Error::Config`] if there are more tiles than can be counted, or none.
    pub(super) fn new(
        sources: &[Source],
        patch: &Footprint,
        tile_nm: Zyx<f64>,
        leaves_out: impl Fn(usize) -> bool,
    ) -> Result<Self> {
        let size = patch.voxel_size_nm;
        let voxels = (tile_nm / size).map(|n| if n >= 1.0 { (n + EPSILON).floor() } else { n });
        let margin = (patch.shape.map(|n| n as f64) - voxels) * 0.5;
        let (mut tiled, mut up_to, mut total) = (Vec::new(), Vec::new(), 0_u64);
        for (index, source) in sources.iter().enumerate().filter(|(index, _)| !leaves_out(*index)) {
            let Some((region, anchor_nm)) = source.region(size).filter(|(region, _)| !region.is_empty()) else {
                continue;
            };
            let lo = (region.lo - anchor_nm) / size;
            let hi = (region.hi - anchor_nm) / size;
            let first = Zyx::from_fn(|axis: Axis| (lo[axis] - margin[axis] + EPSILON).floor() + margin[axis]);
            let count = ((hi - first) / voxels).map(|n| (n - EPSILON).ceil().max(1.0) as u64);
            let tiles = count.to_array().into_iter().try_fold(1, u64::checked_mul);
            total = tiles.and_then(|tiles| total.checked_add(tiles)).ok_or_else(|| too_many(source))?;
            tiled.push(Tiled { source: index, region, first_nm: anchor_nm + first * size, count });
            up_to.push(total);
        }
        Ok(Self { stride_nm: voxels * size, patch_from_tile_nm: margin * size * -1.0, sources: tiled, up_to })
    }

    /// How many there are.
    pub(super) fn total(&self) -> u64 {
        self.up_to.last().copied().unwrap_or(0)
    }

    /// How many a source has.
    pub(super) fn of_source(&self, source: usize) -> u64 {
        self.sources.iter().filter(|tiled| tiled.source == source).map(|tiled| tiled.count.product()).sum()
    }

    /// Tile `index` of the order in which every prefix is spread evenly; after the last they begin anew.
    pub(super) fn tile(&self, index: u64) -> Tile {
        let (part, within) = part_in_even_order(&self.up_to, index % self.total().max(1));
        let Tiled { source, region, first_nm, count } = &self.sources[part];
        let cell = cell_in_even_order(*count, within).map(|n| n as f64);
        let lo = *first_nm + cell * self.stride_nm;
        let hi = *first_nm + (cell + Zyx::splat(1.0)) * self.stride_nm;
        let lower_edge_nm = lo + self.patch_from_tile_nm;
        Tile { place: Place { source: *source, lower_edge_nm }, shows: BoxNm::new(lo, hi).intersection(region) }
    }
}

fn too_many(source: &Source) -> Error {
    let problem = format!("grid has more tiles than can be counted, at {}; make the patch larger", source.label());
    Error::Config { file: None, line: None, key: "sampling.strategy".to_owned(), problem }
}
