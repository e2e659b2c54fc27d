//! puffin's byte streams as plain spans, kept for a stretch of time and within a number of bytes.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use puffin::{FrameData, Reader, ScopeCollection, ScopeId, Stream, ThreadInfo};

use super::{Span, Timeline, Track};

/// The spans of the last frames, oldest frame first.
#[derive(Default)]
pub(super) struct Frames {
    segments: VecDeque<Segment>,
    /// Bytes of all segments.
    bytes: usize,
    /// Scopes by id, as puffin announces them. A scope can be used by one thread before another announces it, so a
    /// span keeps the id, and the name is looked up when a timeline is made.
    scopes: ScopeCollection,
    names: HashMap<ScopeId, Arc<str>>,
    complete: bool,
}

/// What one frame brought: a thread's spans stand in order, and those of a later segment follow them.
struct Segment {
    end_ns: i64,
    bytes: usize,
    threads: Vec<(ThreadInfo, Vec<RawSpan>)>,
}

struct RawSpan {
    scope: ScopeId,
    detail: Arc<str>,
    start_ns: i64,
    end_ns: i64,
    depth: u32,
}

impl Frames {
    /// Adds a frame, then drops the oldest that ended before `from_ns` or exceed `max_bytes`.
    pub(super) fn push(&mut self, frame: &FrameData, from_ns: i64, max_bytes: usize) {
        for scope in &frame.scope_delta {
            self.scopes.insert(Arc::clone(scope));
        }
        self.complete |= frame.full_delta;
        // Fails only for frames that came packed over a wire; these come from this process.
        if let Ok(unpacked) = frame.unpacked() {
            let mut segment = Segment { end_ns: unpacked.meta.range_ns.1, bytes: 0, threads: Vec::new() };
            for (thread, streams) in &unpacked.thread_streams {
                let mut spans = Vec::with_capacity(streams.num_scopes);
                read_spans(&streams.stream, 0, 0, &mut spans);
                segment.bytes += spans.iter().map(RawSpan::size_bytes).sum::<usize>();
                segment.threads.push((thread.clone(), spans));
            }
            self.bytes += segment.bytes;
            self.segments.push_back(segment);
        }
        self.forget(from_ns, max_bytes);
    }

    /// Drops the oldest frames that ended before `from_ns` or exceed `max_bytes`.
    pub(super) fn forget(&mut self, from_ns: i64, max_bytes: usize) {
        while let Some(oldest) = self.segments.front() {
            if oldest.end_ns >= from_ns && self.bytes <= max_bytes {
                break;
            }
            self.bytes -= oldest.bytes;
            self.segments.pop_front();
        }
    }

    /// True once a frame has announced every scope of the process.
    pub(super) const fn knows_all_scopes(&self) -> bool {
        self.complete
    }

    /// Every span kept, by thread; workers first.
    pub(super) fn timeline(&mut self, start_ns: i64, end_ns: i64) -> Timeline {
        let mut by_thread: HashMap<&ThreadInfo, Vec<Span>> = HashMap::new();
        for (thread, spans) in self.segments.iter().flat_map(|segment| &segment.threads) {
            let track = by_thread.entry(thread).or_default();
            track.extend(spans.iter().map(|span| Span {
                name: name_of(span.scope, &self.scopes, &mut self.names),
                detail: Arc::clone(&span.detail),
                start_ns: span.start_ns,
                end_ns: span.end_ns,
                depth: span.depth,
            }));
        }
        let mut tracks: Vec<_> = by_thread.into_iter().collect();
        tracks.sort_by_cached_key(|(thread, _)| (track_order(&thread.name), thread.start_time_ns));
        let track = |(thread, spans): (&ThreadInfo, _)| Track { thread: thread.name.clone(), spans };
        Timeline { start_ns, end_ns, tracks: tracks.into_iter().map(track).collect() }
    }
}

fn name_of(scope: ScopeId, scopes: &ScopeCollection, names: &mut HashMap<ScopeId, Arc<str>>) -> Arc<str> {
    if let Some(name) = names.get(&scope) {
        return Arc::clone(name);
    }
    match scopes.fetch_by_id(&scope) {
        Some(details) => {
            let name: Arc<str> = Arc::from(details.name().as_ref());
            names.insert(scope, Arc::clone(&name));
            name
        }
        None => Arc::from("not yet named"),
    }
}

impl RawSpan {
    /// Bytes of the span and its detail (with the two counters of an `Arc`).
    fn size_bytes(&self) -> usize {
        size_of::<Self>() + self.detail.len() + 2 * size_of::<usize>()
    }
}

/// Appends the spans at `offset` of a stream and those nested in them. A stream that ends early gives what it has.
fn read_spans(stream: &Stream, offset: u64, depth: u32, spans: &mut Vec<RawSpan>) {
    let Ok(reader) = Reader::with_offset(stream, offset) else { return };
    for scope in reader.map_while(Result::ok) {
        spans.push(RawSpan {
            scope: scope.id,
            detail: Arc::from(scope.record.data),
            start_ns: scope.record.start_ns,
            end_ns: scope.record.stop_ns(),
            depth,
        });
        if scope.child_begin_position < scope.child_end_position {
            read_spans(stream, scope.child_begin_position, depth + 1, spans);
        }
    }
}

/// A thread's key for sorting: workers first, numbers in names by value.
pub(super) fn track_order(name: &str) -> (u8, (String, u64)) {
    (rank(name), natural(name))
}

/// Workers before those who wait for them: reading and decoding is what a loader's timeline is looked at for.
fn rank(name: &str) -> u8 {
    u8::from(!name.starts_with("worker"))
}

/// A name's key for sorting, in which `worker-10` follows `worker-2`.
fn natural(name: &str) -> (String, u64) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (stem.to_owned(), name[stem.len()..].parse().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use puffin::{ScopeDetails, StreamInfo};

    use super::*;

    /// A frame of one thread: an outer scope of 10 ns from `start_ns` with one inside it.
    fn frame(thread: &str, start_ns: i64, scope: ScopeId, announced: Vec<Arc<ScopeDetails>>) -> FrameData {
        let mut stream = Stream::default();
        let (outer, _) = stream.begin_scope(|| start_ns, scope, "outer");
        let (inner, _) = stream.begin_scope(|| start_ns + 2, scope, "inner");
        stream.end_scope(inner, start_ns + 5);
        stream.end_scope(outer, start_ns + 10);
        let info = ThreadInfo { start_time_ns: Some(0), name: thread.to_owned() };
        let streams = BTreeMap::from([(info, StreamInfo::parse(stream).unwrap())]);
        FrameData::new(0, streams, announced, false).unwrap()
    }

    fn a_scope() -> (ScopeId, Arc<ScopeDetails>) {
        let mut profiler = puffin::GlobalProfiler::lock();
        let id = profiler.register_user_scopes(&[ScopeDetails::from_scope_name("frames-test")])[0];
        drop(profiler);
        // Only puffin can make details that carry an id: ask it for a frame that announces all of them.
        let announced = Arc::new(parking_lot::Mutex::new(Vec::new()));
        let sink = Arc::clone(&announced);
        let mut profiler = puffin::GlobalProfiler::lock();
        let added = profiler.add_sink(Box::new(move |frame| sink.lock().extend(frame.scope_delta.iter().cloned())));
        profiler.emit_scope_snapshot();
        let info = ThreadInfo { start_time_ns: None, name: String::new() };
        let mut stream = Stream::default();
        let (offset, _) = stream.begin_scope(|| 0, id, "");
        stream.end_scope(offset, 1);
        profiler.report_user_scopes(info, &StreamInfo::parse(stream).unwrap().as_stream_into_ref());
        profiler.new_frame();
        profiler.remove_sink(added);
        drop(profiler);
        let details = announced.lock().iter().find(|scope| scope.name() == "frames-test").cloned().unwrap();
        (id, details)
    }

    #[test]
    fn streams_become_nested_spans_by_thread() {
        let (id, details) = a_scope();
        let mut frames = Frames::default();
        // The frame that uses a scope may come before the one that announces it.
        frames.push(&frame("worker-10", 100, id, Vec::new()), 0, usize::MAX);
        assert_eq!(&*frames.timeline(0, 1).tracks[0].spans[0].name, "not yet named");
        frames.push(&frame("worker-2", 100, id, vec![details]), 0, usize::MAX);
        frames.push(&frame("worker-10", 200, id, Vec::new()), 0, usize::MAX);
        frames.push(&frame("builder-0", 200, id, Vec::new()), 0, usize::MAX);
        let timeline = frames.timeline(0, 300);
        let names: Vec<_> = timeline.tracks.iter().map(|track| (track.thread.as_str(), track.spans.len())).collect();
        assert_eq!(names, [("worker-2", 2), ("worker-10", 4), ("builder-0", 2)]);
        let spans = &timeline.tracks[1].spans;
        assert!(spans.iter().all(|span| &*span.name == "frames-test"));
        let plain: Vec<_> = spans.iter().map(|s| (&*s.detail, s.start_ns, s.end_ns, s.depth)).collect();
        let expected = [("outer", 100, 110, 0), ("inner", 102, 105, 1), ("outer", 200, 210, 0), ("inner", 202, 205, 1)];
        assert_eq!(plain, expected);
    }

    #[test]
    fn old_frames_go_by_age_and_by_bytes() {
        let (id, _) = a_scope();
        let mut frames = Frames::default();
        for start_ns in [100, 200, 300] {
            frames.push(&frame("a", start_ns, id, Vec::new()), 0, usize::MAX);
        }
        let per_frame = frames.bytes / 3;
        frames.forget(150, usize::MAX);
        assert_eq!(frames.segments.len(), 2);
        frames.forget(0, per_frame);
        assert_eq!((frames.segments.len(), frames.bytes), (1, per_frame));
        assert_eq!(frames.timeline(0, 400).tracks[0].spans[0].start_ns, 300);
        frames.forget(0, 0);
        assert_eq!((frames.segments.len(), frames.bytes), (0, 0));
    }
}
