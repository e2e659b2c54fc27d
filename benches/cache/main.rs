//! Which chunks a cache should keep: simulated over the chunks that the sampler asks for, and the real cache beside it.
//!
//! Writes tables in Markdown to the file that is given as argument, else to standard output. Needs no data and decodes
//! nothing: a trace of keys is all that a policy sees.

mod locks;
mod policies;
mod queues;
mod real;
mod tables;

use std::io::Write as _;

use anyhow::Context as _;
use microtome_benches::quick;

use microtome_core::testing::trace::{Case, Trace};

/// Shares of the data that fit the cache, percent.
const SHARES: [usize; 5] = [5, 10, 20, 40, 80];

fn main() -> anyhow::Result<()> {
    let samples = if quick() { 300 } else { 4000 };
    let mut text = tables::preface(samples);
    for case in Case::ALL {
        let trace = Trace::new(&case, samples)?;
        text += &tables::of_trace(&case, &trace)?;
    }
    text += &locks::table()?;
    // `cargo bench` adds an argument of its own.
    match std::env::args().skip(1).find(|argument| !argument.starts_with('-')) {
        Some(path) => std::fs::write(&path, text).with_context(|| path),
        None => std::io::stdout().write_all(text.as_bytes()).context("standard output"),
    }
}
