//! A sample that is drawn for a class shows it, whatever else is configured.

use std::collections::BTreeMap;
use std::sync::Arc;

use microtome_core::loader::{Loader, LoaderConfig, Strategy};

use super::{batches, config, phantom, present};

/// Checks `samples` samples; how many were drawn for each class, and for none.
fn check(config: LoaderConfig, samples: usize) -> BTreeMap<Option<String>, usize> {
    let strategy = config.sampling.strategy;
    let loader = Loader::new(phantom(), config).unwrap();
    let classes = loader.classes();
    let mut drawn = BTreeMap::new();
    for batch in batches(&loader, samples) {
        for (sample, provenance) in batch.provenance.iter().enumerate() {
            let reason = &provenance.reason;
            assert_eq!(reason.strategy, strategy);
            *drawn.entry(reason.class.clone()).or_insert(0) += 1;
            let Some(class) = &reason.class else {
                assert_eq!(reason.foreground_nm, None);
                continue;
            };
            let foreground_nm = reason.foreground_nm.unwrap();
            assert!(provenance.world_box.contains(foreground_nm), "{provenance:?}");
            let channel = classes.iter().position(|name| name == class).unwrap();
            assert!(present(&batch, sample)[channel] > 0, "{class} is not shown: {provenance:?}");
        }
    }
    drawn
}

#[test]
fn balanced_samples_show_the_class_they_are_drawn_for() {
    let drawn = check(config("strategy = \"class_balanced\""), 256);
    assert!(drawn.len() > 6 && !drawn.contains_key(&None), "{drawn:?}");
}

#[test]
fn foreground_samples_do_in_their_share_and_the_others_lie_anywhere() {
    let drawn = check(config("strategy = \"foreground\"\nforeground = { probability = 0.75 }"), 400);
    let none = drawn[&None] as f64;
    // Mean 100, standard deviation 8.7.
    assert!((73.0..127.0).contains(&none), "{none} of 400 samples are drawn for no class");
    let classes: Vec<_> = drawn.iter().filter(|(class, _)| class.is_some()).map(|(_, &n)| n as f64).collect();
    let expected = (400.0 - none) / classes.len() as f64;
    let chi2: f64 = classes.iter().map(|n| (n - expected).powi(2) / expected).sum();
    let freedom = classes.len() as f64 - 1.0;
    // Wilson–Hilferty: above this once in a thousand.
    let limit = freedom * (1.0 - 2.0 / (9.0 * freedom) + 3.09 * (2.0 / (9.0 * freedom)).sqrt()).powi(3);
    assert!(chi2 < limit, "{chi2} over {limit}: {drawn:?}");
}

#[test]
fn they_do_so_transposed_mirrored_in_groups_and_as_smaller_targets() {
    let augmented = |sampling: &str, shape: &str| {
        let text = format!("strategy = \"class_balanced\"\n{sampling}");
        let mut config = config(&text);
        config.augment = LoaderConfig::from_toml(
            "
            [input.raw]
            shape = [16, 16, 16]
            voxel_size_nm = [8, 8, 8]
            encoding = \"u8\"
            [augment]
            mirror = { z = 0.5, y = 0.5, x = 0.5 }
            transpose = { axes = [\"z\", \"y\", \"x\"], probability = 1.0 }
            ",
        )
        .unwrap()
        .augment;
        let shape: Vec<usize> = shape.split(' ').map(|n| n.parse().unwrap()).collect();
        let target = config.target.get_mut("labels").unwrap();
        target.shape = microtome_core::geometry::Zyx::new(shape[0], shape[1], shape[2]);
        config
    };
    check(augmented("", "16 16 16"), 64);
    check(augmented("chunk_local = 4", "16 16 16"), 64);
    check(augmented("chunk_local = 8", "8 8 8"), 64);
    check(augmented("small_crops = \"drop\"", "8 8 8"), 64);
    // Targets of coarser voxels: the ones that are shown are those that are counted.
    let mut coarse = augmented("", "8 8 8");
    coarse.target.get_mut("labels").unwrap().voxel_size_nm = microtome_core::geometry::Zyx::splat(16.0);
    check(coarse, 64);
}

#[test]
fn threads_change_nothing() {
    let with = |threads: usize, sampling: &str| {
        let mut config = config(sampling);
        config.loader.threads = threads;
        batches(&Loader::new(phantom(), config).unwrap(), 64)
    };
    for sampling in [
        "strategy = \"class_balanced\"",
        "strategy = \"foreground\"\nchunk_local = 4",
        "strategy = \"weighted\"",
        "chunk_local = 8",
    ] {
        let reference = with(1, sampling);
        assert!(with(2, sampling) == reference, "{sampling}");
        assert!(with(8, sampling) == reference, "{sampling}");
    }
}

#[test]
fn a_class_that_is_nowhere_is_left_out_and_stops_nothing() {
    let catalog = phantom();
    let mut dataset = catalog.datasets[0].clone();
    // crop3 is small and at the edge: some classes are not in it.
    dataset.crops.retain(|crop| crop.name == "crop3");
    let nothing_but_crop3 =
        Arc::new(microtome_core::catalog::Catalog { datasets: vec![dataset], ..Default::default() });
    let totals = nothing_but_crop3.count(None).unwrap().totals();
    let (somewhere, nowhere): (Vec<_>, Vec<_>) = totals.iter().partition(|(_, total)| total.present_nm3 > 0.0);
    assert!(!somewhere.is_empty() && !nowhere.is_empty(), "{totals:?}");
    let loader = Loader::new(Arc::clone(&nothing_but_crop3), config("strategy = \"class_balanced\"")).unwrap();
    let drawn: Vec<_> = batches(&loader, 64)
        .iter()
        .flat_map(|b| b.provenance.iter().map(|p| p.reason.class.clone().unwrap()))
        .collect();
    for (class, _) in &somewhere {
        assert!(drawn.contains(class), "{class} is never drawn: {drawn:?}");
    }
    assert!(nowhere.iter().all(|(class, _)| !drawn.contains(class)));
    // With nothing else the loader says so.
    let mut config = config("strategy = \"foreground\"");
    assert_eq!(config.sampling.strategy, Strategy::Foreground);
    config.data.classes = nowhere.iter().map(|(class, _)| (*class).clone()).collect();
    let error = Loader::new(nothing_but_crop3, config).unwrap().next_batch().unwrap_err().to_string();
    assert!(error.contains("sampling.strategy: no crop that is drawn from holds any of"), "{error}");
}

#[test]
fn turned_and_bent_patches_show_it_but_for_some_at_borders() {
    let mut config = config("strategy = \"class_balanced\"");
    config.augment = LoaderConfig::from_toml(
        "
        [input.raw]
        shape = [16, 16, 16]
        voxel_size_nm = [8, 8, 8]
        encoding = \"u8\"
        [augment]
        rotate = { z = [-180, 180], y = [-30, 30], x = [-180, 180], probability = 1.0 }
        elastic = { spacing_nm = [80, 80, 80], sigma_nm = [8, 8, 8], probability = 1.0 }
        ",
    )
    .unwrap()
    .augment;
    let loader = Loader::new(phantom(), config).unwrap();
    let classes = loader.classes();
    let batches = batches(&loader, 128);
    let samples = batches.iter().flat_map(|batch| (0..8).map(move |sample| (batch, sample)));
    let is_shown = |(batch, sample): &(&microtome_core::loader::Batch, usize)| {
        let class = batch.provenance[*sample].reason.class.as_ref().unwrap();
        present(batch, *sample)[classes.iter().position(|name| name == class).unwrap()] > 0
    };
    let count = samples.filter(is_shown).count();
    println!("{count} of 128 turned and bent patches show the class they are drawn for");
    assert!(count >= 122, "{count} of 128");
}
