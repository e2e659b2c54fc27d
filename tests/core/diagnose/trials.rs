//! A real loader with a planted bottleneck, its first remedy applied, and the advice's score of its own error.

use std::sync::Arc;
use std::time::Duration;

use microtome_core::catalog::{Catalog, Dataset};
use microtome_core::diagnose::{Diagnosis, Plan, Trial, Window, scores};
use microtome_core::loader::params::{Values, set};
use microtome_core::loader::{Loader, LoaderConfig, LoaderOptions};
use microtome_core::store::Metered;
use microtome_core::telemetry::Event;
use microtome_core::testing::{Fault, FaultStore, Fixture};
use microtome_core::volume::Volume;

/// Chunks of 16³ whose every read takes 4 ms.
fn slow_data() -> Arc<Catalog> {
    let store = FaultStore::new(Fixture::default().write().unwrap());
    let metered = Arc::new(Metered::new(Arc::new(store.clone()), "memory"));
    let raw = Arc::new(Volume::open_in(&metered, "").unwrap());
    store.put("s0/c", Fault::Delay(Duration::from_millis(4)));
    let dataset = Dataset { name: "slow".to_owned(), raw, crops: Vec::new() };
    Arc::new(Catalog { datasets: vec![dataset], ..Catalog::default() })
}

/// So many batches after the loader has run in.
fn window(loader: &Loader, batches: usize) -> Window {
    let take = |batches: usize| (0..batches).for_each(|_| drop(loader.next_batch().unwrap()));
    take(12);
    let before = loader.stats();
    take(batches);
    Window::between(&before, &loader.stats()).unwrap()
}

#[test]
fn a_remedy_is_tried_and_the_advice_scores_itself() {
    let data = slow_data();
    let text = "[input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [8, 8, 8]\nencoding = \"u8\"\n\
                [loader]\nbatch_size = 2\nthreads = 2\nmemory = \"40 KiB\"\n";
    let config = LoaderConfig::from_toml(text).unwrap();
    let loader = Loader::new(Arc::clone(&data), config.clone()).unwrap();
    let before = window(&loader, 20);
    let diagnosis = Diagnosis::of(&before);
    let remedy = diagnosis.remedies.iter().find(|remedy| remedy.changes.iter().any(|c| c.key == "loader.memory"));
    let remedy = remedy.expect("next to no memory is the planted bottleneck").clone();
    drop(loader);
    let mut changed = config.clone();
    for change in &remedy.changes {
        let value = format!("value = {}", change.value.as_ref().unwrap()).parse::<Values>().unwrap().remove("value");
        changed = set(&changed, &change.key, value).unwrap();
    }
    let options = LoaderOptions { replaces: Some(config), ..LoaderOptions::default() };
    let loader = Loader::with_options(data, changed, options).unwrap();
    let after = window(&loader, 40);
    let trial = Trial::between(Plan::of(&remedy), &before, &after).unwrap();
    // What was asked for is in memory now, and the store no more in the way.
    assert!(trial.measured_gain() > 0.2 && trial.stall_share[0] > 0.5, "{}", trial.words());
    assert!(trial.predicted_gain().is_some_and(|gain| gain > 0.0), "{}", trial.words());
    let scores = scores(std::slice::from_ref(&trial));
    assert_eq!((scores.len(), scores[0].kind, scores[0].trials), (1, remedy.kind, 1));
    assert!((scores[0].measured_gain - trial.measured_gain()).abs() < 1e-12, "{scores:?}");
    assert!(scores[0].ratio > 0.0 && scores[0].mean_error.is_finite(), "{scores:?}");
    // And it is marked on the curves of the loader after it.
    let events = loader.stats().events;
    let marked = |event: &Event| matches!(event, Event::ConfigChanged { changes } if changes[0].key == "loader.memory");
    assert!(marked(&events[0].event), "{events:?}");
    let kept: Trial = serde_json::from_str(&serde_json::to_string(&trial).unwrap()).unwrap();
    assert_eq!(kept, trial);
}
