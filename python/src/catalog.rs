//! What there is to train on: datasets, their crops and classes.

use std::path::PathBuf;
use std::sync::Arc;

use microtome_core::catalog;
use microtome_core::geometry::BoxNm;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use serde::Serialize;

use crate::errors::Raise;
use crate::reader::Reader;
use crate::values::plain;
use crate::volume::Volume;

/// Datasets, opened; their volumes share a cache.
#[pyclass(frozen, module = "microtome._microtome")]
pub(crate) struct Catalog {
    catalog: Arc<catalog::Catalog>,
    reader: Py<Reader>,
}

#[derive(Serialize)]
struct DatasetSaid<'a> {
    name: &'a str,
    crops: Vec<CropSaid>,
}

#[derive(Serialize)]
struct CropSaid {
    name: String,
    classes: Vec<String>,
    bounds_nm: BoxNm,
}

impl Catalog {
    /// Of what is open.
    pub(crate) const fn new(catalog: Arc<catalog::Catalog>, reader: Py<Reader>) -> Self {
        Self { catalog, reader }
    }

    fn volume(&self, py: Python<'_>, volume: &microtome_core::volume::Volume) -> Volume {
        Volume::new(volume.clone(), self.reader.clone_ref(py))
    }
}

#[pymethods]
impl Catalog {
    /// Opens what is at a path.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf, reader: Py<Reader>) -> PyResult<Self> {
        let catalog = py.detach(|| catalog::Catalog::open(&path)).raise()?;
        Ok(Self::new(Arc::new(catalog), reader))
    }

    /// Name and crops of every dataset; of each crop its name, classes and box.
    fn datasets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let said: Vec<_> = self.catalog.datasets.iter().map(said).collect();
        plain(py, &said)
    }

    /// What was found but could not be used.
    fn warnings(&self) -> Vec<String> {
        self.catalog.warnings.clone()
    }

    /// The EM of a dataset.
    fn raw(&self, py: Python<'_>, dataset: usize) -> PyResult<Volume> {
        let found = self.catalog.datasets.get(dataset).ok_or_else(|| PyIndexError::new_err("no such dataset"))?;
        Ok(self.volume(py, &found.raw))
    }

    /// The labels of a class in a crop of a dataset.
    fn labels(&self, py: Python<'_>, dataset: usize, crop: usize, class_index: usize) -> PyResult<Volume> {
        let found = self.catalog.datasets.get(dataset).and_then(|dataset| dataset.crops.get(crop));
        let found = found.and_then(|crop| crop.classes.get(class_index));
        let labels = found.ok_or_else(|| PyIndexError::new_err("no such labels"))?;
        Ok(self.volume(py, &labels.volume))
    }
}

fn said(dataset: &catalog::Dataset) -> DatasetSaid<'_> {
    let crop = |crop: &catalog::LabelCrop| CropSaid {
        name: crop.name.clone(),
        classes: crop.classes.iter().map(|labels| labels.class.clone()).collect(),
        bounds_nm: crop.bounds,
    };
    DatasetSaid { name: &dataset.name, crops: dataset.crops.iter().map(crop).collect() }
}
