//! Watching the loader: one struct of statistics, spans per thread, and the recorder of the last seconds.

mod faults;
mod frames;
mod meter;
mod process;
mod recorder;
mod stats;
mod timeline;

pub(crate) use faults::FaultCounts;
pub use faults::{FaultReason, FaultStats};
pub use meter::{Meter, MeterGuard, StageTimer};
pub use process::{peak_resident_bytes, resident_set_bytes};
pub use recorder::Recorder;
pub use stats::{CacheStats, MemoryStats, QueueStats, Stage, StageStats, Stats};
pub use timeline::{Span, Timeline, Track};
