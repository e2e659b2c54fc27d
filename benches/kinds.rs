//! The kinds of patches that a volume in memory is gathered by, for rates (`gather`) and for counts (`bench-instructions`).

use microtome_core::geometry::{Affine, Axis, Elastic, GridTransform, Orientation, PatchGrid, Warp, Zyx};
use microtome_core::store::open_memory;
use microtome_core::testing::{Fixture, FixtureLevel};
use microtome_core::volume::Volume;

/// Length of a stored voxel, nm.
pub const VOXEL_NM: f64 = 8.0;
/// Voxels of a chunk along each axis.
pub const CHUNK: u64 = 64;

/// A kind of grid: its name, and what is unlike the volume's own.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// As in the tables.
    pub name: &'static str,
    /// Of its axes along the volume's.
    pub orientation: Orientation,
    /// Of its voxels against the volume's, in voxels.
    pub shift: f64,
    /// Its voxels' length, in stored voxels.
    pub ratio: f64,
    /// What turns or bends it.
    pub warp: Warp,
}

impl Kind {
    /// All that are measured.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let plain = |name| Self { name, orientation: Orientation::IDENTITY, shift: 0.0, ratio: 1.0, warp: Warp::NONE };
        let turned = |name, source, mirror| Self { orientation: Orientation { source, mirror }, ..plain(name) };
        let rotated = |z, y, x| Affine { rotate_degrees: Zyx::new(z, y, x), ..Affine::IDENTITY };
        let warped = |name, affine| Self { warp: Warp::of_affine(affine), shift: 0.5, ..plain(name) };
        let elastic = Elastic { spacing_nm: Zyx::splat(400.0), sigma_nm: Zyx::new(0.0, 30.0, 30.0), seed: 1 };
        let (none, all) = (Zyx::splat(false), Zyx::splat(true));
        vec![
            plain("copied"),
            turned("mirrored", Orientation::IDENTITY.source, all),
            turned("transposed_yx", Zyx::new(Axis::Z, Axis::X, Axis::Y), none),
            turned("transposed_zyx", Zyx::new(Axis::X, Axis::Y, Axis::Z), none),
            turned("transposed_mirrored", Zyx::new(Axis::Y, Axis::X, Axis::Z), all),
            Self { shift: 0.5, ..plain("half_voxel") },
            Self { ratio: 2.0, ..plain("area_2x") },
            Self { shift: 0.0, ..warped("rotated_z", rotated(30.0, 0.0, 0.0)) },
            warped("rotated_zyx", rotated(30.0, 40.0, 50.0)),
            Self { warp: Warp { elastic: Some(elastic), ..Warp::NONE }, ..plain("elastic") },
        ]
    }

    /// The patch of this kind in the middle of the volume's finest level.
    #[must_use]
    pub fn patch(&self, volume: &Volume, shape: Zyx<usize>) -> PatchGrid {
        let level = &volume.levels()[0];
        let middle = level.shape.map(|n| (n as f64 - 1.0) / 2.0 + self.shift);
        PatchGrid {
            center_nm: level.world_from_voxel.world_from_voxel(middle),
            shape,
            voxel_size_nm: level.voxel_size_nm() * self.ratio,
            orientation: self.orientation,
            warp: self.warp,
        }
    }
}

/// A volume of random bytes in memory, of `side` voxels along each axis.
///
/// # Errors
/// What zarrs says about the fixture; a volume that does not open.
pub fn volume(side: u64) -> anyhow::Result<Volume> {
    let world_from_voxel = GridTransform::new(Zyx::splat(VOXEL_NM), Zyx::splat(0.0));
    let levels = vec![FixtureLevel { shape: Zyx::splat(side), world_from_voxel }];
    let fixture = Fixture { chunk: Zyx::splat(CHUNK), levels, ..Fixture::default() };
    let store = fixture.write().map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(Volume::open_in(&open_memory(store, "memory"), "")?)
}
