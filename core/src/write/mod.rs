//! What Microtome writes: a box of a volume as NumPy, TIFF or OME-Zarr.

mod beside;
mod export;
mod npy;
mod ome_zarr;
mod tiff;

pub(crate) use beside::{Beside, io};
pub use export::{Export, Format, Progress, export};
pub use npy::write_npy;
