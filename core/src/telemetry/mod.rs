//! Watching the loader: one struct of statistics, spans per thread, and the recorder of the last seconds.

mod batches;
mod counts;
mod faults;
mod frames;
mod histogram;
mod meter;
mod occupancy;
mod process;
mod recorder;
mod setup;
mod stall;
mod stats;
mod timeline;

pub(crate) use batches::{BatchLog, Milestone};
pub use batches::{BatchTimes, ConsumerStats};
pub use counts::{ArrayStats, MemoryPeak, ReadStats, ReplayStats, ReuseStats, StageTimes};
pub(crate) use faults::FaultCounts;
pub use faults::{FaultReason, FaultStats};
pub use histogram::Histogram;
pub use meter::{LaneGuard, Meter, MeterGuard, StageTimer, StallGuard};
pub use occupancy::Occupancy;
pub(crate) use occupancy::OccupancyClock;
pub use process::{peak_resident_bytes, processor_time, resident_set_bytes};
pub use recorder::Recorder;
pub use setup::{ArraySetup, Setup, StoredSetup};
pub use stats::{CacheStats, MemoryStats, QueueStats, Stage, StageStats, Stats};
pub use timeline::{Span, Timeline, Track};
