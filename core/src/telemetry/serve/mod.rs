//! Telemetry for others to look at: viewers over TCP, and recordings in files. Whoever has something to show passes it in
//! as a [`Subject`]; nothing is measured, copied or sent while nobody looks.

mod door;
mod file;
mod puffin_door;
mod pump;
mod server;
mod tap;
mod viewer;

use std::sync::Arc;

pub use file::{FileRecording, RECORDING_WORD};
pub use server::{ServeOptions, Server};

use super::Stats;
use super::wire::{About, SampleSlice, Tune};

/// What is looked at: the loader, seen from here.
pub trait Subject: Send + Sync {
    /// Who it is.
    fn about(&self) -> About;

    /// What it has measured.
    fn stats(&self) -> Stats;

    /// Whether it is paused.
    fn is_paused(&self) -> bool;

    /// One more looks (or one fewer): what only they see is kept as long as there are any.
    fn watched(&self, more: bool);

    /// The next batch is to be sliced.
    fn ask_for_slices(&self);

    /// The last batch that was sliced, one entry per sample.
    fn slices(&self) -> Option<Arc<Vec<SampleSlice>>>;

    /// Changes it; answers what has changed, in words.
    ///
    /// # Errors
    /// Why it does not change, in words.
    fn tune(&self, tune: Tune) -> Result<String, String>;
}
