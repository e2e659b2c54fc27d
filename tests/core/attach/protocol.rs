//! The messages: what is said is what is heard, and no bytes are too strange to be refused.

use std::time::Duration;

use microtome_core::telemetry::wire::{
    About, Deframer, Join, LabelPlane, MAX_BYTES, Message, RawPlane, SampleSlice, SpanBlock, Tune, Wants, decode,
    packet,
};
use microtome_core::telemetry::{BatchTimes, Event, KeyChange, Mark, Span, Timeline, Track};
use proptest::prelude::*;

fn text() -> impl Strategy<Value = String> {
    "[ -~µ\u{202e}\n]{0,40}"
}

fn timeline() -> impl Strategy<Value = Timeline> {
    let span =
        (text(), text(), any::<i32>(), 0..1_000_000_i64, 0..9_u32).prop_map(|(name, detail, start, long, depth)| {
            let start_ns = i64::from(start) * 1000;
            Span { name: name.into(), detail: detail.into(), start_ns, end_ns: start_ns + long, depth }
        });
    let track = (text(), prop::collection::vec(span, 0..20)).prop_map(|(thread, spans)| Track { thread, spans });
    (prop::collection::vec(track, 0..4), any::<i64>()).prop_map(|(tracks, end_ns)| Timeline {
        start_ns: end_ns.saturating_sub(10),
        end_ns,
        tracks,
    })
}

fn slice() -> impl Strategy<Value = SampleSlice> {
    let size = (0..5_u32, 0..5_u32);
    (any::<u64>(), size, text(), prop::bool::ANY).prop_map(|(batch, (width, height), words, with_labels)| {
        let count = (width * height) as usize;
        let raw = RawPlane { array: words.clone(), size: [width, height], values: vec![1.5; count] };
        let labels = LabelPlane {
            array: words.clone(),
            size: [width, height],
            classes: vec![words.clone()],
            values: vec![batch; count],
            known: vec![1; count],
        };
        SampleSlice {
            batch,
            sample: 0,
            samples: 1,
            provenance: words,
            raw: Some(raw),
            labels: with_labels.then_some(labels),
        }
    })
}

fn mark() -> impl Strategy<Value = Mark> {
    let change =
        (text(), prop::option::of(text())).prop_map(|(key, after)| KeyChange { key, before: after.clone(), after });
    let event = prop_oneof![
        prop::collection::vec(change, 0..4).prop_map(|changes| Event::ConfigChanged { changes }),
        any::<u64>().prop_map(|epoch| Event::EpochBegun { epoch }),
        any::<u64>().prop_map(|bytes| Event::CacheResized { before_bytes: bytes, after_bytes: bytes / 2 }),
        prop::bool::ANY.prop_map(|paused| if paused { Event::Paused } else { Event::Resumed }),
        text().prop_map(|what| Event::Stalled { still: Duration::from_secs(30), what }),
        text().prop_map(|why| Event::Trimmed { before_bytes: 2, after_bytes: 1, why }),
    ];
    (any::<u64>(), any::<u32>(), event).prop_map(|(number, at, event)| Mark {
        number,
        at: Duration::from_micros(u64::from(at)),
        event,
    })
}

fn message() -> impl Strategy<Value = Message> {
    let wants = (prop::bool::ANY, prop::bool::ANY).prop_map(|(spans, slices)| Wants { spans, slices });
    let about = (text(), text(), any::<u64>(), prop::collection::vec(text(), 0..4), prop::bool::ANY).prop_map(
        |(name, config, rank, classes, allows_tuning)| About {
            name,
            config,
            rank,
            world_size: rank,
            classes,
            allows_tuning,
            ..About::default()
        },
    );
    let batch = (any::<u64>(), any::<u32>()).prop_map(|(number, long)| BatchTimes {
        number,
        samples: 8,
        bytes: number,
        taken: Duration::from_micros(u64::from(long)),
        ..BatchTimes::default()
    });
    prop_oneof![
        (prop::option::of(text()), wants.clone()).prop_map(|(token, wants)| Message::Join(Join { token, wants })),
        wants.prop_map(Message::Watch),
        (text(), text()).prop_map(|(key, value)| Message::Tune(Tune::Set { key, value })),
        text().prop_map(Message::Done),
        prop::bool::ANY.prop_map(|pause| Message::Tune(if pause { Tune::Pause } else { Tune::Resume })),
        about.prop_map(|about| Message::Welcome(Box::new(about))),
        text().prop_map(Message::Refused),
        text().prop_map(Message::Ended),
        any::<u64>().prop_map(Message::Dropped),
        prop::collection::vec(batch, 0..9).prop_map(Message::Batches),
        prop::collection::vec(mark(), 0..9).prop_map(Message::Marks),
        timeline().prop_map(|timeline| { Message::Spans(SpanBlock::of_timeline(&timeline).pop().unwrap_or_default()) }),
        slice().prop_map(Message::Slice),
    ]
}

/// Every message in bytes that come in parts of these lengths.
fn heard(bytes: &[u8], steps: &[usize]) -> Vec<Message> {
    let mut deframer = Deframer::new(MAX_BYTES);
    let (mut rest, mut steps, mut heard) = (bytes, steps.iter().cycle(), Vec::new());
    while !rest.is_empty() {
        let (part, after) = rest.split_at((*steps.next().unwrap()).min(rest.len()));
        rest = after;
        deframer.push(part);
        while let Ok(Some((kind, content))) = deframer.next() {
            heard.extend(decode(kind, content).ok().flatten());
        }
    }
    heard
}

#[test]
fn a_mark_longer_than_any_that_is_made_is_refused() {
    let event = Event::Stalled { still: Duration::ZERO, what: "x".repeat(10_000) };
    let bytes = packet(&Message::Marks(vec![Mark { number: 0, at: Duration::ZERO, event }])).unwrap();
    assert_eq!(heard(&bytes, &[100]), []);
}

proptest! {
    #[test]
    fn what_is_said_is_heard_in_parts_of_any_length(
        messages in prop::collection::vec(message(), 1..6),
        steps in prop::collection::vec(1..200_usize, 1..5),
    ) {
        let bytes: Vec<u8> = messages.iter().flat_map(|message| packet(message).unwrap()).collect();
        prop_assert_eq!(heard(&bytes, &steps), messages);
    }

    #[test]
    fn strange_bytes_are_refused_or_heard_and_nothing_else(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        steps in prop::collection::vec(1..64_usize, 1..4),
    ) {
        heard(&bytes, &steps);
        for kind in 0..=40 {
            let _refused = decode(kind, &bytes);
        }
    }

    #[test]
    fn damaged_messages_are_refused_or_heard(message in message(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut bytes = packet(&message).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        heard(&bytes, &[7]);
        heard(&bytes[..at], &[7]);
    }
}

#[test]
fn a_kind_that_is_not_known_is_passed_over() {
    let unknown = [4, 0, 0, 0, 250, 1, 2, 3];
    let bytes = [&unknown[..], &packet(&Message::Dropped(1)).unwrap()].concat();
    assert_eq!(heard(&bytes, &[3]), [Message::Dropped(1)]);
}

#[test]
fn a_claimed_number_of_elements_is_believed_only_as_far_as_bytes_go() {
    // A block of spans that says it has 2^60 texts, and one whose slice has as many values.
    let many = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
    for kind in [32, 33] {
        for lead in 0..6 {
            let content = [&vec![0; lead][..], &many].concat();
            assert!(decode(kind, &content).is_err(), "kind {kind} after {lead} bytes");
        }
    }
}
