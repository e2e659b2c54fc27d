//! What a range means, drawn: how often which value is applied.

use egui::{Rect, Stroke, Ui};
use microtome_core::loader::params::Limits;

use crate::theme::Theme;

/// How often a value is drawn from a range, and how often nothing is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Distribution {
    /// Values that are drawn, each as often as any other.
    pub from: f64,
    pub to: f64,
    /// Of being drawn at all, 0–1.
    pub probability: f64,
    /// The value that does nothing, where there is one within the limits.
    pub neutral: Option<f64>,
}

/// Parts of the height that show a probability of 1, for a range as wide as the limits; narrower ones are higher, to 1.
const WIDEST: f64 = 0.6;

impl Distribution {
    /// How high the block of drawn values stands, 0–1 of the room: as high as `probability`, and the lower the wider the
    /// range is; what is never drawn is flat.
    pub(super) fn height(&self, limits: Limits) -> f64 {
        let share = ((self.to - self.from).abs() / (limits.to - limits.from)).clamp(0.0, 1.0);
        self.probability * (1.0 - share * (1.0 - WIDEST))
    }

    /// Where and how high the line stands for what is left as it is.
    pub(super) fn left_alone(&self) -> Option<(f64, f64)> {
        let neutral = self.neutral?;
        (self.probability < 1.0).then_some((neutral, 1.0 - self.probability))
    }

    /// In words.
    pub(super) fn in_words(&self) -> String {
        let (low, high) = (self.from.min(self.to), self.from.max(self.to));
        let left = if self.probability < 1.0 { "; the others are left as they are" } else { "" };
        format!(
            "{:.0} % of samples: a value between {low} and {high}, each as often as any other{left}.",
            100.0 * self.probability
        )
    }
}

/// Draws it about the middle of `rect`, as high up as down; `x_of`: where a value stands.
pub(super) fn distribution_ui(
    ui: &Ui,
    theme: &Theme,
    rect: Rect,
    drawn: Distribution,
    limits: Limits,
    x_of: impl Fn(f64) -> f32,
) {
    /// A range of one value can still be seen.
    const THINNEST: f32 = 2.0;
    let rows = |height: f64| {
        let half = rect.height() / 2.0 * height.clamp(0.0, 1.0) as f32;
        rect.center().y - half..=rect.center().y + half
    };
    let (left, right) = (x_of(drawn.from.min(drawn.to)), x_of(drawn.from.max(drawn.to)));
    let block = Rect::from_x_y_ranges(left..=right.max(left + THINNEST), rows(drawn.height(limits)));
    ui.painter().rect_filled(block, 1.0, Theme::faded(theme.accent, 0.45));
    if let Some((value, height)) = drawn.left_alone().filter(|(value, _)| (limits.from..=limits.to).contains(value)) {
        ui.painter().vline(x_of(value), rows(height), Stroke::new(2.0, theme.weak));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wider_and_rarer_ranges_are_lower() {
        let limits = Limits { unit: "", from: 0.0, to: 4.0, step: 0.01, neutral: Some(1.0) };
        let of = |from, to, probability| Distribution { from, to, probability, neutral: Some(1.0) }.height(limits);
        assert!(of(0.9, 1.1, 1.0) > of(0.5, 1.5, 1.0) && of(0.5, 1.5, 1.0) > of(0.0, 4.0, 1.0));
        assert!(of(0.9, 1.1, 0.5) < of(0.9, 1.1, 1.0) && of(0.9, 1.1, 0.0) == 0.0);
        assert_eq!(of(1.1, 0.9, 0.7), of(0.9, 1.1, 0.7));
    }

    #[test]
    fn what_is_left_alone_stands_at_the_value_that_does_nothing() {
        let drawn = Distribution { from: 0.8, to: 1.2, probability: 0.25, neutral: Some(1.0) };
        assert_eq!(drawn.left_alone(), Some((1.0, 0.75)));
        assert_eq!(Distribution { probability: 1.0, ..drawn }.left_alone(), None);
        assert_eq!(Distribution { neutral: None, ..drawn }.left_alone(), None);
        assert!(drawn.in_words().starts_with("25 % of samples: a value between 0.8 and 1.2"), "{}", drawn.in_words());
    }
}
