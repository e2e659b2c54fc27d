//! The positions of a warped patch, row by row.

use super::Voxel;
use super::bend::{Bend, BentRow};
use super::walker::{Borders, Walker};
use super::warp_places::{Instructions, LANES};
use super::warp_plan::WarpPlan;
use super::warp_tile::Run;

/// The positions of one row of a patch.
pub(super) struct Row<'a> {
    plan: &'a WarpPlan,
    instructions: Instructions,
    bent: Option<BentRow<'a>>,
    /// For each axis, in array coordinates; [`LANES`] more than the row has voxels.
    positions: [Vec<f64>; 3],
}

impl<'a> Row<'a> {
    /// Room for the rows of a plan.
    pub(super) fn new(plan: &'a WarpPlan, instructions: Instructions) -> Self {
        let positions = [0, 1, 2].map(|_| vec![0.0; plan.shape.x + LANES]);
        Self { plan, instructions, bent: plan.bend.as_ref().map(Bend::row), positions }
    }

    /// Goes to row `y` of plane `z` of the patch.
    pub(super) fn move_to(&mut self, z: usize, y: usize) {
        self.instructions.run(|| self.fill(z, y));
    }

    #[inline(always)]
    fn fill(&mut self, z: usize, y: usize) {
        let plan = self.plan;
        for (axis, positions) in self.positions.iter_mut().enumerate() {
            let start = plan.origin[axis] + z as f64 * plan.steps.z[axis] + y as f64 * plan.steps.y[axis];
            let step = plan.steps.x[axis];
            // Of 32 bits are conversions fast.
            positions.iter_mut().zip(0_i32..).for_each(|(position, x)| *position = start + f64::from(x) * step);
        }
        if let Some(bent) = &mut self.bent {
            bent.move_to(z, y);
            for (positions, by) in self.positions.iter_mut().zip(&bent.by) {
                positions.iter_mut().zip(by).for_each(|(position, by)| *position += by);
            }
        }
    }

    /// Where a voxel of the row lies.
    pub(super) fn position(&self, x: usize) -> [f64; 3] {
        [0, 1, 2].map(|axis| self.positions[axis][x])
    }

    /// How many voxels, from one on, have positions within the borders of the walker's chunk.
    pub(super) fn room<S: Voxel>(&self, walker: &Walker<'_, S>, x: usize) -> usize {
        let most = self.plan.shape.x - x;
        match self.bent {
            None => walker.borders().steps(self.position(x), self.plan.steps.x, most),
            Some(_) => self.held(walker.borders(), x, most),
        }
    }

    fn held(&self, borders: &Borders, first: usize, most: usize) -> usize {
        let positions = self.positions.each_ref().map(|row| &row[first..first + most]);
        let groups = self.instructions.run(|| borders.hold_groups(positions));
        (groups..most).find(|x| !borders.hold(self.position(first + x))).unwrap_or(most)
    }

    /// `len` voxels from one on.
    pub(super) const fn run(&self, first: usize, len: usize) -> Run<'_> {
        Run { row: &self.positions, first, len }
    }
}
