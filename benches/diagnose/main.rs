//! `bench-diagnose`: does a diagnosis name what was planted, and do remedies bring what it says? Tables in Markdown.
//!
//! `simulated FOLDER` tries loaders in virtual time, `real FOLDER` the real loader on a store that is slow on purpose, with a
//! consumer that takes its time. Each writes its own file.

mod real;
mod simulated;
mod table;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Tries diagnoses on loaders of which it is known what limits them.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Loaders in virtual time
    Simulated {
        /// Where to write simulated.md
        folder: PathBuf,
        /// How many
        #[arg(long, default_value_t = 200)]
        cases: u64,
    },
    /// The real loader
    Real {
        /// Where to write real.md
        folder: PathBuf,
        /// Only cases whose name begins so
        #[arg(long, default_value = "")]
        only: String,
    },
}

fn main() -> anyhow::Result<()> {
    match Args::parse().what {
        What::Simulated { folder, cases } => simulated::run(&folder, cases),
        What::Real { folder, only } => real::run(&folder, &only),
    }
}
