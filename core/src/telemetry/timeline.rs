//! Spans per thread over the last seconds: the plain values that the timeline pane draws.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One span of work on one thread. Its texts are shared, so that a copy of many spans is cheap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Scope name: a stage's name for the loader's own spans.
    #[serde(serialize_with = "write_text", deserialize_with = "read_text")]
    pub name: Arc<str>,
    /// What it worked on, such as `fib25 s0 (1, 2, 3)`; may be empty.
    #[serde(serialize_with = "write_text", deserialize_with = "read_text")]
    pub detail: Arc<str>,
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
    /// Threads, ordered by name, numbers in it by value.
    pub tracks: Vec<Track>,
}

fn write_text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn read_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    Ok(String::deserialize(deserializer)?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_comes_back_from_json() {
        let span = Span { name: "fetch".into(), detail: "s0 (1, 2, 3)".into(), start_ns: -5, end_ns: 7, depth: 1 };
        let track = Track { thread: "worker-0".to_owned(), spans: vec![span] };
        let timeline = Timeline { start_ns: -10, end_ns: 10, tracks: vec![track] };
        let json = serde_json::to_string(&timeline).unwrap();
        assert_eq!(serde_json::from_str::<Timeline>(&json).unwrap(), timeline);
    }
}
