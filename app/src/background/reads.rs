//! What reading a sample takes: which chunks it touches, and how many bytes they are beside its own.

use microtome_core::geometry::PatchGrid;
use microtome_core::loader::{Loader, Provenance};
use microtome_core::volume::{Caches, Resample, Volume, plan_patch};

use crate::state::CropRead;

/// What the first input of a sample takes of its dataset's EM; `None` if it is read from another image, or there is no input.
pub fn crop_read(loader: &Loader, provenance: &Provenance) -> Option<CropRead> {
    loader.config().input.values().next().filter(|input| input.volume.is_none())?;
    let dataset = loader.catalog().datasets.get(provenance.dataset_index)?;
    read_of(&dataset.raw, &provenance.grid, provenance.dataset_index, loader.caches())
}

fn read_of(volume: &Volume, grid: &PatchGrid, dataset_index: usize, caches: &Caches) -> Option<CropRead> {
    // A sample that is there could be planned.
    let planned = plan_patch(volume, grid, Resample::Area, caches).ok()?;
    let level = volume.levels().get(planned.level)?;
    let extent_nm = grid.shape.map(|n| n as f64) * grid.voxel_size_nm;
    let voxels = (extent_nm / level.voxel_size_nm()).product();
    Some(CropRead {
        dataset_index,
        level: planned.level,
        decoded_bytes: level.chunk_bytes() * planned.chunks.len() as u64,
        patch_bytes: (voxels * level.dtype.size_bytes() as f64).round() as u64,
        chunks: planned.chunks,
    })
}
