//! Means about positions near the borders of chunks, of voxels from up to eight of them: a group of positions at a time.

use super::convert::Intensity;
use super::walker::{Here, Walker};
use super::warp_places::LANES;

/// Weights that add up to less than this are rounding: no sample is within reach of a voxel.
const NOTHING: f32 = 1e-6;

/// A position whose voxels may be anywhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    /// The voxel of the row.
    pub(super) x: usize,
    /// Where it lies, in array coordinates.
    pub(super) position: [f64; 3],
    /// The voxel nearest to it, inside of the level.
    pub(super) nearest: [i64; 3],
    /// The chunk of that.
    pub(super) here: Here,
}

impl Spot {
    /// None yet.
    pub(super) const NOWHERE: Self =
        Self { x: 0, position: [0.0; 3], nearest: [0; 3], here: Here { at: [0; 3], lo: [0; 3] } };
}

/// One number for each spot of a group.
type Group = [f32; LANES];

/// The voxels about one position of each spot.
#[derive(Default)]
struct Corners {
    /// For each axis and side: how near they are; 0 outside of the level.
    weights: [[Group; 2]; 3],
    /// For each corner, x fastest.
    values: [Group; 8],
}

/// One of the two voxels about a position along one axis.
#[derive(Clone, Copy)]
struct Side {
    /// What its chunk adds to the index among the box's chunks.
    chunk: i64,
    /// What it adds to the index among its chunk's elements.
    element: i64,
}

impl<S: Intensity> Walker<'_, S> {
    /// The means of the samples about up to [`LANES`] spots.
    ///
    /// Voxels outside the level count for nothing, so that the weights of the others grow.
    pub(super) fn means(&mut self, spots: &[Spot]) -> Group {
        let (mut sums, mut totals) = (Group::default(), Group::default());
        let mut corners = Corners::default();
        for offset in &self.plan().samples {
            for (lane, spot) in spots.iter().enumerate().take(LANES) {
                let position = [0, 1, 2].map(|axis| spot.position[axis] + offset[axis]);
                self.look_about(position, spot.here, lane, &mut corners);
            }
            let (values, weights) = corners.sums();
            for lane in 0..LANES {
                sums[lane] += values[lane];
                totals[lane] += weights[lane];
            }
        }
        let mut means = Group::default();
        for (lane, spot) in spots.iter().enumerate().take(LANES) {
            means[lane] = if totals[lane] > NOTHING {
                sums[lane] / totals[lane]
            } else {
                self.enter(spot.nearest);
                self.value(spot.nearest).value()
            };
        }
        means
    }

    /// Fetches the eight voxels about a position, mostly of the chunk `here` or the next to it.
    #[inline]
    fn look_about(&self, position: [f64; 3], here: Here, lane: usize, corners: &mut Corners) {
        let base = position.map(floor);
        let [z, y, x] = [0, 1, 2].map(|axis| {
            let part = (position[axis] - base[axis] as f64) as f32;
            let levels = 0..self.plan().level_shape[axis];
            let weight = |voxel: i64, weight: f32| if levels.contains(&voxel) { weight } else { 0.0 };
            corners.weights[axis][0][lane] = weight(base[axis], 1.0 - part);
            corners.weights[axis][1][lane] = weight(base[axis] + 1, part);
            self.sides(axis, base[axis], here)
        });
        for (corner, values) in corners.values.iter_mut().enumerate() {
            let (z, y, x) = (z[corner >> 2], y[corner >> 1 & 1], x[corner & 1]);
            let elements = self.chunk(z.chunk + y.chunk + x.chunk);
            let index = (z.element + y.element + x.element) as usize;
            values[lane] = elements.map_or(self.fill(), |elements| elements[index]).value();
        }
    }

    /// Where a voxel and the one behind it are along an axis.
    #[inline]
    fn sides(&self, axis: usize, voxel: i64, here: Here) -> [Side; 2] {
        let plan = self.plan();
        let (n, at) = (plan.chunk_shape[axis], voxel - here.lo[axis]);
        let [_, counts_y, counts_x] = plan.chunk_counts;
        let [_, shape_y, shape_x] = plan.chunk_shape;
        let (chunk_stride, element_stride) = match axis {
            0 => (counts_y * counts_x, shape_y * shape_x),
            1 => (counts_x, shape_x),
            _ => (1, 1),
        };
        let side =
            |steps: i64, at: i64| Side { chunk: (here.at[axis] + steps) * chunk_stride, element: at * element_stride };
        // Divisions cost more than all else here, and few need them.
        let of = |at: i64| match at {
            -1 => side(-1, n - 1),
            at if at == n => side(1, 0),
            at if (0..n).contains(&at) => side(0, at),
            at => side(at.div_euclid(n), at.rem_euclid(n)),
        };
        [of(at), of(at + 1)]
    }
}

impl Corners {
    /// Trilinear: for each spot the weighted sum of its voxels, and their weights' sum.
    fn sums(&self) -> (Group, Group) {
        let (mut sums, mut totals) = (Group::default(), Group::default());
        let [z, y, x] = &self.weights;
        for (corner, values) in self.values.iter().enumerate() {
            let (z, y, x) = (&z[corner >> 2], &y[corner >> 1 & 1], &x[corner & 1]);
            for lane in 0..LANES {
                let weight = z[lane] * y[lane] * x[lane];
                // A voxel that does not count may be infinite.
                let (sum, total) = (sums[lane] + weight * values[lane], totals[lane] + weight);
                sums[lane] = if weight > 0.0 { sum } else { sums[lane] };
                totals[lane] = if weight > 0.0 { total } else { totals[lane] };
            }
        }
        (sums, totals)
    }
}

/// The whole number below; without SSE 4.1 the library's is a call.
#[inline]
fn floor(position: f64) -> i64 {
    let whole = position as i64;
    whole - i64::from((whole as f64) > position)
}
