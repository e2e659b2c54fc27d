//! Two panes as pictures, on the software rasteriser. `UPDATE_SNAPSHOTS=true` accepts what is drawn now: look at it first.

use egui_kittest::SnapshotOptions;
use microtome::ThemeName;
use microtome::panes::PaneKind;

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

#[test]
fn the_memory_pane_looks_as_kept() {
    looks_as_kept("memory-light", PaneKind::Memory, ThemeName::Light, [640.0, 260.0]);
}
