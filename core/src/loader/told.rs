//! What a loader was told to do, as plain values for its [`Stats`](crate::telemetry::Stats).

use super::array_layout::ArrayLayout;
use super::budget::Budget;
use super::inputs::Inputs;
use super::layout::BatchLayout;
use super::{LoaderConfig, Role};
use crate::catalog::Catalog;
use crate::sample::Augment;
use crate::telemetry::{ArraySetup, Setup, StoredSetup};
use crate::volume::{Level, Volume, choose_level};

/// The configuration in force and what follows from it.
pub(super) fn setup(
    catalog: &Catalog,
    config: &LoaderConfig,
    (layout, inputs): (&BatchLayout, &Inputs),
    (budget, threads, full): (&Budget, usize, usize),
) -> Setup {
    let batch_bytes = layout.batch_bytes(full);
    let array = |(index, array): (usize, &ArrayLayout)| {
        let volume = match array.role {
            Role::Input => inputs.volume(index, 0, 0),
            Role::Target => labels_of(catalog, array),
        };
        array_setup(array, volume)
    };
    Setup {
        threads,
        builders: budget.builders,
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        batch_size: config.loader.batch_size,
        batch_bytes,
        batches_ahead: budget.batches_bytes / batch_bytes.max(1),
        memory_bytes: config.loader.memory,
        chunk_local: config.sampling.chunk_local,
        arrays: layout.arrays.iter().enumerate().map(array).collect(),
        augmentations: augmentations(&config.augment),
    }
}

/// The labels of a class of a target, from the first crop that has any.
fn labels_of<'a>(catalog: &'a Catalog, array: &ArrayLayout) -> Option<&'a Volume> {
    let mut crops = catalog.datasets.iter().flat_map(|dataset| &dataset.crops);
    crops.find_map(|crop| {
        let labels = array.classes.iter().flatten().find_map(|class| crop.labels(class))?;
        Some(&*labels.volume)
    })
}

fn array_setup(array: &ArrayLayout, volume: Option<&Volume>) -> ArraySetup {
    let table = match array.role {
        Role::Input => "input",
        Role::Target => "target",
    };
    let size_nm = array.spec.voxel_size_nm;
    ArraySetup {
        key: format!("{table}.{}", array.name),
        encoding: array.spec.encoding.name().to_owned(),
        shape: array.spec.shape.map(|n| n as u64).to_array(),
        voxel_size_nm: size_nm.to_array(),
        channels: array.classes.len(),
        classes: array.classes.iter().flatten().cloned().collect(),
        sample_bytes: array.sample_bytes(),
        stored: volume.map(|volume| stored(volume, choose_level(volume.levels(), size_nm))),
    }
}

fn stored(volume: &Volume, index: usize) -> StoredSetup {
    let levels = volume.levels();
    let level = &levels[index];
    let size_nm = level.voxel_size_nm();
    let is_coarser = |other: &&Level| other.voxel_size_nm().product() > size_nm.product() * 1.01;
    let by_size = |a: &&Level, b: &&Level| a.voxel_size_nm().product().total_cmp(&b.voxel_size_nm().product());
    StoredSetup {
        path: volume.path().to_owned(),
        level: index,
        shape: level.shape.to_array(),
        voxel_size_nm: size_nm.to_array(),
        coarser_nm: levels.iter().filter(is_coarser).min_by(by_size).map(|level| level.voxel_size_nm().to_array()),
        chunk_shape: level.chunk_shape.to_array(),
        voxel_bytes: level.dtype.size_bytes() as u64,
        is_sharded: level.shard_shape.is_some(),
    }
}

/// The keys that `[augment]` sets.
fn augmentations(augment: &Augment) -> Vec<String> {
    let spatial = [
        ("mirror", augment.mirror.is_some()),
        ("transpose", augment.transpose.is_some()),
        ("planes", augment.planes.is_some()),
        ("rotate", augment.rotate.is_some()),
        ("scale", augment.scale.is_some()),
        ("shear", augment.shear.is_some()),
        ("elastic", augment.elastic.is_some()),
        ("misalign", augment.misalign.is_some()),
    ];
    let spatial = spatial.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name);
    let intensity = augment.intensity.iter().map(|operation| operation.key());
    spatial.chain(intensity).map(|name| format!("augment.{name}")).collect()
}
