//! Small random pyramids in any format, written through zarrs' own writer.

use std::sync::Arc;

use serde_json::{Value, json};
use zarrs::array::{Array, ArrayBytes, ArraySubset};
use zarrs::storage::store::MemoryStore;
use zarrs::storage::{StoreKey, WritableStorageTraits};

use crate::geometry::{Axis, GridTransform, Zyx};
use crate::volume::DType;

/// What can go wrong while a fixture is written.
pub type FixtureResult<T> = Result<T, Box<dyn std::error::Error>>;

/// How the arrays are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArrayFormat {
    /// Zarr 2 with zlib.
    V2 {
        /// Chunks in order F.
        fortran: bool,
    },
    /// Zarr 3 with gzip.
    V3 {
        /// A transpose that reverses the axes.
        transpose: bool,
    },
    /// Zarr 3, sharded, zstd inside.
    Sharded {
        /// Chunks per shard and axis.
        per_shard: Zyx<u64>,
        /// Index before the chunks, else behind.
        index_at_start: bool,
        /// A transpose that reverses the axes, before the sharding.
        transpose: bool,
    },
}

/// One level.
#[derive(Debug, Clone, PartialEq)]
pub struct FixtureLevel {
    /// Voxels.
    pub shape: Zyx<u64>,
    /// World from voxel, nm.
    pub world_from_voxel: GridTransform,
}

/// A pyramid to be written. Its levels hold unrelated random values, so that a wrong level shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Fixture {
    /// Storage format.
    pub format: ArrayFormat,
    /// Array axes, slowest first, such as `tczyx`, `xyz` or `yx`. Others than z, y, x have 2 entries.
    pub axes: String,
    /// Element type; [`Fixture::boolean`] makes `bool` of `U8`.
    pub dtype: DType,
    /// Store `bool`.
    pub boolean: bool,
    /// Bytes of an element swapped on disk.
    pub big_endian: bool,
    /// Voxels of a chunk (of an inner chunk, if sharded).
    pub chunk: Zyx<u64>,
    /// Value of absent chunks, 0–100.
    pub fill: u8,
    /// Share of chunks that are absent, in 256ths.
    pub absent: u8,
    /// Finest first; their paths are `s0`, `s1`, …
    pub levels: Vec<FixtureLevel>,
    /// Same seed, same values.
    pub seed: u64,
}

impl Default for Fixture {
    /// One level of 40 × 50 × 60 `u8` voxels of 8 nm, Zarr 3, chunks of 16³, none absent.
    fn default() -> Self {
        let world_from_voxel = GridTransform::new(Zyx::splat(8.0), Zyx::splat(0.0));
        Self {
            format: ArrayFormat::V3 { transpose: false },
            axes: "zyx".to_owned(),
            dtype: DType::U8,
            boolean: false,
            big_endian: false,
            chunk: Zyx::splat(16),
            fill: 0,
            absent: 0,
            levels: vec![FixtureLevel { shape: Zyx::new(40, 50, 60), world_from_voxel }],
            seed: 1,
        }
    }
}

/// A stream of well-mixed numbers (splitmix64, <https://prng.di.unimi.it/splitmix64.c>).
#[derive(Debug, Clone, Copy)]
struct Mix(u64);

impl Mix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl Fixture {
    /// Writes the image group at the root of a memory store.
    ///
    /// # Errors
    /// What zarrs says about the metadata or the chunks.
    pub fn write(&self) -> FixtureResult<Arc<MemoryStore>> {
        let store = Arc::new(MemoryStore::new());
        self.write_group(&store)?;
        for index in 0..self.levels.len() {
            self.write_level(&store, index)?;
        }
        Ok(store)
    }

    /// The array dimensions in order: its axis name, and the spatial axis that it is.
    fn dims(&self) -> Vec<(char, Option<Axis>)> {
        let axis = |name: char| Axis::ALL.into_iter().find(|axis| axis.name().starts_with(name));
        self.axes.chars().map(|name| (name, axis(name))).collect()
    }

    fn per_dim(&self, spatial: Zyx<u64>, other: u64) -> Vec<u64> {
        self.dims().into_iter().map(|(_, axis)| axis.map_or(other, |axis| spatial[axis])).collect()
    }

    fn write_group(&self, store: &MemoryStore) -> FixtureResult<()> {
        let axes = self.dims().into_iter().map(|(name, axis)| match (name, axis) {
            (name, Some(_)) => json!({"name": name.to_string(), "type": "space", "unit": "nanometer"}),
            ('t', None) => json!({"name": "t", "type": "time"}),
            (name, None) => json!({"name": name.to_string(), "type": "channel"}),
        });
        let axes: Vec<_> = axes.collect();
        let vector = |v: Zyx<f64>, other: f64| -> Vec<f64> {
            self.dims().into_iter().map(|(_, axis)| axis.map_or(other, |axis| v[axis])).collect()
        };
        let dataset = |(index, level): (usize, &FixtureLevel)| {
            let GridTransform { voxel_size_nm, translation_nm } = level.world_from_voxel;
            json!({"path": format!("s{index}"), "coordinateTransformations": [
                {"type": "scale", "scale": vector(voxel_size_nm, 1.0)},
                {"type": "translation", "translation": vector(translation_nm, 0.0)},
            ]})
        };
        let datasets: Vec<_> = self.levels.iter().enumerate().map(dataset).collect();
        let multiscales = |version: &str| json!([{"version": version, "axes": axes, "datasets": datasets}]);
        if let ArrayFormat::V2 { .. } = self.format {
            set(store, ".zgroup", &json!({"zarr_format": 2}))?;
            return set(store, ".zattrs", &json!({"multiscales": multiscales("0.4")}));
        }
        let ome = json!({"version": "0.5", "multiscales": multiscales("0.5")});
        set(store, "zarr.json", &json!({"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}))
    }

    fn write_level(&self, store: &Arc<MemoryStore>, index: usize) -> FixtureResult<()> {
        let shape = self.per_dim(self.levels[index].shape, 2);
        let file = if matches!(self.format, ArrayFormat::V2 { .. }) { ".zarray" } else { "zarr.json" };
        set(store, &format!("s{index}/{file}"), &self.array_metadata(&shape))?;
        let array = Array::open(Arc::clone(store), &format!("/s{index}"))?;
        let bytes = self.elements(&shape, self.seed.wrapping_add(index as u64));
        array.store_array_subset(&ArraySubset::new_with_shape(shape), ArrayBytes::new_flen(bytes))?;
        Ok(())
    }

    fn array_metadata(&self, shape: &[u64]) -> Value {
        let chunk = self.per_dim(self.chunk, 1);
        let fill = if self.boolean { json!(self.fill != 0) } else { json!(self.fill) };
        let ArrayFormat::V2 { fortran } = self.format else {
            let (grid, codecs) = self.codecs_v3(&chunk);
            return json!({
                "zarr_format": 3, "node_type": "array", "shape": shape, "fill_value": fill, "codecs": codecs,
                "data_type": if self.boolean { "bool" } else { self.dtype.name() },
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": grid}},
                "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            });
        };
        json!({
            "zarr_format": 2, "shape": shape, "chunks": chunk, "dtype": self.dtype_v2(), "fill_value": fill,
            "order": if fortran { "F" } else { "C" }, "filters": null, "dimension_separator": "/",
            "compressor": {"id": "zlib", "level": 1},
        })
    }

    fn dtype_v2(&self) -> String {
        let kind = match self.dtype {
            _ if self.boolean => return "|b1".to_owned(),
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => 'u',
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => 'i',
            DType::F16 | DType::F32 | DType::F64 => 'f',
        };
        let size = self.dtype.size_bytes();
        let order = match (size, self.big_endian) {
            (1, _) => '|',
            (_, true) => '>',
            (_, false) => '<',
        };
        format!("{order}{kind}{size}")
    }

    /// Shape of the chunk grid's chunks, and the codecs.
    fn codecs_v3(&self, chunk: &[u64]) -> (Vec<u64>, Value) {
        let order: Vec<usize> = (0..chunk.len()).rev().collect();
        let transpose = json!({"name": "transpose", "configuration": {"order": order}});
        let endian = if self.big_endian { "big" } else { "little" };
        let bytes = json!({"name": "bytes", "configuration": {"endian": endian}});
        let (grid, inner) = match &self.format {
            ArrayFormat::Sharded { per_shard, index_at_start, transpose } => {
                let mut inner_shape = chunk.to_vec();
                if *transpose {
                    inner_shape.reverse();
                }
                let grid = self.per_dim(self.chunk * *per_shard, 2);
                let sharding = json!({"name": "sharding_indexed", "configuration": {
                    "chunk_shape": inner_shape,
                    "codecs": [bytes, {"name": "zstd", "configuration": {"level": 1, "checksum": false}}],
                    "index_codecs": [
                        {"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
                    "index_location": if *index_at_start { "start" } else { "end" },
                }});
                (grid, vec![sharding])
            }
            _ => (chunk.to_vec(), vec![bytes, json!({"name": "gzip", "configuration": {"level": 1}})]),
        };
        let transposed = match self.format {
            ArrayFormat::V3 { transpose } | ArrayFormat::Sharded { transpose, .. } => transpose,
            ArrayFormat::V2 { .. } => false,
        };
        (grid, if transposed { [vec![transpose], inner].concat().into() } else { inner.into() })
    }

    /// Native-endian elements of a whole array, C order; absent chunks hold the fill value.
    fn elements(&self, shape: &[u64], seed: u64) -> Vec<u8> {
        let chunk = self.per_dim(self.chunk, 1);
        let mut mix = Mix(seed);
        let count: u64 = shape.iter().product();
        let mut bytes = Vec::with_capacity(count as usize * self.dtype.size_bytes());
        for at in 0..count {
            let mut rest = at;
            // A number for the chunk that the element is in, mixed with the seed: so each chunk flips its own coin.
            let mut chunk_number = seed;
            for (extent, chunk) in shape.iter().zip(&chunk).rev() {
                chunk_number = Mix(chunk_number ^ (rest % extent / chunk)).next();
                rest /= extent;
            }
            let random = mix.next();
            let absent = chunk_number % 256 < u64::from(self.absent);
            self.push_element(if absent { None } else { Some(random) }, &mut bytes);
        }
        bytes
    }

    fn push_element(&self, random: Option<u64>, bytes: &mut Vec<u8>) {
        let random_or_fill = random.unwrap_or(u64::from(self.fill));
        // Floats in -0.25 to 1.25: some are out of the range that raw is expected in.
        let float = random.map_or(f64::from(self.fill), |random| (random % 1000) as f64 / 666.0 - 0.25);
        match self.dtype {
            DType::U8 if self.boolean => bytes.push(u8::from(random.map_or(self.fill != 0, |random| random % 2 == 1))),
            DType::F16 => bytes.extend(half::f16::from_f64(float).to_ne_bytes()),
            DType::F32 => bytes.extend((float as f32).to_ne_bytes()),
            DType::F64 => bytes.extend(float.to_ne_bytes()),
            DType::U8 | DType::I8 => bytes.extend((random_or_fill as u8).to_ne_bytes()),
            DType::U16 | DType::I16 => bytes.extend((random_or_fill as u16).to_ne_bytes()),
            DType::U32 | DType::I32 => bytes.extend((random_or_fill as u32).to_ne_bytes()),
            DType::U64 | DType::I64 => bytes.extend(random_or_fill.to_ne_bytes()),
        }
    }
}

fn set(store: &MemoryStore, key: &str, document: &Value) -> FixtureResult<()> {
    Ok(store.set(&StoreKey::new(key)?, serde_json::to_vec(document)?.into())?)
}
