//! What viewers see, alone and many at a time, fast and slow; and that the loader's batches are the same.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use microtome_core::Error;
use microtome_core::loader::{Batch, Loader};
use microtome_core::telemetry::serve::Server;
use microtome_core::telemetry::wire::{Join, Message, SliceLog, SpanLog, Tune, Wants, greeting, packet};
use microtome_core::telemetry::{Client, Event, Stage};

use super::served::{catalog, check, config, hear, serving, unwatched, viewer};

#[test]
fn a_viewer_is_told_who_the_loader_is_and_what_it_does() {
    let (loader, address) = serving("");
    let mut client = viewer(address);
    let about = client.about().clone();
    assert_eq!((about.rank, about.world_size, about.pid), (0, 1, std::process::id()));
    assert_eq!(about.classes, loader.classes());
    assert!(!about.allows_tuning);
    let told = microtome_core::loader::LoaderConfig::from_toml(&about.config).unwrap();
    assert_eq!((told.input, told.loader), (loader.config().input.clone(), loader.config().loader.clone()));
    let Message::Stats(snapshot) = hear(&mut client, &loader, |said| matches!(said, Message::Stats(_))) else {
        unreachable!()
    };
    assert_eq!(snapshot.stats.threads, 2);
    let heard = hear(&mut client, &loader, |said| matches!(said, Message::Batches(_)));
    let Message::Batches(batches) = heard else { unreachable!() };
    assert!(batches.windows(2).all(|pair| pair[0].number < pair[1].number), "{batches:?}");
    assert_eq!(batches[0].samples, 2);
    // Spans of the loader's own stages, on its threads.
    let mut log = SpanLog::new(i64::MAX, usize::MAX);
    let seen = |log: &SpanLog| {
        let timeline = log.timeline();
        let workers = timeline.tracks.iter().filter(|track| track.thread.starts_with("worker-"));
        workers.flat_map(|track| track.spans.clone()).any(|span| &*span.name == Stage::Gather.name())
    };
    while !seen(&log) {
        let heard = hear(&mut client, &loader, |said| matches!(said, Message::Spans(_)));
        let Message::Spans(block) = heard else { unreachable!() };
        log.push(&block);
    }
}

#[test]
fn slices_are_the_middle_planes_of_a_batch_that_was_handed_over() {
    let (loader, address) = serving("");
    let mut client = viewer(address);
    let mut taken: Vec<Batch> = Vec::new();
    let mut log = SliceLog::default();
    let sliced = loop {
        taken.push(loader.next_batch().unwrap());
        while let Some(message) = client.next(Duration::from_millis(5)).unwrap() {
            if let Message::Slice(slice) = message {
                log.push(slice);
            }
        }
        if let Some(slices) = log.whole() {
            break Batch::of_slices(slices).unwrap();
        }
    };
    let batch = taken.iter().find(|batch| batch.number == sliced.number).expect("it was handed over");
    assert_eq!(sliced.provenance, batch.provenance);
    let (raw, thin) = (batch.array("raw").unwrap(), sliced.array("raw").unwrap());
    assert_eq!(thin.shape, [2, 1, 1, 20, 24]);
    let (labels, bits) = (batch.array("labels").unwrap(), sliced.array("labels").unwrap());
    assert_eq!(bits.classes, labels.classes);
    for sample in 0..2 {
        assert_eq!(thin.grey_plane((sample, 0)), raw.grey_plane((sample, 8)));
        for class in 0..labels.classes.len() {
            let whole = labels.class_plane((sample, 8), class).unwrap();
            let there: Vec<_> = whole.into_iter().map(|id| id.map(|id| u64::from(id != 0))).collect();
            assert_eq!(bits.class_plane((sample, 0), class).unwrap(), there, "sample {sample}, class {class}");
        }
    }
}

#[test]
fn many_viewers_change_no_batch_and_one_too_many_is_told_so() {
    let expected = unwatched(12);
    let (loader, address) = serving("");
    let mut viewers: Vec<Client> = (0..Server::MAX_VIEWERS).map(|_| viewer(address)).collect();
    let refused = Client::connect(&address.to_string(), None, Wants::default()).unwrap_err();
    assert!(matches!(&refused, Error::Refused { reason, .. } if reason.contains("8 viewers")), "{refused}");
    check(&loader, &expected);
    for client in &mut viewers {
        hear(client, &loader, |said| matches!(said, Message::Stats(_)));
    }
    // A place is free again when somebody goes.
    viewers.pop();
    let until = std::time::Instant::now() + super::served::PATIENCE;
    while let Err(refused) = Client::connect(&address.to_string(), None, Wants::default()) {
        assert!(std::time::Instant::now() < until, "{refused}");
    }
}

#[test]
fn a_viewer_that_does_not_read_costs_nobody_anything() {
    let expected = unwatched(40);
    let (loader, address) = serving("");
    let mut asleep = TcpStream::connect(address).unwrap();
    let join = Message::Join(Join { token: None, wants: Wants { spans: true, slices: true } });
    asleep.write_all(&greeting()).unwrap();
    asleep.write_all(&packet(&join).unwrap()).unwrap();
    let mut awake = viewer(address);
    check(&loader, &expected);
    hear(&mut awake, &loader, |said| matches!(said, Message::Spans(_)));
    // The loader's end waits for nobody, and those who listen hear of it.
    drop(loader);
    let last = std::iter::from_fn(|| awake.next(Duration::from_secs(1)).ok().flatten()).last();
    assert!(matches!(last, Some(Message::Ended(_))), "{last:?}");
    drop(asleep);
}

#[test]
fn a_token_is_asked_for_and_told_to_nobody() {
    let (loader, address) = serving("token = \"swordfish-and-more\"");
    let address = address.to_string();
    for wrong in [None, Some("swordfish"), Some("swordfish-and-morE")] {
        let refused = Client::connect(&address, wrong, Wants::default()).unwrap_err();
        assert!(matches!(&refused, Error::Refused { reason, .. } if reason.contains("token")), "{refused}");
    }
    let client = Client::connect(&address, Some("swordfish-and-more"), Wants::default()).unwrap();
    assert!(!client.about().config.contains("swordfish"));
    drop(loader);
}

#[test]
fn only_a_loader_that_allows_it_is_paused_from_elsewhere() {
    let (loader, address) = serving("");
    let mut client = viewer(address);
    client.tune(Tune::Pause).unwrap();
    let refused = hear(&mut client, &loader, |said| matches!(said, Message::Refused(_)));
    assert!(matches!(refused, Message::Refused(words) if words.contains("allow_tuning")));
    assert!(!loader.is_paused());
    let (loader, address) = serving("allow_tuning = true");
    let mut client = viewer(address);
    assert!(client.about().allows_tuning);
    let paused = |client: &mut Client| loop {
        if let Some(Message::Stats(snapshot)) = client.next(super::served::PATIENCE).unwrap() {
            return snapshot.paused;
        }
    };
    client.tune(Tune::Pause).unwrap();
    while !paused(&mut client) {}
    assert!(loader.is_paused());
    client.tune(Tune::Resume).unwrap();
    while paused(&mut client) {}
    assert!(!loader.is_paused());
}

/// What the loader answers to this, with what it says meanwhile left out.
fn answer(client: &mut Client, key: &str, value: &str) -> Message {
    client.tune(Tune::Set { key: key.to_owned(), value: value.to_owned() }).unwrap();
    loop {
        match client.next(super::served::PATIENCE).unwrap() {
            Some(said @ (Message::Done(_) | Message::Refused(_))) => return said,
            Some(_) => {}
            None => unreachable!("a loader answers"),
        }
    }
}

#[test]
fn memory_can_be_set_from_elsewhere_where_that_is_allowed_and_batches_stay_the_same() {
    let expected = unwatched(24);
    let refused = |client: &mut Client, key: &str, value: &str| match answer(client, key, value) {
        Message::Refused(words) => words,
        other => unreachable!("{key} = {value}: {other:?}"),
    };
    let (loader, address) = serving("");
    assert!(refused(&mut viewer(address), "loader.memory", "\"32 MiB\"").contains("allow_tuning"));
    assert_eq!(loader.stats().memory.budget_bytes, 64 << 20);
    let (loader, address) = serving("allow_tuning = true");
    let mut client = viewer(address);
    check(&loader, &expected[..8]);
    assert_eq!(
        answer(&mut client, "loader.memory", "\"32 MiB\""),
        Message::Done("loader.memory is \"32 MiB\" now".to_owned())
    );
    check(&loader, &expected[8..]);
    let stats = loader.stats();
    assert_eq!((stats.memory.budget_bytes, stats.setup.memory_bytes), (32 << 20, 32 << 20));
    assert!(stats.chunk_cache.capacity_bytes < 32 << 20 && stats.memory.owned_bytes() <= 32 << 20, "{stats:?}");
    let changed =
        |event: &Event| matches!(event, Event::ConfigChanged { changes } if changes[0].key == "loader.memory");
    assert!(stats.events.iter().any(|mark| changed(&mark.event)), "{:?}", stats.events);
    assert!(viewer(address).about().config.contains("32 MiB"), "who comes later is told what is in force");
    // What would change batches, needs other threads, is no key, is no value or does not fit is refused in words.
    for (key, value, words) in [
        ("loader.seed", "9", "which batches come"),
        ("sampling.chunk_local", "4", "which batches come"),
        ("loader.threads", "7", "when the loader starts"),
        ("telemetry.allow_tuning", "false", "when the loader starts"),
        ("loader.memmory", "1", "nearest known is `memory`"),
        ("loader.memory", "\"a lot\"", "loader.memory"),
        ("loader.memory", "\"1 KiB\"", "memory"),
        ("loader.memory", "= =", "no TOML"),
    ] {
        let said = refused(&mut client, key, value);
        assert!(said.contains(words), "{key} = {value}: {said}");
    }
    assert_eq!(loader.stats().memory.budget_bytes, 32 << 20);
}

#[test]
fn an_address_that_is_taken_does_not_stop_the_loader() {
    let (loader, address) = serving("");
    let second = Loader::new(catalog(), config(&format!("serve = \"{address}\""))).unwrap();
    assert_eq!(second.served_at(), None);
    check(&second, &unwatched(1));
    drop(loader);
}
