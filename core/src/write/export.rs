//! A box of one level of a volume, as it is stored, in a file that other programs read.

use std::ops::ControlFlow;
use std::path::Path;

use super::beside::Beside;
use super::{npy, ome_zarr, tiff};
use crate::geometry::{BoxNm, GridTransform, VoxelBox, Zyx};
use crate::store::data_around;
use crate::volume::{Buffer, ChunkCache, Volume, read_region};
use crate::{Error, Result};

/// Bytes that are held at a time, unless a single plane is more.
const PART_BYTES: u64 = 64 << 20;

/// Side of a chunk of a `.zarr` where nothing else is said, voxels.
const CHUNK: u64 = 64;

/// What a box is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A NumPy array, z, y, x: `.npy`.
    Npy,
    /// A stack of planes with the voxel size as ImageJ and Fiji read it: `.tif`, `.tiff`. Half floats become floats.
    Tiff,
    /// An OME-Zarr 0.4 image of one level, at its place in the world: `.zarr`.
    OmeZarr,
}

impl Format {
    /// By the ending of a path's name.
    ///
    /// # Errors
    /// [`Error::Target`] for any other ending.
    pub fn of_path(path: &Path) -> Result<Self> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match ending.as_str() {
            "npy" => Ok(Self::Npy),
            "tif" | "tiff" => Ok(Self::Tiff),
            "zarr" => Ok(Self::OmeZarr),
            _ => Err(refused(path, "the name must end in .npy, .tif or .zarr, which says what is written")),
        }
    }
}

/// A box of voxels of one level, inside of it and not empty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Export {
    /// Index of the level.
    pub level: usize,
    /// Its voxels.
    pub voxels: VoxelBox,
    /// Voxels of the chunks of a `.zarr`, at least 1.
    pub chunk_shape: Zyx<u64>,
}

impl Export {
    /// The voxels of a level whose centres lie in a box of the world (nm); `None` if there are none.
    #[must_use]
    pub fn of(volume: &Volume, level: usize, box_nm: &BoxNm) -> Option<Self> {
        let known = volume.levels().get(level)?;
        let first = |nm: Zyx<f64>| known.world_from_voxel.voxel_from_world(nm).map(|v| (v - 1e-9).ceil() as i64);
        let voxels = VoxelBox::new(first(box_nm.lo), first(box_nm.hi)).intersection(&VoxelBox::of_shape(known.shape));
        (!voxels.is_empty()).then_some(Self { level, voxels, chunk_shape: Zyx::splat(CHUNK) })
    }

    /// Bytes of the elements.
    #[must_use]
    pub fn bytes(&self, volume: &Volume) -> u64 {
        self.voxels.shape().product().saturating_mul(volume.dtype().size_bytes() as u64)
    }

    /// World from voxel of the box alone, nm.
    #[must_use]
    pub fn world_from_voxel(&self, volume: &Volume) -> GridTransform {
        let level = volume.levels()[self.level].world_from_voxel;
        GridTransform::new(level.voxel_size_nm, level.world_from_voxel(self.voxels.lo.map(|v| v as f64)))
    }

    /// The box in parts of whole planes, so many that they are not too much to hold, and end where chunks end.
    pub(super) fn slabs(&self, volume: &Volume) -> impl Iterator<Item = VoxelBox> + use<> {
        let VoxelBox { lo, hi } = self.voxels;
        let shape = self.voxels.shape();
        let plane_bytes = (shape.y * shape.x).saturating_mul(volume.dtype().size_bytes() as u64).max(1);
        let chunk = volume.levels()[self.level].chunk_shape.z.clamp(1, 1 << 32);
        let planes = (PART_BYTES / plane_bytes).max(1);
        // Whole layers of chunks if one fits.
        let step = if planes >= chunk { planes / chunk * chunk } else { planes } as i64;
        let ends = move |z: i64| (z.div_euclid(step) + 1) * step;
        std::iter::successors(Some(lo.z), move |z| Some(ends(*z)).filter(|z| *z < hi.z))
            .map(move |z| VoxelBox::new(Zyx::new(z, lo.y, lo.x), Zyx::new(ends(z).min(hi.z), hi.y, hi.x)))
    }
}

/// How far [`export()`] has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Voxels written.
    pub done: u64,
    /// Voxels to write.
    pub total: u64,
}

/// Writes a box of a volume to `path`, in the format that its ending names; answers whether it is there: not if `progress`
/// broke it off.
///
/// Reads through `cache`, and holds about 64 MB besides, or a plane. What is written stands under another name beside
/// `path` until it is complete.
///
/// # Errors
/// [`Error::Target`] for a path that is taken, inside of data, or of no known ending; a chunk that cannot be read or
/// decoded; [`Error::Io`] if the disk refuses. Then nothing is left at `path`.
pub fn export(
    volume: &Volume,
    export: &Export,
    path: &Path,
    cache: &ChunkCache,
    mut progress: impl FnMut(Progress) -> ControlFlow<()>,
) -> Result<bool> {
    let format = Format::of_path(path)?;
    check_target(path)?;
    let beside = Beside::claim(path)?;
    let total = export.voxels.shape().product();
    let mut done = 0;
    let mut read = |part: &VoxelBox| -> Result<ControlFlow<(), Buffer>> {
        if progress(Progress { done, total }).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        done += part.shape().product();
        read_region(volume, export.level, part, cache).map(ControlFlow::Continue)
    };
    let is_whole = match format {
        Format::Npy => npy::write(volume, export, beside.path(), &mut read),
        Format::Tiff => tiff::write(volume, export, beside.path(), &mut read),
        Format::OmeZarr => ome_zarr::write(volume, export, beside.path(), &mut read),
    }?;
    if is_whole {
        beside.finish()?;
        // That it is there is news; nothing is left to break off.
        let _finished = progress(Progress { done: total, total });
    }
    Ok(is_whole)
}

/// Reads a part of the box as it is stored, or breaks off.
pub(super) type ReadPart<'a> = dyn FnMut(&VoxelBox) -> Result<ControlFlow<(), Buffer>> + 'a;

fn check_target(path: &Path) -> Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(refused(path, "there is something already; choose another name, or remove it"));
    }
    match data_around(path) {
        Some(_) => Err(refused(path, "that is inside of data, which is only read; choose another place")),
        None => Ok(()),
    }
}

pub(super) fn refused(path: &Path, problem: &'static str) -> Error {
    Error::Target { path: path.display().to_string(), problem }
}
