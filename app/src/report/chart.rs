//! Curves over time as SVG: a grid with units, lines or stacked areas, a legend.

use std::fmt::Write as _;

use super::{escaped, put, style};
use crate::format;
use crate::state::history::Curve;

const WIDTH: f64 = 1100.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 24.0;

/// A picture of one or more curves.
pub(super) struct Chart<'a> {
    /// Above it.
    pub title: &'a str,
    /// How its values are measured.
    pub note: &'a str,
    /// Writes a value with its unit.
    pub unit: fn(f64) -> String,
    /// The axis steps in powers of two, as bytes do.
    pub binary: bool,
    /// The axis reaches at least here.
    pub at_least: f64,
    /// Each on those before it.
    pub stacked: bool,
    /// Names and values.
    pub curves: Vec<(&'a str, Curve)>,
}

/// Where values and times lie in the picture.
struct Frame {
    from_s: f64,
    to_s: f64,
    top: f64,
}

impl Frame {
    fn x(&self, at_s: f64) -> f64 {
        LEFT + (at_s - self.from_s) / (self.to_s - self.from_s) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - (value / self.top).clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
    }
}

impl Chart<'_> {
    /// The section with heading, picture and legend.
    pub(super) fn section(&self) -> String {
        let mut text = String::from("<section>\n");
        put(
            &mut text,
            format_args!("<h2>{}</h2>\n<p class=\"note\">{}</p>\n", escaped(self.title), escaped(self.note)),
        );
        match self.frame() {
            Some(frame) => text += &self.picture(&frame),
            None => text += "<p class=\"note\">Nothing was measured.</p>\n",
        }
        if self.curves.len() > 1 {
            text += "<p class=\"legend\">";
            for (index, (name, _)) in self.curves.iter().enumerate() {
                let color = style::series(index);
                let key = format!("<span class=\"key\" style=\"background: {color}\"></span>");
                put(&mut text, format_args!("<span>{key}{}</span>", escaped(name)));
            }
            text += "</p>\n";
        }
        text + "</section>\n"
    }

    fn frame(&self) -> Option<Frame> {
        let points = || self.curves.iter().flat_map(|(_, curve)| curve.iter().flatten());
        let from_s = points().map(|point| point[0]).reduce(f64::min)?;
        let to_s = points().map(|point| point[0]).reduce(f64::max)?;
        let largest = |curve: &Curve| curve.iter().flatten().map(|point| point[1]).fold(0.0, f64::max);
        let largest: f64 = match self.stacked {
            true => self.stacks().last().map_or(0.0, largest),
            false => self.curves.iter().map(|(_, curve)| largest(curve)).fold(0.0, f64::max),
        };
        let step = step(largest.max(self.at_least) / 4.0, self.binary);
        // A hair above a line of the grid is on it.
        let top = (largest.max(self.at_least) / step - 0.02).ceil().max(1.0) * step;
        Some(Frame { from_s, to_s: to_s.max(from_s + 1e-3), top })
    }

    fn picture(&self, frame: &Frame) -> String {
        let label = escaped(&format!("{} over time", self.title));
        let mut text = format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{label}\">\n");
        self.grid(frame, &mut text);
        if self.stacked {
            let stacks = self.stacks();
            for index in (0..stacks.len()).rev() {
                let color = style::series(index);
                put(&mut text, format_args!("<path d=\"{}\" fill=\"{color}\"/>\n", area(frame, &stacks[index])));
            }
        } else {
            for (index, (_, curve)) in self.curves.iter().enumerate() {
                let (color, line) = (style::series(index), line(frame, curve));
                put(&mut text, format_args!("<path class=\"curve\" d=\"{line}\" stroke=\"{color}\"/>\n"));
            }
        }
        text + "</svg>\n"
    }

    fn grid(&self, frame: &Frame, text: &mut String) {
        let step_value = step(frame.top / 4.0, self.binary);
        let mut value = 0.0;
        while value <= frame.top * 1.001 {
            let (y, right) = (frame.y(value), WIDTH - RIGHT);
            put(text, format_args!("<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>"));
            let words = escaped(&(self.unit)(value));
            put(
                text,
                format_args!("<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{words}</text>\n", LEFT - 8.0, y + 4.0),
            );
            value += step_value;
        }
        let step_s = step((frame.to_s - frame.from_s) / 8.0, false);
        let mut at_s = (frame.from_s / step_s).ceil() * step_s;
        while at_s <= frame.to_s {
            let words = escaped(&format!("{} s", format::decimal(at_s)));
            let (x, y) = (frame.x(at_s), HEIGHT - 6.0);
            put(text, format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{words}</text>\n"));
            at_s += step_s;
        }
    }

    /// Each curve on those before it, point by point; all were read off at the same moments.
    fn stacks(&self) -> Vec<Curve> {
        let mut sum: Option<Curve> = None;
        let add = |(_, curve): &(&str, Curve)| {
            let mut next = curve.clone();
            if let Some(below) = &sum {
                for (point, below) in next.iter_mut().flatten().zip(below.iter().flatten()) {
                    point[1] += below[1];
                }
            }
            sum = Some(next.clone());
            next
        };
        self.curves.iter().map(add).collect()
    }
}

fn line(frame: &Frame, curve: &Curve) -> String {
    let mut path = String::new();
    for run in curve {
        for (index, point) in run.iter().enumerate() {
            let pen = if index == 0 { 'M' } else { 'L' };
            // Writing into a string cannot fail.
            let _written = write!(path, "{pen}{:.1} {:.1}", frame.x(point[0]), frame.y(point[1]));
        }
    }
    path
}

fn area(frame: &Frame, curve: &Curve) -> String {
    let mut path = String::new();
    for run in curve.iter().filter(|run| !run.is_empty()) {
        let one = vec![run.clone()];
        let (first, last) = (frame.x(run[0][0]), frame.x(run[run.len() - 1][0]));
        let ground = frame.y(0.0);
        let _written = write!(path, "{}L{last:.1} {ground:.1}L{first:.1} {ground:.1}Z", line(frame, &one));
    }
    path
}

/// The next round number above: 1, 2 or 5 times a power of ten, or a power of two.
fn step(at_least: f64, binary: bool) -> f64 {
    let at_least = at_least.max(1e-9);
    if binary {
        return at_least.log2().ceil().exp2();
    }
    let power = 10_f64.powf(at_least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|n| *n >= at_least * 0.999).unwrap_or(power * 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (value, binary, round) in
            [(0.3, false, 0.5), (1.0, false, 1.0), (23.0, false, 50.0), (70.0, false, 100.0), (700.0, true, 1024.0)]
        {
            assert!((step(value, binary) - round).abs() < 1e-9, "{value}: {}", step(value, binary));
        }
    }

    #[test]
    fn stacks_lie_on_each_other_and_curves_within_the_picture() {
        let curve = |values: [f64; 2]| vec![vec![[0.0, values[0]], [10.0, values[1]]]];
        let chart = Chart {
            title: "t",
            note: "",
            unit: |value| value.to_string(),
            binary: false,
            at_least: 1.0,
            stacked: true,
            curves: vec![("a", curve([1.0, 2.0])), ("b", curve([3.0, 1.0]))],
        };
        assert_eq!(chart.stacks()[1], curve([4.0, 3.0]));
        let frame = chart.frame().unwrap();
        assert_eq!((frame.top, frame.x(0.0), frame.x(10.0)), (4.0, LEFT, WIDTH - RIGHT));
        assert_eq!((frame.y(4.0), frame.y(0.0)), (TOP, HEIGHT - BOTTOM));
    }
}
