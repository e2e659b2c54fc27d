//! The read path by definition: every voxel on its own, from world coordinates and whole arrays. Slow and plain.
//!
//! Shares no code with the volume room beyond the element types; arrays are read as wholes by zarrs.

use std::sync::Arc;

use zarrs::array::{Array, ArrayBytes, ArraySubset};
use zarrs::storage::ReadableStorageTraits;
use zarrs::storage::store::MemoryStore;

use super::fixture::{Fixture, FixtureResult};
use crate::geometry::{Axis, Elastic, GridTransform, PatchGrid, Warp, Zyx};
use crate::volume::{Buffer, DType, Voxel};
use crate::with_buffer;

/// A position that is off by this many voxels only counts as exact.
const NOISE: f64 = 1e-6;

/// Every level of a fixture, in memory.
#[derive(Debug, Clone)]
pub struct Oracle {
    levels: Vec<OracleLevel>,
    dtype: DType,
}

#[derive(Debug, Clone)]
struct OracleLevel {
    shape: Zyx<i64>,
    world_from_voxel: GridTransform,
    /// z, y, x in C order.
    values: Vec<f64>,
    ids: Vec<u64>,
}

impl Oracle {
    /// Reads every array of a written fixture.
    ///
    /// # Errors
    /// What zarrs says.
    pub fn load(fixture: &Fixture, store: &Arc<MemoryStore>) -> FixtureResult<Self> {
        let load = |(index, level): (usize, &super::FixtureLevel)| {
            load_level(store, &format!("/s{index}"), &fixture.axes, fixture.dtype, level.world_from_voxel)
        };
        let levels = fixture.levels.iter().enumerate().map(load).collect::<FixtureResult<_>>()?;
        Ok(Self { levels, dtype: fixture.dtype })
    }

    /// The level that suits a patch: of those that are nowhere coarser (by more than 1 %) the one of the largest
    /// voxels, else the one of the smallest.
    #[must_use]
    pub fn level(&self, grid: &PatchGrid) -> usize {
        let asked = grid.orientation.along_world(grid.voxel_size_nm);
        let size = |index: usize| self.levels[index].world_from_voxel.voxel_size_nm;
        let mut best = None;
        for index in 0..self.levels.len() {
            let fine_enough = Axis::ALL.into_iter().all(|axis| size(index)[axis] <= 1.01 * asked[axis]);
            if fine_enough && best.is_none_or(|best| size(index).product() >= size(best).product()) {
                best = Some(index);
            }
        }
        best.unwrap_or_else(|| {
            (0..self.levels.len()).fold(0, |a, b| if size(b).product() < size(a).product() { b } else { a })
        })
    }

    /// The stored value at a voxel of a level; the fill value in absent chunks; `None` outside.
    #[must_use]
    pub fn value(&self, level: usize, voxel: Zyx<i64>) -> Option<f64> {
        let level = &self.levels[level];
        level.offset(voxel).map(|at| level.values[at])
    }

    /// The id at each voxel of a patch, of the voxel whose centre is nearest; `None` outside. C order.
    #[must_use]
    pub fn ids(&self, grid: &PatchGrid) -> Vec<Option<u64>> {
        let level = &self.levels[self.level(grid)];
        positions(grid).map(|world| level.offset(level.nearest(world)).map(|at| level.ids[at])).collect()
    }

    /// The intensity at each voxel of a patch, 0–1 (integers by their maximum), of the nearest voxel; `None` outside.
    #[must_use]
    pub fn nearest(&self, grid: &PatchGrid) -> Vec<Option<f64>> {
        let level = &self.levels[self.level(grid)];
        let unit = |world| level.offset(level.nearest(world)).map(|at| level.values[at] / self.maximum());
        positions(grid).map(unit).collect()
    }

    /// The mean intensity over a box about each voxel of a patch, as wide as the larger of the two voxels, of what of
    /// it lies inside the volume, balanced so that what is linear in space comes out exactly; `None` if the voxel's
    /// centre is outside.
    #[must_use]
    pub fn area(&self, grid: &PatchGrid) -> Vec<Option<f64>> {
        let level = &self.levels[self.level(grid)];
        let asked_nm = grid.orientation.along_world(grid.voxel_size_nm);
        let stored_nm = level.world_from_voxel.voxel_size_nm;
        let width_nm = asked_nm.zip_map(stored_nm, f64::max);
        let unit = |world| {
            level.offset(level.nearest(world))?;
            Some(level.mean(world, width_nm) / self.maximum())
        };
        positions(grid).map(unit).collect()
    }

    /// The mean intensity of the samples of each voxel of a warped patch; `None` if the voxel's centre is outside.
    ///
    /// Along each patch axis there are as many samples as the voxel is long in stored voxels, rounded, at least one, in
    /// the middles of equal parts of it; a stored voxel counts at each by how near it is, 1 in its centre and 0 from
    /// one voxel away on any axis; voxels that do not exist count for nothing.
    #[must_use]
    pub fn warped(&self, grid: &PatchGrid) -> Vec<Option<f64>> {
        let level = &self.levels[self.level(grid)];
        let stored_nm = level.world_from_voxel.voxel_size_nm;
        // A displacement moves the samples of a voxel as one.
        let stiff = PatchGrid { warp: Warp { affine: grid.warp.affine, ..Warp::NONE }, ..*grid };
        let first = world_of(&stiff, Zyx::splat(0.0));
        let steps = Axis::ALL.map(|axis| {
            let mut one = Zyx::splat(0.0);
            one[axis] = 1.0;
            world_of(&stiff, one) - first
        });
        let count = |step: &Zyx<f64>| {
            let voxels = *step / stored_nm;
            ((voxels * voxels).to_array().into_iter().sum::<f64>().sqrt() + 0.5 + NOISE).floor().max(1.0)
        };
        let parts = |step: &Zyx<f64>| -> Vec<Zyx<f64>> {
            let count = count(step);
            (0..count as usize).map(|k| *step * ((k as f64 + 0.5) / count - 0.5)).collect()
        };
        let [z, y, x] = [0, 1, 2].map(|axis| parts(&steps[axis]));
        let offsets: Vec<_> =
            z.iter().flat_map(|z| y.iter().flat_map(|y| x.iter().map(|x| *z + *y + *x)).collect::<Vec<_>>()).collect();
        let unit = |world| {
            let nearest = level.offset(level.nearest(world))?;
            let (mut sum, mut total) = (0.0, 0.0);
            for offset in &offsets {
                let (value, weight) = level.tent(world + *offset);
                sum += value;
                total += weight;
            }
            // No sample is within reach of a voxel: the nearest one stands for all.
            Some(if total > NOISE { sum / total } else { level.values[nearest] } / self.maximum())
        };
        positions(grid).map(unit).collect()
    }

    /// What an intensity of 1 is stored as.
    #[must_use]
    pub const fn maximum(&self) -> f64 {
        match self.dtype {
            DType::U8 => u8::MAX as f64,
            DType::U16 => u16::MAX as f64,
            DType::U32 => u32::MAX as f64,
            DType::U64 => u64::MAX as f64,
            DType::I8 => i8::MAX as f64,
            DType::I16 => i16::MAX as f64,
            DType::I32 => i32::MAX as f64,
            DType::I64 => i64::MAX as f64,
            DType::F16 | DType::F32 | DType::F64 => 1.0,
        }
    }
}

impl OracleLevel {
    fn offset(&self, voxel: Zyx<i64>) -> Option<usize> {
        let inside = Axis::ALL.into_iter().all(|axis| 0 <= voxel[axis] && voxel[axis] < self.shape[axis]);
        inside.then(|| ((voxel.z * self.shape.y + voxel.y) * self.shape.x + voxel.x) as usize)
    }

    fn nearest(&self, world: Zyx<f64>) -> Zyx<i64> {
        let GridTransform { voxel_size_nm, translation_nm } = self.world_from_voxel;
        Zyx::from_fn(|axis| ((world[axis] - translation_nm[axis]) / voxel_size_nm[axis] + 0.5 + NOISE).floor() as i64)
    }

    /// The sum of the voxels around a position, each by how near it is, and the sum of their weights.
    fn tent(&self, world: Zyx<f64>) -> (f64, f64) {
        let position = self.world_from_voxel.voxel_from_world(world);
        let around = |axis: Axis| {
            let lo = position[axis].floor() as i64 - 1;
            (lo..lo + 4).map(move |index| (index, (1.0 - (position[axis] - index as f64).abs()).max(0.0)))
        };
        let (mut sum, mut total) = (0.0, 0.0);
        for (z, wz) in around(Axis::Z) {
            for (y, wy) in around(Axis::Y) {
                for (x, wx) in around(Axis::X) {
                    let Some(at) = self.offset(Zyx::new(z, y, x)) else { continue };
                    sum += wz * wy * wx * self.values[at];
                    total += wz * wy * wx;
                }
            }
        }
        (sum, total)
    }

    fn mean(&self, world: Zyx<f64>, width_nm: Zyx<f64>) -> f64 {
        let GridTransform { voxel_size_nm, translation_nm } = self.world_from_voxel;
        // Each voxel's overlap with the box, along one axis, in nm.
        let overlaps = |axis: Axis| -> Vec<(i64, f64)> {
            let (lo, hi) = (world[axis] - width_nm[axis] / 2.0, world[axis] + width_nm[axis] / 2.0);
            let cell = |index: i64| {
                let centre = translation_nm[axis] + index as f64 * voxel_size_nm[axis];
                (hi.min(centre + voxel_size_nm[axis] / 2.0) - lo.max(centre - voxel_size_nm[axis] / 2.0)).max(0.0)
            };
            let voxel_nm = voxel_size_nm[axis];
            let cells = (0..self.shape[axis]).map(|index| (index, cell(index)));
            let mut cells: Vec<_> = cells.filter(|(_, overlap)| *overlap > NOISE * voxel_nm).collect();
            // The parts inside of the voxels that are cut lie off their centres; where they do not balance, the
            // difference goes to the next voxel inside.
            let inside = |overlap: f64| overlap * (1.0 - overlap / voxel_nm).max(0.0) / 2.0;
            let is_whole = cells.iter().map(|cell| cell.1).sum::<f64>() > width_nm[axis] - 2.0 * NOISE * voxel_nm;
            if let ([lower, .., upper], true) = (cells.as_slice(), is_whole) {
                let (net, last) = (inside(lower.1) - inside(upper.1), cells.len() - 1);
                let (from, to) = if net > 0.0 { (0, 1) } else { (last, last - 1) };
                cells[from].1 -= net.abs();
                cells[to].1 += net.abs();
            }
            cells
        };
        let (mut sum, mut total) = (0.0, 0.0);
        for (z, wz) in overlaps(Axis::Z) {
            for &(y, wy) in &overlaps(Axis::Y) {
                for &(x, wx) in &overlaps(Axis::X) {
                    let Some(at) = self.offset(Zyx::new(z, y, x)) else { continue };
                    sum += wz * wy * wx * self.values[at];
                    total += wz * wy * wx;
                }
            }
        }
        sum / total
    }
}

/// World positions of a patch's voxels, C order.
fn positions(grid: &PatchGrid) -> impl Iterator<Item = Zyx<f64>> + '_ {
    let Zyx { z: nz, y: ny, x: nx } = grid.shape;
    let indices = (0..nz).flat_map(move |z| (0..ny).flat_map(move |y| (0..nx).map(move |x| Zyx::new(z, y, x))));
    indices.map(|index| world_of(grid, index.map(|i| i as f64)))
}

/// The world position of a patch position, spelled out from the definitions of orientation and affine.
fn world_of(grid: &PatchGrid, patch: Zyx<f64>) -> Zyx<f64> {
    let mut offset = Zyx::splat(0.0);
    for axis in Axis::ALL {
        let steps = patch[axis] - (grid.shape[axis] as f64 - 1.0) / 2.0;
        let sign = if grid.orientation.mirror[axis] { -1.0 } else { 1.0 };
        offset[grid.orientation.source[axis]] += sign * steps * grid.voxel_size_nm[axis];
    }
    let affine = &grid.warp.affine;
    let Zyx { z, y, x } = offset * affine.scale;
    let (z, y, x) = (z, y + affine.shear.zy * z, x + affine.shear.zx * z + affine.shear.yx * y);
    let [(sin_z, cos_z), (sin_y, cos_y), (sin_x, cos_x)] =
        affine.rotate_degrees.map(|degrees| degrees.to_radians().sin_cos()).to_array();
    let (x, y) = (x * cos_z - y * sin_z, x * sin_z + y * cos_z);
    let (z, x) = (z * cos_y - x * sin_y, z * sin_y + x * cos_y);
    let (y, z) = (y * cos_x - z * sin_x, y * sin_x + z * cos_x);
    let moved = grid.warp.elastic.map_or(Zyx::splat(0.0), |elastic| displacement(&elastic, offset));
    let slipped = grid.warp.misalign.map_or(Zyx::splat(0.0), |misalign| misalign.displacement_nm(offset.z));
    grid.center_nm + Zyx::new(z, y, x) + moved + slipped
}

/// The displacement of a point, from every control point around by the definition of the centred cubic B-spline.
fn displacement(elastic: &Elastic, offset: Zyx<f64>) -> Zyx<f64> {
    let position = offset / elastic.spacing_nm;
    let spline = |distance: f64| match distance.abs() {
        d if d < 1.0 => 2.0 / 3.0 - d * d + d * d * d / 2.0,
        d if d < 2.0 => (2.0 - d).powi(3) / 6.0,
        _ => 0.0,
    };
    let around = |axis: Axis| {
        let lo = position[axis].round() as i64 - 2;
        (lo..lo + 5).map(move |index| (index, spline(position[axis] - index as f64)))
    };
    let mut sum = Zyx::splat(0.0);
    for (z, wz) in around(Axis::Z) {
        for (y, wy) in around(Axis::Y) {
            for (x, wx) in around(Axis::X) {
                sum = sum + elastic.control_point_nm(Zyx::new(z, y, x)) * (wz * wy * wx);
            }
        }
    }
    sum
}

fn load_level<S: ReadableStorageTraits + 'static>(
    store: &Arc<S>,
    path: &str,
    axes: &str,
    dtype: DType,
    world_from_voxel: GridTransform,
) -> FixtureResult<OracleLevel> {
    let array = Array::open(Arc::clone(store), path)?;
    let whole: ArrayBytes<'static> =
        array.retrieve_array_subset(&ArraySubset::new_with_shape(array.shape().to_vec()))?;
    let bytes = whole.into_fixed()?;
    let elements = Buffer::from_bytes(dtype, &bytes).ok_or("bytes are no whole elements")?;
    let dim = |axis: Axis| axes.chars().position(|name| axis.name().starts_with(name));
    let shape = Zyx::from_fn(|axis| dim(axis).map_or(1, |dim| array.shape()[dim] as i64));
    let (mut values, mut ids) = (Vec::new(), Vec::new());
    for z in 0..shape.z {
        for y in 0..shape.y {
            for x in 0..shape.x {
                let voxel = Zyx::new(z, y, x);
                let mut at = 0;
                for (dimension, extent) in array.shape().iter().enumerate() {
                    let index =
                        Axis::ALL.into_iter().find(|axis| dim(*axis) == Some(dimension)).map_or(0, |axis| voxel[axis]);
                    at = at * *extent as usize + index as usize;
                }
                with_buffer!(&elements, elements => {
                    values.push(elements[at].to_f64());
                    ids.push(elements[at].to_id());
                });
            }
        }
    }
    Ok(OracleLevel { shape, world_from_voxel, values, ids })
}
