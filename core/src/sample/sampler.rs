//! The sampler: (epoch, index, seed, attempt) → where to look, in time that depends on the sources only.

use super::draw::{Draw, Purpose};
use super::intensity::IntensityRecipe;
use super::positions::{Place, Positions, Table};
use super::{Augment, Request, Sampling, Source, Strategy};
use crate::Result;
use crate::geometry::{PatchGrid, Warp, Zyx};

/// Draws samples from sources as `[sampling]` says.
#[derive(Debug, Clone)]
pub struct Sampler {
    seed: u64,
    shape: Zyx<usize>,
    voxel_size_nm: Zyx<f64>,
    augment: Augment,
    sources: Vec<Source>,
    strategy: Strategy,
    positions: Positions,
}

impl Sampler {
    /// A sampler of patches of `shape` voxels of `voxel_size_nm` (the first array's).
    ///
    /// # Errors
    /// [`Error::Config`] if no source allows any position, saying which sources there are and how large.
    pub fn new(
        sources: Vec<Source>,
        shape: Zyx<usize>,
        voxel_size_nm: Zyx<f64>,
        sampling: &Sampling,
        augment: &Augment,
        seed: u64,
    ) -> Result<Self> {
        let positions =
            Positions::new(&sources, (shape, voxel_size_nm), &augment.permutations(), sampling.small_crops)?;
        let strategy = sampling.strategy;
        Ok(Self { seed, shape, voxel_size_nm, augment: augment.clone(), sources, strategy, positions })
    }

    /// The boxes that samples are drawn from.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Sources that allow no position, such as `fib25/crop2`: smaller than a patch, or outside their raw volume.
    pub fn left_out(&self) -> impl Iterator<Item = String> {
        let without = (0..self.sources.len()).filter(|&index| !self.positions.allow(index));
        without.map(|index| self.sources[index].label())
    }

    /// Number of positions of patches that are not transposed.
    #[must_use]
    pub fn positions(&self) -> u128 {
        self.positions.unmoved().total()
    }

    /// Where sample `index` of `epoch` lies: a position of the patch before it is warped, and the warp. A turned patch may
    /// reach beyond its crop: where there are data they are read, and what nobody annotated is unknown. Pure: the same
    /// arguments give the same answer, for ever.
    #[must_use]
    pub fn draw(&self, epoch: u64, index: u64, attempt: u32) -> Request {
        let draw = |purpose| Draw::new(self.seed, epoch, index, attempt, purpose);
        let orientation = self.augment.orientation(&mut draw(Purpose::Orientation));
        let table = self.positions.lying(orientation.source);
        let Place { source, lower_edge_nm } = self.place(table, draw);
        let extent_nm = table.footprint.shape.map(|n| n as f64) * table.footprint.voxel_size_nm;
        let grid = PatchGrid {
            center_nm: lower_edge_nm + extent_nm * 0.5,
            shape: self.shape,
            voxel_size_nm: self.voxel_size_nm,
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
            intensity: IntensityRecipe::draw(&self.augment.intensity, &grid, draw),
        }
    }

    /// The place that the strategy chooses, among those of `table`.
    fn place(&self, table: &Table, draw: impl Fn(Purpose) -> Draw) -> Place {
        match self.strategy {
            Strategy::Uniform => table.any(&mut draw(Purpose::Position)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Axis, BoxNm, GridTransform};
    use crate::sample::{Mirror, SmallCrops, Transpose};
    use crate::volume::{DType, Level};

    fn level(shape: u64, voxel_nm: f64) -> Level {
        Level {
            path: "s0".to_owned(),
            shape: Zyx::splat(shape),
            chunk_shape: Zyx::splat(64),
            shard_shape: None,
            dtype: DType::U8,
            world_from_voxel: GridTransform::new(Zyx::splat(voxel_nm), Zyx::splat(0.0)),
            fill_value: 0.0,
            zarr_format: 2,
            codecs: Vec::new(),
        }
    }

    /// A cube of `shape` voxels of 8 nm; with a crop if `crop` says from which to which voxel edge along every axis.
    fn source(dataset_index: usize, shape: u64, crop: Option<(f64, f64)>) -> Source {
        let edge = |voxel: f64| Zyx::splat((voxel - 0.5) * 8.0);
        Source {
            dataset_index,
            dataset: format!("d{dataset_index}"),
            crop_index: crop.map(|_| 0),
            crop: crop.map(|_| "crop1".to_owned()),
            crop_bounds: crop.map(|(lo, hi)| BoxNm::new(edge(lo), edge(hi))),
            raw_levels: vec![level(shape, 8.0)],
        }
    }

    fn sampler(sources: Vec<Source>, shape: Zyx<usize>, small: SmallCrops, augment: &Augment) -> Result<Sampler> {
        let sampling = Sampling { small_crops: small, ..Sampling::default() };
        Sampler::new(sources, shape, Zyx::splat(8.0), &sampling, augment, 5)
    }

    fn first_voxel(request: &Request) -> Zyx<f64> {
        (request.grid.footprint().lo * (1.0 / 8.0)) + Zyx::splat(0.5)
    }

    #[test]
    fn every_position_is_equally_likely_first_and_last_included() {
        let sampler =
            sampler(vec![source(0, 20, None)], Zyx::new(20, 20, 11), SmallCrops::Drop, &Augment::default()).unwrap();
        assert_eq!(sampler.positions(), 10);
        let mut counts = [0_u32; 10];
        for index in 0..10_000 {
            let voxel = first_voxel(&sampler.draw(0, index, 0));
            assert_eq!((voxel.z, voxel.y, voxel.x.fract()), (0.0, 0.0, 0.0));
            counts[voxel.x as usize] += 1;
        }
        let chi2: f64 = counts.iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        // 9 degrees of freedom: above 27.88 once in a thousand.
        assert!(chi2 < 27.88, "{counts:?}: {chi2}");
    }

    #[test]
    fn sources_are_chosen_by_their_number_of_positions() {
        // 2³ positions in one crop, 4³ in the other.
        let sources = vec![source(0, 64, Some((10.0, 19.0))), source(1, 64, Some((20.0, 31.0)))];
        let sampler = sampler(sources, Zyx::splat(8), SmallCrops::Drop, &Augment::default()).unwrap();
        assert_eq!(sampler.positions(), 8 + 64);
        let mut counts = std::collections::HashMap::new();
        for index in 0..72_000 {
            let request = sampler.draw(1, index, 0);
            let voxel = first_voxel(&request).map(|v| v as u64);
            *counts.entry((request.dataset_index, voxel)).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 72);
        let chi2: f64 = counts.values().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        // 71 degrees of freedom: above 112.3 once in a thousand.
        assert!(chi2 < 112.3, "{chi2}");
    }

    #[test]
    fn a_draw_depends_on_its_arguments_only() {
        let augment = Augment {
            mirror: Some(Mirror { z: 0.5, y: 0.5, x: 0.5 }),
            transpose: Some(Transpose { axes: Axis::ALL.to_vec(), probability: 1.0 }),
            ..Augment::default()
        };
        let sampler = sampler(vec![source(0, 1_000, None)], Zyx::splat(32), SmallCrops::Pad, &augment).unwrap();
        let later = sampler.draw(3, 17, 0);
        assert_eq!(later, sampler.clone().draw(3, 17, 0));
        assert_ne!(later.grid, sampler.draw(3, 18, 0).grid);
        assert_ne!(later.grid, sampler.draw(4, 17, 0).grid);
        assert_ne!(later.grid, sampler.draw(3, 17, 1).grid);
    }

    #[test]
    fn transposed_patches_stay_inside_and_reach_every_edge() {
        let augment =
            Augment { transpose: Some(Transpose { axes: Axis::ALL.to_vec(), probability: 1.0 }), ..Augment::default() };
        let sampler = sampler(vec![source(0, 12, None)], Zyx::new(2, 6, 12), SmallCrops::Drop, &augment).unwrap();
        let whole = level(12, 8.0).bounds();
        let mut reached = whole;
        for index in 0..2_000 {
            let request = sampler.draw(0, index, 0);
            let footprint = request.grid.footprint();
            assert_eq!(footprint.intersection(&whole), footprint, "{request:?}");
            reached =
                BoxNm::new(reached.lo.zip_map(footprint.hi, f64::max), reached.hi.zip_map(footprint.lo, f64::min));
        }
        assert_eq!((reached.lo, reached.hi), (whole.hi, whole.lo));
    }

    #[test]
    fn a_small_crop_is_centred_when_padded() {
        let sources = vec![source(0, 64, Some((30.0, 34.0)))];
        let sampler = sampler(sources, Zyx::splat(16), SmallCrops::Pad, &Augment::default()).unwrap();
        assert_eq!(first_voxel(&sampler.draw(0, 0, 0)), Zyx::splat(24.0));
        assert_eq!(sampler.positions(), 1);
    }

    #[test]
    fn nothing_left_says_which_crops_and_how_large() {
        let sources = vec![source(0, 64, Some((30.0, 34.0)))];
        let error = sampler(sources, Zyx::splat(16), SmallCrops::Drop, &Augment::default()).unwrap_err().to_string();
        assert!(error.contains("d0/crop1 (4, 4, 4)") && error.contains("small_crops = \"pad\""), "{error}");
        let error = sampler(Vec::new(), Zyx::splat(16), SmallCrops::Pad, &Augment::default()).unwrap_err().to_string();
        assert!(error.contains("nothing to draw from"), "{error}");
        let sources = vec![source(0, 64, Some((30.0, 34.0))), source(1, 64, None)];
        let rest = sampler(sources, Zyx::splat(16), SmallCrops::Drop, &Augment::default()).unwrap();
        assert_eq!(rest.left_out().collect::<Vec<_>>(), ["d0/crop1"]);
        // A crop beside its raw volume can be drawn from by nobody.
        let beside = vec![source(0, 64, Some((100.0, 140.0)))];
        assert!(sampler(beside, Zyx::splat(16), SmallCrops::Pad, &Augment::default()).is_err());
    }

    #[test]
    fn other_arrays_share_centre_and_orientation() {
        let sampler = sampler(vec![source(0, 64, None)], Zyx::splat(16), SmallCrops::Pad, &Augment::default()).unwrap();
        let request = sampler.draw(0, 0, 0);
        let other = request.grid_of(Zyx::splat(4), Zyx::splat(16.0));
        assert_eq!((other.center_nm, other.orientation), (request.grid.center_nm, request.grid.orientation));
        assert_eq!(other.warp, request.grid.warp);
        assert_eq!((other.shape, other.voxel_size_nm), (Zyx::splat(4), Zyx::splat(16.0)));
    }
}
