//! Microtome's loader core: from bytes on disk to batches in memory.

pub mod catalog;
pub mod diagnose;
pub mod error;
pub mod geometry;
pub mod loader;
pub mod ome;
pub mod phantom;
pub mod sample;
pub mod store;
mod sync;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod volume;
pub mod write;

pub use error::{Error, Result};
