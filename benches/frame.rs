//! Frames of the whole app at 1600 × 1000 without a window: what the UI thread does, and with painting and read-back.

use std::time::Duration;

use anyhow::ensure;
use criterion::Throughput;
use microtome::host::offscreen::{Offscreen, RgbaImage};
use microtome::{AppOptions, Start};

use microtome_benches::{Fixtures, criterion};
use microtome_core::ome::NgffVersion;

/// Pixels.
const SIZE: [u32; 2] = [1600, 1000];
/// For the first complete picture, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(120);

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
    group.finish();
    criterion.final_summary();
    Ok(())
}
