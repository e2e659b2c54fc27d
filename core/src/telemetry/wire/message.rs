//! What is said: by the loader about itself, and by those who look at it.

use serde::{Deserialize, Serialize};

use super::{SampleSlice, SpanBlock};
use crate::telemetry::{BatchTimes, Mark, Stats};

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A viewer's first word.
    Join(Join),
    /// A viewer wants to be told of other things from now on.
    Watch(Wants),
    /// A viewer wants the loader to change.
    Tune(Tune),
    /// The loader's first word: the viewer may look.
    Welcome(Box<About>),
    /// The loader's last word to a viewer, or its answer to [`Message::Tune`]: no, and why.
    Refused(String),
    /// The loader's answer to [`Message::Tune`]: done, and what it is now.
    Done(String),
    /// What the loader has measured.
    Stats(Box<Snapshot>),
    /// Batches that were handed over, oldest first.
    Batches(Vec<BatchTimes>),
    /// What happened to the loader, oldest first.
    Marks(Vec<Mark>),
    /// So many messages were dropped so far because this viewer did not keep up.
    Dropped(u64),
    /// The loader has ended, and why.
    Ended(String),
    /// What threads did.
    Spans(SpanBlock),
    /// The middle of a sample.
    Slice(SampleSlice),
}

/// A viewer's first word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Join {
    /// What it has to know, if the loader asks for that.
    pub token: Option<String>,
    /// What it wants to be told of.
    pub wants: Wants,
}

/// What a viewer wants to be told of, beside figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wants {
    /// What threads do.
    pub spans: bool,
    /// Slices of samples, once a second or so.
    pub slices: bool,
}

/// What a viewer may want changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tune {
    /// Begin no more batches.
    Pause,
    /// Go on.
    Resume,
    /// Set a key of the configuration, as far as that can be done while it runs.
    Set {
        /// Its dotted key, such as `loader.memory`.
        key: String,
        /// Its value, as TOML.
        value: String,
    },
}

/// Who the loader is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// Its name: that of its configuration's file, or of what it loads.
    pub name: String,
    /// Its process.
    pub pid: u32,
    /// Which of the processes that share an epoch it is, from 0.
    pub rank: u64,
    /// How many processes share an epoch.
    pub world_size: u64,
    /// Version of Microtome.
    pub version: String,
    /// Its configuration as TOML, without the token.
    pub config: String,
    /// Classes of its targets.
    pub classes: Vec<String>,
    /// Samples in an epoch of all processes.
    pub samples_per_epoch: u64,
    /// Whether viewers may change it.
    pub allows_tuning: bool,
}

/// What the loader had measured at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When, nanoseconds of the clock of its spans.
    pub clock_ns: i64,
    /// What it had measured, without the last batches and events: they come as [`Message::Batches`] and
    /// [`Message::Marks`], each once.
    pub stats: Stats,
    /// Whether it is paused.
    #[serde(default)]
    pub paused: bool,
}
