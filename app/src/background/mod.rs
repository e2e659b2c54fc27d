//! Everything that takes time, on named threads: opening, decoding for the slices, taking batches, counting, writing
//! settings.
//!
//! Threads answer through bounded channels or slots that hold the latest value, and call the [`Waker`] so that the
//! window takes a look. None of them knows the user interface library.

mod consumer;
mod counter;
mod dialog;
mod exporter;
mod finder;
mod gauge;
mod network;
mod opener;
mod preview;
mod reads;
mod remote;
mod saver;
mod simulator;
mod taker;
mod thumbnails;
mod viewer;
mod writer;

use std::sync::Arc;

pub use consumer::{Consumer, Heritage, News};
pub use counter::{Counter, Work as CountWork};
pub use dialog::{Choice, Dialogs};
pub use exporter::{Exported, Exporter};
pub use finder::Finder;
pub use gauge::{Gauge, GaugeJob};
pub use network::NetworkOpener;
pub use opener::{Opened, Opener, Opening};
pub use remote::Remote;
pub use saver::{Saved, Saver};
pub use thumbnails::Palette;
pub use viewer::{Loaded, Outcome, Prepared, Viewer, Want};
pub use writer::Writer;

/// Asks the host for another frame. Cheap; may be called from any thread.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// Starts a thread with a name.
///
/// # Errors
/// The system refuses another thread.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> anyhow::Result<std::thread::JoinHandle<()>> {
    use anyhow::Context as _;
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .with_context(|| format!("the system refuses the thread {name}"))
}
