//! Spans as they are sent: texts once per message, times as differences; and how a viewer keeps those of the last seconds.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::telemetry::frames::track_order;
use crate::telemetry::{Span, Timeline, Track};

/// Bytes of texts and spans after which a block is full; as sent it is smaller.
const BLOCK_BYTES: usize = 512 << 10;

/// What threads did in a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanBlock {
    /// When this was sent, nanoseconds of the loader's clock.
    pub clock_ns: i64,
    texts: Vec<String>,
    tracks: Vec<PackedTrack>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct PackedTrack {
    thread: u32,
    spans: Vec<PackedSpan>,
}

/// Texts by their place in the table; a start after that of the span before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PackedSpan {
    name: u32,
    detail: u32,
    after_ns: i64,
    length_ns: u64,
    depth: u32,
}

impl SpanBlock {
    /// A timeline in as many blocks as keep each of them small.
    #[must_use]
    pub fn of_timeline(timeline: &Timeline) -> Vec<Self> {
        let mut blocks = vec![Packer::new(timeline.end_ns)];
        for track in &timeline.tracks {
            let mut opened = false;
            for span in &track.spans {
                let full = blocks.last().is_some_and(|block| block.bytes >= BLOCK_BYTES);
                if full {
                    blocks.push(Packer::new(timeline.end_ns));
                }
                if let Some(block) = blocks.last_mut() {
                    if full || !opened {
                        block.begin(&track.thread);
                        opened = true;
                    }
                    block.push(span);
                }
            }
        }
        blocks.into_iter().map(|packer| packer.block).filter(|block| !block.tracks.is_empty()).collect()
    }

    /// Its spans by thread, in order. What refers to a text that is not there is left out.
    fn tracks(&self) -> impl Iterator<Item = (&str, Vec<Span>)> {
        let texts: Vec<Arc<str>> = self.texts.iter().map(|text| Arc::from(text.as_str())).collect();
        self.tracks.iter().filter_map(move |track| {
            let thread = self.texts.get(track.thread as usize)?;
            let mut at_ns = 0_i64;
            let span = |packed: &PackedSpan| {
                at_ns = at_ns.saturating_add(packed.after_ns);
                let text = |index: u32| texts.get(index as usize).map(Arc::clone);
                Some(Span {
                    name: text(packed.name)?,
                    detail: text(packed.detail)?,
                    start_ns: at_ns,
                    end_ns: at_ns.saturating_add_unsigned(packed.length_ns),
                    depth: packed.depth,
                })
            };
            Some((thread.as_str(), track.spans.iter().filter_map(span).collect()))
        })
    }
}

struct Packer {
    block: SpanBlock,
    numbers: HashMap<Arc<str>, u32>,
    bytes: usize,
    last_ns: i64,
}

impl Packer {
    fn new(clock_ns: i64) -> Self {
        let block = SpanBlock { clock_ns, ..SpanBlock::default() };
        Self { block, numbers: HashMap::new(), bytes: 0, last_ns: 0 }
    }

    fn begin(&mut self, thread: &str) {
        let thread = self.number(&Arc::from(thread));
        self.block.tracks.push(PackedTrack { thread, spans: Vec::new() });
        self.last_ns = 0;
    }

    fn push(&mut self, span: &Span) {
        let (name, detail) = (self.number(&span.name), self.number(&span.detail));
        let packed = PackedSpan {
            name,
            detail,
            after_ns: span.start_ns.saturating_sub(self.last_ns),
            length_ns: u64::try_from(span.end_ns.saturating_sub(span.start_ns)).unwrap_or(0),
            depth: span.depth,
        };
        self.last_ns = span.start_ns;
        // What each takes at most: two indices, two times, a depth.
        self.bytes += 16;
        if let Some(track) = self.block.tracks.last_mut() {
            track.spans.push(packed);
        }
    }

    fn number(&mut self, text: &Arc<str>) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // A block is full long before there are so many.
        let number = u32::try_from(self.block.texts.len()).unwrap_or(u32::MAX);
        // One text alone cannot make a message too long.
        const LONGEST: usize = 4096;
        let end = text.char_indices().map(|(at, _)| at).find(|at| *at >= LONGEST).unwrap_or(text.len());
        self.block.texts.push(text[..end].to_owned());
        self.bytes += end + 8;
        self.numbers.insert(Arc::clone(text), number);
        number
    }
}

/// The spans that came in, of the last stretch of time and within a number of bytes.
#[derive(Debug)]
pub struct SpanLog {
    /// By name of the thread, oldest first.
    threads: HashMap<String, VecDeque<Span>>,
    window_ns: i64,
    max_spans: usize,
    spans: usize,
    clock_ns: i64,
}

impl SpanLog {
    /// Keeps the last `window_ns` nanoseconds, and never more than `max_bytes`.
    #[must_use]
    pub fn new(window_ns: i64, max_bytes: usize) -> Self {
        let max_spans = max_bytes / (size_of::<Span>() + 32);
        Self { threads: HashMap::new(), window_ns, max_spans, spans: 0, clock_ns: i64::MIN }
    }

    /// Adds what came; the oldest goes.
    pub fn push(&mut self, block: &SpanBlock) {
        self.clock_ns = self.clock_ns.max(block.clock_ns);
        for (thread, spans) in block.tracks() {
            self.spans += spans.len();
            match self.threads.get_mut(thread) {
                Some(kept) => kept.extend(spans),
                None => drop(self.threads.insert(thread.to_owned(), spans.into())),
            }
        }
        self.forget();
    }

    /// Drops what is too old, and of the rest the oldest as long as it is too much.
    fn forget(&mut self) {
        let from_ns = self.clock_ns.saturating_sub(self.window_ns);
        for kept in self.threads.values_mut() {
            while kept.front().is_some_and(|span| span.end_ns < from_ns) {
                kept.pop_front();
                self.spans -= 1;
            }
        }
        while self.spans > self.max_spans {
            let oldest = self.threads.values_mut().filter(|kept| !kept.is_empty());
            let Some(kept) = oldest.min_by_key(|kept| kept.front().map_or(i64::MAX, |span| span.start_ns)) else {
                break;
            };
            // In steps, so that not every span costs a look at every thread.
            let step = (self.spans - self.max_spans).min(kept.len()).min(1024);
            kept.drain(..step);
            self.spans -= step;
        }
        self.threads.retain(|_, kept| !kept.is_empty());
    }

    /// Everything kept, by thread; workers first.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        let track = |(thread, spans): (&String, &VecDeque<Span>)| Track {
            thread: thread.clone(),
            spans: spans.iter().cloned().collect(),
        };
        let mut tracks: Vec<Track> = self.threads.iter().map(track).collect();
        tracks.sort_by_cached_key(|track| track_order(&track.thread));
        let first_ns = tracks.iter().filter_map(|track| track.spans.first()).map(|span| span.start_ns).min();
        let end_ns = if self.clock_ns == i64::MIN { 0 } else { self.clock_ns };
        let window_start_ns = end_ns.saturating_sub(self.window_ns);
        let start_ns = first_ns.map_or(window_start_ns, |first_ns| first_ns.max(window_start_ns));
        Timeline { start_ns: start_ns.min(end_ns), end_ns, tracks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(name: &str, start_ns: i64, end_ns: i64, depth: u32) -> Span {
        Span { name: name.into(), detail: format!("at {start_ns}").into(), start_ns, end_ns, depth }
    }

    fn timeline(count: i64) -> Timeline {
        let spans = (0..count)
            .flat_map(|at| [span("decode", at * 10, at * 10 + 9, 0), span("fetch", at * 10 + 1, at * 10 + 3, 1)]);
        let track = |thread: &str, spans: Vec<Span>| Track { thread: thread.to_owned(), spans };
        let tracks = vec![track("worker-2", spans.collect()), track("consumer", vec![span("wait", 5, 7, 0)])];
        Timeline { start_ns: 0, end_ns: count * 10, tracks }
    }

    #[test]
    fn blocks_bring_a_timeline_over_whole_and_in_order() {
        for (count, blocks) in [(5, 1), (40_000, 5)] {
            let sent = timeline(count);
            let packed = SpanBlock::of_timeline(&sent);
            assert_eq!(packed.len(), blocks);
            let mut log = SpanLog::new(i64::MAX, usize::MAX);
            packed.iter().for_each(|block| log.push(block));
            assert_eq!(log.timeline(), sent);
        }
        assert!(SpanBlock::of_timeline(&Timeline::default()).is_empty());
    }

    #[test]
    fn the_oldest_goes_by_time_and_by_size() {
        let block = &SpanBlock::of_timeline(&timeline(100))[0];
        let mut log = SpanLog::new(100, usize::MAX);
        log.push(block);
        assert_eq!(log.timeline().tracks.len(), 1, "the consumer's span is too old");
        assert!(log.timeline().tracks[0].spans.iter().all(|span| span.end_ns >= 900));
        assert_eq!(log.timeline().start_ns, 900);
        let mut log = SpanLog::new(i64::MAX, 50 * (size_of::<Span>() + 32));
        log.push(block);
        let kept = log.timeline();
        assert_eq!(kept.tracks.iter().map(|track| track.spans.len()).sum::<usize>(), 50);
        assert_eq!(kept.tracks[0].spans.last(), timeline(100).tracks[0].spans.last());
    }

    #[test]
    fn what_refers_to_nothing_is_left_out() {
        let spans = vec![PackedSpan { name: 7, detail: 0, after_ns: i64::MAX, length_ns: u64::MAX, depth: 0 }];
        let tracks = vec![PackedTrack { thread: 0, spans }, PackedTrack { thread: 9, spans: Vec::new() }];
        let block = SpanBlock { clock_ns: i64::MIN, texts: vec!["a".to_owned()], tracks };
        let mut log = SpanLog::new(i64::MAX, usize::MAX);
        log.push(&block);
        assert!(log.timeline().tracks.is_empty());
    }
}
