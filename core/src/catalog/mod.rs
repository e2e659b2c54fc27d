//! What there is to train on: image groups and CellMap datasets, their label crops and classes.
//!
//! CellMap's layout: `x.zarr/recon-1/em/fibsem-uint8` beside `x.zarr/recon-1/labels/groundtruth/crop7/mito`.

mod class_table;
mod count_cache;
mod counting;
mod counts;
mod crops;
mod disk;
mod estimate;
mod expand;
mod images;
mod info;
mod intensities;
mod meaning;
mod natural;
mod occupancy;
mod open;
mod place;
mod relations;
mod rows;
mod search;
pub(crate) mod source;
pub(crate) mod split;
mod survey;
mod survey_cache;
mod wildcard;

use std::path::Path;
use std::sync::Arc;

use crate::Result;
use crate::geometry::BoxNm;
use crate::ome::annotation::ArrayAnnotation;
use crate::volume::Volume;

pub use class_table::ClassTable;
pub use counts::{ClassCount, ClassTotal, CountOrigin, CountRow, CountTable};
pub use disk::stored_levels;
pub use estimate::{CountEstimate, ReadLevel};
pub use info::{CatalogInfo, ClassInfo, CropInfo, DatasetInfo, DiskUse, ImageInfo, LevelInfo, describe};
pub use intensities::Intensities;
pub use occupancy::{Cell, Occupancy};
pub use relations::Relations;
pub use search::{FoundCrop, Search};
pub use split::Split;
pub use survey::{SurveyBox, SurveyPlan, SurveyRow};

/// The labels of one class in one crop.
#[derive(Debug, Clone)]
pub struct ClassLabels {
    /// Class name, such as `mito`.
    pub class: String,
    /// Its values, and by their codes what they mean. Classes that are read from one array of class ids share its chunks.
    pub volume: Arc<Volume>,
    /// What its metadata say about it, if anything.
    pub annotation: Option<ArrayAnnotation>,
}

/// A box in which somebody annotated some classes.
#[derive(Debug, Clone)]
pub struct LabelCrop {
    /// Name, such as `crop1`.
    pub name: String,
    /// Annotated classes, by name: those that have an array. A class that the crop's annotation lists, but of which there
    /// is no array, is unknown: the array may not have been downloaded.
    pub classes: Vec<ClassLabels>,
    /// The intersection of its classes' boxes, nm.
    pub bounds: BoxNm,
}

impl LabelCrop {
    /// The labels of `class`, if it is annotated here.
    #[must_use]
    pub fn labels(&self, class: &str) -> Option<&ClassLabels> {
        self.classes.iter().find(|labels| labels.class == class)
    }
}

/// One EM volume with its label crops.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Name, such as `jrc_hela-2`.
    pub name: String,
    /// The EM.
    pub raw: Arc<Volume>,
    /// Label crops, in natural order of their names; empty for a bare image group.
    pub crops: Vec<LabelCrop>,
}

impl Dataset {
    /// All class names of all crops, sorted.
    #[must_use]
    pub fn class_names(&self) -> Vec<String> {
        let mut names: Vec<_> =
            self.crops.iter().flat_map(|crop| &crop.classes).map(|labels| labels.class.clone()).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// The datasets that a loader draws from.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// In configured order.
    pub datasets: Vec<Dataset>,
    /// What was found but could not be used, one message each (also shown in the window).
    pub warnings: Vec<String>,
    /// Which ids of a crop's combined array (`all`) are which classes. What is added to the catalog from then on has those
    /// of its classes that have no array of their own; without a table such arrays are no classes.
    pub class_table: Option<Arc<ClassTable>>,
}

impl Catalog {
    /// Opens what is at a local path: an OME-Zarr image group (or array), a CellMap dataset (`…/x.zarr`,
    /// `…/x.zarr/recon-1`), or a folder of such datasets.
    ///
    /// A dataset has the first `uint8` image of `em` as its EM and every `crop*` with every class as labels. A class or
    /// crop that cannot be opened is a warning; so is a dataset in a folder, if another one can be opened.
    ///
    /// # Errors
    /// Nothing there, no EM volume in it, or metadata that cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        open::open(path, None)
    }

    /// Adds what [`Catalog::open`] finds at a path.
    ///
    /// # Errors
    /// As there.
    pub fn add_path(&mut self, path: &Path) -> Result<()> {
        let opened = open::open(path, self.class_table.clone())?;
        self.datasets.extend(opened.datasets);
        self.warnings.extend(opened.warnings);
        Ok(())
    }

    /// Adds what one entry of a configuration names: a raw image and the labels of one crop, as `…/crop1/[mito,er]`,
    /// `…/crop1` (every class) or `…/crop1/mito`. Without labels it adds all that [`Catalog::open`] finds at `raw`.
    /// Crops of the same raw image become one dataset.
    ///
    /// Both paths may hold wildcards (`*` and `?` within a name, `**` for any folders). Each label path then goes with
    /// the raw image that it shares the longest path with, and a crop may lack classes of the bracket.
    ///
    /// # Errors
    /// As [`Catalog::open`]; [`crate::Error::NoClass`] for a class that the crop lacks, [`crate::Error::Config`] for
    /// labels that are not written as above, [`crate::Error::NoImage`] for labels that lie outside the raw image,
    /// [`crate::Error::Remote`] for a URL.
    pub fn add_source(&mut self, raw: &Path, labels: Option<&str>) -> Result<()> {
        source::add_entry(self, raw, labels, source::Alone::Everything).map_err(|(_, error)| error)
    }

    /// Adds the rows of a CellMap datasplit CSV that are for `split`; relative paths are relative to the file's folder.
    ///
    /// A row is `split, raw_container, raw_dataset, gt_container, gt_dataset`, with `train` or `validate` as its split;
    /// the last two may be empty (raw only), and `gt_dataset` may end in a bracket of classes. Of three columns the
    /// third is a dataset inside the container of the second (raw only) if it is a relative path that names neither a
    /// `.zarr` or `.n5` of its own nor a bracket, else the path of the labels of the raw image in the second. Lines that
    /// begin with `#` and a header row are skipped. Paths are as in [`Catalog::add_source`].
    ///
    /// # Errors
    /// [`crate::Error::Config`] with file, line and column, for every mistake in a row and for what it names;
    /// [`crate::Error::NotFound`] or [`crate::Error::Io`] for a file that cannot be read.
    pub fn add_split(&mut self, file: &Path, split: Split) -> Result<()> {
        rows::add_split(self, file, split)
    }

    /// Counts every class of every crop: from `complement_counts` of its metadata where they are complete, else by reading
    /// the finest level once, on all cores. What was read is kept in `counts.csv` in `cache_folder`, if one is given;
    /// nothing is ever written into a dataset.
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded; [`crate::Error::Io`] for a cache folder inside a Zarr hierarchy.
    pub fn count(&self, cache_folder: Option<&Path>) -> Result<CountTable> {
        self.count_until(None, cache_folder, &|| false)
    }

    /// As [`Catalog::count`], of `classes` only if some are given; ends soon after `is_stopped` says so.
    ///
    /// # Errors
    /// As [`Catalog::count`], and [`crate::Error::Stopped`].
    pub fn count_until(
        &self,
        classes: Option<&[String]>,
        cache_folder: Option<&Path>,
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<CountTable> {
        counting::count(self, classes, cache_folder, is_stopped)
    }

    /// About how much of every class each crop holds, told crop by crop as it is found out, on the calling thread: from
    /// metadata where they say it, else from the coarsest level that still shows it, and of a large one from a part of its
    /// chunks. For figures on a screen; [`Catalog::count`] is exact.
    ///
    /// Answers what could not be read, in words; the others are told.
    ///
    /// # Errors
    /// [`crate::Error::Stopped`] soon after `is_stopped` says so.
    pub fn estimate_counts(
        &self,
        is_stopped: &dyn Fn() -> bool,
        tell: &mut dyn FnMut(CountEstimate),
    ) -> Result<Vec<String>> {
        estimate::estimate(self, is_stopped, tell)
    }

    /// Looks boxes of crops through for classes, voxel by voxel as samples on that grid read them, on all cores of the
    /// thread pool it runs in. One row for each class that a box's crop annotates. What metadata say to be nowhere in a
    /// crop is not read.
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded, unless that is skipped; [`crate::Error::Io`] for a cache folder inside a
    /// Zarr hierarchy; [`crate::Error::Stopped`].
    pub fn survey(&self, plan: &SurveyPlan<'_>) -> Result<Vec<SurveyRow>> {
        survey::survey(self, plan)
    }
}
