//! What happened in a stretch of the timeline: every kind of span with its times, every thread with its idle time; and the
//! same stacked, as a flame. Pure; one walk over the spans of the stretch.

use std::collections::BTreeMap;

use microtome_core::telemetry::{Span, Track};

use super::view::RangeNs;

/// All spans of one name in a stretch.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanRow {
    /// Their name: a stage's for the loader's own.
    pub name: String,
    /// How many have a part in the stretch.
    pub calls: u64,
    /// Their time inside of the stretch without what is nested in them, of all threads, nanoseconds.
    pub self_ns: u64,
    /// Their whole lengths in the middle, below which 90 and 99 of 100 stay, and of the longest, nanoseconds.
    pub quantiles_ns: [u64; 4],
}

/// One thread in a stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadRow {
    /// Its name.
    pub name: String,
    /// Time inside of spans, waiting left out, nanoseconds.
    pub busy_ns: u64,
    /// Time in spans that wait, nanoseconds.
    pub waiting_ns: u64,
    /// Time outside of spans, nanoseconds.
    pub idle_ns: u64,
    /// The longest time outside of spans without a break, nanoseconds.
    pub longest_gap_ns: u64,
}

/// A stack of spans, merged over threads and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flame {
    /// Name of the innermost.
    pub name: String,
    /// How many are around it.
    pub depth: usize,
    /// From the flame's left edge, nanoseconds.
    pub start_ns: u64,
    /// Its time in the stretch, what is nested included, nanoseconds.
    pub total_ns: u64,
    /// How many spans were merged.
    pub calls: u64,
}

/// What happened in a stretch.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeSummary {
    /// The stretch.
    pub range: RangeNs,
    /// By name, what took most time first.
    pub spans: Vec<SpanRow>,
    /// In the recording's order.
    pub threads: Vec<ThreadRow>,
    /// Outermost first, each followed by what is nested in it, what took most time first.
    pub flames: Vec<Flame>,
}

impl RangeSummary {
    /// Of the spans of these threads that have a part in `range`.
    #[must_use]
    pub fn of(tracks: &[Track], range: RangeNs) -> Self {
        let mut names = BTreeMap::<&str, Times>::new();
        let mut root = Node::default();
        let threads = tracks.iter().map(|track| walk(track, range, &mut names, &mut root)).collect();
        let mut spans: Vec<_> = names.into_iter().map(|(name, times)| times.row(name)).collect();
        spans.sort_by(|a, b| b.self_ns.cmp(&a.self_ns).then_with(|| a.name.cmp(&b.name)));
        let mut flames = Vec::new();
        root.lay_out(0, 0, &mut flames);
        Self { range, spans, threads, flames }
    }

    /// The row of a name.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&SpanRow> {
        self.spans.iter().find(|row| row.name == name)
    }
}

/// Spans of one name.
#[derive(Default)]
struct Times {
    self_ns: u64,
    lengths_ns: Vec<u64>,
}

impl Times {
    fn row(mut self, name: &str) -> SpanRow {
        self.lengths_ns.sort_unstable();
        let last = self.lengths_ns.len().saturating_sub(1);
        let at = |share: f64| self.lengths_ns.get((last as f64 * share).round() as usize).copied().unwrap_or_default();
        SpanRow {
            name: name.to_owned(),
            calls: self.lengths_ns.len() as u64,
            self_ns: self.self_ns,
            quantiles_ns: [at(0.5), at(0.9), at(0.99), at(1.0)],
        }
    }
}

/// A stack while it is put together.
#[derive(Default)]
struct Node<'a> {
    total_ns: u64,
    calls: u64,
    inside: BTreeMap<&'a str, Self>,
}

impl Node<'_> {
    fn lay_out(&self, depth: usize, start_ns: u64, flames: &mut Vec<Flame>) {
        let mut inside: Vec<_> = self.inside.iter().collect();
        inside.sort_by(|a, b| b.1.total_ns.cmp(&a.1.total_ns).then_with(|| a.0.cmp(b.0)));
        let mut at_ns = start_ns;
        for (name, node) in inside {
            let Self { total_ns, calls, .. } = *node;
            flames.push(Flame { name: (*name).to_owned(), depth, start_ns: at_ns, total_ns, calls });
            node.lay_out(depth + 1, at_ns, flames);
            at_ns += total_ns;
        }
    }
}

/// A span that is open while those nested in it are walked.
struct Open<'a> {
    span: &'a Span,
    /// Time in the stretch.
    part_ns: u64,
    /// Of that, in what is nested directly in it.
    nested_ns: u64,
}

/// Adds the spans of one thread.
fn walk<'a>(track: &'a Track, range: RangeNs, names: &mut BTreeMap<&'a str, Times>, root: &mut Node<'a>) -> ThreadRow {
    let mut stack: Vec<Open<'a>> = Vec::new();
    let mut row = ThreadRow { name: track.thread.clone(), busy_ns: 0, waiting_ns: 0, idle_ns: 0, longest_gap_ns: 0 };
    let mut reached_ns = range.start;
    for span in track.spans.iter().filter(|span| has_part(span, range)) {
        while stack.last().is_some_and(|open| open.span.depth >= span.depth) {
            close(&mut stack, names, &mut row);
        }
        let part_ns = (span.end_ns.min(range.end) - span.start_ns.max(range.start)).max(0) as u64;
        match stack.last_mut() {
            Some(around) => around.nested_ns += part_ns,
            None => {
                let gap_ns = (span.start_ns.max(range.start) - reached_ns).max(0) as u64;
                row.idle_ns += gap_ns;
                row.longest_gap_ns = row.longest_gap_ns.max(gap_ns);
                reached_ns = reached_ns.max(span.end_ns.min(range.end));
            }
        }
        stack.push(Open { span, part_ns, nested_ns: 0 });
        let mut node = &mut *root;
        for open in &stack {
            node = node.inside.entry(&open.span.name).or_default();
        }
        node.total_ns += part_ns;
        node.calls += 1;
    }
    while !stack.is_empty() {
        close(&mut stack, names, &mut row);
    }
    let gap_ns = (range.end - reached_ns).max(0) as u64;
    row.idle_ns += gap_ns;
    row.longest_gap_ns = row.longest_gap_ns.max(gap_ns);
    row
}

fn close<'a>(stack: &mut Vec<Open<'a>>, names: &mut BTreeMap<&'a str, Times>, row: &mut ThreadRow) {
    let Some(open) = stack.pop() else { return };
    let self_ns = open.part_ns.saturating_sub(open.nested_ns);
    let times = names.entry(&open.span.name).or_default();
    times.self_ns += self_ns;
    times.lengths_ns.push((open.span.end_ns - open.span.start_ns).max(0) as u64);
    if &*open.span.name == microtome_core::telemetry::Stage::Wait.name() {
        row.waiting_ns += self_ns;
    } else {
        row.busy_ns += self_ns;
    }
}

/// An instant has a part where it lies.
const fn has_part(span: &Span, range: RangeNs) -> bool {
    span.start_ns < range.end && (span.end_ns > range.start || span.start_ns >= range.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(name: &str, start_ns: i64, end_ns: i64, depth: u32) -> Span {
        Span { name: name.into(), detail: "".into(), start_ns, end_ns, depth }
    }

    fn tracks() -> Vec<Track> {
        vec![
            Track {
                thread: "worker-0".to_owned(),
                spans: vec![
                    span("gather", 0, 100, 0),
                    span("decode", 10, 40, 1),
                    span("decode", 50, 60, 1),
                    span("gather", 120, 140, 0),
                ],
            },
            Track { thread: "consumer".to_owned(), spans: vec![span("wait", 20, 90, 0)] },
        ]
    }

    #[test]
    fn times_are_without_what_is_nested() {
        let all = RangeSummary::of(&tracks(), RangeNs::new(0, 200));
        let row = |name: &str| all.row(name).map(|row| (row.calls, row.self_ns, row.quantiles_ns));
        assert_eq!(row("gather"), Some((2, 100 - 40 + 20, [100, 100, 100, 100])));
        assert_eq!(row("decode"), Some((2, 40, [30, 30, 30, 30])));
        assert_eq!(row("wait"), Some((1, 70, [70; 4])));
        assert_eq!(all.spans[0].name, "gather", "what takes most comes first");
        let [worker, consumer] = &all.threads[..] else { panic!("two threads") };
        assert_eq!((worker.busy_ns, worker.idle_ns, worker.longest_gap_ns), (120, 80, 60));
        assert_eq!((consumer.busy_ns, consumer.waiting_ns, consumer.idle_ns), (0, 70, 130));
    }

    #[test]
    fn what_reaches_over_the_ends_counts_inside_of_them() {
        let part = RangeSummary::of(&tracks(), RangeNs::new(30, 55));
        assert_eq!(part.row("gather").map(|row| (row.calls, row.self_ns)), Some((1, 25 - 10 - 5)));
        assert_eq!(part.row("decode").map(|row| (row.calls, row.self_ns)), Some((2, 15)));
        assert_eq!(part.row("decode").map(|row| row.quantiles_ns[3]), Some(30), "lengths are whole");
        assert_eq!(part.threads[0].idle_ns, 0);
        assert_eq!(RangeSummary::of(&[], RangeNs::new(0, 5)).spans, []);
    }

    #[test]
    fn stacks_are_merged_and_lie_inside_of_each_other() {
        let all = RangeSummary::of(&tracks(), RangeNs::new(0, 200));
        let flames: Vec<_> =
            all.flames.iter().map(|f| (f.name.as_str(), f.depth, f.start_ns, f.total_ns, f.calls)).collect();
        assert_eq!(flames, [("gather", 0, 0, 120, 2), ("decode", 1, 0, 40, 2), ("wait", 0, 120, 70, 1)]);
    }
}
