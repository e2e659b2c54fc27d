//! The displacements along the rows of a patch, in stored voxels: a field's and its sections'. Pure.

use super::slips::Slips;
use crate::geometry::{Axis, Elastic, ElasticField, Knot, PatchGrid, Zyx};

/// What displaces a patch's voxels.
#[derive(Debug, Clone)]
pub(super) struct Bend {
    splines: Option<Splines>,
    slips: Option<Slips>,
    row_len: usize,
}

/// The control points that act on a patch, and where its voxels lie among them.
#[derive(Debug, Clone)]
struct Splines {
    /// Displacements of control points in stored voxels, in the order of the field.
    points: Vec<[f64; 3]>,
    /// For each patch axis: from one control point to the next along it, in `points`.
    strides: Zyx<usize>,
    /// For each patch axis: control points along it.
    counts: Zyx<usize>,
    /// For each patch axis and voxel: the first of the four control points that act on it, and their weights.
    knots: Zyx<Vec<(usize, [f64; 4])>>,
}

impl Bend {
    /// Of a patch; `field` holds the control points of its elastic displacement. `None` if its sections are too many.
    pub(super) fn new(grid: &PatchGrid, field: Option<&ElasticField>, stored_nm: Zyx<f64>) -> Option<Self> {
        let splines = grid.warp.elastic.as_ref().zip(field);
        let splines = splines.map(|(elastic, field)| Splines::new(elastic, field, grid, stored_nm));
        let slips = match &grid.warp.misalign {
            Some(misalign) => Some(Slips::new(misalign, grid, stored_nm)?),
            None => None,
        };
        Some(Self { splines, slips, row_len: grid.shape.x })
    }

    /// A bound of the displacement along each world axis, in stored voxels.
    pub(super) fn largest(&self) -> Zyx<f64> {
        let none = Zyx::splat(0.0);
        self.splines.as_ref().map_or(none, Splines::largest) + self.slips.as_ref().map_or(none, Slips::largest)
    }

    /// Bytes in memory, beside the struct.
    pub(super) fn size_bytes(&self) -> u64 {
        self.splines.as_ref().map_or(0, Splines::size_bytes) + self.slips.as_ref().map_or(0, Slips::size_bytes)
    }

    /// Room for the displacements of one row of the patch.
    pub(super) fn row(&self) -> BentRow<'_> {
        let points = self.splines.as_ref().map_or(0, |splines| splines.counts.x);
        BentRow { bend: self, sums: vec![[0.0; 3]; points], by: vec![[0.0; 3]; self.row_len] }
    }
}

impl Splines {
    /// Of a patch; `field` holds the control points of `elastic` that act on it.
    fn new(elastic: &Elastic, field: &ElasticField, grid: &PatchGrid, stored_nm: Zyx<f64>) -> Self {
        let stored_nm = stored_nm.to_array();
        let points = field.points_nm.iter().map(|point| [0, 1, 2].map(|i| point[i] / stored_nm[i])).collect();
        let strides = Zyx::new(field.counts.y * field.counts.x, field.counts.x, 1);
        let shown = grid.orientation.source;
        let knots = |axis: Axis| {
            let (world, n) = (shown[axis], grid.shape[axis]);
            let sign = if grid.orientation.mirror[axis] { -1.0 } else { 1.0 };
            let offset_nm = |i: usize| sign * (i as f64 - (n as f64 - 1.0) / 2.0) * grid.voxel_size_nm[axis];
            let knot = |i: usize| {
                let Knot { first, weights } = Knot::at(offset_nm(i) / elastic.spacing_nm[world]);
                ((first - field.first[world]) as usize, weights)
            };
            (0..n).map(knot).collect()
        };
        Self {
            points,
            strides: shown.map(|world| strides[world]),
            counts: shown.map(|world| field.counts[world]),
            knots: Zyx::from_fn(knots),
        }
    }

    /// The largest displacement of a control point along each world axis, in stored voxels.
    fn largest(&self) -> Zyx<f64> {
        Zyx::from([0, 1, 2].map(|axis| self.points.iter().map(|point| point[axis].abs()).fold(0.0, f64::max)))
    }

    /// Bytes in memory, beside the struct.
    fn size_bytes(&self) -> u64 {
        let Zyx { z, y, x } = &self.knots;
        let knots: usize = [z, y, x].into_iter().map(|knots| size_of_val(knots.as_slice())).sum();
        (size_of_val(self.points.as_slice()) + knots) as u64
    }
}

/// The displacements of one row of a patch.
#[derive(Debug)]
pub(super) struct BentRow<'a> {
    bend: &'a Bend,
    /// For each control point along the row: the weighted sum over the sixteen around it in the other two axes.
    sums: Vec<[f64; 3]>,
    /// The displacement of each voxel of the row, in stored voxels along the world's axes.
    pub(super) by: Vec<[f64; 3]>,
}

impl BentRow<'_> {
    /// Goes to row `y` of plane `z` of the patch.
    pub(super) fn move_to(&mut self, z: usize, y: usize) {
        match &self.bend.splines {
            Some(splines) => splines.fill(z, y, &mut self.sums, &mut self.by),
            None => self.by.fill([0.0; 3]),
        }
        if let Some(slips) = &self.bend.slips {
            slips.add(z, y, &mut self.by);
        }
    }
}

impl Splines {
    /// The displacements of row `y` of plane `z`.
    fn fill(&self, z: usize, y: usize, sums: &mut [[f64; 3]], by: &mut [[f64; 3]]) {
        let Self { points, strides, knots, .. } = self;
        let ((first_z, weights_z), (first_y, weights_y)) = (&knots.z[z], &knots.y[y]);
        for (x, sum) in sums.iter_mut().enumerate() {
            *sum = [0.0; 3];
            for (i, wz) in weights_z.iter().enumerate() {
                for (j, wy) in weights_y.iter().enumerate() {
                    let point = points[(first_z + i) * strides.z + (first_y + j) * strides.y + x * strides.x];
                    (0..3).for_each(|axis| sum[axis] += wz * wy * point[axis]);
                }
            }
        }
        for ((first, weights), by) in knots.x.iter().zip(by) {
            let [a, b, c, d] = [0, 1, 2, 3].map(|i| &sums[first + i]);
            let mix = |i: usize| weights[0] * a[i] + weights[1] * b[i] + weights[2] * c[i] + weights[3] * d[i];
            *by = [mix(0), mix(1), mix(2)];
        }
    }
}
