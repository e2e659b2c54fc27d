//! Labels looked up one by one, and the phantom that they are of.

use std::sync::{Arc, OnceLock};

use microtome_core::catalog::{Catalog, ClassLabels};
use microtome_core::geometry::{PatchGrid, VoxelBox, Zyx};
use microtome_core::loader::{Batch, BatchArray, Loader, LoaderConfig};
use microtome_core::phantom::{PhantomSpec, write};
use microtome_core::volume::{Buffer, ChunkCache, Level, Voxel};
use microtome_core::with_buffer;

/// A small synthetic dataset whose crops are labelled on the voxels of its EM. crop2 annotates only some classes.
pub fn phantom() -> Arc<Catalog> {
    static PHANTOM: OnceLock<(tempfile::TempDir, Arc<Catalog>)> = OnceLock::new();
    let (_, catalog) = PHANTOM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("phantom.zarr");
        write(&path, &PhantomSpec { shape: Zyx::splat(96), ..PhantomSpec::default() }, |_| ()).unwrap();
        let mut catalog = Catalog::open(&path).unwrap();
        catalog.datasets[0].crops.retain(|crop| crop.name != "crop4");
        (folder, Arc::new(catalog))
    });
    Arc::clone(catalog)
}

/// The first `count` batches of a configuration.
pub fn batches(catalog: &Arc<Catalog>, text: &str, count: usize) -> Vec<Batch> {
    let loader = Loader::new(Arc::clone(catalog), LoaderConfig::from_toml(text).unwrap()).unwrap();
    (0..count).map(|_| loader.next_batch().unwrap()).collect()
}

/// The finest level of one class, in memory.
pub struct Whole {
    level: Level,
    data: Buffer,
}

impl Whole {
    pub fn of(labels: &ClassLabels) -> Self {
        let level = labels.volume.levels()[0].clone();
        let data = labels.volume.read_box(0, &VoxelBox::of_shape(level.shape), &ChunkCache::new(0)).unwrap();
        Self { level, data }
    }

    /// The id of the voxel that contains a world position; `None` outside.
    pub fn at(&self, world_nm: Zyx<f64>) -> Option<u64> {
        let voxel = self.level.world_from_voxel.voxel_containing(world_nm);
        if !VoxelBox::of_shape(self.level.shape).contains(voxel) {
            return None;
        }
        let [z, y, x] = voxel.map(|v| v as usize).to_array();
        let [_, height, width] = self.level.shape.map(|n| n as usize).to_array();
        Some(with_buffer!(&self.data, values => values[(z * height + y) * width + x].to_id()))
    }
}

/// The labels around a patch: `None` is unknown. Positions may be negative or beyond the patch.
pub struct Around<'a> {
    pub whole: Option<&'a Whole>,
    pub grid: PatchGrid,
}

impl Around<'_> {
    pub fn at(&self, voxel: Zyx<i64>) -> Option<u64> {
        self.whole?.at(self.grid.world_from_patch(voxel.map(|v| v as f64)))
    }

    /// The patch's voxels in C order.
    pub fn voxels(&self) -> impl Iterator<Item = Zyx<i64>> {
        let Zyx { z, y, x } = self.grid.shape.map(|n| n as i64);
        (0..z).flat_map(move |a| (0..y).flat_map(move |b| (0..x).map(move |c| Zyx::new(a, b, c))))
    }
}

/// One channel of one sample, as numbers.
pub fn values(array: &BatchArray, sample: usize, channel: usize) -> Vec<f64> {
    let range = range(array, sample, channel);
    with_buffer!(&array.data, values => values[range].iter().map(|value| value.to_f64()).collect())
}

/// The mask of one channel of one sample.
pub fn known(array: &BatchArray, sample: usize, channel: usize) -> &[u8] {
    &array.known.as_ref().unwrap()[range(array, sample, channel)]
}

/// The elements of one channel of one sample.
pub fn range(array: &BatchArray, sample: usize, channel: usize) -> std::ops::Range<usize> {
    let [_, channels, z, y, x] = array.shape;
    let voxels = z * y * x;
    let first = (sample * channels + channel) * voxels;
    first..first + voxels
}
