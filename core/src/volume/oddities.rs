//! What is odd about a volume although it opens, in words: its user should know before training on it.

use super::Level;
use crate::geometry::{Axis, Zyx};

/// How far, in voxels of the coarser level, the edges of two levels may lie apart: a voxel that rounding down cut off,
/// half a voxel of a translation that was not adjusted, and a little.
const APART_VOXELS: f64 = 2.0;

/// Levels that do not cover the box of the finest one.
pub(super) fn of_levels(levels: &[Level]) -> Vec<String> {
    let Some((finest, others)) = levels.split_first() else { return Vec::new() };
    others.iter().filter(|level| disagrees(finest, level)).map(|level| words(finest, level)).collect()
}

fn disagrees(finest: &Level, level: &Level) -> bool {
    let (a, b) = (finest.bounds(), level.bounds());
    let allowed_nm = level.voxel_size_nm().zip_map(finest.voxel_size_nm(), f64::max) * APART_VOXELS;
    let apart = |axis: Axis| (a.lo[axis] - b.lo[axis]).abs().max((a.hi[axis] - b.hi[axis]).abs()) > allowed_nm[axis];
    Axis::ALL.into_iter().any(apart)
}

fn words(finest: &Level, level: &Level) -> String {
    let edges = |level: &Level| {
        let bounds = level.bounds();
        let nm = |v: Zyx<f64>| v.map(|nm| nm.round());
        format!("{} to {} nm", nm(bounds.lo), nm(bounds.hi))
    };
    format!(
        "levels disagree: {} covers {}, but {} covers {}; correct the scale or translation of one of them",
        name(finest),
        edges(finest),
        name(level),
        edges(level)
    )
}

fn name(level: &Level) -> &str {
    if level.path.is_empty() { "the array" } else { &level.path }
}

/// A dimension that is none of those that are `read` and has more than one entry; `shape` is the stored array's.
pub(super) fn of_dimensions(shape: &[u64], read: &[Option<usize>]) -> Option<String> {
    let ignored = |dim: &usize| !read.contains(&Some(*dim)) && shape[*dim] > 1;
    (0..shape.len())
        .find(ignored)
        .map(|dim| format!("only the first of {} entries of dimension {dim} is read, of {shape:?}", shape[dim]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::GridTransform;
    use crate::volume::DType;

    fn level(path: &str, shape: u64, voxel_nm: f64, translation_nm: f64) -> Level {
        Level {
            path: path.to_owned(),
            shape: Zyx::splat(shape),
            chunk_shape: Zyx::splat(64),
            shard_shape: None,
            dtype: DType::U8,
            world_from_voxel: GridTransform::new(Zyx::splat(voxel_nm), Zyx::splat(translation_nm)),
            fill_value: 0.0,
            zarr_format: 2,
            codecs: Vec::new(),
        }
    }

    #[test]
    fn pyramids_as_they_are_written_are_not_odd() {
        // 101 voxels halved three times, rounding down; translations adjusted, and forgotten.
        let adjusted = [(50, 4.0), (25, 12.0), (12, 28.0)];
        for forgotten in [false, true] {
            let mut levels = vec![level("s0", 101, 8.0, 0.0)];
            for (k, (shape, translation_nm)) in adjusted.into_iter().enumerate() {
                let translation_nm = if forgotten { 0.0 } else { translation_nm };
                levels.push(level("sk", shape, 8.0 * f64::from(2 << k), translation_nm));
            }
            assert_eq!(of_levels(&levels), Vec::<String>::new());
        }
    }

    #[test]
    fn a_level_elsewhere_or_of_another_size_is_named() {
        for odd in [level("s1", 50, 16.0, 1e6), level("s1", 10, 16.0, 4.0)] {
            let said = of_levels(&[level("s0", 100, 8.0, 0.0), odd]);
            assert!(said.len() == 1 && said[0].contains("s0 covers") && said[0].contains("s1 covers"), "{said:?}");
        }
    }

    #[test]
    fn dimensions_that_are_not_read_are_said() {
        let read = [Some(1), Some(2), Some(3), None];
        assert_eq!(of_dimensions(&[1, 9, 9, 9], &read), None);
        assert!(of_dimensions(&[2, 9, 9, 9], &read).is_some_and(|said| said.contains("2 entries of dimension 0")));
        assert_eq!(of_dimensions(&[2, 9, 9, 9], &[Some(1), Some(2), Some(3), Some(0)]), None);
    }
}
