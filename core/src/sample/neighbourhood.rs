//! Neighbourhoods for `chunk_local`: the positions divided into cells along the raw volume's chunks. Pure.
//!
//! A group of samples draws one position as any sample does, and every member then draws evenly among the positions of
//! that position's cell. Cells divide the positions, so each position is as likely as without groups, exactly, at edges
//! too: a cell comes as often as it has positions, and each of them equally often then.

use super::lattice::Lattice;
use crate::geometry::{Axis, Zyx};

/// A cell edge that is off the lattice only by rounding noise is on it, in steps.
const NOISE: f64 = 1e-6;

/// How the world is divided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cells {
    /// A corner of the grid of chunks, nm.
    pub anchor_nm: Zyx<f64>,
    /// Extent of a cell, nm.
    pub extent_nm: Zyx<f64>,
}

impl Cells {
    /// Whole chunks of `chunk_nm`, as few as are half as long as a patch or longer: members then differ by more than
    /// half of themselves, and still share most chunks.
    pub(super) fn of_chunks(anchor_nm: Zyx<f64>, chunk_nm: Zyx<f64>, patch_nm: Zyx<f64>) -> Self {
        let chunks = (patch_nm * 0.5 / chunk_nm).map(|n| (n - NOISE).ceil().max(1.0));
        Self { anchor_nm, extent_nm: chunks * chunk_nm }
    }

    /// The positions of the cell around the position of lower edge `at_nm`.
    pub(super) fn around(&self, lattice: &Lattice, at_nm: Zyx<f64>) -> Lattice {
        let along = |axis: Axis| {
            let (first_nm, step_nm) = (lattice.first_nm[axis], lattice.step_nm[axis]);
            let k_of = |edge_nm: f64| (edge_nm - first_nm) / step_nm;
            let lower_nm = |cell: f64| self.anchor_nm[axis] + cell * self.extent_nm[axis];
            let begin = |cell: f64| (k_of(lower_nm(cell)) - NOISE).ceil().clamp(0.0, lattice.count[axis] as f64);
            let noise_nm = NOISE * step_nm;
            let cell = ((at_nm[axis] - self.anchor_nm[axis] + noise_nm) / self.extent_nm[axis]).floor();
            (begin(cell), begin(cell + 1.0))
        };
        let axes = Zyx::from_fn(along);
        Lattice {
            first_nm: lattice.first_nm + axes.map(|(begin, _)| begin) * lattice.step_nm,
            step_nm: lattice.step_nm,
            count: axes.map(|(begin, end)| ((end - begin) as u64).max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::draw::{Draw, Purpose};
    use super::*;

    fn lattice(first: f64, step: f64, count: u64) -> Lattice {
        Lattice { first_nm: Zyx::splat(first), step_nm: Zyx::splat(step), count: Zyx::new(1, 2, count) }
    }

    #[test]
    fn cells_divide_the_positions() {
        for (first, step, extent) in [(4.0, 8.0, 256.0), (-20.0, 6.5, 100.0), (0.1, 0.1, 0.7), (3.0, 40.0, 16.0)] {
            let lattice = lattice(first, step, 100);
            let cells = Cells { anchor_nm: Zyx::splat(-4.0), extent_nm: Zyx::splat(extent) };
            let mut of_cell: HashMap<u64, Vec<u64>> = HashMap::new();
            for k in 0..100 {
                let cell = cells.around(&lattice, lattice.lower_edge_nm(k));
                let begin = ((cell.first_nm.x - first) / step).round() as u64;
                assert!((begin..begin + cell.count.x).contains(&(k as u64)), "{k}: {cell:?}");
                of_cell
                    .entry(begin)
                    .or_insert_with(|| (begin..begin + cell.count.x).collect())
                    .retain(|&at| at != k as u64);
            }
            assert!(of_cell.values().all(Vec::is_empty), "a position of one cell is also of another: {of_cell:?}");
            assert!(of_cell.len() > 1);
        }
    }

    #[test]
    fn cells_are_whole_chunks_of_at_least_half_a_patch() {
        let extent = |chunk, patch| Cells::of_chunks(Zyx::splat(0.0), Zyx::splat(chunk), Zyx::splat(patch)).extent_nm.x;
        assert_eq!(
            (extent(64.0, 128.0), extent(64.0, 130.0), extent(64.0, 10.0), extent(16.0, 128.0)),
            (64.0, 128.0, 64.0, 64.0)
        );
    }

    /// The bias of `chunk_local` is none: measured on a lattice of 3 cells, the last of them smaller.
    #[test]
    fn members_are_as_even_as_single_draws_inside_and_at_edges() {
        const DRAWS: u64 = 100_000;
        let lattice = Lattice { first_nm: Zyx::splat(0.0), step_nm: Zyx::splat(8.0), count: Zyx::new(1, 1, 50) };
        let cells = Cells { anchor_nm: Zyx::splat(-24.0), extent_nm: Zyx::splat(160.0) };
        let mut counts = [0_u64; 50];
        for index in 0..DRAWS {
            // Groups of 1, so that draws are independent and χ² applies; members of one group differ by their index only.
            let anchor = lattice.lower_edge_nm(Draw::new(9, 0, index, 0, Purpose::Neighbourhood).below(lattice.len()));
            let cell = cells.around(&lattice, anchor);
            let at_nm = cell.lower_edge_nm(Draw::new(9, 0, index, 0, Purpose::Position).below(cell.len()));
            counts[(at_nm.x / 8.0).round() as usize] += 1;
        }
        let expected = DRAWS as f64 / 50.0;
        let chi2: f64 = counts.iter().map(|&n| (n as f64 - expected).powi(2) / expected).sum();
        // 49 degrees of freedom: above 85.35 once in a thousand.
        assert!(chi2 < 85.35, "{counts:?}: {chi2}");
        let bias = counts.iter().map(|&n| (n as f64 / expected - 1.0).abs()).fold(0.0, f64::max);
        let at_edges = (counts[0] as f64 / expected - 1.0).abs().max((counts[49] as f64 / expected - 1.0).abs());
        // Standard deviation of each is 2.2 %.
        assert!(bias < 0.1, "largest bias {bias}, at edges {at_edges}");
    }
}
