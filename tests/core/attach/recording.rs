//! A loader recorded into a file: reopened, cut off, exported.

use std::path::Path;

use microtome_core::Error;
use microtome_core::loader::{Batch, Loader};
use microtome_core::telemetry::{Event, Log, Mark, Stage, export};
use serde_json::Value;

use super::served::{catalog, check, config, unwatched};

/// Records while these batches are taken, which are the same as without.
fn record(path: &Path) -> Batch {
    let expected = unwatched(16);
    let loader = Loader::new(catalog(), config("token = \"swordfish-and-more\"")).unwrap();
    let recording = loader.record(path, 32 << 20).unwrap();
    check(&loader, &expected);
    loader.pause();
    loader.pause();
    loader.resume();
    // Until the recording has something of everything.
    loop {
        loader.next_batch().unwrap();
        let log = Log::read(path).unwrap();
        let threads = log.spans.timeline().tracks.len();
        if log.slices.whole().is_some() && threads > 2 && log.snapshots.len() > 3 && !log.batches.is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    recording.finish().unwrap();
    assert_eq!(loader.record(path, 0).map(|_| ()).map_err(|error| matches!(error, Error::Io { .. })), Err(true));
    loader.next_batch().unwrap()
}

#[test]
fn a_recording_holds_what_viewers_see_and_can_be_exported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.microtome");
    let after = record(&path);
    assert!(Log::is_recording(&path));
    let log = Log::read(&path).unwrap();
    assert!(!log.is_cut && !log.about.config.contains("swordfish"));
    let snapshots: Vec<_> = log.snapshots.iter().collect();
    assert!(snapshots.windows(2).all(|pair| pair[0].clock_ns < pair[1].clock_ns));
    assert!(snapshots.windows(2).all(|pair| pair[0].stats.samples <= pair[1].stats.samples));
    let numbers: Vec<u64> = log.batches.iter().map(|batch| batch.number).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "every batch once: {numbers:?}");
    assert!(numbers.last() < Some(&after.number));
    assert!(Batch::of_slices(log.slices.whole().unwrap()).is_some());
    check_marks(&log);
    let timeline = log.spans.timeline();
    // The first span began when it was recorded, not when the machine was started.
    let (first, last) = (snapshots[0].clock_ns, snapshots[snapshots.len() - 1].clock_ns);
    let spans: Vec<_> = timeline.tracks.iter().flat_map(|track| &track.spans).collect();
    assert!(spans.iter().all(|span| span.start_ns <= span.end_ns && span.end_ns <= last + 1_000_000_000));
    assert!(spans.iter().any(|span| &*span.name == Stage::Gather.name() && span.end_ns >= first));
    check_trace(&log, spans.len());
    check_csv(&log);
}

/// Every mark once, also in the last statistics.
fn check_marks(log: &Log) {
    let numbers: Vec<u64> = log.marks.iter().map(|mark| mark.number).collect();
    assert!(numbers.iter().copied().eq(0..numbers.len() as u64), "{numbers:?}");
    let events: Vec<_> = log.marks.iter().map(|mark| mark.event.clone()).collect();
    assert!(events.contains(&Event::EpochBegun { epoch: 0 }), "{events:?}");
    let paused = events.iter().position(|event| *event == Event::Paused).unwrap();
    assert_eq!(events[paused + 1], Event::Resumed, "pausing twice is one pause: {events:?}");
    assert!(log.snapshots.iter().all(|snapshot| snapshot.stats.events.is_empty()));
    assert_eq!(log.last_stats().unwrap().events.len(), log.marks.len().min(Mark::KEPT));
}

fn check_trace(log: &Log, spans: usize) {
    let mut bytes = Vec::new();
    export::write_trace(log, &mut bytes).unwrap();
    let trace: Value = serde_json::from_slice(&bytes).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let of = |phase: &'static str| events.iter().filter(move |event| event["ph"] == phase);
    assert_eq!(of("X").count(), spans);
    assert!(of("X").all(|event| event["ts"].as_f64() >= Some(0.0) && event["dur"].as_f64() >= Some(0.0)));
    assert_eq!(of("C").count(), 3 * log.snapshots.len());
    // Every slice's thread has a name.
    let named: Vec<_> = of("M").filter(|event| event["name"] == "thread_name").map(|event| &event["tid"]).collect();
    assert!(of("X").all(|event| named.contains(&&event["tid"])));
}

fn check_csv(log: &Log) {
    let mut bytes = Vec::new();
    export::write_csv(log, &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 1 + log.snapshots.len());
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    let column = |name: &str| rows[0].iter().position(|column| *column == name).unwrap();
    let samples: Vec<u64> = rows[1..].iter().map(|row| row[column("samples")].parse().unwrap()).collect();
    assert_eq!(samples, log.snapshots.iter().map(|snapshot| snapshot.stats.samples).collect::<Vec<_>>());
    // The rate of a row is that since the row before.
    let seconds = |row: usize| rows[row][column("elapsed_s")].parse::<f64>().unwrap();
    let expected = (samples[1] - samples[0]) as f64 / (seconds(2) - seconds(1));
    let rate: f64 = rows[2][column("samples_per_s")].parse().unwrap();
    assert!((rate - expected).abs() <= 1e-6 * expected.max(1.0), "{rate} {expected}");
    assert_eq!(rows[1][column("samples_per_s")], "", "there is none before the second row");
}

#[test]
fn a_recording_whose_writer_was_ended_gives_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.microtome");
    record(&path);
    let bytes = std::fs::read(&path).unwrap();
    let whole = Log::read(&path).unwrap();
    let cut = folder.path().join("cut.microtome");
    std::fs::write(&cut, &bytes[..bytes.len() - 3]).unwrap();
    let log = Log::read(&cut).unwrap();
    assert!(log.is_cut);
    assert_eq!(log.messages, whole.messages - 1);
}

#[test]
fn what_is_no_recording_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.microtome");
    assert!(matches!(Log::read(&path), Err(Error::NotFound { .. })));
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        match Log::read(&path) {
            Err(Error::Wire { problem, .. }) => problem,
            other => unreachable!("{other:?}"),
        }
    };
    assert!(read(b"").contains("not Microtome"));
    assert!(read(b"[input.raw]\nshape = [8, 8, 8]\n").contains("not Microtome"));
    assert!(read(b"mictrec\n\x09\x00").contains("version 9"));
    assert!(read(b"mictrec\n\x02\x00\xff\xff\xff\xff").contains("longer"));
    assert!(read(b"mictrec\n\x02\x00\x02\x00\x00\x00\x12{").contains("damaged"));
    assert!(!Log::is_recording(folder.path()));
}
