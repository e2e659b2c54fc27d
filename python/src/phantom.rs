//! The synthetic cell: a dataset for trying things out, and for tests.

use std::path::PathBuf;

use microtome_core::ome::NgffVersion;
use microtome_core::phantom::{PhantomSpec, write};
use pyo3::prelude::*;

use crate::errors::Raise;
use crate::values::zyx;

/// Writes the synthetic cell as a CellMap dataset, the folder `path`.
#[pyfunction]
#[pyo3(signature = (path, *, shape, voxel_size_nm, seed, sharded))]
pub(crate) fn write_phantom(
    py: Python<'_>,
    path: PathBuf,
    shape: [u64; 3],
    voxel_size_nm: [f64; 3],
    seed: u64,
    sharded: bool,
) -> PyResult<()> {
    let format = if sharded { NgffVersion::V05 } else { NgffVersion::V04 };
    let spec =
        PhantomSpec { shape: zyx(shape), voxel_size_nm: zyx(voxel_size_nm), seed, format, ..PhantomSpec::default() };
    let threads = crate::reader::threads()?;
    py.detach(|| threads.install(|| write(&path, &spec, |_| ()))).raise()
}
