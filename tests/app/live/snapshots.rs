//! Panes as pictures, on the software rasteriser. `UPDATE_SNAPSHOTS=true` accepts what is drawn now: look at it first.

use egui_kittest::SnapshotOptions;
use microtome::command::{self, Command};
use microtome::panes::PaneKind;
use microtome::state::{OpenData, Session, State};
use microtome::{Start, ThemeName};
use microtome_core::loader::LoaderConfig;
use microtome_core::loader::params::{self, Value};

use super::bench::{harness, running_state};

fn looks_as_kept(name: &str, kind: PaneKind, theme: ThemeName, size: [f32; 2]) {
    let mut harness = harness(running_state(), kind, theme, size);
    harness.run();
    harness.snapshot_options(name, &SnapshotOptions::new().output_path("app/snapshots"));
}

#[test]
fn the_timeline_looks_as_kept() {
    looks_as_kept("timeline-dark", PaneKind::Timeline, ThemeName::Dark, [640.0, 220.0]);
}

/// A configuration with one thing changed and one wrong.
fn tuned_state() -> State {
    let config = LoaderConfig::from_toml(LoaderConfig::example()).expect("the example is valid");
    let data = OpenData::new(Start::Empty, std::sync::Arc::default(), config);
    let mut state = State { session: Session::Open(Box::new(data)), ..running_state() };
    for (key, value) in [
        ("augment.rotate", params::param("augment.rotate").and_then(params::typical)),
        ("augment.mirror.z", Some(Value::from(0.25))),
        ("augment.contrast.range", Some(Value::from(vec![1.2, 0.8]))),
    ] {
        command::apply(&mut state, Command::SetParam { key: key.to_owned(), value });
        command::apply(&mut state, Command::SettleParam);
    }
    state
}

fn tune_looks_as_kept(name: &str, theme: ThemeName) {
    let mut harness = harness(tuned_state(), PaneKind::Tune, theme, [320.0, 620.0]);
    harness.run();
    harness.snapshot_options(name, &SnapshotOptions::new().output_path("app/snapshots"));
}

#[test]
fn the_tune_pane_looks_as_kept() {
    tune_looks_as_kept("tune-dark", ThemeName::Dark);
    tune_looks_as_kept("tune-light", ThemeName::Light);
}

#[test]
fn the_memory_pane_looks_as_kept() {
    looks_as_kept("memory-light", PaneKind::Memory, ThemeName::Light, [640.0, 260.0]);
}
