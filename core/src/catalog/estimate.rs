//! About how much of each class there is, cheaply: from metadata, else from the coarsest level that still shows it.

use super::counting::count_window;
use super::counts::{ClassCount, CountOrigin, CountRow};
use super::{Catalog, ClassLabels, LabelCrop};
use crate::geometry::{ChunkWindow, VoxelBox, Zyx};
use crate::volume::{ChunkCache, Level, Volume};
use crate::{Error, Result};

/// Voxels that a level has at least to be counted instead of a finer one: fewer would lose thin classes.
const LEAST_VOXELS: u64 = 64 * 64 * 64;
/// Chunks of one array that are read at most, evenly spread.
const MOST_CHUNKS: u64 = 512;
/// Decoded chunks that are kept: each is used once, but those of one shard share its index.
const CACHE_BYTES: u64 = 32 << 20;

/// What was read for an estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadLevel {
    /// Name of the level, such as `s2`; empty for a bare array.
    pub name: String,
    /// The part of its chunks that was read, 0 to 1.
    pub share: f64,
}

/// About how much of one class there is in one crop.
#[derive(Debug, Clone, PartialEq)]
pub struct CountEstimate {
    /// Voxels of the level that was read (of the finest, from metadata), as if all of it had been.
    pub row: CountRow,
    /// What was read; `None`: metadata say it.
    pub read: Option<ReadLevel>,
}

/// See [`Catalog::estimate_counts`].
pub(super) fn estimate(
    catalog: &Catalog,
    is_stopped: &dyn Fn() -> bool,
    tell: &mut dyn FnMut(CountEstimate),
) -> Result<Vec<String>> {
    let mut failures = Vec::new();
    for (dataset_index, dataset) in catalog.datasets.iter().enumerate() {
        for (crop_index, crop) in dataset.crops.iter().enumerate() {
            let place = (dataset_index, crop_index);
            match of_crop(crop, place, is_stopped) {
                Ok(found) => found.into_iter().for_each(&mut *tell),
                Err(Error::Stopped) => return Err(Error::Stopped),
                Err(error) => failures.push(format!("{} of {}: {error}", crop.name, dataset.name)),
            }
        }
    }
    Ok(failures)
}

fn of_crop(crop: &LabelCrop, place: (usize, usize), is_stopped: &dyn Fn() -> bool) -> Result<Vec<CountEstimate>> {
    let row = |labels: &ClassLabels, count, origin| CountRow {
        dataset_index: place.0,
        crop_index: place.1,
        class: labels.class.clone(),
        count,
        origin,
    };
    let mut found = Vec::new();
    let mut open = Vec::new();
    for labels in &crop.classes {
        match ClassCount::from_metadata(labels) {
            Some(count) => found.push(CountEstimate { row: row(labels, count, CountOrigin::Metadata), read: None }),
            None => open.push(labels),
        }
    }
    // Classes of one array of class ids are counted together.
    while let Some(first) = open.first().map(|labels| labels.volume.id()) {
        let (together, others): (Vec<_>, Vec<_>) = open.into_iter().partition(|labels| labels.volume.id() == first);
        open = others;
        let volumes: Vec<_> = together.iter().map(|labels| labels.volume.as_ref()).collect();
        let (counts, read) = of_array(&volumes, is_stopped)?;
        found.extend(together.into_iter().zip(counts).map(|(labels, count)| CountEstimate {
            row: row(labels, count, CountOrigin::Voxels),
            read: Some(read.clone()),
        }));
    }
    Ok(found)
}

/// One array, for each of the meanings that `volumes` give to it.
fn of_array(volumes: &[&Volume], is_stopped: &dyn Fn() -> bool) -> Result<(Vec<ClassCount>, ReadLevel)> {
    let volume = volumes[0];
    let index = coarsest_telling(volume.levels());
    let level = &volume.levels()[index];
    let windows = spread(level);
    let chunks = ChunkCache::new(CACHE_BYTES);
    let mut counts =
        vec![ClassCount { voxel_nm3: level.voxel_size_nm().product(), ..ClassCount::default() }; volumes.len()];
    for window in &windows {
        if is_stopped() {
            return Err(Error::Stopped);
        }
        let counted = count_window((volume, index), volumes, window, &chunks)?;
        counts.iter_mut().zip(&counted).for_each(|(sum, count)| *sum = sum.plus(count));
    }
    let looked: u64 = windows.iter().map(|window| window.voxels.shape().product()).sum();
    let share = looked as f64 / level.shape.to_array().into_iter().fold(1, u64::saturating_mul).max(1) as f64;
    let whole = |count: u64| if share > 0.0 { (count as f64 / share).round() as u64 } else { count };
    for count in &mut counts {
        *count = ClassCount {
            present: whole(count.present),
            absent: whole(count.absent),
            unknown: whole(count.unknown),
            ..*count
        };
    }
    Ok((counts, ReadLevel { name: level.path.clone(), share }))
}

/// The coarsest level that has enough voxels and the values of the finest, which averages would not have.
fn coarsest_telling(levels: &[Level]) -> usize {
    let Some(finest) = levels.first() else { return 0 };
    let voxels = |level: &Level| level.shape.to_array().into_iter().fold(1, u64::saturating_mul);
    let tells = |level: &Level| level.dtype == finest.dtype && !level.dtype.is_float() && voxels(level) >= LEAST_VOXELS;
    levels.iter().rposition(tells).unwrap_or(0)
}

/// At most [`MOST_CHUNKS`] of a level's chunks, evenly spread over their list, which may be too long to be made.
fn spread(level: &Level) -> Vec<ChunkWindow> {
    let size = level.chunk_shape.map(|n| i64::try_from(n.max(1)).unwrap_or(i64::MAX));
    let whole = VoxelBox::of_shape(level.shape);
    let along = level.shape.zip_map(level.chunk_shape, |n, chunk| n.div_ceil(chunk.max(1)));
    let count = along.to_array().into_iter().fold(1, u64::saturating_mul);
    let wanted = count.min(MOST_CHUNKS);
    let nth = |k: u64| {
        // The middle of the k-th of equal parts.
        let n = ((u128::from(k) * 2 + 1) * u128::from(count) / (2 * u128::from(wanted))) as u64;
        let chunk = Zyx::new(n / (along.y * along.x), n / along.x % along.y, n % along.x);
        let lo = chunk.map(|c| i64::try_from(c).unwrap_or(i64::MAX)).zip_map(size, i64::saturating_mul);
        let hi = lo.zip_map(size, i64::saturating_add);
        ChunkWindow { chunk, voxels: VoxelBox::new(lo, hi).intersection(&whole) }
    };
    (0..wanted).map(nth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::GridTransform;
    use crate::volume::DType;

    fn level(edge: u64, dtype: DType) -> Level {
        Level {
            path: format!("s{edge}"),
            shape: Zyx::splat(edge),
            chunk_shape: Zyx::splat(16),
            shard_shape: None,
            dtype,
            world_from_voxel: GridTransform::new(Zyx::splat(8.0), Zyx::splat(0.0)),
            fill_value: 0.0,
            zarr_format: 2,
            codecs: Vec::new(),
        }
    }

    #[test]
    fn the_coarsest_level_that_is_large_enough_and_no_average_is_read() {
        let of = |levels: &[(u64, DType)]| {
            coarsest_telling(&levels.iter().map(|(edge, dtype)| level(*edge, *dtype)).collect::<Vec<_>>())
        };
        assert_eq!(of(&[(256, DType::U8), (128, DType::U8), (64, DType::U8), (32, DType::U8)]), 2);
        assert_eq!(of(&[(256, DType::U8), (128, DType::U8), (64, DType::F32)]), 1, "averages tell nothing");
        assert_eq!(of(&[(48, DType::U8), (24, DType::U8)]), 0, "a small crop is read at its finest");
    }

    #[test]
    fn of_many_chunks_some_from_everywhere_are_read() {
        let all = spread(&level(60, DType::U8));
        assert_eq!(all.len(), 64);
        assert_eq!(all.iter().map(|window| window.voxels.shape().product()).sum::<u64>(), 60 * 60 * 60);
        // 10¹⁵ chunks: their list could not be made.
        let some = spread(&level(1_600_000, DType::U8));
        assert_eq!(some.len() as u64, MOST_CHUNKS);
        assert!(some.windows(2).all(|pair| pair[0].chunk.z < pair[1].chunk.z));
        assert!(some[0].chunk.z < 200 && some.last().is_some_and(|window| window.chunk.z > 99_800));
    }
}
