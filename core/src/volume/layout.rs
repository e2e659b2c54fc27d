//! How an array is cut into units (chunks, or inner chunks of shards), from its metadata.

use std::num::NonZeroU64;
use std::sync::Arc;

use zarrs::array::codec::{CodecChain, ShardingCodecConfigurationV1, TransposeCodec};
use zarrs::array::{Array, ArrayMetadata};
use zarrs::metadata::v3::MetadataV3;

use super::shard::ShardLayout;
use crate::geometry::{Axis, Zyx};
use crate::store::Metered;
use crate::{Error, Result};

/// A decoded unit of more bytes than this is a mistake in the metadata.
const LARGEST_UNIT_BYTES: u64 = 1 << 40;

/// The units of one array, in *stored order*: the order of dimensions in which a unit's voxels are decoded.
#[derive(Debug)]
pub(super) struct Layout {
    /// Voxels of a unit.
    pub(super) unit_shape: Vec<NonZeroU64>,
    /// The array dimension that each stored dimension is; they differ where a transpose precedes sharding.
    pub(super) array_dim: Vec<usize>,
    /// Decodes a unit.
    pub(super) codecs: Arc<CodecChain>,
    /// For sharded arrays.
    pub(super) shards: Option<ShardLayout>,
}

impl Layout {
    /// Of an open array.
    pub(super) fn of(array: &Array<Metered>, element_bytes: usize, path: &str) -> Result<Self> {
        let metadata = |field: &str, expected: &str, got: String| Error::Metadata {
            path: path.to_owned(),
            field: field.to_owned(),
            expected: expected.to_owned(),
            got,
        };
        let Some(chunk_shape) = chunk_shape(array.metadata()) else {
            return Err(metadata("chunk_grid", "a regular chunk grid", "another kind".to_owned()));
        };
        if chunk_shape.len() != array.dimensionality() {
            return Err(metadata(
                "chunk_grid",
                "chunks of as many dimensions as the array",
                format!("{chunk_shape:?}"),
            ));
        }
        let layout = match sharding(array) {
            None => Self {
                array_dim: (0..chunk_shape.len()).collect(),
                unit_shape: chunk_shape,
                codecs: array.codecs(),
                shards: None,
            },
            Some((configuration, _)) if configuration.chunk_shape.len() != array.dimensionality() => {
                let got = format!("{:?}", configuration.chunk_shape);
                return Err(metadata("codecs", "inner chunks of as many dimensions as the array", got));
            }
            Some((configuration, array_dim)) => {
                let shard_shape: Vec<_> = array_dim.iter().map(|&dim| chunk_shape[dim]).collect();
                let shards = ShardLayout::new(&configuration, &shard_shape)
                    .map_err(|reason| metadata("codecs", "inner chunks that divide their shards", reason))?;
                let unit_shape = configuration.chunk_shape.to_vec();
                Self { unit_shape, array_dim, codecs: Arc::clone(&shards.inner_codecs), shards: Some(shards) }
            }
        };
        let bytes = layout.unit_shape.iter().try_fold(element_bytes as u64, |n, extent| n.checked_mul(extent.get()));
        if bytes.is_none_or(|bytes| bytes > LARGEST_UNIT_BYTES) {
            return Err(metadata("chunk_shape", "chunks of at most 1 TiB", format!("{:?}", layout.unit_shape)));
        }
        Ok(layout)
    }

    /// The stored dimension of z, y and x.
    pub(super) fn stored_of(&self, axis_of: Zyx<Option<usize>>) -> Zyx<Option<usize>> {
        axis_of.map(|dim| dim.and_then(|dim| self.array_dim.iter().position(|&d| d == dim)))
    }

    /// Indices in stored order put into the array's own order.
    pub(super) fn in_array_order(&self, stored: &[u64]) -> Vec<u64> {
        let mut indices = vec![0; stored.len()];
        for (&dim, &index) in self.array_dim.iter().zip(stored) {
            indices[dim] = index;
        }
        indices
    }

    /// Position of a unit: `chunk` along z, y and x, 0 along other dimensions.
    pub(super) fn unit_at(&self, chunk: Zyx<u64>, stored_of: Zyx<Option<usize>>) -> Vec<u64> {
        let mut unit = vec![0; self.unit_shape.len()];
        for axis in Axis::ALL {
            if let Some(dim) = stored_of[axis] {
                unit[dim] = chunk[axis];
            }
        }
        unit
    }
}

fn chunk_shape(metadata: &ArrayMetadata) -> Option<Vec<NonZeroU64>> {
    #[derive(serde::Deserialize)]
    struct Regular {
        chunk_shape: Vec<NonZeroU64>,
    }
    match metadata {
        ArrayMetadata::V2(metadata) => Some(metadata.chunks.to_vec()),
        ArrayMetadata::V3(metadata) if metadata.chunk_grid.name() == "regular" => {
            metadata.chunk_grid.to_typed_configuration::<Regular>().ok().map(|grid| grid.chunk_shape)
        }
        ArrayMetadata::V3(_) => None,
    }
}

/// The configuration of a sharding codec that has nothing but transposes before it and nothing after it, and the array
/// dimension of each of the shard's dimensions. With other codecs around it a shard can only be read as a whole.
fn sharding(array: &Array<Metered>) -> Option<(ShardingCodecConfigurationV1, Vec<usize>)> {
    let ArrayMetadata::V3(metadata) = array.metadata() else { return None };
    let (last, before) = metadata.codecs.split_last()?;
    if last.name() != "sharding_indexed" || array.codecs().array_to_array_codecs().len() != before.len() {
        return None;
    }
    let transposes = array.codecs().array_to_array_codecs().iter().all(|codec| codec.as_any().is::<TransposeCodec>());
    let configuration = last.to_typed_configuration().ok().filter(|_| transposes)?;
    let mut array_dim: Vec<usize> = (0..metadata.shape.len()).collect();
    for order in before.iter().map(transpose_order) {
        // Dimension `i` after a transpose is dimension `order[i]` before it.
        array_dim = order?.into_iter().map(|dim| array_dim.get(dim).copied()).collect::<Option<_>>()?;
    }
    Some((configuration, array_dim))
}

fn transpose_order(codec: &MetadataV3) -> Option<Vec<usize>> {
    #[derive(serde::Deserialize)]
    struct Transpose {
        order: Vec<usize>,
    }
    codec.to_typed_configuration::<Transpose>().ok().map(|transpose| transpose.order)
}

/// Names of an array's codecs, outermost last, such as `sharding_indexed(blosc)`. Plain `bytes` goes without saying.
pub(super) fn codec_names(metadata: &ArrayMetadata) -> Vec<String> {
    match metadata {
        ArrayMetadata::V2(metadata) => {
            let filters = metadata.filters.iter().flatten();
            filters.chain(&metadata.compressor).map(|codec| codec.id().to_owned()).collect()
        }
        ArrayMetadata::V3(metadata) => names_v3(&metadata.codecs),
    }
}

fn names_v3(codecs: &[MetadataV3]) -> Vec<String> {
    let name = |codec: &MetadataV3| match codec.to_typed_configuration::<ShardingCodecConfigurationV1>() {
        Ok(sharding) => format!("{}({})", codec.name(), names_v3(&sharding.codecs).join(", ")),
        Err(_) => codec.name().to_owned(),
    };
    codecs.iter().filter(|codec| codec.name() != "bytes").map(name).collect()
}
