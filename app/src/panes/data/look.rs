//! How the slices look: contrast over the histogram of what is on display, labels, boxes.

use egui::{ComboBox, Key, Painter, Pos2, Rect, Role, Sense, Shape, Slider, Stroke, Ui, WidgetInfo, pos2, vec2};

use microtome_render::ColorMap;

use crate::command::{Command, by_command};
use crate::context::PaneContext;
use crate::panes::focus;
use crate::state::{BINS, Contrast, Histogram};

/// Draws it.
pub fn look_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    if ctx.state.session.open().is_none() {
        return;
    }
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        ui.label("Contrast");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let auto = ui.small_button("Auto").on_hover_text(
                "Spread the grey values on display, between their 0.5th and 99.5th percentile, over black to white. (A)",
            );
            if auto.clicked() {
                ctx.send(Command::AutoContrast);
            }
        });
    });
    contrast_ui(ui, ctx);
    let display = &ctx.state.display;
    let mut opacity = display.label_opacity;
    ui.horizontal(|ui| {
        toggle_ui(ui, ctx, "Labels", display.show_labels, Command::ToggleLabels);
        // In a narrow pane without the number, which would push what is below over the edge.
        let number = if ui.available_width() > 96.0 { 50.0 } else { 0.0 };
        ui.spacing_mut().slider_width = (ui.available_width() - number).max(24.0);
        let slider = Slider::new(&mut opacity, 0.0..=1.0).show_value(number > 0.0).fixed_decimals(2);
        let slider = ui.add_enabled(display.show_labels, slider);
        slider.widget_info(|| WidgetInfo::slider(display.show_labels, f64::from(opacity), "Label opacity"));
        if slider.on_hover_text("Opacity of the labels.").changed() {
            ctx.send(Command::SetLabelOpacity(opacity));
        }
    });
    ui.horizontal_wrapped(|ui| {
        toggle_ui(ui, ctx, "Boxes", display.show_boxes, Command::ToggleBoxes);
        toggle_ui(ui, ctx, "By object", display.color_by_object, Command::ToggleColorByObject);
        toggle_ui(ui, ctx, "Smooth", display.smooth, Command::ToggleSmooth);
        toggle_ui(ui, ctx, "Chunks", display.show_chunks, Command::ToggleChunks);
        toggle_ui(ui, ctx, "Invert", display.invert, Command::ToggleInvert);
        color_map_ui(ui, ctx);
    });
}

fn color_map_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    let shown = ctx.state.display.color_map;
    let combo = ComboBox::from_id_salt("colour map").selected_text(shown.name()).width(84.0);
    let combo = combo.show_ui(ui, |ui| {
        for map in ColorMap::ALL {
            let choice = ui.selectable_label(map == shown, map.name());
            if choice.on_hover_text("Draw the EM in these colours, from low to high.").clicked() {
                ctx.send(Command::SetColorMap(map));
            }
        }
    });
    combo.response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, "Colour map of the EM");
        info.current_text_value = Some(shown.name().to_owned());
        info
    });
    combo.response.on_hover_text("The colours of the EM, from low to high.");
}

fn toggle_ui(ui: &mut Ui, ctx: &PaneContext<'_>, label: &str, on: bool, command: Command) {
    let mut value = on;
    let check = ui.checkbox(&mut value, label);
    let check = match by_command(&command) {
        Some(spec) => check.on_hover_text(spec.tip(ctx.state)),
        None => check,
    };
    if check.changed() {
        ctx.send(command);
    }
}

/// Room for the numbers below the histogram, points.
const WORDS: f32 = 18.0;

/// The histogram with a handle at either end of the contrast window.
fn contrast_ui(ui: &mut Ui, ctx: &PaneContext<'_>) {
    const HEIGHT: f32 = 72.0;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click_and_drag());
    let contrast = ctx.state.display.contrast;
    response.widget_info(|| {
        let label = format!("Contrast window {} to {}", number(contrast.lo), number(contrast.hi));
        WidgetInfo::labeled(Role::Slider, true, label)
    });
    let range = shown_range(ctx.state.histogram.as_ref(), contrast);
    let plot = rect.shrink2(vec2(6.0, 0.0));
    let x_of = |value: f64| {
        let share = (value - range.0) / (range.1 - range.0);
        egui::lerp(plot.x_range(), share.clamp(0.0, 1.0) as f32)
    };
    drag(ui, ctx, &response, plot, range, x_of);
    keys(ui, ctx, &response, range);
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 4.0, ctx.theme.deep);
    if let Some(histogram) = &ctx.state.histogram {
        bars_ui(&painter, ctx, plot, histogram, x_of);
    }
    handles_ui(&painter, ctx, rect, contrast, x_of);
    response.on_hover_text(
        "Grey values of the chunks on display. Left of the first line is drawn black, right of the second white. Drag a \
         line, or drag between them to move both. With the keyboard: Left and Right move both, Up and Down bring them \
         nearer or apart.",
    );
}

/// A little room on both sides of what occurs and of the window.
fn shown_range(histogram: Option<&Histogram>, contrast: Contrast) -> (f64, f64) {
    let (lo, hi) = histogram.map_or((contrast.lo, contrast.hi), |histogram| (histogram.lo, histogram.hi));
    let (lo, hi) = (lo.min(contrast.lo), hi.max(contrast.hi));
    if hi > lo { (lo, hi) } else { (lo, lo + 1.0) }
}

#[derive(Clone, Copy, PartialEq)]
enum Grip {
    Lo,
    Hi,
    Both,
}

fn drag(
    ui: &Ui,
    ctx: &PaneContext<'_>,
    response: &egui::Response,
    plot: Rect,
    range: (f64, f64),
    x_of: impl Fn(f64) -> f32,
) {
    let id = response.id.with("grip");
    let contrast = ctx.state.display.contrast;
    let Some(at) = response.interact_pointer_pos() else { return };
    if response.drag_started() || response.clicked() {
        let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(at);
        ui.data_mut(|data| data.insert_temp(id, grip_at(origin, x_of(contrast.lo), x_of(contrast.hi))));
    }
    if !response.dragged() && !response.clicked() {
        return;
    }
    let Some(grip) = ui.data(|data| data.get_temp::<Grip>(id)) else { return };
    let per_point = (range.1 - range.0) / f64::from(plot.width().max(1.0));
    let value = range.0 + f64::from(at.x - plot.left()) * per_point;
    let by = f64::from(response.drag_delta().x) * per_point;
    let moved = moved(grip, contrast, range, value, by);
    if moved != contrast {
        ctx.send(Command::SetContrast(moved));
    }
}

/// Arrow keys, while the histogram has the keyboard.
fn keys(ui: &Ui, ctx: &PaneContext<'_>, response: &egui::Response, range: (f64, f64)) {
    if !focus::keep_arrows(response) {
        return;
    }
    let presses = |key| ui.input(|input| input.num_presses(key)) as f64;
    let step = (range.1 - range.0) / 64.0;
    let by = (presses(Key::ArrowRight) - presses(Key::ArrowLeft)) * step;
    let wider = (presses(Key::ArrowDown) - presses(Key::ArrowUp)) * step;
    let contrast = ctx.state.display.contrast;
    let shifted = moved(Grip::Both, contrast, range, 0.0, by);
    let lower = moved(Grip::Lo, shifted, range, shifted.lo - wider, 0.0);
    let wanted = moved(Grip::Hi, lower, range, shifted.hi + wider, 0.0);
    if (by != 0.0 || wider != 0.0) && wanted != contrast {
        ctx.send(Command::SetContrast(wanted));
    }
}

/// The window after a drag: of one end to `value`, or of both `by` as much, inside `range` as far as that goes.
fn moved(grip: Grip, contrast: Contrast, range: (f64, f64), value: f64, by: f64) -> Contrast {
    let least = (range.1 - range.0) / BINS as f64;
    match grip {
        Grip::Lo => Contrast { lo: within(value, range.0, contrast.hi - least), ..contrast },
        Grip::Hi => Contrast { hi: within(value, contrast.lo + least, range.1), ..contrast },
        Grip::Both => {
            let by = within(by, range.0 - contrast.lo, range.1 - contrast.hi);
            Contrast { lo: contrast.lo + by, hi: contrast.hi + by }
        }
    }
}

/// As `clamp`, but `lo` wins where the bounds cross: a window may be narrower than a bin of what is on display, and
/// words wider than the pane.
fn within(value: f64, lo: f64, hi: f64) -> f64 {
    value.min(hi).max(lo)
}

fn grip_at(at: Pos2, lo_x: f32, hi_x: f32) -> Grip {
    const REACH: f32 = 10.0;
    let (to_lo, to_hi) = ((at.x - lo_x).abs(), (at.x - hi_x).abs());
    if to_lo.min(to_hi) > REACH && at.x > lo_x && at.x < hi_x {
        Grip::Both
    } else if to_lo < to_hi {
        Grip::Lo
    } else {
        Grip::Hi
    }
}

fn bars_ui(painter: &Painter, ctx: &PaneContext<'_>, plot: Rect, histogram: &Histogram, x_of: impl Fn(f64) -> f32) {
    // One crowded bin (padding, as a rule) must not flatten all others: the scale ends at the second highest, and
    // grows with the square root.
    let mut sorted = histogram.counts.clone();
    sorted.sort_unstable();
    let top = (sorted[BINS - 2].max(sorted[BINS - 1] / 8).max(1) as f64).sqrt();
    let bin_width = (x_of(histogram.value_of(1)) - x_of(histogram.value_of(0))).max(1.0);
    let floor = plot.bottom() - WORDS;
    let room = floor - plot.top() - 4.0;
    for (bin, count) in histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (((*count as f64).sqrt() / top).min(1.0) as f32 * room).max(1.0);
        let x = x_of(histogram.value_of(bin));
        let bar = Rect::from_min_max(pos2(x - bin_width * 0.5, floor - height), pos2(x + bin_width * 0.5, floor));
        painter.rect_filled(bar, 0.0, ctx.theme.weak);
    }
}

fn handles_ui(painter: &Painter, ctx: &PaneContext<'_>, rect: Rect, contrast: Contrast, x_of: impl Fn(f64) -> f32) {
    let (lo, hi) = (x_of(contrast.lo), x_of(contrast.hi));
    let floor = rect.bottom() - WORDS;
    let stroke = Stroke::new(1.5, ctx.theme.accent);
    // The curve from black to white.
    painter.add(Shape::line(
        vec![
            pos2(rect.left(), floor),
            pos2(lo, floor),
            pos2(hi, rect.top() + 4.0),
            pos2(rect.right(), rect.top() + 4.0),
        ],
        Stroke::new(1.0, crate::theme::Theme::faded(ctx.theme.accent, 0.6)),
    ));
    let font = egui::FontId::proportional(10.5);
    for x in [lo, hi] {
        painter.line_segment([pos2(x, rect.top()), pos2(x, floor)], stroke);
        painter.circle_filled(pos2(x, floor), 3.5, ctx.theme.accent);
    }
    let lo_text = painter.layout_no_wrap(number(contrast.lo), font.clone(), ctx.theme.text);
    let hi_text = painter.layout_no_wrap(number(contrast.hi), font, ctx.theme.text);
    // Side by side even when the window is narrow.
    let gap = 6.0;
    let [lo_width, hi_width] = [lo_text.size().x, hi_text.size().x];
    let lo_x = (lo - lo_width * 0.5).min(rect.right() - lo_width - hi_width - gap).max(rect.left() + 2.0);
    let hi_x = (hi - hi_width * 0.5).min(rect.right() - hi_width - 2.0).max(lo_x + lo_width + gap);
    painter.galley(pos2(lo_x, rect.bottom() - WORDS + 4.0), lo_text, ctx.theme.text);
    painter.galley(pos2(hi_x, rect.bottom() - WORDS + 4.0), hi_text, ctx.theme.text);
}

/// As short as a handle's label has to be.
fn number(value: f64) -> String {
    if value.abs() >= 1e6 {
        return format!("{value:.2e}");
    }
    if value.abs() >= 100.0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_a_line_it_is_gripped_and_between_them_both() {
        let grip = |x: f32| grip_at(pos2(x, 0.0), 50.0, 150.0);
        assert!(grip(45.0) == Grip::Lo && grip(145.0) == Grip::Hi && grip(100.0) == Grip::Both);
        assert!(grip(0.0) == Grip::Lo && grip(500.0) == Grip::Hi);
    }

    #[test]
    fn a_window_narrower_than_a_bin_can_be_dragged() {
        let contrast = Contrast { lo: 0.0, hi: 1.0 };
        for grip in [Grip::Lo, Grip::Hi, Grip::Both] {
            for value in [-1e9, 0.5, 1e9] {
                let moved = moved(grip, contrast, (0.0, 60_000.0), value, value);
                assert!(moved.lo.is_finite() && moved.hi > moved.lo, "{moved:?}");
            }
        }
    }

    #[test]
    fn long_values_are_written_short() {
        let texts = [1e36, 1.8e19, 4_294_967_295.0, 60_000.0, 0.25].map(number);
        assert_eq!(texts, ["1.00e36", "1.80e19", "4.29e9", "60000", "0.250"]);
    }

    #[test]
    fn the_range_is_never_empty() {
        let (lo, hi) = shown_range(None, Contrast { lo: 5.0, hi: 5.0 });
        assert!(hi > lo);
    }
}
