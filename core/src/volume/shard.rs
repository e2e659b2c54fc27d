//! Shards: where each inner chunk lies in its shard, so that only its own bytes are read.
//!
//! <https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/>. zarrs can read inner chunks too, but
//! keeps every index it has seen, does not tell an absent inner chunk from one of fill values, and reads the index while
//! it holds a lock.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;

use zarrs::array::codec::{CodecChain, ShardingCodecConfigurationV1, ShardingIndexLocation};
use zarrs::array::{ArrayToBytesCodecTraits, BytesRepresentation, CodecOptions, FillValue, data_type};
use zarrs::storage::byte_range::ByteRange;

/// What an index stores for an inner chunk that is not there.
const ABSENT: u64 = u64::MAX;

/// How the shards of one array are laid out; dimensions in stored order.
#[derive(Debug)]
pub(super) struct ShardLayout {
    /// Inner chunks per shard.
    pub(super) per_shard: Vec<u64>,
    /// Decodes an inner chunk.
    pub(super) inner_codecs: Arc<CodecChain>,
    /// Where the index stands in the shard.
    pub(super) index_range: ByteRange,
    index_codecs: CodecChain,
    index_shape: Vec<NonZeroU64>,
}

/// The index of one shard: offset and length of each inner chunk, C order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShardIndex(Vec<u64>);

impl ShardLayout {
    /// The layout of shards of `shard_shape`; or why it is impossible.
    pub(super) fn new(
        configuration: &ShardingCodecConfigurationV1,
        shard_shape: &[NonZeroU64],
    ) -> Result<Self, String> {
        let inner_shape: &[NonZeroU64] = &configuration.chunk_shape;
        let divides = |(shard, inner): (&NonZeroU64, &NonZeroU64)| {
            shard.get().is_multiple_of(inner.get()).then(|| shard.get() / inner.get())
        };
        let per_shard: Option<Vec<u64>> = shard_shape.iter().zip(inner_shape.iter()).map(divides).collect();
        let per_shard = per_shard
            .filter(|_| inner_shape.len() == shard_shape.len())
            .ok_or_else(|| format!("inner chunks {inner_shape:?} do not divide shards {shard_shape:?}"))?;
        let index_shape: Vec<_> = per_shard.iter().copied().chain([2]).filter_map(NonZeroU64::new).collect();
        let entries = index_shape.iter().try_fold(8_u64, |n, extent| n.checked_mul(extent.get()));
        if entries.is_none_or(|bytes| bytes > isize::MAX as u64) {
            return Err(format!("shards {shard_shape:?} hold too many inner chunks {inner_shape:?}"));
        }
        let chain = |codecs| CodecChain::from_metadata(codecs).map_err(|error| error.to_string());
        let index_codecs = chain(&configuration.index_codecs)?;
        let fill = FillValue::from(ABSENT);
        let size = index_codecs.encoded_representation(&index_shape, &data_type::uint64(), &fill);
        let BytesRepresentation::FixedSize(index_bytes) = size.map_err(|error| error.to_string())? else {
            return Err("the codecs of the shard index have no fixed size".to_owned());
        };
        let index_range = match configuration.index_location {
            ShardingIndexLocation::Start => ByteRange::FromStart(0, Some(index_bytes)),
            ShardingIndexLocation::End => ByteRange::Suffix(index_bytes),
        };
        Ok(Self {
            per_shard,
            inner_codecs: Arc::new(chain(&configuration.codecs)?),
            index_range,
            index_codecs,
            index_shape,
        })
    }

    /// The shard that holds a unit, and the unit's place in the shard's index.
    pub(super) fn locate(&self, unit: &[u64]) -> (Vec<u64>, usize) {
        let shard = unit.iter().zip(&self.per_shard).map(|(unit, n)| unit / n).collect();
        let place = unit.iter().zip(&self.per_shard).fold(0, |place, (unit, n)| place * n + unit % n);
        (shard, usize::try_from(place).unwrap_or(usize::MAX))
    }

    /// Decodes an index; or says what is wrong with it.
    pub(super) fn decode_index(&self, encoded: &[u8], options: &CodecOptions) -> Result<ShardIndex, String> {
        let fill = FillValue::from(ABSENT);
        let decoded = self
            .index_codecs
            .decode(Cow::Borrowed(encoded), &self.index_shape, &data_type::uint64(), &fill, options)
            .map_err(|error| format!("shard index: {error}"))?;
        let bytes = decoded.into_fixed().map_err(|error| format!("shard index: {error}"))?;
        let (words, _) = bytes.as_chunks::<8>();
        Ok(ShardIndex(words.iter().copied().map(u64::from_ne_bytes).collect()))
    }
}

impl ShardIndex {
    /// Bytes of the inner chunk at a place; `None` if it is absent; or what is wrong with the index.
    pub(super) fn range(&self, place: usize) -> Result<Option<ByteRange>, String> {
        let entry = place.checked_mul(2).and_then(|at| self.0.get(at..at + 2));
        let Some(&[offset, length]) = entry else { return Err("the shard's index is too short".to_owned()) };
        if offset == ABSENT && length == ABSENT {
            return Ok(None);
        }
        match offset.checked_add(length) {
            Some(_) => Ok(Some(ByteRange::FromStart(offset, Some(length)))),
            None => Err(format!("the shard's index says {length} bytes at {offset}")),
        }
    }

    /// Bytes in memory.
    pub(super) fn size_bytes(&self) -> u64 {
        self.0.len() as u64 * 8
    }
}
