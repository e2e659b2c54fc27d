//! Datasets in memory whose label voxels all differ, so that each can be told wherever it turns up.

use std::sync::Arc;

use microtome_core::catalog::{Catalog, ClassLabels, Dataset, LabelCrop};
use microtome_core::geometry::{GridTransform, Zyx};
use microtome_core::loader::LoaderConfig;
use microtome_core::store::open_memory;
use microtome_core::testing::{Fixture, FixtureLevel};
use microtome_core::volume::{DType, Volume};
use zarrs::array::{Array, ArraySubset};

/// Anisotropic voxels, off the origin by a fraction of a voxel.
pub const SIZE: Zyx<f64> = Zyx::new(16.0, 8.0, 4.0);
/// Voxels of every raw volume, in chunks of 16³.
pub const RAW: Zyx<u64> = Zyx::new(40, 60, 72);

fn transform(first_voxel: Zyx<u64>) -> GridTransform {
    GridTransform::new(SIZE, Zyx::new(-33.0, 17.5, 101.0) + first_voxel.map(|n| n as f64) * SIZE)
}

/// Raw of which so many 256ths of the chunks are not in the store.
fn raw(seed: u64, absent: u8) -> Arc<Volume> {
    let levels = vec![FixtureLevel { shape: RAW, world_from_voxel: transform(Zyx::splat(0)) }];
    let store = Fixture { levels, seed, absent, ..Fixture::default() }.write().unwrap();
    Arc::new(Volume::open_in(&open_memory(store, "memory"), "").unwrap())
}

/// A crop of one class whose voxels are numbered from 1.
fn crop(name: &str, first_voxel: Zyx<u64>, shape: Zyx<u64>) -> LabelCrop {
    let levels = vec![FixtureLevel { shape, world_from_voxel: transform(first_voxel) }];
    let fixture = Fixture { dtype: DType::U32, levels, ..Fixture::default() };
    let store = fixture.write().unwrap();
    let numbers: Vec<u32> = (1..=shape.product() as u32).collect();
    let array = Array::open(Arc::clone(&store), "/s0").unwrap();
    array.store_array_subset(&ArraySubset::new_with_shape(shape.to_array().to_vec()), &numbers[..]).unwrap();
    let volume = Arc::new(Volume::open_in(&open_memory(store, "memory"), "").unwrap());
    let bounds = volume.bounds();
    let labels = ClassLabels { class: "mito".to_owned(), volume, annotation: None };
    LabelCrop { name: name.to_owned(), classes: vec![labels], bounds }
}

/// Two datasets with three crops of odd sizes, one of them smaller than any patch below.
pub fn catalog(absent: u8) -> Arc<Catalog> {
    let dataset = |name: &str, seed, crops| Dataset { name: name.to_owned(), raw: raw(seed, absent), crops };
    let first = vec![
        crop("crop1", Zyx::new(3, 5, 7), Zyx::new(13, 29, 33)),
        crop("crop2", Zyx::new(20, 40, 50), Zyx::new(3, 5, 4)),
    ];
    // At the upper corner of its volume.
    let second = vec![crop("crop3", RAW - Zyx::new(17, 31, 9), Zyx::new(17, 31, 9))];
    Arc::new(Catalog { datasets: vec![dataset("a", 1, first), dataset("b", 2, second)], ..Catalog::default() })
}

/// Patches of 8 × 12 × 10 voxels; `more` are further tables and keys.
pub fn config(more: &str) -> LoaderConfig {
    let arrays = "
        [input.raw]
        shape = [8, 12, 10]
        voxel_size_nm = [16, 8, 4]
        encoding = \"u8\"
        [target.labels]
        shape = [8, 12, 10]
        voxel_size_nm = [16, 8, 4]
        encoding = \"ids\"
        ";
    LoaderConfig::from_toml(&format!("{arrays}{more}")).unwrap()
}
