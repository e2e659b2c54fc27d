//! Watching the loader: one struct of statistics, spans per thread, the recorder of the last seconds; and all of that for
//! others to see, over TCP ([`serve`], [`Client`]) and in files ([`serve::FileRecording`], [`Log`]).

mod batches;
mod client;
mod counts;
pub mod discovery;
pub mod export;
mod faults;
mod frames;
mod histogram;
mod log;
mod marks;
mod meter;
mod occupancy;
mod process;
pub mod ranks;
mod recorder;
pub mod serve;
mod setup;
mod stall;
mod stats;
mod timeline;
pub mod wire;

pub(crate) use batches::{BatchLog, Milestone};
pub use batches::{BatchTimes, ConsumerStats};
pub use client::Client;
pub use counts::{ArrayStats, MemoryPeak, ReadStats, ReplayStats, ReuseStats, StageTimes};
pub(crate) use faults::FaultCounts;
pub use faults::{FaultReason, FaultStats};
pub use histogram::Histogram;
pub use log::Log;
pub(crate) use marks::MarkLog;
pub use marks::{Event, KeyChange, Mark};
pub use meter::{LaneGuard, Meter, MeterGuard, StageTimer, StallGuard};
pub use occupancy::Occupancy;
pub(crate) use occupancy::OccupancyClock;
pub use process::{peak_resident_bytes, processor_time, resident_set_bytes};
pub use recorder::Recorder;
pub use setup::{ArraySetup, Setup, StoredSetup};
pub use stats::{CacheStats, MemoryStats, QueueStats, Stage, StageStats, Stats};
pub use timeline::{Span, Timeline, Track};
