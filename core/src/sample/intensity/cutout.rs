//! Cut-out: boxes of the patch hold nothing (DeVries and Taylor 2017, in three dimensions and nanometres).

use serde::{Deserialize, Serialize};

use super::patch::Patch;
use super::{Apply, Fill, Operate, Scene};
use crate::Result;
use crate::geometry::{Axis, BoxNm, PatchGrid, Zyx};
use crate::sample::draw::Draw;
use crate::sample::range::{Check, LENGTHS_NM, Range, two};

/// `cutout = { boxes = [1, 3], size_nm = [50, 200], fill = "mean", probability = 0.2 }`
///
/// The middles of boxes lie anywhere in the first array; their edges are drawn axis by axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cutout {
    /// Fewest and most boxes.
    #[serde(deserialize_with = "two")]
    pub boxes: [u32; 2],
    /// Length of an edge, nm.
    pub size_nm: Range,
    /// What stands in their place.
    #[serde(default)]
    pub fill: Fill,
    /// Of being applied to a sample.
    pub probability: f64,
}

/// Drawn boxes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CutoutStep {
    /// Along the volume's axes, from the patch's centre, nm. Voxels whose middle lies inside are filled.
    pub boxes_nm: Vec<BoxNm>,
    /// What stands in their place.
    pub fill: Fill,
}

/// More boxes than this are a mistake.
const MOST_BOXES: u32 = 1000;

impl Operate for Cutout {
    type Step = CutoutStep;

    fn probability(&self) -> f64 {
        self.probability
    }

    fn check(&self, check: &Check) -> Result<()> {
        let [fewest, most] = self.boxes.map(f64::from);
        check.range("boxes", Range { from: fewest, to: most }, (0.0, f64::from(MOST_BOXES)))?;
        check.range("size_nm", self.size_nm, LENGTHS_NM)
    }

    fn draw(&self, draw: &mut Draw, scene: &Scene) -> CutoutStep {
        let [fewest, most] = self.boxes.map(u128::from);
        let count = fewest + draw.below(most.saturating_sub(fewest) + 1);
        let extent_nm = scene.extent_nm();
        let boxes_nm = (0..count).map(|_| {
            let middle_nm = extent_nm.map(|extent_nm| draw.between(-extent_nm / 2.0, extent_nm / 2.0));
            BoxNm::about(middle_nm, extent_nm.map(|_| self.size_nm.draw(draw)))
        });
        CutoutStep { boxes_nm: boxes_nm.collect(), fill: self.fill }
    }
}

impl Apply for CutoutStep {
    fn apply(&self, patch: &mut Patch<'_>) {
        let fill = self.fill.value(patch);
        let Zyx { y: height, x: width, .. } = patch.grid.shape;
        for box_nm in &self.boxes_nm {
            let [z, y, x] = inside(patch.grid, box_nm).to_array();
            for row in z.flat_map(|z| y.clone().map(move |y| z * height + y)) {
                patch.voxels[row * width..][x.clone()].fill(fill);
            }
        }
    }
}

/// The voxels along each patch axis whose middles lie in a box about the patch's centre.
pub(super) fn inside(grid: &PatchGrid, box_nm: &BoxNm) -> Zyx<std::ops::Range<usize>> {
    Zyx::from_fn(|axis: Axis| {
        let shown = grid.orientation.source[axis];
        let (lo, hi) = (box_nm.lo[shown], box_nm.hi[shown]);
        let (lo, hi) = if grid.orientation.mirror[axis] { (-hi, -lo) } else { (lo, hi) };
        let len = grid.shape[axis] as f64;
        let voxel = |offset_nm: f64| (offset_nm / grid.voxel_size_nm[axis] + (len - 1.0) / 2.0).ceil().clamp(0.0, len);
        voxel(lo) as usize..(voxel(hi) as usize).max(voxel(lo) as usize)
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{changed, grid, kolmogorov_p, scattered, uniform_cdf};
    use super::*;
    use crate::geometry::Orientation;
    use crate::sample::draw::Purpose;

    #[test]
    fn voxels_in_the_boxes_are_filled_however_the_patch_lies() {
        let turned = Orientation { source: Zyx::new(Axis::X, Axis::Z, Axis::Y), mirror: Zyx::new(true, false, true) };
        let boxes_nm = vec![
            BoxNm::new(Zyx::new(-11.0, -30.0, 3.0), Zyx::new(9.0, -1.0, 21.0)),
            BoxNm::new(Zyx::new(15.0, 15.0, -500.0), Zyx::new(500.0, 29.0, -13.0)),
        ];
        let step = CutoutStep { boxes_nm, fill: Fill::Dark };
        let voxels: Vec<_> = scattered(6 * 8 * 10).into_iter().map(|v| v + 0.001).collect();
        for orientation in [Orientation::IDENTITY, turned] {
            let grid = grid([6, 8, 10], [8.0, 6.0, 5.0], orientation);
            let out = changed(&voxels, &grid, |patch| step.apply(patch));
            let mut cut = 0;
            for (at, value) in out.iter().enumerate() {
                let world = grid.world_from_patch(Zyx::new(at / 80, at / 10 % 8, at % 10).map(|n| n as f64));
                let is_in = |b: &BoxNm| Axis::ALL.into_iter().all(|a| b.lo[a] <= world[a] && world[a] < b.hi[a]);
                let expected = if step.boxes_nm.iter().any(is_in) { 0.0 } else { voxels[at] };
                assert_eq!(*value, expected, "{world}");
                cut += usize::from(expected == 0.0);
            }
            assert!(cut > 20, "{cut}");
        }
    }

    #[test]
    fn boxes_are_drawn_evenly() {
        let keys =
            Cutout { boxes: [1, 3], size_nm: Range { from: 20.0, to: 50.0 }, fill: Fill::Mean, probability: 1.0 };
        let scene = Scene { grid: grid([10, 20, 30], [8.0; 3], Orientation::IDENTITY), intensities: None };
        let mut boxes = Vec::new();
        let mut counts = [0_u32; 4];
        for index in 0..3000 {
            let step = keys.draw(&mut Draw::new(3, 0, index, 0, Purpose::Cutout), &scene);
            counts[step.boxes_nm.len()] += 1;
            boxes.extend(step.boxes_nm);
        }
        let chi2: f64 = counts[1..].iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        // 2 degrees of freedom: above 13.82 once in a thousand.
        assert!(counts[0] == 0 && chi2 < 13.82, "{counts:?}");
        for (axis, half) in [(Axis::Z, 40.0), (Axis::Y, 80.0), (Axis::X, 120.0)] {
            let middles = boxes.iter().map(|b| (b.lo[axis] + b.hi[axis]) / 2.0);
            assert!(kolmogorov_p(middles, uniform_cdf(-half, half)) > 0.01, "{axis:?}");
            let edges = boxes.iter().map(|b| b.hi[axis] - b.lo[axis]);
            assert!(kolmogorov_p(edges, uniform_cdf(20.0, 50.0)) > 0.01, "{axis:?}");
        }
    }
}
