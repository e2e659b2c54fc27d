//! Every monitor speaks where its cause is planted, with its figures, and only there.

use std::time::Duration;

use microtome_core::diagnose::monitor::{Alert, AlertKind, Severity, alerts};
use microtome_core::telemetry::{
    CacheAudit, CacheStats, FaultReason, FaultStats, MachineMemory, MemoryStats, Occupancy, ReadStats, Stage,
    StageStats, StageTimes, StandstillReport, StandstillStats, Stats, ThreadStats,
};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A healthy loader with a slow consumer, `second` seconds after its start: nothing deserves a word.
fn healthy(second: u64) -> Stats {
    let seconds = Duration::from_secs(second);
    let samples = 100 * second;
    let occupancy = |empty: Duration, level: f64| Occupancy {
        observed: seconds,
        empty,
        full: Duration::ZERO,
        level_seconds: level * second as f64,
    };
    let worker = |name: &str| ThreadStats { thread: name.to_owned(), busy: seconds / 2, steps: samples };
    Stats {
        elapsed: seconds,
        samples,
        batches: samples / 10,
        threads: 2,
        chunk_cache: CacheStats {
            hits: 9 * samples,
            misses: samples,
            capacity_bytes: GIB,
            resident_bytes: GIB / 2,
            held_bytes: 3 * MIB,
            ..CacheStats::default()
        },
        memory: MemoryStats {
            budget_bytes: 2 * GIB,
            cache_bytes: GIB / 2,
            queue_bytes: 100 * MIB,
            in_flight_bytes: 50 * MIB,
            rss_bytes: GIB,
            before_bytes: 100 * MIB,
            machine: MachineMemory { total_bytes: 16 * GIB, available_bytes: 8 * GIB },
            audit: Some(CacheAudit { counted_bytes: 5, found_bytes: 5 }),
        },
        stages: vec![StageStats { stage: Stage::Fetch, calls: samples, busy: seconds, bytes: 0 }],
        workers: occupancy(Duration::ZERO, 1.8),
        read_queue: occupancy(seconds / 10, 3.0),
        reads: ReadStats { touched_bytes: samples * MIB, ..ReadStats::default() },
        thread_stats: vec![worker("worker-0"), worker("worker-1")],
        ..Stats::default()
    }
}

/// What is said of two minutes of loaders as `change` makes them of the healthy one, second by second.
fn said(change: impl Fn(u64, &mut Stats)) -> Vec<Alert> {
    let history: Vec<Stats> = (1..=120)
        .map(|second| {
            let mut stats = healthy(second);
            change(second, &mut stats);
            stats
        })
        .collect();
    alerts(&history.iter().collect::<Vec<_>>())
}

/// The only alert there is.
fn only(change: impl Fn(u64, &mut Stats)) -> Alert {
    let mut all = said(change);
    assert_eq!(all.len(), 1, "{all:#?}");
    let alert = all.remove(0);
    assert!(!alert.because.is_empty() && !alert.advice.is_empty() && alert.what.chars().any(char::is_numeric));
    alert
}

/// The consumer waits half of the time.
fn waits(second: u64, stats: &mut Stats) {
    stats.consumer_wait = Duration::from_secs(second) / 2;
}

#[test]
fn a_healthy_loader_gets_no_word() {
    assert_eq!(said(|_, _| ()), []);
    assert_eq!(said(waits), [], "the verdict says that the consumer waits; no monitor knows why here");
    assert_eq!(alerts(&[]), []);
}

#[test]
fn a_machine_that_runs_short_is_told_with_who_holds_its_memory() {
    let with_left = |available_bytes, rss_bytes| {
        only(move |_, stats| {
            stats.memory.machine.available_bytes = available_bytes;
            stats.memory.rss_bytes = rss_bytes;
        })
    };
    let others = with_left(GIB, GIB);
    assert_eq!((others.kind, others.severity), (AlertKind::MachineShort, Severity::Warning));
    assert!(others.what.contains("1.0 GiB of 16 GiB") && others.advice.contains("other processes"), "{others:?}");
    assert!(with_left(GIB, 12 * GIB).advice.contains("training takes most"));
    assert_eq!(with_left(GIB / 2, GIB).severity, Severity::Severe);
    let loader = only(|_, stats| {
        stats.memory.machine = MachineMemory { total_bytes: GIB, available_bytes: GIB / 20 };
        stats.memory.rss_bytes = 750 * MIB;
    });
    assert!(loader.advice.contains("loader.memory"), "{loader:?}");
}

#[test]
fn more_than_the_budget_and_no_room_for_chunks_are_told() {
    let above = only(|second, stats| {
        if second % 5 == 0 {
            stats.memory.cache_bytes = 2 * GIB;
            stats.chunk_cache.held_bytes = 2 * GIB;
        }
    });
    assert_eq!(above.kind, AlertKind::BudgetExceeded);
    assert!(above.because.contains("2.0 GiB of chunks") && above.what.contains("of 2.0 GiB"), "{above:?}");
    let crowded = |wait: bool| {
        said(move |second, stats| {
            if wait {
                waits(second, stats);
            }
            stats.memory.queue_bytes = 1800 * MIB;
            stats.memory.cache_bytes = 10 * MIB;
            stats.memory.rss_bytes = 2100 * MIB;
            stats.chunk_cache.hits = stats.samples;
            stats.chunk_cache.evictions = stats.samples;
        })
    };
    assert_eq!(crowded(true).iter().map(|alert| alert.kind).collect::<Vec<_>>(), [AlertKind::BatchesCrowdOut]);
    assert_eq!(crowded(false), [], "where nobody waits nothing is lost");
}

#[test]
fn leaks_of_the_cache_are_found() {
    let held = only(|_, stats| stats.chunk_cache.held_bytes = 40 * MIB);
    assert_eq!(held.kind, AlertKind::ChunksHeld);
    assert!(held.what.starts_with("40 MiB") && held.because.contains("2 reads at a time need 2.0 MiB"), "{held:?}");
    // Once in between it was all given back: no leak, however much there was.
    assert_eq!(said(|second, stats| stats.chunk_cache.held_bytes = if second == 60 { 0 } else { 900 * MIB }), []);
    let idle = only(|_, stats| {
        stats.workers.level_seconds = 0.0;
        stats.chunk_cache.held_bytes = 2 * MIB;
    });
    assert_eq!(idle.kind, AlertKind::ChunksHeld, "no read runs that could need them");
    let wrong = only(|_, stats| stats.memory.audit = Some(CacheAudit { counted_bytes: 4 * MIB, found_bytes: 3 * MIB }));
    assert_eq!(wrong.kind, AlertKind::Miscounted);
}

#[test]
fn what_nobody_accounts_for_is_told_if_it_grows_or_was_given_back() {
    let grows = only(|second, stats| stats.memory.rss_bytes = GIB + second * 4 * MIB);
    assert_eq!(grows.kind, AlertKind::RestGrows);
    assert!(grows.what.contains("240 MiB a minute") && grows.advice.contains("keeps batches"), "{grows:?}");
    // It goes up and down.
    assert_eq!(said(|second, stats| stats.memory.rss_bytes = GIB + (second % 7) * 40 * MIB), []);
    let kept = only(|second, stats| {
        stats.memory.cache_bytes = if second < 60 { GIB } else { GIB / 4 };
        stats.memory.rss_bytes = 1500 * MIB;
    });
    assert_eq!((kept.kind, kept.severity), (AlertKind::Fragmented, Severity::Note));
    assert!(kept.what.contains("768 MiB"), "{kept:?}");
    let returned = said(|second, stats| {
        stats.memory.cache_bytes = if second < 60 { GIB } else { GIB / 4 };
        stats.memory.rss_bytes = if second < 60 { 1500 * MIB } else { 800 * MIB };
    });
    assert_eq!(returned, [], "the system has it back");
}

#[test]
fn workers_without_work_and_uneven_ones_are_told_if_the_consumer_waits() {
    let idle = |second: u64, stats: &mut Stats| {
        stats.workers.level_seconds = 0.4 * second as f64;
        stats.read_queue.empty = Duration::from_secs(second) * 9 / 10;
    };
    assert_eq!(said(idle), []);
    let told = only(|second, stats| {
        idle(second, stats);
        waits(second, stats);
    });
    assert_eq!(told.kind, AlertKind::WorkersIdle);
    assert!(told.what.contains("20 %") && told.because.contains("90 %"), "{told:?}");
    let uneven = only(|second, stats| {
        waits(second, stats);
        stats.thread_stats[0].busy = Duration::from_secs(second);
        stats.thread_stats[1].busy = Duration::from_secs(second) / 10;
    });
    assert_eq!(uneven.kind, AlertKind::WorkersUneven);
    assert!(uneven.what.starts_with("worker-0 is at work 100 %"), "{uneven:?}");
}

#[test]
fn a_few_slow_calls_are_told_from_many_that_are_alike() {
    let with = |slow_ms: u64| {
        said(move |second, stats| {
            waits(second, stats);
            let mut times = microtome_core::telemetry::Histogram::default();
            times.add(20_000_000, 98 * second);
            times.add(slow_ms * 1_000_000, 2 * second);
            stats.stage_times = vec![StageTimes { stage: Stage::Fetch, times, in_stall: Duration::ZERO }];
        })
    };
    let told = with(1000);
    assert_eq!(told.iter().map(|alert| alert.kind).collect::<Vec<_>>(), [AlertKind::SlowCalls], "{told:#?}");
    assert!(told[0].because.contains("within 2") && told[0].advice.contains("store"), "{told:?}");
    assert_eq!(with(24), []);
}

#[test]
fn what_went_wrong_is_told_by_reason() {
    let faults = |second: u64, stats: &mut Stats| {
        let row = |reason, retries, skipped_samples| FaultStats { reason, retries, skipped_samples };
        stats.faults = vec![row(FaultReason::TimedOut, 20 * second, 0), row(FaultReason::Damaged, 0, 2 * second)];
        stats.skipped_samples = 2 * second;
    };
    let told = said(faults);
    assert_eq!(
        told.iter().map(|alert| (alert.kind, alert.severity)).collect::<Vec<_>>(),
        [(AlertKind::SamplesReplaced, Severity::Severe), (AlertKind::Retries, Severity::Note)]
    );
    assert!(told[0].because.contains("238 damaged chunk") && told[0].advice.contains("doctor"), "{told:?}");
    assert!(told[1].because.contains("timed out") && told[1].advice.contains("overloaded"), "{told:?}");
    let still = |over_at| {
        only(move |_, stats| {
            let report = StandstillReport {
                at: Duration::from_secs(50),
                still: Duration::from_secs(20),
                over_at,
                ..StandstillReport::default()
            };
            stats.standstills = StandstillStats { count: 1, last: Some(report) };
        })
    };
    assert_eq!(still(None).severity, Severity::Severe);
    let over = still(Some(Duration::from_secs(60)));
    assert_eq!((over.kind, over.severity), (AlertKind::StoodStill, Severity::Note));
    assert!(over.what.contains("30.0 s"), "{over:?}");
}
