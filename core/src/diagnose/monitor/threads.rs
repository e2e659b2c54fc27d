//! Monitors of threads: workers without work, work that is spread unevenly, and single slow calls.

use super::super::Window;
use super::super::methods::NOT_INPUT_BOUND;
use super::super::words::{percent, seconds};
use super::{Alert, AlertKind, Course, Severity};
use crate::telemetry::{Histogram, Stage};

/// Workers count as idle below this share of their time.
const IDLE: f64 = 0.6;
/// The busiest worker does so much more than all do on average, if they do at least so much.
const UNEVEN: (f64, f64) = (1.5, 0.2);
/// The slowest hundredth of calls takes this part of the stage's time, and each is so many times the median.
const SLOW: (f64, f64) = (0.2, 10.0);
/// Calls below which a hundredth says nothing.
const MIN_CALLS: u64 = 200;

pub(super) fn alerts(course: &Course<'_>) -> Vec<Alert> {
    // Without a consumer that waits there is nothing to be had from any of them.
    let Some(window) = course.window.as_ref().filter(|_| course.stall_share() >= NOT_INPUT_BOUND) else {
        return Vec::new();
    };
    let slow = [Stage::Fetch, Stage::Decode, Stage::Gather, Stage::Augment];
    let slow = slow.into_iter().filter_map(|stage| slow_calls(window, stage));
    [workers_idle(course, window), workers_uneven(course)].into_iter().flatten().chain(slow).collect()
}

fn workers_idle(course: &Course<'_>, window: &Window) -> Option<Alert> {
    let threads = window.setup.threads.max(1) as f64;
    let busy = window.workers.mean_level()? / threads;
    let no_reads = window.read_queue.empty_share()?;
    if busy >= IDLE || no_reads < 0.5 {
        return None;
    }
    Some(Alert {
        kind: AlertKind::WorkersIdle,
        severity: Severity::Warning,
        what: format!("workers are busy {} of their time, and the consumer waits {}", percent(busy), percent(course.stall_share())),
        because: format!(
            "no read waited for a worker {} of the time: {} builders at a time give {} workers too little to do",
            percent(no_reads),
            window.setup.builders,
            window.setup.threads
        ),
        advice: "more reads at a time: larger batches, or loader.memory for more batches at a time; more threads would idle, too"
            .to_owned(),
    })
}

fn workers_uneven(course: &Course<'_>) -> Option<Alert> {
    let before = |name: &str| course.first.thread_stats.iter().find(|stats| stats.thread == name);
    let workers: Vec<_> = course
        .last
        .thread_stats
        .iter()
        .filter(|stats| stats.thread.starts_with("worker-"))
        .map(|stats| {
            let earlier = before(&stats.thread).map(|stats| stats.busy).unwrap_or_default();
            (stats.thread.as_str(), stats.busy.saturating_sub(earlier).as_secs_f64() / course.seconds().max(1e-9))
        })
        .collect();
    let mean = workers.iter().map(|(_, share)| share).sum::<f64>() / workers.len().max(1) as f64;
    let (name, most) = workers.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    if workers.len() < 2 || mean < UNEVEN.1 || *most < UNEVEN.0 * mean {
        return None;
    }
    Some(Alert {
        kind: AlertKind::WorkersUneven,
        severity: Severity::Note,
        what: format!("{name} is at work {} of its time, all workers {} on average", percent(*most), percent(mean)),
        because: format!("their times in stages over {:.0} s", course.seconds()),
        advice:
            "single reads take far longer than others: the timeline shows which; more batches at a time spread them"
                .to_owned(),
    })
}

fn slow_calls(window: &Window, stage: Stage) -> Option<Alert> {
    let times = window.times_of(stage).filter(|times| times.count() >= MIN_CALLS)?;
    let [median, p99] = [0.5, 0.99].map(|quantile| times.quantile(quantile).unwrap_or(0) as f64);
    let share = share_above(times, p99);
    let is_cause = window.workers_s(stage) > 0.2 * Stage::ALL.map(|stage| window.workers_s(stage)).iter().sum::<f64>();
    if share < SLOW.0 || p99 < SLOW.1 * median || !is_cause {
        return None;
    }
    Some(Alert {
        kind: AlertKind::SlowCalls,
        severity: Severity::Warning,
        what: format!("the slowest hundredth of {} takes {} of its time", stage.name(), percent(share)),
        because: format!(
            "half of the calls end within {}, one in a hundred takes longer than {}",
            seconds(median / 1e9),
            seconds(p99 / 1e9)
        ),
        advice: match stage {
            Stage::Fetch => "the store answers unevenly: more threads hide it, a copy that is nearer removes it",
            Stage::Decode => "some chunks are far larger, or the processors are taken by others at times",
            _ => "the processors are taken by others at times, or some samples are far more work: the timeline shows which",
        }
        .to_owned(),
    })
}

/// The share of all time that calls of at least `ns` take, by the middles of their buckets.
fn share_above(times: &Histogram, ns: f64) -> f64 {
    let time = |(lo, hi, count): (u64, u64, u64)| (lo + (hi - lo) / 2) as f64 * count as f64;
    let all: f64 = times.buckets().map(time).sum();
    let above: f64 = times.buckets().filter(|(_, hi, _)| *hi as f64 > ns).map(time).sum();
    if all > 0.0 { above / all } else { 0.0 }
}
