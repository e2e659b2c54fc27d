//! Monitors of memory: the budget, the machine, what the cache holds, and what nobody accounts for.

use super::super::words::{bytes, percent};
use super::{Alert, AlertKind, Course, Severity};
use crate::telemetry::Stats;

const MIB: f64 = (1 << 20) as f64;
/// The machine has little left: a note, and when it matters.
const SHORT: [f64; 2] = [0.10, 0.06];
/// The part of the observations in which something has to be so to count.
const OFTEN: f64 = 0.1;
/// Batches crowd chunks out from this part of the budget on, if so many lookups miss.
const CROWDED: (f64, f64) = (0.8, 0.3);
/// Chunks that no running read can need: so many times what the workers could hold.
const TIMES_NEEDED: f64 = 2.0;
/// Shortest stretches over which something is held, and over which it grows, seconds.
const HELD_FOR_S: f64 = 5.0;
const GROWS_FOR_S: f64 = 60.0;
/// Growth below this, as a part of the budget, is none; and how much of it a straight line has to explain (r²).
const GROWTH: (f64, f64) = (0.1, 0.8);
/// Less than this given back tells nothing, bytes; and which part of it the process has to have kept.
const KEPT: (f64, f64) = (64.0 * MIB, 0.5);

pub(super) fn alerts(course: &Course<'_>) -> Vec<Alert> {
    [
        machine_short(course.last),
        budget_exceeded(course),
        batches_crowd_out(course),
        chunks_held(course),
        miscounted(course.last),
        rest_grows(course),
        fragmented(course),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn machine_short(last: &Stats) -> Option<Alert> {
    let memory = &last.memory;
    let left = memory.machine.left_share().filter(|left| *left < SHORT[0])?;
    let used = memory.machine.total_bytes.saturating_sub(memory.machine.available_bytes);
    let loader = memory.owned_bytes();
    let process = memory.rss_bytes.saturating_sub(loader);
    let others = used.saturating_sub(memory.rss_bytes);
    let advice = if loader >= process && loader >= others {
        "lower loader.memory"
    } else if process >= others {
        "training takes most of it: smaller batches there help, lowering loader.memory only a little"
    } else {
        "other processes take most of it: look at them first"
    };
    let trimmed = last.chunk_cache.capacity_bytes;
    Some(Alert {
        kind: AlertKind::MachineShort,
        severity: if left < SHORT[1] { Severity::Severe } else { Severity::Warning },
        what: format!(
            "the machine has {} of {} left ({}); the chunk cache may hold {}",
            bytes(memory.machine.available_bytes as f64),
            bytes(memory.machine.total_bytes as f64),
            percent(left),
            bytes(trimmed as f64)
        ),
        because: format!(
            "the loader holds {}, the rest of its process {}, others {}",
            bytes(loader as f64),
            bytes(process as f64),
            bytes(others as f64)
        ),
        advice: advice.to_owned(),
    })
}

fn budget_exceeded(course: &Course<'_>) -> Option<Alert> {
    let budget = course.last.memory.budget_bytes;
    let above: Vec<_> =
        course.history.iter().filter(|stats| stats.memory.owned_bytes() > budget && budget > 0).collect();
    if (above.len() as f64) < OFTEN * course.history.len() as f64 {
        return None;
    }
    let worst = above.iter().max_by_key(|stats| stats.memory.owned_bytes())?;
    let cache = &worst.chunk_cache;
    Some(Alert {
        kind: AlertKind::BudgetExceeded,
        severity: Severity::Warning,
        what: format!(
            "caches and batches held {} of {}",
            bytes(worst.memory.owned_bytes() as f64),
            bytes(budget as f64)
        ),
        because: format!(
            "running reads held {} of chunks at a time, and the cache's share is {}",
            bytes(cache.held_bytes as f64),
            bytes(cache.capacity_bytes as f64)
        ),
        advice: "raise loader.memory, or have fewer reads at a time: fewer threads, smaller patches".to_owned(),
    })
}

fn batches_crowd_out(course: &Course<'_>) -> Option<Alert> {
    let window = course.window.as_ref()?;
    let share = |stats: &&Stats| {
        stats.memory.queue_bytes.saturating_add(stats.memory.in_flight_bytes) as f64
            / stats.memory.budget_bytes.max(1) as f64
    };
    let mean = course.history.iter().map(share).sum::<f64>() / course.history.len() as f64;
    let misses = 1.0 - window.chunk_cache.hit_rate()?;
    let is_cause = window.chunk_cache.evictions > 0 && course.stall_share() >= super::super::methods::NOT_INPUT_BOUND;
    if mean < CROWDED.0 || misses < CROWDED.1 || !is_cause {
        return None;
    }
    Some(Alert {
        kind: AlertKind::BatchesCrowdOut,
        severity: Severity::Warning,
        what: format!("batches take {} of the budget, and chunks find no room", percent(mean)),
        because: format!(
            "{} of lookups miss, {} chunks had to leave, and the consumer waits {} of the time",
            percent(misses),
            window.chunk_cache.evictions,
            percent(course.stall_share())
        ),
        advice: "raise loader.memory, or make batches smaller".to_owned(),
    })
}

/// A leak: chunks that are in no table any more, and that no read which runs can need.
fn chunks_held(course: &Course<'_>) -> Option<Alert> {
    if course.seconds() < HELD_FOR_S {
        return None;
    }
    let least = course.history.iter().map(|stats| stats.chunk_cache.held_bytes).min()? as f64;
    let reads = course.last.reads;
    let sample_bytes = reads.touched_bytes as f64 / course.last.samples.max(1) as f64;
    let busy = course.last.workers.since(&course.first.workers).mean_level().unwrap_or(0.0);
    // As many samples as there are workers may be read at a time; none if no worker had anything to do.
    let readers = if busy > 0.0 { course.last.threads as f64 } else { 0.0 };
    let needed = TIMES_NEEDED * readers * sample_bytes + MIB;
    if least <= needed {
        return None;
    }
    Some(Alert {
        kind: AlertKind::ChunksHeld,
        severity: Severity::Warning,
        what: format!("{} of chunks that left the cache are still held", bytes(least)),
        because: format!(
            "never less in {:.0} s, and {readers:.0} reads at a time need {} at most",
            course.seconds(),
            bytes(readers * sample_bytes)
        ),
        advice: "somebody keeps chunks that were handed out; if it is no code of your own, please report this"
            .to_owned(),
    })
}

fn miscounted(last: &Stats) -> Option<Alert> {
    let audit = last.memory.audit.filter(|audit| audit.counted_bytes != audit.found_bytes)?;
    Some(Alert {
        kind: AlertKind::Miscounted,
        severity: Severity::Warning,
        what: format!(
            "the chunk cache counts {} of entries and has {}",
            bytes(audit.counted_bytes as f64),
            bytes(audit.found_bytes as f64)
        ),
        because: "a walk through all of its entries found other bytes than it counts".to_owned(),
        advice: "the budget does not hold; please report this".to_owned(),
    })
}

fn rest_grows(course: &Course<'_>) -> Option<Alert> {
    if course.seconds() < GROWS_FOR_S {
        return None;
    }
    let points: Vec<(f64, f64)> = course
        .history
        .iter()
        .filter_map(|stats| Some((stats.elapsed.as_secs_f64(), stats.memory.rest_bytes()? as f64)))
        .collect();
    let (slope, fit) = line(&points)?;
    let growth = slope * course.seconds();
    if growth < GROWTH.0 * course.last.memory.budget_bytes as f64 || fit < GROWTH.1 {
        return None;
    }
    let evicted = course.last.chunk_cache.evictions.saturating_sub(course.first.chunk_cache.evictions);
    Some(Alert {
        kind: AlertKind::RestGrows,
        severity: Severity::Warning,
        what: format!("memory that no owner accounts for grows by {} a minute", bytes(slope * 60.0)),
        because: format!(
            "{} in {:.0} s along a straight line (r² {fit:.2}), while the loader's owners hold {} and {evicted} chunks \
             were replaced",
            bytes(growth),
            course.seconds(),
            bytes(course.last.memory.owned_bytes() as f64)
        ),
        advice: if evicted == 0 {
            "the loader's cache has not changed: look at who keeps batches, and at the training itself".to_owned()
        } else {
            "look at who keeps batches, and at the training itself; if neither grows, the allocator keeps what chunks leave \
             behind"
                .to_owned()
        },
    })
}

/// Of chunks alone: what batches leave behind is kept for those to come.
fn fragmented(course: &Course<'_>) -> Option<Alert> {
    let last = course.last.memory;
    let peak = course.history.iter().max_by_key(|stats| stats.memory.cache_bytes)?.memory;
    let given_back = peak.cache_bytes as f64 - last.cache_bytes as f64;
    if given_back < KEPT.0 || last.rss_bytes == 0 {
        return None;
    }
    let kept = (given_back - (peak.rss_bytes as f64 - last.rss_bytes as f64)).clamp(0.0, given_back);
    if kept < KEPT.1 * given_back {
        return None;
    }
    Some(Alert {
        kind: AlertKind::Fragmented,
        severity: Severity::Note,
        what: format!("the process keeps {} that chunks have given back", bytes(kept)),
        because: format!(
            "the cache holds {} less than at its most, and the process is {} smaller",
            bytes(given_back),
            bytes((given_back - kept).max(0.0))
        ),
        advice:
            "the allocator has it for the next chunks; lowering loader.memory while running does not give it to others"
                .to_owned(),
    })
}

/// Slope of the straight line through points, and how much of what they vary it explains (r², 0–1). `None` for fewer than
/// three, or if they lie at one place.
fn line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    if points.len() < 3 {
        return None;
    }
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x0, y0) = (mean(|p| p.0), mean(|p| p.1));
    let sum = |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|(x, y)| of(x - x0, y - y0)).sum::<f64>();
    let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
    (xx > 0.0).then(|| (xy / xx, if yy > 0.0 { xy * xy / (xx * yy) } else { 0.0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_told_from_noise() {
        let (slope, fit) = line(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]).unwrap();
        assert!((slope - 2.0).abs() < 1e-12 && (fit - 1.0).abs() < 1e-12);
        let (_, fit) = line(&[(0.0, 1.0), (1.0, 9.0), (2.0, 0.0), (3.0, 8.0), (4.0, 1.0)]).unwrap();
        assert!(fit < 0.1, "{fit}");
        assert_eq!(line(&[(1.0, 1.0); 5]), None);
    }
}
