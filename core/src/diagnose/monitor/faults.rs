//! Monitors of what went wrong: standstills, reads that were tried again, samples that were lost.

use super::super::words::{percent, seconds};
use super::{Alert, AlertKind, Course, Severity};
use crate::telemetry::{FaultReason, FaultStats};

/// Retries below this, for each sample, are the price of a network.
const RETRIES: f64 = 0.01;
/// From this share of samples on a replacement biases what is seen.
const BIASED: f64 = 0.01;

pub(super) fn alerts(course: &Course<'_>) -> Vec<Alert> {
    [stood_still(course), retries(course), replaced(course)].into_iter().flatten().collect()
}

fn stood_still(course: &Course<'_>) -> Option<Alert> {
    let standstills = &course.last.standstills;
    let report = standstills.last.as_ref()?;
    let over = report.over_at.map(|at| at.saturating_sub(report.at).saturating_add(report.still));
    let what = match over {
        None => report.words(),
        Some(time) => format!("nothing got on for {}, {} times so far", seconds(time.as_secs_f64()), standstills.count),
    };
    Some(Alert {
        kind: AlertKind::StoodStill,
        severity: if over.is_none() { Severity::Severe } else { Severity::Note },
        what,
        because: report.cause(),
        advice: report.advice().to_owned(),
    })
}

/// What happened since the first observation, by reason, the most first.
fn faults_since(course: &Course<'_>, count: fn(&FaultStats) -> u64) -> Vec<(FaultReason, u64)> {
    let before = |reason| course.first.faults.iter().find(|row| row.reason == reason).map_or(0, count);
    let new = course.last.faults.iter().map(|row| (row.reason, count(row).saturating_sub(before(row.reason))));
    let mut new: Vec<_> = new.filter(|(_, count)| *count > 0).collect();
    new.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    new
}

fn listed(faults: &[(FaultReason, u64)]) -> String {
    faults.iter().map(|(reason, count)| format!("{count} {}", reason.words())).collect::<Vec<_>>().join(", ")
}

fn retries(course: &Course<'_>) -> Option<Alert> {
    let faults = faults_since(course, |row| row.retries);
    // Whatever a loader elsewhere says, the sum is a number.
    let total = faults.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    let samples = course.last.samples.saturating_sub(course.first.samples).max(1);
    let rate = total as f64 / samples as f64;
    if rate < RETRIES {
        return None;
    }
    Some(Alert {
        kind: AlertKind::Retries,
        severity: Severity::Note,
        what: format!("{total} reads were tried again for {samples} samples"),
        because: listed(&faults),
        advice: advice(faults.first()?.0).to_owned(),
    })
}

fn replaced(course: &Course<'_>) -> Option<Alert> {
    let faults = faults_since(course, |row| row.skipped_samples);
    let lost = course.last.skipped_samples.saturating_sub(course.first.skipped_samples);
    let samples = course.last.samples.saturating_sub(course.first.samples);
    if lost == 0 || faults.is_empty() {
        return None;
    }
    let share = lost as f64 / lost.saturating_add(samples).max(1) as f64;
    Some(Alert {
        kind: AlertKind::SamplesReplaced,
        severity: if share >= BIASED { Severity::Severe } else { Severity::Warning },
        what: format!("{lost} samples could not be read and others were drawn ({} of all draws)", percent(share)),
        because: listed(&faults),
        advice: format!("{}; what is replaced is never seen in training", advice(faults.first()?.0)),
    })
}

/// What to do about reads that fail for a reason.
const fn advice(reason: FaultReason) -> &'static str {
    match reason {
        FaultReason::Interrupted | FaultReason::Busy => "the system was busy: usually it passes",
        FaultReason::TimedOut | FaultReason::Connection => {
            "the store or the way to it is overloaded: fewer threads, or a copy that is nearer"
        }
        FaultReason::StaleHandle => "the network file system lost files: were they replaced while training?",
        FaultReason::TooManyFiles => "raise the limit of open files (ulimit -n), or have fewer threads",
        FaultReason::Refused => "check that the files may be read",
        FaultReason::Damaged => "chunks are damaged: fetch them again; microtome doctor lists them",
        FaultReason::Absent => "chunks of raw are missing: fetch them, or set sampling.absent_chunks = \"mask\"",
        FaultReason::Other => "the log says what it was",
    }
}
