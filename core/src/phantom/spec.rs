//! What to write: size, voxels, seed and format, and the pyramids and label crops that follow from them. Pure.

use serde::{Deserialize, Serialize};

use super::classes::{CLASSES, Class, class};
use crate::geometry::{GridTransform, VoxelBox, Zyx};
use crate::ome::NgffVersion;
use crate::{Error, Result};

/// A phantom dataset.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PhantomSpec {
    /// Voxels of the EM volume, z, y, x.
    pub shape: Zyx<u64>,
    /// Voxel size, nm.
    pub voxel_size_nm: Zyx<f64>,
    /// World position of the centre of voxel 0, nm.
    pub translation_nm: Zyx<f64>,
    /// Another seed is another cell.
    pub seed: u64,
    /// [`NgffVersion::V04`]: Zarr v2, blosc-zstd chunks of 64³. [`NgffVersion::V05`]: the same chunks in Zarr v3 shards.
    pub format: NgffVersion,
}

impl Default for PhantomSpec {
    fn default() -> Self {
        Self {
            shape: Zyx::splat(256),
            voxel_size_nm: Zyx::splat(8.0),
            translation_nm: Zyx::new(400.0, 800.0, 1200.0),
            seed: 1,
            format: NgffVersion::V04,
        }
    }
}

/// One level of a pyramid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LevelPlan {
    pub(super) shape: Zyx<u64>,
    pub(super) world_from_voxel: GridTransform,
    /// Finer voxels per voxel, 1 or 2 per axis; 1 for the finest level.
    pub(super) factor: Zyx<u64>,
}

/// One label crop.
#[derive(Debug, Clone)]
pub(super) struct CropPlan {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) classes: Vec<&'static Class>,
    pub(super) levels: Vec<LevelPlan>,
}

/// A crop by fractions of the volume.
struct CropDraft {
    name: &'static str,
    description: &'static str,
    lo: Zyx<f64>,
    size: Zyx<f64>,
    /// At most this many voxels a side.
    most: u64,
    /// Labelled on voxels of half the size.
    half_voxels: bool,
    /// `None`: all.
    classes: Option<&'static [&'static str]>,
}

const CROPS: [CropDraft; 4] = [
    CropDraft {
        name: "crop1",
        description: "every class, from nucleus to resin",
        lo: Zyx::new(0.18, 0.25, 0.28),
        size: Zyx::new(0.625, 0.625, 0.625),
        most: 512,
        half_voxels: false,
        classes: None,
    },
    CropDraft {
        name: "crop2",
        description: "only er, mito and ves were annotated here; what else there is, nobody said",
        lo: Zyx::new(0.55, 0.05, 0.55),
        size: Zyx::new(0.40, 0.45, 0.40),
        most: 256,
        half_voxels: false,
        classes: Some(&["er", "mito", "ves"]),
    },
    CropDraft {
        name: "crop3",
        description: "every class, but smaller than a usual patch, and at the edge of the EM",
        lo: Zyx::new(0.09, 0.72, 0.0),
        size: Zyx::new(0.11, 0.11, 0.11),
        most: 28,
        half_voxels: false,
        classes: None,
    },
    CropDraft {
        name: "crop4",
        description: "labelled on voxels of half the size of the EM's",
        lo: Zyx::new(0.54, 0.72, 0.09),
        size: Zyx::new(0.25, 0.25, 0.25),
        most: 128,
        half_voxels: true,
        classes: None,
    },
];

impl PhantomSpec {
    /// The spec of thick sections: voxels of 24 × 8 × 8 nm, as deep as wide in nm.
    #[must_use]
    pub fn anisotropic(width: u64) -> Self {
        let shape = Zyx::new(width.div_ceil(3), width, width);
        Self { shape, voxel_size_nm: Zyx::new(24.0, 8.0, 8.0), ..Self::default() }
    }

    /// A folder name that says what is inside, such as `phantom_256x256x256_8x8x8nm_seed1_v2.zarr`.
    #[must_use]
    pub fn folder_name(&self) -> String {
        let [z, y, x] = self.shape.to_array();
        let [vz, vy, vx] = self.voxel_size_nm.to_array();
        let (seed, version) = (self.seed, self.format.zarr_format());
        format!("phantom_{z}x{y}x{x}_{vz}x{vy}x{vx}nm_seed{seed}_v{version}.zarr")
    }

    /// The EM's transform.
    #[must_use]
    pub const fn world_from_voxel(&self) -> GridTransform {
        GridTransform::new(self.voxel_size_nm, self.translation_nm)
    }

    /// World position of the corner that the tissue's own coordinates count from.
    pub(super) fn corner_nm(&self) -> Zyx<f64> {
        self.translation_nm - self.voxel_size_nm * 0.5
    }

    /// Extent of the volume, nm.
    #[must_use]
    pub fn extent_nm(&self) -> Zyx<f64> {
        self.shape.map(|n| n as f64) * self.voxel_size_nm
    }

    /// Checks what the types cannot.
    pub(super) fn validate(&self) -> Result<()> {
        let refuse = |key: &str, problem: String| {
            Err(Error::Config { file: None, line: None, key: format!("phantom.{key}"), problem })
        };
        // Beyond 2²⁰ voxels a side positions in f32 nm lose the noise's detail; it would also be an exabyte.
        if self.shape.any(|n| n == 0 || n > 1 << 20) {
            return refuse("shape", format!("each side must be 1 to 1048576 voxels, got {}", self.shape));
        }
        if !self.voxel_size_nm.all(|v| (0.1..=10_000.0).contains(&v)) {
            return refuse("voxel_size_nm", format!("each must be 0.1 to 10000 nm, got {}", self.voxel_size_nm));
        }
        if !self.translation_nm.all(f64::is_finite) {
            return refuse("translation_nm", format!("must be finite, got {}", self.translation_nm));
        }
        Ok(())
    }

    pub(super) fn raw_levels(&self) -> Vec<LevelPlan> {
        pyramid(self.shape, self.world_from_voxel(), 32)
    }

    pub(super) fn crops(&self) -> Vec<CropPlan> {
        CROPS.iter().map(|draft| self.crop(draft)).collect()
    }

    fn crop(&self, draft: &CropDraft) -> CropPlan {
        let size = self.shape.zip_map(draft.size, |n, part| ((n as f64 * part) as u64).clamp(1, draft.most));
        let lo = self.shape.zip_map(draft.lo, |n, part| (n as f64 * part) as u64);
        // Small volumes: a side of one voxel at least, inside.
        let lo = lo.zip_map(self.shape.zip_map(size, |n, s| n - s), u64::min);
        let raw = self.world_from_voxel();
        let first = raw.world_from_voxel(lo.map(|i| i as f64));
        let (shape, transform) = if draft.half_voxels {
            let half = self.voxel_size_nm * 0.5;
            // The centre of the first half voxel lies a quarter of a voxel before the centre of the whole one.
            (size.map(|n| 2 * n), GridTransform::new(half, first - half * 0.5))
        } else {
            (size, GridTransform::new(self.voxel_size_nm, first))
        };
        let classes = match draft.classes {
            Some(names) => names.iter().filter_map(|name| class(name)).collect(),
            None => CLASSES.iter().collect(),
        };
        let levels = pyramid(shape, transform, 32);
        CropPlan { name: draft.name, description: draft.description, classes, levels }
    }
}

/// Levels from `shape` down until no side is longer than `smallest`.
///
/// Halves the axes whose voxels are not yet half as long again as the shortest; an odd last voxel is trimmed.
fn pyramid(shape: Zyx<u64>, world_from_voxel: GridTransform, smallest: u64) -> Vec<LevelPlan> {
    let mut levels = vec![LevelPlan { shape, world_from_voxel, factor: Zyx::splat(1) }];
    while let Some(last) = levels.last().copied().filter(|last| last.shape.any(|n| n > smallest)) {
        let size = last.world_from_voxel.voxel_size_nm;
        let finest = size.z.min(size.y).min(size.x);
        let factor = size.zip_map(last.shape, |v, n| if n > 1 && v <= 1.5 * finest { 2 } else { 1 });
        if factor == Zyx::splat(1) {
            // Only axes of one voxel are left to halve.
            break;
        }
        let scale = factor.map(|f| f as f64);
        let translation = last.world_from_voxel.world_from_voxel(scale.map(|f| 0.5 * (f - 1.0)));
        levels.push(LevelPlan {
            shape: last.shape.zip_map(factor, |n, f| n / f),
            world_from_voxel: GridTransform::new(size * scale, translation),
            factor,
        });
    }
    levels
}

/// The box of a whole level.
pub(super) fn whole(level: &LevelPlan) -> VoxelBox {
    VoxelBox::of_shape(level.shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes(levels: &[LevelPlan]) -> Vec<[u64; 3]> {
        levels.iter().map(|level| level.shape.to_array()).collect()
    }

    #[test]
    fn pyramids_trim_odd_sides_and_shift_by_half_a_finer_voxel() {
        let spec = PhantomSpec { shape: Zyx::new(250, 125, 64), ..PhantomSpec::default() };
        let levels = spec.raw_levels();
        assert_eq!(shapes(&levels), [[250, 125, 64], [125, 62, 32], [62, 31, 16], [31, 15, 8]]);
        assert_eq!(levels[1].world_from_voxel.translation_nm, spec.translation_nm + Zyx::splat(4.0));
        assert_eq!(levels[3].world_from_voxel.translation_nm, spec.translation_nm + Zyx::splat(28.0));
        assert_eq!(levels[3].world_from_voxel.voxel_size_nm, Zyx::splat(64.0));
    }

    #[test]
    fn thick_sections_are_halved_later() {
        let levels = PhantomSpec::anisotropic(256).raw_levels();
        assert_eq!(shapes(&levels), [[86, 256, 256], [86, 128, 128], [43, 64, 64], [21, 32, 32]]);
        assert_eq!(levels[1].world_from_voxel.voxel_size_nm, Zyx::new(24.0, 16.0, 16.0));
        assert_eq!(levels[1].world_from_voxel.translation_nm, Zyx::new(400.0, 804.0, 1204.0));
    }

    #[test]
    fn crops_lie_inside_at_every_size() {
        for shape in [Zyx::splat(1), Zyx::splat(2), Zyx::new(17, 33, 9), Zyx::splat(256), Zyx::new(1, 4000, 3)] {
            let spec = PhantomSpec { shape, ..PhantomSpec::default() };
            let world = spec.world_from_voxel().world_box(&VoxelBox::of_shape(shape));
            for crop in spec.crops() {
                let s0 = &crop.levels[0];
                let inside = s0.world_from_voxel.world_box(&whole(s0));
                assert_eq!(inside.intersection(&world), inside, "{} of {shape}", crop.name);
                assert!(!inside.is_empty() && !crop.classes.is_empty());
            }
        }
    }

    #[test]
    fn impossible_specs_are_refused_by_key() {
        let message = |spec: PhantomSpec| spec.validate().unwrap_err().to_string();
        let default = PhantomSpec::default();
        assert!(message(PhantomSpec { shape: Zyx::new(0, 1, 1), ..default }).contains("phantom.shape"));
        let size = Zyx::new(8.0, f64::NAN, 8.0);
        assert!(message(PhantomSpec { voxel_size_nm: size, ..default }).contains("phantom.voxel_size_nm"));
        assert!(default.validate().is_ok());
    }
}
