//! What the colour of a crop over the slices says.

use super::{Footprint, State};

/// What the colour of a crop says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum CropColor {
    /// The newer the brighter.
    #[default]
    Age,
    /// The class that it was drawn for.
    Class,
    /// The dataset that it was drawn from.
    Dataset,
    /// How much of its EM the store lacks.
    Missing,
}

/// What one crop's colour stands for; the theme knows the colour.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CropTone {
    /// Nothing in particular.
    Plain,
    /// A class, by its name.
    Class(String),
    /// A dataset, by its index in the catalog.
    Dataset(usize),
    /// Some of its EM is missing.
    SomeMissing,
    /// Half of its EM, or more, is missing.
    MuchMissing,
}

impl CropColor {
    /// All of them, in the order of the menu.
    pub const ALL: [Self; 4] = [Self::Age, Self::Class, Self::Dataset, Self::Missing];

    /// What it is called.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Age => "Crops by age",
            Self::Class => "Crops by class",
            Self::Dataset => "Crops by dataset",
            Self::Missing => "Crops by missing share",
        }
    }

    /// What it says, in a sentence.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Age => "Crops that were drawn last are the brightest.",
            Self::Class => "Crops in the colour of the class that they were drawn for; the newest brightest.",
            Self::Dataset => "Crops in a colour for each dataset; the newest brightest.",
            Self::Missing => "Crops by how much of their EM the store lacks; the newest brightest.",
        }
    }

    /// The tone of a crop.
    #[must_use]
    pub fn tone(self, crop: &Footprint) -> CropTone {
        match self {
            Self::Age => CropTone::Plain,
            Self::Class => crop.class.clone().map_or(CropTone::Plain, CropTone::Class),
            Self::Dataset => CropTone::Dataset(crop.dataset_index),
            Self::Missing if crop.missing >= 0.5 => CropTone::MuchMissing,
            Self::Missing if crop.missing > 0.0 => CropTone::SomeMissing,
            Self::Missing => CropTone::Plain,
        }
    }
}

impl State {
    /// What the colours of crops mean, in words, whether or not there is such a crop now; nothing where they mean only age.
    #[must_use]
    pub fn crop_legend(&self) -> Vec<(CropTone, String)> {
        let Some(data) = self.session.open() else { return Vec::new() };
        let plain = |words: &str| (CropTone::Plain, words.to_owned());
        match self.display.crop_color {
            CropColor::Age => Vec::new(),
            CropColor::Class => {
                let configured = &data.config.data.classes;
                let classes = if configured.is_empty() { &data.class_names } else { configured };
                let named = classes.iter().map(|name| (CropTone::Class(name.clone()), name.clone()));
                [plain("for no class")].into_iter().chain(named).collect()
            }
            CropColor::Dataset => {
                let datasets = data.catalog.datasets.iter().enumerate();
                datasets.map(|(index, dataset)| (CropTone::Dataset(index), dataset.name.clone())).collect()
            }
            CropColor::Missing => vec![
                plain("complete"),
                (CropTone::SomeMissing, "some EM missing".to_owned()),
                (CropTone::MuchMissing, "half or more missing".to_owned()),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CropTone::{MuchMissing, Plain, SomeMissing};
    use super::*;

    #[test]
    fn the_tone_of_a_crop_is_what_is_asked_for() {
        let crop = |class: Option<&str>, missing| Footprint {
            dataset_index: 3,
            corners_nm: [microtome_core::geometry::Zyx::splat(0.0); 8],
            class: class.map(str::to_owned),
            missing,
        };
        let plain = crop(None, 0.0);
        assert_eq!(CropColor::ALL.map(|by| by.tone(&plain))[..2], [Plain, Plain]);
        assert_eq!(CropColor::Dataset.tone(&plain), CropTone::Dataset(3));
        assert_eq!(CropColor::Class.tone(&crop(Some("er"), 0.0)), CropTone::Class("er".to_owned()));
        let missing = [0.0, 0.01, 0.49, 0.5, 1.0].map(|share| CropColor::Missing.tone(&crop(Some("er"), share)));
        assert_eq!(missing, [Plain, SomeMissing, SomeMissing, MuchMissing, MuchMissing]);
    }
}
