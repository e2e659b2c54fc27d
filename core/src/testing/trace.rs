//! Traces: the chunks that samples ask for, sample by sample, as the sampler draws them.

use crate::Result;
use crate::geometry::{GridTransform, Zyx};
use crate::sample::{Augment, PatchSpec, Sampler, Sampling, Source};
use crate::volume::{DType, Level};

/// Voxels a side of a chunk.
pub const CHUNK: u64 = 64;
/// Voxel size, nm.
const VOXEL_NM: f64 = 8.0;

/// What is drawn from what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// Voxels a side of the volume.
    pub volume: u64,
    /// Arrays of equal geometry that each sample reads one after another.
    pub arrays: u64,
    /// Voxels a side of the crops.
    pub crop: u64,
    /// Samples that share a neighbourhood; 1: none do.
    pub chunk_local: u64,
}

impl Case {
    /// The cases of the tables.
    pub const ALL: [Self; 6] = [
        Self { volume: 500, arrays: 9, crop: 128, chunk_local: 1 },
        Self { volume: 500, arrays: 9, crop: 128, chunk_local: 16 },
        Self { volume: 500, arrays: 9, crop: 64, chunk_local: 1 },
        Self { volume: 500, arrays: 9, crop: 64, chunk_local: 16 },
        Self { volume: 2000, arrays: 1, crop: 128, chunk_local: 1 },
        Self { volume: 2000, arrays: 1, crop: 128, chunk_local: 16 },
    ];
}

/// The chunks that samples ask for, numbered from 0.
#[derive(Debug)]
pub struct Trace {
    /// By sample, in the order in which it asks.
    pub samples: Vec<Vec<usize>>,
    /// For each lookup of each sample, the next later sample that asks for the same chunk.
    pub next: Vec<Vec<Option<usize>>>,
    /// All chunks that there are.
    pub chunks: usize,
}

impl Trace {
    /// Draws `count` samples.
    ///
    /// # Errors
    /// A crop that does not fit.
    pub fn new(case: &Case, count: usize) -> Result<Self> {
        let level = level(case);
        let patch = PatchSpec {
            shape: Zyx::splat(case.crop as usize),
            voxel_size_nm: level.voxel_size_nm(),
            tile_nm: level.voxel_size_nm() * case.crop as f64,
        };
        let sampling = Sampling { chunk_local: case.chunk_local, ..Sampling::default() };
        let sampler = Sampler::new(vec![source(level.clone())], patch, &sampling, &Augment::default(), 1)?;
        let grid = level.chunk_grid();
        let per_array = grid.product() as usize;
        let of_sample = |index: usize| {
            let box_nm = sampler.draw(0, index as u64, 0).grid.footprint();
            let first = (box_nm.lo * (1.0 / VOXEL_NM)).map(|at| at.round().max(0.0) as u64 / CHUNK);
            let last = (box_nm.hi * (1.0 / VOXEL_NM)).map(|at| (at.round().max(1.0) as u64 - 1) / CHUNK);
            let mut chunks = Vec::new();
            for z in first.z..=last.z {
                for y in first.y..=last.y {
                    chunks.extend((first.x..=last.x).map(|x| ((z * grid.y + y) * grid.x + x) as usize));
                }
            }
            let arrays = 0..case.arrays as usize;
            arrays.flat_map(|array| chunks.iter().map(move |chunk| array * per_array + chunk)).collect()
        };
        let samples: Vec<Vec<usize>> = (0..count).map(of_sample).collect();
        let chunks = per_array * case.arrays as usize;
        Ok(Self { next: next_of(&samples, chunks), samples, chunks })
    }
}

/// For every lookup the sample of the next one of the same chunk, found from the end.
fn next_of(samples: &[Vec<usize>], chunks: usize) -> Vec<Vec<Option<usize>>> {
    let mut later = vec![None; chunks];
    let mut next: Vec<Vec<_>> = Vec::with_capacity(samples.len());
    for (index, sample) in samples.iter().enumerate().rev() {
        next.push(sample.iter().map(|chunk| later[*chunk].replace(index)).collect());
    }
    next.reverse();
    next
}

fn level(case: &Case) -> Level {
    Level {
        path: "s0".to_owned(),
        shape: Zyx::splat(case.volume),
        chunk_shape: Zyx::splat(CHUNK),
        shard_shape: None,
        dtype: DType::U8,
        world_from_voxel: GridTransform {
            voxel_size_nm: Zyx::splat(VOXEL_NM),
            // So that the lower edge of voxel 0 is the world's origin.
            translation_nm: Zyx::splat(VOXEL_NM / 2.0),
        },
        fill_value: 0.0,
        zarr_format: 2,
        codecs: Vec::new(),
    }
}

fn source(level: Level) -> Source {
    Source {
        dataset_index: 0,
        dataset: "volume".to_owned(),
        crop_index: None,
        crop: None,
        crop_bounds: None,
        raw_levels: vec![level],
    }
}
