//! `microtome bench`: how fast the loader is here.

use std::path::PathBuf;
use std::time::Duration;

use microtome_core::catalog::Split;

use super::figures::Course;
use super::interrupt::Interrupt;
use super::output::Output;
use super::{arguments, figures, input};

/// Run the loader without a window and print what it measures
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    microtome bench jrc_hela-2.zarr\n  \
    microtome bench train.toml --seconds 60 --json > bench.json\n  \
    microtome bench train.toml --record run.microtome\n  \
    microtome bench train.toml --diagnose --step-ms 120 what limits training whose steps take 120 ms, and what to change\n\n\
    A dataset is loaded with a configuration that fits it (128\u{b3} voxels at the finest voxel size, every class); a \
    CONFIG says it all. The run starts with empty caches of its own (the system's page cache may be warm) and takes \
    batches as fast as they come. Times of stages are self times summed over threads. Ctrl-C ends it early, with figures.")]
pub struct Args {
    /// Dataset (OME-Zarr, CellMap) or configuration (.toml)
    #[arg(value_name = "PATH|CONFIG")]
    path: PathBuf,
    /// Length of the run, seconds
    #[arg(long, value_name = "N", default_value = "10", value_parser = arguments::seconds, allow_hyphen_values = true)]
    seconds: Duration,
    /// Record the run into this new file, for `microtome open` and `microtome report`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Largest size of the recording; when it is full the older half goes
    #[arg(long, value_name = "SIZE", default_value = "256 MiB", value_parser = arguments::bytes, requires = "record")]
    record_bytes: u64,
    /// Say what limits the loader, what to change, and what that would bring
    #[arg(long)]
    diagnose: bool,
    /// A training step to wait for after each batch, ms; left out: batches are taken as fast as they come
    #[arg(long, value_name = "MS", value_parser = arguments::milliseconds, allow_hyphen_values = true)]
    step_ms: Option<Duration>,
    /// Print JSON: seconds, bytes, and shares of 0-1
    #[arg(long)]
    json: bool,
}

/// Measures and prints.
pub fn run(args: &Args, out: &mut Output) -> anyhow::Result<()> {
    // Before anything that takes time: an early Ctrl-C ends in order, too.
    let interrupt = Interrupt::listen();
    if let Some(file) = &args.record {
        input::refuse_inside_data(file)?;
    }
    let record = args.record.as_deref().map(|file| figures::Record { file, max_bytes: args.record_bytes });
    let course = Course { duration: args.seconds, step: args.step_ms, diagnose: args.diagnose, record };
    let figures = figures::measure(input::open(&args.path, Split::Train)?, course, &interrupt)?;
    if args.json { out.json(&figures) } else { figures.print(out) }
}
