//! Raw in chunks that are not in the store: masked in the targets, skipped or refused, and counted by crop.

use microtome_core::Error;
use microtome_core::catalog::Dataset;
use microtome_core::geometry::Zyx;
use microtome_core::loader::{Batch, LeftOut, Loader, LoaderConfig, SourceReport};
use microtome_core::telemetry::FaultReason;
use microtome_core::volume::{Buffer, ChunkCache};

use super::scene::{catalog, config};

const MANY: u8 = 100;

fn policy(policy: &str, augment: &str) -> LoaderConfig {
    config(&format!(
        "[sampling]\nabsent_chunks = \"{policy}\"\nsamples_per_epoch = 60\n[loader]\nbatch_size = 6\nmemory = \"64 MiB\"\n\
         {augment}"
    ))
}

/// Whether the raw at a world position is in the store; `None` outside the volume.
fn is_there(dataset: &Dataset, world_nm: Zyx<f64>) -> Option<bool> {
    let level = &dataset.raw.levels()[0];
    let voxel = level.world_from_voxel.voxel_containing(world_nm);
    if !microtome_core::geometry::VoxelBox::of_shape(level.shape).contains(voxel) {
        return None;
    }
    let chunk = voxel.map(|n| n as u64).zip_map(level.chunk_shape, |n, chunk| n / chunk);
    Some(dataset.raw.chunk(0, chunk, &ChunkCache::new(0)).unwrap().is_some())
}

/// Checks the target of a batch of ids against the raw beneath it. Answers how many labelled voxels are masked, and
/// how many are not.
fn check(batch: &Batch, loader: &Loader) -> (usize, usize) {
    let (array, whole) = (batch.array("labels").unwrap(), catalog(0));
    let (Buffer::U32(ids), Some(known)) = (&array.data, &array.known) else { panic!("ids with a mask") };
    let [_, _, depth, height, width] = array.shape;
    let (mut masked, mut shown) = (0, 0);
    for (sample, provenance) in batch.provenance.iter().enumerate() {
        let dataset = &loader.catalog().datasets[provenance.dataset_index];
        let crops = &whole.datasets[provenance.dataset_index].crops;
        let bounds = crops.iter().find(|crop| Some(&crop.name) == provenance.crop.as_ref()).unwrap().bounds;
        for voxel in 0..depth * height * width {
            let at = Zyx::new(voxel / (height * width), voxel / width % height, voxel % width);
            let world_nm = provenance.grid.world_from_patch(at.map(|n| n as f64));
            let index = sample * depth * height * width + voxel;
            let is_labelled = [world_nm.z, world_nm.y, world_nm.x]
                .into_iter()
                .zip(bounds.lo.to_array().into_iter().zip(bounds.hi.to_array()))
                .all(|(at, (lo, hi))| lo < at && at < hi);
            let is_there = is_there(dataset, world_nm) == Some(true);
            assert_eq!(known[index] == 1, is_labelled && is_there, "{at} of {provenance:?}");
            assert_eq!(ids[index] != 0, known[index] == 1);
            masked += usize::from(is_labelled && !is_there);
            shown += usize::from(is_labelled && is_there);
        }
    }
    (masked, shown)
}

#[test]
fn targets_are_unknown_where_raw_is_not_there() {
    let turned = "[augment]\nmirror = { x = 0.5 }\nrotate = { z = [-40, 40], y = [-20, 20], probability = 1 }\n";
    for augment in ["", turned] {
        let loader = Loader::new(catalog(MANY), policy("mask", augment)).unwrap();
        let (mut masked, mut shown) = (0, 0);
        for _ in 0..10 {
            let (m, s) = check(&loader.next_batch().unwrap(), &loader);
            masked += m;
            shown += s;
        }
        assert!(masked > 1000 && shown > 1000, "{masked} {shown}");
        let stats = loader.stats();
        assert_eq!((stats.skipped_samples, stats.faults.len()), (0, 0));
    }
}

fn table(loader: &Loader) -> Vec<SourceReport> {
    loader.sources_report()
}

#[test]
fn the_table_of_sources_counts_absent_chunks_by_crop() {
    let mut config = policy("mask", "");
    config.loader.memory = 2 << 20;
    let loader = Loader::new(catalog(MANY), config).unwrap();
    let mut touched = std::collections::BTreeMap::<_, (u64, u64)>::new();
    for _ in 0..10 {
        for provenance in loader.next_batch().unwrap().provenance {
            let raw = provenance.sources.iter().find(|source| source.array == "raw").unwrap();
            let counts = touched.entry(provenance.crop.unwrap()).or_default();
            counts.0 += 1;
            counts.1 += raw.absent_chunks as u64;
        }
    }
    loader.stop();
    for row in table(&loader) {
        let (samples, absent) = touched.get(row.crop.as_ref().unwrap()).copied().unwrap_or_default();
        // Batches that were made ahead count, too.
        assert!(row.samples >= samples && row.absent_raw_chunks >= absent, "{row:?} {samples} {absent}");
        assert!(row.samples_without_raw <= row.samples && row.left_out.is_none());
    }
    assert!(table(&loader).iter().any(|row| row.absent_raw_chunks > 0 && row.samples_without_raw > 0));
    assert!(table(&Loader::new(catalog(0), policy("mask", "")).unwrap()).iter().all(|row| row.absent_raw_chunks == 0));
}

#[test]
fn skip_draws_others_and_says_so_in_the_batch() {
    let loader = Loader::new(catalog(MANY), policy("skip", "")).unwrap();
    let mut skipped = 0;
    for _ in 0..5 {
        let batch = loader.next_batch().unwrap();
        for provenance in &batch.provenance {
            assert!(provenance.sources.iter().all(|source| source.array != "raw" || source.absent_chunks == 0));
        }
        let attempts: u32 = batch.provenance.iter().map(|p| p.attempt).sum();
        assert_eq!(batch.skipped.len() as u32, attempts, "each is said");
        assert!(batch.skipped.iter().all(|sample| sample.reason.contains("are not in the store")));
        skipped += batch.skipped.len() as u64;
    }
    let faults = loader.stats().faults;
    assert_eq!(faults.iter().map(|row| row.reason).collect::<Vec<_>>(), [FaultReason::Absent]);
    assert!(skipped > 0 && faults[0].skipped_samples >= skipped && faults[0].retries == 0);
}

#[test]
fn fail_ends_with_the_volume_and_what_to_do() {
    let loader = Loader::new(catalog(MANY), policy("fail", "")).unwrap();
    let error = (0..100).find_map(|_| loader.next_batch().err()).expect("some raw is not there");
    assert!(matches!(error, Error::AbsentChunks { .. }), "{error:?}");
    assert!(error.to_string().contains("sampling.absent_chunks = \"mask\""), "{error}");
}

#[test]
fn crops_that_are_left_out_are_listed_with_the_reason() {
    let mut config = policy("mask", "");
    config.sampling.small_crops = microtome_core::loader::SmallCrops::Drop;
    let reasons = |config| {
        let rows = table(&Loader::new(catalog(0), config).unwrap());
        rows.iter().map(|row| (row.crop.clone().unwrap(), row.left_out, row.is_small)).collect::<Vec<_>>()
    };
    let row = |crop: &str, left_out, is_small| (crop.to_owned(), left_out, is_small);
    let too_small = Some(LeftOut::TooSmall);
    // crop3 is 9 voxels wide, patches are 10.
    assert_eq!(
        reasons(config),
        [row("crop1", None, false), row("crop2", too_small, false), row("crop3", too_small, false)]
    );
    let mut config = policy("mask", "");
    config.sampling.subset =
        Some(microtome_core::loader::Subset { datasets: vec!["b".to_owned()], ..Default::default() });
    let not_named = Some(LeftOut::NotNamed);
    assert_eq!(
        reasons(config),
        [row("crop1", not_named, false), row("crop2", not_named, false), row("crop3", None, true)]
    );
}
