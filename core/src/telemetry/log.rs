//! Everything that was said, collected: out of a recorded file, or as it comes over a connection.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::serve::RECORDING_WORD;
use super::wire::{About, Deframer, Fault, MAX_BYTES, Message, SliceLog, Snapshot, SpanLog, VERSION, decode};
use super::{BatchTimes, Mark, Stats};
use crate::{Error, Result};

/// Most bytes of spans that are kept.
const MAX_SPAN_BYTES: usize = 512 << 20;
/// Most snapshots: hours of them.
const MAX_SNAPSHOTS: usize = 200_000;
/// Most batches.
const MAX_BATCHES: usize = 1_000_000;
/// Most marks.
const MAX_MARKS: usize = 10_000;

/// What a loader has said about itself, up to bounds beyond which the oldest goes.
#[derive(Debug)]
pub struct Log {
    /// Who it is.
    pub about: About,
    /// What it had measured, oldest first.
    pub snapshots: VecDeque<Snapshot>,
    /// Batches that were handed over, oldest first.
    pub batches: VecDeque<BatchTimes>,
    /// What happened to it, oldest first.
    pub marks: VecDeque<Mark>,
    /// What threads did.
    pub spans: SpanLog,
    /// The samples of the last batch that was sliced.
    pub slices: SliceLog,
    /// Messages that were dropped because whoever took them was too slow.
    pub dropped: u64,
    /// The loader's last word.
    pub ended: Option<String>,
    /// Messages so far.
    pub messages: u64,
    /// The file ends in the middle of a message: whoever wrote it was ended.
    pub is_cut: bool,
}

impl Log {
    /// Nothing said yet, by this loader.
    #[must_use]
    pub fn new(about: About) -> Self {
        Self {
            about,
            snapshots: VecDeque::new(),
            batches: VecDeque::new(),
            marks: VecDeque::new(),
            spans: SpanLog::new(i64::MAX, MAX_SPAN_BYTES),
            slices: SliceLog::default(),
            dropped: 0,
            ended: None,
            messages: 0,
            is_cut: false,
        }
    }

    /// Reads a recorded file. One that ends in the middle of a message gives what comes before.
    ///
    /// # Errors
    /// It cannot be read; [`Error::Wire`] if it is no recording, or one of another version.
    pub fn read(path: &Path) -> Result<Self> {
        let place = || path.display().to_string();
        let failed = |reason: std::io::Error| match reason.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound { path: place() },
            _ => Error::Io { action: "read", path: place(), reason: reason.into() },
        };
        let fault = |fault: Fault| Error::Wire { place: place(), problem: fault.to_string() };
        let mut file = File::open(path).map_err(failed)?;
        check_head(&mut file).map_err(failed)?.map_err(fault)?;
        let mut deframer = Deframer::new(MAX_BYTES);
        let mut log = Self::new(About::default());
        let mut bytes = vec![0; 256 << 10];
        let mut left_bytes = 0;
        loop {
            let count = file.read(&mut bytes).map_err(failed)?;
            if count == 0 {
                log.is_cut = left_bytes > 0;
                return Ok(log);
            }
            deframer.push(&bytes[..count]);
            left_bytes += count;
            while let Some((kind, content)) = deframer.next().map_err(fault)? {
                left_bytes -= 5 + content.len();
                if let Some(message) = decode(kind, content).map_err(fault)? {
                    log.push(message);
                }
            }
        }
    }

    /// Whether a file begins as a recording does.
    #[must_use]
    pub fn is_recording(path: &Path) -> bool {
        let mut word = [0; 8];
        File::open(path).and_then(|mut file| file.read_exact(&mut word)).is_ok() && word == RECORDING_WORD
    }

    /// The newest statistics, with the last batches and events as the loader itself has them.
    #[must_use]
    pub fn last_stats(&self) -> Option<Stats> {
        let newest = self.snapshots.back()?.stats.clone();
        let skip = self.batches.len().saturating_sub(BatchTimes::KEPT);
        let skip_marks = self.marks.len().saturating_sub(Mark::KEPT);
        Some(Stats {
            last_batches: self.batches.iter().skip(skip).copied().collect(),
            events: self.marks.iter().skip(skip_marks).cloned().collect(),
            ..newest
        })
    }

    /// Takes what was said.
    pub fn push(&mut self, message: Message) {
        self.messages += 1;
        match message {
            Message::Welcome(about) => self.about = *about,
            Message::Stats(snapshot) => {
                self.snapshots.push_back(*snapshot);
                keep(&mut self.snapshots, MAX_SNAPSHOTS);
            }
            Message::Batches(batches) => {
                self.batches.extend(batches);
                keep(&mut self.batches, MAX_BATCHES);
            }
            Message::Marks(marks) => {
                self.marks.extend(marks);
                keep(&mut self.marks, MAX_MARKS);
            }
            Message::Spans(block) => self.spans.push(&block),
            Message::Slice(slice) => self.slices.push(slice),
            Message::Dropped(dropped) => self.dropped = dropped,
            Message::Ended(words) => self.ended = Some(words),
            // Said to a loader, or about what was wanted of it.
            Message::Join(_) | Message::Watch(_) | Message::Tune(_) | Message::Refused(_) | Message::Done(_) => {}
        }
    }
}

fn keep<T>(values: &mut VecDeque<T>, most: usize) {
    let excess = values.len().saturating_sub(most);
    values.drain(..excess);
}

fn check_head(file: &mut File) -> std::io::Result<Result<(), Fault>> {
    let mut head = [0; 10];
    match file.read_exact(&mut head) {
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(Err(Fault::NotMicrotome)),
        other => other?,
    }
    let version = u16::from_le_bytes([head[8], head[9]]);
    Ok(match head.starts_with(&RECORDING_WORD) {
        false => Err(Fault::NotMicrotome),
        true if version != VERSION => Err(Fault::Version(version)),
        true => Ok(()),
    })
}
