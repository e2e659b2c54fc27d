//! Why reads fail: which failures may pass, and how often each was met.

use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::Error;

/// Why something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultReason {
    /// The call was interrupted.
    Interrupted,
    /// It took too long.
    TimedOut,
    /// A network file system has lost the file.
    StaleHandle,
    /// The process or the machine has too many files open.
    TooManyFiles,
    /// The file or device is busy.
    Busy,
    /// The connection broke.
    Connection,
    /// The system refused for another reason, such as missing rights.
    Refused,
    /// A chunk cannot be decoded.
    Damaged,
    /// Raw that should be there is not in the store.
    Absent,
    /// Anything else.
    Other,
}

impl FaultReason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::Interrupted,
        Self::TimedOut,
        Self::StaleHandle,
        Self::TooManyFiles,
        Self::Busy,
        Self::Connection,
        Self::Refused,
        Self::Damaged,
        Self::Absent,
        Self::Other,
    ];

    /// In words, as in tables.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::TimedOut => "timed out",
            Self::StaleHandle => "stale file handle",
            Self::TooManyFiles => "too many open files",
            Self::Busy => "busy",
            Self::Connection => "connection broken",
            Self::Refused => "refused by the system",
            Self::Damaged => "damaged chunk",
            Self::Absent => "absent chunk",
            Self::Other => "other",
        }
    }

    /// The reason of an error.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Io { reason, .. } => Self::of_system(reason),
            Error::ChunkDamaged { .. } => Self::Damaged,
            Error::AbsentChunks { .. } => Self::Absent,
            _ => Self::Other,
        }
    }

    fn of_system(error: &std::io::Error) -> Self {
        // ENFILE and EMFILE, of the machine and of the process: the same numbers on Linux and macOS, without a kind.
        const TOO_MANY_FILES: [i32; 2] = [23, 24];
        if cfg!(unix) && error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code)) {
            return Self::TooManyFiles;
        }
        match error.kind() {
            ErrorKind::Interrupted => Self::Interrupted,
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Self::TimedOut,
            ErrorKind::StaleNetworkFileHandle => Self::StaleHandle,
            ErrorKind::ResourceBusy => Self::Busy,
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::NotConnected
            | ErrorKind::BrokenPipe
            | ErrorKind::NetworkDown
            | ErrorKind::NetworkUnreachable
            | ErrorKind::HostUnreachable => Self::Connection,
            _ => Self::Refused,
        }
    }

    /// Whether the same read may succeed a moment later.
    #[must_use]
    pub const fn may_pass(self) -> bool {
        matches!(
            self,
            Self::Interrupted | Self::TimedOut | Self::StaleHandle | Self::TooManyFiles | Self::Busy | Self::Connection
        )
    }
}

/// How often something could not be read for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultStats {
    /// The reason.
    pub reason: FaultReason,
    /// Reads that were tried again.
    pub retries: u64,
    /// Samples that were skipped in the end.
    pub skipped_samples: u64,
}

/// Counts by reason.
#[derive(Debug, Default)]
pub(crate) struct FaultCounts([[AtomicU64; 2]; FaultReason::ALL.len()]);

impl FaultCounts {
    /// A read is tried again.
    pub(crate) fn count_retry(&self, reason: FaultReason) {
        self.0[reason as usize][0].fetch_add(1, Ordering::Relaxed);
    }

    /// A sample is skipped.
    pub(crate) fn count_skip(&self, reason: FaultReason) {
        self.0[reason as usize][1].fetch_add(1, Ordering::Relaxed);
    }

    /// The reasons that were met.
    pub(crate) fn stats(&self) -> Vec<FaultStats> {
        let row = |reason: FaultReason| {
            let [retries, skipped_samples] = &self.0[reason as usize];
            let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            FaultStats { reason, retries: read(retries), skipped_samples: read(skipped_samples) }
        };
        FaultReason::ALL.into_iter().map(row).filter(|row| row.retries + row.skipped_samples > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        let of = |error: std::io::Error| {
            FaultReason::of(&Error::Io { action: "read", path: String::new(), reason: error.into() })
        };
        for (error, reason, may_pass) in [
            (ErrorKind::Interrupted.into(), FaultReason::Interrupted, true),
            (ErrorKind::WouldBlock.into(), FaultReason::TimedOut, true),
            (ErrorKind::StaleNetworkFileHandle.into(), FaultReason::StaleHandle, true),
            (ErrorKind::ConnectionReset.into(), FaultReason::Connection, true),
            (ErrorKind::PermissionDenied.into(), FaultReason::Refused, false),
            (ErrorKind::NotFound.into(), FaultReason::Refused, false),
            (std::io::Error::from_raw_os_error(if cfg!(unix) { 24 } else { 0 }), FaultReason::TooManyFiles, true),
        ] {
            if cfg!(unix) || reason != FaultReason::TooManyFiles {
                assert_eq!((of(error), reason.may_pass()), (reason, may_pass));
            }
        }
        let damaged = Error::ChunkDamaged { path: String::new(), chunk: Vec::new(), reason: String::new() };
        assert!(!FaultReason::of(&damaged).may_pass() && FaultReason::of(&damaged) == FaultReason::Damaged);
    }

    #[test]
    fn only_reasons_that_were_met_are_listed_and_every_reason_has_its_own_row() {
        let counts = FaultCounts::default();
        assert!(counts.stats().is_empty());
        for reason in FaultReason::ALL {
            counts.count_skip(reason);
        }
        counts.count_retry(FaultReason::Busy);
        let stats = counts.stats();
        assert_eq!(stats.iter().map(|row| row.reason).collect::<Vec<_>>(), FaultReason::ALL);
        assert!(
            stats.iter().all(|row| row.skipped_samples == 1 && (row.retries == 1) == (row.reason == FaultReason::Busy))
        );
    }
}
