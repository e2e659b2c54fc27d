//! The timeline under the pointer: zoom about it, drag, hover, hold and follow.

use std::sync::Arc;

use egui::{Event, Modifiers, MouseWheelUnit, Pos2, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use microtome::ThemeName;
use microtome::panes::PaneKind;
use microtome::state::timeline::RangeNs;
use microtome::state::{Recording, State};
use microtome_core::telemetry::{Span, Timeline, Track};

use super::bench::{Bench, harness, running_state, timeline, timeline_rect};

const SIZE: [f32; 2] = [900.0, 260.0];

fn live() -> Harness<'static, Bench> {
    let mut harness = harness(running_state(), PaneKind::Timeline, ThemeName::Dark, SIZE);
    harness.run();
    harness
}

fn shown(harness: &Harness<'static, Bench>) -> RangeNs {
    harness.state().state.timeline.view().range
}

/// The instant at a point of the rows, ns.
fn instant(harness: &Harness<'static, Bench>, at: Pos2) -> f64 {
    let rect = timeline_rect(harness);
    let range = shown(harness);
    range.start as f64 + f64::from((at.x - rect.left()) / rect.width()) * range.length() as f64
}

#[test]
fn the_pane_says_how_much_it_shows() {
    let harness = live();
    harness.get_by_label("timeline: 4 threads, 440 spans");
    harness.get_by_label("2.0 s of 2.0 s · 440 spans");
    for thread in ["builder-0", "consumer", "worker-0", "worker-1"] {
        harness.get_by_label(thread);
    }
    for stage in ["plan", "augment", "fetch", "decode", "gather", "collate", "wait"] {
        harness.get_by_label(stage);
    }
}

#[test]
fn an_empty_timeline_says_why() {
    let mut harness = harness(State::default(), PaneKind::Timeline, ThemeName::Dark, SIZE);
    harness.run();
    harness.get_by_label_contains("Nothing is open");
}

#[test]
fn hold_keeps_the_picture_and_follow_lets_it_go_on() {
    let mut harness = live();
    harness.get_by_label("Hold").click();
    harness.run();
    assert!(harness.state().state.timeline.view().paused);
    let newer = Arc::new(Recording::new(Arc::new(timeline(7, 10))));
    harness.state_mut().state.take_timeline(Arc::clone(&newer));
    harness.run();
    harness.get_by_label("timeline: 4 threads, 440 spans");
    harness.get_by_label("Follow").click();
    harness.run();
    harness.state_mut().state.take_timeline(newer);
    harness.run();
    harness.get_by_label_contains("timeline: 9 threads");
}

#[test]
fn ctrl_wheel_and_pinch_zoom_about_the_pointer() {
    let wheel = |delta: f32| Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, delta),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::CTRL,
    };
    for (event, closer) in [(wheel(120.0), true), (wheel(-30.0), false), (Event::Zoom(2.0), true)] {
        let mut harness = live();
        harness.state_mut().state.timeline.show(RangeNs::new(600_000_000, 1_400_000_000));
        harness.run();
        let rect = timeline_rect(&harness);
        let pointer = pos2(rect.left() + rect.width() * 0.3, rect.top() + 20.0);
        let before = (shown(&harness), instant(&harness, pointer));
        harness.hover_at(pointer);
        harness.event_modifiers(
            event.clone(),
            if matches!(event, Event::Zoom(_)) { Modifiers::NONE } else { Modifiers::CTRL },
        );
        harness.run_steps(12);
        let after = shown(&harness);
        assert_eq!(after.length() < before.0.length(), closer, "{event:?}: {after:?}");
        assert_ne!(after.length(), before.0.length());
        let moved_px = (instant(&harness, pointer) - before.1).abs() / after.length() as f64 * f64::from(rect.width());
        assert!(moved_px < 1.5, "{event:?}: the instant under the pointer moved by {moved_px} points");
        assert!(harness.state().state.timeline.view().paused, "what is looked at does not run away");
    }
}

#[test]
fn dragging_moves_time_with_the_hand() {
    let mut harness = live();
    harness.state_mut().state.timeline.show(RangeNs::new(600_000_000, 1_400_000_000));
    harness.run();
    let rect = timeline_rect(&harness);
    let from = rect.center();
    let held = instant(&harness, from);
    harness.drag_at(from);
    harness.run_steps(2);
    let to = from + vec2(-90.0, 0.0);
    harness.hover_at(to);
    harness.run_steps(2);
    harness.drop_at(to);
    harness.run_steps(2);
    let error_px = (instant(&harness, to) - held).abs() / shown(&harness).length() as f64 * f64::from(rect.width());
    assert!(error_px < 8.0, "{error_px} points off");
    assert!(shown(&harness).start > 600_000_000, "dragging left shows later time");
}

#[test]
fn double_click_and_fit_show_everything() {
    let mut harness = live();
    harness.get_by_label("Zoom in the timeline").click();
    harness.run();
    assert!(shown(&harness).length() < 2_000_000_000);
    harness.get_by_label("Fit").click();
    harness.run();
    assert_eq!(shown(&harness), RangeNs::new(0, 2_000_000_000));
    harness.get_by_label("Zoom in the timeline").click();
    harness.run();
    let center = timeline_rect(&harness).center();
    for pressed in [true, false, true, false] {
        harness.hover_at(center);
        harness.event(Event::PointerButton {
            pos: center,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        harness.step();
    }
    harness.run();
    assert_eq!(shown(&harness), RangeNs::new(0, 2_000_000_000));
}

#[test]
fn a_span_under_the_pointer_says_what_it_is() {
    let mut harness = live();
    let rect = timeline_rect(&harness);
    // consumer: waits 60 % of every 50 ms. builder-0 above it has two rows.
    let x = |at_ns: f64| rect.left() + rect.width() * (at_ns / 2e9) as f32;
    let consumer = rect.top() + 2.5 + 2.0 * 16.0 + 5.0 + 8.0;
    harness.hover_at(pos2(x(1_015e6), consumer));
    harness.run();
    harness.get_by_label("30 ms");
    harness.get_by_label_contains("on consumer, began 1.0 s before now");
    harness.hover_at(pos2(x(1_040e6), consumer));
    harness.run();
    harness.get_by_label("consumer: idle for 20 ms");
    harness.hover_at(pos2(x(1_005e6), consumer + 16.0 + 5.0 + 16.0));
    harness.run();
    assert!(harness.query_by_label_contains("phantom s0 (20, 0, 2)").is_some(), "the detail of a nested span");
}

#[test]
fn a_stretch_is_summed_up_kept_and_compared() {
    let mut harness = harness(running_state(), PaneKind::Timeline, ThemeName::Light, [900.0, 420.0]);
    harness.run();
    harness.get_by_label("Sum up").click();
    harness.run();
    harness.get_by_label("Sum of 2.0 s");
    assert!(harness.state().state.timeline.view().paused, "what is summed up stands still");
    let summary = harness.state().state.timeline.selected().cloned().expect("selected");
    assert_eq!(summary.threads.len(), 4);
    let calls = |name: &str| summary.row(name).map(|row| row.calls).unwrap_or_default();
    assert!(calls("decode") > 0 && calls("gather") > 0, "{:?}", summary.spans);
    harness.get_by_label("Keep").click();
    harness.run();
    harness.get_by_label("Kept");
    let rect = timeline_rect(&harness);
    let (from, to) = (pos2(rect.left() + 40.0, rect.top() + 8.0), pos2(rect.left() + 240.0, rect.top() + 8.0));
    harness.event(Event::ModifiersChanged(Modifiers::SHIFT));
    harness.drag_at(from);
    harness.run();
    harness.hover_at(to);
    harness.run();
    harness.drop_at(to);
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
    harness.run();
    let part = harness.state().state.timeline.selected().map(|part| part.range.length()).expect("selected");
    assert!(part < summary.range.length(), "{part} ns");
    harness.get_by_label_contains("less what was kept, of 2.0 s");
    harness.get_by_label("Flame").click();
    harness.run();
    assert!(harness.query_all_by_label_contains("flame ").count() > 0);
    harness.get_by_label("Close the sums").click();
    harness.run();
    assert!(harness.state().state.timeline.selected().is_none());
}

#[test]
fn spans_are_found_and_gone_through() {
    let mut harness = live();
    harness.get_by_label("Find spans").focus();
    harness.run();
    harness.event(Event::Text("decode".to_owned()));
    harness.run();
    let count = harness.state().state.timeline.search().count();
    assert!(count > 1);
    harness.get_by_label_contains(&format!(" of {}", microtome::format::counted(count as u64, "span", "spans")));
    let (before, _) = harness.state().state.timeline.search().current().expect("one is shown");
    harness.get_by_label("Next span that was found").click();
    harness.run();
    let (after, found) = harness.state().state.timeline.search().current().expect("one is shown");
    assert_eq!(after, before % count + 1);
    let range = shown(&harness);
    assert!(range.start <= found.range.start && found.range.start <= range.end, "it is in sight");
    harness.get_by_label("Find spans").focus();
    harness.run();
    harness.event(Event::Text(" nonsense".to_owned()));
    harness.run();
    harness.get_by_label("no span has all of these words");
}

#[test]
fn two_million_spans_are_painted_as_what_can_be_seen() {
    const SPANS: i64 = 2_000_000;
    let span = |index: i64| Span {
        name: if index % 2 == 0 { "fetch".into() } else { "decode".into() },
        detail: "".into(),
        start_ns: index * 1_000,
        end_ns: index * 1_000 + 900,
        depth: 0,
    };
    let track = Track { thread: "worker-0".to_owned(), spans: (0..SPANS).map(span).collect() };
    let timeline = Timeline { start_ns: 0, end_ns: SPANS * 1_000, tracks: vec![track] };
    let recording = Recording::new(Arc::new(timeline));
    let (_, rows) = recording.threads().next().expect("a thread");
    for (length_ns, pixels) in [(SPANS * 1_000, 1_500), (SPANS * 10, 1_500), (2_000_000, 1_500), (20_000, 1_500)] {
        let range = RangeNs::new(77_000, 77_000 + length_ns);
        let pieces = rows[0].pieces(range, length_ns as f64 / f64::from(pixels));
        assert!(!pieces.is_empty() && pieces.len() <= 2 * pixels as usize, "{} pieces of {length_ns} ns", pieces.len());
    }
}
