//! A configuration for data that came without one, and the catalog of a configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ArraySpec, Encoding, LoaderConfig, LoaderKeys};
use crate::catalog::{Catalog, ClassTable, Search, Split};
use crate::geometry::Zyx;
use crate::sample::{Leakage, Source, SplitBox, is_for_validation};
use crate::{Error, Result};

/// Voxels per axis of the default patch, where they fit.
const PATCH: u64 = 128;
/// A crop that holds fewer voxels on an axis does not shrink the default patch; it is padded.
const USEFUL: u64 = 64;
/// Larger patches are a multiple of this, as networks that halve four times need.
const MULTIPLE: u64 = 16;

impl LoaderConfig {
    /// A configuration that fits what a catalog holds: the finest raw voxel size, 128³ or what fits, every class.
    #[must_use]
    pub fn for_catalog(catalog: &Catalog) -> Self {
        let voxel_size_nm = finest_voxel_size_nm(catalog);
        let shape = fitting_shape(catalog, voxel_size_nm);
        let array = |name: &str, encoding| (name.to_owned(), ArraySpec::new(shape, voxel_size_nm, encoding));
        let has_labels = catalog.datasets.iter().any(|dataset| !dataset.crops.is_empty());
        Self {
            input: BTreeMap::from([array("raw", Encoding::F32)]),
            target: has_labels.then(|| array("labels", Encoding::Ids)).into_iter().collect(),
            loader: LoaderKeys { batch_size: 4, ..LoaderKeys::default() },
            ..Self::default()
        }
    }
}

fn finest_voxel_size_nm(catalog: &Catalog) -> Zyx<f64> {
    let sizes = catalog.datasets.iter().filter_map(|dataset| dataset.raw.levels().first()).map(|s0| s0.voxel_size_nm());
    sizes.min_by(|a, b| a.product().total_cmp(&b.product())).unwrap_or(Zyx::splat(1.0))
}

/// What fits into every useful source, else into the largest one.
fn fitting_shape(catalog: &Catalog, voxel_size_nm: Zyx<f64>) -> Zyx<usize> {
    let voxels = |source: &Source| {
        let (region, _) = source.region(voxel_size_nm)?;
        Some((region.extent_nm() / voxel_size_nm).map(|n| (n + 1e-6).max(0.0).floor() as u64))
    };
    let extents: Vec<_> = Source::of_catalog(catalog, &[]).iter().filter_map(voxels).collect();
    let useful = extents.iter().copied().filter(|extent| extent.all(|n| n >= USEFUL));
    let smallest = useful.reduce(|a, b| a.zip_map(b, u64::min));
    let largest = || extents.iter().copied().max_by_key(|e| e.map(u128::from).product());
    let fits = smallest.or_else(largest).unwrap_or(Zyx::splat(1));
    fits.map(|n| {
        let clipped = n.clamp(1, PATCH);
        let rounded = if clipped > MULTIPLE { clipped - clipped % MULTIPLE } else { clipped };
        rounded as usize
    })
}

impl LoaderConfig {
    /// Opens the datasets of `[data]` that are trained on.
    ///
    /// # Errors
    /// As [`LoaderConfig::open_catalog_of`].
    pub fn open_catalog(&self) -> Result<Catalog> {
        self.open_catalog_of(Split::Train)
    }

    /// Opens the datasets of `[data]` that are for `split`: the rows of `split` that say so, and `train` or `validate`.
    /// What `path` holds is trained on.
    ///
    /// # Errors
    /// What [`Catalog::open`], [`Catalog::add_split`] and [`Catalog::add_source`] say, with the key of the entry; nothing
    /// there for `split`.
    ///
    /// Crops of `[data.search]` are drawn for either by `loader.seed` and their names.
    pub fn open_catalog_of(&self, split: Split) -> Result<Catalog> {
        self.catalog_of_data(split).map_err(|error| self.locate(error))
    }

    /// As [`LoaderConfig::open_catalog_of`] for what is validated on; `None` if nothing is.
    ///
    /// # Errors
    /// What is named cannot be opened.
    pub fn open_validation(&self) -> Result<Option<Catalog>> {
        let catalog = self.named_for(Split::Validate).map_err(|error| self.locate(error))?;
        Ok((!catalog.datasets.is_empty()).then_some(catalog))
    }

    /// What is validated on and lies too near to `train`, the catalog that is trained on; nothing if nothing is validated on.
    ///
    /// # Errors
    /// What is named for validation cannot be opened.
    pub fn leakage(&self, train: &Catalog) -> Result<Leakage> {
        let Some(validation) = self.open_validation()? else { return Ok(Leakage::default()) };
        let boxes = |catalog| SplitBox::of_catalog(catalog, &self.data.classes);
        Ok(Leakage::between(boxes(train), boxes(&validation), self.reach_nm()))
    }

    fn catalog_of_data(&self, split: Split) -> Result<Catalog> {
        let catalog = self.named_for(split)?;
        if catalog.datasets.is_empty() {
            let (table, purpose) = match split {
                Split::Train => ("train", "train on; set path to a dataset, or"),
                Split::Validate => ("validate", "validate on;"),
            };
            let problem = format!(
                "there is nothing to {purpose} set split to a datasplit with rows that say {table}, or add a \
                 [[data.{table}]] table"
            );
            return Err(at("data", &problem));
        }
        Ok(catalog)
    }

    /// What `[data]` names for a split; perhaps nothing.
    fn named_for(&self, split: Split) -> Result<Catalog> {
        let table = self.data.class_table.as_deref().map(ClassTable::read).transpose();
        let table = table.map_err(|error| match error {
            Error::Config { .. } => error,
            error => at("data.class_table", &error),
        })?;
        let mut catalog = Catalog { class_table: table.map(Arc::new), ..Catalog::default() };
        if let Some(path) = self.data.path.as_ref().filter(|_| split == Split::Train) {
            catalog.add_path(path).map_err(|error| at("data.path", &error))?;
        }
        if let Some(file) = &self.data.split {
            catalog.add_split(file, split).map_err(|error| match error {
                Error::Config { .. } => error,
                error => at("data.split", &error),
            })?;
        }
        if let Some(search) = &self.data.search {
            self.add_found(search, split, &mut catalog).map_err(|error| at("data.search", &error))?;
        }
        let (sources, table) = match split {
            Split::Train => (&self.data.train, "train"),
            Split::Validate => (&self.data.validate, "validate"),
        };
        for (index, source) in sources.iter().enumerate() {
            let added = catalog.add_source(&source.raw, source.labels.as_deref());
            added.map_err(|error| match error {
                Error::Config { key, problem, .. } => at(format!("data.{table}[{index}].{key}"), &problem),
                error => at(format!("data.{table}[{index}]"), &error),
            })?;
        }
        Ok(catalog)
    }

    /// Adds the crops that `search` finds and that are drawn for `split`.
    fn add_found(&self, search: &Search, split: Split, catalog: &mut Catalog) -> Result<()> {
        let classes = &self.data.classes;
        for crop in search.find(classes, catalog.class_table.as_deref())? {
            let name = format!("{}/{}", crop.dataset, crop.crop);
            let validates = is_for_validation(self.loader.seed, &name, search.validation_probability);
            let is_complete = crop.classes.len() == classes.len() || classes.is_empty();
            let drawn = if validates { Split::Validate } else { Split::Train };
            if drawn == split && (is_complete || !search.force_all_classes.contains(&split)) {
                catalog.add_source(&crop.raw, Some(&crop.labels()))?;
            }
        }
        Ok(())
    }
}

fn at(key: impl Into<String>, problem: &dyn std::fmt::Display) -> Error {
    Error::Config { file: None, line: None, key: key.into(), problem: problem.to_string() }
}
