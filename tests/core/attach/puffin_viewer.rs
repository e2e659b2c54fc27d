//! puffin's own viewers: the client of `puffin_http`, as `puffin_viewer` uses it, reads what the loader serves.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use microtome_core::loader::Loader;
use microtome_core::telemetry::Stage;

use super::served::{PATIENCE, catalog, check, config, unwatched};

/// Whether the client knows the stage by its name, and has frames of the loader's workers.
fn has_gather_on_a_worker(client: &puffin_http::Client) -> bool {
    let view = client.frame_view();
    let is_named = view.scope_collection().fetch_by_name(Stage::Gather.name()).is_some();
    let mut frames = view.recent_frames().filter_map(|frame| frame.unpacked().ok());
    is_named && frames.any(|frame| frame.thread_streams.keys().any(|thread| thread.name.starts_with("worker-")))
}

#[test]
fn the_client_of_puffin_http_reads_the_loaders_spans() {
    let loader = Loader::new(catalog(), config("puffin = \"127.0.0.1:0\"")).unwrap();
    let address = loader.puffin_served_at().expect("it serves puffin");
    let client = puffin_http::Client::new(address.to_string());
    let until = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < until, "no span of the loader came");
        loader.next_batch().unwrap();
        if has_gather_on_a_worker(&client) {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(client.connected());
}

#[test]
fn the_version_of_puffins_protocol_is_that_of_its_client() {
    let loader = Loader::new(catalog(), config("puffin = \"127.0.0.1:0\"")).unwrap();
    let mut stream = TcpStream::connect(loader.puffin_served_at().unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let (mut version, mut got) = ([0; 2], 0);
    let until = Instant::now() + PATIENCE;
    while got < 2 {
        assert!(Instant::now() < until);
        loader.next_batch().unwrap();
        got += stream.read(&mut version[got..]).unwrap_or(0);
    }
    assert_eq!(u16::from_le_bytes(version), puffin_http::PROTOCOL_VERSION);
}

#[test]
fn a_puffin_viewer_that_does_not_read_or_talks_costs_nobody_anything() {
    let expected = unwatched(30);
    let loader = Loader::new(catalog(), config("puffin = \"127.0.0.1:0\"")).unwrap();
    let address = loader.puffin_served_at().unwrap();
    let asleep = TcpStream::connect(address).unwrap();
    let mut talks = TcpStream::connect(address).unwrap();
    talks.write_all(&[0xff; 10_000]).unwrap();
    check(&loader, &expected);
    drop(loader);
    drop((asleep, talks));
}
