//! An OME-Zarr 0.4 image of one level: Zarr v2, blosc with zstd.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use zarrs::array::{Array, ArrayMetadata, Element};
use zarrs::filesystem::FilesystemStore;

use super::export::{Export, ReadPart};
use super::io;
use crate::geometry::{VoxelBox, Zyx, chunk_windows};
use crate::ome::{NgffVersion, group_files, multiscale_attributes};
use crate::volume::{DType, Volume};
use crate::{Error, Result, with_buffer};

/// Side of what is read at a time, voxels, if a chunk is not longer.
const BLOCK: u64 = 256;
/// The only level.
const LEVEL: &str = "s0";

/// Writes a box block by block. False if `read` broke off.
pub(super) fn write(volume: &Volume, export: &Export, path: &Path, read: &mut ReadPart<'_>) -> Result<bool> {
    let failed = |reason: String| io("write", path, std::io::Error::other(reason));
    let shape = export.voxels.shape();
    let store = FilesystemStore::new(path).map_err(|error| failed(error.to_string()))?;
    let chunk_shape = export.chunk_shape.map(|side| side.max(1));
    let document = document(volume.dtype(), shape, chunk_shape);
    let metadata: ArrayMetadata = serde_json::from_value(document.clone())
        .map_err(|error| Error::Codec { path: path.display().to_string(), reason: error.to_string() })?;
    let array = Array::new_with_metadata(Arc::new(store), &format!("/{LEVEL}"), metadata)
        .map_err(|error| failed(error.to_string()))?;
    files(path, &group_files(NgffVersion::V04, &attributes(volume, export)))?;
    for block in chunk_windows(&VoxelBox::of_shape(shape), shape, block_of(chunk_shape)) {
        let at = |corner: Zyx<i64>| corner + export.voxels.lo;
        let part = VoxelBox::new(at(block.voxels.lo), at(block.voxels.hi));
        let ControlFlow::Continue(values) = read(&part)? else { return Ok(false) };
        with_buffer!(&values, values => store_block(&array, &block.voxels, values)).map_err(failed)?;
    }
    // Last: from now on the array is there.
    files(&path.join(LEVEL), &[(".zarray", format!("{document:#}\n").into_bytes())])?;
    Ok(true)
}

fn store_block<T: Element>(
    array: &Array<FilesystemStore>,
    block: &VoxelBox,
    values: &[T],
) -> std::result::Result<(), String> {
    let range = |lo: i64, hi: i64| lo.unsigned_abs()..hi.unsigned_abs();
    let VoxelBox { lo, hi } = block;
    let subset = [range(lo.z, hi.z), range(lo.y, hi.y), range(lo.x, hi.x)];
    array.store_array_subset(&subset, values).map_err(|error| error.to_string())
}

fn attributes(volume: &Volume, export: &Export) -> Map<String, Value> {
    multiscale_attributes(NgffVersion::V04, volume.name(), &[(LEVEL, export.world_from_voxel(volume))])
}

/// Whole chunks, so that each is written once.
fn block_of(chunk_shape: Zyx<u64>) -> Zyx<u64> {
    chunk_shape.map(|side| side * (BLOCK / side).max(1))
}

/// The metadata document of the array.
fn document(dtype: DType, shape: Zyx<u64>, chunk_shape: Zyx<u64>) -> Value {
    let bytes = dtype.size_bytes();
    // Bit shuffle for grey values (their low bits are noise), byte shuffle for ids.
    let shuffle = if bytes == 1 { 2 } else { 1 };
    json!({
        "zarr_format": 2, "shape": shape, "chunks": chunk_shape, "dtype": super::npy::descr(dtype, '<'),
        "fill_value": 0, "order": "C", "filters": null, "dimension_separator": "/",
        "compressor": {"id": "blosc", "cname": "zstd", "clevel": 5, "shuffle": shuffle, "blocksize": 0},
    })
}

fn files(folder: &Path, files: &[(&'static str, Vec<u8>)]) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| io("create", folder, error))?;
    files.iter().try_for_each(|(name, bytes)| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).map_err(|error| io("write", &path, error))
    })
}
