//! The server: a thread named `serve` that lets viewers in, looks at the subject for them, and hands each what it wants.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Subject;
use super::door::{Door, Line};
use super::puffin_door::PuffinDoor;
use super::pump::{News, Packet, Pump, TICK, packets};
use super::viewer::{self, Rules, Seat};
use crate::telemetry::discovery::Notice;
use crate::telemetry::wire::{Message, Wants};
use crate::{Error, Result};

/// How a loader is served.
#[derive(Debug, Clone, Default)]
pub struct ServeOptions {
    /// Where to listen, such as `127.0.0.1:0`.
    pub address: String,
    /// What viewers have to know; `None`: nothing.
    pub token: Option<String>,
    /// Whether viewers may change the loader.
    pub allow_tuning: bool,
    /// Where to listen for puffin's own viewers.
    pub puffin: Option<String>,
    /// Where it is written down that this loader serves; `None`: nowhere.
    pub notices: Option<PathBuf>,
}

/// Serves one subject until it is dropped. Viewers that are slow or gone cost their own threads time, and nobody else.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    puffin_address: Option<SocketAddr>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _notice: Option<Notice>,
}

impl Server {
    /// Viewers at a time, those that have not said yet who they are among them.
    pub const MAX_VIEWERS: usize = 8;

    /// Starts to serve.
    ///
    /// # Errors
    /// An address cannot be listened at, or the system refuses another thread.
    pub fn start(subject: Arc<dyn Subject>, options: &ServeOptions) -> Result<Self> {
        let door = Door::open(&options.address)?;
        let puffin = options.puffin.as_deref().map(PuffinDoor::open).transpose()?;
        let (address, puffin_address) = (door.address(), puffin.as_ref().map(PuffinDoor::address));
        let rules = Rules { token: options.token.clone(), allow_tuning: options.allow_tuning };
        let notice = options.notices.as_deref().and_then(|folder| {
            let notice = Notice::put_up(folder, address_for_viewers(address), &subject.about());
            // It is found by its address all the same.
            notice.map_err(|error| tracing::debug!("no notice of this loader: {error}")).ok()
        });
        let stop = Arc::new(AtomicBool::new(false));
        let mut host = Host {
            subject,
            rules: Arc::new(rules),
            door,
            puffin,
            viewers: Vec::new(),
            turned_away: Vec::new(),
            pump: None,
            stop: Arc::clone(&stop),
            count: 0,
        };
        let thread = std::thread::Builder::new().name("serve".to_owned()).spawn(move || host.run());
        let thread = thread.map_err(|source| Error::Io {
            action: "start",
            path: "thread serve".to_owned(),
            reason: source.into(),
        })?;
        Ok(Self { address, puffin_address, stop, thread: Some(thread), _notice: notice })
    }

    /// Where viewers can connect.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where puffin's own viewers can.
    #[must_use]
    pub const fn puffin_address(&self) -> Option<SocketAddr> {
        self.puffin_address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A panic of it has been printed; the loader goes on without viewers.
            let _panicked = thread.join();
        }
    }
}

/// Where someone on this machine connects to who listens at all of its addresses.
const fn address_for_viewers(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), address.port())
        }
        _ => address,
    }
}

/// What the thread `serve` has.
struct Host {
    subject: Arc<dyn Subject>,
    rules: Arc<Rules>,
    door: Door,
    puffin: Option<PuffinDoor>,
    viewers: Vec<(Line, Arc<Seat>)>,
    turned_away: Vec<Line>,
    /// Only while somebody looks.
    pump: Option<Pump>,
    stop: Arc<AtomicBool>,
    count: u64,
}

impl Host {
    /// How often somebody is looked for while nobody is there.
    const IDLE: Duration = Duration::from_millis(100);

    fn run(&mut self) {
        while !self.stop.load(Ordering::Acquire) {
            self.viewers.retain(|(line, _)| !line.has_ended());
            while let Some(stream) = self.door.next() {
                self.let_in(stream);
            }
            let puffin_looks = self.puffin.as_mut().is_some_and(PuffinDoor::attend);
            let wants: Vec<_> = self.viewers.iter().filter_map(|(_, seat)| seat.wants()).collect();
            if wants.is_empty() && !puffin_looks {
                self.pump = None;
                std::thread::park_timeout(Self::IDLE);
                continue;
            }
            let all = Wants {
                spans: puffin_looks || wants.iter().any(|wants| wants.spans),
                slices: wants.iter().any(|wants| wants.slices),
            };
            let subject = &self.subject;
            let news = self.pump.get_or_insert_with(|| Pump::new(Arc::clone(subject))).tick(all);
            self.hand_out(&news);
            std::thread::park_timeout(TICK);
        }
        self.say_goodbye();
    }

    fn let_in(&mut self, stream: TcpStream) {
        if self.viewers.len() >= Server::MAX_VIEWERS {
            self.turn_away(stream);
            return;
        }
        self.count += 1;
        let (subject, rules, seat) = (Arc::clone(&self.subject), Arc::clone(&self.rules), Arc::new(Seat::default()));
        let its_seat = Arc::clone(&seat);
        let line = Line::start(stream, format!("viewer-{}", self.count), move |stream, queue, state| {
            viewer::serve(stream, queue, state, (&subject, &rules, &its_seat));
        });
        if let Ok(line) = line {
            self.viewers.push((line, seat));
        }
    }

    /// Tells somebody for whom there is no room so; of those, too, only so many at a time.
    fn turn_away(&mut self, stream: TcpStream) {
        self.turned_away.retain(|line| !line.has_ended());
        if self.turned_away.len() >= Server::MAX_VIEWERS {
            return;
        }
        let words = format!("{} viewers look at this loader already", Server::MAX_VIEWERS);
        let line = Line::start(stream, "viewer-refused".to_owned(), move |stream, _, _| viewer::refuse(stream, words));
        self.turned_away.extend(line);
    }

    fn hand_out(&mut self, news: &News) {
        for (line, seat) in &self.viewers {
            let Some(wants) = seat.wants() else { continue };
            line.send(&news.figures);
            if wants.spans {
                line.send(&news.spans);
            }
            if wants.slices {
                line.send(&news.slices);
            }
        }
        if let Some(puffin) = &mut self.puffin {
            puffin.send(&news.frames);
        }
    }

    /// The last figures, and a word, as far as viewers take them at once.
    fn say_goodbye(&mut self) {
        let Some(mut pump) = self.pump.take() else { return };
        let mut last: Vec<Packet> = pump.last(Wants::default()).figures;
        last.extend(packets([Message::Ended("the loader has ended".to_owned())]));
        for (line, seat) in &self.viewers {
            if seat.wants().is_some() {
                line.send(&last);
            }
        }
        // A moment for their threads to write it; those that do not read are cut off.
        const MOMENT: Duration = Duration::from_millis(20);
        std::thread::sleep(MOMENT);
    }
}
