//! A page about what a loader did: one HTML file that asks nobody else for anything, light or dark as its reader likes.

mod chart;
mod figures;
mod style;
mod threads;
mod verdict;

use std::fmt::Write as _;
use std::time::Duration;

use microtome_core::diagnose::{Diagnosis, monitor};
use microtome_core::telemetry::Log;

use crate::format;
use crate::state::StatsHistory;

/// Statistics that curves are drawn from, at most.
const MAX_OBSERVATIONS: usize = 1500;

/// The page.
#[must_use]
pub fn page(log: &Log) -> String {
    let history = history_of(log);
    let about = &log.about;
    let title = format!("Microtome: {}", if about.name.is_empty() { "a loader" } else { &about.name });
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    // Whatever the recording holds, the page loads nothing and runs nothing.
    page += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
    put(&mut page, format_args!("<title>{}</title>\n<style>\n{}</style>\n", escaped(&title), style::css()));
    put(&mut page, format_args!("</head>\n<body>\n<header>\n<h1>{}</h1>\n<p>{}</p>\n", escaped(&title), subtitle(log)));
    page += "</header>\n<main>\n";
    page += &figures::figures(log, &history);
    if !log.snapshots.is_empty() {
        page += &verdict::section(history.steady_window(Duration::MAX).map(|window| Diagnosis::of(&window)).as_ref());
        let alerts = monitor::alerts(&history.course(Duration::MAX));
        page += &verdict::watched(&alerts, history.latest().map(|latest| &latest.stats));
    }
    page += &figures::curves(&history);
    page += &figures::stages(log);
    page += &threads::picture(&log.spans.timeline());
    if !about.config.is_empty() {
        page += "<section>\n<h2>Configuration</h2>\n";
        put(&mut page, format_args!("<pre>{}</pre>\n</section>\n", escaped(&about.config)));
    }
    page += "</main>\n</body>\n</html>\n";
    page
}

/// Who it was, how long it ran, and what is missing.
fn subtitle(log: &Log) -> String {
    let about = &log.about;
    let mut parts = Vec::new();
    if about.world_size > 1 {
        parts.push(format!("rank {} of {}", about.rank, about.world_size));
    }
    parts.push(format!("process {}, Microtome {}", about.pid, about.version));
    if let (Some(first), Some(last)) = (log.snapshots.front(), log.snapshots.back()) {
        let over = last.stats.elapsed.saturating_sub(first.stats.elapsed);
        let from = format::duration(first.stats.elapsed);
        parts.push(format!("{} long, from {from} after the loader's start", format::duration(over)));
    }
    if log.dropped > 0 {
        parts.push(format!("{} were lost on the way", format::counted(log.dropped, "message", "messages")));
    }
    if log.is_cut {
        parts.push("the recording ends in the middle of a message".to_owned());
    }
    escaped(&parts.join(" · "))
}

/// Statistics of the whole log, thinned out evenly.
fn history_of(log: &Log) -> StatsHistory {
    let step = log.snapshots.len().div_ceil(MAX_OBSERVATIONS).max(1);
    let mut history = StatsHistory::new(Duration::MAX, MAX_OBSERVATIONS);
    for snapshot in log.snapshots.iter().step_by(step) {
        history.push(snapshot.stats.elapsed, snapshot.stats.clone(), 0);
    }
    history
}

/// Words of others inside of HTML: nothing in them is taken for a tag, an entity or the end of an attribute.
fn escaped(words: &str) -> String {
    let mut safe = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            '\n' | '\t' => safe.push(c),
            // Such as those that turn the direction of writing.
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

fn put(text: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing into a string cannot fail.
    let _written = text.write_fmt(words);
}

#[cfg(test)]
mod tests {
    use microtome_core::telemetry::wire::About;

    use super::*;

    #[test]
    fn words_of_others_stay_words() {
        let name = "<script>alert(1)</script>\"'&".to_owned();
        let about = About { name, config: "a = \"</pre><img src=x>\"".to_owned(), ..About::default() };
        let page = page(&Log::new(about));
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;"));
        assert!(page.contains("&lt;/pre&gt;&lt;img src=x&gt;"));
    }

    #[test]
    fn a_log_without_anything_is_a_page_that_says_so() {
        let page = page(&Log::new(About::default()));
        assert!(page.contains("nothing was measured") && page.ends_with("</html>\n"));
    }
}
