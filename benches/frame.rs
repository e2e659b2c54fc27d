//! Frames of the whole app at 1600 × 1000 without a window: what the UI thread does, and with painting and read-back.

use std::time::Duration;

use anyhow::ensure;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Throughput};
use microtome::command::Command;
use microtome::host::offscreen::{Offscreen, RgbaImage};
use microtome::state::preview::Painter;
use microtome::state::{Preset, State};
use microtome::{AppOptions, Start};

use microtome_benches::{Fixtures, criterion};
use microtome_core::loader::params::Value;
use microtome_core::ome::NgffVersion;

/// Pixels.
const SIZE: [u32; 2] = [1600, 1000];
/// For the first complete picture, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// Only the plane that is shown is made.
const TURN: &str = "rotate = { z = [10, 10], probability = 1.0 }";

fn main() -> anyhow::Result<()> {
    let fixtures = Fixtures::new(&[NgffVersion::V04])?;
    let mut criterion = criterion();
    let mut group = criterion.benchmark_group("frame");
    group.throughput(Throughput::Elements(1));
    for (name, run_loader) in [("still", false), ("loading", true)] {
        let start = Start::Path(fixtures.dataset(NgffVersion::V04));
        let mut app = Offscreen::new(AppOptions { start, run_loader, ..AppOptions::default() }, SIZE, 1.0)?;
        let complete = app.run_until(
            |state| state.session.open().is_some() && state.gpu.textures > 0 && state.pending_chunks == 0,
            PATIENCE,
        );
        ensure!(complete, "the slices did not become complete within {PATIENCE:?}");
        group.bench_function(format!("{name}_ui"), |bencher| bencher.iter(|| app.frame(Vec::new())));
        group.bench_function(format!("{name}_drawn"), |bencher| {
            bencher.iter(|| -> anyhow::Result<RgbaImage> {
                app.frame(Vec::new());
                app.screenshot()
            });
        });
    }
    moving_slider(&mut group, &fixtures)?;
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// A slider of the pane Tune moves in every frame, and the graphics card makes the preview of it.
fn moving_slider(group: &mut BenchmarkGroup<'_, WallTime>, fixtures: &Fixtures) -> anyhow::Result<()> {
    for (name, augment) in [("turn", TURN)] {
        let file = fixtures.path().join(format!("{name}.toml"));
        let side = microtome_benches::patch_side();
        let array = format!("shape = [{side}, {side}, {side}]\nvoxel_size_nm = [8, 8, 8]");
        let text = format!(
            "[data]\npath = {:?}\n[input.raw]\n{array}\nencoding = \"f32\"\n[target.labels]\n{array}\n\
             encoding = \"u8\"\n[augment]\n{augment}\n[loader]\nbatch_size = 1\nmemory = \"1 GiB\"\n",
            fixtures.dataset(NgffVersion::V04)
        );
        std::fs::write(&file, text)?;
        let options = AppOptions { start: Start::Config(file), run_loader: true, ..AppOptions::default() };
        let mut app = Offscreen::new(options, SIZE, 1.0)?;
        app.run(Command::SetLayout(Preset::Tune));
        let is_ready = |state: &State| {
            state.pending_chunks == 0
                && state.preview.shown.is_some()
                && matches!(&state.preview.painter, Painter::Loader(reason) if reason.is_empty())
        };
        ensure!(app.run_until(is_ready, PATIENCE), "the preview did not become complete within {PATIENCE:?}");
        app.run(Command::PlayPause);
        let mut degrees = 0.0;
        let mut by_device = 0_u64;
        let mut frames = 0_u64;
        let mut turn = |app: &mut Offscreen| {
            degrees = (degrees + 0.37) % 90.0;
            let (key, value) = ("augment.rotate.z".to_owned(), Some(Value::from(vec![degrees, degrees])));
            app.run(Command::SetParam { key, value });
            app.frame(Vec::new());
            frames += 1;
            by_device += u64::from(matches!(app.state().preview.painter, Painter::Device(_)));
        };
        group.bench_function(format!("slider_{name}_ui"), |bencher| bencher.iter(|| turn(&mut app)));
        group.bench_function(format!("slider_{name}_drawn"), |bencher| {
            bencher.iter(|| -> anyhow::Result<RgbaImage> {
                turn(&mut app);
                app.screenshot()
            });
        });
        ensure!(by_device * 10 > frames * 9, "the graphics card made {by_device} of {frames} pictures");
    }
    Ok(())
}
