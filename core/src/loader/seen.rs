//! What the network sees of a whole volume: an array of the configuration without its randomness, tile by tile.

use super::array_layout::ArrayLayout;
use super::inputs::channels_of;
use super::layout::{classes_of, target_classes};
use super::read::{ReadFrom, slots};
use super::{ArraySpec, Encoding, LoaderConfig, Role};
use crate::catalog::{Catalog, ClassLabels, Dataset};
use crate::geometry::{BoxNm, GridTransform, Orientation, PatchGrid, Warp, Zyx};
use crate::sample::intensity::{self, IntensityRecipe, NormaliseStep, Step};
use crate::volume::{Buffer, Caches, Chunk, PatchOut, Resample, Volume, read_patch};
use crate::{Error, Result};

/// Side of a tile, voxels, where what is in a tile does not depend on it.
const TILE: usize = 32;
/// Largest tile, voxels: of f32 they are 64 MiB.
const LARGEST_TILE: usize = 1 << 24;

/// The values that an array of the configuration can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SeenRange {
    /// From the first to the last.
    Between(f32, f32),
    /// Z-scores, without an end; almost all lie between −3 and 3.
    ZScores,
    /// Ids of objects, 0 where the class is not.
    Ids,
}

/// One channel of an input, or one class of a target in one label crop, as samples show it: at the array's voxel size,
/// clipped, normalised and encoded, but neither turned nor varied.
///
/// Its voxels begin at the lower corner of what they are read from; those of a sample lie where the sample is drawn, a
/// part of a voxel beside them.
#[derive(Debug)]
pub struct Seen {
    volume: Volume,
    array: ArrayLayout,
    normalise: IntensityRecipe,
    /// Voxels; the last of each axis may reach beyond what they are read from.
    pub shape: Zyx<u64>,
    /// Voxels of a tile: those of a sample where intensities are normalised by percentiles, which are of a whole sample.
    pub tile: Zyx<usize>,
    /// World from voxel, nm.
    pub world_from_voxel: GridTransform,
    /// What its values can be.
    pub range: SeenRange,
}

/// A class of a target in a label crop, by its indices in the dataset.
#[derive(Debug)]
pub struct SeenClass {
    /// The crop.
    pub crop: usize,
    /// The class in the crop.
    pub class: usize,
    /// What is seen of it.
    pub seen: Seen,
}

impl Seen {
    /// The first channel of the input `name`, in a dataset of the catalog. Opens the image that the input names, and
    /// measures the dataset where its intensities become z-scores by themselves.
    ///
    /// # Errors
    /// [`Error::Config`] if there is no such input or dataset, or it lacks the input's image or channel; [`Error::TooLarge`]
    /// for percentiles of samples of more than 16 million voxels; a chunk that cannot be read or decoded;
    /// [`Error::Stopped`] when `is_stopped` says so.
    pub fn input(
        catalog: &Catalog,
        config: &LoaderConfig,
        (name, dataset_index): (&str, usize),
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self> {
        let missing = |problem: &str| Error::Config {
            file: None,
            line: None,
            key: format!("input.{name}"),
            problem: problem.to_owned(),
        };
        let spec = config.input.get(name).ok_or_else(|| missing("there is no such input"))?;
        let dataset = catalog.datasets.get(dataset_index).ok_or_else(|| missing("there is no such dataset"))?;
        let volume =
            channels_of(dataset, name, spec)?.into_iter().next().ok_or_else(|| missing("it has no channel"))?;
        let operations = &config.augment.intensity;
        let primary_nm = config.primary().map_or(spec.voxel_size_nm, |primary| primary.voxel_size_nm);
        let intensities = if intensity::needs_intensities(operations) {
            dataset.intensities(primary_nm, true, is_stopped)?
        } else {
            None
        };
        let normalise = IntensityRecipe::normalising(operations, intensities);
        let tile = tile_of(&normalise, spec, &volume)?;
        let range = match (spec.encoding, normalise.steps.last()) {
            (Encoding::U8, _) => SeenRange::Between(0.0, 255.0),
            (_, Some(Step::Normalise(NormaliseStep::ZScore { .. }))) => SeenRange::ZScores,
            _ => SeenRange::Between(0.0, 1.0),
        };
        let array = ArrayLayout::new(catalog, name, Role::Input, spec, vec![None])?;
        Ok(Self::new(volume, array, normalise, (tile, range)))
    }

    /// Every class of the target `name` that the label crops of a dataset of the catalog annotate.
    ///
    /// # Errors
    /// [`Error::Config`] if there is no such target or dataset, or a class that no crop annotates.
    pub fn target(
        catalog: &Catalog,
        config: &LoaderConfig,
        (name, dataset_index): (&str, usize),
    ) -> Result<Vec<SeenClass>> {
        let key = || format!("target.{name}");
        let missing =
            || Error::Config { file: None, line: None, key: key(), problem: "there is no such target".to_owned() };
        let spec = config.target.get(name).ok_or_else(missing)?;
        let classes = classes_of(name, spec, &target_classes(catalog, config)?)?;
        let dataset = catalog.datasets.get(dataset_index).map_or(&[][..], |dataset: &Dataset| &dataset.crops);
        let mut seen = Vec::new();
        for (crop, labels) in dataset.iter().enumerate() {
            for (class, labels) in labels.classes.iter().enumerate().filter(|(_, of)| classes.contains(&of.class)) {
                seen.push(SeenClass { crop, class, seen: Self::class(catalog, name, spec, labels)? });
            }
        }
        Ok(seen)
    }

    fn class(catalog: &Catalog, name: &str, spec: &ArraySpec, labels: &ClassLabels) -> Result<Self> {
        let array = ArrayLayout::new(catalog, name, Role::Target, spec, vec![Some(labels.class.clone())])?;
        let volume = labels.volume.as_ref().clone();
        Ok(Self::new(volume, array, IntensityRecipe::default(), (Zyx::splat(TILE), SeenRange::Ids)))
    }

    fn new(
        volume: Volume,
        array: ArrayLayout,
        normalise: IntensityRecipe,
        (tile, range): (Zyx<usize>, SeenRange),
    ) -> Self {
        let BoxNm { lo, hi } = volume.bounds();
        let size_nm = array.spec.voxel_size_nm;
        // What is only rounding noise beyond the last voxel is no voxel.
        let shape = ((hi - lo) / size_nm).map(|n| (n - 1e-6).ceil().max(1.0) as u64);
        let world_from_voxel = GridTransform::new(size_nm, lo + size_nm * 0.5);
        let mut array = array;
        array.spec.shape = tile;
        Self { volume, array, normalise, shape, tile, world_from_voxel, range }
    }

    /// The array of the configuration: its name, and what it is but for its shape.
    #[must_use]
    pub fn array(&self) -> (&str, &ArraySpec) {
        (&self.array.name, &self.array.spec)
    }

    /// True if intensities are normalised by the percentiles of each tile, as by those of each sample.
    #[must_use]
    pub fn is_by_percentiles(&self) -> bool {
        has_percentiles(&self.normalise)
    }

    /// One tile, by its position among the tiles: all of its voxels, C order, z, y, x, also those beyond the volume, which
    /// are 0 as in a sample.
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded.
    pub fn read(&self, at: Zyx<u64>, caches: &Caches) -> Result<Chunk> {
        let first = at.zip_map(self.tile, |at, n| at as f64 * n as f64);
        let middle = first + self.tile.map(|n| (n as f64 - 1.0) / 2.0);
        let grid = PatchGrid {
            center_nm: self.world_from_voxel.world_from_voxel(middle),
            shape: self.tile,
            voxel_size_nm: self.world_from_voxel.voxel_size_nm,
            orientation: Orientation::IDENTITY,
            warp: Warp::NONE,
        };
        let data = match self.array.role {
            Role::Input => self.read_input(&grid, caches)?,
            Role::Target => self.read_class(&grid, caches)?,
        };
        Ok(Chunk::new(self.tile, data))
    }

    /// Just as a sample is made.
    fn read_input(&self, grid: &PatchGrid, caches: &Caches) -> Result<Buffer> {
        let mut array = self.array.zeros(1);
        let from = ReadFrom { volume: Some(&self.volume), grid, intensity: &self.normalise, caches };
        for mut slot in slots(&mut array, self.array.slot_len()) {
            slot.fill(&self.array, None, &from)?;
        }
        Ok(array.data)
    }

    fn read_class(&self, grid: &PatchGrid, caches: &Caches) -> Result<Buffer> {
        let len = grid.shape.product();
        if self.array.spec.encoding.says_presence() {
            let mut present = vec![0_u8; len];
            read_patch(&self.volume, grid, Resample::Nearest, caches, PatchOut::Present8(&mut present), None)?;
            return Ok(Buffer::U8(present));
        }
        let mut ids = vec![0_u64; len];
        read_patch(&self.volume, grid, Resample::Nearest, caches, PatchOut::Ids64(&mut ids), None)?;
        Ok(Buffer::U64(ids))
    }
}

fn has_percentiles(normalise: &IntensityRecipe) -> bool {
    normalise.steps.iter().any(|step| matches!(step, Step::Normalise(NormaliseStep::Percentile(_))))
}

fn tile_of(normalise: &IntensityRecipe, spec: &ArraySpec, volume: &Volume) -> Result<Zyx<usize>> {
    if !has_percentiles(normalise) {
        return Ok(Zyx::splat(TILE));
    }
    let shape = spec.shape;
    let len = shape.to_array().into_iter().try_fold(1_usize, usize::checked_mul);
    if len.is_some_and(|len| len <= LARGEST_TILE) {
        return Ok(shape);
    }
    Err(Error::TooLarge { path: volume.path().to_owned(), shape: shape.map(|n| n as u64).to_array() })
}
