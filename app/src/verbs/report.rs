//! `microtome report`: what a loader did, out of a recording or from a loader that serves, as a page, a trace, a table.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use microtome::report;
use microtome_core::telemetry::wire::Wants;
use microtome_core::telemetry::{Client, Log, export};

use super::interrupt::Interrupt;
use super::output::Output;
use super::usage::UsageError;
use super::{arguments, attach, input};

/// Write a page, a trace or a table about what a loader did
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    microtome bench train.toml --record run.microtome\n  \
    microtome report run.microtome --out run.html          curves, stages, threads, configuration; one file\n  \
    microtome report run.microtome --trace run.json        for ui.perfetto.dev\n  \
    microtome report 127.0.0.1:7400 --seconds 20 --out now.html --csv now.csv\n\n\
    The page holds everything it needs and asks nobody for more. Existing files are replaced.")]
pub struct Args {
    /// A recording, or where a loader serves
    #[arg(value_name = "FILE|HOST:PORT")]
    source: String,
    /// Page to write, HTML
    #[arg(long, short, value_name = "FILE", required_unless_present_any = ["trace", "csv"])]
    out: Option<PathBuf>,
    /// Trace to write, JSON as Chrome and Perfetto read it
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Table to write, CSV: a row per tenth of a second
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// How long to look at a loader that runs, seconds
    #[arg(long, value_name = "N", default_value = "10", value_parser = arguments::seconds, allow_hyphen_values = true)]
    seconds: Duration,
    /// What the loader's configuration says as telemetry.token; else $MICROTOME_TOKEN
    #[arg(long, value_name = "WORD")]
    token: Option<String>,
}

/// Reads or looks, and writes.
pub fn run(args: &Args, out: &mut Output) -> anyhow::Result<()> {
    let targets = [&args.out, &args.trace, &args.csv];
    for target in targets.into_iter().flatten() {
        input::refuse_inside_data(target)?;
        if target == Path::new(&args.source) {
            return Err(UsageError(format!("this would write over the recording: {}", target.display())).into());
        }
    }
    let log = log_of(args)?;
    if let Some(path) = &args.out {
        std::fs::write(path, report::page(&log)).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if let Some(path) = &args.trace {
        written(path, |file| export::write_trace(&log, file))?;
    }
    if let Some(path) = &args.csv {
        written(path, |file| export::write_csv(&log, file))?;
    }
    targets.into_iter().flatten().try_for_each(|target| out.line(&format!("wrote {}", target.display())))
}

fn written(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut file = BufWriter::new(File::create(path).with_context(cannot)?);
    write(&mut file).and_then(|()| file.flush()).with_context(cannot)
}

/// The recording, or what a loader says for a while.
fn log_of(args: &Args) -> anyhow::Result<Log> {
    let path = Path::new(&args.source);
    if path.exists() {
        return Ok(Log::read(path)?);
    }
    // A file that is not there is no address either.
    let is_address = args.source.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if !is_address {
        bail!(
            "expected a recording (microtome bench --record) or HOST:PORT; there is no such file: {}",
            path.display()
        );
    }
    let token = attach::token(args.token.clone());
    let mut client = Client::connect(&args.source, token.as_deref(), Wants { spans: true, slices: false })?;
    let mut log = Log::new(client.about().clone());
    let (interrupt, until) = (Interrupt::listen(), Instant::now() + args.seconds);
    while Instant::now() < until && !interrupt.asked() && log.ended.is_none() {
        if let Some(message) = client.next(Duration::from_millis(100))? {
            log.push(message);
        }
    }
    Ok(log)
}
