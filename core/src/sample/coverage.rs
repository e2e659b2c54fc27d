//! How draws cover the data: counted on a coarse grid, without reading any.

use std::collections::BTreeMap;

use super::Request;
use crate::geometry::{Axis, BoxNm, PatchGrid, Zyx};

/// How often each part of a box was covered by the footprint of a draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    bounds: BoxNm,
    cells: Zyx<usize>,
    /// By cell, C order.
    counts: Vec<u32>,
    draws: u64,
}

impl Coverage {
    /// Cells at most, about 64 along each axis of a cube.
    pub const MOST_CELLS: usize = 1 << 18;

    /// Nothing drawn yet from `bounds`, nm. Its cells are about cubes.
    #[must_use]
    pub fn new(bounds: BoxNm) -> Self {
        let extent_nm = bounds.extent_nm();
        let edge_nm = (extent_nm.product() / Self::MOST_CELLS as f64).cbrt();
        // `as` saturates, and makes 0 of NaN. A flat box has more cells along its other axes, but never too many.
        let cells = extent_nm.map(|extent_nm| ((extent_nm / edge_nm) as usize).clamp(1, 512));
        Self { bounds, cells, counts: vec![0; cells.product()], draws: 0 }
    }

    /// Counts a draw in every cell whose middle its footprint holds, or in that of its own middle if it holds none. A
    /// displacement field is left out of it.
    pub fn add(&mut self, grid: &PatchGrid) {
        self.draws += 1;
        let Some(offset_from_world) = grid.world_from_offset().inverse() else { return };
        let half_nm = grid.shape.map(|n| n as f64 / 2.0) * grid.voxel_size_nm;
        let (lo, hi) = (self.cell_of(grid.footprint().lo), self.cell_of(grid.footprint().hi));
        let mut covered = false;
        for z in lo.z..=hi.z {
            for y in lo.y..=hi.y {
                for x in lo.x..=hi.x {
                    let at = Zyx::new(z, y, x);
                    let offset = offset_from_world.apply(self.cell_box(at).center_nm() - grid.center_nm);
                    if offset.zip_map(half_nm, |offset, half| (-half..half).contains(&offset)).all(|inside| inside) {
                        self.count_cell(at);
                        covered = true;
                    }
                }
            }
        }
        if !covered && self.bounds.contains(grid.center_nm) {
            self.count_cell(self.cell_of(grid.center_nm));
        }
    }

    fn count_cell(&mut self, at: Zyx<usize>) {
        let index = self.index(at);
        self.counts[index] = self.counts[index].saturating_add(1);
    }

    fn index(&self, at: Zyx<usize>) -> usize {
        (at.z * self.cells.y + at.y) * self.cells.x + at.x
    }

    /// The cell at a world position (nm), or the one nearest to it.
    #[must_use]
    pub fn cell_of(&self, world_nm: Zyx<f64>) -> Zyx<usize> {
        let extent_nm = self.bounds.extent_nm();
        Zyx::from_fn(|axis| {
            let place = (world_nm[axis] - self.bounds.lo[axis]) / extent_nm[axis] * self.cells[axis] as f64;
            (place.max(0.0) as usize).min(self.cells[axis] - 1)
        })
    }

    /// The box of a cell, nm.
    #[must_use]
    pub fn cell_box(&self, at: Zyx<usize>) -> BoxNm {
        let edge_nm = self.bounds.extent_nm().zip_map(self.cells, |extent_nm, cells| extent_nm / cells as f64);
        let lo = self.bounds.lo + at.map(|at| at as f64) * edge_nm;
        BoxNm::new(lo, lo + edge_nm)
    }

    /// What is covered, nm.
    #[must_use]
    pub const fn bounds(&self) -> &BoxNm {
        &self.bounds
    }

    /// Cells along each axis.
    #[must_use]
    pub const fn cells(&self) -> Zyx<usize> {
        self.cells
    }

    /// Draws that cover a cell.
    #[must_use]
    pub fn count(&self, at: Zyx<usize>) -> u32 {
        self.counts[self.index(at)]
    }

    /// Draws from here.
    #[must_use]
    pub const fn draws(&self) -> u64 {
        self.draws
    }

    /// Draws that cover the cell that is covered most.
    #[must_use]
    pub fn most(&self) -> u32 {
        self.counts.iter().copied().max().unwrap_or(0)
    }

    /// The share that no draw covers of the cells whose middle lies in one of `boxes`, 0 to 1; 0 if there is no such cell.
    #[must_use]
    pub fn never_covered(&self, boxes: &[BoxNm]) -> f64 {
        let (mut all, mut never) = (0_u64, 0_u64);
        for (index, count) in self.counts.iter().enumerate() {
            let row = index / self.cells.x;
            let at = Zyx::new(row / self.cells.y, row % self.cells.y, index % self.cells.x);
            let center_nm = self.cell_box(at).center_nm();
            if boxes.iter().any(|of| of.contains(center_nm)) {
                all += 1;
                never += u64::from(*count == 0);
            }
        }
        never as f64 / all.max(1) as f64
    }
}

/// What some draws would show.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulation {
    /// Draws so far.
    pub draws: u64,
    /// Where, for each dataset of the catalog.
    pub datasets: Vec<Coverage>,
    /// How many were drawn for each class, by a strategy that draws for classes.
    pub classes: BTreeMap<String, u64>,
    /// How many middles of patches lie in each of [`Simulation::BINS`] equal parts of each axis of each dataset.
    pub middles: Vec<Zyx<Vec<u64>>>,
    /// How many came from each label crop of each dataset; `None`: from the volume.
    pub crops: BTreeMap<(usize, Option<usize>), u64>,
}

impl Simulation {
    /// Parts of an axis in which the middles of patches are counted.
    pub const BINS: usize = 48;

    /// Nothing drawn yet from datasets with these boxes of raw, nm.
    #[must_use]
    pub fn new(bounds: impl IntoIterator<Item = BoxNm>) -> Self {
        let datasets: Vec<_> = bounds.into_iter().map(Coverage::new).collect();
        let middles = datasets.iter().map(|_| Zyx::from_fn(|_| vec![0; Self::BINS])).collect();
        Self { draws: 0, datasets, classes: BTreeMap::new(), middles, crops: BTreeMap::new() }
    }

    /// Counts a draw.
    pub fn add(&mut self, request: &Request) {
        self.draws += 1;
        if let Some(coverage) = self.datasets.get_mut(request.dataset_index) {
            coverage.add(&request.grid);
            let (lo, extent_nm) = (coverage.bounds().lo, coverage.bounds().extent_nm());
            let place = (request.grid.center_nm - lo) / extent_nm;
            let middles = &mut self.middles[request.dataset_index];
            for axis in Axis::ALL {
                // `as` saturates: what lies outside is counted at the end.
                let bin = (place[axis] * Self::BINS as f64) as usize;
                middles[axis][bin.min(Self::BINS - 1)] += 1;
            }
        }
        if let Some(class) = &request.reason.class {
            *self.classes.entry(class.clone()).or_default() += 1;
        }
        *self.crops.entry((request.dataset_index, request.crop_index)).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{Affine, Orientation, Warp};

    fn grid(center_nm: Zyx<f64>, shape: Zyx<usize>, turned: f64) -> PatchGrid {
        let affine = Affine { rotate_degrees: Zyx::new(turned, 0.0, 0.0), ..Affine::IDENTITY };
        PatchGrid {
            center_nm,
            shape,
            voxel_size_nm: Zyx::splat(10.0),
            orientation: Orientation::default(),
            warp: Warp { affine, elastic: None, misalign: None },
        }
    }

    fn covered(coverage: &Coverage) -> Vec<BoxNm> {
        let Zyx { z, y, x } = coverage.cells();
        let all = (0..z).flat_map(|z| (0..y).flat_map(move |y| (0..x).map(move |x| Zyx::new(z, y, x))));
        all.filter(|at| coverage.count(*at) > 0).map(|at| coverage.cell_box(at)).collect()
    }

    #[test]
    fn cells_whose_middle_the_patch_holds_are_covered() {
        let mut coverage = Coverage::new(BoxNm::new(Zyx::splat(0.0), Zyx::splat(6400.0)));
        assert_eq!(coverage.cells(), Zyx::splat(64));
        coverage.add(&grid(Zyx::splat(1000.0), Zyx::new(20, 40, 60), 0.0));
        let cells = covered(&coverage);
        assert_eq!(cells.len(), 2 * 4 * 6);
        let around = cells.into_iter().reduce(|a, b| a.union(&b)).unwrap();
        assert_eq!(around.extent_nm(), Zyx::new(200.0, 400.0, 600.0));
        assert_eq!(around.center_nm(), Zyx::splat(1000.0));
        let all = [*coverage.bounds()];
        assert!((coverage.never_covered(&all) - (1.0 - 48.0 / 262_144.0)).abs() < 1e-9 && coverage.most() == 1);
        // Half of this box, of whole cells, is the patch's.
        let half = [BoxNm::new(Zyx::new(900.0, 800.0, 700.0), Zyx::new(1300.0, 1200.0, 1300.0))];
        assert_eq!(coverage.never_covered(&half), 0.5);
    }

    #[test]
    fn a_turned_patch_covers_its_own_footprint_and_not_the_box_around_it() {
        let mut coverage = Coverage::new(BoxNm::new(Zyx::splat(0.0), Zyx::splat(6400.0)));
        coverage.add(&grid(Zyx::splat(3200.0), Zyx::new(10, 200, 20), 45.0));
        let cells = covered(&coverage);
        let area = cells.len() as f64 * 100.0 * 100.0;
        assert!((area / (2000.0 * 200.0) - 1.0).abs() < 0.3, "{area}");
        let far = cells.iter().map(|cell| {
            let from = cell.center_nm() - Zyx::splat(3200.0);
            (from.y.abs() - from.x.abs()).abs()
        });
        assert!(far.fold(0.0, f64::max) < 200.0);
    }

    #[test]
    fn a_patch_smaller_than_a_cell_is_not_lost() {
        let mut coverage = Coverage::new(BoxNm::new(Zyx::splat(0.0), Zyx::splat(64_000.0)));
        coverage.add(&grid(Zyx::splat(1010.0), Zyx::splat(4), 0.0));
        assert_eq!((coverage.most(), covered(&coverage).len()), (1, 1));
        coverage.add(&grid(Zyx::splat(-5000.0), Zyx::splat(4), 0.0));
        assert_eq!((coverage.draws(), covered(&coverage).len()), (2, 1));
    }

    #[test]
    fn a_flat_or_empty_box_has_cells_too() {
        for extent_nm in [Zyx::new(0.0, 100.0, 100.0), Zyx::splat(0.0), Zyx::new(1.0, 1e6, 1e6)] {
            let coverage = Coverage::new(BoxNm::new(Zyx::splat(0.0), extent_nm));
            assert!(coverage.cells().product() > 0 && coverage.cells().all(|n| n <= 512), "{:?}", coverage.cells());
        }
    }
}
