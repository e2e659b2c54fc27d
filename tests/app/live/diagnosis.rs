//! The verdict in the window: what it says is what was diagnosed, and a remedy is applied through the draft.

use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use microtome::ThemeName;
use microtome::panes::PaneKind;
use microtome::state::State;
use microtome_core::diagnose::{Change, Diagnosis, Remedy, RemedyKind};

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

#[test]
fn without_a_steady_loader_it_says_what_it_waits_for() {
    let mut state = running_state();
    state.loader.diagnosis = None;
    let mut harness = harness(state, PaneKind::Diagnosis, ThemeName::Light, SIZE);
    harness.run();
    harness.get_by_label_contains("has not run steadily for long enough");
}
