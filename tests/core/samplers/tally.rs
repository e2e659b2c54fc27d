//! What a batch shows of each class, against a count of every voxel; and estimates of a catalog, against exact counts.

use microtome_core::loader::Loader;

use crate::{config, phantom, present};

#[test]
fn tallies_of_every_voxel_are_the_counts_and_fewer_come_near() {
    for encoding in ["u8", "f32", "bits", "ids"] {
        let mut config = config("");
        for target in config.target.values_mut() {
            target.encoding = serde_json::from_value(encoding.into()).unwrap();
        }
        let loader = Loader::new(phantom(), config).unwrap();
        let batch = loader.next_batch().unwrap();
        let all = batch.class_tallies(usize::MAX);
        assert!(!all.is_empty() && all.iter().all(|tally| tally.samples == 8), "{encoding}");
        if encoding == "u8" {
            for (class, tally) in all.iter().enumerate() {
                let counts: Vec<_> = (0..8).map(|sample| present(&batch, sample)[class] as u64).collect();
                assert_eq!(tally.present, counts.iter().sum::<u64>(), "{}", tally.class);
                assert_eq!(tally.samples_with_some, counts.iter().filter(|count| **count > 0).count() as u64);
            }
        }
        for (all, some) in all.iter().zip(batch.class_tallies(512)) {
            assert!(some.known <= 8 * 512 && some.samples_with_some <= all.samples_with_some);
            let share = |present: u64, known: u64| present as f64 / known.max(1) as f64;
            let off = share(all.present, all.known) - share(some.present, some.known);
            assert!(off.abs() < 0.08, "{encoding} {}: {off}", all.class);
        }
    }
}

#[test]
fn every_encoding_that_says_presence_tallies_the_same() {
    let tallies = |encoding: &str| {
        let mut config = config("");
        for target in config.target.values_mut() {
            target.encoding = serde_json::from_value(encoding.into()).unwrap();
        }
        Loader::new(phantom(), config).unwrap().next_batch().unwrap().class_tallies(usize::MAX)
    };
    let bytes = tallies("u8");
    assert!(bytes.iter().any(|tally| tally.known > tally.present && tally.present > 0));
    assert_eq!(bytes, tallies("f32"));
    assert_eq!(bytes, tallies("bits"));
}

#[test]
fn estimates_are_near_exact_counts_and_stop_when_told() {
    let catalog = phantom();
    let exact = catalog.count(None).unwrap();
    let mut rows = Vec::new();
    let failures = catalog.estimate_counts(&|| false, &mut |estimate| rows.push(estimate)).unwrap();
    assert!(failures.is_empty() && rows.len() == exact.rows.len());
    for estimate in rows {
        let row = &estimate.row;
        let known = exact.get(row.dataset_index, row.crop_index, &row.class).unwrap();
        let total = known.total() as f64 * known.voxel_nm3;
        let off = (row.count.present_nm3() - known.present_nm3()) / total;
        assert!(off.abs() < 0.05, "{} of crop {}: {off}", row.class, row.crop_index);
        assert_eq!(estimate.read.is_none(), row.origin == microtome_core::catalog::CountOrigin::Metadata);
    }
    let stopped = catalog.estimate_counts(&|| true, &mut |_| ());
    let reads = exact.rows.iter().any(|row| row.origin == microtome_core::catalog::CountOrigin::Voxels);
    assert_eq!(stopped.is_err(), reads);
}
