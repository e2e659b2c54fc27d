//! One pane on a state with fixed figures, driven through its accessibility tree.

use std::sync::Arc;
use std::time::Duration;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use microtome::ThemeName;
use microtome::command;
use microtome::context::{CommandSender, PaneContext};
use microtome::panes::{PaneKind, pane_ui};
use microtome::state::{GpuView, LogLevel, Recording, State};
use microtome::theme::Theme;
use microtome_core::telemetry::{CacheStats, MemoryStats, QueueStats, Span, Stage, StageStats, Stats, Timeline, Track};

pub const GIB: u64 = 1 << 30;
pub const MIB: u64 = 1 << 20;

/// A pane and what it draws from.
pub struct Bench {
    pub state: State,
    pub commands: CommandSender,
    pub theme: Theme,
    pub kind: PaneKind,
}

/// A harness that draws one pane and applies the commands that it sends, as the app does.
pub fn harness(state: State, kind: PaneKind, theme: ThemeName, size: [f32; 2]) -> Harness<'static, Bench> {
    let theme = Theme::new(theme);
    let bench = Bench { state, commands: CommandSender::default(), theme: theme.clone(), kind };
    Harness::builder()
        .with_size(size)
        .with_pixels_per_point(1.0)
        .with_theme(if theme.name == ThemeName::Dark { egui::Theme::Dark } else { egui::Theme::Light })
        .with_max_steps(64)
        .with_step_dt(1.0 / 60.0)
        .with_context_setup(move |ctx| theme.install(ctx))
        .build_ui_state(
            |ui, bench: &mut Bench| {
                let Bench { state, commands, theme, .. } = bench;
                let ctx = PaneContext { state, commands, theme, slices: None };
                egui::CentralPanel::default().show(ui, |ui| pane_ui(ui, bench.kind, &ctx));
                for command in bench.commands.take() {
                    command::apply(&mut bench.state, command);
                }
            },
            bench,
        )
}

/// The middle of the timeline's rows.
pub fn timeline_rect(harness: &Harness<'static, Bench>) -> egui::Rect {
    harness.get_by_label_contains("timeline: ").rect()
}

/// A minute of a loader that warms up, then is slowed by its store.
pub fn running_state() -> State {
    let mut state = State {
        gpu: GpuView { bytes: 310 * MIB, budget_bytes: 512 * MIB, textures: 184, absent: 0, evictions: 12 },
        ..State::default()
    };
    for tick in 0..600_u64 {
        state.now_s = 1.0 + tick as f64 * 0.1;
        state.take_stats(stats(tick));
    }
    state.take_timeline(Arc::new(Recording::new(Arc::new(timeline(2, 40)))));
    state.say(LogLevel::Info, "opened phantom: 1 dataset, 4 crops, 6 classes");
    state
        .say(LogLevel::Warning, "crop4 is smaller than a patch (64 × 64 × 64 of 128 × 128 × 128 voxels); it is padded");
    state.say(LogLevel::Error, "chunk [3, 1, 2] is damaged (checksum mismatch); fetch or write it again: phantom.zarr/recon-1/em/fibsem-uint8/s0");
    state
}

/// What a loader says after `tick` tenths of a second.
pub fn stats(tick: u64) -> Stats {
    let wave = |period: f64| (tick as f64 / period).sin() * 0.5 + 0.5;
    let samples = tick * 4 + (wave(40.0) * 60.0) as u64 * 4;
    let busy = |per_second: f64| Duration::from_secs_f64(tick as f64 * 0.1 * per_second);
    let stage = |stage, calls, busy, bytes| StageStats { stage, calls, busy, bytes };
    let cache_bytes = (tick * 12 * MIB).min(2800 * MIB);
    Stats {
        elapsed: Duration::from_millis(tick * 100),
        samples,
        batches: samples / 4,
        batch_bytes: samples * 10 * MIB,
        skipped_samples: 2,
        faults: Vec::new(),
        stages: vec![
            stage(Stage::Plan, samples, busy(0.01), 0),
            stage(Stage::Augment, samples, busy(0.004), 0),
            stage(Stage::Fetch, tick * 9, busy(0.55), tick * 3 * MIB),
            stage(Stage::Decode, tick * 9, busy(1.72), tick * 8 * MIB),
            stage(Stage::Gather, samples, busy(0.83), samples * 10 * MIB),
            stage(Stage::Collate, samples / 4, busy(0.12), samples * 10 * MIB),
            stage(Stage::Wait, tick, busy(0.5), 0),
        ],
        chunk_cache: CacheStats {
            hits: tick * 30 + (wave(55.0) * 2000.0) as u64,
            misses: tick * 12,
            evictions: tick.saturating_sub(240) * 3,
            entries: cache_bytes / (MIB / 4),
            resident_bytes: cache_bytes,
            capacity_bytes: 2800 * MIB,
            ..Default::default()
        },
        transform_cache: CacheStats {
            hits: samples,
            misses: 48,
            evictions: 0,
            entries: 48,
            resident_bytes: 3 * MIB,
            capacity_bytes: 64 * MIB,
            ..Default::default()
        },
        transform_saved: busy(0.02),
        memory: MemoryStats {
            budget_bytes: 4 * GIB,
            cache_bytes,
            queue_bytes: 160 * MIB + (wave(20.0) * 300.0) as u64 * MIB,
            in_flight_bytes: 320 * MIB,
            rss_bytes: 700 * MIB + cache_bytes + 500 * MIB,
            ..MemoryStats::default()
        },
        queue: QueueStats { batches: 4, bytes: 160 * MIB, capacity_bytes: GIB },
        consumer_wait: busy(0.3 + 0.1 * wave(90.0)),
        threads: 4,
        ..Stats::default()
    }
}

/// Workers that gather (fetching and decoding inside), a builder and a consumer; two seconds.
pub fn timeline(workers: usize, rounds: i64) -> Timeline {
    const END_NS: i64 = 2_000_000_000;
    let step = END_NS / rounds;
    let span = |stage: Stage, detail: String, start_ns, end_ns, depth| Span {
        name: stage.name().into(),
        detail: detail.into(),
        start_ns,
        end_ns,
        depth,
    };
    let mut tracks = vec![Track { thread: "builder-0".to_owned(), spans: Vec::new() }];
    tracks.push(Track { thread: "consumer".to_owned(), spans: Vec::new() });
    for round in 0..rounds {
        let start = round * step;
        tracks[0].spans.push(span(Stage::Collate, format!("batch {round}"), start, start + step * 9 / 10, 0));
        tracks[0].spans.push(span(Stage::Wait, String::new(), start + step / 5, start + step * 8 / 10, 1));
        tracks[1].spans.push(span(Stage::Wait, String::new(), start, start + step * 6 / 10, 0));
    }
    for worker in 0..workers {
        let mut track = Track { thread: format!("worker-{worker}"), spans: Vec::new() };
        for round in 0..rounds {
            let start = round * step + worker as i64 * step / 8;
            let (fetch, decode) = (start + step / 10, start + step / 3);
            let detail = |what: &str| format!("phantom s0 ({round}, {worker}, 2) {what}");
            track.spans.push(span(Stage::Plan, format!("sample {round}"), start, fetch, 0));
            track.spans.push(span(Stage::Gather, format!("sample {round} crop1"), fetch, start + step * 7 / 8, 0));
            track.spans.push(span(Stage::Fetch, detail("read"), fetch + step / 50, decode, 1));
            track.spans.push(span(Stage::Decode, detail("zstd"), decode, start + step * 2 / 3, 1));
        }
        tracks.push(track);
    }
    Timeline { start_ns: 0, end_ns: END_NS, tracks }
}
