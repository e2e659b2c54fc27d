//! The scale bar: a length of 1, 2 or 5 times a power of ten, in the unit that a person would use.

use egui::{Align2, FontId, Painter, Rect, Stroke, vec2};

use crate::theme::Theme;

/// Height that it takes at the bottom of a view, points.
pub const SCALE_BAR: f32 = 40.0;

/// Draws a scale bar at the lower left of a view.
pub fn scale_bar_ui(painter: &Painter, theme: &Theme, view: Rect, nm_per_point: f64) {
    let longest = f64::from((view.width() * 0.3).min(160.0));
    let Some((points, text)) = scale_bar(nm_per_point, longest) else { return };
    let left = view.left_bottom() + vec2(14.0, -14.0);
    let right = left + vec2(points as f32, 0.0);
    let ground = Rect::from_min_max(left - vec2(6.0, 22.0), right + vec2(6.0, 7.0));
    painter.rect_filled(ground, 3.0, theme.over_image_ground);
    let stroke = Stroke::new(2.0, theme.over_image);
    painter.line_segment([left, right], stroke);
    for end in [left, right] {
        painter.line_segment([end - vec2(0.0, 4.0), end + vec2(0.0, 4.0)], stroke);
    }
    let middle = left + (right - left) * 0.5 - vec2(0.0, 5.0);
    painter.text(middle, Align2::CENTER_BOTTOM, text, FontId::proportional(12.0), theme.over_image);
}

/// Length and words of a scale bar of at most `longest_points` at a zoom.
fn scale_bar(nm_per_point: f64, longest_points: f64) -> Option<(f64, String)> {
    let longest_nm = nm_per_point * longest_points;
    if !longest_nm.is_finite() || longest_nm <= 0.0 {
        return None;
    }
    let power = 10_f64.powf(longest_nm.log10().floor());
    let step = [5.0, 2.0, 1.0].into_iter().find(|step| step * power <= longest_nm).unwrap_or(1.0);
    let length_nm = step * power;
    Some((length_nm / nm_per_point, length_text(length_nm)))
}

/// `500 nm`, `1.2 µm`, `3 mm`: as many digits as the length has.
#[must_use]
pub fn length_text(length_nm: f64) -> String {
    let (value, unit) = match length_nm.abs() {
        nm if nm >= 1e6 => (length_nm / 1e6, "mm"),
        nm if nm >= 1e3 => (length_nm / 1e3, "µm"),
        nm if nm >= 1.0 || nm == 0.0 => (length_nm, "nm"),
        _ => (length_nm * 1e3, "pm"),
    };
    let rounded = (value * 100.0).round() / 100.0;
    format!("{rounded} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_round_and_fit() {
        for exponent in -40..60 {
            let nm_per_point = 1.3_f64.powi(exponent);
            let (points, text) = scale_bar(nm_per_point, 140.0).unwrap();
            assert!((140.0 / 2.51..=140.0 + 1e-9).contains(&points), "{nm_per_point} {points}");
            let leading = text.chars().find(|c| ('1'..='9').contains(c)).unwrap();
            assert!(matches!(leading, '1' | '2' | '5'), "{text}");
        }
        assert_eq!(scale_bar(f64::NAN, 140.0), None);
    }

    #[test]
    fn lengths_have_the_unit_of_their_size() {
        let texts = [500.0, 1000.0, 1250.0, 2e6, 0.5, 0.0].map(length_text);
        assert_eq!(texts, ["500 nm", "1 µm", "1.25 µm", "2 mm", "500 pm", "0 nm"]);
    }
}
