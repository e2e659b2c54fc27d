//! The binding behind the Python package `microtome`: classes without logic, and one table of errors.
//!
//! What users see is written in Python, `microtome/*.py`; it alone uses this module, `microtome._microtome`.

mod batch;
mod catalog;
mod config;
mod errors;
mod grid;
mod loader;
mod memory;
mod phantom;
mod plan;
mod process;
mod reader;
mod values;
mod volume;

use pyo3::prelude::*;

/// What `microtome` is made of. Private: it may change with every version.
#[pymodule]
fn _microtome(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<batch::Batch>()?;
    module.add_class::<catalog::Catalog>()?;
    module.add_class::<config::Config>()?;
    module.add_class::<loader::Loader>()?;
    module.add_class::<memory::Memory>()?;
    module.add_class::<plan::Plan>()?;
    module.add_class::<reader::Reader>()?;
    module.add_class::<volume::Volume>()?;
    module.add_function(wrap_pyfunction!(phantom::write_phantom, module)?)
}
