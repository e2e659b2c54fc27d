//! Coarser levels: means of grey values, modes of labels, made chunk by chunk from the level below.

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde_json::{Map, Value};

use super::arrays::{CHUNK, Site, Stored, Target, blocks};
use super::spec::LevelPlan;
use crate::Result;
use crate::geometry::{GridTransform, VoxelBox, Zyx, chunk_windows};

/// Paths and transforms of levels, as they stand in a group's attributes.
pub(super) fn named(levels: &[LevelPlan]) -> Vec<(String, GridTransform)> {
    levels.iter().enumerate().map(|(i, level)| (format!("s{i}"), level.world_from_voxel)).collect()
}

/// Writes the coarser levels of `key`, whose `finest` is stored, and the metadata of all (with `attributes` of each).
pub(super) fn write_coarser<T: Stored>(
    site: &Site,
    key: &str,
    finest: Target,
    levels: &[LevelPlan],
    block: u64,
    reducer: fn(&[T]) -> T,
    attributes: impl Fn(usize) -> Map<String, Value>,
) -> Result<()> {
    let mut finer = finest;
    for (i, level) in levels.iter().enumerate().skip(1) {
        let target = site.array::<T>(&format!("{key}/s{i}"), level, block)?;
        for region in blocks(level, block) {
            target.store(&region, &coarsened(&finer, level, &region, reducer)?)?;
        }
        std::mem::replace(&mut finer, target).finish(attributes(i - 1))?;
    }
    finer.finish(attributes(levels.len() - 1))
}

/// A block of `level` from the finer level's stored chunks.
fn coarsened<T: Stored>(
    finer: &Target,
    level: &LevelPlan,
    region: &VoxelBox,
    reducer: fn(&[T]) -> T,
) -> Result<Vec<T>> {
    let factor = level.factor.map(|f| f as i64);
    let part = |voxels: VoxelBox| {
        let fine = finer.read::<T>(&VoxelBox::new(voxels.lo * factor, voxels.hi * factor))?;
        let sizes = (voxels.shape().map(|n| n as usize), level.factor.map(|f| f as usize));
        Ok((voxels, reduce(&fine, sizes.0, sizes.1, reducer)))
    };
    let windows: Vec<_> = chunk_windows(region, level.shape, Zyx::splat(CHUNK)).map(|window| window.voxels).collect();
    let parts = windows.into_par_iter().map(part).collect::<Result<Vec<_>>>()?;
    let shape = region.shape().map(|n| n as usize);
    let mut out = vec![T::default(); shape.product()];
    for (voxels, values) in parts {
        let at = (voxels.lo - region.lo).map(|i| i as usize);
        let size = voxels.shape().map(|n| n as usize);
        for (row, values) in values.chunks_exact(size.x).enumerate() {
            let to = ((at.z + row / size.y) * shape.y + at.y + row % size.y) * shape.x + at.x;
            out[to..to + size.x].copy_from_slice(values);
        }
    }
    Ok(out)
}

/// The mean of a few grey values, rounded half up.
pub(super) fn mean(values: &[u8]) -> u8 {
    let sum: u32 = values.iter().map(|&v| u32::from(v)).sum();
    let count = values.len().max(1) as u32;
    ((2 * sum + count) / (2 * count)) as u8
}

/// The most frequent of a few labels; of several, the one that comes first.
pub(super) fn mode<T: Copy + Default + PartialEq>(values: &[T]) -> T {
    let mut best = (T::default(), 0);
    for (i, &value) in values.iter().enumerate() {
        let count = values[i..].iter().filter(|&&other| other == value).count();
        if count > best.1 {
            best = (value, count);
        }
        if 2 * count > values.len() {
            break;
        }
    }
    best.0
}

/// Reduces `fine` (C order, `shape · factor` voxels) to `shape` voxels; `factor` is 1 or 2 per axis.
fn reduce<T: Copy + Default>(fine: &[T], shape: Zyx<usize>, factor: Zyx<usize>, reduce: impl Fn(&[T]) -> T) -> Vec<T> {
    let wide = shape * factor;
    let mut out = Vec::with_capacity(shape.product());
    let mut block = [T::default(); 8];
    for z in 0..shape.z {
        for y in 0..shape.y {
            for x in 0..shape.x {
                let mut count = 0;
                for dz in 0..factor.z {
                    for dy in 0..factor.y {
                        let row = ((z * factor.z + dz) * wide.y + y * factor.y + dy) * wide.x + x * factor.x;
                        block[count..count + factor.x].copy_from_slice(&fine[row..row + factor.x]);
                        count += factor.x;
                    }
                }
                out.push(reduce(&block[..count]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_round_half_up_and_modes_prefer_the_first() {
        assert_eq!((mean(&[1, 2]), mean(&[1, 1, 1, 2]), mean(&[255; 8]), mean(&[7])), (2, 1, 255, 7));
        assert_eq!((mode(&[3, 1, 1, 3]), mode(&[0_u32, 5, 5, 2, 2, 2, 0, 0]), mode(&[9])), (3, 0, 9));
    }

    #[test]
    fn only_the_halved_axes_shrink() {
        let fine: Vec<u8> = (0..16).collect();
        let out = reduce(&fine, Zyx::new(2, 1, 4), Zyx::new(1, 2, 1), mean);
        assert_eq!(out, [2, 3, 4, 5, 10, 11, 12, 13]);
    }
}
