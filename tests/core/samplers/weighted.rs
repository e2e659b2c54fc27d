//! `strategy = "weighted"`: crops by weights from what they hold, or as given.

use std::collections::BTreeMap;

use microtome_core::loader::{Loader, LoaderConfig};

use super::{batches, config, phantom};

fn drawn(config: LoaderConfig, samples: usize) -> BTreeMap<String, f64> {
    let loader = Loader::new(phantom(), config).unwrap();
    let mut counts = BTreeMap::new();
    for provenance in batches(&loader, samples).iter().flat_map(|batch| &batch.provenance) {
        *counts.entry(provenance.crop.clone().unwrap()).or_insert(0.0) += 1.0;
    }
    counts
}

fn chi2(counts: &BTreeMap<String, f64>, expected: &BTreeMap<String, f64>, samples: usize) -> f64 {
    let total: f64 = expected.values().sum();
    let of = |(crop, weight): (&String, &f64)| {
        let expected = weight / total * samples as f64;
        (counts.get(crop).copied().unwrap_or(0.0) - expected).powi(2) / expected
    };
    expected.iter().map(of).sum()
}

#[test]
fn crops_come_by_what_they_hold_of_rare_classes() {
    let mut config = config("strategy = \"weighted\"");
    config.data.classes = vec!["er".to_owned(), "mito".to_owned()];
    let catalog = phantom();
    let table = catalog.count(None).unwrap();
    let mut weights = table.class_weights();
    weights.retain(|class, _| ["er", "mito"].contains(&class.as_str()));
    let crops = catalog.datasets[0].crops.iter().enumerate();
    let expected: BTreeMap<_, _> = crops
        .map(|(index, crop)| (crop.name.clone(), table.crop_weight(0, index, &weights)))
        .filter(|(_, weight)| *weight > 0.0)
        .collect();
    assert!(expected.len() >= 3, "{expected:?}");
    let counts = drawn(config, 2000);
    let chi2 = chi2(&counts, &expected, 2000);
    // 3 degrees of freedom: above 16.27 once in a thousand.
    assert!(chi2 < 16.27, "{chi2}: {counts:?}, expected as {expected:?}");
}

#[test]
fn crops_come_by_the_weights_given() {
    let name = &phantom().datasets[0].name;
    let mut config = config("strategy = \"weighted\"");
    config.sampling.weights =
        BTreeMap::from([(format!("{name}/*"), 0.0), (format!("{name}/crop1"), 1.0), (format!("{name}/crop3"), 3.0)]);
    let counts = drawn(config.clone(), 800);
    let expected = BTreeMap::from([("crop1".to_owned(), 1.0), ("crop3".to_owned(), 3.0)]);
    let chi2 = chi2(&counts, &expected, 800);
    // 1 degree of freedom: above 10.83 once in a thousand.
    assert!(counts.len() == 2 && chi2 < 10.83, "{chi2}: {counts:?}");
    config.sampling.weights = BTreeMap::from([("elsewhere/*".to_owned(), 1.0)]);
    let error = Loader::new(phantom(), config).unwrap_err().to_string();
    assert!(error.contains("sampling.weights.elsewhere/*: nothing is called so"), "{error}");
}
