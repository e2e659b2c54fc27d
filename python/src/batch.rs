//! A batch: named NumPy arrays on the loader's memory, and where each sample came from.

use microtome_core::loader::{self, Provenance, Role, SkippedSample};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::memory::views;
use crate::values::plain;

/// One batch. Its arrays keep its memory, with or without it.
#[pyclass(frozen, module = "microtome._microtome")]
pub(crate) struct Batch {
    /// Epoch of its samples.
    #[pyo3(get)]
    epoch: u64,
    /// Number since the start of training, from 0.
    #[pyo3(get)]
    number: u64,
    /// Bytes of all arrays and masks.
    #[pyo3(get)]
    size_bytes: u64,
    /// By name: inputs, then targets.
    #[pyo3(get)]
    arrays: Py<PyDict>,
    /// Of each target with a mask, what is known; shaped as its array.
    #[pyo3(get)]
    known: Py<PyDict>,
    /// Of each target, its classes.
    #[pyo3(get)]
    classes: Py<PyDict>,
    provenance: Vec<Provenance>,
    skipped: Vec<SkippedSample>,
}

impl Batch {
    /// Takes over a batch of the core.
    pub(crate) fn new(py: Python<'_>, batch: loader::Batch) -> PyResult<Self> {
        let size_bytes = batch.size_bytes();
        let loader::Batch { epoch, number, arrays, provenance, skipped } = batch;
        let [by_name, known, classes] = [(); 3].map(|()| PyDict::new(py));
        let names: Vec<_> = arrays.iter().map(|array| array.name.clone()).collect();
        for array in arrays.iter().filter(|array| array.role == Role::Target) {
            classes.set_item(&array.name, PyList::new(py, array.classes.iter())?)?;
        }
        for (name, views) in names.iter().zip(views(py, arrays)?) {
            by_name.set_item(name, views.data)?;
            if let Some(mask) = views.known {
                known.set_item(name, mask)?;
            }
        }
        let [arrays, known, classes] = [by_name, known, classes].map(Bound::unbind);
        Ok(Self { epoch, number, size_bytes, arrays, known, classes, provenance, skipped })
    }
}

#[pymethods]
impl Batch {
    /// One dict a sample.
    fn provenance<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.provenance)
    }

    /// One dict for each sample that could not be read.
    fn skipped<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.skipped)
    }

    /// Samples in it.
    fn samples(&self) -> usize {
        self.provenance.len()
    }
}
