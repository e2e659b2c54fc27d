//! `microtome shot`: a picture of the real window, drawn offscreen.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use microtome::command::Command;
use microtome::host::offscreen::Offscreen;
use microtome::state::{LoaderPhase, Preset, Session, State};
use microtome::{AppOptions, Start, ThemeName};

use super::output::{self, Output};
use super::{arguments, input};

/// Draw the window into a PNG, without a display
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    microtome shot jrc_hela-2.zarr --out cell.png\n  \
    microtome shot train.toml --out light.png --size 1024x700 --theme light --layout tune\n\n\
    The picture is taken when the slices are complete and the loader has run for --seconds. It needs a graphics driver, \
    but a software one will do (Debian, Ubuntu: mesa-vulkan-drivers). An existing FILE is replaced.")]
pub struct Args {
    /// Dataset (OME-Zarr, CellMap, or a folder of them) or configuration (.toml)
    #[arg(value_name = "PATH|CONFIG")]
    path: PathBuf,
    /// Picture to write, PNG
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Width and height of the window, pixels
    #[arg(long, value_name = "WxH", default_value = "1600x1000", value_parser = arguments::picture_size)]
    size: [u32; 2],
    /// dark, light or high-contrast
    #[arg(long, value_name = "THEME", default_value_t)]
    theme: ThemeName,
    /// explore, tune or diagnose: how the panes are arranged
    #[arg(long, value_name = "LAYOUT", default_value_t)]
    layout: Preset,
    /// How long the loader runs first, seconds
    #[arg(long, value_name = "N", default_value = "3", value_parser = arguments::seconds, allow_hyphen_values = true)]
    seconds: Duration,
}

/// Draws and writes.
pub fn run(args: &Args, out: &mut Output) -> anyhow::Result<()> {
    check_target(&args.out)?;
    let start = input::start(&args.path)?;
    let picture = Picture { theme: args.theme, size: args.size, layout: args.layout, run_for: args.seconds };
    take(start, &picture, &args.out)?;
    out.line(&format!("wrote {} ({} x {} pixels)", args.out.display(), args.size[0], args.size[1]))
}

/// Refuses what cannot become a PNG before any work is done.
pub fn check_target(target: &Path) -> anyhow::Result<()> {
    if target.is_dir() {
        bail!("--out needs a file name, got a folder; such as {}", target.join("microtome.png").display());
    }
    if !target.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png")) {
        bail!("--out writes PNG only; name it {}", target.with_extension("png").display());
    }
    input::refuse_inside_data(target)?;
    match target.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        Some(folder) => bail!("the folder of --out does not exist; make it first: {}", folder.display()),
        None => Ok(()),
    }
}

/// How the window looks in a picture.
#[derive(Debug, Clone, Copy)]
pub struct Picture {
    /// Its colours.
    pub theme: ThemeName,
    /// Width and height, pixels.
    pub size: [u32; 2],
    /// How the panes are arranged.
    pub layout: Preset,
    /// How long the loader runs first.
    pub run_for: Duration,
}

/// Runs the app offscreen until it has something to show, and writes the picture.
///
/// # Errors
/// The data cannot be opened, there is no graphics driver, or the file cannot be written.
pub fn take(start: Start, picture: &Picture, target: &Path) -> anyhow::Result<()> {
    const PATIENCE: Duration = Duration::from_secs(120);
    let options = AppOptions { start, settings_dir: None, theme: Some(picture.theme), run_loader: true };
    let mut host = Offscreen::new(options, picture.size, 1.0)?;
    host.run(Command::SetLayout(picture.layout));
    let mut settling = Settling::new(picture.run_for);
    let settled = host.run_until(|state| settling.is_done(state), picture.run_for + PATIENCE);
    match &host.state().session {
        Session::Failed { message, .. } => bail!("{message}"),
        Session::Open(_) | Session::Remote(_) => {}
        Session::Empty | Session::Opening { .. } => bail!("the data did not open within {} s", PATIENCE.as_secs()),
    }
    if let LoaderPhase::Failed(reason) = &host.state().loader.phase {
        output::remark(&format!("the loader did not run: {reason}"));
    }
    if !settled {
        output::remark("the slices are not complete yet; the picture shows what was there");
    }
    host.screenshot()?.save_png(target).with_context(|| "the picture is lost")
}

/// Decides when there is nothing more to wait for.
struct Settling {
    run_for: Duration,
    open_since: Option<Instant>,
    quiet_frames: u32,
}

impl Settling {
    /// Frames without a wanted chunk, so that the wants of a fresh view are not missed.
    const QUIET: u32 = 5;

    fn new(run_for: Duration) -> Self {
        Self { run_for, open_since: None, quiet_frames: 0 }
    }

    fn is_done(&mut self, state: &State) -> bool {
        match &state.session {
            Session::Failed { .. } => return true,
            Session::Empty | Session::Opening { .. } => return false,
            Session::Open(_) | Session::Remote(_) => {}
        }
        let open_for = self.open_since.get_or_insert_with(Instant::now).elapsed();
        self.quiet_frames = if state.pending_chunks == 0 { self.quiet_frames + 1 } else { 0 };
        let loader_shown = matches!(state.loader.phase, LoaderPhase::Failed(_)) || state.loader.batch.is_some();
        let loader_shown = loader_shown || (state.session.remote().is_some() && state.loader.stats.is_some());
        open_for >= self.run_for && self.quiet_frames >= Self::QUIET && loader_shown
    }
}
