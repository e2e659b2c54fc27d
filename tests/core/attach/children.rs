//! Processes that are killed: a viewer's, and a loader's. The other side goes on, or ends in order.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use microtome_core::telemetry::wire::Message;

use super::served::{check, hear, serving, unwatched, viewer};

/// Which child this process is to be: `loader`, or `viewer ADDRESS`.
const ROLE: &str = "MICROTOME_ATTACH_TEST_ROLE";

/// This test in a process of its own.
fn child(role: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["children::what_a_child_does", "--exact", "--nocapture"])
        .env(ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The rest of the line of a child's output that begins with `mark`.
fn said(child: &mut Child, mark: &str) -> String {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).find_map(|line| Some(line.split_once(mark)?.1.to_owned())).unwrap()
}

/// Nothing, in the process of the tests; in a child what it is to do, until it is killed.
#[test]
fn what_a_child_does() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let mut out = std::io::stdout();
    if let Some(address) = role.strip_prefix("viewer ") {
        let mut client = viewer(address.parse().unwrap());
        client.next(super::served::PATIENCE).unwrap();
        writeln!(out, "heard:it").unwrap();
        while client.next(Duration::from_secs(1)).is_ok() {}
    } else if role == "idle" {
        look_and_leave();
    } else {
        let (loader, address) = serving("");
        writeln!(out, "serves:{address}").unwrap();
        loop {
            loader.next_batch().unwrap();
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Spans are one switch per process, so this needs one of its own.
fn look_and_leave() {
    let (loader, address) = serving("");
    let switched = |to: bool| {
        let until = std::time::Instant::now() + super::served::PATIENCE;
        while puffin::are_scopes_on() != to {
            assert!(std::time::Instant::now() < until, "spans never go {}", if to { "on" } else { "off" });
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    loader.next_batch().unwrap();
    assert!(!puffin::are_scopes_on());
    let figures = microtome_core::telemetry::wire::Wants::default();
    let mut client = microtome_core::telemetry::Client::connect(&address.to_string(), None, figures).unwrap();
    hear(&mut client, &loader, |said| matches!(said, Message::Stats(_)));
    assert!(!puffin::are_scopes_on(), "this one wants none");
    let other = viewer(address);
    switched(true);
    drop(other);
    switched(false);
}

#[test]
fn spans_are_recorded_only_while_somebody_wants_them() {
    let status = child("idle").wait().unwrap();
    assert!(status.success(), "{status}");
}

#[test]
fn a_viewer_that_is_killed_changes_nothing() {
    let expected = unwatched(20);
    let (loader, address) = serving("");
    let mut killed = child(&format!("viewer {address}"));
    assert_eq!(said(&mut killed, "heard:"), "it");
    check(&loader, &expected[..10]);
    // SIGKILL: no goodbye.
    killed.kill().unwrap();
    killed.wait().unwrap();
    check(&loader, &expected[10..]);
    hear(&mut viewer(address), &loader, |said| matches!(said, Message::Stats(_)));
}

#[test]
fn a_loader_that_is_killed_ends_its_viewers_and_leaves_no_notice() {
    let mut killed = child("loader");
    let address: SocketAddr = said(&mut killed, "serves:").parse().unwrap();
    let mut client = viewer(address);
    assert!(matches!(client.next(super::served::PATIENCE), Ok(Some(_))));
    let pid = client.about().pid;
    assert_eq!(pid, killed.id());
    let notices = || {
        let folder = microtome_core::telemetry::discovery::folder();
        folder.map_or_else(Vec::new, |folder| microtome_core::telemetry::discovery::list(&folder))
    };
    let is_listed = || notices().iter().any(|found| found.pid == pid && found.address == address);
    let has_folder = microtome_core::telemetry::discovery::folder().is_some();
    assert_eq!(is_listed(), has_folder);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let mut heard = std::iter::from_fn(|| Some(client.next(Duration::from_secs(1))));
    assert!(heard.any(|heard| heard.is_err()), "the viewer hears of it");
    assert!(!is_listed(), "its notice is taken down by whoever looks");
}
