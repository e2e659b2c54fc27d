//! Counts of a catalog: from metadata where they say it, else from the voxels, once, in parallel.

use rayon::prelude::*;
use std::path::Path;

use super::count_cache::{CountCache, Fingerprint};
use super::counts::{ClassCount, CountOrigin, CountRow, CountTable, voxel_nm3};
use super::{Catalog, ClassLabels};
use crate::geometry::{ChunkWindow, VoxelBox, chunk_windows};
use crate::volume::{ChunkCache, Presence, Volume, Voxel};
use crate::{Error, Result, with_buffer};

/// Decoded chunks that counting keeps: each is used once, but those of one shard share its index.
const CACHE_BYTES: u64 = 64 << 20;

/// See [`Catalog::count_until`].
pub(super) fn count(
    catalog: &Catalog,
    classes: Option<&[String]>,
    cache_folder: Option<&Path>,
    is_stopped: &(dyn Fn() -> bool + Sync),
) -> Result<CountTable> {
    let mut cache = cache_folder.map(CountCache::open).transpose()?;
    let is_wanted = |labels: &ClassLabels| classes.is_none_or(|classes| classes.contains(&labels.class));
    let labels: Vec<_> = all_labels(catalog).filter(|(_, _, labels)| is_wanted(labels)).collect();
    let mut counts: Vec<Option<(ClassCount, CountOrigin)>> = Vec::with_capacity(labels.len());
    let mut open = Vec::new();
    for (index, (_, _, labels)) in labels.iter().enumerate() {
        let metadata = ClassCount::from_metadata(labels).map(|count| (count, CountOrigin::Metadata));
        let known = metadata.or_else(|| {
            let count = cache.as_ref()?.get(labels)?;
            Some((count, CountOrigin::Voxels))
        });
        if known.is_none() {
            open.push(index);
        }
        counts.push(known);
    }
    if !open.is_empty() {
        let voxels: u64 = open.iter().map(|index| super::counts::voxels(labels[*index].2)).sum();
        tracing::info!(arrays = open.len(), voxels, "label crops are read whole to count their classes");
    }
    let chunks = ChunkCache::new(CACHE_BYTES);
    while let Some(first) = open.first().map(|index| labels[*index].2.volume.id()) {
        // Classes of one array of class ids are counted together.
        let (together, others): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|index| labels[*index].2.volume.id() == first);
        open = others;
        let volumes: Vec<_> = together.iter().map(|index| labels[*index].2.volume.as_ref()).collect();
        // Before the voxels: what changes meanwhile is counted again next time.
        let fingerprint = |index: &usize| cache.as_ref().and_then(|_| Fingerprint::of(labels[*index].2));
        let fingerprints: Vec<_> = together.iter().map(fingerprint).collect();
        let counted = count_voxels(&volumes, &chunks, is_stopped).inspect_err(|_| {
            if let Some(cache) = &cache {
                cache.save();
            }
        })?;
        for ((index, count), fingerprint) in together.into_iter().zip(counted).zip(fingerprints) {
            let count = ClassCount { voxel_nm3: voxel_nm3(labels[index].2), ..count };
            if let (Some(cache), Some(fingerprint)) = (&mut cache, fingerprint) {
                cache.insert(fingerprint, &count);
            }
            counts[index] = Some((count, CountOrigin::Voxels));
        }
    }
    if let Some(cache) = &cache {
        cache.save();
    }
    let row = |((dataset_index, crop_index, labels), counted): ((usize, usize, &ClassLabels), _)| {
        let (count, origin) = Option::unwrap_or(counted, (ClassCount::default(), CountOrigin::Voxels));
        CountRow { dataset_index, crop_index, class: labels.class.clone(), count, origin }
    };
    Ok(CountTable { rows: labels.iter().copied().zip(counts).map(row).collect() })
}

fn all_labels(catalog: &Catalog) -> impl Iterator<Item = (usize, usize, &ClassLabels)> {
    let crops =
        catalog.datasets.iter().enumerate().flat_map(|(dataset, entry)| {
            entry.crops.iter().enumerate().map(move |(index, crop)| (dataset, index, crop))
        });
    crops.flat_map(|(dataset, index, crop)| crop.classes.iter().map(move |labels| (dataset, index, labels)))
}

/// Counts the finest level, chunk by chunk on all cores, for each of the meanings that the volumes give to one array.
fn count_voxels(
    volumes: &[&Volume],
    chunks: &ChunkCache,
    is_stopped: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<ClassCount>> {
    let Some(volume) = volumes.first() else { return Ok(Vec::new()) };
    let level = &volume.levels()[0];
    let windows: Vec<_> = chunk_windows(&VoxelBox::of_shape(level.shape), level.shape, level.chunk_shape).collect();
    let counted = windows.par_iter().map(|window: &ChunkWindow| {
        if is_stopped() {
            return Err(Error::Stopped);
        }
        count_window((volume, 0), volumes, window, chunks)
    });
    let none = || vec![ClassCount::default(); volumes.len()];
    counted.try_reduce(none, |a, b| Ok(a.iter().zip(&b).map(|(a, b)| a.plus(b)).collect()))
}

/// Counts what lies in one chunk of a level, for each of the meanings that `volumes` give to the array.
pub(super) fn count_window(
    (volume, level): (&Volume, usize),
    volumes: &[&Volume],
    window: &ChunkWindow,
    chunks: &ChunkCache,
) -> Result<Vec<ClassCount>> {
    let voxels = volume.read_box(level, &window.voxels, chunks)?;
    Ok(with_buffer!(&voxels, voxels => volumes.iter().map(|volume| tally(voxels, volume)).collect()))
}

impl ClassCount {
    /// Both together; the size of a voxel is that of the first.
    pub(super) const fn plus(&self, other: &Self) -> Self {
        Self {
            present: self.present + other.present,
            absent: self.absent + other.absent,
            unknown: self.unknown + other.unknown,
            ..*self
        }
    }
}

fn tally<T: Voxel>(voxels: &[T], volume: &Volume) -> ClassCount {
    let codes = volume.codes();
    let mut count = ClassCount::default();
    // Labels come in runs.
    for run in voxels.chunk_by(|a, b| a == b) {
        let counter = match codes.presence(run[0].to_id()) {
            Presence::Present => &mut count.present,
            Presence::Absent => &mut count.absent,
            Presence::Unknown => &mut count.unknown,
        };
        *counter += run.len() as u64;
    }
    count
}
