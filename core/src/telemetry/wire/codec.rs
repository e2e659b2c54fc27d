//! Messages as bytes: which kind has which number, and in what form its content is.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::framing::head;
use super::{Fault, Message, SampleSlice};
use crate::telemetry::Mark;

// Numbers of kinds. One that was used once never comes to mean another.
const JOIN: u8 = 1;
const WATCH: u8 = 2;
const TUNE: u8 = 3;
const WELCOME: u8 = 16;
const REFUSED: u8 = 17;
const STATS: u8 = 18;
const BATCHES: u8 = 19;
const DROPPED: u8 = 20;
const ENDED: u8 = 21;
const MARKS: u8 = 22;
const DONE: u8 = 23;
const SPANS: u8 = 32;
const SLICE: u8 = 33;

/// The kind of a message and its content.
///
/// # Errors
/// [`Fault::Damaged`] for what cannot be written, such as a figure that is no number.
pub fn encode(message: &Message) -> Result<(u8, Vec<u8>), Fault> {
    Ok(match message {
        Message::Join(said) => (JOIN, json(JOIN, said)?),
        Message::Watch(said) => (WATCH, json(WATCH, said)?),
        Message::Tune(said) => (TUNE, json(TUNE, said)?),
        Message::Welcome(said) => (WELCOME, json(WELCOME, said)?),
        Message::Refused(said) => (REFUSED, json(REFUSED, said)?),
        Message::Done(said) => (DONE, json(DONE, said)?),
        Message::Stats(said) => (STATS, json(STATS, said)?),
        Message::Batches(said) => (BATCHES, json(BATCHES, said)?),
        Message::Marks(said) => (MARKS, json(MARKS, said)?),
        Message::Dropped(said) => (DROPPED, json(DROPPED, said)?),
        Message::Ended(said) => (ENDED, json(ENDED, said)?),
        Message::Spans(said) => (SPANS, compact(SPANS, said)?),
        Message::Slice(said) => (SLICE, compact(SLICE, said)?),
    })
}

/// The message of a kind and content; `None` for a kind that this version does not know.
///
/// # Errors
/// [`Fault::Damaged`].
pub fn decode(kind: u8, content: &[u8]) -> Result<Option<Message>, Fault> {
    Ok(Some(match kind {
        JOIN => Message::Join(from_json(kind, content)?),
        WATCH => Message::Watch(from_json(kind, content)?),
        TUNE => Message::Tune(from_json(kind, content)?),
        WELCOME => Message::Welcome(from_json(kind, content)?),
        REFUSED => Message::Refused(from_json(kind, content)?),
        DONE => Message::Done(from_json(kind, content)?),
        STATS => Message::Stats(from_json(kind, content)?),
        BATCHES => Message::Batches(from_json(kind, content)?),
        MARKS => {
            let marks: Vec<Mark> = from_json(kind, content)?;
            if !marks.iter().all(Mark::is_bounded) {
                return Err(Fault::Damaged(kind));
            }
            Message::Marks(marks)
        }
        DROPPED => Message::Dropped(from_json(kind, content)?),
        ENDED => Message::Ended(from_json(kind, content)?),
        SPANS => Message::Spans(from_compact(kind, content)?),
        SLICE => {
            let slice: SampleSlice = from_compact(kind, content)?;
            if !slice.is_whole() {
                return Err(Fault::Damaged(kind));
            }
            Message::Slice(slice)
        }
        _ => return Ok(None),
    }))
}

/// A message as it is sent: length, kind, content.
///
/// # Errors
/// [`Fault::Damaged`], [`Fault::TooLong`].
pub fn packet(message: &Message) -> Result<Vec<u8>, Fault> {
    let (kind, content) = encode(message)?;
    let head = head(kind, content.len()).ok_or(Fault::TooLong(content.len()))?;
    Ok([&head[..], &content].concat())
}

fn json(kind: u8, said: &impl Serialize) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(said).map_err(|_| Fault::Damaged(kind))
}

fn compact(kind: u8, said: &impl Serialize) -> Result<Vec<u8>, Fault> {
    postcard::to_allocvec(said).map_err(|_| Fault::Damaged(kind))
}

fn from_json<T: DeserializeOwned>(kind: u8, content: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(content).map_err(|_| Fault::Damaged(kind))
}

fn from_compact<T: DeserializeOwned>(kind: u8, content: &[u8]) -> Result<T, Fault> {
    match postcard::take_from_bytes(content) {
        Ok((said, [])) => Ok(said),
        _ => Err(Fault::Damaged(kind)),
    }
}
