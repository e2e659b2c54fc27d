//! Reading a patch: plan, fetch what the cache lacks, and one gather straight into the caller's memory.

use super::{ChunkCache, Volume};
use crate::Result;
use crate::geometry::PatchGrid;
use crate::telemetry::{CacheStats, Meter};
use std::sync::Arc;

/// How values between voxel centres are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resample {
    /// The voxel whose centre is nearest (ties: the one with the larger index): labels.
    Nearest,
    /// Mean over a box as wide as the larger of target and stored voxel, axis by axis: raw. With equal voxel sizes and
    /// a fractional shift that is linear interpolation; when the target is coarser it is area weighting.
    Area,
}

/// The caller's memory for one channel of one sample, C order z, y, x.
#[derive(Debug)]
pub enum PatchOut<'a> {
    /// Raw as stored for `u8`; other integers are scaled to 0–255, floats are clamped to 0–1 and scaled.
    U8(&'a mut [u8]),
    /// Raw in 0–1: integers divided by their maximum, floats as they are.
    F16(&'a mut [half::f16]),
    /// Raw in 0–1: integers divided by their maximum, floats as they are.
    F32(&'a mut [f32]),
    /// Ids that fit 8 bits.
    Ids8(&'a mut [u8]),
    /// Ids that fit 16 bits.
    Ids16(&'a mut [u16]),
    /// Ids that fit 32 bits.
    Ids32(&'a mut [u32]),
    /// Any ids.
    Ids64(&'a mut [u64]),
}

/// What reading one patch took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PatchReport {
    /// Index of the level read.
    pub level: usize,
    /// Chunks touched.
    pub chunks: usize,
    /// Touched chunks absent from the store.
    pub absent_chunks: usize,
    /// Patch voxels outside the volume (0 in the output, and 0 in `known`).
    pub outside_voxels: usize,
}

/// Lookup tables of resampling and orientation by geometry, so that classes and samples of equal geometry share them.
#[derive(Debug)]
pub struct TransformCache {}

impl TransformCache {
    /// An empty cache that may hold `capacity_bytes`.
    #[must_use]
    pub fn new(capacity_bytes: u64) -> Self {
        todo!("{capacity_bytes}")
    }

    /// Counts and sizes.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        todo!()
    }
}

/// The two caches that every read goes through.
#[derive(Debug)]
pub struct Caches {
    /// Decoded chunks.
    pub chunks: ChunkCache,
    /// Lookup tables.
    pub transforms: TransformCache,
    /// Where every read reports its stages.
    pub meter: Arc<Meter>,
}

/// Reads `grid` from the level that suits its voxel size. `known`, if given, gets 1 inside the volume, else 0.
///
/// # Errors
/// A chunk that cannot be read or decoded.
pub fn read_patch(
    volume: &Volume,
    grid: &PatchGrid,
    resample: Resample,
    caches: &Caches,
    out: PatchOut<'_>,
    known: Option<&mut [u8]>,
) -> Result<PatchReport> {
    todo!("{volume:?} {grid:?} {resample:?} {caches:?} {out:?} {known:?}")
}
