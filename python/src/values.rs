//! Plain values for Python: dicts, lists and numbers, by their serde derives.

use microtome_core::geometry::Zyx;
use pyo3::prelude::*;
use serde::Serialize;

/// Dicts, lists and numbers.
pub(crate) fn plain<'py, T: Serialize + ?Sized>(py: Python<'py>, value: &T) -> PyResult<Bound<'py, PyAny>> {
    pythonize::pythonize(py, value).map_err(PyErr::from)
}

/// Three values along z, y, x.
pub(crate) fn zyx<T: Copy>(values: [T; 3]) -> Zyx<T> {
    let [z, y, x] = values;
    Zyx::new(z, y, x)
}
