//! The loader in the window: runs, shows its batches, flies to them, pauses.

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT, Queryable};
use microtome::command::Command;
use microtome::format;
use microtome::panes::PaneKind;
use microtome::state::{LoaderPhase, State};
use microtome_tests::data;

use crate::driver::Driver;

#[test]
fn a_crop_that_is_clicked_is_flown_to() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    driver.wait("a batch and figures", |state| state.loader.batch.is_some() && state.loader.stats.is_some());
    assert!(!driver.state().loader.footprints.is_empty());
    driver.key(Modifiers::NONE, Key::Space);
    assert_eq!(driver.state().loader.phase, LoaderPhase::Paused);
    let numbers = |driver: &Driver| driver.state().loader.batch.as_ref().map(|batch| batch.number);
    driver.wait("the last batch", |state| state.loader.batch.is_some());
    // What was on its way when the loader was paused arrives within a few hundred milliseconds.
    let mut last = None;
    for _ in 0..40 {
        last = numbers(&driver);
        driver.settle();
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    driver.settle();
    assert_eq!(numbers(&driver), last, "a paused loader hands over nothing");
    let label = driver
        .harness
        .get_all_by_role(egui::Role::Button)
        .find_map(|node| node.accesskit_node().label().filter(|label| label.starts_with("crop 2: fib25")));
    driver.click(&label.expect("the second crop is labelled"));
    let state = driver.state();
    let place = &state.loader.batch.as_ref().expect("a batch").crops[1].provenance;
    assert!(place.world_box.contains(state.views.cursor_nm), "{:?} {:?}", place.world_box, state.views.cursor_nm);
    assert_eq!(state.display.selected, Some(place.world_box));
    driver.key(Modifiers::NONE, Key::Space);
    assert_eq!(driver.state().loader.phase, LoaderPhase::Running);
}

#[test]
fn the_timeline_is_held_while_the_loader_goes_on() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    driver.click("Timeline");
    driver.wait("spans", |state| state.timeline.recording().span_count() > 100);
    // Tests in one process share its one recording, so that there may be several of a name.
    assert!(driver.harness.query_all_by_label("worker-0").count() >= 1);
    driver.click("Hold");
    let shown = |driver: &Driver| (driver.state().timeline.recording().range(), driver.state().timeline.view().range);
    let (held, batches) = (shown(&driver), |state: &State| state.loader.stats.as_ref().map_or(0, |s| s.batches));
    let before = batches(driver.state());
    driver.wait("two more batches", |state| batches(state) >= before + 2);
    assert_eq!(shown(&driver), held, "the picture is a still");
    driver.click("Follow");
    driver.wait("a newer recording", |state| state.timeline.recording().range() != held.0);
}

#[test]
fn memory_figures_are_the_loaders_own() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    driver.wait("a batch", |state| state.loader.batch.is_some());
    driver.key(Modifiers::NONE, Key::Space);
    driver.click("Memory");
    let memory = |state: &State| state.loader.stats.as_ref().map(|stats| stats.memory).expect("figures");
    let mut last = memory(driver.state());
    // A paused loader fills its queue, then stands still; after that its figures do not change any more.
    driver.wait("the queue to be full", |state| {
        let now = memory(state);
        let still = std::mem::replace(&mut last, now) == now;
        still && now.queue_bytes > 0 && now.in_flight_bytes == 0
    });
    let now = memory(driver.state());
    assert!(now.cache_bytes > 0 && now.cache_bytes + now.queue_bytes <= now.budget_bytes);
    for (name, bytes) in [("cache", now.cache_bytes), ("queue", now.queue_bytes)] {
        driver.node(&format!("{name}: {}", format::bytes(bytes)));
    }
}

#[test]
fn the_batch_stands_still_under_the_pointer() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    driver.wait("a batch", |state| state.loader.batch.is_some());
    driver.settle();
    let over = driver.node("Labels over crops").rect().center();
    driver.harness.hover_at(over);
    driver.settle();
    let number = |state: &State| state.loader.batch.as_ref().map(|batch| batch.number);
    let handed_over = |state: &State| state.loader.stats.as_ref().map_or(0, |stats| stats.batches);
    let (held, before) = (number(driver.state()), handed_over(driver.state()));
    driver.wait("forty more batches", |state| handed_over(state) >= before + 40);
    assert_eq!(number(driver.state()), held);
    driver.harness.hover_at(driver.node("xy slice").rect().center());
    driver.wait("a newer picture", |state| number(state) > held);
}

#[test]
fn the_table_of_sources_is_the_loaders_own_and_flies() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    driver.wait("a table", |state| state.loader.sources.iter().any(|source| source.samples > 0));
    driver.key(Modifiers::NONE, Key::Space);
    driver.click("Sampling");
    driver.settle();
    let sources = driver.state().loader.sources.clone();
    let drawn = sources.iter().filter(|source| source.left_out.is_none()).count();
    driver.node(&format!("drawn from: {drawn} of {}", sources.len()));
    let source = sources.iter().find(|source| source.crop.is_some()).expect("fib25 has crops");
    let name = format!("fly to {} {}", source.dataset, source.crop.as_deref().unwrap_or_default());
    driver.click(&name);
    let state = driver.state();
    let dataset = &state.session.open().expect("open").catalog.datasets[source.dataset_index];
    let bounds = dataset.crops[source.crop_index.expect("a crop")].bounds;
    assert!(bounds.contains(state.views.cursor_nm), "{bounds:?} {:?}", state.views.cursor_nm);
}

#[test]
fn draws_are_simulated_and_what_they_never_cover_is_said() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    driver.wait("a loader", |state| state.loader.stats.is_some());
    driver.key(Modifiers::NONE, Key::D);
    driver.wait("10 000 draws", |state| {
        state.loader.simulation.as_ref().is_some_and(|view| view.simulation.draws == 10_000)
    });
    assert!(driver.state().display.show_density);
    driver.click("Sampling");
    driver.settle();
    let view = driver.state().loader.simulation.clone().expect("waited for");
    driver.node(&format!("simulated draws: {}", format::count(10_000)));
    driver.node(&format!("never covered: {}", format::percent(view.never_covered[0])));
    // Every draw is counted once, where the running loader's own samples lie, too.
    let crops: u64 = view.simulation.crops.values().sum();
    assert_eq!((crops, view.simulation.datasets[0].draws()), (10_000, 10_000));
    let coverage = &view.simulation.datasets[0];
    let batch = driver.state().loader.batch.clone();
    for crop in &batch.expect("a batch").crops {
        let middle = coverage.cell_of(crop.provenance.grid.center_nm);
        assert!(coverage.count(middle) > 0, "{:?}", crop.provenance.grid.center_nm);
    }
    driver.key(Modifiers::NONE, Key::D);
    driver.settle();
    assert!(!driver.state().display.show_density);
    driver.node("Simulate 10 000 draws");
}

#[test]
fn a_training_step_that_is_set_makes_the_pace() {
    let mut driver = Driver::open(data::root().join("fib25.zarr"), true);
    let batches = |state: &State| state.loader.stats.as_ref().map_or(0, |stats| stats.batches);
    driver.wait("batches as fast as they come", |state| batches(state) > 3 && state.loader.diagnosis.is_some());
    assert!(driver.harness.query_all_by_label_contains("limited by").count() > 0, "nobody is known who would wait");
    driver.run(Command::ShowPane(PaneKind::Diagnosis));
    driver.settle();
    driver.harness.get_by_label("nothing is known of one: batches are taken as fast as they come");
    driver.run(Command::SetTrainingStep(std::time::Duration::from_secs(600)));
    // Every statistic from then on counts the same, but for a batch that was on its way.
    let mut versions = Vec::new();
    driver.wait("the next step to be far away", |state| {
        let now = (state.loader.stats_version, batches(state));
        if versions.last() != Some(&now) {
            versions.push(now);
        }
        versions.len() > 6
    });
    let after: Vec<_> = versions.iter().map(|(_, batches)| *batches).skip(2).collect();
    assert!(after.iter().all(|count| *count == after[0]), "{versions:?}");
    assert_eq!(driver.state().loader.phase, LoaderPhase::Running);
    driver.harness.get_by_label("Training step in milliseconds");
    assert!(driver.harness.query_all_by_label_contains("input-bound").count() > 0, "the verdict is about a training");
    driver.run(Command::SetTrainingStep(std::time::Duration::ZERO));
    driver.wait("more batches", |state| batches(state) > after[0]);
}
