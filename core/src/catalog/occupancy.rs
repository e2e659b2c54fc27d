//! Where a class is inside a crop: its voxels counted per block, and of each block a few of them by place. Pure.
//!
//! Enough to choose a voxel of the class almost uniformly without reading anything: blocks by their exact counts, and
//! inside a block one of a few voxels that a hash picked among all of the class. At most 4096 blocks of 32 bytes.

use crate::geometry::{VoxelBox, Zyx};

/// Voxels of a class that are kept by place, per block.
pub(super) const PICKS: usize = 4;
/// The smallest block, voxels along each axis.
const SMALLEST_EDGE: u64 = 16;
/// Blocks per array; larger arrays have larger blocks.
const MOST_BLOCKS: u64 = 4096;

/// A block that holds some of the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OccupiedBlock {
    /// Number of the block, in z, y, x order.
    pub block: u32,
    /// Voxels of the class in it, at least 1.
    pub present: u32,
    /// Places of some of them, in z, y, x order of the block; only the first `present` if that is fewer.
    pub picks: [u32; PICKS],
}

/// The voxels of one class in a box of voxels, by blocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Occupancy {
    shape: Zyx<u64>,
    edge: u64,
    /// Ascending by number.
    blocks: Vec<OccupiedBlock>,
    /// Voxels of the class before each block, and all of them at the end.
    before: Vec<u64>,
}

/// Edge of the blocks of a box of `shape` voxels: 16, doubled until there are at most 4096 blocks.
pub(super) fn block_edge(shape: Zyx<u64>) -> u64 {
    let mut edge = SMALLEST_EDGE;
    while shape.map(|n| n.div_ceil(edge)).to_array().into_iter().fold(1, u64::saturating_mul) > MOST_BLOCKS {
        edge *= 2;
    }
    edge
}

/// The occupied blocks of a tile of whole blocks. `present` holds 1 for each of its voxels that is of the class, in C
/// order; `tile` is where it lies in the box.
pub(super) fn tally(present: &[u8], tile: &VoxelBox, shape: Zyx<u64>) -> Vec<OccupiedBlock> {
    let edge = block_edge(shape);
    let (grid, rows) = (shape.map(|n| n.div_ceil(edge)), shape.map(|n| n.min(edge)));
    let [_, height, width] = tile.shape().to_array();
    let lo = tile.lo.map(|v| u64::try_from(v).unwrap_or(0));
    let mut found: std::collections::BTreeMap<u32, (u32, [(u64, u32); PICKS])> = std::collections::BTreeMap::new();
    for (at, _) in present.iter().enumerate().filter(|(_, value)| **value == 1) {
        let at = at as u64;
        let voxel = lo + Zyx::new(at / (height * width), at / width % height, at % width);
        let (block, inner) = (voxel.map(|v| v / edge), voxel.map(|v| v % edge));
        let number = ((block.z * grid.y + block.y) * grid.x + block.x) as u32;
        let place = ((inner.z * rows.y + inner.y) * rows.x + inner.x) as u32;
        let (count, picks) = found.entry(number).or_insert((0, [(u64::MAX, 0); PICKS]));
        *count += 1;
        keep_smallest(picks, (mixed((u64::from(number) << 32) | u64::from(place)), place));
    }
    let block = |(block, (present, picks)): (u32, (u32, [(u64, u32); PICKS]))| OccupiedBlock {
        block,
        present,
        picks: picks.map(|(_, place)| place),
    };
    found.into_iter().map(block).collect()
}

/// Keeps the picks with the smallest hashes, sorted: a random choice that no order of reading changes.
fn keep_smallest(picks: &mut [(u64, u32); PICKS], mut candidate: (u64, u32)) {
    for kept in picks {
        if candidate < *kept {
            std::mem::swap(kept, &mut candidate);
        }
    }
}

/// The finaliser of splitmix64 (<https://prng.di.unimi.it/splitmix64.c>).
const fn mixed(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl Occupancy {
    /// Of a box of `shape` voxels, from the blocks of all of its tiles in any order.
    pub(super) fn new(shape: Zyx<u64>, mut blocks: Vec<OccupiedBlock>) -> Self {
        blocks.sort_by_key(|block| block.block);
        let mut before = Vec::with_capacity(blocks.len() + 1);
        before.push(0);
        let mut total = 0;
        for block in &blocks {
            total += u64::from(block.present);
            before.push(total);
        }
        Self { shape, edge: block_edge(shape), blocks, before }
    }

    /// From the blocks that were kept of a box of `shape` voxels; `None` if they cannot be of one.
    pub(super) fn restored(shape: Zyx<u64>, blocks: Vec<OccupiedBlock>) -> Option<Self> {
        let edge = block_edge(shape);
        let count = shape.map(|n| n.div_ceil(edge)).product();
        let voxels = shape.map(|n| n.min(edge)).product();
        let possible = |block: &OccupiedBlock| {
            let inside = |place: &u32| u64::from(*place) < voxels;
            u64::from(block.block) < count
                && (1..=voxels).contains(&u64::from(block.present))
                && block.picks.iter().all(inside)
        };
        let ascending = blocks.windows(2).all(|pair| pair[0].block < pair[1].block);
        (ascending && blocks.iter().all(possible)).then(|| Self::new(shape, blocks))
    }

    /// Of a small box of `shape` voxels, from what `is_present` says of each.
    #[must_use]
    pub fn of_voxels(shape: Zyx<u64>, is_present: impl Fn(Zyx<u64>) -> bool) -> Self {
        let voxels = (0..shape.z).flat_map(|z| (0..shape.y).map(move |y| (z, y)));
        let voxels = voxels.flat_map(|(z, y)| (0..shape.x).map(move |x| Zyx::new(z, y, x)));
        let present: Vec<_> = voxels.map(|voxel| u8::from(is_present(voxel))).collect();
        Self::new(shape, tally(&present, &VoxelBox::of_shape(shape), shape))
    }

    /// Voxels of the box that is described.
    #[must_use]
    pub const fn shape(&self) -> Zyx<u64> {
        self.shape
    }

    /// Edge of its blocks, voxels.
    #[must_use]
    pub const fn block_edge(&self) -> u64 {
        self.edge
    }

    pub(super) fn blocks(&self) -> &[OccupiedBlock] {
        &self.blocks
    }

    /// The blocks that hold some of the class, by their place in the grid of blocks, and how many voxels of it.
    pub fn block_counts(&self) -> impl Iterator<Item = (Zyx<u64>, u64)> + '_ {
        self.blocks.iter().map(|block| (self.place_of(block), u64::from(block.present)))
    }

    fn place_of(&self, block: &OccupiedBlock) -> Zyx<u64> {
        let grid = self.shape.map(|n| n.div_ceil(self.edge));
        let number = u64::from(block.block);
        Zyx::new(number / (grid.y * grid.x), number / grid.x % grid.y, number % grid.x)
    }

    /// Voxels of the class.
    #[must_use]
    pub fn present(&self) -> u64 {
        self.before.last().copied().unwrap_or(0)
    }

    /// A voxel of the class for every `nth` below [`Occupancy::present`]: blocks by their counts, and in a block its
    /// picks in turn. `None` beyond.
    #[must_use]
    pub fn voxel(&self, nth: u64) -> Option<Zyx<u64>> {
        let block = self.before.partition_point(|before| *before <= nth).checked_sub(1)?;
        self.voxel_of(block, nth - self.before[block])
    }

    /// The cell of `cell_blocks` blocks that holds `voxel`, cells being counted from the box's lower corner: how many
    /// voxels of the class it has, and a way to each of them.
    #[must_use]
    pub fn cell(&self, voxel: Zyx<u64>, cell_blocks: Zyx<u64>) -> Cell<'_> {
        let grid = self.shape.map(|n| n.div_ceil(self.edge.max(1)));
        let cell = cell_blocks.map(|n| n.max(1));
        let lo = voxel.map(|v| v / self.edge.max(1)).zip_map(cell, |block, cell| block / cell * cell);
        let hi = (lo + cell).zip_map(grid, u64::min);
        let mut rows = Vec::new();
        let mut present = 0;
        for (z, y) in (lo.z..hi.z).flat_map(|z| (lo.y..hi.y).map(move |y| (z, y))) {
            let number = |x: u64| (z * grid.y + y) * grid.x + x;
            let first = self.blocks.partition_point(|block| u64::from(block.block) < number(lo.x));
            let end = self.blocks.partition_point(|block| u64::from(block.block) < number(hi.x));
            if first < end {
                rows.push((present, first));
                present += self.before[end] - self.before[first];
            }
        }
        Cell { occupancy: self, rows, present }
    }

    /// The `nth` voxel of the class in block `index` of those that are occupied.
    fn voxel_of(&self, index: usize, nth: u64) -> Option<Zyx<u64>> {
        let block = self.blocks.get(index)?;
        let kept = (block.present as usize).min(PICKS);
        let place = u64::from(block.picks[nth as usize % kept]);
        let rows = self.shape.map(|n| n.min(self.edge));
        let inner = Zyx::new(place / (rows.y * rows.x), place / rows.x % rows.y, place % rows.x);
        Some(self.place_of(block) * Zyx::splat(self.edge) + inner)
    }
}

/// Some neighbouring blocks of an [`Occupancy`].
#[derive(Debug, Clone)]
pub struct Cell<'a> {
    occupancy: &'a Occupancy,
    /// Voxels of the class before each row of blocks, and the row's first occupied block.
    rows: Vec<(u64, usize)>,
    present: u64,
}

impl Cell<'_> {
    /// Voxels of the class in the cell.
    #[must_use]
    pub const fn present(&self) -> u64 {
        self.present
    }

    /// A voxel of the class for every `nth` below [`Cell::present`], as [`Occupancy::voxel`].
    #[must_use]
    pub fn voxel(&self, nth: u64) -> Option<Zyx<u64>> {
        let row = self.rows.partition_point(|(before, _)| *before <= nth).checked_sub(1)?;
        let (before, first) = *self.rows.get(row).filter(|_| nth < self.present)?;
        self.occupancy.voxel(self.occupancy.before[first] + (nth - before))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    /// A ball and a lone voxel far from it.
    fn is_present(voxel: Zyx<u64>) -> bool {
        let from_middle = voxel.map(|v| v as f64) - Zyx::new(20.0, 30.0, 25.0);
        (from_middle * from_middle).to_array().into_iter().sum::<f64>() < 150.0 || voxel == Zyx::new(3, 60, 77)
    }

    const SHAPE: Zyx<u64> = Zyx::new(40, 61, 78);

    #[test]
    fn every_voxel_answered_is_of_the_class_and_blocks_come_by_their_counts() {
        let occupancy = Occupancy::of_voxels(SHAPE, is_present);
        let (mut places, mut per_block) = (HashSet::new(), HashMap::new());
        for nth in 0..occupancy.present() {
            let voxel = occupancy.voxel(nth).unwrap();
            assert!(is_present(voxel), "{voxel}");
            places.insert(voxel);
            *per_block.entry(voxel.map(|v| v / 16)).or_insert(0_u64) += 1;
        }
        assert_eq!(occupancy.voxel(occupancy.present()), None);
        let mut expected = HashMap::new();
        for voxel in all_voxels().filter(|voxel| is_present(*voxel)) {
            *expected.entry(voxel.map(|v| v / 16)).or_insert(0_u64) += 1;
        }
        assert_eq!(per_block, expected);
        assert!(places.contains(&Zyx::new(3, 60, 77)), "a lone voxel is found");
        assert!(places.len() > 3 * expected.len(), "{} places in {} blocks", places.len(), expected.len());
    }

    fn all_voxels() -> impl Iterator<Item = Zyx<u64>> {
        let rows = (0..SHAPE.z).flat_map(|z| (0..SHAPE.y).map(move |y| (z, y)));
        rows.flat_map(|(z, y)| (0..SHAPE.x).map(move |x| Zyx::new(z, y, x)))
    }

    #[test]
    fn tiles_in_any_order_make_the_same_whole() {
        let whole = Occupancy::of_voxels(SHAPE, is_present);
        let mut blocks = Vec::new();
        for lo_x in [64, 0, 32] {
            let tile = VoxelBox::new(Zyx::new(0, 0, lo_x), Zyx::new(40, 61, (lo_x + 32).min(78)));
            let inside = all_voxels().filter(|voxel| tile.contains(voxel.map(|v| v as i64)));
            let present: Vec<_> = inside.map(|voxel| u8::from(is_present(voxel))).collect();
            blocks.extend(tally(&present, &tile, SHAPE));
        }
        assert_eq!(Occupancy::new(SHAPE, blocks), whole);
    }

    #[test]
    fn cells_divide_the_voxels_among_them() {
        let occupancy = Occupancy::of_voxels(SHAPE, is_present);
        let mut seen = HashMap::new();
        for corner in [0, 32].into_iter().flat_map(|z| [0, 32].map(|y| (z, y))) {
            for x in [0, 32, 64] {
                let cell = occupancy.cell(Zyx::new(corner.0, corner.1, x), Zyx::splat(2));
                for nth in 0..cell.present() {
                    let voxel = cell.voxel(nth).unwrap();
                    assert_eq!(voxel.map(|v| v / 32), Zyx::new(corner.0 / 32, corner.1 / 32, x / 32));
                    *seen.entry(voxel).or_insert(0_u64) += 1;
                }
                assert_eq!(cell.voxel(cell.present()), None);
            }
        }
        let mut all = HashMap::new();
        for nth in 0..occupancy.present() {
            *all.entry(occupancy.voxel(nth).unwrap()).or_insert(0_u64) += 1;
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn large_boxes_have_larger_blocks_not_more() {
        assert_eq!(block_edge(Zyx::splat(256)), 16);
        assert_eq!(block_edge(Zyx::splat(257)), 32);
        assert_eq!(block_edge(Zyx::new(1, 1, 1 << 30)), 1 << 18);
        assert_eq!(Occupancy::of_voxels(Zyx::splat(3), |_| false).voxel(0), None);
    }
}
