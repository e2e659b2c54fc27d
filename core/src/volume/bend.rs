//! The displacements along the rows of a patch, in stored voxels: a field's and its sections'. Pure.

use std::ops::Range;

use super::FieldLookUp;
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
    /// For each of the world's axes: displacements of control points in stored voxels, C order along the patch's axes.
    points: [Vec<f64>; 3],
    /// For each patch axis: control points along it.
    counts: Zyx<usize>,
    /// For each plane: the first of the four control points that act on it along the patch's z, and their weights.
    planes: Vec<Knot>,
    /// For each row the same along the patch's y.
    rows: Vec<Knot>,
    /// Runs of voxels of a row on which the same four act: the first of these, and the voxels.
    spans: Vec<(usize, Range<usize>)>,
    /// For each of the four: its weight for each voxel of a row.
    weights: [Vec<f64>; 4],
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

    /// Its displacement field as plain values.
    pub(super) fn field(&self) -> Option<FieldLookUp> {
        self.splines.as_ref().map(Splines::look_up)
    }

    /// Its sections as plain values: the patch axis across them, and how far each of its voxels is moved.
    pub(super) fn slips(&self) -> Option<(Axis, Vec<[f64; 3]>)> {
        self.slips.as_ref().map(Slips::look_up)
    }

    /// Bytes in memory, beside the struct.
    pub(super) fn size_bytes(&self) -> u64 {
        self.splines.as_ref().map_or(0, Splines::size_bytes) + self.slips.as_ref().map_or(0, Slips::size_bytes)
    }

    /// Room for the displacements of one row of the patch.
    pub(super) fn row(&self) -> BentRow<'_> {
        let points = self.splines.as_ref().map_or(0, |splines| splines.counts.x);
        BentRow {
            bend: self,
            sums: [0, 1, 2].map(|_| vec![0.0; points]),
            by: [0, 1, 2].map(|_| vec![0.0; self.row_len]),
        }
    }
}

impl Splines {
    /// Of a patch; `field` holds the control points of `elastic` that act on it.
    fn new(elastic: &Elastic, field: &ElasticField, grid: &PatchGrid, stored_nm: Zyx<f64>) -> Self {
        let shown = grid.orientation.source;
        let knots = |axis: Axis| -> Vec<Knot> {
            let (world, n) = (shown[axis], grid.shape[axis]);
            let sign = if grid.orientation.mirror[axis] { -1.0 } else { 1.0 };
            let offset_nm = |i: usize| sign * (i as f64 - (n as f64 - 1.0) / 2.0) * grid.voxel_size_nm[axis];
            let knot = |i: usize| {
                let knot = Knot::at(offset_nm(i) / elastic.spacing_nm[world]);
                Knot { first: knot.first - field.first[world], ..knot }
            };
            (0..n).map(knot).collect()
        };
        let strides = Zyx::new(field.counts.y * field.counts.x, field.counts.x, 1);
        let (strides, counts) = (shown.map(|world| strides[world]), shown.map(|world| field.counts[world]));
        let along = |axis: Axis| (0..counts[axis]).map(move |i| i * strides[axis]);
        let order =
            along(Axis::Z).flat_map(|z| along(Axis::Y).flat_map(move |y| along(Axis::X).map(move |x| z + y + x)));
        let columns = knots(Axis::X);
        let spans = columns.chunk_by(|a, b| a.first == b.first).scan(0, |end, span| {
            *end += span.len();
            Some((span[0].first as usize, *end - span.len()..*end))
        });
        Self {
            points: Axis::ALL
                .map(|axis| order.clone().map(|at| field.points_nm[at][axis.index()] / stored_nm[axis]).collect()),
            counts,
            planes: knots(Axis::Z),
            rows: knots(Axis::Y),
            spans: spans.collect(),
            weights: [0, 1, 2, 3].map(|i| columns.iter().map(|knot| knot.weights[i]).collect()),
        }
    }

    fn look_up(&self) -> FieldLookUp {
        let column = |(first, span): &(usize, Range<usize>)| {
            let first = *first as i64;
            let knot = move |x: usize| Knot { first, weights: self.weights.each_ref().map(|weights| weights[x]) };
            span.clone().map(knot)
        };
        let columns = self.spans.iter().flat_map(column).collect();
        let knots = Zyx::new(self.planes.clone(), self.rows.clone(), columns);
        FieldLookUp { counts: self.counts, points: self.points.clone(), knots }
    }

    /// The largest displacement of a control point along each world axis, in stored voxels.
    fn largest(&self) -> Zyx<f64> {
        Zyx::from(self.points.each_ref().map(|points| points.iter().map(|point| point.abs()).fold(0.0, f64::max)))
    }

    /// Bytes in memory, beside the struct.
    fn size_bytes(&self) -> u64 {
        let floats = self.points.iter().chain(&self.weights).map(|list| size_of_val(list.as_slice()));
        let knots = [&self.planes, &self.rows].map(|knots| size_of_val(knots.as_slice()));
        (floats.chain(knots).sum::<usize>() + size_of_val(self.spans.as_slice())) as u64
    }
}

/// The displacements of one row of a patch.
#[derive(Debug)]
pub(super) struct BentRow<'a> {
    bend: &'a Bend,
    /// For each of the world's axes and each control point along the row: the weighted sum over the sixteen around it in the other two axes.
    sums: [Vec<f64>; 3],
    /// For each of the world's axes: the displacement of each voxel of the row, in stored voxels.
    pub(super) by: [Vec<f64>; 3],
}

impl BentRow<'_> {
    /// Goes to row `y` of plane `z` of the patch.
    #[inline(always)]
    pub(super) fn move_to(&mut self, z: usize, y: usize) {
        match &self.bend.splines {
            Some(splines) => splines.fill(z, y, &mut self.sums, &mut self.by),
            None => self.by.iter_mut().for_each(|by| by.fill(0.0)),
        }
        if let Some(slips) = &self.bend.slips {
            slips.add(z, y, &mut self.by);
        }
    }
}

impl Splines {
    /// The displacements of row `y` of plane `z`.
    #[inline(always)]
    fn fill(&self, z: usize, y: usize, sums: &mut [Vec<f64>; 3], by: &mut [Vec<f64>; 3]) {
        let (plane, row, counts) = (&self.planes[z], &self.rows[y], self.counts);
        for ((points, sums), by) in self.points.iter().zip(sums).zip(by) {
            sums.fill(0.0);
            for (z, wz) in (plane.first as usize..).zip(plane.weights) {
                for (y, wy) in (row.first as usize..).zip(row.weights) {
                    let points = &points[(z * counts.y + y) * counts.x..][..counts.x];
                    sums.iter_mut().zip(points).for_each(|(sum, point)| *sum += wz * wy * point);
                }
            }
            for (first, span) in &self.spans {
                let [a, b, c, d] = [0, 1, 2, 3].map(|i| sums[first + i]);
                let [wa, wb, wc, wd] = self.weights.each_ref().map(|weights| &weights[span.clone()]);
                let weights = wa.iter().zip(wb).zip(wc).zip(wd);
                for (by, (((wa, wb), wc), wd)) in by[span.clone()].iter_mut().zip(weights) {
                    *by = wa * a + wb * b + wc * c + wd * d;
                }
            }
        }
    }
}
