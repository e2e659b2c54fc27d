//! Whoever connects and means harm, or is broken, or speaks another version: the loader goes on, with the same batches.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use microtome_core::Error;
use microtome_core::telemetry::Client;
use microtome_core::telemetry::wire::{MAX_REQUEST_BYTES, Message, VERSION, Wants, greeting, packet};

use super::served::{check, hear, serving, unwatched, viewer};

/// Connects, says these bytes, and waits for the loader to hang up.
fn hung_up_on(address: SocketAddr, said: &[u8]) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(super::served::PATIENCE)).unwrap();
    // It may hang up before all is said.
    let _cut = stream.write_all(said);
    let mut rest = Vec::new();
    // An end or a reset: either is a loader that has had enough.
    let _reset = stream.read_to_end(&mut rest);
    let mut loaders = &rest[..];
    assert!(loaders.len() < 64 << 10, "it told {} bytes", loaders.len());
    if let Some(after) = loaders.strip_prefix(&greeting()[..]) {
        loaders = after;
    }
    assert!(!loaders.windows(7).any(|window| window == b"\"config"), "it let in whoever said {said:?}");
}

#[test]
fn garbage_is_hung_up_on_and_changes_no_batch() {
    let expected = unwatched(10);
    let (loader, address) = serving("");
    let hello = greeting();
    let other = |version: u16| [&hello[..8], &version.to_le_bytes()].concat();
    let with = |bytes: &[u8]| [&hello[..], bytes].concat();
    let sayings: Vec<Vec<u8>> = vec![
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        vec![0; 1000],
        vec![0xff; 100_000],
        other(VERSION + 1),
        other(0),
        // Lengths beyond every bound, and of nothing.
        with(&[0xff; 64]),
        with(&u32::try_from(MAX_REQUEST_BYTES + 1).unwrap().to_le_bytes()),
        with(&[0; 16]),
        // A first word that is none, or nonsense.
        with(&packet(&Message::Dropped(3)).unwrap()),
        with(&[5, 0, 0, 0, 1, b'{', b'{', b'{', b'{']),
        with(&[3, 0, 0, 0, 200, 1, 2]),
    ];
    for said in &sayings {
        hung_up_on(address, said);
    }
    check(&loader, &expected);
    hear(&mut viewer(address), &loader, |said| matches!(said, Message::Stats(_)));
}

#[test]
fn a_viewer_that_talks_nonsense_later_is_hung_up_on_and_others_stay() {
    let (loader, address) = serving("");
    let mut other = viewer(address);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(&greeting()).unwrap();
    stream.write_all(&packet(&Message::Join(microtome_core::telemetry::wire::Join::default())).unwrap()).unwrap();
    stream.write_all(&[0xff; 32]).unwrap();
    stream.set_read_timeout(Some(super::served::PATIENCE)).unwrap();
    // Whatever it was told so far, then the end.
    let mut bytes = [0; 4096];
    while matches!(stream.read(&mut bytes), Ok(count) if count > 0) {}
    hear(&mut other, &loader, |said| matches!(said, Message::Stats(_)));
}

#[test]
fn who_drips_bytes_holds_nobody_up() {
    let expected = unwatched(10);
    let (loader, address) = serving("");
    // Each says a byte and then nothing for as long as it is let.
    let drips: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&greeting()[..1]).unwrap();
            stream
        })
        .collect();
    check(&loader, &expected);
    hear(&mut viewer(address), &loader, |said| matches!(said, Message::Stats(_)));
    // They are let go by themselves.
    for mut stream in drips {
        stream.set_read_timeout(Some(super::served::PATIENCE)).unwrap();
        let mut said = Vec::new();
        let _reset = stream.read_to_end(&mut said);
        assert!(said.is_empty() || said == greeting(), "{said:?}");
    }
}

/// Answers the next connection with these bytes.
fn impostor(said: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _gone = stream.write_all(&said);
        // Until the viewer has had enough.
        let _heard = stream.read_to_end(&mut Vec::new());
    };
    std::thread::Builder::new().name("impostor".to_owned()).spawn(answer).unwrap();
    address
}

#[test]
fn a_viewer_says_what_is_wrong_with_the_other_side() {
    let wrong = |said: Vec<u8>| {
        let address = impostor(said).to_string();
        match Client::connect(&address, None, Wants::default()) {
            Err(Error::Wire { place, problem }) => {
                assert_eq!(place, address);
                problem
            }
            other => unreachable!("{other:?}"),
        }
    };
    assert!(wrong(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).contains("not Microtome"));
    let newer = [&greeting()[..8], &(VERSION + 1).to_le_bytes()].concat();
    assert!(wrong(newer).contains(&format!("version {}", VERSION + 1)));
    assert!(wrong([&greeting()[..], &[0xff; 8]].concat()).contains("longer than any may be"));
    assert!(wrong([&greeting()[..], &[2, 0, 0, 0, 16, b'{']].concat()).contains("damaged"));
}

#[test]
fn a_viewer_ends_when_the_loader_falls_silent_or_brings_nonsense() {
    let about = microtome_core::telemetry::wire::About::default();
    let welcome = packet(&Message::Welcome(Box::new(about))).unwrap();
    let good = [&greeting()[..], &welcome].concat();
    let mut client = Client::connect(&impostor([&good[..], &[0xff; 8]].concat()).to_string(), None, Wants::default());
    let error = client.as_mut().unwrap().next(Duration::from_secs(1)).unwrap_err();
    assert!(matches!(error, Error::Wire { .. }), "{error}");
    // A connection whose other end is gone without a word: nothing comes, and that is an end, too.
    let mut client = Client::connect(&impostor(good).to_string(), None, Wants::default()).unwrap();
    let silent = std::iter::from_fn(|| Some(client.next(Duration::from_secs(1)))).find_map(Result::err).unwrap();
    assert!(matches!(silent, Error::Io { .. }), "{silent}");
}
