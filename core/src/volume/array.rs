//! One array of a volume: opened, its units read and decoded one by one, delivered in z, y, x order.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use zarrs::array::{Array, ArrayCreateError, ArrayToBytesCodecTraits, CodecOptions};
use zarrs::plugin::{ExtensionName, ZarrVersion};
use zarrs::storage::byte_range::ByteRange;
use zarrs::storage::{Bytes, ReadableStorageTraits, StorageError, StoreKey};

use super::layout::{Layout, codec_names};
use super::shard::ShardIndex;
use super::{Buffer, Chunk, DType, Level, Voxel};
use crate::geometry::{Axis, GridTransform, Zyx};
use crate::store::{self, Metered};
use crate::{Error, Result, with_buffer, with_dtype};

/// Which dimension of an array is which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dims {
    /// z, y and x, by the array's own dimensions.
    pub(super) spatial: Zyx<Option<usize>>,
    /// The channels.
    pub(super) channel: Option<usize>,
}

/// An open array. `stored_of` tells which dimension of a decoded unit is z, y and x; of others but the channels only the
/// first entry is read.
pub(super) struct LevelArray {
    array: Array<Metered>,
    path: String,
    dtype: DType,
    fill: Buffer,
    layout: Layout,
    dims: Dims,
    stored_of: Zyx<Option<usize>>,
    stored_channel: Option<usize>,
    unit_shape: Zyx<usize>,
}

impl LevelArray {
    /// Opens the array at `key`. `dims` tells which of its dimensions is which.
    pub(super) fn open(
        store: &Arc<Metered>,
        key: &str,
        dims: impl FnOnce(&Array<Metered>) -> Result<Dims>,
    ) -> Result<Self> {
        let path = store.path_of(key);
        let array = Array::open(Arc::clone(store), &format!("/{key}")).map_err(|error| open_error(&path, error))?;
        let dtype = dtype_of(&array, &path)?;
        let dims = dims(&array)?;
        let layout = Layout::of(&array, dtype.size_bytes(), &path)?;
        let stored_of = layout.stored_of(dims.spatial);
        let stored_channel = layout.stored_of(Zyx::new(dims.channel, None, None)).z;
        let extent = |dim: usize| usize::try_from(layout.unit_shape[dim].get()).unwrap_or(usize::MAX);
        let unit_shape = stored_of.map(|dim| dim.map_or(1, extent));
        let fill = Buffer::from_bytes(dtype, array.fill_value().as_ne_bytes())
            .filter(|fill| fill.len() == 1)
            .unwrap_or_else(|| Buffer::zeros(dtype, 1));
        Ok(Self { array, path, dtype, fill, layout, dims, stored_of, stored_channel, unit_shape })
    }

    /// What the array is, as plain values; `path` is the level's path in its group.
    pub(super) fn describe(&self, path: &str, world_from_voxel: GridTransform) -> Level {
        let metadata = self.array.metadata();
        let along = |extent: &dyn Fn(usize) -> u64, dims: Zyx<Option<usize>>| dims.map(|dim| dim.map_or(1, extent));
        let shard_extent = |dim: usize| {
            let per_shard = self.layout.shards.as_ref().map_or(1, |shards| shards.per_shard[dim]);
            self.layout.unit_shape[dim].get() * per_shard
        };
        Level {
            path: path.to_owned(),
            shape: along(&|dim| self.array.shape()[dim], self.dims.spatial),
            chunk_shape: along(&|dim| self.layout.unit_shape[dim].get(), self.stored_of),
            shard_shape: self.layout.shards.is_some().then(|| along(&shard_extent, self.stored_of)),
            dtype: self.dtype,
            world_from_voxel,
            fill_value: with_buffer!(&self.fill, fill => fill[0].to_f64()),
            zarr_format: match metadata {
                zarrs::array::ArrayMetadata::V2(_) => 2,
                zarrs::array::ArrayMetadata::V3(_) => 3,
            },
            codecs: codec_names(metadata),
        }
    }

    /// A dimension of which only the first entry is read, in words.
    pub(super) fn ignored_dimensions(&self) -> Option<String> {
        let mut read = self.dims.spatial.to_array().to_vec();
        read.push(self.dims.channel);
        super::oddities::of_dimensions(self.array.shape(), &read)
    }

    /// How many channels there are.
    pub(super) fn channels(&self) -> u64 {
        self.dims.channel.map_or(1, |dim| self.array.shape()[dim])
    }

    /// Element type.
    pub(super) const fn dtype(&self) -> DType {
        self.dtype
    }

    /// One element: the value of absent chunks.
    pub(super) const fn fill(&self) -> &Buffer {
        &self.fill
    }

    /// Number of dimensions of the array itself.
    pub(super) fn dimensionality(&self) -> usize {
        self.array.dimensionality()
    }

    /// Path for messages.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Reads and decodes the unit of one channel at `chunk`; `None` if it is absent. `index` finds the index of a shard (its position
    /// in the shard grid is given, and how to read it if it is not at hand).
    pub(super) fn read_unit(
        &self,
        (chunk, channel): (Zyx<u64>, u64),
        index: impl FnOnce(Zyx<u64>, &dyn Fn() -> Result<Option<ShardIndex>>) -> Result<Option<Arc<ShardIndex>>>,
    ) -> Result<Option<Chunk>> {
        let (unit, entry) = self.unit_at((chunk, channel));
        let encoded = match &self.layout.shards {
            None => self.read(&self.array.chunk_key(&unit), None, &unit)?,
            Some(shards) => {
                let (shard, place) = shards.locate(&unit);
                let key = self.array.chunk_key(&self.layout.in_array_order(&shard));
                let read_index = || match self.read(&key, Some(shards.index_range), &unit)? {
                    None => Ok(None),
                    Some(bytes) => self.guard(&unit, || shards.decode_index(&bytes, &codec_options())).map(Some),
                };
                let index = index(self.in_space(&shard), &read_index)?;
                let range = index.map_or(Ok(None), |index| index.range(place));
                match range.map_err(|reason| self.damaged(&unit, reason))? {
                    None => None,
                    Some(range) => self.read(&key, Some(range), &unit)?,
                }
            }
        };
        encoded.map(|bytes| self.decode(bytes, &unit, entry)).transpose()
    }

    /// The shard that a unit of one channel lies in, by its position in the shard grid; `None` without shards.
    pub(super) fn shard_of(&self, at: (Zyx<u64>, u64)) -> Option<Zyx<u64>> {
        let shards = self.layout.shards.as_ref()?;
        let (shard, _) = shards.locate(&self.unit_at(at).0);
        Some(self.in_space(&shard))
    }

    /// The unit of one channel at `chunk`, in stored order, and the channel's place in it.
    fn unit_at(&self, (chunk, channel): (Zyx<u64>, u64)) -> (Vec<u64>, usize) {
        let mut unit = self.layout.unit_at(chunk, self.stored_of);
        let Some(dim) = self.stored_channel else { return (unit, 0) };
        let extent = self.layout.unit_shape[dim].get();
        unit[dim] = channel / extent;
        (unit, (channel % extent) as usize)
    }

    /// Of indices in stored order those along z, y and x.
    fn in_space(&self, stored: &[u64]) -> Zyx<u64> {
        self.stored_of.map(|dim| dim.map_or(0, |dim| stored[dim]))
    }

    fn read(&self, key: &StoreKey, range: Option<ByteRange>, unit: &[u64]) -> Result<Option<Bytes>> {
        let store = self.array.storage();
        let bytes = match range {
            None => store.get(key),
            Some(range) => store.get_partial(key, range),
        };
        bytes.map_err(|error| match error {
            StorageError::InvalidByteRangeError(_) => self.damaged(unit, format!("the file ends too early: {error}")),
            StorageError::IOError(source) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
                self.damaged(unit, "the file ends too early".to_owned())
            }
            error => store::storage_error("read", store.path_of(key.as_str()), error),
        })
    }

    /// Decodes a unit; `entry` is the channel's place in it.
    fn decode(&self, encoded: Bytes, unit: &[u64], entry: usize) -> Result<Chunk> {
        let decoded = self.guard(unit, || {
            let (shape, data_type, fill) = (&self.layout.unit_shape, self.array.data_type(), self.array.fill_value());
            let encoded = Cow::Owned(Vec::from(encoded));
            let decoded = self.layout.codecs.decode(encoded, shape, data_type, fill, &codec_options());
            let decoded = decoded.map_err(|error| error.to_string())?;
            decoded.into_fixed().map_err(|error| error.to_string())
        })?;
        let expected = self.layout.unit_shape.iter().map(|extent| extent.get()).product::<u64>();
        let expected_bytes = expected * self.dtype.size_bytes() as u64;
        if decoded.len() as u64 != expected_bytes {
            return Err(self.damaged(unit, format!("{} bytes instead of {expected_bytes}", decoded.len())));
        }
        Ok(Chunk::new(self.unit_shape, self.in_zyx_order(decoded, entry)))
    }

    fn in_zyx_order(&self, decoded: Cow<'_, [u8]>, entry: usize) -> Buffer {
        let mut data = match self.dtype {
            DType::U8 => Buffer::U8(decoded.into_owned()),
            // The length was checked.
            dtype => Buffer::from_bytes(dtype, &decoded).unwrap_or_else(|| Buffer::zeros(dtype, 0)),
        };
        if self.array.data_type().is::<zarrs::array::data_type::BoolDataType>()
            && let Buffer::U8(data) = &mut data
        {
            data.iter_mut().for_each(|value| *value = u8::from(*value != 0));
        }
        let strides = c_strides(&self.layout.unit_shape.iter().map(|n| n.get() as usize).collect::<Vec<_>>());
        let stride = self.stored_of.map(|dim| dim.map_or(0, |dim| strides[dim]));
        let first = self.stored_channel.map_or(0, |dim| entry * strides[dim]);
        let shape = self.unit_shape;
        if data.len() == shape.product() && stride_fits(stride, shape) {
            return data;
        }
        with_dtype!(self.dtype, T => {
            let from = T::elements_of(&data).unwrap_or_default();
            let mut to = Vec::with_capacity(shape.product());
            for z in 0..shape.z {
                for y in 0..shape.y {
                    let row = first + z * stride.z + y * stride.y;
                    to.extend((0..shape.x).map(|x| from[row + x * stride.x]));
                }
            }
            T::into_buffer(to)
        })
    }

    /// Runs a decoder; its error, or a panic inside it, says that the unit is damaged.
    fn guard<T>(&self, unit: &[u64], decode: impl FnOnce() -> Result<T, String>) -> Result<T> {
        match std::panic::catch_unwind(AssertUnwindSafe(decode)) {
            Ok(decoded) => decoded.map_err(|reason| self.damaged(unit, reason)),
            Err(_) => Err(self.damaged(unit, "its decoder gave up".to_owned())),
        }
    }

    fn damaged(&self, unit: &[u64], reason: String) -> Error {
        Error::ChunkDamaged { path: self.path.clone(), chunk: self.layout.in_array_order(unit), reason }
    }
}

/// Decoding runs on the calling thread alone. A worker that waited inside zarrs' own parallel loops would run other
/// workers' jobs meanwhile, and could come to wait for the very chunk that it is decoding.
fn codec_options() -> CodecOptions {
    CodecOptions::default().with_concurrent_target(1)
}

/// True if elements of these strides already lie in C order. The stride of an axis of one voxel does not matter.
fn stride_fits(stride: Zyx<usize>, shape: Zyx<usize>) -> bool {
    let c_order = Zyx::new(shape.y * shape.x, shape.x, 1);
    Axis::ALL.into_iter().all(|axis| shape[axis] == 1 || stride[axis] == c_order[axis])
}

fn c_strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for dim in (1..shape.len()).rev() {
        strides[dim - 1] = strides[dim] * shape[dim];
    }
    strides
}

fn dtype_of(array: &Array<Metered>, path: &str) -> Result<DType> {
    let name = array.data_type().name(ZarrVersion::V3).unwrap_or_default();
    Ok(match &*name {
        "bool" | "uint8" => DType::U8,
        "uint16" => DType::U16,
        "uint32" => DType::U32,
        "uint64" => DType::U64,
        "int8" => DType::I8,
        "int16" => DType::I16,
        "int32" => DType::I32,
        "int64" => DType::I64,
        "float16" => DType::F16,
        "float32" => DType::F32,
        "float64" => DType::F64,
        _ => return Err(Error::DataType { path: path.to_owned(), got: array.data_type().to_string() }),
    })
}

/// zarrs' words, and how to have the codec if this build left it out.
fn codec_reason(words: String) -> String {
    let left_out = cfg!(not(feature = "native-codecs")) && ["zfp", "gdeflate"].iter().any(|name| words.contains(name));
    if left_out { format!("{words}: Microtome built with the feature native-codecs reads it") } else { words }
}

fn open_error(path: &str, error: ArrayCreateError) -> Error {
    let path = path.to_owned();
    match error {
        ArrayCreateError::DataTypeCreateError(error) => Error::DataType { path, got: error.to_string() },
        ArrayCreateError::CodecsCreateError(_)
        | ArrayCreateError::StorageTransformersCreateError(_)
        | ArrayCreateError::UnsupportedZarrV2Array(_) => Error::Codec { path, reason: codec_reason(error.to_string()) },
        ArrayCreateError::StorageError(StorageError::InvalidMetadata(key, got)) => Error::Metadata {
            path,
            field: key.as_str().rsplit('/').next().unwrap_or_default().to_owned(),
            expected: "array metadata of Zarr 2 or 3".to_owned(),
            got,
        },
        ArrayCreateError::StorageError(error) => store::storage_error("read", path, error),
        ArrayCreateError::MissingMetadata => Error::NotZarr {
            path,
            hint: "the group lists it as a level; restore it or remove it from the list".to_owned(),
        },
        error => Error::Metadata {
            path,
            field: "array".to_owned(),
            expected: "array metadata that fits together".to_owned(),
            got: error.to_string(),
        },
    }
}
