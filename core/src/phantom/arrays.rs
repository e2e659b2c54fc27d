//! The Zarr arrays of a phantom on disk: their metadata documents, and storing and reading back blocks of voxels.

use std::path::PathBuf;
use std::sync::Arc;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde_json::{Map, Value, json};
use zarrs::array::{Array, ArrayMetadata, ArraySubset, CodecOptions, Element, ElementOwned};
use zarrs::filesystem::FilesystemStore;

use super::spec::{LevelPlan, whole};
use crate::geometry::{VoxelBox, Zyx, chunk_windows};
use crate::ome::{NgffVersion, group_files};
use crate::write::io;
use crate::{Error, Result};

/// Side of a chunk (in a shard: of an inner chunk), voxels.
pub(super) const CHUNK: u64 = 64;

/// An element type that phantoms are stored in.
pub(super) trait Stored: Element + ElementOwned + Copy + Default + PartialEq + Send + Sync {
    /// Zarr v2's name.
    const V2: &'static str;
    /// Zarr v3's name.
    const V3: &'static str;
}

impl Stored for u8 {
    const V2: &'static str = "|u1";
    const V3: &'static str = "uint8";
}

impl Stored for u32 {
    const V2: &'static str = "<u4";
    const V3: &'static str = "uint32";
}

/// The folder that a phantom is written to.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) root: PathBuf,
    pub(super) format: NgffVersion,
    store: Arc<FilesystemStore>,
}

impl Site {
    pub(super) fn new(root: PathBuf, format: NgffVersion) -> Result<Self> {
        let store = FilesystemStore::new(&root).map_err(|error| io("create", &root, std::io::Error::other(error)))?;
        Ok(Self { root, format, store: Arc::new(store) })
    }

    /// Makes `key` a Zarr group.
    pub(super) fn group(&self, key: &str, attributes: &Map<String, Value>) -> Result<()> {
        self.files(key, group_files(self.format, attributes))
    }

    /// An array to fill; `block` is the most that is stored at once (in Zarr v3 a shard), a multiple of [`CHUNK`].
    pub(super) fn array<T: Stored>(&self, key: &str, level: &LevelPlan, block: u64) -> Result<Target> {
        let block = level.shape.map(|n| n.next_multiple_of(CHUNK).min(block));
        let document = document::<T>(self.format, level.shape, block);
        let path = self.root.join(key);
        let refused = |reason: String| Error::Codec { path: path.display().to_string(), reason };
        let metadata: ArrayMetadata =
            serde_json::from_value(document.clone()).map_err(|error| refused(error.to_string()))?;
        let array = Array::new_with_metadata(self.store.clone(), &format!("/{key}"), metadata)
            .map_err(|error| refused(error.to_string()))?;
        Ok(Target { site: self.clone(), key: key.to_owned(), array, document, level: *level, block })
    }

    fn files(&self, key: &str, files: Vec<(&'static str, Vec<u8>)>) -> Result<()> {
        let folder = self.root.join(key);
        std::fs::create_dir_all(&folder).map_err(|error| io("create", &folder, error))?;
        for (name, bytes) in files {
            let path = folder.join(name);
            std::fs::write(&path, bytes).map_err(|error| io("write", &path, error))?;
        }
        Ok(())
    }
}

/// An array that is being written.
pub(super) struct Target {
    site: Site,
    key: String,
    array: Array<FilesystemStore>,
    document: Value,
    level: LevelPlan,
    block: Zyx<u64>,
}

/// The boxes in which to fill an array, one after the other: together all of it, each at most `block` voxels a side.
pub(super) fn blocks(level: &LevelPlan, block: u64) -> impl Iterator<Item = VoxelBox> + use<> {
    chunk_windows(&whole(level), level.shape, Zyx::splat(block)).map(|window| window.voxels)
}

impl Target {
    /// Stores one of [`blocks`], C order. Chunks of zeros are left out.
    pub(super) fn store<T: Stored>(&self, block: &VoxelBox, values: &[T]) -> Result<()> {
        let unit = match self.site.format {
            NgffVersion::V04 => Zyx::splat(CHUNK),
            NgffVersion::V05 => self.block,
        };
        let windows: Vec<_> = chunk_windows(block, self.level.shape, unit).collect();
        // With more, inner chunks would stand in a shard in the order in which they happen to be done.
        let options = CodecOptions::default().with_concurrent_target(1);
        windows.into_par_iter().try_for_each(|window| {
            let part = padded(values, block, &window.voxels, unit);
            self.array
                .store_chunk_opt(&window.chunk.to_array(), part, &options)
                .map_err(|error| io("write", &self.path(), std::io::Error::other(error)))
        })
    }

    /// Reads back a box of what was stored.
    pub(super) fn read<T: Stored>(&self, region: &VoxelBox) -> Result<Vec<T>> {
        let range = |lo: i64, hi: i64| lo.unsigned_abs()..hi.unsigned_abs();
        let (lo, hi) = (region.lo, region.hi);
        let subset = ArraySubset::new_with_ranges(&[range(lo.z, hi.z), range(lo.y, hi.y), range(lo.x, hi.x)]);
        self.array
            .retrieve_array_subset(&subset)
            .map_err(|error| io("read", &self.path(), std::io::Error::other(error)))
    }

    /// Writes the metadata: from now on the array is there.
    pub(super) fn finish(self, attributes: Map<String, Value>) -> Result<()> {
        let text = |document: &Value| format!("{document:#}\n").into_bytes();
        let Self { mut document, site, key, .. } = self;
        match site.format {
            NgffVersion::V04 => {
                let attributes = Value::Object(attributes);
                site.files(&key, vec![(".zarray", text(&document)), (".zattrs", text(&attributes))])
            }
            NgffVersion::V05 => {
                document["attributes"] = Value::Object(attributes);
                site.files(&key, vec![("zarr.json", text(&document))])
            }
        }
    }

    fn path(&self) -> PathBuf {
        self.site.root.join(&self.key)
    }
}

/// The voxels of `window`, which lies in `block`, at the beginning of a chunk of `unit`, the rest 0.
fn padded<T: Stored>(values: &[T], block: &VoxelBox, window: &VoxelBox, unit: Zyx<u64>) -> Vec<T> {
    let (shape, unit) = (block.shape().map(|n| n as usize), unit.map(|n| n as usize));
    let size = window.shape().map(|n| n as usize);
    let at = (window.lo - block.lo).map(|i| i as usize);
    let mut out = vec![T::default(); unit.product()];
    for z in 0..size.z {
        for y in 0..size.y {
            let from = ((at.z + z) * shape.y + at.y + y) * shape.x + at.x;
            let to = (z * unit.y + y) * unit.x;
            out[to..to + size.x].copy_from_slice(&values[from..from + size.x]);
        }
    }
    out
}

/// The metadata document of an array, without attributes.
fn document<T: Stored>(format: NgffVersion, shape: Zyx<u64>, block: Zyx<u64>) -> Value {
    // Bit shuffle for grey values (their low bits are noise), byte shuffle for ids.
    let bytes = size_of::<T>();
    let chunk = [CHUNK; 3];
    match format {
        NgffVersion::V04 => json!({
            "zarr_format": 2, "shape": shape, "chunks": chunk, "dtype": T::V2, "fill_value": 0, "order": "C",
            "filters": null, "dimension_separator": "/",
            "compressor": {
                "id": "blosc", "cname": "zstd", "clevel": 5, "shuffle": if bytes == 1 { 2 } else { 1 }, "blocksize": 0,
            },
        }),
        NgffVersion::V05 => {
            let endian = if bytes == 1 { json!({"name": "bytes"}) } else { little_endian() };
            let shuffle = if bytes == 1 { "bitshuffle" } else { "shuffle" };
            let blosc = json!({"typesize": bytes, "cname": "zstd", "clevel": 5, "shuffle": shuffle, "blocksize": 0});
            json!({
                "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": T::V3, "fill_value": 0,
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": block}},
                "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
                "codecs": [{"name": "sharding_indexed", "configuration": {
                    "chunk_shape": chunk,
                    "codecs": [endian, {"name": "blosc", "configuration": blosc}],
                    "index_codecs": [little_endian(), {"name": "crc32c"}],
                    "index_location": "end",
                }}],
                "dimension_names": ["z", "y", "x"],
            })
        }
    }
}

fn little_endian() -> Value {
    json!({"name": "bytes", "configuration": {"endian": "little"}})
}
