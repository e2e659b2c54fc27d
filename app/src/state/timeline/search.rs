//! Spans that are looked for: by their name and by what they worked on.

use microtome_core::telemetry::{Span, Track};

use super::view::RangeNs;

/// A span that was found: its thread, its index there, and when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Number of the thread.
    pub thread: usize,
    /// Index in the thread's spans.
    pub span: usize,
    /// When.
    pub range: RangeNs,
}

/// What is looked for, and what was found of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpanSearch {
    text: String,
    found: Vec<Found>,
    at: usize,
}

impl SpanSearch {
    /// Finds every span that has all words of `text`, whatever their case: in its name, or in what it worked on.
    #[must_use]
    pub fn new(text: &str, tracks: &[Track]) -> Self {
        let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
        let mut found = Vec::new();
        for (thread, track) in tracks.iter().enumerate().filter(|_| !words.is_empty()) {
            for (span, one) in track.spans.iter().enumerate().filter(|(_, span)| has_all(span, &words)) {
                found.push(Found { thread, span, range: RangeNs::new(one.start_ns, one.end_ns) });
            }
        }
        found.sort_by_key(|found| (found.range.start, found.thread));
        Self { text: text.to_owned(), found, at: 0 }
    }

    /// What is looked for.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether something is looked for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.text.trim().is_empty()
    }

    /// How many were found.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.found.len()
    }

    /// The one that is shown, and its number from 1.
    #[must_use]
    pub fn current(&self) -> Option<(usize, Found)> {
        self.found.get(self.at).map(|found| (self.at + 1, *found))
    }

    /// Goes to the next one, or with a negative number back; around the ends.
    pub fn step(&mut self, by: i64) -> Option<Found> {
        let count = i64::try_from(self.found.len()).ok().filter(|count| *count > 0)?;
        self.at = (self.at as i64 + by).rem_euclid(count) as usize;
        self.found.get(self.at).copied()
    }

    /// Goes to the first one that is not before an instant.
    pub fn go_to(&mut self, at_ns: i64) -> Option<Found> {
        let next = self.found.partition_point(|found| found.range.start < at_ns);
        self.at = if next < self.found.len() { next } else { 0 };
        self.found.get(self.at).copied()
    }

    /// Those of a stretch of time, in order.
    #[must_use]
    pub fn within(&self, range: RangeNs) -> &[Found] {
        let first = self.found.partition_point(|found| found.range.start < range.start);
        let last = self.found.partition_point(|found| found.range.start < range.end);
        &self.found[first..last.max(first)]
    }
}

fn has_all(span: &Span, words: &[String]) -> bool {
    let (name, detail) = (span.name.to_lowercase(), span.detail.to_lowercase());
    words.iter().all(|word| name.contains(word) || detail.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracks() -> Vec<Track> {
        let span = |name: &str, detail: &str, start_ns| Span {
            name: name.into(),
            detail: detail.into(),
            start_ns,
            end_ns: start_ns + 5,
            depth: 0,
        };
        vec![
            Track {
                thread: "worker-0".to_owned(),
                spans: vec![span("fetch", "Hela s0 (1, 2, 3)", 10), span("decode", "hela s0 (1, 2, 3)", 30)],
            },
            Track { thread: "worker-1".to_owned(), spans: vec![span("fetch", "cos7 s1 (0, 0, 0)", 20)] },
        ]
    }

    #[test]
    fn every_word_must_be_there_in_any_case() {
        let count = |text: &str| SpanSearch::new(text, &tracks()).count();
        assert_eq!((count("FETCH"), count("hela"), count("fetch hela"), count("gather")), (2, 2, 1, 0));
        assert_eq!((count(""), count("  ")), (0, 0), "nothing is looked for");
    }

    #[test]
    fn what_was_found_is_gone_through_in_order_of_time_and_around() {
        let mut search = SpanSearch::new("fetch", &tracks());
        let start = |found: Option<Found>| found.map(|found| found.range.start);
        assert_eq!(start(search.current().map(|(_, found)| found)), Some(10));
        assert_eq!(start(search.step(1)), Some(20));
        assert_eq!(start(search.step(1)), Some(10), "around");
        assert_eq!(start(search.step(-1)), Some(20));
        assert_eq!(start(search.go_to(11)), Some(20));
        assert_eq!(start(search.go_to(99)), Some(10));
        assert_eq!(search.within(RangeNs::new(15, 25)).len(), 1);
        assert_eq!(SpanSearch::new("x", &tracks()).step(1), None);
    }
}
