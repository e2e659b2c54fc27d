//! What the benches share: the phantoms they read, their sizes, and how long they measure.

pub mod kinds;
pub mod process;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use criterion::Criterion;
use microtome_core::geometry::{VoxelBox, Zyx};
use microtome_core::loader::Loader;
use microtome_core::ome::NgffVersion;
use microtome_core::phantom::{PhantomSpec, write};

/// The formats that every bench of reading compares.
pub const FORMATS: [NgffVersion; 2] = [NgffVersion::V04, NgffVersion::V05];

/// True if `MICROTOME_BENCH_QUICK=1`: small phantoms and short measurements, to see that the benches run.
#[must_use]
pub fn quick() -> bool {
    std::env::var("MICROTOME_BENCH_QUICK").is_ok_and(|value| value == "1")
}

/// Voxels a side of the phantoms: `MICROTOME_BENCH_SIDE`, else 256, quick 128.
#[must_use]
pub fn side() -> u64 {
    let asked = std::env::var("MICROTOME_BENCH_SIDE").ok().and_then(|value| value.parse().ok());
    asked.unwrap_or(if quick() { 128 } else { 256 })
}

/// Voxels a side of the patches: half the phantom's, at most 128.
#[must_use]
pub fn patch_side() -> u64 {
    (side() / 2).clamp(1, 128)
}

/// Criterion, set to measure long enough for figures that are kept, or just to run (quick).
#[must_use]
pub fn criterion() -> Criterion {
    let criterion = Criterion::default().configure_from_args();
    if quick() {
        let (warm, long) = (Duration::from_millis(100), Duration::from_millis(400));
        criterion.sample_size(10).warm_up_time(warm).measurement_time(long)
    } else {
        criterion.sample_size(20).warm_up_time(Duration::from_secs(2)).measurement_time(Duration::from_secs(6))
    }
}

/// Stops a loader from beginning batches, and waits for those that it had begun: then nothing but what is asked runs.
pub fn quieten(loader: &Loader) {
    loader.pause();
    while loader.stats().memory.in_flight_bytes > 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Phantoms in a folder that goes when this goes.
pub struct Fixtures {
    folder: tempfile::TempDir,
}

impl Fixtures {
    /// Writes a phantom of [`side`]³ voxels in each of `formats`.
    ///
    /// # Errors
    /// The folder for temporary files has no room.
    pub fn new(formats: &[NgffVersion]) -> anyhow::Result<Self> {
        let fixtures = Self { folder: tempfile::tempdir().context("no folder for the phantoms")? };
        for &format in formats {
            let spec = PhantomSpec { shape: Zyx::splat(side()), format, ..PhantomSpec::default() };
            write(&fixtures.dataset(format), &spec, |_| ())?;
        }
        Ok(fixtures)
    }

    /// The CellMap dataset.
    #[must_use]
    pub fn dataset(&self, format: NgffVersion) -> PathBuf {
        self.path().join(format!("v{}.zarr", format.zarr_format()))
    }

    /// The EM's image group.
    #[must_use]
    pub fn raw(&self, format: NgffVersion) -> PathBuf {
        self.dataset(format).join("recon-1/em/fibsem-uint8")
    }

    /// The folder of all of them.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Boxes of [`patch_side`]³ voxels all over the phantom, the same in every run and seldom along chunk borders.
#[must_use]
pub fn boxes() -> Vec<VoxelBox> {
    let room = side() - patch_side() + 1;
    // Steps of a Weyl sequence: even cover without a generator.
    let at = |i: u64, step: u64| i64::try_from((i * step + 13) % room).unwrap_or(0);
    (0..16)
        .map(|i| {
            let lo = Zyx::new(at(i, 0x9e37), at(i, 0x7f4b), at(i, 0x6c8f));
            VoxelBox::new(lo, lo + Zyx::splat(i64::try_from(patch_side()).unwrap_or(1)))
        })
        .collect()
}
