//! Registration: a volume that holds its own world coordinates is read on many grids, and says how far each voxel is off.

use std::path::Path;

use microtome_core::geometry::{Affine, Axis, Orientation, PatchGrid, Warp, Zyx};
use microtome_core::volume::{Caches, PatchOut, Resample, Volume, choose_level, read_patch};
use serde_json::json;

use super::volumes::{Format, Level, indices, pyramid, write};

/// Target voxels by which a value may lie beside its place.
const TOLERANCE: f64 = 0.05;
/// The same in a patch that is turned.
const TURNED_TOLERANCE: f64 = 0.1;
/// Voxels of a patch.
const PATCH: Zyx<usize> = Zyx { z: 7, y: 9, x: 8 };

/// Pyramids with voxel sizes and translations as EM has them; none is a multiple of another.
fn pyramids() -> Vec<(Format, Vec<Level>)> {
    let shape = Zyx::new(70, 82, 90);
    [
        (Format::V2, Zyx::splat(8.0), Zyx::splat(0.0)),
        (Format::V3, Zyx::new(30.0, 4.24, 4.0), Zyx::new(-1003.7, 2.12, 511.3)),
        (Format::V2, Zyx::new(5.24, 4.0, 4.0), Zyx::new(2.62, -2.0, 1.0 / 3.0)),
        (Format::V3, Zyx::new(6.5, 13.0, 8.25), Zyx::new(0.375, 10_000.5, -0.125)),
    ]
    .map(|(format, voxel_nm, translation_nm)| (format, pyramid(shape, voxel_nm, translation_nm, 3)))
    .to_vec()
}

/// The three volumes that hold the z, the y and the x of every voxel's centre, nm. The mean of eight voxels is the value
/// at their common centre, so that every level is exact.
struct Coordinates {
    _folder: tempfile::TempDir,
    along: Zyx<Volume>,
    levels: Vec<Level>,
}

impl Coordinates {
    fn new(format: Format, levels: Vec<Level>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let open = |axis: Axis, folder: &Path| {
            let group = folder.join(axis.name());
            write(&group, format, &levels, &json!({}), |world_nm| world_nm[axis] as f32);
            Volume::open(&group).unwrap()
        };
        let along = Zyx::from_fn(|axis| open(axis, folder.path()));
        Self { _folder: folder, along, levels }
    }

    /// The middle of the volume, off every grid of voxels.
    fn center_nm(&self) -> Zyx<f64> {
        let finest = &self.levels[0];
        let middle = finest.shape.map(|n| n as f64 / 2.0);
        finest.world_from_voxel.world_from_voxel(middle) + Zyx::new(1.234, -0.777, 0.411)
    }

    /// What a patch holds along each axis of the world, nm, voxel by voxel, and the level that it was read from.
    fn read(&self, grid: &PatchGrid) -> (Zyx<Vec<f32>>, usize) {
        let caches = Caches::new(1 << 24, 1 << 20);
        let mut level = 0;
        let found_nm = Zyx::from_fn(|axis| {
            let (mut found_nm, mut known) = (vec![f32::NAN; grid.shape.product()], vec![0; grid.shape.product()]);
            let out = PatchOut::F32(&mut found_nm);
            let report = read_patch(&self.along[axis], grid, Resample::Area, &caches, out, Some(&mut known)).unwrap();
            assert!(known.iter().all(|&known| known == 1), "the patch leaves the volume");
            level = report.level;
            found_nm
        });
        (found_nm, level)
    }

    /// How far the values of a patch lie beside its voxels along each axis of the world, in the patch's voxels, at most.
    fn error(&self, grid: &PatchGrid) -> Zyx<f64> {
        let voxel_nm = grid.orientation.along_world(grid.voxel_size_nm);
        let (found_nm, level) = self.read(grid);
        assert_eq!(level, self.level(voxel_nm), "a finer level would do, or this one is too coarse");
        Zyx::from_fn(|axis| {
            let places = indices(grid.shape).map(|voxel| grid.world_from_patch(voxel)[axis]);
            let errors = found_nm[axis].iter().zip(places);
            let errors = errors.map(|(&found, place)| ((f64::from(found) - place) / voxel_nm[axis]).abs());
            errors.fold(0.0, f64::max)
        })
    }

    /// The coarsest level that is nowhere coarser than asked (within 1 %), else the finest.
    fn level(&self, voxel_nm: Zyx<f64>) -> usize {
        let suits = |level: &Level| {
            Axis::ALL.into_iter().all(|axis| level.world_from_voxel.voxel_size_nm[axis] <= 1.01 * voxel_nm[axis])
        };
        let level = self.levels.iter().rposition(suits).unwrap_or(0);
        assert_eq!(choose_level(self.along.z.levels(), voxel_nm), level);
        level
    }
}

/// Patches that mirror, that swap z with x, and that turn all axes.
fn orientations() -> [Orientation; 4] {
    let of = |source: [Axis; 3], mirror: [bool; 3]| Orientation {
        source: Zyx::new(source[0], source[1], source[2]),
        mirror: Zyx::new(mirror[0], mirror[1], mirror[2]),
    };
    let [z, y, x] = Axis::ALL;
    [
        Orientation::IDENTITY,
        of([z, y, x], [true, false, true]),
        of([x, y, z], [false, false, true]),
        of([y, x, z], [true, false, false]),
    ]
}

/// Grids about the middle of `coordinates` whose voxels are `ratio` times those of the finest level, in every orientation.
fn grids(coordinates: &Coordinates, ratio: Zyx<f64>) -> impl Iterator<Item = PatchGrid> {
    let (center_nm, stored_nm) = (coordinates.center_nm(), coordinates.levels[0].world_from_voxel.voxel_size_nm);
    orientations().into_iter().map(move |orientation| {
        let voxel_size_nm = Zyx::from_fn(|axis| (ratio * stored_nm)[orientation.source[axis]]);
        PatchGrid { center_nm, shape: PATCH, voxel_size_nm, orientation, warp: Warp::NONE }
    })
}

#[test]
fn values_lie_at_their_places() {
    let ratios = [
        Zyx::splat(1.0),
        Zyx::splat(2.0),
        Zyx::splat(4.0),
        Zyx::new(1.0, 2.0, 4.0),
        Zyx::new(2.0, 1.0, 3.0),
        Zyx::new(0.5, 0.75, 1.0),
        Zyx::new(0.3, 2.0, 0.9),
        // Averages over boxes that cut voxels unevenly.
        Zyx::new(1.5, 1.25, 1.75),
        Zyx::new(1.527, 3.3, 2.6),
        Zyx::splat(1.33),
    ];
    let mut most = 0.0_f64;
    for (format, levels) in pyramids() {
        let coordinates = Coordinates::new(format, levels);
        for (ratio, grid) in ratios.iter().flat_map(|&ratio| grids(&coordinates, ratio).map(move |grid| (ratio, grid)))
        {
            let error = coordinates.error(&grid);
            most = error.to_array().into_iter().fold(most, f64::max);
            assert!(error.all(|error| error < TOLERANCE), "{error} voxels at {ratio} times the voxel, {grid:?}");
        }
    }
    assert!(most < 0.005, "more than single precision explains: {most}");
}

/// Where an offset from the centre is looked up: turned about z (x towards y), then y (z towards x), then x (y towards
/// z), by degrees; spelled out axis by axis.
fn turned(offset_nm: Zyx<f64>, degrees: Zyx<f64>) -> Zyx<f64> {
    let Zyx { mut z, mut y, mut x } = offset_nm;
    let about_z = degrees.z.to_radians();
    (x, y) = (x * about_z.cos() - y * about_z.sin(), x * about_z.sin() + y * about_z.cos());
    let about_y = degrees.y.to_radians();
    (z, x) = (z * about_y.cos() - x * about_y.sin(), z * about_y.sin() + x * about_y.cos());
    let about_x = degrees.x.to_radians();
    (y, z) = (y * about_x.cos() - z * about_x.sin(), y * about_x.sin() + z * about_x.cos());
    Zyx { z, y, x }
}

/// About each axis and about all three, on voxels that are up to seven times as long as wide.
#[test]
fn turned_patches_hold_what_the_formula_says() {
    let turns = [
        Zyx::new(30.0, 0.0, 0.0),
        Zyx::new(0.0, -75.0, 0.0),
        Zyx::new(0.0, 0.0, 110.0),
        Zyx::new(90.0, 0.0, 0.0),
        Zyx::new(20.0, 35.0, -160.0),
    ];
    let mut most = 0.0_f64;
    for (format, levels) in pyramids() {
        let coordinates = Coordinates::new(format, levels);
        let stored_nm = coordinates.levels[0].world_from_voxel.voxel_size_nm;
        let shortest_nm = stored_nm.to_array().into_iter().fold(f64::INFINITY, f64::min);
        for degrees in turns {
            // Cubes as networks want them, and voxels as they are stored.
            for voxel_size_nm in [Zyx::splat(shortest_nm), Zyx::splat(2.0 * shortest_nm), stored_nm] {
                let warp = Warp { affine: Affine { rotate_degrees: degrees, ..Affine::IDENTITY }, ..Warp::NONE };
                let orientation = Orientation::IDENTITY;
                let center_nm = coordinates.center_nm();
                let grid = PatchGrid { center_nm, shape: Zyx::new(4, 5, 6), voxel_size_nm, orientation, warp };
                let (found_nm, _) = coordinates.read(&grid);
                for (at, voxel) in indices(grid.shape).enumerate() {
                    let offset_nm = (voxel - grid.shape.map(|n| (n as f64 - 1.0) / 2.0)) * voxel_size_nm;
                    let place_nm = center_nm + turned(offset_nm, degrees);
                    for axis in Axis::ALL {
                        // Of the shortest edge of a voxel, which the turn may have put along any axis of the world.
                        let edge_nm = voxel_size_nm.to_array().into_iter().fold(f64::INFINITY, f64::min);
                        let error = (f64::from(found_nm[axis][at]) - place_nm[axis]).abs() / edge_nm;
                        most = most.max(error);
                        assert!(error < TURNED_TOLERANCE, "{error} voxels along {axis:?} at {degrees} in {grid:?}");
                    }
                }
            }
        }
    }
    assert!(most < TURNED_TOLERANCE && most > 0.0, "{most}");
}

/// The test's own proof: a grid that is off by a tenth of a voxel is found out.
#[test]
fn a_tenth_of_a_voxel_shows() {
    let (format, levels) = pyramids().remove(1);
    let coordinates = Coordinates::new(format, levels);
    let grid = grids(&coordinates, Zyx::splat(2.0)).next().unwrap();
    let mut beside = coordinates;
    for volume in ["z", "y", "x"] {
        // The same bytes, said to lie elsewhere.
        let file = beside._folder.path().join(volume).join("zarr.json");
        let mut document: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for dataset in document["attributes"]["ome"]["multiscales"][0]["datasets"].as_array_mut().unwrap() {
            let translation = &mut dataset["coordinateTransformations"][1]["translation"][0];
            *translation = json!(translation.as_f64().unwrap() + 0.1 * grid.voxel_size_nm.z);
        }
        std::fs::write(&file, document.to_string()).unwrap();
    }
    beside.along = Zyx::from_fn(|axis: Axis| Volume::open(&beside._folder.path().join(axis.name())).unwrap());
    let error = beside.error(&grid);
    assert!(error.z > 2.0 * TOLERANCE - 0.01 && error.y < TOLERANCE, "{error}");
}
