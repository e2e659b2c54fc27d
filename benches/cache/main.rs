//! Which chunks a cache should keep: simulated over the chunks that the sampler asks for, and the real cache beside it;
//! whether encoded chunks should be kept, too; what the lock takes.
//!
//! Writes tables in Markdown to the file that is given as argument, else to standard output; `cases`, `tiers` and `lock` as
//! further arguments choose some of them. Needs no data and decodes nothing: a trace of keys is all that a policy sees.

mod locks;
mod policies;
mod queues;
mod real;
mod tables;
mod tiers;

use std::io::Write as _;

use anyhow::Context as _;
use microtome_benches::quick;

use microtome_core::testing::trace::{Case, Trace};

/// Shares of the data that fit the cache, percent.
const SHARES: [usize; 5] = [5, 10, 20, 40, 80];
/// What can be asked for.
const PARTS: [&str; 3] = ["cases", "tiers", "lock"];

fn main() -> anyhow::Result<()> {
    // `cargo bench` adds an argument of its own.
    let (parts, paths): (Vec<_>, Vec<_>) = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .partition(|argument| PARTS.contains(&argument.as_str()));
    let text = tables(|part| parts.is_empty() || parts.iter().any(|asked| asked == part))?;
    match paths.first() {
        Some(path) => std::fs::write(path, text).with_context(|| path.clone()),
        None => std::io::stdout().write_all(text.as_bytes()).context("standard output"),
    }
}

/// The tables that are wanted.
fn tables(wanted: impl Fn(&str) -> bool) -> anyhow::Result<String> {
    let samples = if quick() { 300 } else { 4000 };
    let mut text = String::new();
    if wanted("cases") {
        text += &tables::preface(samples);
        for case in Case::ALL {
            text += &tables::of_trace(&case, &Trace::new(&case, samples)?)?;
        }
    }
    if wanted("tiers") {
        text += &tiers::table(samples)?;
    }
    if wanted("lock") {
        text += &locks::table()?;
    }
    Ok(text)
}
