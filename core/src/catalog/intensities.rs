//! Mean and standard deviation of a dataset's raw, measured on chunks spread evenly over what is drawn from.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Dataset;
use crate::geometry::{VoxelBox, Zyx};
use crate::volume::{ChunkCache, Level, Moments, choose_level};
use crate::{Error, Result};

/// Chunks that are measured: of 64³ voxels they are 16 million, whose mean is known to well under a grey value.
const CHUNKS: u64 = 64;
/// Decoded chunks kept while measuring: each is used once, but those of one shard share its index.
const CACHE_BYTES: u64 = 64 << 20;

/// Mean and standard deviation of raw, in 0–1: integers divided by their maximum, floats as stored.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Intensities {
    /// Mean.
    pub mean: f64,
    /// Standard deviation; never 0.
    pub std: f64,
    /// Voxels measured.
    pub voxels: u64,
}

impl Dataset {
    /// Measures the level that serves `voxel_size_nm`, on at most 64 chunks spread evenly over the label crops, or over the
    /// whole volume where there is none. The same chunks every time; those absent from the store are passed over, as a
    /// partly downloaded volume is not black. `None` if all are absent, or every voxel is alike.
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded, unless those are to be passed over, too; [`Error::Stopped`] when
    /// `is_stopped` says so.
    pub fn intensities(
        &self,
        voxel_size_nm: Zyx<f64>,
        skip_unreadable: bool,
        is_stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Intensities>> {
        let levels = self.raw.levels();
        let index = choose_level(levels, voxel_size_nm);
        let level = &levels[index];
        let whole = || VoxelBox::of_shape(level.shape);
        let crops = self
            .crops
            .iter()
            .map(|crop| level.world_from_voxel.voxel_box_covering(&crop.bounds).intersection(&whole()));
        let mut boxes: Vec<_> = crops.filter(|voxels| !voxels.is_empty()).collect();
        if boxes.is_empty() {
            boxes.push(whole());
        }
        let chunks = ChunkCache::new(CACHE_BYTES);
        let measured = spread(level, &boxes).into_par_iter().map(|(chunk, voxels)| {
            if is_stopped() {
                return Err(Error::Stopped);
            }
            let read = || match self.raw.chunk(index, chunk, &chunks)? {
                Some(_) => Ok(self.raw.read_box(index, &voxels, &chunks)?.moments()),
                None => Ok(Moments::default()),
            };
            read().or_else(|error| if skip_unreadable { Ok(Moments::default()) } else { Err(error) })
        });
        // In order, so that the sums are the same for any number of threads.
        let measured = measured.collect::<Result<Vec<_>>>()?;
        let all = measured.into_iter().fold(Moments::default(), Moments::plus);
        let (mean, std) = (all.mean(), all.std());
        Ok((std > 0.0).then_some(Intensities { mean, std, voxels: all.count }))
    }
}

/// At most [`CHUNKS`] of the chunks that `boxes` touch, and what of each lies in its box; evenly spread over their list,
/// which may be too long to be made.
fn spread(level: &Level, boxes: &[VoxelBox]) -> Vec<(Zyx<u64>, VoxelBox)> {
    let size = level.chunk_shape.map(|n| i64::try_from(n.max(1)).unwrap_or(i64::MAX));
    let touched = |voxels: &VoxelBox| {
        let first = voxels.lo / size;
        (first, ((voxels.hi - Zyx::splat(1)) / size - first).map(|n| n.unsigned_abs() + 1))
    };
    let counts: Vec<u64> = boxes.iter().map(|voxels| touched(voxels).1.product()).collect();
    let total: u64 = counts.iter().sum();
    let wanted = total.min(CHUNKS);
    let nth = |k: u64| {
        // The middle of the k-th of equal parts.
        let mut n = ((u128::from(k) * 2 + 1) * u128::from(total) / (2 * u128::from(wanted))) as u64;
        let mut at = 0;
        while n >= counts[at] {
            n -= counts[at];
            at += 1;
        }
        let (first, along) = touched(&boxes[at]);
        let step = Zyx::new(n / (along.y * along.x), n / along.x % along.y, n % along.x).map(|n| n as i64);
        let chunk = first + step;
        let lo = chunk * size;
        let voxels = VoxelBox::new(lo, lo.zip_map(size, i64::saturating_add)).intersection(&boxes[at]);
        (chunk.map(i64::unsigned_abs), voxels)
    };
    (0..wanted).map(nth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::GridTransform;
    use crate::volume::DType;

    fn level(shape: u64, chunk: u64) -> Level {
        Level {
            path: "s0".to_owned(),
            shape: Zyx::splat(shape),
            chunk_shape: Zyx::splat(chunk),
            shard_shape: None,
            dtype: DType::U8,
            world_from_voxel: GridTransform::new(Zyx::splat(8.0), Zyx::splat(0.0)),
            fill_value: 0.0,
            zarr_format: 2,
            codecs: Vec::new(),
        }
    }

    #[test]
    fn few_chunks_are_all_measured_once_and_cut_to_their_box() {
        let boxes = [(3, 40), (50, 64)].map(|(lo, hi)| VoxelBox::new(Zyx::splat(lo), Zyx::splat(hi)));
        let chunks = spread(&level(64, 20), &boxes);
        assert_eq!(chunks.len(), 8 + 8);
        let voxels: u64 = chunks.iter().map(|(_, voxels)| voxels.shape().product()).sum();
        assert_eq!(voxels, 37 * 37 * 37 + 14 * 14 * 14);
        assert_eq!(chunks[0], (Zyx::splat(0), VoxelBox::new(Zyx::splat(3), Zyx::splat(20))));
    }

    #[test]
    fn of_many_chunks_some_are_taken_from_everywhere() {
        // 10¹⁵ chunks: their list could not be made.
        let level = level(6_400_000, 64);
        let chunks = spread(&level, &[VoxelBox::of_shape(level.shape)]);
        assert_eq!(chunks.len(), 64);
        assert!(chunks.windows(2).all(|pair| pair[0].0.z < pair[1].0.z));
        let (first, last) = (chunks[0].0.z, chunks[63].0.z);
        assert!(first < 1600 && last > 98_400, "{first} {last}");
    }
}
