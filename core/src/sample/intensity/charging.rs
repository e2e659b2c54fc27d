//! Charging: a spot that holds charge is bright or dark, and drags a fading tail along the scan line.

use serde::{Deserialize, Serialize};

use super::math::exp;
use super::patch::{Line, Patch, Section, offset_nm, unit};
use super::{Apply, Operate, Scene};
use crate::Result;
use crate::geometry::{Axis, PatchGrid, Sections, Zyx};
use crate::sample::draw::Draw;
use crate::sample::range::{Check, LENGTHS_NM, Range};

/// `charging = { fraction = 0.1, amplitude = [-0.3, 0.4], radius_nm = [20, 80], tail_nm = [100, 600], probability = 0.1 }`
///
/// A model of what charge does in a scanning microscope, not a simulation of it. In a charged section one spot adds
/// a · g(y) · h(x), y and x being distances from it along the volume's axes in nm, scan lines running along x:
/// g(y) = exp(-y² / 2r²); h(x) = exp(-x / t) behind the spot (x > 0) and exp(-x² / 2r²) before it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charging {
    /// Probability of each section to be charged.
    pub fraction: f64,
    /// Amplitude a, of intensities in 0–1; below 0 is dark.
    pub amplitude: Range,
    /// Radius r of the spot, nm.
    pub radius_nm: Range,
    /// Length t of the tail, nm.
    pub tail_nm: Range,
    /// Of being applied to a sample.
    pub probability: f64,
}

/// Drawn charging.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChargingStep {
    /// Probability of each section to be charged.
    pub fraction: f64,
    /// Amplitudes are drawn from here.
    pub amplitude: Range,
    /// Radii are drawn from here, nm.
    pub radius_nm: Range,
    /// Lengths of tails are drawn from here, nm.
    pub tail_nm: Range,
    /// Where sections lie.
    pub sections: Sections,
    /// Spots lie within so many nm along the volume's axes about the patch's centre.
    pub extent_nm: Zyx<f64>,
    /// Names the draws: section s is stream s of it.
    pub seed: u64,
}

/// The spot of one section.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spot {
    amplitude: f64,
    radius_nm: f64,
    tail_nm: f64,
    /// From the patch's centre along the volume's axes.
    offset_nm: Zyx<f64>,
}

impl Operate for Charging {
    type Step = ChargingStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        const POSITIVE_NM: (f64, f64) = (0.001, LENGTHS_NM.1);
        check.probability("fraction", self.fraction)?;
        check.range("amplitude", self.amplitude, (-1.0, 1.0))?;
        check.range("radius_nm", self.radius_nm, POSITIVE_NM)?;
        check.range("tail_nm", self.tail_nm, POSITIVE_NM)
    }

    fn draw(&self, draw: &mut Draw, scene: &Scene) -> ChargingStep {
        let Self { fraction, amplitude, radius_nm, tail_nm, .. } = *self;
        let (sections, extent_nm) = (scene.sections(), scene.extent_nm());
        ChargingStep { fraction, amplitude, radius_nm, tail_nm, sections, extent_nm, seed: draw.word() }
    }
}

impl ChargingStep {
    /// The spot of a section, if it is charged.
    fn of_section(&self, number: i64) -> Option<Spot> {
        let mut draw = Draw::of_recipe(self.seed, 0, number.cast_unsigned());
        draw.chance(self.fraction).then(|| Spot {
            amplitude: self.amplitude.draw(&mut draw),
            radius_nm: self.radius_nm.draw(&mut draw),
            tail_nm: self.tail_nm.draw(&mut draw),
            offset_nm: self.extent_nm.map(|extent_nm| draw.between(-extent_nm / 2.0, extent_nm / 2.0)),
        })
    }
}

impl ChargingStep {
    /// What the spot of a section adds, if it is charged: for each row and each column a factor.
    pub(super) fn lines_of(&self, section: &Section, grid: &PatchGrid) -> Option<[Vec<f32>; 2]> {
        let spot = self.of_section(section.number)?;
        let [rows, columns] = section.lines();
        let amplitude = spot.amplitude as f32;
        let by_row = spot.along_line(grid, &rows).map(|factor| amplitude * factor);
        Some([by_row.collect(), spot.along_line(grid, &columns).collect()])
    }
}

impl Spot {
    /// Its factor at a distance along one of the volume's axes.
    fn along(&self, axis: Axis, offset_nm: f64) -> f32 {
        let distance = offset_nm - self.offset_nm[axis];
        let bell = -0.5 * (distance / self.radius_nm).powi(2);
        let exponent = if axis == Axis::X && distance > 0.0 { -distance / self.tail_nm } else { bell };
        exp(exponent as f32)
    }

    /// Its factors at the voxels of a line of the patch.
    fn along_line<'a>(&'a self, grid: &'a PatchGrid, line: &Line) -> impl Iterator<Item = f32> + 'a {
        let axis = line.axis;
        (0..line.len).map(move |index| self.along(grid.orientation.source[axis], offset_nm(grid, axis, index)))
    }
}

impl Apply for ChargingStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        for section in patch.sections(&self.sections) {
            let Some([by_row, by_column]) = self.lines_of(&section, patch.grid) else { continue };
            section.update(patch.voxels, |row, column, value| unit(value + by_row[row] * by_column[column]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{EVEN, assert_close, changed, grid, kolmogorov_p, uniform_cdf};
    use super::*;
    use crate::geometry::Orientation;

    fn step() -> ChargingStep {
        ChargingStep {
            fraction: 0.5,
            amplitude: Range { from: -0.3, to: 0.4 },
            radius_nm: Range { from: 8.0, to: 30.0 },
            tail_nm: Range { from: 20.0, to: 90.0 },
            sections: EVEN,
            extent_nm: Zyx::new(80.0, 60.0, 40.0),
            seed: 11,
        }
    }

    #[test]
    fn spots_and_tails_follow_the_formula_however_the_patch_lies() {
        let turned = Orientation { source: Zyx::new(Axis::X, Axis::Z, Axis::Y), mirror: Zyx::new(true, false, true) };
        let step = step();
        let mut charged = 0;
        for orientation in [Orientation::IDENTITY, turned] {
            let grid = grid([10, 12, 9], [8.0; 3], orientation);
            let out = changed(&[0.5; 1080], &grid, |patch| step.apply(patch));
            let expected = (0..1080).map(|at| {
                let world = grid.world_from_patch(Zyx::new(at / 108, at / 9 % 12, at % 9).map(|n| n as f64));
                let Some(spot) = step.of_section((world.z / 8.0 + 1e-6).floor() as i64) else { return 0.5 };
                charged += 1;
                let (dy, dx) = (world.y - spot.offset_nm.y, world.x - spot.offset_nm.x);
                let bell = |d: f64| (-0.5 * (d / spot.radius_nm).powi(2)).exp();
                let tail = if dx > 0.0 { (-dx / spot.tail_nm).exp() } else { bell(dx) };
                0.5 + spot.amplitude * bell(dy) * tail
            });
            assert_close(&out, expected, 1e-5);
        }
        assert!(charged > 0);
    }

    #[test]
    fn spots_are_drawn_uniformly() {
        let spots: Vec<_> = (-5000..5000).filter_map(|number| step().of_section(number)).collect();
        assert!((4835..5165).contains(&spots.len()), "{}", spots.len());
        let p = |value: fn(&Spot) -> f64, lo, hi| kolmogorov_p(spots.iter().map(value), uniform_cdf(lo, hi));
        assert!(p(|s| s.amplitude, -0.3, 0.4) > 0.01);
        assert!(p(|s| s.radius_nm, 8.0, 30.0) > 0.01);
        assert!(p(|s| s.tail_nm, 20.0, 90.0) > 0.01);
        assert!(p(|s| s.offset_nm.y, -30.0, 30.0) > 0.01);
        assert!(p(|s| s.offset_nm.x, -20.0, 20.0) > 0.01);
    }
}
