//! What becomes of each source: drawn from, how often, or left out and why.

use serde::{Deserialize, Serialize};

/// Why nothing is drawn from a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// None of the wanted classes is annotated in it.
    NoWantedClass,
    /// `sampling.subset` does not name it.
    NotNamed,
    /// It does not overlap its raw volume.
    OutsideRaw,
    /// It is smaller than a patch, and `small_crops = "drop"`.
    TooSmall,
    /// Samples are drawn around foreground, and there is none of the wanted classes in it.
    NoForeground,
    /// Its weight is 0.
    NoWeight,
}

impl LeftOut {
    /// Every reason, in the order in which a source is judged.
    pub const ALL: [Self; 6] =
        [Self::NoWantedClass, Self::NotNamed, Self::OutsideRaw, Self::TooSmall, Self::NoForeground, Self::NoWeight];

    /// What it means and what changes it, in a sentence.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::NoWantedClass => {
                "None of the wanted classes is annotated here: add one of its classes to data.classes."
            }
            Self::NotNamed => "sampling.subset does not name it: add it there.",
            Self::OutsideRaw => "It does not overlap its raw volume: check offsets and units of both.",
            Self::TooSmall => "It is smaller than a patch: make patches smaller, or set small_crops to pad or jitter.",
            Self::NoForeground => {
                "It holds none of the classes that samples are drawn around: draw uniformly to see it."
            }
            Self::NoWeight => "Its weight is 0: give it one in sampling.weights.",
        }
    }

    /// In words, as in tables.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoWantedClass => "no wanted class",
            Self::NotNamed => "not named in the subset",
            Self::OutsideRaw => "outside its raw volume",
            Self::TooSmall => "smaller than a patch",
            Self::NoForeground => "no foreground",
            Self::NoWeight => "weight 0",
        }
    }
}

/// What the sampler makes of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is drawn from.
    Drawn {
        /// Positions of patches that are not transposed; of a grid, its tiles.
        positions: u128,
        /// It is smaller than a patch on some axis: samples of it hold voxels that nobody annotated.
        is_small: bool,
    },
    /// It is not.
    LeftOut(LeftOut),
}
