//! puffin's own protocol, so that `puffin_viewer` can connect: two bytes with its version, then a packed frame, again and
//! again. What `puffin_http::Server` sends, without what it does: it takes viewers only while spans are recorded, and waits
//! at its end for a viewer that no longer reads.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use puffin::{FrameData, ScopeCollection};

use super::door::{Door, Line};
use super::pump::Packet;
use crate::Result;

/// `puffin_http::PROTOCOL_VERSION` of version 0.17, which goes with puffin 0.20.
const PROTOCOL_VERSION: u16 = 2;
/// Viewers at a time.
const MAX_VIEWERS: usize = 4;
/// How long a write may make no progress before the viewer counts as gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(5);

/// Listens for puffin's viewers.
pub(super) struct PuffinDoor {
    door: Door,
    lines: Vec<Line>,
    scopes: ScopeCollection,
    /// Somebody is new, and knows no scope yet.
    is_news: bool,
}

impl PuffinDoor {
    pub(super) fn open(address: &str) -> Result<Self> {
        Ok(Self { door: Door::open(address)?, lines: Vec::new(), scopes: ScopeCollection::default(), is_news: false })
    }

    pub(super) const fn address(&self) -> std::net::SocketAddr {
        self.door.address()
    }

    /// Lets in who has come, and forgets who has gone. Answers whether anybody looks.
    pub(super) fn attend(&mut self) -> bool {
        self.lines.retain(|line| !line.has_ended());
        while let Some(stream) = self.door.next() {
            if self.lines.len() >= MAX_VIEWERS {
                continue;
            }
            if let Ok(line) = Line::start(stream, "puffin-viewer".to_owned(), |stream, queue, _| write(stream, queue)) {
                self.lines.push(line);
                self.is_news = true;
            }
        }
        !self.lines.is_empty()
    }

    /// Passes frames on.
    pub(super) fn send(&mut self, frames: &[Arc<FrameData>]) {
        for frame in frames {
            for scope in &frame.scope_delta {
                self.scopes.insert(Arc::clone(scope));
            }
            let mut bytes = PROTOCOL_VERSION.to_le_bytes().to_vec();
            let scopes = self.is_news.then_some(&self.scopes);
            // Fails only if memory could not be written to.
            if frame.write_into(scopes, &mut bytes).is_ok() {
                self.is_news = false;
                let packet: Packet = bytes.into();
                self.lines.iter().for_each(|line| line.send(std::slice::from_ref(&packet)));
            }
        }
    }
}

fn write(mut stream: TcpStream, queue: &Receiver<Packet>) {
    const LOOK: Duration = Duration::from_millis(1);
    let limits = stream.set_write_timeout(Some(WRITE_PATIENCE)).and_then(|()| stream.set_read_timeout(Some(LOOK)));
    if limits.is_err() {
        return;
    }
    for packet in queue {
        if stream.write_all(&packet).is_err() || has_left(&mut stream) {
            return;
        }
    }
}

/// These viewers say nothing; what comes is their end.
fn has_left(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 64]) {
        Ok(count) => count == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
    }
}
