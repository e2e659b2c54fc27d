//! Checks of `[telemetry]`: addresses that can be listened at, and a token where others than this machine can look.

use std::net::SocketAddr;

use super::TelemetryKeys;
use super::validate::wrong;
use crate::Result;

/// Fewest characters of a token.
const LEAST_TOKEN: usize = 8;

/// # Errors
/// What is wrong, by its key.
pub(super) fn check_telemetry(keys: &TelemetryKeys) -> Result<()> {
    if let Some(token) = &keys.token
        && token.chars().count() < LEAST_TOKEN
    {
        return wrong(
            "telemetry.token",
            format!("this is too short to keep anybody out; at least {LEAST_TOKEN} characters"),
        );
    }
    if let Some(address) = &keys.serve {
        let Some(is_loopback) = is_loopback(address) else {
            return wrong("telemetry.serve", not_an_address(address));
        };
        if !is_loopback && keys.token.is_none() {
            let problem = format!(
                "\"{address}\" can be reached from other machines, so viewers need a token; set telemetry.token, or listen \
                 at 127.0.0.1"
            );
            return wrong("telemetry.serve", problem);
        }
    }
    match keys.puffin.as_deref().map(|address| (address, is_loopback(address))) {
        Some((address, None)) => wrong("telemetry.puffin", not_an_address(address)),
        Some((address, Some(false))) => wrong(
            "telemetry.puffin",
            format!("\"{address}\" can be reached from other machines, and puffin knows no token; listen at 127.0.0.1"),
        ),
        Some((_, Some(true))) | None => Ok(()),
    }
}

fn not_an_address(address: &str) -> String {
    format!("expected an IP address and a port, such as \"127.0.0.1:0\", got \"{address}\"")
}

/// Whether an address is of this machine alone; `None` if it is no address.
fn is_loopback(address: &str) -> Option<bool> {
    if let Some(port) = address.strip_prefix("localhost:") {
        return port.parse::<u16>().ok().map(|_| true);
    }
    address.parse::<SocketAddr>().ok().map(|address| address.ip().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_of(serve: Option<&str>, token: Option<&str>, puffin: Option<&str>) -> Option<String> {
        let own = |text: Option<&str>| text.map(str::to_owned);
        let keys =
            TelemetryKeys { serve: own(serve), token: own(token), puffin: own(puffin), ..TelemetryKeys::default() };
        match check_telemetry(&keys) {
            Err(crate::Error::Config { key, .. }) => Some(key),
            _ => None,
        }
    }

    #[test]
    fn others_need_a_token_and_puffin_is_for_this_machine() {
        for good in ["127.0.0.1:0", "[::1]:7400", "localhost:1"] {
            assert_eq!(key_of(Some(good), None, Some(good)), None, "{good}");
        }
        for open in ["0.0.0.0:0", "[::]:7400", "192.0.2.1:7400"] {
            assert_eq!(key_of(Some(open), None, None).as_deref(), Some("telemetry.serve"), "{open}");
            assert_eq!(key_of(Some(open), Some("long enough"), None), None, "{open}");
            assert_eq!(key_of(None, Some("long enough"), Some(open)).as_deref(), Some("telemetry.puffin"), "{open}");
        }
        assert_eq!(key_of(Some("127.0.0.1:0"), Some("short"), None).as_deref(), Some("telemetry.token"));
        for wrong in ["", "7400", "127.0.0.1", "localhost:no", "example.org:80"] {
            assert_eq!(key_of(Some(wrong), Some("long enough"), None).as_deref(), Some("telemetry.serve"), "{wrong}");
            assert_eq!(key_of(None, None, Some(wrong)).as_deref(), Some("telemetry.puffin"), "{wrong}");
        }
    }
}
