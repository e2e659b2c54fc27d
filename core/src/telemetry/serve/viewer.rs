//! One viewer's connection: greeting, token, then messages out and requests in. Runs on a thread of its own, and whatever
//! the other side does or does not do concerns that thread alone.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};
use parking_lot::Mutex;
use subtle::ConstantTimeEq as _;

use super::Subject;
use super::door::LineState;
use super::pump::{Packet, packets};
use crate::telemetry::wire::{
    Deframer, Join, MAX_REQUEST_BYTES, Message, Tune, Wants, check_greeting, decode, greeting,
};

/// How long a viewer may take to say who it is, all in all.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a write may make no progress before the viewer counts as gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(5);
/// How long a look for requests takes at most.
const LOOK: Duration = Duration::from_millis(1);
/// How often requests are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a viewer's thread and the server share.
#[derive(Debug, Default)]
pub(super) struct Seat {
    wants: Mutex<Wants>,
    welcome: AtomicBool,
}

impl Seat {
    /// What it wants, once it may look.
    pub(super) fn wants(&self) -> Option<Wants> {
        self.welcome.load(Ordering::Acquire).then(|| *self.wants.lock())
    }
}

/// What viewers are held to.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    pub token: Option<String>,
    pub allow_tuning: bool,
}

/// Serves one viewer until it goes or the queue is closed.
pub(super) fn serve(
    mut stream: TcpStream,
    queue: &Receiver<Packet>,
    state: &LineState,
    (subject, rules, seat): (&Arc<dyn Subject>, &Rules, &Seat),
) {
    let mut requests = Deframer::new(MAX_REQUEST_BYTES);
    let Some(join) = greet(&mut stream, &mut requests) else { return };
    if !is_known(rules.token.as_deref(), join.token.as_deref()) {
        let words = "the token is missing or wrong; telemetry.token of the loader's configuration says it";
        let _gone = send(&mut stream, Message::Refused(words.to_owned()));
        return;
    }
    *seat.wants.lock() = join.wants;
    if send(&mut stream, Message::Welcome(Box::new(subject.about()))).is_err() {
        return;
    }
    seat.welcome.store(true, Ordering::Release);
    let mut viewer = Viewer { stream, requests, subject, rules, seat, told_dropped: 0 };
    // An error is the end of this viewer and of nothing else.
    let _gone = viewer.run(queue, state);
}

/// Says no. What the other side says is heard first, so that the answer is not lost in a connection that is cut.
pub(super) fn refuse(mut stream: TcpStream, words: String) {
    if greet(&mut stream, &mut Deframer::new(MAX_REQUEST_BYTES)).is_some() {
        let _gone = send(&mut stream, Message::Refused(words));
    }
}

/// Exchanges greetings and reads the first message; `None` if that does not come in time or is something else.
fn greet(stream: &mut TcpStream, requests: &mut Deframer) -> Option<Join> {
    let until = Instant::now() + PATIENCE;
    stream.set_write_timeout(Some(WRITE_PATIENCE)).ok()?;
    stream.write_all(&greeting()).ok()?;
    let mut said = [0; 10];
    let mut got = 0;
    while got < said.len() {
        got += read_until(stream, &mut said[got..], until)?;
    }
    check_greeting(said).ok()?;
    let mut bytes = [0; 4096];
    loop {
        match requests.next() {
            Ok(Some((kind, content))) => match decode(kind, content) {
                Ok(Some(Message::Join(join))) => return Some(join),
                _ => return None,
            },
            Ok(None) => {
                let count = read_until(stream, &mut bytes, until)?;
                requests.push(&bytes[..count]);
            }
            Err(_) => return None,
        }
    }
}

/// At least one byte before `until`, however slowly they drip.
fn read_until(stream: &mut TcpStream, bytes: &mut [u8], until: Instant) -> Option<usize> {
    let left = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())?;
    stream.set_read_timeout(Some(left)).ok()?;
    stream.read(bytes).ok().filter(|count| *count > 0)
}

/// Whether the token is right; how long that takes does not say how much of it is.
fn is_known(token: Option<&str>, said: Option<&str>) -> bool {
    token.is_none_or(|token| said.is_some_and(|said| bool::from(token.as_bytes().ct_eq(said.as_bytes()))))
}

fn send(stream: &mut TcpStream, message: Message) -> std::io::Result<()> {
    packets([message]).iter().try_for_each(|packet| stream.write_all(packet))
}

struct Viewer<'a> {
    stream: TcpStream,
    requests: Deframer,
    subject: &'a Arc<dyn Subject>,
    rules: &'a Rules,
    seat: &'a Seat,
    told_dropped: u64,
}

impl Viewer<'_> {
    fn run(&mut self, queue: &Receiver<Packet>, state: &LineState) -> std::io::Result<()> {
        self.stream.set_read_timeout(Some(LOOK))?;
        let mut looked = Instant::now();
        loop {
            match queue.recv_timeout(LOOK_EVERY) {
                Ok(packet) => self.stream.write_all(&packet)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
            let dropped = state.dropped.load(Ordering::Relaxed);
            if dropped > self.told_dropped && queue.is_empty() {
                self.told_dropped = dropped;
                send(&mut self.stream, Message::Dropped(dropped))?;
            }
            if looked.elapsed() >= LOOK_EVERY {
                self.look_for_requests()?;
                looked = Instant::now();
            }
        }
    }

    /// Reads what has come; an error if the other side has gone or talks nonsense.
    fn look_for_requests(&mut self) -> std::io::Result<()> {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => self.requests.push(&bytes[..count]),
            // What came with the first word may not have been looked at yet.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        loop {
            let message = match self.requests.next() {
                Ok(Some((kind, content))) => decode(kind, content),
                Ok(None) => return Ok(()),
                Err(fault) => Err(fault),
            };
            match message {
                Ok(Some(Message::Watch(wants))) => *self.seat.wants.lock() = wants,
                Ok(Some(Message::Tune(tune))) => self.tune(tune)?,
                Ok(None) => {}
                Ok(Some(_)) | Err(_) => return Err(ErrorKind::InvalidData.into()),
            }
        }
    }

    fn tune(&mut self, tune: Tune) -> std::io::Result<()> {
        let done = match self.rules.allow_tuning {
            true => self.subject.tune(tune),
            false => {
                Err("this loader may only be looked at; telemetry.allow_tuning = true would allow more".to_owned())
            }
        };
        send(&mut self.stream, done.map_or_else(Message::Refused, Message::Done))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_right() {
        assert!(is_known(None, None) && is_known(None, Some("any")));
        assert!(is_known(Some("abc"), Some("abc")));
        for wrong in [None, Some(""), Some("ab"), Some("abd"), Some("abcd")] {
            assert!(!is_known(Some("abc"), wrong), "{wrong:?}");
        }
    }
}
