//! One channel of one sample while its intensities change: voxels, grid, working memory, and walks over sections.

use crate::geometry::{Axis, PatchGrid, Sections, Zyx};

/// One channel of one sample: intensities in C order z, y, x of the patch.
#[derive(Debug)]
pub(super) struct Patch<'a> {
    pub(super) voxels: &'a mut [f32],
    pub(super) grid: &'a PatchGrid,
    /// Working memory; what it holds between operations means nothing.
    pub(super) scratch: &'a mut Vec<f32>,
}

/// A plane of the patch that is normal to the volume's z.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    /// Which section of the world it shows.
    pub(super) number: i64,
    /// Element of its first voxel.
    first: usize,
    rows: Line,
    columns: Line,
}

/// Elements along one axis of a plane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) axis: Axis,
    pub(super) len: usize,
    stride: usize,
}

/// Into 0–1; NaN becomes 0.
pub(super) fn unit(value: f32) -> f32 {
    // `max` and `min` answer the number where the other side is NaN.
    #[allow(clippy::manual_clamp, reason = "clamp would keep NaN")]
    value.max(0.0).min(1.0)
}

/// The mean, summed in order and in double precision; 0 of nothing.
pub(super) fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) = values.fold((0.0, 0_u64), |(sum, count), value| (sum + f64::from(value), count + 1));
    (sum / (count.max(1)) as f64) as f32
}

impl<'a> Patch<'a> {
    pub(super) fn new(voxels: &'a mut [f32], grid: &'a PatchGrid, scratch: &'a mut Vec<f32>) -> Self {
        Self { voxels, grid, scratch }
    }

    /// Applies `change` to every voxel.
    pub(super) fn map(&mut self, change: impl Fn(f32) -> f32) {
        for value in &mut *self.voxels {
            *value = change(*value);
        }
    }

    pub(super) fn mean(&self) -> f32 {
        mean(self.voxels.iter().copied())
    }

    /// Tells noise of arrays of different grids apart; arrays of the same grid show the same noise.
    pub(super) fn variant(&self) -> u64 {
        let bits = self.grid.voxel_size_nm.map(f64::to_bits).to_array();
        let voxels = self.grid.shape.map(|n| n as u64).to_array();
        // FNV-1a over whole words.
        bits.into_iter().chain(voxels).fold(0xcbf2_9ce4_8422_2325, |hash, word| {
            let mixed = (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3);
            mixed ^ (mixed >> 29)
        })
    }

    /// The patch axis that shows the volume's z.
    pub(super) fn section_axis(&self) -> Axis {
        let shows_z = |axis: &Axis| self.grid.orientation.source[*axis] == Axis::Z;
        Axis::ALL.into_iter().find(shows_z).unwrap_or(Axis::Z)
    }

    /// Every plane normal to the volume's z, with the number of the section that holds its middle.
    pub(super) fn sections(&self, sections: &Sections) -> impl Iterator<Item = Section> + use<> {
        let axis = self.section_axis();
        let shape = self.grid.shape;
        let strides = Zyx::new(shape.y * shape.x, shape.x, 1);
        let line = |axis| Line { axis, len: shape[axis], stride: strides[axis] };
        let [rows, columns] = match axis {
            Axis::Z => [Axis::Y, Axis::X],
            Axis::Y => [Axis::Z, Axis::X],
            Axis::X => [Axis::Z, Axis::Y],
        }
        .map(line);
        let (grid, sections) = (*self.grid, *sections);
        (0..shape[axis]).map(move |plane| {
            let number = sections.number_at(offset_nm(&grid, axis, plane));
            Section { number, first: plane * strides[axis], rows, columns }
        })
    }
}

/// Offset of plane `index` along a patch axis from the patch's centre, in the direction of the world axis, nm.
pub(super) fn offset_nm(grid: &PatchGrid, axis: Axis, index: usize) -> f64 {
    let along_patch = (index as f64 - (grid.shape[axis] as f64 - 1.0) / 2.0) * grid.voxel_size_nm[axis];
    if grid.orientation.mirror[axis] { -along_patch } else { along_patch }
}

impl Section {
    /// Calls `change` with row, column and value of every voxel.
    pub(super) fn update(&self, voxels: &mut [f32], change: impl Fn(usize, usize, f32) -> f32) {
        for row in 0..self.rows.len {
            let start = self.first + row * self.rows.stride;
            for column in 0..self.columns.len {
                let value = &mut voxels[start + column * self.columns.stride];
                *value = change(row, column, *value);
            }
        }
    }

    /// The mean of its voxels.
    pub(super) fn mean(&self, voxels: &[f32]) -> f32 {
        let at = |row, column| self.first + row * self.rows.stride + column * self.columns.stride;
        mean((0..self.rows.len).flat_map(|row| (0..self.columns.len).map(move |column| voxels[at(row, column)])))
    }

    /// Its axes: rows lie along the first, columns along the second.
    pub(super) const fn lines(&self) -> [Line; 2] {
        [self.rows, self.columns]
    }
}

#[cfg(test)]
mod tests {
    use super::super::Scene;
    use super::super::testing::{EVEN, changed, grid, scattered};
    use super::*;
    use crate::geometry::Orientation;

    #[test]
    fn sections_are_normal_to_the_volumes_z_however_the_patch_lies() {
        for axis in Axis::ALL {
            for mirrored in [false, true] {
                // Patch axis `axis` and z change places.
                let mut source = Orientation::IDENTITY.source;
                (source[Axis::Z], source[axis]) = (source[axis], Axis::Z);
                let mut mirror = Zyx::splat(false);
                mirror[axis] = mirrored;
                let grid = grid([4, 5, 6], [8.0; 3], Orientation { source, mirror });
                let out = changed(&[0.0; 120], &grid, |patch| {
                    for section in patch.sections(&EVEN) {
                        section.update(patch.voxels, |_, _, _| section.number as f32);
                    }
                });
                for (at, value) in out.iter().enumerate() {
                    let voxel = Zyx::new(at / 30, at / 6 % 5, at % 6).map(|n| n as f64);
                    let expected = (grid.world_from_patch(voxel).z / 8.0 + 1e-6).floor();
                    assert_eq!(f64::from(*value), expected, "{grid:?} {voxel}");
                }
            }
        }
    }

    #[test]
    fn a_section_has_the_mean_of_its_voxels() {
        let voxels = scattered(24);
        let grid = grid([2, 3, 4], [1.0; 3], Orientation::IDENTITY);
        changed(&voxels, &grid, |patch| {
            let means: Vec<_> = patch.sections(&EVEN).map(|section| section.mean(patch.voxels)).collect();
            assert_eq!(means, [mean(voxels[..12].iter().copied()), mean(voxels[12..].iter().copied())]);
        });
    }

    #[test]
    fn coarser_and_finer_arrays_show_the_sections_of_the_first() {
        let along_z = |voxels: usize, size_nm: f64| grid([voxels, 1, 1], [size_nm, 1.0, 1.0], Orientation::IDENTITY);
        let numbers = |first: usize, voxels: usize, size_nm: f64| {
            let sections = Scene { grid: along_z(first, 8.0), intensities: None }.sections();
            let (mut values, grid) = (vec![0.0; voxels], along_z(voxels, size_nm));
            let patch = Patch::new(&mut values, &grid, &mut Vec::new()).sections(&sections);
            patch.map(|section| section.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(4, 4, 8.0), [-2, -1, 0, 1]);
        assert_eq!(numbers(4, 8, 4.0), [-2, -2, -1, -1, 0, 0, 1, 1]);
        assert_eq!(numbers(4, 2, 16.0), [-1, 1]);
        assert_eq!(numbers(3, 3, 8.0), [-1, 0, 1]);
        assert_eq!(numbers(3, 6, 4.0), [-1, -1, 0, 0, 1, 1]);
    }

    #[test]
    fn nan_becomes_dark() {
        assert_eq!([f32::NAN, -1.0, 2.0, 0.25, f32::INFINITY].map(unit), [0.0, 0.0, 1.0, 0.25, 1.0]);
    }
}
