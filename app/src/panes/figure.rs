//! Small parts that the statistics panes share: figures in words, swatches, bars, and what to say when there is nothing.

use egui::{Align, Color32, CornerRadius, Layout, Rect, Response, RichText, Role, Sense, Ui, WidgetInfo, vec2};
use microtome_core::telemetry::{Event, KeyChange, Stage};

use crate::context::PaneContext;
use crate::format;
use crate::state::{LoaderPhase, Session};
use crate::theme::Theme;

/// A figure: what it is (small), and its value (large). The tooltip says how it is measured.
pub fn figure_ui(ui: &mut Ui, theme: &Theme, name: &str, value: &str, tooltip: &str) -> Response {
    colored_figure_ui(ui, theme, name, value, theme.strong, tooltip)
}

/// As [`figure_ui`], with a colour for a value that asks for attention.
pub fn colored_figure_ui(
    ui: &mut Ui,
    theme: &Theme,
    name: &str,
    value: &str,
    color: Color32,
    tooltip: &str,
) -> Response {
    let inner = ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        ui.label(RichText::new(name).small().color(theme.weak));
        ui.label(RichText::new(value).heading().color(color));
    });
    let response = ui.interact(inner.response.rect, inner.response.id.with("figure"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: {value}")));
    response.on_hover_text(tooltip)
}

/// Width of a swatch, points.
pub const SWATCH: f32 = 10.0;

/// A small square of a colour, as high as a line.
pub fn swatch_ui(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(SWATCH, ui.spacing().interact_size.y.min(16.0)), Sense::hover());
    let square = Rect::from_center_size(rect.center(), vec2(SWATCH, SWATCH));
    ui.painter().rect_filled(square, CornerRadius::same(2), color);
}

/// A bar of segments on a ground that stands for the whole (1.0). What exceeds it is cut at the end.
pub fn bar_ui(ui: &mut Ui, theme: &Theme, segments: &[(f64, Color32)], label: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 12.0), Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(3), theme.raised);
    let mut left = 0.0_f64;
    for (share, color) in segments {
        let right = (left + share.max(0.0)).min(1.0);
        let x = |at: f64| rect.left() + rect.width() * at as f32;
        let part = Rect::from_x_y_ranges(x(left)..=x(right), rect.y_range());
        ui.painter().rect_filled(part, CornerRadius::same(3), *color);
        left = right;
    }
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, label));
    response
}

/// A cell of a table: `width` points, text at the right edge where `right` says so.
pub fn cell_ui(ui: &mut Ui, width: f32, right: bool, text: impl Into<egui::WidgetText>) -> Response {
    let layout = if right { Layout::right_to_left(Align::Center) } else { Layout::left_to_right(Align::Center) };
    let size = vec2(width, ui.spacing().interact_size.y.min(18.0));
    let text = text.into();
    let cell = ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_size(size);
        ui.add(egui::Label::new(text).selectable(false).truncate())
    });
    cell.inner
}

/// Why there is nothing to show yet, and what to do. Returns whether it was said, that is, whether nothing is there.
pub fn nothing_yet_ui(ui: &mut Ui, ctx: &PaneContext<'_>) -> bool {
    if ctx.state.loader.stats.is_some() {
        return false;
    }
    message_ui(ui, ctx.theme, &why_nothing(ctx));
    true
}

/// A sentence in the middle of an empty pane.
pub fn message_ui(ui: &mut Ui, theme: &Theme, text: &str) {
    ui.with_layout(Layout::top_down(Align::Center), |ui| {
        ui.add_space((ui.available_height() * 0.4 - 10.0).max(4.0));
        ui.label(RichText::new(text).color(theme.weak));
    });
}

/// Why there are no data to show.
#[must_use]
pub fn no_data(ctx: &PaneContext<'_>) -> &'static str {
    match &ctx.state.session {
        Session::Remote(_) => "This loader is not in this process: its data are not open here.",
        _ => "Nothing is open.",
    }
}

/// Why the loader has measured nothing.
#[must_use]
pub fn why_nothing(ctx: &PaneContext<'_>) -> String {
    match (&ctx.state.session, &ctx.state.loader.phase) {
        (_, LoaderPhase::Failed(reason)) => format!("The loader stopped: {reason}"),
        (Session::Opening { path }, _) => format!("Opening {} …", path.display()),
        (Session::Empty | Session::Failed { .. }, _) => {
            "Nothing is open. Open a dataset, and the loader's figures appear here.".to_owned()
        }
        (Session::Remote(_), _) => "The loader answers; first figures in a moment.".to_owned(),
        (Session::Open(_), LoaderPhase::Off) => "The loader is not running. Press space to run it.".to_owned(),
        (Session::Open(_), LoaderPhase::Paused) => "The loader is paused. Press space to let it go on.".to_owned(),
        (Session::Open(_), LoaderPhase::Running) => "The loader has started; first figures in a moment.".to_owned(),
    }
}

/// What happened to the loader, in words.
#[must_use]
pub fn event_words(event: &Event) -> String {
    let bytes = |before: u64, after: u64| format!("{} → {}", format::bytes(before), format::bytes(after));
    let still = |still: &std::time::Duration| format::duration(*still);
    match event {
        Event::ConfigChanged { changes } => {
            let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "left out".to_owned());
            let change =
                |change: &KeyChange| format!("{}: {} → {}", change.key, value(&change.before), value(&change.after));
            format!("configuration changed\n{}", changes.iter().map(change).collect::<Vec<_>>().join("\n"))
        }
        Event::EpochBegun { epoch } => format!("epoch {epoch} begun"),
        Event::CacheResized { before_bytes, after_bytes } => {
            format!("cache resized: {}", bytes(*before_bytes, *after_bytes))
        }
        Event::Paused => "paused".to_owned(),
        Event::Resumed => "resumed".to_owned(),
        Event::Stalled { still: time, what } => format!("stalled, for {} so far: {what}", still(time)),
        Event::GotOn { still: time } => format!("got on, after {}", still(time)),
        Event::Trimmed { before_bytes, after_bytes, why } => {
            format!("cache trimmed: {}\n{why}", bytes(*before_bytes, *after_bytes))
        }
    }
}

/// What happens in a stage, in words.
#[must_use]
pub const fn stage_words(stage: Stage) -> &'static str {
    match stage {
        Stage::Plan => "draw the sample and work out which chunks it needs; touches no data",
        Stage::Augment => "prepare the lookup tables of the orientation and scale, or find them in the cache",
        Stage::Fetch => "read a chunk's bytes from the store",
        Stage::Decode => "turn a chunk's bytes into voxels",
        Stage::Gather => "copy, resample and orient voxels from cached chunks into the batch",
        Stage::Collate => "allocate, finish and hand over the batch",
        Stage::Wait => "wait: for a batch, for room in the queue, or for another thread's decode",
    }
}
