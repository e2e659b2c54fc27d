//! The boxes that samples are drawn from: label crops where there are any, else whole volumes.

use crate::catalog::Catalog;
use crate::geometry::{BoxNm, Zyx};
use crate::volume::{Level, choose_level};

/// A box to draw from, as plain values.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Index of the dataset in the catalog.
    pub dataset_index: usize,
    /// Its name.
    pub dataset: String,
    /// Index of the label crop in the dataset; `None` for the whole volume.
    pub crop_index: Option<usize>,
    /// The crop's name.
    pub crop: Option<String>,
    /// The crop's box, nm; `None` for the whole volume.
    pub crop_bounds: Option<BoxNm>,
    /// Levels of the raw volume, finest first.
    pub raw_levels: Vec<Level>,
}

impl Source {
    /// What a catalog offers: of each dataset the crops in which one of `classes` is annotated, or the whole raw volume
    /// if it has no crops at all. Empty `classes` means every class.
    #[must_use]
    pub fn of_catalog(catalog: &Catalog, classes: &[String]) -> Vec<Self> {
        let mut sources = Vec::new();
        for (dataset_index, dataset) in catalog.datasets.iter().enumerate() {
            let whole = Self {
                dataset_index,
                dataset: dataset.name.clone(),
                crop_index: None,
                crop: None,
                crop_bounds: None,
                raw_levels: dataset.raw.levels().to_vec(),
            };
            for (crop_index, crop) in dataset.crops.iter().enumerate() {
                if classes.is_empty() || crop.classes.iter().any(|labels| classes.contains(&labels.class)) {
                    sources.push(Self {
                        crop_index: Some(crop_index),
                        crop: Some(crop.name.clone()),
                        crop_bounds: Some(crop.bounds),
                        ..whole.clone()
                    });
                }
            }
            if dataset.crops.is_empty() {
                sources.push(whole);
            }
        }
        sources
    }

    /// Box to draw from and grid anchor (lower edge of the level's voxel 0), nm, for voxels of `voxel_size_nm`.
    ///
    /// The level that will be read gives both: where a patch's voxels are as large as its own, the patch then lies
    /// exactly on them. `None` without any level.
    pub(crate) fn region(&self, voxel_size_nm: Zyx<f64>) -> Option<(BoxNm, Zyx<f64>)> {
        let level = self.raw_levels.get(choose_level(&self.raw_levels, voxel_size_nm))?;
        let raw = level.bounds();
        let region = self.crop_bounds.map_or(raw, |crop| crop.intersection(&raw));
        Some((region, raw.lo))
    }

    /// Extent of the chunks, nm, that patches with voxels of `voxel_size_nm` are read from.
    pub(super) fn chunk_nm(&self, voxel_size_nm: Zyx<f64>) -> Option<Zyx<f64>> {
        let level = self.raw_levels.get(choose_level(&self.raw_levels, voxel_size_nm))?;
        Some(level.chunk_shape.map(|n| n as f64) * level.voxel_size_nm())
    }

    /// `fib25/crop1`, or `fib25` for the whole volume.
    pub(crate) fn label(&self) -> String {
        self.crop.as_ref().map_or_else(|| self.dataset.clone(), |crop| format!("{}/{crop}", self.dataset))
    }
}
