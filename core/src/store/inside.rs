//! Whether a place lies inside data, where nothing may ever be written.

use std::path::{Path, PathBuf};

/// The nearest folder around `target` that is data: a Zarr group or array, a folder named `….zarr`, or a folder of
/// CellMap's layout, which need not have metadata of its own. Links are seen through; `target` need not exist.
#[must_use]
pub fn data_around(target: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(target).unwrap_or_else(|_| target.to_owned());
    // Through links, as far as the path is there.
    let real = absolute.ancestors().find_map(|folder| folder.canonicalize().ok()).unwrap_or_default();
    let mut around = absolute.ancestors().chain(real.ancestors());
    around.find(|folder| is_data(folder)).map(Path::to_owned)
}

fn is_data(folder: &Path) -> bool {
    const MARKS: [&str; 4] = ["zarr.json", ".zgroup", ".zarray", ".zattrs"];
    let holds = |inner: &str| folder.join(inner).is_dir();
    let named_zarr = folder.extension().is_some_and(|ending| ending == "zarr") && folder.is_dir();
    named_zarr
        || MARKS.iter().any(|mark| folder.join(mark).is_file())
        || holds("recon-1")
        || (holds("em") && holds("labels"))
}
