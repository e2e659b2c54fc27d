//! Augmentations to start from: whole `[augment]` tables with a name.

use super::{Value, Values};

/// A way to augment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preset {
    /// What it is called.
    pub name: &'static str,
    /// The command that chooses it.
    pub command: &'static str,
    /// What it is for, in a sentence or two.
    pub meaning: &'static str,
    /// The keys of `[augment]`, as TOML.
    text: &'static str,
}

impl Preset {
    /// The `[augment]` table.
    #[must_use]
    pub fn value(&self) -> Value {
        Value::Table(self.text.parse().unwrap_or_else(|_| Values::new()))
    }
}

/// From none to much.
pub const PRESETS: [Preset; 5] = [
    Preset { name: "none", command: "Augmentation: none", meaning: "Patches as they are stored.", text: "" },
    Preset {
        name: "CellMap",
        command: "Augmentation: CellMap",
        meaning: "Mirror, transpose and turn about every axis, as the example of the CellMap segmentation challenge has it.",
        text: "mirror = { z = 0.1, y = 0.5, x = 0.5 }\n\
               transpose = { axes = [\"z\", \"y\", \"x\"], probability = 1.0 }\n\
               rotate = { z = [-180, 180], y = [-180, 180], x = [-180, 180], probability = 1.0 }\n",
    },
    Preset {
        name: "isotropic",
        command: "Augmentation: isotropic volume",
        meaning: "For FIB-SEM, alike along all axes: every orientation along the axes, contrast, brightness and some noise. \
                  Patches must be cubes.",
        text: "mirror = { z = 0.5, y = 0.5, x = 0.5 }\n\
               transpose = { axes = [\"z\", \"y\", \"x\"], probability = 1.0 }\n\
               contrast = { range = [0.8, 1.2], probability = 0.5 }\n\
               brightness = { range = [-0.1, 0.1], probability = 0.5 }\n\
               noise = { sigma = [0.0, 0.05], probability = 0.3 }\n",
    },
    Preset {
        name: "sections",
        command: "Augmentation: serial sections",
        meaning: "For volumes cut into sections along z: turned in the plane, sections that are misaligned, faint, missing or \
                  of another contrast, as CREMI's networks are trained with.",
        text: "mirror = { z = 0.5, y = 0.5, x = 0.5 }\n\
               transpose = { axes = [\"y\", \"x\"], probability = 1.0 }\n\
               rotate = { z = [-180, 180], probability = 0.5 }\n\
               misalign = { jitter_nm = [0, 8], slip = 0.05, shift = 0.05, largest_nm = 40, probability = 0.5 }\n\
               section_shift = { scale = [0.9, 1.1], shift = [-0.1, 0.1], probability = 0.5 }\n\
               low_contrast = { fraction = 0.05, range = [0.1, 0.5], probability = 0.3 }\n\
               missing_sections = { fraction = 0.03, fill = \"dark\", probability = 0.3 }\n",
    },
    Preset {
        name: "strong",
        command: "Augmentation: strong",
        meaning: "For few crops: every orientation, bent and scaled, with changed intensities, blur, noise and cut-out boxes. \
                  Look at the extremes in the preview before you train with it.",
        text: "mirror = { z = 0.5, y = 0.5, x = 0.5 }\n\
               rotate = { z = [-180, 180], y = [-180, 180], x = [-180, 180], probability = 0.7 }\n\
               scale = { range = [0.8, 1.25], probability = 0.5 }\n\
               elastic = { spacing_nm = [400, 400, 400], sigma_nm = [30, 30, 30], probability = 0.5 }\n\
               contrast = { range = [0.6, 1.4], probability = 0.7 }\n\
               gamma = { range = [0.7, 1.5], probability = 0.5 }\n\
               blur = { sigma_nm = [0, 12], probability = 0.3 }\n\
               noise = { sigma = [0.0, 0.1], probability = 0.5 }\n\
               cutout = { boxes = [1, 3], size_nm = [50, 200], fill = \"mean\", probability = 0.3 }\n",
    },
];
