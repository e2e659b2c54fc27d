//! The sampler: (epoch, index, seed, attempt) → where to look, in time that depends on the sources only.

use super::draw::{Draw, Purpose};
use super::guide::{Field, Guide, Moment};
use super::intensity::{IntensityRecipe, needs_intensities};
use super::lattice::Lattice;
use super::named::split_by_name;
use super::positions::Positions;
use super::subset::FixedSet;
use super::tiles::Tiles;
use super::{Augment, AugmentPlan, Fate, LeftOut, Reason, Request, Sampling, Source, Strategy};
use crate::Result;
use crate::catalog::Intensities;
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
pub(super) enum Chooser {
    /// Position by position, by what is known about the sources.
    Guided(Guide),
    FixedSet(FixedSet),
    Grid(Tiles),
}

/// Draws samples from sources as `[sampling]` says.
#[derive(Debug, Clone)]
pub struct Sampler {
    seed: u64,
    patch: PatchSpec,
    augment: Augment,
    /// What is drawn from.
    pub(super) sources: Vec<Source>,
    pub(super) positions: Positions,
    pub(super) chooser: Chooser,
    /// Samples that share a neighbourhood.
    group_size: u64,
    /// Sources that are not drawn from because they are not named.
    not_named: Vec<Source>,
    /// By dataset, where an operation needs them and they are known.
    intensities: Vec<Option<Intensities>>,
}

impl Sampler {
    /// A sampler of patches.
    ///
    /// # Errors
    /// [`crate::Error::Config`] if no source allows any position, saying which sources there are and how large; for names
    /// in `sampling.subset` or `sampling.weights` that name nothing.
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
            (Strategy::Uniform, Some(count)) => Chooser::FixedSet(FixedSet::new(count, &positions, seed)?),
            (Strategy::Grid, _) => {
                let footprint = &positions.unmoved().footprint;
                Chooser::Grid(Tiles::new(&sources, footprint, patch.tile_nm, |source| !positions.allow(source))?)
            }
            _ => Chooser::Guided(Guide::new(sampling, lying, &sources, &positions)?),
        };
        let group_size = sampling.chunk_local.max(1);
        Ok(Self {
            seed,
            patch,
            augment: augment.clone(),
            sources,
            positions,
            chooser,
            group_size,
            not_named,
            intensities: Vec::new(),
        })
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
            Chooser::Guided(_) | Chooser::FixedSet(_) => {
                self.positions.unmoved().lattice(index).map_or(0, Lattice::len)
            }
        };
        Fate::Drawn { positions, is_small: Lattice::is_small(&region, anchor_nm, footprint) }
    }

    /// Sources that a patch fits into and that are not drawn from all the same, as far as what is known of their content says
    /// so: index into [`Sampler::sources`], and why.
    pub fn left_out_by_content(&self) -> impl Iterator<Item = (usize, LeftOut)> + '_ {
        let why = |index| match &self.chooser {
            Chooser::Guided(guide) if self.positions.allow(index) => guide.leaves_out(index),
            _ => None,
        };
        (0..self.sources.len()).filter_map(move |index| Some((index, why(index)?)))
    }

    /// Whether draws depend on the intensities of datasets, which [`Sampler::with_intensities`] tells.
    #[must_use]
    pub fn needs_intensities(&self) -> bool {
        needs_intensities(&self.augment.intensity)
    }

    /// This sampler, knowing the intensities of each dataset of the catalog. Of one that has none (nothing could be
    /// measured) z-scores are the intensities themselves.
    #[must_use]
    pub fn with_intensities(self, intensities: Vec<Option<Intensities>>) -> Self {
        Self { intensities, ..self }
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
            Chooser::Guided(_) | Chooser::FixedSet(_) => None,
        }
    }

    /// Where sample `index` of `epoch` lies: a position of the patch before it is warped, and the warp. A turned patch may
    /// reach beyond its crop: where there are data they are read, and what nobody annotated is unknown. Pure: the same
    /// arguments give the same answer, for ever.
    #[must_use]
    pub fn draw(&self, epoch: u64, index: u64, attempt: u32) -> Request {
        let moment = Moment { seed: self.seed, epoch, index, attempt, group_size: self.group_size };
        let draw = |purpose| moment.draw(purpose);
        let orientation = self.augment.orientation_in_group(draw, |purpose| moment.draw_of_group(purpose));
        let table = self.positions.lying(orientation.source);
        let PatchSpec { shape, voxel_size_nm, .. } = self.patch;
        let lies = PatchGrid { center_nm: Zyx::splat(0.0), shape, voxel_size_nm, orientation, warp: Warp::NONE };
        let because = |strategy| Reason { strategy, ..Reason::default() };
        let (place, reason, tile) = match &self.chooser {
            Chooser::Guided(guide) => {
                // Where sections are shifted against each other depends on the place; turning and bending does not.
                let warp = Warp { misalign: None, ..self.augment.warp(&lies, draw) };
                let field = Field { table, sources: &self.sources };
                let (place, reason) = guide.place(field, &PatchGrid { warp, ..lies }, &moment);
                (place, reason, None)
            }
            Chooser::FixedSet(set) => {
                (set.lying(set.place(epoch, index, attempt), table), because(Strategy::Uniform), None)
            }
            Chooser::Grid(tiles) => {
                let tile = tiles.tile(index);
                (tile.place, because(Strategy::Grid), Some(tile.shows))
            }
        };
        let grid = PatchGrid { center_nm: place.lower_edge_nm + table.footprint.extent_nm() * 0.5, ..lies };
        let dataset_index = self.sources[place.source].dataset_index;
        let plan = self.bent(&self.augment, &grid, dataset_index, draw);
        Request {
            epoch,
            index,
            seed: self.seed,
            attempt,
            dataset_index,
            crop_index: self.sources[place.source].crop_index,
            grid: PatchGrid { warp: plan.warp, ..grid },
            tile,
            intensity: plan.intensity,
            reason,
        }
    }

    /// What `augment` (that of the configuration, or another) would do to the sample of `request` with the random numbers
    /// of sample `index` of `epoch`. What is configured does with its own numbers what [`Sampler::draw`] answered. Pure.
    #[must_use]
    pub fn plan(&self, request: &Request, augment: &Augment, (epoch, index): (u64, u64)) -> AugmentPlan {
        let moment = Moment { seed: self.seed, epoch, index, attempt: request.attempt, group_size: self.group_size };
        let draw = |purpose| moment.draw(purpose);
        let orientation = augment.orientation_in_group(draw, |purpose| moment.draw_of_group(purpose));
        let lies = PatchGrid { orientation, warp: Warp::NONE, ..request.grid };
        self.bent(augment, &lies, request.dataset_index, draw)
    }

    /// What is drawn for a sample that lies on `grid`, not yet warped.
    fn bent(
        &self,
        augment: &Augment,
        grid: &PatchGrid,
        dataset_index: usize,
        draw: impl Fn(Purpose) -> Draw,
    ) -> AugmentPlan {
        let warp = augment.warp(grid, &draw);
        let grid = PatchGrid { warp, ..*grid };
        let intensities = self.intensities.get(dataset_index).copied().flatten();
        let intensity = IntensityRecipe::draw(&augment.intensity, &grid, intensities, draw);
        AugmentPlan { orientation: grid.orientation, warp, intensity }
    }
}

#[cfg(test)]
mod tests;
