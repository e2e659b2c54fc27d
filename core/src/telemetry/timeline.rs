//! Spans per thread over the last seconds: the plain values that the timeline pane draws.

use serde::{Deserialize, Serialize};

/// One span of work on one thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Scope name: a stage's name for the loader's own spans.
    pub name: String,
    /// What it worked on, such as `fib25 s0 (1, 2, 3)`; may be empty.
    pub detail: String,
    /// Start, in nanoseconds of the recorder's clock.
    pub start_ns: i64,
    /// End, in nanoseconds of the recorder's clock.
    pub end_ns: i64,
    /// Nesting: 0 for a thread's outermost span.
    pub depth: u32,
}

/// The spans of one thread, ordered by start.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// The thread's name.
    pub thread: String,
    /// Its spans; a nested span follows the one around it.
    pub spans: Vec<Span>,
}

/// What all threads did in a stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// Start of the stretch, nanoseconds of the recorder's clock.
    pub start_ns: i64,
    /// End of the stretch ("now" for a live recorder).
    pub end_ns: i64,
    /// Threads, ordered by name.
    pub tracks: Vec<Track>,
}
