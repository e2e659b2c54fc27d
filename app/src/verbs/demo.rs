//! `microtome demo`: a synthetic cell on any machine, in the window or, without a display, in figures and a picture.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use microtome::state::Preset;
use microtome::{Start, ThemeName};
use microtome_core::catalog::Split;
use microtome_core::geometry::Zyx;
use microtome_core::ome::NgffVersion;
use microtome_core::phantom::{self, PhantomSpec};

use super::figures::Course;
use super::interrupt::Interrupt;
use super::output::{self, Output};
use super::{arguments, figures, input, open, shot};

/// Make a synthetic cell (once) and open it with the loader running
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    microtome demo\n  \
    microtome demo --size 512 --format v3                 a larger cell, as sharded Zarr v3\n  \
    microtome demo --headless --seconds 20 --out demo.png figures and a picture instead of the window\n  \
    microtome info \"$(microtome demo --only-write)\"        the cell for scripts\n\n\
    The cell is written into the user's cache folder and used again next time; same arguments, same cell. It is a whole \
    CellMap dataset: EM in several levels, label crops with classes, one annotated in part, one smaller than a patch. \
    Without a display the demo says so and runs headless.")]
pub struct Args {
    /// Voxels: one number for a cube, or ZxYxX
    #[arg(long, value_name = "N|ZxYxX", default_value = "256", value_parser = arguments::volume_shape)]
    size: Zyx<u64>,
    /// Thick sections: voxels of 24 x 8 x 8 nm instead of 8 nm (a cube keeps its extent: a third of the sections)
    #[arg(long)]
    anisotropic: bool,
    /// Zarr v2 with OME-NGFF 0.4, or sharded Zarr v3 with 0.5
    #[arg(long, value_enum, default_value_t = Format::V2)]
    format: Format,
    /// Another number is another cell
    #[arg(long, value_name = "N", default_value_t = PhantomSpec::default().seed)]
    seed: u64,
    /// No window: run the loader, print its figures, write a picture of the window
    #[arg(long)]
    headless: bool,
    /// Write the cell if it is not there yet, print where it is, and stop
    #[arg(long, conflicts_with = "headless")]
    only_write: bool,
    /// Length of a headless run, seconds
    #[arg(long, value_name = "N", default_value = "10", value_parser = arguments::seconds, allow_hyphen_values = true)]
    seconds: Duration,
    /// Picture of a headless run, PNG
    #[arg(long, short, value_name = "FILE", default_value = "microtome-demo.png")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    V2,
    V3,
}

/// Makes the cell if it is not there yet, and shows it.
pub fn run(args: &Args, out: &mut Output) -> anyhow::Result<()> {
    let path = cached(&spec(args))?;
    if args.only_write {
        return out.line(&path.display().to_string());
    }
    if args.headless {
        return headless(args, &path, out);
    }
    let shown = match open::display() {
        Ok(()) => open::window(open::options(Start::Path(path.clone()), None, true)),
        Err(reason) => Err(anyhow::anyhow!(reason)),
    };
    shown.or_else(|reason| {
        output::remark(&format!("{reason:#}: going on without a window"));
        headless(args, &path, out)
    })
}

fn spec(args: &Args) -> PhantomSpec {
    let format = match args.format {
        Format::V2 => NgffVersion::V04,
        Format::V3 => NgffVersion::V05,
    };
    let is_cube = args.size == Zyx::splat(args.size.x);
    let base = match (args.anisotropic, is_cube) {
        (false, _) => PhantomSpec { shape: args.size, ..PhantomSpec::default() },
        (true, true) => PhantomSpec::anisotropic(args.size.x),
        (true, false) => PhantomSpec { shape: args.size, ..PhantomSpec::anisotropic(args.size.x) },
    };
    PhantomSpec { seed: args.seed, format, ..base }
}

/// The dataset in the user's cache folder, written if it is absent. Complete or absent: writing renames at the end.
fn cached(spec: &PhantomSpec) -> anyhow::Result<PathBuf> {
    let places =
        directories::ProjectDirs::from("", "", "microtome").context("this system names no cache folder; set HOME")?;
    let path = places.cache_dir().join("demo").join(spec.folder_name());
    if path.is_dir() {
        return Ok(path);
    }
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let bar = voxel_bar();
    phantom::write(&path, spec, |progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    })?;
    bar.finish_and_clear();
    output::remark(&format!("wrote a synthetic cell: {}", path.display()));
    Ok(path)
}

fn voxel_bar() -> ProgressBar {
    // The template is a constant; should it ever be wrong the plain bar does.
    let style = ProgressStyle::with_template("writing a synthetic cell {bar:30} {percent} % {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

fn headless(args: &Args, path: &Path, out: &mut Output) -> anyhow::Result<()> {
    const PICTURE_RUN: Duration = Duration::from_secs(2);
    shot::check_target(&args.out)?;
    let interrupt = Interrupt::listen();
    figures::measure(input::open(path, Split::Train)?, Course::of(args.seconds), &interrupt)?.print(out)?;
    if interrupt.asked() {
        return Ok(());
    }
    let (theme, layout) = (ThemeName::Dark, Preset::Explore);
    let picture = shot::Picture { theme, layout, size: [1600, 1000], run_for: PICTURE_RUN };
    shot::take(Start::Path(path.to_path_buf()), &picture, &args.out)?;
    out.line(&format!("\nwrote {}: the window, as it would look", args.out.display()))
}
