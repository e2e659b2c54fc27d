//! Watching the loader: one struct of statistics, spans per thread, and the recorder of the last seconds.

mod stats;
mod timeline;

pub use stats::{CacheStats, MemoryStats, QueueStats, Stage, StageStats, Stats};
pub use timeline::{Span, Timeline, Track};
