//! The verdict in the window: what it says is what was diagnosed, and a remedy is applied through the draft.

use std::sync::Arc;
use std::time::Duration;

use egui_kittest::kittest::Queryable as _;
use microtome::ThemeName;
use microtome::panes::PaneKind;
use microtome::state::State;
use microtome_core::diagnose::monitor::{Alert, AlertKind, Severity};
use microtome_core::diagnose::{Change, Diagnosis, Remedy, RemedyKind, Window};
use microtome_core::telemetry::{KeyChange, Stage, StandstillReport, StandstillStats, Stats, Task, ThreadWork};

use super::bench::{harness, running_state};

const SIZE: [f32; 2] = [900.0, 700.0];

/// A loader with one remedy.
fn diagnosed() -> (State, Arc<Diagnosis>) {
    let mut state = running_state();
    let mut diagnosis = Diagnosis::clone(state.loader.diagnosis.as_ref().expect("it ran for a minute"));
    diagnosis.remedies = vec![Remedy {
        kind: RemedyKind::CacheSize,
        what: "give decoded chunks 6.0 GiB instead of 2.7 GiB".to_owned(),
        because: "30 % of lookups miss".to_owned(),
        cost: "3.3 GiB more memory; no bias".to_owned(),
        changes: vec![Change { key: "loader.memory".to_owned(), value: Some("\"8 GiB\"".to_owned()) }],
        commands: Vec::new(),
        predicted_samples_per_s: 61.0,
        gain: 0.31,
    }];
    let diagnosis = Arc::new(diagnosis);
    state.loader.diagnosis = Some(Arc::clone(&diagnosis));
    (state, diagnosis)
}

#[test]
fn the_pane_says_what_was_diagnosed() {
    let (state, diagnosis) = diagnosed();
    let mut harness = harness(state, PaneKind::Diagnosis, ThemeName::Dark, SIZE);
    harness.run();
    harness.get_by_label(&diagnosis.verdict);
    for finding in &diagnosis.findings {
        harness.get_by_label_contains(finding.method.words());
        harness.get_by_label(&finding.because);
    }
    harness.get_by_label("+31 %");
    harness.get_by_label("because 30 % of lookups miss; cost: 3.3 GiB more memory; no bias");
    harness.get_by_label("Apply: give decoded chunks 6.0 GiB instead of 2.7 GiB");
    harness.get_by_label("decode");
}

/// What the monitors say of a loader that stands still and replaces samples.
fn alerts() -> Vec<Alert> {
    let alert = |kind, severity, what: &str| Alert {
        kind,
        severity,
        what: what.to_owned(),
        because: "12 damaged chunk".to_owned(),
        advice: "fetch them again".to_owned(),
    };
    vec![
        alert(AlertKind::SamplesReplaced, Severity::Severe, "12 samples could not be read and others were drawn"),
        alert(AlertKind::MachineShort, Severity::Warning, "the machine has 1.0 GiB of 16 GiB left (6 %)"),
    ]
}

#[test]
fn alerts_stand_in_the_pane_and_those_of_memory_beside_its_bars() {
    let (mut state, _) = diagnosed();
    state.loader.alerts = Arc::new(alerts());
    let mut pane = harness(state, PaneKind::Diagnosis, ThemeName::Dark, SIZE);
    pane.run();
    pane.get_by_label_contains("12 samples could not be read");
    pane.get_by_label_contains("the machine has 1.0 GiB");
    let (mut state, _) = diagnosed();
    state.loader.alerts = Arc::new(alerts());
    let mut pane = harness(state, PaneKind::Memory, ThemeName::Light, SIZE);
    pane.run();
    pane.get_by_label_contains("the machine has 1.0 GiB");
    assert!(pane.query_by_label_contains("12 samples could not be read").is_none());
}

#[test]
fn a_standstill_is_shown_with_who_waits_for_what_also_without_a_verdict() {
    let mut state = running_state();
    let mut stats = state.loader.stats.clone().unwrap();
    let work = ThreadWork {
        thread: "worker-0".to_owned(),
        task: Some(Task::Sample { epoch: 0, index: 7, array: 0 }),
        stage: Some(Stage::Fetch),
        key: "s0/c/1/2/3".to_owned(),
        lasted: Duration::from_secs(61),
    };
    let report = StandstillReport { threads: vec![work], waits_for: 12, ..StandstillReport::default() };
    stats.standstills = StandstillStats { count: 1, last: Some(report) };
    state.take_stats(stats.clone());
    state.take_stats(stats);
    let said = state.log.entries().filter(|entry| entry.message.contains("batch 12 is waited for")).count();
    assert_eq!(said, 1, "once");
    state.loader.diagnosis = None;
    state.loader.alerts = Arc::new(alerts());
    let mut harness = harness(state, PaneKind::Diagnosis, ThemeName::Dark, SIZE);
    harness.run();
    harness.get_by_label_contains("worker-0: ");
    harness.get_by_label_contains("reads s0/c/1/2/3 for 61.0 s");
    harness.get_by_label_contains("no builder has begun it");
}

#[test]
fn what_changes_brought_stands_beside_what_was_predicted() {
    let (mut state, diagnosis) = diagnosed();
    let remedy = diagnosis.remedies[0].clone();
    state.trials.plan(&remedy);
    let window = |rate: u64, seconds: u64| {
        let at = |second: u64| Stats {
            elapsed: Duration::from_secs(second),
            samples: rate * second,
            batches: rate * second / 2,
            ..Stats::default()
        };
        Window::between(&at(1), &at(1 + seconds))
    };
    let change = KeyChange { key: "loader.memory".to_owned(), ..KeyChange::default() };
    state.trials.changed(&[change], window(40, 10), Duration::from_secs(60));
    let trial = state.trials.look(Duration::from_secs(7), window(50, 6).as_ref()).cloned().unwrap();
    let mut harness = harness(state, PaneKind::Diagnosis, ThemeName::Dark, SIZE);
    harness.run();
    harness.get_by_label(&trial.words());
    harness.get_by_label_contains("advice on cache size: 1 tried");
}

#[test]
fn without_a_steady_loader_it_says_what_it_waits_for() {
    let mut state = running_state();
    state.loader.diagnosis = None;
    let mut harness = harness(state, PaneKind::Diagnosis, ThemeName::Light, SIZE);
    harness.run();
    harness.get_by_label_contains("has not run steadily for long enough");
}
