//! A catalog as plain values: what `microtome info` shows, and writes as JSON.

use std::path::Path;

use serde::Serialize;

use super::{Catalog, Dataset, LabelCrop};
use crate::geometry::{BoxNm, Zyx};
use crate::ome::{self, Conformance, Node};
use crate::store::{Metered, join, open_local};
use crate::volume::{DType, Level, Volume};

/// Whether to add up the files of each array: exact, but it lists every chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskUse {
    /// List and add up.
    Measure,
    /// Leave `stored_bytes` out.
    Skip,
}

/// What a catalog holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CatalogInfo {
    /// In the catalog's order.
    pub datasets: Vec<DatasetInfo>,
    /// What was found but could not be used.
    pub warnings: Vec<String>,
}

/// One EM volume with its crops.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DatasetInfo {
    /// Name.
    pub name: String,
    /// The EM.
    pub raw: ImageInfo,
    /// Class names of all crops, sorted.
    pub classes: Vec<String>,
    /// In natural order.
    pub crops: Vec<CropInfo>,
}

/// One label crop.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CropInfo {
    /// Name.
    pub name: String,
    /// The box that all its classes cover, nm.
    pub bounds_nm: BoxNm,
    /// By class name.
    pub classes: Vec<ClassInfo>,
}

/// The labels of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassInfo {
    /// Class name.
    pub class: String,
    /// Its array.
    pub labels: ImageInfo,
}

/// One multiscale image, or a bare array as one level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImageInfo {
    /// Where it is.
    pub path: String,
    /// The version of OME-NGFF that it names, if it does.
    pub ngff_version: Option<String>,
    /// Whether its metadata conforms; `None` for a bare array.
    pub ngff: Option<Conformance>,
    /// Element type.
    pub dtype: DType,
    /// The finest level's box, nm.
    pub bounds_nm: BoxNm,
    /// Finest first.
    pub levels: Vec<LevelInfo>,
}

/// One array. Spatial values are z, y, x.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LevelInfo {
    /// Where it is.
    pub path: String,
    /// Path inside the image, such as `s0`; empty for a bare array.
    pub name: String,
    /// Voxels.
    pub shape: Zyx<u64>,
    /// NumPy's name of the element type.
    pub dtype: &'static str,
    /// nm.
    pub voxel_size_nm: Zyx<f64>,
    /// Centre of voxel 0, nm.
    pub translation_nm: Zyx<f64>,
    /// Voxels of the unit that is read and decoded at once.
    pub chunk_shape: Zyx<u64>,
    /// Voxels of a shard, for sharded arrays.
    pub shard_shape: Option<Zyx<u64>>,
    /// 2 or 3.
    pub zarr_format: u8,
    /// Outermost last.
    pub codecs: Vec<String>,
    /// Bytes of the whole array in memory.
    pub decoded_bytes: u64,
    /// Bytes of its files, metadata included; `None` if not measured.
    pub stored_bytes: Option<u64>,
}

/// Describes a catalog. Reads metadata, and with [`DiskUse::Measure`] lists files; what cannot be read is left out.
#[must_use]
pub fn describe(catalog: &Catalog, disk: DiskUse) -> CatalogInfo {
    CatalogInfo {
        datasets: catalog.datasets.iter().map(|dataset| describe_dataset(dataset, disk)).collect(),
        warnings: catalog.warnings.clone(),
    }
}

fn describe_dataset(dataset: &Dataset, disk: DiskUse) -> DatasetInfo {
    DatasetInfo {
        name: dataset.name.clone(),
        raw: describe_image(&dataset.raw, disk),
        classes: dataset.class_names(),
        crops: dataset.crops.iter().map(|crop| describe_crop(crop, disk)).collect(),
    }
}

fn describe_crop(crop: &LabelCrop, disk: DiskUse) -> CropInfo {
    let class = |labels: &super::ClassLabels| ClassInfo {
        class: labels.class.clone(),
        labels: describe_image(&labels.volume, disk),
    };
    CropInfo { name: crop.name.clone(), bounds_nm: crop.bounds, classes: crop.classes.iter().map(class).collect() }
}

fn describe_image(volume: &Volume, disk: DiskUse) -> ImageInfo {
    let store = open_local(Path::new(volume.path())).ok();
    let node = store.as_ref().and_then(|store| ome::read_node(&**store, "", volume.path()).ok().flatten());
    let image = node.as_ref().and_then(|node| ome::multiscales_of(&node.attributes, volume.path()).ok());
    let measured = store.as_deref().filter(|_| disk == DiskUse::Measure);
    ImageInfo {
        path: volume.path().to_owned(),
        ngff_version: image.and_then(|image| image.into_iter().next()?.version),
        ngff: node.and_then(|Node { attributes, zarr_format, .. }| ome::conformance(&attributes, zarr_format)),
        dtype: volume.dtype(),
        bounds_nm: volume.bounds(),
        levels: volume.levels().iter().map(|level| describe_level(volume, level, measured)).collect(),
    }
}

fn describe_level(volume: &Volume, level: &Level, store: Option<&Metered>) -> LevelInfo {
    let voxels = level.shape.to_array().into_iter().fold(1, u64::saturating_mul);
    LevelInfo {
        path: join(volume.path().trim_end_matches('/'), &level.path),
        name: level.path.clone(),
        shape: level.shape,
        dtype: level.dtype.name(),
        voxel_size_nm: level.world_from_voxel.voxel_size_nm,
        translation_nm: level.world_from_voxel.translation_nm,
        chunk_shape: level.chunk_shape,
        shard_shape: level.shard_shape,
        zarr_format: level.zarr_format,
        codecs: level.codecs.clone(),
        decoded_bytes: voxels.saturating_mul(level.dtype.size_bytes() as u64),
        stored_bytes: store.and_then(|store| store.stored_bytes(&level.path).ok()),
    }
}
