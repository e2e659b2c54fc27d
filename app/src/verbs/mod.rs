//! The command line: what can be said, and which verb does it. Each verb is thin; the work is in the core or the app.

mod arguments;
mod attach;
mod bench;
mod config;
mod counts;
mod demo;
mod diagnosis;
mod export;
mod figures;
mod info;
mod input;
mod interrupt;
mod open;
mod output;
mod rates;
mod report;
mod sample;
mod shot;
mod table;
mod usage;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::Output;
use usage::UsageError;

/// Cuts training crops out of multiscale electron-microscopy volumes, and shows what it does.
///
/// Without a verb the window opens: empty, or on PATH.
#[derive(Debug, Parser)]
#[command(
    name = "microtome",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_help_heading = "Verbs",
    subcommand_value_name = "VERB",
    max_term_width = 100,
    after_help = "Examples:\n  \
        microtome demo                              a synthetic cell, and the loader at work on it\n  \
        microtome open jrc_hela-2.zarr              your own data\n  \
        microtome info jrc_hela-2.zarr              what is in it\n  \
        microtome config --example > train.toml     a configuration to start from\n  \
        microtome bench train.toml --seconds 30     how fast it loads here\n\n\
        PATH is an OME-Zarr image group, a CellMap dataset (….zarr) or a folder of datasets.\n\
        CONFIG is a TOML file.\n\
        Exit status: 0 all good, 1 it did not work, 2 the arguments are wrong.\n\
        MICROTOME_LOG=info (or debug, trace) says more on standard error."
)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// Dataset or configuration to open in the window
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::Args),
    Open(open::Args),
    Info(info::Args),
    Bench(bench::Args),
    Attach(attach::Args),
    Report(report::Args),
    Shot(shot::Args),
    Sample(sample::Args),
    Export(export::Args),
    Config(config::Args),
}

/// Runs the command line and says how it went: 0, 1 for a failure, 2 for wrong arguments.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return usage::answer(&error, &args),
    };
    watch_for_messages();
    let mut out = Output::stdout();
    match run(cli, &mut out).and_then(|()| out.finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if output::reader_left(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&format!("{error:#}"));
            ExitCode::from(if error.is::<UsageError>() { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli, out: &mut Output) -> anyhow::Result<()> {
    match cli.verb {
        None => open::run_bare(cli.path),
        Some(Verb::Demo(args)) => demo::run(&args, out),
        Some(Verb::Open(args)) => open::run(args),
        Some(Verb::Info(args)) => info::run(&args, out),
        Some(Verb::Bench(args)) => bench::run(&args, out),
        Some(Verb::Attach(args)) => attach::run(args, out),
        Some(Verb::Report(args)) => report::run(&args, out),
        Some(Verb::Shot(args)) => shot::run(&args, out),
        Some(Verb::Sample(args)) => sample::run(&args, out),
        Some(Verb::Export(args)) => export::run(&args, out),
        Some(Verb::Config(args)) => config::run(&args, out),
    }
}

/// Warnings of the core and its libraries go to standard error; `MICROTOME_LOG` asks for more.
fn watch_for_messages() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("MICROTOME_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let format = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).without_time();
    // A second subscriber in one process is refused; then the first one keeps watching.
    let _already_watched = format.with_env_filter(filter).try_init();
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_bare_path_and_no_argument_at_all_are_both_understood() {
        let parse = |args: &[&str]| Cli::try_parse_from([&["microtome"], args].concat());
        assert!(parse(&[]).is_ok_and(|cli| cli.verb.is_none() && cli.path.is_none()));
        assert!(parse(&["a.zarr"]).is_ok_and(|cli| cli.verb.is_none() && cli.path.is_some()));
        assert!(parse(&["open", "a.zarr"]).is_ok_and(|cli| matches!(cli.verb, Some(Verb::Open(_)))));
    }
}
