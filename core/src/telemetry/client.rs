//! A viewer's end of a connection: greets, says its token, and takes what the loader tells.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use super::wire::{
    About, Deframer, Fault, Join, MAX_BYTES, Message, Tune, Wants, check_greeting, decode, greeting, packet,
};
use crate::{Error, Result};

/// How long a loader may take to let a viewer in, and to say anything after that.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to a loader.
#[derive(Debug)]
pub struct Client {
    address: String,
    stream: TcpStream,
    deframer: Deframer,
    about: About,
    heard: Instant,
}

impl Client {
    /// Connects to `HOST:PORT`.
    ///
    /// # Errors
    /// [`Error::Io`] if nobody answers there; [`Error::Wire`] if it is no loader, or one of another version;
    /// [`Error::Refused`] with the loader's reason.
    pub fn connect(address: &str, token: Option<&str>, wants: Wants) -> Result<Self> {
        let failed = |action| {
            move |reason: std::io::Error| Error::Io { action, path: address.to_owned(), reason: reason.into() }
        };
        let stream = connect(address).map_err(failed("connect to a loader"))?;
        let limits = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
        limits.and_then(|()| stream.set_nodelay(true)).map_err(failed("set up a connection"))?;
        let mut client = Self {
            address: address.to_owned(),
            stream,
            deframer: Deframer::new(MAX_BYTES),
            about: About::default(),
            heard: Instant::now(),
        };
        let mut said = [0; 10];
        client.stream.write_all(&greeting()).map_err(failed("greet a loader"))?;
        client.stream.read_exact(&mut said).map_err(failed("hear a loader's greeting"))?;
        check_greeting(said).map_err(|fault| client.fault(fault))?;
        client.say(&Message::Join(Join { token: token.map(str::to_owned), wants }))?;
        match client.next(PATIENCE)? {
            Some(Message::Welcome(about)) => client.about = *about,
            Some(Message::Refused(reason)) => return Err(Error::Refused { address: client.address, reason }),
            _ => return Err(client.fault(Fault::NotMicrotome)),
        }
        Ok(client)
    }

    /// Who the loader is.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What the loader says next, if it says anything within `timeout`.
    ///
    /// # Errors
    /// The connection has ended, is silent for longer than a loader ever is, or brings nonsense.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Message>> {
        let until = Instant::now() + timeout;
        loop {
            match self.deframer.next() {
                Ok(Some((kind, content))) => {
                    if let Some(message) = decode(kind, content).map_err(|fault| self.fault(fault))? {
                        return Ok(Some(message));
                    }
                    continue;
                }
                Ok(None) => {}
                Err(fault) => return Err(self.fault(fault)),
            }
            let left = until.saturating_duration_since(Instant::now());
            if !self.read(left.max(Duration::from_millis(1)))? && Instant::now() >= until {
                return Ok(None);
            }
        }
    }

    /// Takes what comes within `timeout`; whether anything came.
    fn read(&mut self, timeout: Duration) -> Result<bool> {
        let failed = |reason: std::io::Error, address: &str| Error::Io {
            action: "hear from a loader",
            path: address.to_owned(),
            reason: reason.into(),
        };
        self.stream.set_read_timeout(Some(timeout)).map_err(|error| failed(error, &self.address))?;
        let mut bytes = [0; 64 << 10];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(failed(ErrorKind::UnexpectedEof.into(), &self.address)),
            Ok(count) => {
                self.heard = Instant::now();
                self.deframer.push(&bytes[..count]);
                Ok(true)
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) =>
            {
                // Figures come ten times a second: who is silent that long is gone, even if nobody said so.
                match self.heard.elapsed() > PATIENCE {
                    true => Err(failed(ErrorKind::TimedOut.into(), &self.address)),
                    false => Ok(false),
                }
            }
            Err(error) => Err(failed(error, &self.address)),
        }
    }

    /// Wants to be told of other things from now on.
    ///
    /// # Errors
    /// The connection has ended.
    pub fn watch(&mut self, wants: Wants) -> Result<()> {
        self.say(&Message::Watch(wants))
    }

    /// Wants the loader changed. A refusal comes as [`Message::Refused`].
    ///
    /// # Errors
    /// The connection has ended.
    pub fn tune(&mut self, tune: Tune) -> Result<()> {
        self.say(&Message::Tune(tune))
    }

    fn say(&mut self, message: &Message) -> Result<()> {
        let packet = packet(message).map_err(|fault| self.fault(fault))?;
        self.stream.write_all(&packet).map_err(|reason| Error::Io {
            action: "talk to a loader",
            path: self.address.clone(),
            reason: reason.into(),
        })
    }

    fn fault(&self, fault: Fault) -> Error {
        Error::Wire { place: self.address.clone(), problem: fault.to_string() }
    }
}

/// Tries every address of a name, each for a while.
fn connect(address: &str) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::from(ErrorKind::AddrNotAvailable);
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
