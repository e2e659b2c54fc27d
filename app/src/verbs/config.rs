//! `microtome config`: the documented example, and the check of a file.

use std::path::PathBuf;

use microtome_core::loader::LoaderConfig;

use super::output::Output;

/// Print a documented example configuration, or check one
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    microtome config --example > train.toml\n  \
    microtome config train.toml\n\n\
    The example lists every key with its meaning and unit. A check names file, line and key of the first mistake; it \
    does not open the data (`microtome info` does).")]
#[group(required = true, multiple = false)]
pub struct Args {
    /// Print a configuration with every key and its meaning
    #[arg(long)]
    example: bool,
    /// Configuration file to check
    #[arg(value_name = "CONFIG")]
    file: Option<PathBuf>,
}

/// Prints the example or checks the file.
pub fn run(args: &Args, out: &mut Output) -> anyhow::Result<()> {
    match &args.file {
        Some(file) => {
            LoaderConfig::from_file(file)?;
            out.line(&format!("good: {}", file.display()))
        }
        None => out.text(LoaderConfig::example()),
    }
}
