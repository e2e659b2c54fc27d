//! Panes as pictures, on the software rasteriser. `UPDATE_SNAPSHOTS=true` accepts what is drawn now: look at it first.

use std::time::Duration;

use egui_kittest::SnapshotOptions;
use egui_kittest::kittest::Queryable as _;
use microtome::command::{self, Command};
use microtome::panes::PaneKind;
use microtome::state::preview::{self, Histograms, PreviewAsk, PreviewMode, PreviewView, Shot};
use microtome::state::{LoaderPhase, OpenData, Session, State, Thumbnail};
use microtome::{Start, ThemeName};
use microtome_core::geometry::{Orientation, PatchGrid, Warp, Zyx};
use microtome_core::loader::params::{self, Value};
use microtome_core::loader::{LoaderConfig, Provenance, Reason};
use microtome_core::sample::intensity::IntensityRecipe;

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
}

#[test]
fn the_tune_pane_looks_as_kept_in_the_light() {
    tune_looks_as_kept("tune-light", ThemeName::Light);
}

#[test]
fn the_memory_pane_looks_as_kept() {
    looks_as_kept("memory-light", PaneKind::Memory, ThemeName::Light, [640.0, 260.0]);
}

/// A preview with pictures made of formulas.
fn previewed_state(mode: PreviewMode) -> State {
    let config = LoaderConfig::from_toml(LoaderConfig::example()).expect("the example is valid");
    let ask = PreviewAsk { mode, ..PreviewAsk::default() };
    let job = std::sync::Arc::new(preview::job(&config, &ask));
    let data = OpenData::new(Start::Empty, std::sync::Arc::default(), config);
    let mut state = State { session: Session::Open(Box::new(data)), ..running_state() };
    state.loader.phase = LoaderPhase::Paused;
    let titles: &[&str] = match mode {
        PreviewMode::Stages => &["as cut out", "spatial", "contrast", "section shift", "noise"],
        _ => &["before", "after"],
    };
    let shot = |(number, title): (usize, &&str)| Shot {
        title: (*title).to_owned(),
        raw: rings(number as f64 * 3.0, |level| [level; 3]),
        took: (mode == PreviewMode::Stages).then(|| Duration::from_micros(310 + 1900 * number as u64)),
        ..Shot::default()
    };
    let bell = |middle: f64| (0..64).map(|bin| (-(f64::from(bin) / 64.0 - middle).powi(2) * 40.0).exp()).collect();
    let grid = PatchGrid {
        center_nm: Zyx::new(1245.0, 300.0, 995.0),
        shape: Zyx::splat(64),
        voxel_size_nm: Zyx::splat(8.0),
        orientation: Orientation::IDENTITY,
        warp: Warp::NONE,
    };
    let view = PreviewView {
        job: std::sync::Arc::clone(&job),
        shots: titles.iter().enumerate().map(shot).collect(),
        difference: rings(7.0, |level| [level / 3, level / 2, level]),
        largest_difference: 0.31,
        histograms: Histograms { from: 0.0, to: 1.0, before: bell(0.5), after: bell(0.6) },
        label_share: [1.0, 1.0],
        slice: 32,
        slices: 64,
        window: [0.0, 1.0],
        place: None,
        not_drawn: vec!["blur", "missing_sections"],
        provenance: provenance(grid),
    };
    state.preview.ask = ask;
    state.preview.wanted = Some(job);
    state.preview.shown = Some(std::sync::Arc::new(view));
    state
}

fn provenance(grid: PatchGrid) -> Provenance {
    Provenance {
        epoch: 0,
        index: 0,
        repeated: false,
        seed: 1,
        attempt: 0,
        dataset_index: 0,
        dataset: "fib25".to_owned(),
        crop: Some("crop1".to_owned()),
        grid,
        world_box: grid.footprint(),
        tile: None,
        lacking: None,
        intensity: IntensityRecipe::default(),
        reason: Reason::default(),
        sources: Vec::new(),
    }
}

/// Rings about a point that moves with `shift`.
fn rings(shift: f64, color: impl Fn(u8) -> [u8; 3]) -> Thumbnail {
    const SIDE: usize = 64;
    let pixel = |at: usize| {
        let (row, column) = ((at / SIDE) as f64 - 30.0, (at % SIDE) as f64 - 24.0 - shift);
        let [r, g, b] = color((row.hypot(column) * 0.4).sin().mul_add(90.0, 120.0) as u8);
        [r, g, b, 255]
    };
    Thumbnail { size: [SIDE; 2], rgba: (0..SIDE * SIDE).flat_map(pixel).collect() }
}

fn preview_looks_as_kept(name: &str, mode: PreviewMode, theme: ThemeName, size: [f32; 2]) {
    let mut harness = harness(previewed_state(mode), PaneKind::Preview, theme, size);
    harness.run_steps(3);
    harness.snapshot_options(name, &SnapshotOptions::new().output_path("app/snapshots"));
}

#[test]
fn while_a_newer_sample_is_drawn_the_last_one_stays_and_a_sign_says_so() {
    let still = harness(previewed_state(PreviewMode::Pair), PaneKind::Preview, ThemeName::Dark, [360.0, 640.0]);
    assert!(still.query_by_label_contains("drawing…").is_none());
    let at = still.get_by_label("sample after").rect();
    let mut state = previewed_state(PreviewMode::Pair);
    let ask = PreviewAsk { numbers: 1, ..PreviewAsk::default() };
    let config = LoaderConfig::from_toml(LoaderConfig::example()).expect("the example is valid");
    state.preview.wanted = Some(std::sync::Arc::new(preview::job(&config, &ask)));
    let busy = harness(state, PaneKind::Preview, ThemeName::Dark, [360.0, 640.0]);
    busy.get_by_label_contains("drawing…");
    assert_eq!(busy.get_by_label("sample after").rect(), at, "nothing moves");
}

#[test]
fn the_preview_of_before_and_after_looks_as_kept() {
    preview_looks_as_kept("preview-pair-dark", PreviewMode::Pair, ThemeName::Dark, [360.0, 640.0]);
}

#[test]
fn the_preview_of_stages_looks_as_kept() {
    preview_looks_as_kept("preview-stages-light", PreviewMode::Stages, ThemeName::Light, [280.0, 420.0]);
}
