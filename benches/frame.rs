//! Frames of the whole app at 1600 × 1000, without a window, as percentiles: what the UI thread does, and painting with
//! read-back, with four views and with the preview of a slider that moves. Prints a table in Markdown.

use std::time::{Duration, Instant};

use anyhow::ensure;
use microtome::command::Command;
use microtome::host::offscreen::Offscreen;
use microtome::state::preview::Painter;
use microtome::state::{Preset, State};
use microtome::{AppOptions, Start};
use microtome_benches::{Fixtures, quick};
use microtome_core::geometry::Axis;
use microtome_core::loader::params::Value;
use microtome_core::ome::NgffVersion;

/// Pixels.
const SIZE: [u32; 2] = [1600, 1000];
/// For the first complete picture, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(120);
/// Frames that are not counted, at the beginning.
const WARM_UP: usize = 20;
/// Between frames, as a screen of 60 Hz leaves it to the threads of the loader.
const PAUSE: Duration = Duration::from_millis(12);

/// What goes on while frames are measured.
#[derive(Clone, Copy)]
struct Scene {
    name: &'static str,
    run_loader: bool,
    /// What the user does in each frame.
    act: fn(&mut Offscreen, usize),
}

const SCENES: [Scene; 3] = [
    Scene { name: "nothing happens", run_loader: false, act: |_, _| {} },
    Scene { name: "the loader runs", run_loader: true, act: |_, _| {} },
    Scene { name: "the loader runs; slices and zoom move in every frame", run_loader: true, act: moved },
];

/// What a slider changes in every frame. Only the plane that is shown is made of it.
const TURN: &str = "rotate = { z = [10, 10], probability = 1.0 }";

fn main() -> anyhow::Result<()> {
    let fixtures = Fixtures::new(&[NgffVersion::V04])?;
    let mut table = String::from(
        "| frame | what goes on | frames | p50 | p90 | p99 | longest |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for scene in SCENES {
        let mut app = opened(&fixtures, scene.run_loader)?;
        table.push_str(&rows(&mut app, scene.name, scene.act)?);
    }
    let mut app = tuning(&fixtures)?;
    let (mut frames, mut by_device) = (0, 0);
    table.push_str(&rows(&mut app, "a slider turns the preview", |app, number| {
        frames += 1;
        by_device += usize::from(matches!(app.state().preview.painter, Painter::Device(_)));
        turned(app, number);
    })?);
    ensure!(by_device * 10 > frames * 9, "the graphics card made {by_device} of {frames} pictures");
    let adapter = opened(&fixtures, false)?.adapter();
    let mut out = std::io::stdout().lock();
    std::io::Write::write_all(&mut out, format!("{table}\nGraphics adapter: {adapter}.\n").as_bytes())?;
    Ok(())
}

/// Two rows: frames of which only the UI thread's part is made, and whole ones. `act` comes before each frame.
fn rows(app: &mut Offscreen, name: &str, mut act: impl FnMut(&mut Offscreen, usize)) -> anyhow::Result<String> {
    let (frames, drawn) = if quick() { (30, 2) } else { (300, 12) };
    let mut ui = Vec::with_capacity(frames);
    for number in 0..WARM_UP + frames {
        let started = Instant::now();
        act(app, number);
        app.frame(Vec::new());
        std::hint::black_box(app.paint_jobs());
        if number >= WARM_UP {
            ui.push(started.elapsed());
        }
        std::thread::sleep(PAUSE);
    }
    let mut all = Vec::with_capacity(drawn);
    for number in 0..drawn {
        let started = Instant::now();
        act(app, number);
        app.frame(Vec::new());
        app.screenshot()?;
        all.push(started.elapsed());
    }
    Ok(row("app and egui", name, ui) + &row("drawn and read back", name, all))
}

/// The app on the phantom in the layout Explore, with its four views complete.
fn opened(fixtures: &Fixtures, run_loader: bool) -> anyhow::Result<Offscreen> {
    let start = Start::Path(fixtures.dataset(NgffVersion::V04));
    let mut app = Offscreen::new(AppOptions { start, run_loader, ..AppOptions::default() }, SIZE, 1.0)?;
    app.run(Command::SetLayout(Preset::Explore));
    let is_complete = |state: &State| {
        let is_there = state.session.open().is_some() && state.gpu.textures > 0 && state.pending_chunks == 0;
        is_there && (!run_loader || state.loader.batch.is_some())
    };
    ensure!(app.run_until(is_complete, PATIENCE), "the views did not become complete within {PATIENCE:?}");
    let views = Axis::ALL.into_iter().filter(|normal| app.state().views.viewport[*normal].visible).count();
    ensure!(views == 3, "the layout shows {views} slices, not three beside the overview");
    Ok(app)
}

/// The app in the layout Tune, with the preview of a sample as the loader made it, and the loader at rest.
fn tuning(fixtures: &Fixtures) -> anyhow::Result<Offscreen> {
    let file = fixtures.path().join("slider.toml");
    let side = microtome_benches::patch_side();
    let array = format!("shape = [{side}, {side}, {side}]\nvoxel_size_nm = [8, 8, 8]");
    let text = format!(
        "[data]\npath = {:?}\n[input.raw]\n{array}\nencoding = \"f32\"\n[target.labels]\n{array}\n\
         encoding = \"u8\"\n[augment]\n{TURN}\n[loader]\nbatch_size = 1\nmemory = \"1 GiB\"\n",
        fixtures.dataset(NgffVersion::V04)
    );
    std::fs::write(&file, text)?;
    let options = AppOptions { start: Start::Config(file), run_loader: true, ..AppOptions::default() };
    let mut app = Offscreen::new(options, SIZE, 1.0)?;
    app.run(Command::SetLayout(Preset::Tune));
    let is_ready = |state: &State| {
        let by_loader = matches!(&state.preview.painter, Painter::Loader(reason) if reason.is_empty());
        state.pending_chunks == 0 && state.preview.shown.is_some() && by_loader
    };
    ensure!(app.run_until(is_ready, PATIENCE), "the preview did not become complete within {PATIENCE:?}");
    app.run(Command::PlayPause);
    turned(&mut app, 0);
    app.frame(Vec::new());
    Ok(app)
}

/// Moves the slider of the rotation about z.
fn turned(app: &mut Offscreen, number: usize) {
    let degrees = (number + 1) as f64 * 0.37 % 90.0;
    let (key, value) = ("augment.rotate.z".to_owned(), Some(Value::from(vec![degrees, degrees])));
    app.run(Command::SetParam { key, value });
}

/// Scrubs through z, there and back, while it zooms in and out.
fn moved(app: &mut Offscreen, number: usize) {
    const TURN: usize = 100;
    let forth = (number / TURN).is_multiple_of(2);
    app.run(Command::StepSlice { axis: Axis::Z, voxels: if forth { 1 } else { -1 } });
    app.run(Command::ZoomActive(if forth { 1.01 } else { 1.0 / 1.01 }));
}

fn row(what: &str, scene: &str, mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    // The smallest time that so many of a hundred frames do not exceed.
    let percentile = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1];
    let ms = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
    let [p50, p90, p99] = [50, 90, 99].map(|percent| ms(percentile(percent)));
    format!("| {what} | {scene} | {} | {p50} | {p90} | {p99} | {} |\n", times.len(), ms(percentile(100)))
}
