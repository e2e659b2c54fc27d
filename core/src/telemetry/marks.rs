//! What happened to a loader at moments of its life: what a curve of its figures has to be read against.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// Most changed keys that one mark names.
const MAX_CHANGES: usize = 32;
/// Most bytes of a key, a value or words in a mark.
const MAX_TEXT_BYTES: usize = 240;

/// A key of the configuration that was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyChange {
    /// Its dotted key, such as `loader.memory`.
    pub key: String,
    /// Its value before, as TOML; `None` where it was left out.
    pub before: Option<String>,
    /// Its value since.
    pub after: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The configuration was changed.
    ConfigChanged {
        /// Which keys.
        changes: Vec<KeyChange>,
    },
    /// The first batch of an epoch was taken.
    EpochBegun {
        /// The epoch, from 0.
        epoch: u64,
    },
    /// The chunk cache may hold more or less than before.
    CacheResized {
        /// What it might hold before, bytes.
        before_bytes: u64,
        /// What it may hold since.
        after_bytes: u64,
    },
    /// Somebody paused the loader.
    Paused,
    /// It goes on.
    Resumed,
    /// The consumer waits and nothing gets on: the watchdog barked.
    Stalled {
        /// For how long nothing had got on.
        still: Duration,
        /// What holds it up, in words.
        what: String,
    },
    /// After that something got on again.
    GotOn {
        /// For how long nothing had.
        still: Duration,
    },
    /// Chunks were given up because memory ran short.
    Trimmed {
        /// What the chunk cache held before, bytes.
        before_bytes: u64,
        /// What it held after.
        after_bytes: u64,
        /// Why, in words.
        why: String,
    },
}

/// Something that happened, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Counts the marks of a loader, from 0.
    pub number: u64,
    /// Since the loader started.
    pub at: Duration,
    /// What.
    pub event: Event,
}

impl Mark {
    /// Marks that are kept.
    pub const KEPT: usize = 64;

    /// Whether it is no longer than those that are made: what comes over a wire may be.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        let fits = |text: &String| text.len() <= MAX_TEXT_BYTES;
        match &self.event {
            Event::ConfigChanged { changes } => {
                let all_fit = |change: &KeyChange| {
                    fits(&change.key) && [&change.before, &change.after].into_iter().flatten().all(fits)
                };
                changes.len() <= MAX_CHANGES && changes.iter().all(all_fit)
            }
            Event::Stalled { what: words, .. } | Event::Trimmed { why: words, .. } => fits(words),
            _ => true,
        }
    }
}

impl Event {
    /// In a word or two, as beside a line on a curve.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ConfigChanged { .. } => "configuration changed",
            Self::EpochBegun { .. } => "epoch begun",
            Self::CacheResized { .. } => "cache resized",
            Self::Paused => "paused",
            Self::Resumed => "resumed",
            Self::Stalled { .. } => "stalled",
            Self::GotOn { .. } => "got on",
            Self::Trimmed { .. } => "cache trimmed",
        }
    }

    /// As long as a mark may be.
    fn bounded(mut self) -> Self {
        match &mut self {
            Self::ConfigChanged { changes } => {
                changes.truncate(MAX_CHANGES);
                for change in changes {
                    cut(&mut change.key);
                    change.before.iter_mut().chain(&mut change.after).for_each(cut);
                }
            }
            Self::Stalled { what: words, .. } | Self::Trimmed { why: words, .. } => cut(words),
            _ => {}
        }
        self
    }
}

/// Cuts a text that is too long, between characters.
fn cut(text: &mut String) {
    const REST: &str = "…";
    if text.len() > MAX_TEXT_BYTES {
        text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES - REST.len()));
        text.push_str(REST);
    }
}

/// Where a loader notes what happens to it.
#[derive(Debug)]
pub(crate) struct MarkLog {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    kept: VecDeque<Mark>,
    epoch: Option<u64>,
}

impl MarkLog {
    /// Of a loader that started at `started`.
    pub(crate) fn new(started: Instant) -> Self {
        Self { started, state: Mutex::default() }
    }

    /// This happened now.
    pub(crate) fn note(&self, event: Event) {
        let at = self.started.elapsed();
        self.state.lock().push(at, event);
    }

    /// A batch of this epoch is taken.
    pub(crate) fn took_of(&self, epoch: u64) {
        let at = self.started.elapsed();
        let mut state = self.state.lock();
        if state.epoch != Some(epoch) {
            state.epoch = Some(epoch);
            state.push(at, Event::EpochBegun { epoch });
        }
    }

    /// The last marks, oldest first.
    pub(crate) fn read(&self) -> Vec<Mark> {
        self.state.lock().kept.iter().cloned().collect()
    }
}

impl State {
    fn push(&mut self, at: Duration, event: Event) {
        if self.kept.len() == Mark::KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(Mark { number: self.next, at, event: event.bounded() });
        self.next += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_marks_are_kept_and_each_has_its_number() {
        let log = MarkLog::new(Instant::now());
        (0..Mark::KEPT as u64 + 5).for_each(|epoch| log.took_of(epoch));
        log.took_of(Mark::KEPT as u64 + 4);
        let marks = log.read();
        assert_eq!((marks.len(), marks[0].number), (Mark::KEPT, 5));
        assert_eq!(marks[0].event, Event::EpochBegun { epoch: 5 });
        assert!(marks.windows(2).all(|pair| pair[0].number + 1 == pair[1].number && pair[0].at <= pair[1].at));
    }

    #[test]
    fn a_mark_is_cut_to_what_may_be_sent() {
        let long = "ä".repeat(1000);
        let change = KeyChange { key: long.clone(), before: None, after: Some(long.clone()) };
        for event in [
            Event::ConfigChanged { changes: vec![change; 100] },
            Event::Stalled { still: Duration::ZERO, what: long.clone() },
            Event::Trimmed { before_bytes: 1, after_bytes: 0, why: long },
        ] {
            let uncut = Mark { number: 0, at: Duration::ZERO, event: event.clone() };
            assert!(!uncut.is_bounded());
            let log = MarkLog::new(Instant::now());
            log.note(event);
            assert!(log.read()[0].is_bounded(), "{:?}", log.read());
        }
    }
}
