//! A small plot over time: curves that end now, seconds before now to the left, units on the axis and in the tooltip.

use egui::{Color32, RichText, Role, Ui, WidgetInfo};
use egui_plot::{
    Corner, FilledArea, GridInput, GridMark, HLine, HoverPosition, Legend, Line, LineStyle, Plot, PlotPoint,
    PlotPoints, VLine,
};

use super::figure::{event_words, swatch_ui};
use crate::context::PaneContext;
use crate::format;
use crate::state::history::Curve;
use crate::theme::Theme;

/// The least stretch of time on the axis, seconds.
const MIN_SPAN_S: f64 = 10.0;
/// Points from a mark within which the pointer is at it.
const MARK_REACH: f32 = 5.0;
/// Room to the right of now, for its label.
const RIGHT_SHARE: f64 = 0.03;

/// One curve and how it is drawn.
pub struct Trace {
    /// Its name, in legend and tooltip.
    pub name: &'static str,
    /// Its colour.
    pub color: Color32,
    /// Time and value; runs are not joined.
    pub curve: Curve,
    /// The lower edge of a filled band, point for point; `None` draws a line.
    pub base: Option<Curve>,
}

/// Something that happened, as a line across a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveMark {
    /// When, seconds on the curves' clock.
    pub at_s: f64,
    /// What, and its particulars.
    pub words: String,
}

/// What happened to the loader, for all plots of a pane.
#[must_use]
pub fn marks_of(ctx: &PaneContext<'_>) -> Vec<CurveMark> {
    let marks = ctx.state.history.marks();
    marks.map(|(at_s, mark)| CurveMark { at_s, words: event_words(&mark.event) }).collect()
}

/// A plot over time.
#[derive(Clone, Copy)]
pub struct TimePlot<'a> {
    /// Distinguishes it from the other plots of the pane.
    pub id: &'static str,
    /// Above it.
    pub title: &'a str,
    /// How its values are measured.
    pub tooltip: &'a str,
    /// Writes a value with its unit.
    pub unit: fn(f64) -> String,
    /// The axis steps in powers of two, as bytes do.
    pub binary: bool,
    /// The axis reaches at least here.
    pub at_least: f64,
    /// A limit to draw as a dashed line, and its name.
    pub limit: Option<(f64, &'static str)>,
    /// Where the legend goes; `None` where the pane itself names the colours.
    pub legend: Option<Corner>,
    /// What happened meanwhile, oldest first.
    pub marks: &'a [CurveMark],
    /// The right end of the axis, seconds on the curves' clock.
    pub now_s: f64,
    /// Points from top to bottom, title included.
    pub height: f32,
}

impl TimePlot<'_> {
    /// Draws the plot.
    pub fn show_ui(&self, ui: &mut Ui, theme: &Theme, traces: Vec<Trace>) {
        ui.vertical(|ui| {
            let top = ui.cursor().top();
            self.title_ui(ui, theme, &traces);
            let height = (self.height - (ui.cursor().top() - top)).max(48.0);
            self.plot_ui(ui, theme, traces, height);
        });
    }

    /// For those who do not see it.
    fn label(&self) -> String {
        match self.marks.last() {
            None => format!("curve: {}", self.title),
            Some(last) => {
                let count = format::counted(self.marks.len() as u64, "mark", "marks");
                format!("curve: {}; {count}, the last: {}", self.title, last.words)
            }
        }
    }

    fn title_ui(&self, ui: &mut Ui, theme: &Theme, traces: &[Trace]) {
        ui.horizontal(|ui| {
            if let [only] = traces {
                swatch_ui(ui, only.color);
            }
            ui.label(RichText::new(self.title).color(theme.text)).on_hover_text(self.tooltip);
        });
    }

    fn plot_ui(&self, ui: &mut Ui, theme: &Theme, traces: Vec<Trace>, height: f32) {
        let oldest = traces.iter().flat_map(|trace| trace.curve.first()?.first()).map(|point| point[0]);
        let span_s = oldest.fold(MIN_SPAN_S, |span, at| span.max(self.now_s - at));
        let unit = self.unit;
        let now_s = self.now_s;
        let mut plot = Plot::new(("time plot", self.id))
            .height(height)
            .allow_zoom(false)
            .allow_drag(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_double_click_reset(false)
            .allow_axis_zoom_drag(false)
            .include_x(-span_s)
            .include_x(span_s * RIGHT_SHARE)
            .x_grid_spacer(time_steps)
            .include_y(0.0)
            .include_y(self.at_least)
            .set_margin_fraction(egui::vec2(0.0, 0.08))
            .grid_color(theme.line)
            .cursor_color(theme.weak)
            .show_crosshair(false)
            .y_axis_min_width(58.0)
            .x_axis_formatter(|mark, _| seconds_label(mark))
            .y_axis_formatter(move |mark, _| if mark.value < 0.0 { String::new() } else { unit(mark.value) })
            .label_formatter(move |hover| hover_label(hover, unit));
        if let Some(corner) = self.legend {
            let legend = Legend::default()
                .position(corner)
                .follow_insertion_order(true)
                .background_alpha(0.6)
                .text_style(egui::TextStyle::Small);
            plot = plot.legend(legend);
        }
        if self.binary {
            plot = plot.y_grid_spacer(egui_plot::uniform_grid_spacer(|input| binary_steps(input.base_step_size)));
        }
        let limit = self.limit;
        let shown = plot.show(ui, |plot| {
            for mark in self.marks {
                let line = VLine::new("", mark.at_s - now_s).color(theme.weak).width(1.0).allow_hover(false);
                plot.vline(line.style(LineStyle::dashed_dense()));
            }
            for trace in traces {
                for (index, run) in trace.curve.iter().enumerate() {
                    match trace.base.as_ref().and_then(|base| base.get(index)) {
                        Some(base) => plot.add(band(&trace, run, base, now_s)),
                        None => plot.line(line(&trace, run, now_s)),
                    }
                }
            }
            if let Some((value, name)) = limit {
                plot.hline(HLine::new(name, value).color(theme.text).style(LineStyle::dashed_loose()).width(1.0));
            }
        });
        let label = self.label();
        shown.response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label.as_str()));
        let near = shown.response.hover_pos().and_then(|pointer| {
            let distance = |mark: &CurveMark| {
                let x = shown.transform.position_from_point(&PlotPoint::new(mark.at_s - now_s, 0.0)).x;
                (x - pointer.x).abs()
            };
            let nearest = self.marks.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
            nearest.filter(|mark| distance(mark) <= MARK_REACH)
        });
        if let Some(mark) = near {
            let ago = format::nanoseconds(((now_s - mark.at_s) * 1e9) as i64);
            shown.response.on_hover_text(format!("{}\n{ago} ago", mark.words));
        }
    }
}

fn line(trace: &Trace, run: &[[f64; 2]], now_s: f64) -> Line<'static> {
    let points: PlotPoints<'static> = run.iter().map(|[at, value]| [at - now_s, *value]).collect();
    Line::new(trace.name, points).color(trace.color).width(1.5)
}

fn band(trace: &Trace, run: &[[f64; 2]], base: &[[f64; 2]], now_s: f64) -> FilledArea {
    let xs: Vec<f64> = run.iter().map(|[at, _]| at - now_s).collect();
    let top: Vec<f64> = run.iter().map(|[_, value]| *value).collect();
    let bottom: Vec<f64> = base.iter().map(|[_, value]| *value).collect();
    FilledArea::new(trace.name, &xs, &bottom, &top).fill_color(Theme::faded(trace.color, 0.8)).allow_hover(false)
}

/// Powers of two, and four and sixteen times that, for axes of bytes.
fn binary_steps(smallest: f64) -> [f64; 3] {
    let step = smallest.max(1.0).log2().ceil().exp2();
    [step, step * 4.0, step * 16.0]
}

/// Steps of seconds that people count in: 5, 10, 30 and 60.
fn time_steps(input: GridInput) -> Vec<GridMark> {
    let (first, last) = input.bounds;
    let mark = |step: i32| {
        let value = -5.0 * f64::from(step);
        let step_size = [60.0, 30.0, 10.0].into_iter().find(|size| value % size == 0.0).unwrap_or(5.0);
        GridMark { value, step_size }
    };
    (0..1000).map(mark).take_while(|mark| mark.value >= first).filter(|mark| mark.value <= last).collect()
}

fn seconds_label(mark: GridMark) -> String {
    let at = mark.value;
    if at == 0.0 { "now".to_owned() } else { format!("−{:.0} s", -at) }
}

fn hover_label(hover: &HoverPosition<'_>, unit: fn(f64) -> String) -> Option<String> {
    match hover {
        HoverPosition::NearDataPoint { plot_name, position, .. } if !plot_name.is_empty() => {
            let ago = format::nanoseconds((-position.x * 1e9) as i64);
            Some(format!("{plot_name}: {}\n{ago} ago", unit(position.y)))
        }
        _ => None,
    }
}

/// A point-for-point sum of curves that were read off the same observations.
#[must_use]
pub fn sum(below: &Curve, above: &Curve) -> Curve {
    let add = |low: &Vec<[f64; 2]>, high: &Vec<[f64; 2]>| {
        low.iter().zip(high).map(|(low, high)| [high[0], low[1] + high[1]]).collect()
    };
    below.iter().zip(above).map(|(low, high)| add(low, high)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_axes_step_in_powers_of_two() {
        assert_eq!(binary_steps(1000.0), [1024.0, 4096.0, 16384.0]);
        assert_eq!(binary_steps(0.0), [1.0, 4.0, 16.0]);
    }

    #[test]
    fn bands_stack() {
        let low = vec![vec![[0.0, 1.0], [1.0, 2.0]]];
        let high = vec![vec![[0.0, 10.0], [1.0, 20.0]]];
        assert_eq!(sum(&low, &high), vec![vec![[0.0, 11.0], [1.0, 22.0]]]);
    }

    #[test]
    fn seconds_read_backwards_from_now() {
        let marks = time_steps(GridInput { bounds: (-61.0, 2.0), base_step_size: 1.0 });
        let labels: Vec<String> =
            marks.iter().filter(|mark| mark.step_size >= 30.0).map(|m| seconds_label(*m)).collect();
        assert_eq!(labels, ["now", "−30 s", "−60 s"]);
        assert_eq!(marks.len(), 13);
    }
}
