//! Strategies that look at what there is: distributions, and that a sample drawn for a class shows it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test crate: a failed expectation is a failed test")]

mod balance;
mod counts;
mod leakage;
mod left_out;
mod neighbours;
mod shown;
mod tally;
mod weighted;

use std::sync::{Arc, OnceLock};

use microtome_core::catalog::Catalog;
use microtome_core::geometry::Zyx;
use microtome_core::loader::{Batch, Loader, LoaderConfig};
use microtome_core::phantom::{PhantomSpec, write};
use microtome_core::volume::Voxel;
use microtome_core::with_buffer;

/// A small synthetic dataset: crop2 annotates only some classes, crop3 is smaller than a patch, crop4 is labelled on voxels
/// of half the size.
fn phantom() -> Arc<Catalog> {
    static PHANTOM: OnceLock<(tempfile::TempDir, Arc<Catalog>)> = OnceLock::new();
    let (_, catalog) = PHANTOM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phantom.zarr");
        write(&path, &PhantomSpec { shape: Zyx::splat(96), ..PhantomSpec::default() }, |_| ()).unwrap();
        let catalog = Catalog::open(&path).unwrap();
        (folder, Arc::new(catalog))
    });
    Arc::clone(catalog)
}

/// Patches of 16³ voxels of 8 nm, batches of 8; `more` goes on in `[sampling]`.
fn config(more: &str) -> LoaderConfig {
    let arrays = "
        [input.raw]
        shape = [16, 16, 16]
        voxel_size_nm = [8, 8, 8]
        encoding = \"u8\"
        [target.labels]
        shape = [16, 16, 16]
        voxel_size_nm = [8, 8, 8]
        encoding = \"u8\"
        [loader]
        memory = \"256 MiB\"
        threads = 2
        [sampling]
        ";
    LoaderConfig::from_toml(&format!("{arrays}{more}")).unwrap()
}

/// The next `samples` samples in batches of 8.
fn batches(loader: &Loader, samples: usize) -> Vec<Batch> {
    (0..samples / 8).map(|_| loader.next_batch().unwrap()).collect()
}

/// Voxels of each class in a sample.
fn present(batch: &Batch, sample: usize) -> Vec<usize> {
    let labels = batch.array("labels").unwrap();
    let [_, channels, z, y, x] = labels.shape;
    let voxels = z * y * x;
    let channel = |channel: usize| {
        let from = (sample * channels + channel) * voxels;
        with_buffer!(&labels.data, values => values[from..from + voxels].iter().filter(|v| v.to_id() != 0).count())
    };
    (0..channels).map(channel).collect()
}
