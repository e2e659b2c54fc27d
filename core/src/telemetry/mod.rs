//! Watching the loader: one struct of statistics, spans per thread, the recorder of the last seconds; and all of that for
//! others to see, over TCP ([`serve`], [`Client`]) and in files ([`serve::FileRecording`], [`Log`]).

mod client;
pub mod discovery;
pub mod export;
mod faults;
mod frames;
mod log;
mod meter;
mod process;
pub mod ranks;
mod recorder;
pub mod serve;
mod stats;
mod timeline;
pub mod wire;

pub use client::Client;
pub(crate) use faults::FaultCounts;
pub use faults::{FaultReason, FaultStats};
pub use log::Log;
pub use meter::{Meter, MeterGuard, StageTimer};
pub use process::{peak_resident_bytes, resident_set_bytes};
pub use recorder::Recorder;
pub use stats::{CacheStats, MemoryStats, QueueStats, Stage, StageStats, Stats};
pub use timeline::{Span, Timeline, Track};
