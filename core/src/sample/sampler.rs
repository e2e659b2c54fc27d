//! The sampler: (epoch, index, seed, attempt) → where to look, in time that depends on the sources only.

use super::draw::{Draw, Purpose};
use super::intensity::IntensityRecipe;
use super::lattice::Lattice;
use super::named::split_by_name;
use super::positions::{Place, Positions};
use super::subset::FixedSet;
use super::tiles::Tiles;
use super::{Augment, Fate, LeftOut, Request, Sampling, Source, Strategy};
use crate::Result;
use crate::geometry::{PatchGrid, Warp, Zyx};

/// The patches of a configuration: those of its first array, by which samples are placed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PatchSpec {
    /// Voxels.
    pub shape: Zyx<usize>,
    /// Voxel size, nm.
    pub voxel_size_nm: Zyx<f64>,
    /// What tiles of a grid show at most, nm: the extent of the smallest target, else that of the patch.
    pub tile_nm: Zyx<f64>,
}

/// How the place of a sample is chosen.
#[derive(Debug, Clone)]
enum Chooser {
    Uniform,
    FixedSet(FixedSet),
    Grid(Tiles),
}

/// Draws samples from sources as `[sampling]` says.
#[derive(Debug, Clone)]
pub struct Sampler {
    seed: u64,
    patch: PatchSpec,
    augment: Augment,
    sources: Vec<Source>,
    positions: Positions,
    chooser: Chooser,
    /// Sources that are not drawn from because they are not named.
    not_named: Vec<Source>,
}

impl Sampler {
    /// A sampler of patches.
    ///
    /// # Errors
    /// [`crate::Error::Config`] if no source allows any position, saying which sources there are and how large; for names
    /// in `sampling.subset` that name nothing.
    pub fn new(
        sources: Vec<Source>,
        patch: PatchSpec,
        sampling: &Sampling,
        augment: &Augment,
        seed: u64,
    ) -> Result<Self> {
        let (sources, not_named) = match &sampling.subset {
            Some(subset) => split_by_name(sources, subset)?,
            None => (sources, Vec::new()),
        };
        let lying = (patch.shape, patch.voxel_size_nm);
        let positions = Positions::new(&sources, lying, &augment.permutations(), sampling.small_crops)?;
        let count = sampling.subset.as_ref().and_then(|subset| subset.count);
        let chooser = match (sampling.strategy, count) {
            (Strategy::Uniform, None) => Chooser::Uniform,
            (Strategy::Uniform, Some(count)) => Chooser::FixedSet(FixedSet::new(count, &positions, seed)?),
            (Strategy::Grid, _) => {
                let footprint = &positions.unmoved().footprint;
                Chooser::Grid(Tiles::new(&sources, footprint, patch.tile_nm, |source| !positions.allow(source))?)
            }
        };
        Ok(Self { seed, patch, augment: augment.clone(), sources, positions, chooser, not_named })
    }

    /// The boxes that samples are drawn from.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The boxes that samples would be drawn from if `sampling.subset` named them.
    #[must_use]
    pub fn not_named(&self) -> &[Source] {
        &self.not_named
    }

    /// What becomes of source `index` of [`Sampler::sources`].
    #[must_use]
    pub fn fate(&self, index: usize) -> Fate {
        let footprint = &self.positions.unmoved().footprint;
        let found = self.sources.get(index).and_then(|source| source.region(footprint.voxel_size_nm));
        let Some((region, anchor_nm)) = found.filter(|(region, _)| !region.is_empty()) else {
            return Fate::LeftOut(LeftOut::OutsideRaw);
        };
        if !self.positions.allow(index) {
            return Fate::LeftOut(LeftOut::TooSmall);
        }
        let positions = match &self.chooser {
            Chooser::Grid(tiles) => u128::from(tiles.of_source(index)),
            Chooser::Uniform | Chooser::FixedSet(_) => self.positions.unmoved().lattice(index).map_or(0, Lattice::len),
        };
        Fate::Drawn { positions, is_small: Lattice::is_small(&region, anchor_nm, footprint) }
    }

    /// Number of positions of patches that are not transposed.
    #[must_use]
    pub fn positions(&self) -> u128 {
        self.positions.unmoved().total()
    }

    /// Number of tiles, if the strategy is a grid: then nothing is drawn, and nothing takes the place of a tile.
    #[must_use]
    pub fn tiles(&self) -> Option<u64> {
        match &self.chooser {
            Chooser::Grid(tiles) => Some(tiles.total()),
            Chooser::Uniform | Chooser::FixedSet(_) => None,
        }
    }

    /// Where sample `index` of `epoch` lies: a position of the patch before it is warped, and the warp. A turned patch may
    /// reach beyond its crop: where there are data they are read, and what nobody annotated is unknown. Pure: the same
    /// arguments give the same answer, for ever.
    #[must_use]
    pub fn draw(&self, epoch: u64, index: u64, attempt: u32) -> Request {
        let draw = |purpose| Draw::new(self.seed, epoch, index, attempt, purpose);
        let orientation = self.augment.orientation(&mut draw(Purpose::Orientation));
        let table = self.positions.lying(orientation.source);
        let (Place { source, lower_edge_nm }, tile) = match &self.chooser {
            Chooser::Uniform => (table.any(&mut draw(Purpose::Position)), None),
            Chooser::FixedSet(set) => (set.lying(set.place(epoch, index, attempt), table), None),
            Chooser::Grid(tiles) => {
                let tile = tiles.tile(index);
                (tile.place, Some(tile.shows))
            }
        };
        let grid = PatchGrid {
            center_nm: lower_edge_nm + table.footprint.extent_nm() * 0.5,
            shape: self.patch.shape,
            voxel_size_nm: self.patch.voxel_size_nm,
            orientation,
            warp: Warp::NONE,
        };
        let grid = PatchGrid { warp: self.augment.warp(&grid, draw), ..grid };
        Request {
            epoch,
            index,
            seed: self.seed,
            attempt,
            dataset_index: self.sources[source].dataset_index,
            crop_index: self.sources[source].crop_index,
            grid,
            tile,
            intensity: IntensityRecipe::draw(&self.augment.intensity, &grid, draw),
        }
    }
}

#[cfg(test)]
mod tests;
