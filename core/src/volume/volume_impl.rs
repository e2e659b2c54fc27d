//! A multiscale image or label volume that can be read.

use std::path::Path;
use std::sync::Arc;

use super::{Buffer, Chunk, ChunkCache, DType, Level};
use crate::Result;
use crate::geometry::{BoxNm, VoxelBox, Zyx};

/// Names a volume within one process, for cache keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolumeId(pub u32);

/// An open multiscale array. Cheap to share behind an `Arc`; reading never writes.
#[derive(Debug)]
pub struct Volume {}

impl Volume {
    /// Opens the OME-Zarr multiscale group (or a bare array, as one level) at a local path.
    ///
    /// # Errors
    /// Nothing there, no Zarr, broken or impossible metadata, an unsupported data type or codec.
    pub fn open(path: &Path) -> Result<Self> {
        todo!("{path:?}")
    }

    /// This volume's name in cache keys.
    #[must_use]
    pub fn id(&self) -> VolumeId {
        todo!()
    }

    /// Path or URL it was opened from.
    #[must_use]
    pub fn path(&self) -> &str {
        todo!()
    }

    /// The levels, finest first. Never empty.
    #[must_use]
    pub fn levels(&self) -> &[Level] {
        todo!()
    }

    /// Element type (the same on every level).
    #[must_use]
    pub fn dtype(&self) -> DType {
        todo!()
    }

    /// The finest level's box in the world, nm.
    #[must_use]
    pub fn bounds(&self) -> BoxNm {
        todo!()
    }

    /// One chunk, through the cache; `None` if it is absent from the store (all fill value).
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded.
    pub fn chunk(&self, level: usize, chunk: Zyx<u64>, cache: &ChunkCache) -> Result<Option<Arc<Chunk>>> {
        todo!("{level} {chunk:?} {cache:?}")
    }

    /// A box of one level as it is stored, C order z, y, x; outside the array and in absent chunks the fill value.
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded.
    pub fn read_box(&self, level: usize, roi: &VoxelBox, cache: &ChunkCache) -> Result<Buffer> {
        todo!("{level} {roi:?} {cache:?}")
    }
}
