//! A multiscale image or label volume that can be read.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use zarrs::array::{Array, ArrayMetadata};

use super::array::{Dims, LevelArray};
use super::{Buffer, Chunk, ChunkCache, ChunkKey, DType, LabelCodes, Level};
use crate::geometry::{BoxNm, GridTransform, VoxelBox, Zyx};
use crate::ome::{self, AxisKind, Multiscale, NodeKind};
use crate::store::{self, Metered};
use crate::telemetry::{Meter, Stage};
use crate::{Error, Result};

/// Names a volume within one process, for cache keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolumeId(pub u32);

impl VolumeId {
    /// One that no other volume of this process has.
    pub(super) fn next() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// An open multiscale array. Cheap to clone: clones share their arrays and decoded chunks. Reading never writes.
#[derive(Clone)]
pub struct Volume {
    id: VolumeId,
    path: Arc<str>,
    levels: Arc<[Level]>,
    arrays: Arc<[LevelArray]>,
    channel: u64,
    codes: LabelCodes,
}

impl std::fmt::Debug for Volume {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Volume")
            .field("id", &self.id)
            .field("path", &self.path)
            .field("levels", &self.levels)
            .finish_non_exhaustive()
    }
}

impl Volume {
    /// Opens the OME-Zarr multiscale group (or a bare array, as one level) at a local path.
    ///
    /// # Errors
    /// Nothing there, no Zarr, broken or impossible metadata, an unsupported data type or codec.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_in(&store::open_local(path)?, "")
    }

    /// Opens what is at `key` of a store; the empty key is the store's root.
    ///
    /// A bare array has voxels of 1 nm from the origin; its axes are those that its dimension names say, or else the
    /// last three are z, y, x and the one before these the channels.
    ///
    /// # Errors
    /// As [`Volume::open`].
    pub fn open_in(store: &Arc<Metered>, key: &str) -> Result<Self> {
        let path = store.path_of(key);
        let Some(node) = ome::read_node(&**store, key, &path)? else {
            return Err(Error::NotZarr { path, hint: "open the group of an OME-Zarr image, or an array".to_owned() });
        };
        let opened = match node.kind {
            NodeKind::Array => vec![open_bare(store, key)?],
            NodeKind::Group => match ome::multiscales_of(&node.attributes, &path)?.first() {
                Some(image) => open_pyramid(store, key, image)?,
                None => {
                    let hint = "this group has no multiscales; open an image group inside it".to_owned();
                    return Err(Error::NoImage { path, hint });
                }
            },
        };
        let (levels, arrays): (Vec<_>, Vec<_>) = opened.into_iter().unzip();
        check_levels(&arrays)?;
        let codes = LabelCodes::ids(arrays[0].dtype());
        Ok(Self {
            id: VolumeId::next(),
            path: path.into(),
            levels: levels.into(),
            arrays: arrays.into(),
            channel: 0,
            codes,
        })
    }

    /// The same volume, its values read as labels of these codes.
    #[must_use]
    pub fn with_codes(self, codes: LabelCodes) -> Self {
        Self { codes, ..self }
    }

    /// How many channels it has, on every level; 1 without a channel axis.
    #[must_use]
    pub fn channels(&self) -> u64 {
        self.arrays.iter().map(LevelArray::channels).min().unwrap_or(1)
    }

    /// The same volume, read at another channel than the first; `None` if it has no such channel. The channels of a chunk
    /// are decoded one by one, and kept as chunks of different volumes.
    #[must_use]
    pub fn of_channel(&self, channel: u64) -> Option<Self> {
        if channel == self.channel {
            return Some(self.clone());
        }
        (channel < self.channels()).then(|| Self { id: VolumeId::next(), channel, ..self.clone() })
    }

    /// What its values mean where it is read as labels; without an annotation 0 is absent, every other value an id.
    #[must_use]
    pub const fn codes(&self) -> &LabelCodes {
        &self.codes
    }

    /// This volume's name in cache keys.
    #[must_use]
    pub fn id(&self) -> VolumeId {
        self.id
    }

    /// Path or URL it was opened from.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The last part of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or(&self.path)
    }

    /// The levels, finest first. Never empty.
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        &self.levels
    }

    /// Element type (the same on every level).
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.levels[0].dtype
    }

    /// The finest level's box in the world, nm.
    #[must_use]
    pub fn bounds(&self) -> BoxNm {
        self.levels[0].bounds()
    }

    /// What is odd although it opens, such as levels that do not cover the same box: one message each.
    #[must_use]
    pub fn oddities(&self) -> Vec<String> {
        let mut odd = super::oddities::of_levels(&self.levels);
        odd.extend(self.arrays[0].ignored_dimensions());
        odd.into_iter().map(|words| format!("{words}: {}", self.path)).collect()
    }

    /// One chunk, through the cache; `None` if it is absent from the store (all fill value).
    ///
    /// `level` counts in [`Volume::levels`]; beyond the last it means the last.
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded.
    pub fn chunk(&self, level: usize, chunk: Zyx<u64>, cache: &ChunkCache) -> Result<Option<Arc<Chunk>>> {
        let level = level.min(self.levels.len() - 1);
        let key = ChunkKey { volume: self.id, level: level as u32, chunk };
        cache.get_or_decode(key, self.levels[level].chunk_bytes(), || self.decode_chunk(level, chunk, cache))
    }

    /// One chunk, read and decoded; `cache` knows the indices of shards.
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded.
    pub(super) fn decode_chunk(&self, level: usize, chunk: Zyx<u64>, cache: &ChunkCache) -> Result<Option<Chunk>> {
        let key = |shard| ChunkKey { volume: self.id, level: level as u32, chunk: shard };
        let detail = || format!("{} {} {chunk}", self.name(), self.levels[level].path);
        let mut decode = Meter::nested(Stage::Decode, detail);
        let index = |shard, read: &dyn Fn() -> _| cache.shard_index(key(shard), read);
        let unit = self.arrays[level].read_unit((chunk, self.channel), index)?;
        decode.add_bytes(unit.as_ref().map_or(0, |unit| unit.data.size_bytes() as u64));
        Ok(unit)
    }

    /// The shard that a chunk lies in, by its position in the shard grid; `None` where the level has no shards.
    pub(super) fn shard_of(&self, level: usize, chunk: Zyx<u64>) -> Option<Zyx<u64>> {
        self.arrays.get(level)?.shard_of((chunk, self.channel))
    }

    /// One element: the value of a level's absent chunks.
    pub(super) fn fill(&self, level: usize) -> &Buffer {
        self.arrays[level].fill()
    }

    /// A box of one level as it is stored, C order z, y, x; outside the array and in absent chunks the fill value.
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded; [`Error::TooLarge`] for a box that no memory holds.
    pub fn read_box(&self, level: usize, roi: &VoxelBox, cache: &ChunkCache) -> Result<Buffer> {
        super::boxes::read_box(self, level.min(self.levels.len() - 1), roi, cache)
    }
}

fn open_pyramid(store: &Arc<Metered>, key: &str, image: &Multiscale) -> Result<Vec<(Level, LevelArray)>> {
    let channel = image.axes.iter().position(|axis| axis.kind == AxisKind::Channel || axis.name == "c");
    let open = |(index, level): (usize, &ome::LevelMeta)| {
        let dims = |array: &Array<Metered>| {
            if array.dimensionality() == image.axes.len() {
                return Ok(Dims { spatial: image.axis_of(), channel });
            }
            Err(Error::Metadata {
                path: store.path_of(&store::join(key, &level.path)),
                field: "shape".to_owned(),
                expected: format!("{} dimensions, as many as the group's axes", image.axes.len()),
                got: format!("{:?}", array.shape()),
            })
        };
        let array = LevelArray::open(store, &store::join(key, &level.path), dims)?;
        Ok((array.describe(&level.path, image.world_from_voxel(index)), array))
    };
    image.levels.iter().enumerate().map(open).collect()
}

fn open_bare(store: &Arc<Metered>, key: &str) -> Result<(Level, LevelArray)> {
    let dims = |array: &Array<Metered>| match (named_dims(array), array.dimensionality()) {
        (Some(dims), _) => Ok(dims),
        (None, 2) => Ok(Dims { spatial: Zyx::new(None, Some(0), Some(1)), channel: None }),
        (None, n) if n >= 3 => {
            Ok(Dims { spatial: Zyx::new(Some(n - 3), Some(n - 2), Some(n - 1)), channel: n.checked_sub(4) })
        }
        _ => Err(Error::Metadata {
            path: store.path_of(key),
            field: "shape".to_owned(),
            expected: "at least two dimensions".to_owned(),
            got: format!("{:?}", array.shape()),
        }),
    };
    let array = LevelArray::open(store, key, dims)?;
    let world_from_voxel = GridTransform::new(Zyx::splat(1.0), Zyx::splat(0.0));
    Ok((array.describe("", world_from_voxel), array))
}

/// The dimensions of an array whose dimension names hold y and x (z and channels may be missing).
fn named_dims(array: &Array<Metered>) -> Option<Dims> {
    let ArrayMetadata::V3(metadata) = array.metadata() else { return None };
    let names = metadata.dimension_names.as_ref()?;
    let find = |axis: &str| names.iter().position(|name| name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(axis)));
    let spatial = Zyx::new(find("z"), find("y"), find("x"));
    let named = spatial.y.is_some() && spatial.x.is_some() && (spatial.z.is_some() || names.len() == 2);
    named.then(|| Dims { spatial, channel: find("c").or_else(|| find("channel")) })
}

/// The levels of one image have one element type and one number of dimensions.
fn check_levels(arrays: &[LevelArray]) -> Result<()> {
    let first = &arrays[0];
    for array in arrays {
        let mismatch = |field: &str, expected: String, got: String| Error::Metadata {
            path: array.path().to_owned(),
            field: field.to_owned(),
            expected: format!("{expected}, as in {}", first.path()),
            got,
        };
        if array.dtype() != first.dtype() {
            return Err(mismatch("data_type", first.dtype().to_string(), array.dtype().to_string()));
        }
        if array.dimensionality() != first.dimensionality() {
            let dimensions = |array: &LevelArray| format!("{} dimensions", array.dimensionality());
            return Err(mismatch("shape", dimensions(first), dimensions(array)));
        }
    }
    Ok(())
}
