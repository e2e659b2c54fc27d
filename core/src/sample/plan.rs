//! What is done to one sample beyond cutting it out, as plain values: it can be cut short, replaced, laid onto another.

use super::Request;
use super::intensity::IntensityRecipe;
use crate::geometry::{Orientation, PatchGrid, Warp};

/// How a sample lies and what is done to its intensities: everything that `[augment]` drew for it, and nothing of where it
/// lies.
#[derive(Debug, Clone, PartialEq)]
pub struct AugmentPlan {
    /// How its axes lie along the volume's.
    pub orientation: Orientation,
    /// What bends it beyond that.
    pub warp: Warp,
    /// What is done to the intensities of its inputs, in this order.
    pub intensity: IntensityRecipe,
}

impl AugmentPlan {
    /// Nothing at all: the sample as the volume has it.
    pub const NOTHING: Self =
        Self { orientation: Orientation::IDENTITY, warp: Warp::NONE, intensity: IntensityRecipe { steps: Vec::new() } };

    /// What a request says.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        let PatchGrid { orientation, warp, .. } = request.grid;
        Self { orientation, warp, intensity: request.intensity.clone() }
    }

    /// The sample of `request` with this done to it instead. Its centre stays, and all that says where it comes from.
    #[must_use]
    pub fn applied_to(&self, request: &Request) -> Request {
        let grid = PatchGrid { orientation: self.orientation, warp: self.warp, ..request.grid };
        Request { grid, intensity: self.intensity.clone(), ..request.clone() }
    }

    /// Only how it lies and the first `steps` operations on intensities.
    #[must_use]
    pub fn up_to(&self, steps: usize) -> Self {
        let steps = self.intensity.steps.iter().take(steps).cloned().collect();
        Self { intensity: IntensityRecipe { steps }, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cubes, source};
    use super::super::{Augment, Sampler, Sampling};
    use super::*;
    use crate::geometry::Zyx;

    fn augment() -> Augment {
        toml::from_str(
            "mirror = { z = 0.5, y = 0.5, x = 0.5 }\ntranspose = { axes = [\"z\", \"y\", \"x\"], probability = 1.0 }\n\
             rotate = { z = [-180, 180], probability = 0.5 }\nmisalign = { jitter_nm = [0, 4], probability = 0.5 }\n\
             contrast = { range = [0.5, 1.5], probability = 1.0 }\nmissing_sections = { fraction = 0.3, probability = 0.5 }",
        )
        .unwrap()
    }

    fn sampler(chunk_local: u64) -> Sampler {
        let sampling = Sampling { chunk_local, ..Sampling::default() };
        let sources = vec![source(0, 100, None), source(1, 64, Some((10.0, 31.0)))];
        Sampler::new(sources, cubes(Zyx::splat(8)), &sampling, &augment(), 5).unwrap()
    }

    #[test]
    fn what_is_configured_does_with_its_own_numbers_what_was_drawn() {
        for sampler in [sampler(1), sampler(4)] {
            for index in 0..200 {
                let request = sampler.draw(2, index, 0);
                let plan = sampler.plan(&request, &augment(), (2, index));
                assert_eq!(plan, AugmentPlan::of(&request));
                assert_eq!(plan.applied_to(&request), request);
            }
        }
    }

    #[test]
    fn the_place_stays_under_other_numbers_and_the_numbers_under_another_place() {
        let sampler = sampler(1);
        let (here, there) = (sampler.draw(0, 0, 0), sampler.draw(0, 1, 0));
        let plans: Vec<_> = (0..20).map(|index| sampler.plan(&here, &augment(), (0, index))).collect();
        assert!(plans.iter().all(|plan| plan.applied_to(&here).grid.center_nm == here.grid.center_nm));
        assert!(plans.iter().any(|plan| plan.orientation != plans[0].orientation));
        for (index, plan) in plans.iter().enumerate() {
            let elsewhere = sampler.plan(&there, &augment(), (0, index as u64));
            assert_eq!((plan.orientation, plan.warp.affine), (elsewhere.orientation, elsewhere.warp.affine));
            assert_eq!(plan.intensity.steps.first(), elsewhere.intensity.steps.first());
        }
    }

    #[test]
    fn a_plan_is_cut_short_step_by_step_down_to_nothing() {
        let sampler = sampler(1);
        let request = sampler.draw(0, 3, 0);
        let plan = AugmentPlan::of(&request);
        let all = plan.intensity.steps.len();
        assert!(all > 0 && plan.up_to(all) == plan);
        assert_eq!(plan.up_to(1).intensity.steps, plan.intensity.steps[..1]);
        assert_eq!((plan.up_to(0).orientation, plan.up_to(0).intensity.is_empty()), (plan.orientation, true));
        assert_eq!(sampler.plan(&request, &Augment::default(), (0, 3)), AugmentPlan::NOTHING);
    }
}
