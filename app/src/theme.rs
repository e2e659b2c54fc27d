//! Every colour of the window: dark, light, and of high contrast. Red means a loss, amber a risk, and nothing else uses them.

use std::collections::BTreeMap;

use egui::style::{Selection, WidgetVisuals, Widgets};
use egui::{Color32, CornerRadius, FontFamily, FontId, Stroke, TextStyle, Visuals};
use microtome_core::geometry::Axis;
use microtome_core::telemetry::Stage;

use crate::background::Palette;
use crate::options::ThemeName;
use crate::state::ClassLook;

/// Every colour of the window.
#[derive(Debug, Clone)]
pub struct Theme {
    /// Which look.
    pub name: ThemeName,
    /// Ground of panels.
    pub panel: Color32,
    /// Ground of plots, slices and text fields: deeper than panels.
    pub deep: Color32,
    /// Ground of cards and bars: lifted from panels.
    pub raised: Color32,
    /// Lines between things.
    pub line: Color32,
    /// Ordinary text.
    pub text: Color32,
    /// Secondary text; still at least 4.5 : 1 against panels.
    pub weak: Color32,
    /// Headings and figures.
    pub strong: Color32,
    /// What is active, selected, or a link.
    pub accent: Color32,
    /// A loss.
    pub loss: Color32,
    /// A risk.
    pub risk: Color32,
    /// It works.
    pub good: Color32,
    /// The crosshair over slices.
    pub crosshair: Color32,
    /// Boxes of samples over slices.
    pub sample: Color32,
    /// Outlines of label crops over slices.
    pub label_crop: Color32,
    /// Outlines of label crops in the overview.
    pub label_crop_box: Color32,
    /// Chunks that are there, over slices.
    pub chunk_cached: Color32,
    /// Chunks that the store does not have, over slices.
    pub chunk_absent: Color32,
    /// Text over slices, whatever the theme.
    pub over_image: Color32,
    /// Ground of text over slices.
    pub over_image_ground: Color32,
    /// Ground behind the volume in slices.
    pub image_ground: Color32,
    /// Spans in the timeline that are no stage of the loader.
    pub scope: Color32,
    /// Curves of plots, in order of use; safe for colour-blind readers.
    pub series: [Color32; 6],
}

/// Colours that classes have at first, before they repeat.
pub const CLASS_COLORS: usize = CLASSES.len();

/// Colours of classes, for swatches, overlays and pictures; they repeat after twelve.
const CLASSES: [[u8; 3]; 12] = [
    [86, 180, 233],
    [0, 200, 140],
    [204, 121, 200],
    [240, 228, 66],
    [120, 120, 255],
    [150, 220, 80],
    [255, 140, 190],
    [60, 210, 220],
    [200, 170, 120],
    [170, 110, 240],
    [120, 200, 180],
    [220, 220, 150],
];

/// The colours that pictures of batches need, as plain values; `class_names` in order of colours.
#[must_use]
pub fn palette(class_names: &[String], looks: &BTreeMap<String, ClassLook>) -> Palette {
    let named = class_names.iter().map(|name| (name.clone(), color_of_class(class_names, looks, name)));
    let (ground, lower, higher) = ([34, 37, 42], [86, 180, 233], [240, 228, 66]);
    Palette { classes: named.collect(), unknown: [128, 132, 140], ground, lower, higher }
}

/// The colour of a class, sRGB: the one that the user gave it, else that of its place among `class_names`.
#[must_use]
pub fn color_of_class(class_names: &[String], looks: &BTreeMap<String, ClassLook>, class: &str) -> [u8; 3] {
    let place = || class_rgb(class_names.iter().position(|name| name == class).unwrap_or(0));
    looks.get(class).and_then(|look| look.color).unwrap_or_else(place)
}

/// The colour of the n-th class, sRGB.
#[must_use]
pub const fn class_rgb(index: usize) -> [u8; 3] {
    CLASSES[index % CLASSES.len()]
}

impl Theme {
    /// Tint of a picture that keeps its own colours.
    pub const AS_IT_IS: Color32 = Color32::WHITE;

    /// The theme of that name.
    #[must_use]
    pub fn new(name: ThemeName) -> Self {
        match name {
            ThemeName::Dark => Self::dark(),
            ThemeName::Light => Self::light(),
            ThemeName::HighContrast => Self::high_contrast(),
        }
    }

    fn dark() -> Self {
        let rgb = Color32::from_rgb;
        Self {
            name: ThemeName::Dark,
            panel: rgb(27, 30, 34),
            deep: rgb(17, 19, 22),
            raised: rgb(38, 42, 48),
            line: rgb(56, 61, 69),
            text: rgb(204, 209, 216),
            weak: rgb(150, 158, 169),
            strong: rgb(240, 243, 247),
            accent: rgb(86, 180, 233),
            loss: rgb(240, 84, 84),
            risk: rgb(235, 170, 40),
            good: rgb(72, 190, 150),
            crosshair: Color32::from_rgba_unmultiplied(86, 180, 233, 150),
            sample: rgb(120, 220, 255),
            label_crop: rgb(190, 150, 240),
            label_crop_box: rgb(190, 150, 240),
            chunk_cached: rgb(72, 190, 150),
            chunk_absent: rgb(170, 176, 186),
            over_image: rgb(240, 243, 247),
            over_image_ground: Color32::from_black_alpha(150),
            image_ground: rgb(12, 13, 15),
            scope: rgb(112, 104, 136),
            series: [
                rgb(86, 180, 233),
                rgb(72, 190, 150),
                rgb(204, 121, 167),
                rgb(187, 187, 100),
                rgb(140, 130, 230),
                rgb(170, 178, 190),
            ],
        }
    }

    /// Text and lines at least 7 : 1 against their ground (WCAG 2.2, criterion 1.4.6).
    fn high_contrast() -> Self {
        let rgb = Color32::from_rgb;
        Self {
            name: ThemeName::HighContrast,
            panel: rgb(0, 0, 0),
            deep: rgb(0, 0, 0),
            raised: rgb(24, 24, 24),
            line: rgb(150, 150, 150),
            text: rgb(255, 255, 255),
            weak: rgb(220, 220, 220),
            strong: rgb(255, 255, 255),
            accent: rgb(255, 221, 0),
            loss: rgb(255, 130, 130),
            risk: rgb(255, 190, 70),
            good: rgb(90, 240, 190),
            crosshair: rgb(255, 221, 0),
            image_ground: rgb(0, 0, 0),
            over_image: rgb(255, 255, 255),
            over_image_ground: Color32::from_black_alpha(220),
            ..Self::dark()
        }
    }

    fn light() -> Self {
        let rgb = Color32::from_rgb;
        Self {
            name: ThemeName::Light,
            panel: rgb(246, 247, 249),
            deep: rgb(255, 255, 255),
            raised: rgb(233, 236, 240),
            line: rgb(205, 210, 217),
            text: rgb(44, 50, 58),
            weak: rgb(93, 101, 113),
            strong: rgb(16, 20, 26),
            accent: rgb(0, 105, 170),
            loss: rgb(192, 32, 40),
            risk: rgb(158, 100, 0),
            good: rgb(0, 125, 90),
            crosshair: Color32::from_rgba_unmultiplied(0, 114, 178, 170),
            sample: rgb(90, 200, 250),
            label_crop: rgb(190, 150, 240),
            label_crop_box: rgb(120, 70, 190),
            chunk_cached: rgb(72, 190, 150),
            chunk_absent: rgb(170, 176, 186),
            over_image: rgb(240, 243, 247),
            over_image_ground: Color32::from_black_alpha(150),
            image_ground: rgb(222, 226, 231),
            scope: rgb(168, 160, 196),
            series: [
                rgb(0, 105, 170),
                rgb(0, 125, 90),
                rgb(170, 60, 120),
                rgb(115, 115, 20),
                rgb(90, 75, 190),
                rgb(90, 98, 110),
            ],
        }
    }

    /// The colour of a stage, in timeline and tables; safe for colour-blind readers, and none is red or amber.
    #[must_use]
    pub fn stage(&self, stage: Stage) -> Color32 {
        let dark = self.name.is_dark();
        let pick = |on_dark: (u8, u8, u8), on_light: (u8, u8, u8)| {
            let (r, g, b) = if dark { on_dark } else { on_light };
            Color32::from_rgb(r, g, b)
        };
        match stage {
            Stage::Plan => pick((136, 204, 238), (74, 160, 205)),
            Stage::Augment => pick((190, 110, 190), (160, 70, 160)),
            Stage::Fetch => pick((80, 130, 220), (40, 90, 185)),
            Stage::Decode => pick((60, 175, 155), (25, 140, 120)),
            Stage::Gather => pick((120, 190, 90), (75, 145, 50)),
            Stage::Collate => pick((178, 172, 90), (135, 130, 45)),
            Stage::Wait => pick((78, 84, 94), (190, 196, 204)),
        }
    }

    /// The colour of an axis: of its arrow in the slices, and of the plane across it in the overview.
    #[must_use]
    pub const fn axis(&self, axis: Axis) -> Color32 {
        match axis {
            Axis::Z => self.class(2),
            Axis::Y => self.class(1),
            Axis::X => self.class(0),
        }
    }

    /// The colour of the n-th class.
    #[must_use]
    pub const fn class(&self, index: usize) -> Color32 {
        let [r, g, b] = class_rgb(index);
        Color32::from_rgb(r, g, b)
    }

    /// A colour given as plain sRGB, such as the one of an object.
    #[must_use]
    pub const fn rgb([r, g, b]: [u8; 3]) -> Color32 {
        Color32::from_rgb(r, g, b)
    }

    /// Black or white, whichever is easier to read on `fill`.
    #[must_use]
    pub fn ink_on(&self, fill: Color32) -> Color32 {
        // Perceived lightness of sRGB values, near enough to choose between two.
        let light = 0.30 * f32::from(fill.r()) + 0.59 * f32::from(fill.g()) + 0.11 * f32::from(fill.b());
        if light > 130.0 { Color32::BLACK } else { Color32::WHITE }
    }

    /// A colour with another opacity, 0–1.
    #[must_use]
    pub fn faded(color: Color32, opacity: f32) -> Color32 {
        color.gamma_multiply(opacity.clamp(0.0, 1.0))
    }

    /// Green below 80 % of a budget, amber from there, red above it.
    #[must_use]
    pub fn of_budget(&self, share: f64) -> Color32 {
        if share > 1.0 {
            self.loss
        } else if share >= 0.8 {
            self.risk
        } else {
            self.good
        }
    }

    /// Gives a context this look.
    pub fn install(&self, ctx: &egui::Context) {
        let theme = match self.name {
            ThemeName::Dark | ThemeName::HighContrast => egui::Theme::Dark,
            ThemeName::Light => egui::Theme::Light,
        };
        ctx.set_theme(theme);
        ctx.set_visuals_of(theme, self.visuals());
        ctx.all_styles_mut(|style| {
            style.spacing.item_spacing = egui::vec2(8.0, 5.0);
            style.spacing.button_padding = egui::vec2(8.0, 3.0);
            style.spacing.interact_size.y = 22.0;
            style.spacing.scroll = egui::style::ScrollStyle::thin();
            let sizes = [
                (TextStyle::Small, 11.0, FontFamily::Proportional),
                (TextStyle::Body, 13.0, FontFamily::Proportional),
                (TextStyle::Button, 13.0, FontFamily::Proportional),
                (TextStyle::Heading, 17.0, FontFamily::Proportional),
                (TextStyle::Monospace, 12.0, FontFamily::Monospace),
            ];
            style.text_styles =
                sizes.into_iter().map(|(name, size, family)| (name, FontId::new(size, family))).collect();
        });
    }

    fn visuals(&self) -> Visuals {
        let mut visuals = if self.name.is_dark() { Visuals::dark() } else { Visuals::light() };
        visuals.panel_fill = self.panel;
        visuals.window_fill = self.panel;
        visuals.window_stroke = Stroke::new(1.0, self.line);
        visuals.extreme_bg_color = self.deep;
        visuals.faint_bg_color = Self::faded(self.raised, 0.5);
        visuals.code_bg_color = self.raised;
        visuals.weak_text_color = Some(self.weak);
        visuals.hyperlink_color = self.accent;
        visuals.warn_fg_color = self.risk;
        visuals.error_fg_color = self.loss;
        visuals.selection =
            Selection { bg_fill: Self::faded(self.accent, 0.35), stroke: Stroke::new(1.0, self.strong) };
        visuals.slider_trailing_fill = true;
        visuals.widgets = self.widgets();
        visuals
    }

    fn widgets(&self) -> Widgets {
        let look = |fill: Color32, text: Color32, outline: Color32| WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(1.0, outline),
            fg_stroke: Stroke::new(1.0, text),
            corner_radius: CornerRadius::same(4),
            expansion: 0.0,
        };
        // What can be pressed is told from the ground by an outline, where the fill alone is too little.
        let edge = if self.name == ThemeName::HighContrast { self.line } else { Color32::TRANSPARENT };
        Widgets {
            noninteractive: look(self.panel, self.text, self.line),
            inactive: look(self.raised, self.text, edge),
            hovered: look(self.line, self.strong, self.weak),
            active: look(self.line, self.strong, self.accent),
            open: look(self.raised, self.strong, self.line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio of two colours (WCAG 2.2, "relative luminance" and "contrast ratio").
    fn contrast(a: Color32, b: Color32) -> f64 {
        let linear = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance = |c: Color32| 0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b());
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_in_every_look() {
        assert!((contrast(Color32::BLACK, Color32::WHITE) - 21.0).abs() < 1e-9);
        for (name, least) in [(ThemeName::Dark, 4.5), (ThemeName::Light, 4.5), (ThemeName::HighContrast, 7.0)] {
            let theme = Theme::new(name);
            for ground in [theme.panel, theme.deep, theme.raised] {
                for ink in [theme.text, theme.weak, theme.strong] {
                    assert!(contrast(ink, ground) >= least, "{name}: {ink:?} on {ground:?}: {}", contrast(ink, ground));
                }
                for ink in [theme.accent, theme.loss, theme.risk, theme.good] {
                    assert!(
                        contrast(ink, ground) >= least.min(4.0),
                        "{name}: {ink:?} on {ground:?}: {}",
                        contrast(ink, ground)
                    );
                }
            }
        }
    }
}
