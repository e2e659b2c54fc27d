//! What happened, in words: the entries of the Log pane and of the notices that pop up.

use std::collections::VecDeque;

/// How serious an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// Good to know.
    Info,
    /// Works, but not as one may expect.
    Warning,
    /// Something was not done.
    Error,
}

impl LogLevel {
    /// Every level, mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Error];

    /// Lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Seconds since the app started, of the latest repetition.
    pub time_s: f64,
    /// How serious.
    pub level: LogLevel,
    /// What happened, where, what to do.
    pub message: String,
    /// How often it was said in a row.
    pub count: u64,
    /// Still popped up as a notice.
    pub notice: bool,
}

/// The newest entries, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Log {
    entries: VecDeque<LogEntry>,
    /// Entries that were dropped because there were too many.
    pub dropped: u64,
}

impl Log {
    /// Entries that are kept.
    pub const CAPACITY: usize = 2000;
    /// Seconds for which a notice stays up by itself. Errors stay until dismissed.
    pub const NOTICE_SECONDS: f64 = 6.0;

    /// Adds an entry. The same message twice in a row is counted, not repeated.
    pub fn push(&mut self, time_s: f64, level: LogLevel, message: impl Into<String>) {
        let message = message.into();
        let notice = level >= LogLevel::Warning;
        if let Some(last) = self.entries.back_mut().filter(|last| last.level == level && last.message == message) {
            last.count += 1;
            last.time_s = time_s;
            return;
        }
        if self.entries.len() == Self::CAPACITY {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(LogEntry { time_s, level, message, count: 1, notice });
    }

    /// Oldest first.
    #[must_use]
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &LogEntry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// Entries still popped up at `now_s`, newest first, with their index for [`Log::dismiss`].
    pub fn notices(&self, now_s: f64) -> impl Iterator<Item = (usize, &LogEntry)> {
        let is_up = move |entry: &LogEntry| {
            entry.notice && (entry.level == LogLevel::Error || now_s - entry.time_s < Self::NOTICE_SECONDS)
        };
        self.entries.iter().enumerate().rev().filter(move |(_, entry)| is_up(entry))
    }

    /// Takes a notice down; the entry stays in the log.
    pub fn dismiss(&mut self, index: usize) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.notice = false;
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetition_is_counted_and_the_oldest_go_first() {
        let mut log = Log::default();
        log.push(0.0, LogLevel::Error, "a");
        log.push(1.0, LogLevel::Error, "a");
        assert_eq!(log.entries().map(|e| e.count).collect::<Vec<_>>(), [2]);
        for i in 0..Log::CAPACITY {
            log.push(2.0, LogLevel::Info, format!("{i}"));
        }
        assert_eq!(log.entries().len(), Log::CAPACITY);
        assert_eq!(log.dropped, 1);
        assert!(log.entries().next().is_some_and(|e| e.message == "0"));
    }

    #[test]
    fn warnings_go_away_and_errors_stay_until_dismissed() {
        let mut log = Log::default();
        log.push(0.0, LogLevel::Warning, "w");
        log.push(0.0, LogLevel::Error, "e");
        log.push(0.0, LogLevel::Info, "i");
        assert_eq!(log.notices(1.0).count(), 2);
        let (index, entry) = log.notices(100.0).next().unwrap();
        assert_eq!(entry.message, "e");
        log.dismiss(index);
        assert_eq!(log.notices(100.0).count(), 0);
        assert_eq!(log.entries().len(), 3);
    }
}
