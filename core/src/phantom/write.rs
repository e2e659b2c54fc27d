//! Writes a phantom as a CellMap dataset: block by block, in parallel, complete or not at all.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Map;

use super::arrays::{Site, blocks};
use super::cell::{Cell, Nearby};
use super::detector::Detector;
use super::labels::{LABEL_BLOCK, Labels};
use super::pyramid::{mean, named, write_coarser};
use super::scan::{Mark, row_positions, scan, voxel_intensity};
use super::spec::{CropPlan, LevelPlan, PhantomSpec};
use crate::Result;
use crate::geometry::{GridTransform, Zyx};
use crate::ome::annotation::CropAnnotation;
use crate::ome::multiscale_attributes;
use crate::write::{Beside, io};

/// Side of the blocks (in Zarr v3: shards) of the EM.
const RAW_BLOCK: u64 = 256;
/// The EM's group.
const RAW: &str = "recon-1/em/fibsem-uint8";
/// The crops' group.
const CROPS: &str = "recon-1/labels/groundtruth";

/// How far [`write()`] has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Voxels computed.
    pub done: u64,
    /// Voxels to compute.
    pub total: u64,
}

/// Writes the dataset of `spec` as the folder `path` (by custom `….zarr`), calling `progress` from several threads.
///
/// Holds a few blocks of 256³ voxels, whatever the size. Writes into a folder beside `path` that is renamed at the end,
/// so that `path` is either complete or absent; what a killed run left is swept up by the next.
///
/// # Errors
/// [`crate::Error::Config`] for an impossible spec; [`crate::Error::Io`] if `path` exists already, another process is
/// writing it, or the disk refuses.
pub fn write(path: &Path, spec: &PhantomSpec, progress: impl Fn(Progress) + Sync) -> Result<()> {
    spec.validate()?;
    if path.exists() {
        return Err(io("create", path, ErrorKind::AlreadyExists.into()));
    }
    let beside = Beside::claim(path)?;
    let site = Site::new(beside.path().to_owned(), spec.format)?;
    let writer = Writer::new(spec, site, &progress);
    writer.groups()?;
    writer.raw()?;
    writer.crops.iter().try_for_each(|crop| writer.crop(crop))?;
    beside.finish()
}

struct Writer<'a> {
    spec: &'a PhantomSpec,
    site: Site,
    cell: Cell,
    detector: Detector,
    raw: Vec<LevelPlan>,
    crops: Vec<CropPlan>,
    done: AtomicU64,
    total: u64,
    progress: &'a (dyn Fn(Progress) + Sync),
}

impl<'a> Writer<'a> {
    fn new(spec: &'a PhantomSpec, site: Site, progress: &'a (dyn Fn(Progress) + Sync)) -> Self {
        let (raw, crops) = (spec.raw_levels(), spec.crops());
        let total = spec.shape.product() + crops.iter().map(|crop| crop.levels[0].shape.product()).sum::<u64>();
        Self {
            spec,
            site,
            cell: Cell::from_seed(spec.seed, spec.extent_nm()),
            detector: Detector::from_seed(spec.seed),
            raw,
            crops,
            done: AtomicU64::new(0),
            total,
            progress,
        }
    }

    fn scanned(&self, voxels: u64) {
        let done = self.done.fetch_add(voxels, Ordering::Relaxed) + voxels;
        (self.progress)(Progress { done, total: self.total });
    }

    fn groups(&self) -> Result<()> {
        for key in ["", "recon-1", "recon-1/em", "recon-1/labels", CROPS] {
            self.site.group(key, &Map::new())?;
        }
        Ok(())
    }

    /// Positions in the cell's own coordinates.
    fn cell_from_voxel(&self, world_from_voxel: GridTransform) -> GridTransform {
        let translation = world_from_voxel.translation_nm - self.spec.corner_nm();
        GridTransform::new(world_from_voxel.voxel_size_nm, translation)
    }

    fn raw(&self) -> Result<()> {
        let size = self.spec.voxel_size_nm;
        let transform = self.cell_from_voxel(self.raw[0].world_from_voxel);
        let finest = self.site.array::<u8>(&format!("{RAW}/s0"), &self.raw[0], RAW_BLOCK)?;
        for block in blocks(&self.raw[0], RAW_BLOCK) {
            let fill = |near: &Nearby<'_>, first: Zyx<i64>, values: &mut [u8]| {
                let mut detector = self.detector.row(first.z.unsigned_abs(), first.y.unsigned_abs());
                for ((value, position), x) in values.iter_mut().zip(row_positions(transform, first)).zip(first.x..) {
                    *value = detector.record(x.unsigned_abs(), voxel_intensity(near, position, size));
                }
            };
            let values = scan(&self.cell, transform, &block, fill, |voxels| self.scanned(voxels));
            finest.store(&block, &values)?;
        }
        write_coarser(&self.site, RAW, finest, &self.raw, RAW_BLOCK, mean, |_| Map::new())?;
        self.site.group(RAW, &multiscale_attributes(self.spec.format, "fibsem-uint8", &named(&self.raw)))
    }

    fn crop(&self, crop: &CropPlan) -> Result<()> {
        let group = format!("{CROPS}/{}", crop.name);
        let mut attributes = Map::new();
        let annotation = CropAnnotation::new(crop.name, crop.classes.iter().map(|class| class.name));
        CropAnnotation { description: Some(crop.description.to_owned()), ..annotation }.add_to(&mut attributes);
        self.site.group(&group, &attributes)?;
        let finest = &crop.levels[0];
        let start = |class| Labels::start(&self.site, class, format!("{group}/{}", class.name), finest);
        let mut labels = crop.classes.iter().copied().map(start).collect::<Result<Vec<_>>>()?;
        let transform = self.cell_from_voxel(finest.world_from_voxel);
        for block in blocks(finest, LABEL_BLOCK) {
            let fill = |near: &Nearby<'_>, first: Zyx<i64>, marks: &mut [Mark]| {
                for (mark, position) in marks.iter_mut().zip(row_positions(transform, first)) {
                    *mark = Mark::new(&near.sample(position));
                }
            };
            let marks = scan(&self.cell, transform, &block, fill, |voxels| self.scanned(voxels));
            labels.iter_mut().try_for_each(|labels| labels.store(&block, &marks))?;
        }
        labels.into_iter().try_for_each(|labels| labels.finish(&self.site, &crop.levels))
    }
}
