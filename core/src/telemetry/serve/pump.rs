//! Looks at a subject again and again, and makes of it what viewers and files are told. Each thing once, for all of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use puffin::FrameData;

use super::Subject;
use super::tap::Tap;
use crate::telemetry::wire::{Message, Snapshot, SpanBlock, Wants, packet};

/// How often a pump should be asked.
pub(super) const TICK: Duration = Duration::from_millis(50);
/// How often statistics are taken.
const STATS_EVERY: Duration = Duration::from_millis(100);
/// How often spans are.
const SPANS_EVERY: Duration = Duration::from_millis(200);
/// Marks in a message: as many of the longest are far shorter than a message may be.
const MARKS_AT_A_TIME: usize = 8;
/// How often a batch is sliced.
const SLICES_EVERY: Duration = Duration::from_millis(1000);

/// A message as it is sent, shared by all who get it.
pub(super) type Packet = Arc<[u8]>;

/// What is new.
#[derive(Default)]
pub(super) struct News {
    /// For everybody.
    pub figures: Vec<Packet>,
    /// For those who want spans.
    pub spans: Vec<Packet>,
    /// For those who want slices.
    pub slices: Vec<Packet>,
    /// The spans as puffin's own viewers read them.
    pub frames: Vec<Arc<FrameData>>,
}

/// Of one subject. While it lives the subject keeps what is only for those who look.
pub(super) struct Pump {
    subject: Arc<dyn Subject>,
    tap: Option<Tap>,
    next_batch: u64,
    next_mark: u64,
    sliced: Option<u64>,
    stats_at: Option<Instant>,
    spans_at: Option<Instant>,
    slices_at: Option<Instant>,
}

impl Pump {
    pub(super) fn new(subject: Arc<dyn Subject>) -> Self {
        subject.watched(true);
        Self {
            subject,
            tap: None,
            next_batch: 0,
            next_mark: 0,
            sliced: None,
            stats_at: None,
            spans_at: None,
            slices_at: None,
        }
    }

    /// What is new, of what is wanted.
    pub(super) fn tick(&mut self, wants: Wants) -> News {
        let mut news = News::default();
        if is_due(&mut self.stats_at, STATS_EVERY) {
            news.figures = self.figures();
        }
        if !wants.spans {
            self.tap = None;
        } else if is_due(&mut self.spans_at, SPANS_EVERY) {
            (news.spans, news.frames) = self.spans();
        }
        if wants.slices {
            news.slices = self.slices();
        }
        news
    }

    /// What is new now, however short a time it is since the last look.
    pub(super) fn last(&mut self, wants: Wants) -> News {
        (self.stats_at, self.spans_at) = (None, None);
        self.tick(wants)
    }

    fn figures(&mut self) -> Vec<Packet> {
        let mut stats = self.subject.stats();
        let mut batches = std::mem::take(&mut stats.last_batches);
        batches.retain(|batch| batch.number >= self.next_batch);
        let mut marks = std::mem::take(&mut stats.events);
        marks.retain(|mark| mark.number >= self.next_mark);
        let snapshot = Snapshot { clock_ns: puffin::now_ns(), stats, paused: self.subject.is_paused() };
        let mut figures = packets([Message::Stats(Box::new(snapshot))]);
        if let Some(newest) = batches.iter().map(|batch| batch.number).max() {
            self.next_batch = newest + 1;
            figures.extend(packets([Message::Batches(batches)]));
        }
        self.next_mark = marks.last().map_or(self.next_mark, |newest| newest.number + 1);
        figures.extend(packets(marks.chunks(MARKS_AT_A_TIME).map(|marks| Message::Marks(marks.to_vec()))));
        figures
    }

    fn spans(&mut self) -> (Vec<Packet>, Vec<Arc<FrameData>>) {
        let tap = self.tap.get_or_insert_with(Tap::open);
        let frames = tap.take();
        let timeline = tap.spans_of(&frames);
        (packets(SpanBlock::of_timeline(&timeline).into_iter().map(Message::Spans)), frames)
    }

    fn slices(&mut self) -> Vec<Packet> {
        if is_due(&mut self.slices_at, SLICES_EVERY) {
            self.subject.ask_for_slices();
        }
        let Some(slices) = self.subject.slices() else { return Vec::new() };
        let batch = slices.first().map(|slice| slice.batch);
        if batch.is_none() || batch == self.sliced {
            return Vec::new();
        }
        self.sliced = batch;
        packets(slices.iter().cloned().map(Message::Slice))
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.subject.watched(false);
    }
}

/// Messages as they are sent. One that is too long for that is left out: those who look lack a picture, and go on.
pub(super) fn packets(messages: impl IntoIterator<Item = Message>) -> Vec<Packet> {
    messages.into_iter().filter_map(|message| packet(&message).ok()).map(Packet::from).collect()
}

fn is_due(at: &mut Option<Instant>, every: Duration) -> bool {
    let due = at.is_none_or(|at| at.elapsed() >= every);
    if due {
        *at = Some(Instant::now());
    }
    due
}
