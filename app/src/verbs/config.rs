//! `microtome config`: the documented example, the check of a file, and what a script for cellmap-data says.

use std::path::PathBuf;

use microtome::python;
use microtome::state::draft::{Saving, rewritten};
use microtome_core::loader::LoaderConfig;
use microtome_core::loader::params::{self, Values};

use super::output::Output;

/// Print a documented example configuration, check one, or translate one from and to cellmap-data
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    microtome config --example > train.toml\n  \
    microtome config train.toml\n  \
    microtome config --from-cellmap train_3D.py > train.toml\n  \
    microtome config --to-cellmap train.toml > loader.py\n\n\
    The example lists every key with its meaning and unit. A check names file, line and key of the first mistake; it \
    does not open the data (`microtome info` does). A script is read, not run: names at the top of the module, such as \
    input_array_info, and keywords of CellMapDataSplit, CellMapDataset, CellMapDataLoader and get_dataloader. What \
    cannot be taken over or is not the same stands at the top of the answer.")]
#[group(required = true, multiple = false)]
pub struct Args {
    /// Print a configuration with every key and its meaning
    #[arg(long)]
    example: bool,
    /// Translate a training script for cellmap-data (Python) into a configuration
    #[arg(long, value_name = "SCRIPT")]
    from_cellmap: Option<PathBuf>,
    /// Translate a configuration into calls of cellmap-data (Python)
    #[arg(long, value_name = "CONFIG")]
    to_cellmap: Option<PathBuf>,
    /// Configuration file to check
    #[arg(value_name = "CONFIG")]
    file: Option<PathBuf>,
}

/// Prints the example, checks the file, or translates.
pub fn run(args: &Args, out: &mut Output) -> anyhow::Result<()> {
    if let Some(script) = &args.from_cellmap {
        return out.text(&taken_over(script)?);
    }
    if let Some(file) = &args.to_cellmap {
        let config = LoaderConfig::from_file(file)?;
        // A folder of data is looked through, because cellmap-data wants each crop by name.
        let needs_catalog = config.data.path.is_some() || config.data.search.is_some();
        let catalog = needs_catalog.then(|| config.open_catalog()).transpose()?;
        return out.text(&python::cellmap_text(&config, catalog.as_ref()));
    }
    match &args.file {
        Some(file) => {
            LoaderConfig::from_file(file)?;
            out.line(&format!("good: {}", file.display()))
        }
        None => out.text(LoaderConfig::example()),
    }
}

/// The configuration as TOML, under what is not the same in it.
fn taken_over(script: &std::path::Path) -> anyhow::Result<String> {
    let taken = python::config(script)?;
    let after = params::values(&taken.config)?;
    let text = rewritten(None, &Saving { before: Values::new(), after, is_own: false })?;
    let notes: String = taken.notes.iter().map(|note| format!("# {}\n", note.replace('\n', " "))).collect();
    Ok(format!("# Taken over from {}\n{notes}\n{text}", script.display()))
}
