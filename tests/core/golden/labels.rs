//! Labels painted at half the EM voxel: their ids say where they were painted, and lie where the EM of that place lies.

use std::path::PathBuf;

use microtome_core::geometry::{Axis, GridTransform, VoxelBox, Zyx};
use microtome_core::loader::{Batch, Provenance};
use microtome_core::volume::{Buffer, DType};
use serde_json::json;

use super::volumes::{Format, Level, Stored, batches, channel, ids, indices, pyramid, write, write_crop};

/// Rise of the EM along each axis, per nm: different, so that no axis can stand for another.
const RISE: Zyx<f64> = Zyx { z: 1.0, y: 1.3, x: 0.7 };
/// Target voxels by which the EM may lie beside its place.
const TOLERANCE: f64 = 0.05;

/// An EM volume that rises linearly, and inside of it a crop at half the voxel size whose every voxel is an object.
struct Painted {
    _folder: tempfile::TempDir,
    raw: PathBuf,
    crop: PathBuf,
    em: GridTransform,
    labels: Level,
    first_id: u64,
}

impl Painted {
    fn new<T: Stored>(format: Format, first_id: u64, id: impl Fn(u64) -> T) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let recon = folder.path().join("painted.zarr/recon-1");
        let (raw, crop) = (recon.join("em/fibsem-uint16"), recon.join("labels/groundtruth/crop1"));
        let em = pyramid(Zyx::new(60, 64, 70), Zyx::new(12.0, 8.0, 9.5), Zyx::new(5.25, -300.5, 1e4), 2);
        write(&raw, format, &em, &json!({}), |world_nm| (intensity(world_nm, em[0]) * 65_535.0).round() as u16);
        // From the corner of the EM voxel (20, 18, 22): where a label's first voxel is a quarter of an EM voxel inside.
        let (em, half) = (em[0].world_from_voxel, em[0].world_from_voxel.voxel_size_nm / Zyx::splat(2.0));
        let corner = em.world_from_voxel(Zyx::new(19.5, 17.5, 21.5));
        let labels = Level {
            shape: Zyx::new(40, 44, 48),
            world_from_voxel: GridTransform::new(half, corner + half / Zyx::splat(2.0)),
        };
        write(&crop.join("mito"), format, &[labels], &json!({}), |world_nm| {
            id(first_id + code(labels.world_from_voxel.voxel_containing(world_nm)))
        });
        write_crop(&crop, &["mito"]);
        Self { _folder: folder, raw, crop, em, labels, first_id }
    }

    /// Batches of patches of so many times the EM voxel, mirrored and transposed.
    fn batches(&self, ratio: f64) -> Vec<Batch> {
        // Transposing needs voxels that are alike: it is left to the test of registration.
        let Zyx { z, y, x } = self.em.voxel_size_nm * ratio;
        let array =
            |encoding| format!("shape = [5, 6, 7]\nvoxel_size_nm = [{z}, {y}, {x}]\nencoding = \"{encoding}\"\n");
        let text = format!(
            "[[data.train]]\nraw = {:?}\nlabels = {:?}\n[input.raw]\n{}[target.ids]\n{}[target.present]\n{}\
             [augment]\nmirror = {{ z = 0.5, y = 0.5, x = 0.5 }}\n\
             [sampling]\nsamples_per_epoch = 1000\n[loader]\nbatch_size = 8\nthreads = 2\nmemory = \"64 MiB\"\n",
            self.raw,
            self.crop,
            array("f32"),
            array("ids"),
            array("f32"),
        );
        batches(&text, 4)
    }

    /// Where the voxel with this id was painted, nm.
    fn painted_at(&self, id: u64) -> Zyx<f64> {
        let lin = id - self.first_id;
        let voxel = Zyx::new(lin / 1_000_000, lin / 1000 % 1000, lin % 1000);
        self.labels.world_from_voxel.world_from_voxel(voxel.map(|n| n as f64))
    }

    fn check(&self, batch: &Batch, sample: usize, provenance: &Provenance) {
        let grid = &provenance.grid;
        let (raw, _) = channel(batch.array("raw").unwrap(), sample, 0);
        let found = batch.array("ids").unwrap();
        let (_, known) = channel(found, sample, 0);
        let (present, _) = channel(batch.array("present").unwrap(), sample, 0);
        assert!(present.iter().all(|&present| present == 1.0) && known.unwrap().iter().all(|&known| known == 1));
        let half_nm = self.labels.world_from_voxel.voxel_size_nm / Zyx::splat(2.0);
        let steps = grid.orientation.along_world(grid.voxel_size_nm) * RISE;
        let weakest = steps.to_array().into_iter().fold(f64::INFINITY, f64::min);
        let em = Level { shape: Zyx::new(60, 64, 70), world_from_voxel: self.em };
        for ((voxel, id), value) in indices(grid.shape).zip(ids(found, sample, 0)).zip(raw) {
            let place_nm = grid.world_from_patch(voxel);
            let painted_nm = self.painted_at(id);
            for axis in Axis::ALL {
                let beside_nm = (painted_nm[axis] - place_nm[axis]).abs();
                assert!(beside_nm <= half_nm[axis] + 1e-6, "{id}: painted at {painted_nm}, found at {place_nm}");
            }
            let beside = (value - intensity(place_nm, em)) * range_nm(em) / weakest;
            assert!(beside.abs() < TOLERANCE, "the EM at {place_nm} is {beside} voxels beside its place");
        }
    }
}

/// An id's part that says the voxel.
fn code(voxel: Zyx<i64>) -> u64 {
    let Zyx { z, y, x } = voxel.map(|n| u64::try_from(n).unwrap());
    (z * 1000 + y) * 1000 + x
}

/// The EM, 0 at the first corner of `level` and 1 at the last.
fn intensity(world_nm: Zyx<f64>, level: Level) -> f64 {
    let inside_nm = world_nm - level.world_from_voxel.world_box(&VoxelBox::of_shape(level.shape)).lo;
    Axis::ALL.into_iter().map(|axis| inside_nm[axis] * RISE[axis]).sum::<f64>() / range_nm(level)
}

fn range_nm(level: Level) -> f64 {
    let extent_nm = level.world_from_voxel.world_box(&VoxelBox::of_shape(level.shape)).extent_nm();
    Axis::ALL.into_iter().map(|axis| extent_nm[axis] * RISE[axis]).sum()
}

fn check_all(painted: &Painted, dtype: DType) {
    for ratio in [0.5, 1.0, 2.0] {
        let mut mirrored = 0;
        for batch in painted.batches(ratio) {
            assert_eq!(batch.array("ids").unwrap().data.dtype(), dtype);
            for (sample, provenance) in batch.provenance.iter().enumerate() {
                painted.check(&batch, sample, provenance);
                mirrored += usize::from(!provenance.grid.orientation.is_identity());
            }
        }
        assert!(mirrored > 0, "no patch was mirrored");
    }
}

#[test]
fn ids_beyond_single_precision_lie_on_their_em() {
    check_all(&Painted::new(Format::V2, (1 << 24) + 1, |id| u32::try_from(id).unwrap()), DType::U32);
}

#[test]
fn ids_beyond_double_precision_lie_on_their_em() {
    check_all(&Painted::new(Format::V3, (1 << 53) + 1, |id| id), DType::U64);
    check_all(&Painted::new(Format::V2, (1 << 62) + 1, |id| i64::try_from(id).unwrap()), DType::U64);
}

#[test]
fn neighbouring_ids_stay_apart() {
    // The two that single and double precision make one.
    let painted = Painted::new(Format::V3, (1 << 53) + 1, |id| id);
    let batch = painted.batches(0.5).remove(0);
    let Buffer::U64(ids) = &batch.array("ids").unwrap().data else { unreachable!("ids of u64 are u64") };
    let odd = ids.iter().filter(|&&id| id % 2 == 1).count();
    assert!(odd > ids.len() / 4 && odd < ids.len() * 3 / 4, "{odd} of {} ids are odd", ids.len());
}
