//! A socket that is listened at without waiting, and the connections that came through it: a thread and a bounded queue each.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError};

use super::pump::Packet;
use crate::{Error, Result};

/// Messages that may wait for one connection; a viewer that is slower than that misses some.
const MAX_WAITING: usize = 128;

/// Listens at one address.
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

impl Door {
    /// # Errors
    /// The address cannot be listened at.
    pub(super) fn open(address: &str) -> Result<Self> {
        let refused = |reason: std::io::Error| Error::Io {
            action: "listen for viewers",
            path: address.to_owned(),
            reason: reason.into(),
        };
        let listener = TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address })
    }

    /// Where it listens; a port of 0 has become a real one.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Somebody who has come, if anybody has. What fails about one connection is that one's own matter.
    pub(super) fn next(&self) -> Option<TcpStream> {
        let (stream, _) = self.listener.accept().ok()?;
        stream.set_nonblocking(false).ok()?;
        // Messages are whole when they are written; waiting for more would only delay them.
        let _slower = stream.set_nodelay(true);
        Some(stream)
    }
}

/// A connection with its thread.
#[derive(Debug)]
pub(super) struct Line {
    queue: Option<Sender<Packet>>,
    stream: TcpStream,
    shared: Arc<LineState>,
    thread: Option<JoinHandle<()>>,
}

/// What a connection's thread and its owner share.
#[derive(Debug, Default)]
pub(super) struct LineState {
    /// Messages that found the queue full.
    pub dropped: AtomicU64,
    ended: AtomicBool,
}

impl Line {
    /// Runs `work` on a thread of that name until it ends; it gets the connection and the queue.
    ///
    /// # Errors
    /// The system refuses a thread or a second handle.
    pub(super) fn start(
        stream: TcpStream,
        name: String,
        work: impl FnOnce(TcpStream, &Receiver<Packet>, &LineState) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = crossbeam_channel::bounded(MAX_WAITING);
        let (shared, its_stream) = (Arc::new(LineState::default()), stream.try_clone()?);
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            work(its_stream, &receiver, &for_thread);
            for_thread.ended.store(true, Ordering::Release);
        })?;
        Ok(Self { queue: Some(sender), stream, shared, thread: Some(thread) })
    }

    /// Hands messages over; what finds the queue full is dropped, and counted.
    pub(super) fn send(&self, packets: &[Packet]) {
        let Some(queue) = &self.queue else { return };
        for packet in packets {
            if let Err(TrySendError::Full(_)) = queue.try_send(Arc::clone(packet)) {
                self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Whether its thread is done.
    pub(super) fn has_ended(&self) -> bool {
        self.shared.ended.load(Ordering::Acquire)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.queue = None;
        // Whatever the thread waits for at the socket ends with it.
        let _closed = self.stream.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            // A panic of it has been printed, and concerns one viewer.
            let _panicked = thread.join();
        }
    }
}
