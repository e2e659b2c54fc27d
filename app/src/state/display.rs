//! How the slices look: contrast, label overlay, boxes.

use std::collections::{BTreeMap, HashSet};
use std::time::Instant;

use microtome_core::geometry::{Axis, BoxNm, Zyx};
use microtome_render::ColorMap;
use serde::{Deserialize, Serialize};

use super::CropColor;

/// Grey values between `lo` and `hi` are spread over black to white. In units of the stored values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrast {
    /// Drawn black.
    pub lo: f64,
    /// Drawn white.
    pub hi: f64,
}

impl Default for Contrast {
    fn default() -> Self {
        Self { lo: 0.0, hi: 255.0 }
    }
}

/// How a class looks, where that is not as at first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassLook {
    /// Its colour, sRGB; `None` is that of the palette, which is safe for colour-blind readers.
    pub color: Option<[u8; 3]>,
    /// Its part of the labels' opacity, 0–1.
    pub opacity: f32,
}

impl Default for ClassLook {
    fn default() -> Self {
        Self { color: None, opacity: 1.0 }
    }
}

/// How the slices look.
#[derive(Debug, Clone, PartialEq)]
pub struct Display {
    /// The EM is drawn.
    pub show_raw: bool,
    /// The contrast window.
    pub contrast: Contrast,
    /// Slices that have a contrast of their own, by normal.
    pub own_contrast: Zyx<Option<Contrast>>,
    /// The slice whose contrast is being measured, and since when.
    pub gauging: Option<(Axis, Instant)>,
    /// That of the dataset in the right halves, from its own grey values; `None` until they are known.
    pub beside_contrast: Option<Contrast>,
    /// The contrast window is to be computed as soon as what is on display is known.
    pub auto_contrast_pending: bool,
    /// The colours of the EM, from low to high.
    pub color_map: ColorMap,
    /// Low values get the colours of high ones.
    pub invert: bool,
    /// The EM is interpolated between voxels.
    pub smooth: bool,
    /// Labels are drawn over the slices.
    pub show_labels: bool,
    /// Opacity of the labels, 0–1.
    pub label_opacity: f32,
    /// A colour for each object, not for each class.
    pub color_by_object: bool,
    /// Crop boxes are drawn over the slices.
    pub show_boxes: bool,
    /// What the colour of a crop says.
    pub crop_color: CropColor,
    /// How densely draws cover the data is drawn over the slices.
    pub show_density: bool,
    /// The chunk grid is drawn over the slices.
    pub show_chunks: bool,
    /// Label volumes that are not drawn: (crop, class) of the shown dataset.
    pub hidden_classes: HashSet<(usize, usize)>,
    /// The class that alone is drawn, whatever is hidden.
    pub isolated: Option<String>,
    /// How classes look, by name; those that are not here look as at first.
    pub looks: BTreeMap<String, ClassLook>,
    /// The sample of the last batch that the user picked.
    pub selected_crop: Option<usize>,
    /// The box that stays highlighted, nm.
    pub selected: Option<BoxNm>,
}

impl Default for Display {
    fn default() -> Self {
        Self {
            show_raw: true,
            contrast: Contrast::default(),
            own_contrast: Zyx::splat(None),
            gauging: None,
            beside_contrast: None,
            auto_contrast_pending: false,
            color_map: ColorMap::default(),
            invert: false,
            smooth: true,
            show_labels: true,
            label_opacity: 0.45,
            color_by_object: false,
            show_boxes: true,
            crop_color: CropColor::default(),
            show_density: false,
            show_chunks: false,
            hidden_classes: HashSet::new(),
            isolated: None,
            looks: BTreeMap::new(),
            selected_crop: None,
            selected: None,
        }
    }
}

impl Display {
    /// True if a class of a crop is drawn (when labels are drawn at all).
    #[must_use]
    pub fn is_class_visible(&self, crop: usize, class: usize) -> bool {
        !self.hidden_classes.contains(&(crop, class))
    }

    /// Shows or hides a class of a crop.
    pub fn set_class_visible(&mut self, crop: usize, class: usize, visible: bool) {
        if visible {
            self.hidden_classes.remove(&(crop, class));
        } else {
            self.hidden_classes.insert((crop, class));
        }
    }

    /// How a class looks.
    #[must_use]
    pub fn look(&self, class: &str) -> ClassLook {
        self.looks.get(class).copied().unwrap_or_default()
    }

    /// The contrast of the slice across `normal`.
    #[must_use]
    pub fn contrast_of(&self, normal: Axis) -> Contrast {
        self.own_contrast[normal].unwrap_or(self.contrast)
    }

    /// Forgets what belongs to one dataset; these classes of the next one are not drawn at first.
    pub fn forget_dataset(&mut self, hidden_classes: HashSet<(usize, usize)>) {
        self.hidden_classes = hidden_classes;
        self.isolated = None;
        self.own_contrast = Zyx::splat(None);
        self.selected_crop = None;
        self.selected = None;
    }
}
