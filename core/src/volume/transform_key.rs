//! What determines a transform: keys of the transform cache, in whole numbers, so that equal means equal bits.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Level, Resample};
use crate::geometry::{Elastic, Misalign, Orientation, PatchGrid, Zyx};

/// A displacement field about a patch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct FieldKey {
    elastic: ElasticKey,
    half_extent_nm: [u64; 3],
}

type ElasticKey = ([u64; 3], [u64; 3], u64);

/// A patch in a level, as far as the plan depends on either: sources of equal geometry have equal keys, whatever their
/// element type, path or codec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlanKey {
    /// Of everything below, made once: a lookup that misses hashes its key five times.
    hash: u64,
    place: PlanPlace,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PlanPlace {
    level: usize,
    level_shape: Zyx<u64>,
    chunk_shape: Zyx<u64>,
    stored_nm: [u64; 3],
    translation_nm: [u64; 3],
    center_nm: [u64; 3],
    shape: Zyx<usize>,
    voxel_size_nm: [u64; 3],
    orientation: Orientation,
    /// Rotation, scale and shear.
    affine: [u64; 9],
    elastic: Option<ElasticKey>,
    misalign: Option<[u64; 7]>,
    resample: Resample,
}

impl Hash for PlanKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl FieldKey {
    /// The control points of `elastic` that act on offsets of up to `half_extent_nm`.
    pub(super) fn new(elastic: &Elastic, half_extent_nm: Zyx<f64>) -> Self {
        Self { elastic: elastic_key(elastic), half_extent_nm: bits(half_extent_nm) }
    }
}

impl PlanKey {
    /// Of `grid` in the level of that index.
    pub(super) fn new((index, level): (usize, &Level), grid: &PatchGrid, resample: Resample) -> Self {
        let affine = &grid.warp.affine;
        let [rotate, scale] = [affine.rotate_degrees, affine.scale].map(bits);
        let shear = [affine.shear.zy, affine.shear.zx, affine.shear.yx].map(f64::to_bits);
        let place = PlanPlace {
            level: index,
            level_shape: level.shape,
            chunk_shape: level.chunk_shape,
            stored_nm: bits(level.world_from_voxel.voxel_size_nm),
            translation_nm: bits(level.world_from_voxel.translation_nm),
            center_nm: bits(grid.center_nm),
            shape: grid.shape,
            voxel_size_nm: bits(grid.voxel_size_nm),
            orientation: grid.orientation,
            affine: std::array::from_fn(|i| [rotate, scale, shear][i / 3][i % 3]),
            elastic: grid.warp.elastic.as_ref().map(elastic_key),
            misalign: grid.warp.misalign.as_ref().map(misalign_key),
            resample,
        };
        let mut hasher = DefaultHasher::new();
        place.hash(&mut hasher);
        Self { hash: hasher.finish(), place }
    }
}

fn elastic_key(elastic: &Elastic) -> ElasticKey {
    (bits(elastic.spacing_nm), bits(elastic.sigma_nm), elastic.seed)
}

fn misalign_key(misalign: &Misalign) -> [u64; 7] {
    let Misalign { sections, jitter_nm, slip, shift, largest_nm, seed } = *misalign;
    let [a, b, c, d, e, f] =
        [sections.thickness_nm, sections.edge_nm, jitter_nm, slip, shift, largest_nm].map(f64::to_bits);
    [a, b, c, d, e, f, seed]
}

fn bits(values: Zyx<f64>) -> [u64; 3] {
    values.to_array().map(f64::to_bits)
}
