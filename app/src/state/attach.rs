//! What the window knows about loaders in other processes, and about recording its own.

use std::path::PathBuf;

use microtome_core::telemetry::discovery::Found;

use crate::options::Start;

/// Choosing a loader to look at, and recording this one.
#[derive(Debug, Clone, Default)]
pub struct AttachState {
    /// The window in which one is chosen is open.
    pub open: bool,
    /// Loaders of this user that serve on this machine; `None` until somebody has looked.
    pub found: Option<Vec<Found>>,
    /// The field that asks where to record is open.
    pub record_field_open: bool,
    /// The loader of this window is recorded into this file.
    pub recording: Option<PathBuf>,
}

/// What `HOST:PORT`, or `HOST:PORT TOKEN`, means; `None` if it is neither.
#[must_use]
pub fn loader_of(text: &str) -> Option<Start> {
    let mut words = text.split_whitespace();
    let (address, token, more) = (words.next()?, words.next(), words.next());
    let (host, port) = address.rsplit_once(':')?;
    let is_one = more.is_none() && !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0);
    is_one.then(|| Start::Loader { address: address.to_owned(), token: token.map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_followed_by_a_token() {
        let loader = |address: &str, token: Option<&str>| {
            Some(Start::Loader { address: address.to_owned(), token: token.map(str::to_owned) })
        };
        assert_eq!(loader_of(" 127.0.0.1:7400 "), loader("127.0.0.1:7400", None));
        assert_eq!(loader_of("[::1]:7400 a-word"), loader("[::1]:7400", Some("a-word")));
        for wrong in ["", "host", "host:", ":7400", "host:0", "host:port", "host:7400 a word"] {
            assert_eq!(loader_of(wrong), None, "{wrong}");
        }
    }
}
