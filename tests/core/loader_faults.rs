//! The loader on damaged data: skipped and counted, or ended with the error, and never for ever.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of a test fail by panicking, as the test does"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use microtome_core::Error;
use microtome_core::catalog::{Catalog, Dataset};
use microtome_core::geometry::{VoxelBox, Zyx};
use microtome_core::loader::{Loader, LoaderConfig, OnError};
use microtome_core::store::Metered;
use microtome_core::telemetry::FaultReason;
use microtome_core::testing::{Fault, FaultStore, Fixture};
use microtome_core::volume::Volume;
use microtome_tests::data;

const RAW: &str = "recon-1/em/fibsem-uint8/s0";

/// A copy of gala (50 × 100 × 200 voxels of 10 nm, chunks of 32³); keep the first value alive.
fn gala() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gala.zarr");
    data::copy("gala.zarr", &path);
    (folder, path)
}

fn damage(chunk: &Path) {
    let bytes = fs::read(chunk).unwrap();
    fs::write(chunk, &bytes[..bytes.len() / 2]).unwrap();
}

fn config(on_error: OnError) -> LoaderConfig {
    let text = "
        [input.raw]
        shape = [16, 16, 16]
        voxel_size_nm = [10, 10, 10]
        encoding = \"u8\"
        [target.labels]
        shape = [16, 16, 16]
        voxel_size_nm = [10, 10, 10]
        encoding = \"ids\"
        [sampling]
        samples_per_epoch = 60
        [loader]
        batch_size = 4
        memory = \"64 MiB\"
        threads = 2
        ";
    let mut config = LoaderConfig::from_toml(text).unwrap();
    config.loader.on_error = on_error;
    config
}

fn loader(path: &Path, on_error: OnError) -> Loader {
    Loader::new(Arc::new(Catalog::open(path).unwrap()), config(on_error)).unwrap()
}

#[test]
fn skip_draws_another_counts_it_and_never_hands_the_damage_over() {
    let (_folder, path) = gala();
    let healthy = loader(&path, OnError::Skip);
    let expected: Vec<_> = (0..15).map(|_| healthy.next_batch().unwrap()).collect();
    assert_eq!(healthy.stats().skipped_samples, 0);
    drop(healthy);
    damage(&path.join(RAW).join("0/1/2"));
    let damaged = VoxelBox::new(Zyx::new(0, 32, 64), Zyx::new(32, 64, 96));
    let loader = loader(&path, OnError::Skip);
    let raw = loader.catalog().datasets[0].raw.levels()[0].world_from_voxel;
    let mut repeated = 0;
    for expected in expected {
        let batch = loader.next_batch().unwrap();
        for (got, before) in batch.provenance.iter().zip(&expected.provenance) {
            let touches = |p: &microtome_core::loader::Provenance| {
                !raw.voxel_box_covering(&p.world_box).intersection(&damaged).is_empty()
            };
            assert!(!touches(got), "{got:?}");
            assert_eq!(got.attempt > 0, touches(before), "{got:?} {before:?}");
            repeated += u64::from(got.attempt);
        }
        if batch.provenance.iter().all(|p| p.attempt == 0) {
            assert!(batch == expected, "a batch that needed no repetition changed");
        }
    }
    assert!(repeated > 0, "no sample met the damaged chunk");
    assert!(loader.stats().skipped_samples >= repeated);
    let skipped = loader.take_skipped();
    assert!(!skipped.is_empty());
    for sample in skipped {
        assert!(sample.reason.contains("fibsem-uint8/s0") && sample.reason.contains("[0, 1, 2]"), "{sample:?}");
        assert_eq!(sample.dataset, "gala");
    }
}

#[test]
fn fail_ends_with_the_chunk_that_is_damaged() {
    let (_folder, path) = gala();
    damage(&path.join(RAW).join("0/1/2"));
    let loader = loader(&path, OnError::Fail);
    let mut handed_over = 0;
    let error = loop {
        match loader.next_batch() {
            Ok(batch) => {
                assert_eq!(batch.number, handed_over);
                handed_over += 1;
            }
            Err(error) => break error,
        }
    };
    match &error {
        Error::ChunkDamaged { path, chunk, .. } => {
            assert!(path.contains("fibsem-uint8/s0"), "{path}");
            assert_eq!(chunk, &[0, 1, 2]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(loader.next_batch().expect_err("it stays ended").to_string(), error.to_string());
    assert_eq!(loader.stats().skipped_samples, 0);
}

#[test]
fn data_of_which_nothing_can_be_read_ends_with_an_error() {
    let (_folder, path) = gala();
    for file in walkdir::WalkDir::new(path.join(RAW)).into_iter().filter_map(Result::ok) {
        let is_chunk = file.file_name().to_string_lossy().parse::<u64>().is_ok();
        if file.file_type().is_file() && is_chunk {
            damage(file.path());
        }
    }
    let loader = loader(&path, OnError::Skip);
    let error = loader.next_batch().expect_err("nothing can be read");
    assert!(matches!(error, Error::ChunkDamaged { .. }), "{error}");
    assert!(loader.stats().skipped_samples >= 15);
}

/// A volume in memory, and the faults of its store.
fn faulty() -> (Arc<Catalog>, FaultStore) {
    let faults = FaultStore::new(Fixture::default().write().unwrap());
    let store = Arc::new(Metered::new(Arc::new(faults.clone()), "memory"));
    let raw = Arc::new(Volume::open_in(&store, "").unwrap());
    let dataset = Dataset { name: "planted".to_owned(), raw, crops: Vec::new() };
    (Arc::new(Catalog { datasets: vec![dataset], ..Catalog::default() }), faults)
}

fn raw_only(more: &str) -> LoaderConfig {
    let text = "
        [input.raw]
        shape = [16, 16, 16]
        voxel_size_nm = [8, 8, 8]
        encoding = \"u8\"
        [loader]
        batch_size = 8
        memory = \"64 MiB\"
        threads = 4
        ";
    LoaderConfig::from_toml(&format!("{text}{more}")).unwrap()
}

#[test]
fn what_passes_is_read_again_and_nobody_notices() {
    let (catalog, _) = faulty();
    let expected = Loader::new(catalog, raw_only("")).unwrap().next_batch().unwrap();
    let (catalog, faults) = faulty();
    faults.put("s0/c/", Fault::FailFirst(std::io::ErrorKind::TimedOut, 2));
    let loader = Loader::new(catalog, raw_only("on_error = \"fail\"")).unwrap();
    assert!(loader.next_batch().unwrap() == expected);
    let counted = loader.stats().faults;
    assert_eq!(counted.iter().map(|row| row.reason).collect::<Vec<_>>(), [FaultReason::TimedOut]);
    assert!(counted[0].retries >= 1 && counted[0].skipped_samples == 0, "{counted:?}");
}

#[test]
fn what_does_not_pass_is_tried_so_often_and_then_ends_or_is_skipped() {
    let (catalog, faults) = faulty();
    faults.put("s0/c/", Fault::Fail(std::io::ErrorKind::TimedOut));
    let loader = Loader::new(Arc::clone(&catalog), raw_only("on_error = \"fail\"\nretries = 1")).unwrap();
    let error = loader.next_batch().expect_err("it never passes");
    assert!(matches!(&error, Error::Io { reason, .. } if reason.kind() == std::io::ErrorKind::TimedOut), "{error}");
    assert!(loader.stats().faults[0].retries >= 1);
    // What stays as it is, is not read again.
    faults.heal();
    faults.put("s0/c/0/0/0", Fault::Fail(std::io::ErrorKind::PermissionDenied));
    let loader = Loader::new(catalog, raw_only("retries = 20")).unwrap();
    let batches: Vec<_> = (0..4).map(|_| loader.next_batch().unwrap()).collect();
    let skipped: usize = batches.iter().map(|batch| batch.skipped.len()).sum();
    let counted = loader.stats().faults;
    assert!(skipped > 0, "no sample met the chunk");
    assert_eq!((counted.len(), counted[0].reason, counted[0].retries), (1, FaultReason::Refused, 0));
}

#[test]
fn a_tile_that_cannot_be_read_comes_empty_and_says_why() {
    let (_folder, path) = gala();
    damage(&path.join(RAW).join("0/1/2"));
    let mut config = config(OnError::Skip);
    config.sampling.strategy = microtome_core::loader::Strategy::Grid;
    config.sampling.samples_per_epoch = None;
    let loader = Loader::new(Arc::new(Catalog::open(&path).unwrap()), config).unwrap();
    let (mut lacking, mut tiles) = (0, std::collections::BTreeSet::new());
    for _ in 0..loader.batches_per_epoch() {
        let batch = loader.next_batch().unwrap();
        for (sample, provenance) in batch.provenance.iter().enumerate() {
            assert!(tiles.insert(provenance.index), "every tile comes once");
            let Some(reason) = &provenance.lacking else { continue };
            assert!(reason.contains("[0, 1, 2]"), "{reason}");
            assert!(batch.skipped.iter().any(|skipped| skipped.index == provenance.index));
            let part = |len: usize| sample * len / batch.provenance.len()..(sample + 1) * len / batch.provenance.len();
            let (raw, labels) = (batch.array("raw").unwrap(), batch.array("labels").unwrap());
            let known = labels.known.as_ref().unwrap();
            assert!(raw.data.as_bytes()[part(raw.data.len())].iter().all(|voxel| *voxel == 0));
            assert!(known[part(known.len())].iter().all(|known| *known == 0));
            lacking += 1;
        }
    }
    assert!(lacking > 0 && lacking < tiles.len(), "{lacking} of {}", tiles.len());
}

#[test]
fn a_panic_in_a_worker_is_an_error_and_nobody_waits_for_ever() {
    let (catalog, faults) = faulty();
    faults.put("s0/c/", Fault::Panic);
    let loader = Loader::new(catalog, raw_only("")).unwrap();
    let error = loader.next_batch().expect_err("every read panics");
    match &error {
        Error::Panicked { reason, .. } => assert!(reason.contains("planted at s0/c/"), "{reason}"),
        other => panic!("a defect is not damaged data: {other:?}"),
    }
    assert_eq!(loader.next_batch().expect_err("it stays ended").to_string(), error.to_string());
    // Dropping it joins every thread: a waiter forgotten in the cache would hang here.
    drop(loader);
}
