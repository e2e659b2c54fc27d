//! Remedies that make for fewer chunks to read and decode: a larger cache, neighbourhoods, a stored voxel size, smaller
//! chunks.

use super::super::words;
use super::{Case, Change, Remedy, RemedyKind, change};
use crate::telemetry::{ArraySetup, Setup, Stage, StoredSetup};

/// Neighbourhood sizes to try.
const GROUPS: [u64; 4] = [2, 4, 8, 16];
/// Batches that wait for the consumer, where memory allows.
const QUEUED: f64 = 3.0;
const MIB: f64 = 1_048_576.0;
/// The part of what the largest group would gain that a smaller one has to reach to be preferred.
const NEARLY: f64 = 0.9;

impl Case<'_> {
    /// The smallest of several larger caches that gains nearly as much as the largest.
    pub(super) fn cache_size(&self) -> Option<Remedy> {
        let curve = self.curve?;
        let now = curve.working_point;
        if now.miss_ratio <= 0.0 || now.bytes <= 0.0 {
            return None;
        }
        let all_bytes = (curve.all_bytes * 1.05).max(now.bytes);
        let sizes = [1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0].map(|times| now.bytes * times);
        let sizes = sizes.into_iter().filter(|bytes| *bytes < all_bytes).chain([all_bytes]);
        let tried: Vec<_> = sizes
            .map(|bytes| {
                let miss_ratio = curve.miss_ratio(bytes);
                let model = self.model.with_misses(miss_ratio / now.miss_ratio, self.model.chunk_local);
                (bytes, miss_ratio, self.calibrated.samples_per_s(&model), model)
            })
            .collect();
        let best = tried.iter().map(|(_, _, rate, _)| *rate).fold(0.0, f64::max);
        let measured = self.calibrated.measured();
        let enough = |rate: f64| rate - measured >= NEARLY * (best - measured);
        let (bytes, miss_ratio, _, model) = tried.into_iter().find(|(_, _, rate, _)| enough(*rate))?;
        let cache = &self.window.chunk_cache;
        let setup = &self.window.setup;
        let capacity_bytes = cache.capacity_bytes as f64 + (bytes - now.bytes).max(0.0);
        let memory = memory_for(setup, cache.capacity_bytes as f64, capacity_bytes);
        let more = memory - setup.memory_bytes as f64;
        let mebibytes = (memory / MIB).ceil();
        Some(self.remedy(
            (RemedyKind::CacheSize, &model),
            format!("give decoded chunks {} instead of {}", words::bytes(bytes), words::bytes(now.bytes)),
            format!(
                "{} of lookups miss; a cache of that size would miss {} (miss-ratio curve of this run)",
                words::percent(now.miss_ratio),
                words::percent(miss_ratio)
            ),
            format!("{} more memory; no bias", words::bytes(more)),
            vec![change("loader.memory", format!("\"{mebibytes:.0} MiB\""))],
        ))
    }

    /// Several samples in a row from one neighbourhood.
    pub(super) fn chunk_local(&self) -> Option<Remedy> {
        let setup = &self.window.setup;
        let now = setup.chunk_local.max(1);
        let touched =
            |group: u64| -> f64 { self.stored().map(|(array, stored)| touched_bytes(array, stored, group)).sum() };
        let before = touched(now);
        if before <= 0.0 || self.window.chunk_cache.misses == 0 {
            return None;
        }
        let room = self.curve.map_or(f64::INFINITY, |curve| curve.working_point.bytes);
        let tried: Vec<_> = GROUPS
            .into_iter()
            .filter(|group| *group > now && touched(*group) * *group as f64 <= room)
            .map(|group| {
                let model = self.model.with_misses((touched(group) / before).min(1.0), group as f64);
                (group, self.calibrated.samples_per_s(&model), model)
            })
            .collect();
        let best = tried.iter().map(|(_, rate, _)| *rate).fold(0.0, f64::max);
        let measured = self.calibrated.measured();
        let (group, _, model) = tried.into_iter().find(|(_, rate, _)| rate - measured >= NEARLY * (best - measured))?;
        let misses = self.window.chunk_cache.misses as f64 / self.window.samples.max(1.0);
        Some(self.remedy(
            (RemedyKind::ChunkLocal, &model),
            format!("draw {group} samples in a row from one neighbourhood of chunks"),
            format!("each sample makes {misses:.1} chunks that were not in memory, and neighbours would share most of them"),
            "no memory; samples near each other in time are near each other in space, each place as likely as before"
                .to_owned(),
            vec![change("sampling.chunk_local", group.to_string())],
        ))
    }

    /// The voxel size of the next coarser level, where a finer one is read and averaged.
    pub(super) fn nearer_level(&self) -> Option<Remedy> {
        let finer = |(array, stored): &(&ArraySetup, &StoredSetup)| {
            times_finer(array, stored) > 1.3 && stored.coarser_nm.is_some()
        };
        let worst =
            self.stored().filter(finer).max_by(|a, b| times_finer(a.0, a.1).total_cmp(&times_finer(b.0, b.1)))?;
        let (array, stored) = worst;
        let coarser_nm = stored.coarser_nm?;
        let touched: f64 = self.stored().map(|(array, stored)| touched_bytes(array, stored, 1)).sum();
        let nearer = StoredSetup { voxel_size_nm: coarser_nm, ..stored.clone() };
        let coarse = ArraySetup { voxel_size_nm: coarser_nm, ..array.clone() };
        let saved = touched_bytes(array, stored, 1) - touched_bytes(&coarse, &nearer, 1);
        let part = (1.0 - saved / touched.max(1.0)).clamp(0.0, 1.0);
        let text = |size: [f64; 3]| format!("[{}, {}, {}]", size[0], size[1], size[2]);
        Some(self.remedy(
            (RemedyKind::NearerLevel, &self.model.with_misses(part, self.model.chunk_local)),
            format!("read {} at {} nm, which is stored", array.key, text(coarser_nm)),
            format!(
                "it is averaged from voxels of {} nm: {:.1} stored voxels for each that is used",
                text(stored.voxel_size_nm),
                times_finer(array, stored)
            ),
            "no memory; the network sees coarser voxels of a larger field".to_owned(),
            vec![change(&format!("{}.voxel_size_nm", array.key), text(coarser_nm))],
        ))
    }

    /// Chunks half as long.
    pub(super) fn rechunk(&self) -> Option<Remedy> {
        let amplification = self.window.reads.amplification().filter(|times| *times > 2.0)?;
        let halved = |stored: &StoredSetup| StoredSetup { chunk_shape: halved(stored), ..stored.clone() };
        let before: f64 = self.stored().map(|(array, stored)| touched_bytes(array, stored, 1)).sum();
        let after: f64 = self.stored().map(|(array, stored)| touched_bytes(array, &halved(stored), 1)).sum();
        // Requests to the store get more, not fewer.
        let model = self.model.clone().scaled(Stage::Decode, (after / before.max(1.0)).min(1.0));
        let copies: Vec<_> = self.stored().filter(|(array, _)| array.key.starts_with("input.")).collect();
        let remedy = self.remedy(
            (RemedyKind::Rechunk, &model),
            "write the data with chunks half as long".to_owned(),
            format!("chunks that are touched hold {amplification:.1} bytes for each that is used"),
            format!(
                "disk: about {} for the copy of the EM of the first dataset, in 8 times as many files; no bias; other datasets \
                 and labels (--volume CROP/CLASS) likewise, and the configuration has to name the copies",
                words::bytes(copies.iter().map(|(_, stored)| self.encoded_bytes(stored)).sum())
            ),
            Vec::<Change>::new(),
        );
        let mut commands: Vec<_> = copies.iter().map(|(_, stored)| export_command(stored)).collect();
        commands.dedup();
        Some(Remedy { commands, ..remedy })
    }

    /// What a level takes on disk, if all of it is encoded as what was read in this run.
    fn encoded_bytes(&self, stored: &StoredSetup) -> f64 {
        let bytes =
            |stage: Stage| self.window.stages.iter().find(|row| row.stage == stage).map_or(0.0, |row| row.bytes as f64);
        let decoded = stored.shape.iter().map(|n| *n as f64).product::<f64>() * stored.voxel_bytes as f64;
        let ratio = if bytes(Stage::Decode) > 0.0 { bytes(Stage::Fetch) / bytes(Stage::Decode) } else { 1.0 };
        decoded * ratio.min(1.0)
    }

    /// Arrays that are read from one volume.
    fn stored(&self) -> impl Iterator<Item = (&ArraySetup, &StoredSetup)> {
        self.window.setup.arrays.iter().filter_map(|array| Some((array, array.stored.as_ref()?)))
    }
}

/// Chunks half as long, but no shorter than 16 voxels.
fn halved(stored: &StoredSetup) -> [u64; 3] {
    stored.chunk_shape.map(|extent| if extent > 16 { extent.div_ceil(2) } else { extent })
}

/// What writes the level with chunks half as long.
fn export_command(stored: &StoredSetup) -> String {
    let [z, y, x] = halved(stored);
    let name = stored.path.trim_end_matches('/').rsplit('/').next().unwrap_or("em").trim_end_matches(".zarr");
    format!(
        "microtome export {} --level {} --chunk {z},{y},{x} --out {}",
        quoted(&stored.path),
        stored.level,
        quoted(&format!("{name}-chunks-{z}x{y}x{x}.zarr"))
    )
}

/// A word of a shell, in quotes where it needs them.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The `loader.memory` with which the chunk cache has `wanted` bytes, if it has `capacity` now.
///
/// The loader's own division: batches ahead get half of the memory at most, as far as they are wanted, one more is the
/// consumer's, a sixteenth of the rest goes to transforms. What every thread takes for itself is what is left over now.
fn memory_for(setup: &Setup, capacity: f64, wanted: f64) -> f64 {
    let batch = setup.batch_bytes.max(1) as f64;
    let most_batches = setup.builders as f64 + QUEUED;
    let chunks = |memory: f64| {
        let affordable = (memory / 2.0 / batch).floor().max(2.0) - 1.0;
        let ahead = affordable.min(most_batches).max(setup.batches_ahead as f64);
        let rest = memory - (ahead + 1.0) * batch;
        rest - (rest / 16.0).min(64.0 * MIB)
    };
    let mut memory = setup.memory_bytes as f64;
    let for_threads = (chunks(memory) - capacity).max(0.0);
    for _ in 0..64 {
        let lacking = wanted - (chunks(memory) - for_threads);
        if lacking <= 0.0 {
            break;
        }
        memory += lacking.max(MIB / 16.0);
    }
    memory
}

/// How many stored voxels there are in one that is asked for.
fn times_finer(array: &ArraySetup, stored: &StoredSetup) -> f64 {
    (0..3).map(|axis| (array.voxel_size_nm[axis] / stored.voxel_size_nm[axis]).max(1.0)).product()
}

/// Bytes of different chunks that a sample touches, if each group of so many is drawn evenly from one neighbourhood: shares
/// that others of the group touch, too, count in part.
///
/// A neighbourhood is a cell of whole chunks, at least half as long as a patch, in which the patches' lower edges lie (see
/// `sample::neighbourhood`). Along one axis chunk j of those that the cell's patches can reach is touched by the share P(j)
/// of positions; a chunk is touched by a group of k with probability 1 - (1 - P(z) P(y) P(x))^k.
fn touched_bytes(array: &ArraySetup, stored: &StoredSetup, group: u64) -> f64 {
    let axes: Vec<Vec<f64>> = (0..3)
        .map(|axis| {
            let step = (array.voxel_size_nm[axis] / stored.voxel_size_nm[axis]).max(1e-6);
            let patch = (array.shape[axis] as f64 * step).ceil().max(1.0) as u64;
            shares_along(patch, stored.chunk_shape[axis].max(1))
        })
        .collect();
    let not_touched = |share: f64| (1.0 - share).powi(i32::try_from(group).unwrap_or(i32::MAX));
    let mut chunks = 0.0;
    for z in &axes[0] {
        for y in &axes[1] {
            chunks += axes[2].iter().map(|x| 1.0 - not_touched(z * y * x)).sum::<f64>();
        }
    }
    let chunk_bytes = stored.chunk_shape.iter().product::<u64>() * stored.voxel_bytes;
    // Classes that are read from arrays of their own are decoded one by one.
    let arrays = if array.key.starts_with("target.") || array.channels > 1 { array.channels.max(1) } else { 1 };
    chunks * chunk_bytes as f64 * arrays as f64 / group as f64
}

/// For each chunk that patches of a cell can reach along one axis: the share of positions that touch it.
fn shares_along(patch: u64, chunk: u64) -> Vec<f64> {
    let cell = patch.div_ceil(2 * chunk).max(1) * chunk;
    let reached = (cell + patch - 1).div_ceil(chunk);
    let touches = |index: u64| {
        // Lower edges from `lo` to before `hi` touch the voxels of this chunk.
        let lo = (index * chunk + 1).saturating_sub(patch);
        let hi = ((index + 1) * chunk).min(cell);
        hi.saturating_sub(lo) as f64 / cell as f64
    };
    (0..reached).map(touches).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(side: u64, chunk: u64) -> (ArraySetup, StoredSetup) {
        let stored = StoredSetup {
            path: "/data/a b.zarr/em".to_owned(),
            level: 1,
            shape: [256; 3],
            voxel_size_nm: [8.0; 3],
            coarser_nm: None,
            chunk_shape: [chunk; 3],
            voxel_bytes: 1,
            is_sharded: false,
        };
        let array = ArraySetup {
            key: "input.raw".to_owned(),
            shape: [side; 3],
            voxel_size_nm: [8.0; 3],
            channels: 1,
            ..ArraySetup::default()
        };
        (array, stored)
    }

    #[test]
    fn a_single_sample_touches_as_many_chunks_as_all_positions_on_average() {
        for (side, chunk) in [(128_u64, 64_u64), (64, 64), (100, 32), (16, 64), (1, 8)] {
            let (array, stored) = array(side, chunk);
            let mean = (0..chunk).map(|at| (at + side - 1) / chunk + 1).sum::<u64>() as f64 / chunk as f64;
            let expected = (mean * chunk as f64).powi(3);
            assert!((touched_bytes(&array, &stored, 1) / expected - 1.0).abs() < 1e-9, "{side} {chunk}");
        }
    }

    #[test]
    fn the_command_writes_chunks_half_as_long_whatever_the_path_holds() {
        let (_, stored) = array(128, 128);
        assert_eq!(
            export_command(&stored),
            "microtome export '/data/a b.zarr/em' --level 1 --chunk 64,64,64 --out em-chunks-64x64x64.zarr"
        );
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(halved(&StoredSetup { chunk_shape: [1, 16, 33], ..stored }), [1, 16, 17]);
    }

    #[test]
    fn a_large_group_touches_its_whole_neighbourhood_once() {
        let (array, stored) = array(128, 64);
        // Cells of 64 voxels: patches reach 64 + 127 voxels, that is three chunks.
        let all = 27.0 * f64::from(64 * 64 * 64);
        assert!((touched_bytes(&array, &stored, 10_000) * 10_000.0 / all - 1.0).abs() < 1e-3);
        let shares: Vec<_> = (0..4).map(|group| touched_bytes(&array, &stored, 1 << group)).collect();
        assert!(shares.is_sorted_by(|more, less| more > less), "{shares:?}");
    }

    #[test]
    fn more_memory_goes_to_batches_as_far_as_they_are_wanted_and_then_to_chunks() {
        let setup =
            Setup { batch_bytes: 1 << 20, builders: 2, batches_ahead: 6, memory_bytes: 64 << 20, ..Setup::default() };
        // 7 of 64 MiB are batches, a sixteenth of 57 is for transforms.
        let capacity = 57.0 * 15.0 / 16.0 * MIB;
        let more = memory_for(&setup, capacity, 2.0 * capacity) / MIB;
        assert!((more - (64.0 + 57.0)).abs() < 0.2, "{more}");
        let tight = Setup { batches_ahead: 1, memory_bytes: 4 << 20, ..setup };
        // Now 2 MiB are left for both caches; 8 in all leave 5, of which a batch in use and two ahead take more.
        let capacity = 2.0 * 15.0 / 16.0 * MIB;
        let more = memory_for(&tight, capacity, 4.0 * 15.0 / 16.0 * MIB) / MIB;
        assert!((more - 8.0).abs() < 1.2, "{more}");
    }

    #[test]
    fn coarser_than_stored_reads_more_of_the_level() {
        let (array, stored) = array(64, 64);
        let coarse = ArraySetup { voxel_size_nm: [12.0; 3], ..array };
        assert!((times_finer(&coarse, &stored) - 3.375).abs() < 1e-9);
        let finer = ArraySetup { voxel_size_nm: [8.0; 3], ..coarse.clone() };
        assert!(touched_bytes(&coarse, &stored, 1) > 1.5 * touched_bytes(&finer, &stored, 1));
    }
}
