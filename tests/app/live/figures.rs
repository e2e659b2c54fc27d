//! What the panes say is what the loader measured.

use std::time::Duration;

use egui_kittest::kittest::Queryable as _;
use microtome::ThemeName;
use microtome::format;
use microtome::panes::PaneKind;
use microtome::state::{LogLevel, State};
use microtome_core::telemetry::{Event, Mark};

use super::bench::{harness, running_state};

const SIZE: [f32; 2] = [1400.0, 320.0];

#[test]
fn throughput_names_rates_totals_and_losses() {
    let state = running_state();
    let stats = state.loader.stats.clone().unwrap();
    let mut harness = harness(state, PaneKind::Throughput, ThemeName::Light, SIZE);
    harness.run();
    let samples = format!("samples: {} in {} batches", format::count(stats.samples), format::count(stats.batches));
    harness.get_by_label(&samples);
    let mean = format::per_second(stats.samples as f64 / stats.elapsed.as_secs_f64());
    harness.get_by_label(&format!("mean: {mean}"));
    harness.get_by_label("skipped: 2");
    harness.get_by_label_contains("consumer waits: ");
    harness.get_by_label("1.7");
    harness.get_by_label("43 %");
}

#[test]
fn memory_figures_are_the_statistics() {
    let state = running_state();
    let memory = state.loader.stats.as_ref().unwrap().memory;
    let mut harness = harness(state, PaneKind::Memory, ThemeName::Dark, SIZE);
    harness.run();
    for (name, bytes) in [
        ("cache", memory.cache_bytes),
        ("queue", memory.queue_bytes),
        ("in flight", memory.in_flight_bytes),
        ("process (RSS)", memory.rss_bytes),
    ] {
        harness.get_by_label(&format!("{name}: {}", format::bytes(bytes)));
    }
    let used = memory.cache_bytes + memory.queue_bytes + memory.in_flight_bytes;
    let budget = format!("memory budget: {} of {}", format::bytes(used), format::bytes(memory.budget_bytes));
    harness.get_by_label(&budget);
    assert_eq!(harness.query_all_by_label("GPU textures: 310 MiB of 512 MiB").count(), 2, "the row and its bar");
}

#[test]
fn cache_figures_are_the_statistics() {
    let state = running_state();
    let stats = state.loader.stats.clone().unwrap();
    let mut harness = harness(state, PaneKind::Cache, ThemeName::Dark, SIZE);
    harness.run();
    for (name, cache) in [("decoded chunks", stats.chunk_cache), ("transforms", stats.transform_cache)] {
        let size = format!("{} of {}", format::bytes(cache.resident_bytes), format::bytes(cache.capacity_bytes));
        harness.get_by_label(&format!("{name}: {size}"));
        let rate = format::percent(cache.hit_rate().unwrap());
        assert!(harness.query_all_by_label(&format!("total: {rate}")).count() >= 1, "{name}: {rate}");
    }
    harness.get_by_label(&format!("time saved: {}", format::duration(stats.transform_saved)));
}

#[test]
fn every_pane_says_why_it_is_empty() {
    for kind in [PaneKind::Sampling, PaneKind::Throughput, PaneKind::Timeline, PaneKind::Cache, PaneKind::Memory] {
        let mut harness = harness(State::default(), kind, ThemeName::Dark, [500.0, 200.0]);
        harness.run();
        harness.get_by_label_contains("Nothing is open");
    }
    let mut harness = harness(State::default(), PaneKind::Log, ThemeName::Dark, [500.0, 200.0]);
    harness.run();
    harness.get_by_label("Nothing to report.");
}

#[test]
fn the_log_filters_counts_and_copies() {
    let mut state = running_state();
    state.say(LogLevel::Error, "chunk [9, 9, 9] is damaged");
    state.say(LogLevel::Error, "chunk [9, 9, 9] is damaged");
    let mut harness = harness(state, PaneKind::Log, ThemeName::Dark, SIZE);
    harness.run();
    harness.get_by_label("×2");
    harness.get_by_label_contains("opened phantom");
    harness.get_by_label("Errors 3").click();
    harness.run();
    assert!(harness.query_by_label_contains("opened phantom").is_none(), "only errors");
    harness.get_by_label("Copy").click();
    harness.step();
    let copied = harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let copied = copied.expect("something was copied");
    assert_eq!(copied.lines().count(), 2, "{copied}");
    assert!(copied.contains("×2") && !copied.contains("opened phantom"), "{copied}");
    harness.get_by_label("Clear").click();
    harness.run();
    assert_eq!(harness.state().state.log.entries().len(), 0);
}

#[test]
fn curves_say_what_happened_meanwhile() {
    let mut state = running_state();
    let mut stats = state.loader.stats.clone().unwrap();
    let event = Event::CacheResized { before_bytes: 1 << 30, after_bytes: 2 << 30 };
    stats.events = vec![Mark { number: 0, at: stats.elapsed - Duration::from_secs(5), event }];
    stats.elapsed += Duration::from_millis(100);
    state.now_s += 0.1;
    state.take_stats(stats);
    let mut harness = harness(state, PaneKind::Throughput, ThemeName::Dark, [1000.0, 460.0]);
    harness.run();
    let titles = [
        "samples per second",
        "threads at work",
        "consumer waits",
        "data per second",
        "hits of the caches",
        "batches that wait",
    ];
    for title in titles {
        let name = format!("curve: {title}; 1 mark, the last: cache resized: 1.0 GiB → 2.0 GiB");
        let curve = harness.get_by_label(&name);
        let rect = curve.rect();
        assert!(rect.height() > 45.0 && rect.width() > 150.0, "{title}: {rect:?}");
        assert!(rect.bottom() <= 460.0 && rect.right() <= 1000.0, "{title} is within the pane: {rect:?}");
    }
}
