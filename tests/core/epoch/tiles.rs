//! Strategy `grid`: every voxel of every crop is known exactly once, however patches and targets are shaped.

use std::collections::{BTreeMap, HashMap};

use microtome_core::loader::{Batch, Loader, LoaderConfig};
use microtome_core::volume::Buffer;

use super::scene::{catalog, config};

/// Every batch of one epoch.
fn epoch(loader: &Loader) -> Vec<Batch> {
    (0..loader.batches_per_epoch()).map(|_| loader.next_batch().unwrap()).collect()
}

/// How often each voxel of each crop is known in a target of ids.
fn times_known(batches: &[Batch], target: &str) -> HashMap<(String, u32), u32> {
    let mut times = HashMap::new();
    for batch in batches {
        let array = batch.array(target).unwrap();
        let (Buffer::U32(ids), Some(known)) = (&array.data, &array.known) else { panic!("ids with a mask") };
        let voxels = ids.len() / batch.provenance.len();
        for (index, (id, _)) in ids.iter().zip(known).enumerate().filter(|(_, (_, known))| **known == 1) {
            let crop = batch.provenance[index / voxels].crop.clone().unwrap();
            *times.entry((crop, *id)).or_insert(0) += 1;
        }
    }
    times
}

const VOXELS: [(&str, u32); 3] = [("crop1", 13 * 29 * 33), ("crop2", 3 * 5 * 4), ("crop3", 17 * 31 * 9)];

fn check_coverage(config: LoaderConfig, targets: &[&str]) {
    let loader = Loader::new(catalog(0), config).unwrap();
    let batches = epoch(&loader);
    for target in targets {
        let times = times_known(&batches, target);
        for (crop, voxels) in VOXELS {
            for id in 1..=voxels {
                assert_eq!(times.get(&(crop.to_owned(), id)), Some(&1), "voxel {id} of {crop} in {target}");
            }
        }
        assert_eq!(times.len() as u32, VOXELS.iter().map(|(_, voxels)| voxels).sum::<u32>(), "id 0 is nowhere known");
    }
    let again = loader.next_batch().unwrap();
    let grids = |batch: &Batch| batch.provenance.iter().map(|p| p.grid).collect::<Vec<_>>();
    assert_eq!((again.epoch, grids(&again)), (1, grids(&batches[0])), "every epoch is the same");
}

const GRID: &str = "[sampling]\nstrategy = \"grid\"\n[loader]\nbatch_size = 7\nmemory = \"64 MiB\"\n";

#[test]
fn every_voxel_of_every_crop_is_known_once() {
    check_coverage(config(GRID), &["labels"]);
}

#[test]
fn targets_smaller_or_larger_than_the_input_are_covered_once_too() {
    // As for a network whose output is smaller than its input: odd differences, on some axes half a voxel off the middle.
    let small = "
        [target.small]
        shape = [5, 6, 9]
        voxel_size_nm = [16, 8, 4]
        encoding = \"ids\"
        [target.wide]
        shape = [11, 14, 20]
        voxel_size_nm = [16, 8, 4]
        encoding = \"ids\"
        ";
    check_coverage(config(&format!("{small}{GRID}")), &["small", "wide", "labels"]);
}

#[test]
fn an_epoch_is_the_tiles_and_every_prefix_is_spread_over_the_crops() {
    let loader = Loader::new(catalog(0), config(GRID)).unwrap();
    let tiles: BTreeMap<String, u128> =
        loader.sources_report().into_iter().map(|row| (row.crop.unwrap(), row.positions)).collect();
    // 13 × 29 × 33 voxels in tiles of 8 × 12 × 10 are 2 × 3 × 4; and so on.
    let expected = [("crop1", 24), ("crop2", 1), ("crop3", 3 * 3)];
    assert_eq!(tiles, expected.iter().map(|(crop, tiles)| ((*crop).to_owned(), *tiles)).collect());
    let batches = epoch(&loader);
    let crops: Vec<_> = batches.iter().flat_map(|b| b.provenance.iter().map(|p| p.crop.clone().unwrap())).collect();
    assert_eq!(crops.len(), 34);
    for prefix in 1..=34 {
        for (crop, tiles) in expected {
            let got = crops[..prefix].iter().filter(|c| *c == crop).count() as f64;
            let share = prefix as f64 * tiles as f64 / 34.0;
            assert!((got - share).abs() < 1.5, "{got} of the first {prefix} tiles are of {crop}, its share is {share}");
        }
    }
    let shorter = config(&GRID.replace("[loader]", "iterations_per_epoch = 2\n[loader]"));
    let loader = Loader::new(catalog(0), shorter).unwrap();
    assert_eq!(loader.batches_per_epoch(), 2);
    let grids =
        |batches: &[Batch]| batches.iter().flat_map(|b| b.provenance.iter().map(|p| p.grid)).collect::<Vec<_>>();
    assert_eq!(grids(&epoch(&loader)), grids(&batches[..2]), "a shorter epoch is a prefix");
}
