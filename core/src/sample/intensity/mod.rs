//! Intensity augmentation: `[augment]` → a recipe of plain values, drawn purely → one channel of f32 in 0–1, changed.
//!
//! Operations come in the order in which the configuration lists them. Each takes intensities in 0–1 and gives 0–1
//! (what falls outside is clamped); only z-scores, which come last, are not clamped. Voxels outside the volume are 0
//! and take part. Nothing here depends on threads, and everything is made of IEEE operations, so that the same recipe
//! gives the same bytes on any machine.
//!
//! A *section* is a plane normal to the volume's z, as thick as a voxel of the configuration's first array; coarser and
//! finer inputs of a sample show the same sections.

mod blur;
mod brightness;
mod charging;
mod contrast;
mod cutout;
mod gamma;
mod low_contrast;
mod math;
mod missing_sections;
mod noise;
mod normalise;
mod patch;
mod points;
mod poisson;
mod recipe;
mod section_shift;
mod sharpen;
#[cfg(test)]
mod testing;

use serde::de::MapAccess;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};

pub use super::range::Range;
pub use blur::{Blur, BlurStep};
pub use brightness::{Brightness, BrightnessStep};
pub use charging::{Charging, ChargingStep};
pub use contrast::{Contrast, ContrastStep};
pub use cutout::{Cutout, CutoutStep};
pub use gamma::{Gamma, GammaStep};
pub use low_contrast::{LowContrast, LowContrastStep};
pub use missing_sections::{MissingSections, MissingSectionsStep};
pub use noise::{Noise, NoiseStep};
pub use normalise::{Normalise, NormaliseStep};
pub use points::PointStep;
pub use poisson::{Poisson, PoissonStep};
pub use recipe::IntensityRecipe;
pub(crate) use recipe::{check, ends_in_z_scores, needs_intensities, scratch_len};
pub use section_shift::{SectionShift, SectionShiftStep};
pub use sharpen::{Sharpen, SharpenStep};

use self::patch::Patch;
use super::draw::{Draw, Purpose};
use super::range::Check;
use crate::Result;
use crate::catalog::Intensities;
use crate::geometry::{PatchGrid, Sections, Zyx};

/// What stands in the place of voxels that are taken away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// 0.
    #[default]
    Dark,
    /// The mean of the patch.
    Mean,
}

impl Fill {
    fn value(self, patch: &Patch<'_>) -> f32 {
        match self {
            Self::Dark => 0.0,
            Self::Mean => patch.mean(),
        }
    }
}

/// What an operation may know of the sample it is drawn for.
#[derive(Debug, Clone, Copy)]
struct Scene {
    /// The grid of the first array.
    grid: PatchGrid,
    /// Of its dataset, where an operation needs them.
    intensities: Option<Intensities>,
}

impl Scene {
    /// The first array's planes normal to the volume's z.
    fn sections(&self) -> Sections {
        Sections::of(&self.grid)
    }

    /// Extent of the first array along the volume's axes, nm.
    fn extent_nm(&self) -> Zyx<f64> {
        let grid = &self.grid;
        grid.orientation.along_world(grid.shape.map(|n| n as f64) * grid.voxel_size_nm)
    }
}

/// The keys of one operation.
trait Operate {
    /// What is drawn for a sample.
    type Step;

    /// Of being applied to a sample.
    fn probability(&self) -> f64;

    /// Checks every value but the probability.
    fn check(&self, check: &Check) -> Result<()>;

    /// Draws its parameters.
    fn draw(&self, draw: &mut Draw, scene: &Scene) -> Self::Step;

    /// Most elements of working memory that applying it to a patch of `shape` takes.
    fn scratch_len(&self, shape: Zyx<usize>) -> usize {
        2 * shape.z.max(shape.y).max(shape.x)
    }
}

/// A drawn operation.
trait Apply {
    /// Changes the patch.
    fn apply(&self, patch: &mut Patch<'_>);
}

/// One line per operation: what it is, its keys, what is drawn of it, its key in `[augment]`, its stream of draws.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident($step:ident) $key:ident;)*) => {
        /// An operation of `[augment]` on intensities.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Operation {
            $($(#[$doc])* $name($name),)*
        }

        /// One operation with everything that was drawn for it.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Step {
            $($(#[$doc])* $name($step),)*
        }

        impl Operation {
            /// The key of every operation.
            pub(crate) const KEYS: &[&str] = &[$(stringify!($key)),*];

            /// Its key in `[augment]`.
            #[must_use]
            pub const fn key(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($key),)*
                }
            }

            /// Reads the value of `key`, which is one of [`Operation::KEYS`]; `None` for any other.
            pub(super) fn next<'de, M: MapAccess<'de>>(key: &str, map: &mut M) -> Result<Option<Self>, M::Error> {
                match key {
                    $(stringify!($key) => map.next_value().map(Self::$name).map(Some),)*
                    _ => Ok(None),
                }
            }

            /// Writes key and value.
            pub(super) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                match self {
                    $(Self::$name(keys) => map.serialize_entry(stringify!($key), keys),)*
                }
            }

            /// Checks every value.
            fn check(&self) -> Result<()> {
                let check = Check { operation: self.key() };
                match self {
                    $(Self::$name(keys) => {
                        check.probability("probability", keys.probability())?;
                        keys.check(&check)
                    })*
                }
            }

            /// Draws whether it is applied, and how.
            fn draw(&self, stream: &impl Fn(Purpose) -> Draw, scene: &Scene) -> Option<Step> {
                match self {
                    $(Self::$name(keys) => {
                        let mut draw = stream(Purpose::$name);
                        draw.chance(keys.probability()).then(|| Step::$name(keys.draw(&mut draw, scene)))
                    })*
                }
            }

            fn scratch_len(&self, shape: Zyx<usize>) -> usize {
                match self {
                    $(Self::$name(keys) => keys.scratch_len(shape),)*
                }
            }
        }

        impl Step {
            /// The key in `[augment]` of the operation that it was drawn from.
            #[must_use]
            pub const fn key(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($key),)*
                }
            }
        }

        impl Apply for Step {
            fn apply(&self, patch: &mut Patch<'_>) {
                match self {
                    $(Self::$name(step) => step.apply(patch),)*
                }
            }
        }
    };
}

operations! {
    /// Distances from the patch's mean are scaled.
    Contrast(ContrastStep) contrast;
    /// The same is added to every voxel.
    Brightness(BrightnessStep) brightness;
    /// Intensities are raised to a power.
    Gamma(GammaStep) gamma;
    /// A normal draw is added to every voxel.
    Noise(NoiseStep) noise;
    /// Every voxel is counted out.
    Poisson(PoissonStep) poisson;
    /// Gaussian blur.
    Blur(BlurStep) blur;
    /// Intensities are put onto a range, or become z-scores.
    Normalise(NormaliseStep) normalise;
    /// Each section has a contrast and a brightness of its own.
    SectionShift(SectionShiftStep) section_shift;
    /// Some sections hold nothing.
    MissingSections(MissingSectionsStep) missing_sections;
    /// Some sections are faint.
    LowContrast(LowContrastStep) low_contrast;
    /// What a blur would take away is added.
    Sharpen(SharpenStep) sharpen;
    /// Some sections show a spot that holds charge, and its tail.
    Charging(ChargingStep) charging;
    /// Boxes of the patch hold nothing.
    Cutout(CutoutStep) cutout;
}
