//! `rotate`, `scale`, `shear` and `elastic` of `[augment]`, and the draw of a warp from them.

use serde::{Deserialize, Serialize};

use super::Augment;
use super::draw::{Draw, Purpose};
use super::range::two;
use crate::geometry::{Affine, Elastic, Misalign, PatchGrid, Sections, Shear, Warp, Zyx};

/// `rotate = { z = [-180, 180], y = [0, 0], x = [0, 0], probability = 0.5 }`: degrees about the named axes of the
/// volume, in nanometres (right on anisotropic voxels); about z first, then y, then x. See [`Affine`] for the sense.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// Degrees about z, from and to.
    #[serde(default, deserialize_with = "two")]
    pub z: [f64; 2],
    /// Degrees about y, from and to.
    #[serde(default, deserialize_with = "two")]
    pub y: [f64; 2],
    /// Degrees about x, from and to.
    #[serde(default, deserialize_with = "two")]
    pub x: [f64; 2],
    /// Probability that angles are drawn at all (each uniformly from its range).
    pub probability: f64,
}

/// `scale = { range = [0.9, 1.1], probability = 0.5 }`: one factor for all axes; above 1 the patch covers more.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Smallest and largest factor.
    #[serde(deserialize_with = "two")]
    pub range: [f64; 2],
    /// Probability that a factor is drawn at all (uniformly from the range).
    pub probability: f64,
}

/// `shear = { zy = [-0.1, 0.1], zx = [-0.1, 0.1], yx = [0, 0], probability = 0.5 }`: how many nm one axis of the
/// volume shifts per nm along another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShearRange {
    /// y per z, from and to.
    #[serde(default, deserialize_with = "two")]
    pub zy: [f64; 2],
    /// x per z, from and to.
    #[serde(default, deserialize_with = "two")]
    pub zx: [f64; 2],
    /// x per y, from and to.
    #[serde(default, deserialize_with = "two")]
    pub yx: [f64; 2],
    /// Probability that slopes are drawn at all (each uniformly from its range).
    pub probability: f64,
}

/// `elastic = { spacing_nm = [400, 400, 400], sigma_nm = [0, 30, 30], probability = 0.3 }`: a smooth random displacement
/// along the volume's axes. See [`Elastic`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElasticKeys {
    /// From one control point to the next, z, y, x.
    pub spacing_nm: Zyx<f64>,
    /// Standard deviation of the displacement along z, y, x at control points.
    pub sigma_nm: Zyx<f64>,
    /// Probability that a field is drawn at all.
    pub probability: f64,
}

/// `misalign = { jitter_nm = [0, 4], slip = 0.03, shift = 0.01, largest_nm = 30, probability = 0.3 }`: sections that do
/// not lie on each other. See [`Misalign`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MisalignKeys {
    /// Standard deviation of every section's own shift, from and to, nm.
    #[serde(default, deserialize_with = "two")]
    pub jitter_nm: [f64; 2],
    /// Probability of each section to lie off alone.
    #[serde(default)]
    pub slip: f64,
    /// Probability of each section to lie off with all beyond it.
    #[serde(default)]
    pub shift: f64,
    /// Largest slip and shift along y and along x, nm.
    #[serde(default)]
    pub largest_nm: f64,
    /// Probability that sections are shifted at all.
    pub probability: f64,
}

impl Augment {
    /// Draws how the sample of `grid` is bent beyond its orientation. `draw` opens the sample's stream of a purpose.
    ///
    /// Each kind has its own stream, and draws all its numbers whatever their ranges are, so that a change of one range
    /// leaves the others' numbers as they were.
    pub(super) fn warp(&self, grid: &PatchGrid, draw: impl Fn(Purpose) -> Draw) -> Warp {
        let mut affine = Affine::IDENTITY;
        if let Some(rotate) = &self.rotate {
            let mut draw = draw(Purpose::Rotate);
            let drawn = draw.chance(rotate.probability);
            let degrees = Zyx::new(rotate.z, rotate.y, rotate.x).map(|[lo, hi]| draw.between(lo, hi));
            if drawn {
                affine.rotate_degrees = degrees;
            }
        }
        if let Some(scale) = &self.scale {
            let mut draw = draw(Purpose::Scale);
            if draw.chance(scale.probability) {
                affine.scale = Zyx::splat(draw.between(scale.range[0], scale.range[1]));
            }
        }
        if let Some(shear) = &self.shear {
            let mut draw = draw(Purpose::Shear);
            let drawn = draw.chance(shear.probability);
            let [zy, zx, yx] = [shear.zy, shear.zx, shear.yx].map(|[lo, hi]| draw.between(lo, hi));
            if drawn {
                affine.shear = Shear { zy, zx, yx };
            }
        }
        Warp { affine, elastic: self.field(&draw), misalign: self.sections(Sections::of(grid), &draw) }
    }

    fn field(&self, draw: &impl Fn(Purpose) -> Draw) -> Option<Elastic> {
        let ElasticKeys { spacing_nm, sigma_nm, probability } = self.elastic?;
        let mut draw = draw(Purpose::Elastic);
        let drawn = draw.chance(probability) && sigma_nm.any(|sigma| sigma > 0.0);
        drawn.then(|| Elastic { spacing_nm, sigma_nm, seed: draw.word() })
    }

    fn sections(&self, sections: Sections, draw: &impl Fn(Purpose) -> Draw) -> Option<Misalign> {
        let MisalignKeys { jitter_nm: [lo, hi], slip, shift, largest_nm, probability } = self.misalign?;
        let mut draw = draw(Purpose::Misalign);
        let (drawn, jitter_nm) = (draw.chance(probability), draw.between(lo, hi));
        drawn.then(|| Misalign { sections, jitter_nm, slip, shift, largest_nm, seed: draw.word() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Orientation;

    fn augment() -> Augment {
        Augment {
            rotate: Some(Rotate { z: [-180.0, 180.0], y: [0.0; 2], x: [10.0, 20.0], probability: 0.5 }),
            scale: Some(Scale { range: [0.8, 1.2], probability: 1.0 }),
            shear: Some(ShearRange { zy: [-0.1, 0.1], zx: [0.0; 2], yx: [0.0, 0.3], probability: 0.25 }),
            elastic: Some(ElasticKeys {
                spacing_nm: Zyx::splat(400.0),
                sigma_nm: Zyx::new(0.0, 30.0, 30.0),
                probability: 0.3,
            }),
            misalign: Some(MisalignKeys {
                jitter_nm: [1.0, 4.0],
                slip: 0.1,
                shift: 0.05,
                largest_nm: 20.0,
                probability: 0.4,
            }),
            ..Augment::default()
        }
    }

    fn grid() -> PatchGrid {
        PatchGrid {
            center_nm: Zyx::splat(0.0),
            shape: Zyx::splat(16),
            voxel_size_nm: Zyx::splat(8.0),
            orientation: Orientation::IDENTITY,
            warp: Warp::NONE,
        }
    }

    fn warps(augment: &Augment, draws: u64) -> Vec<Warp> {
        (0..draws).map(|index| augment.warp(&grid(), |purpose| Draw::new(3, 0, index, 0, purpose))).collect()
    }

    /// The Kolmogorov–Smirnov distance of `values` from the uniform distribution on `lo..hi`, times √n.
    fn ks_from_uniform(mut values: Vec<f64>, lo: f64, hi: f64) -> f64 {
        values.sort_by(f64::total_cmp);
        let n = values.len() as f64;
        let distance = |(i, value): (usize, &f64)| {
            let expected = (value - lo) / (hi - lo);
            (expected - i as f64 / n).abs().max(((i + 1) as f64 / n - expected).abs())
        };
        values.iter().enumerate().map(distance).fold(0.0, f64::max) * n.sqrt()
    }

    #[test]
    fn every_number_is_uniform_in_its_range_and_drawn_as_often_as_configured() {
        let warps = warps(&augment(), 20_000);
        let of = |value: &dyn Fn(&Affine) -> f64| -> Vec<f64> { warps.iter().map(|w| value(&w.affine)).collect() };
        let drawn = |values: Vec<f64>| -> Vec<f64> { values.into_iter().filter(|v| *v != 0.0).collect() };
        let z = drawn(of(&|a| a.rotate_degrees.z));
        assert!((9_700..10_300).contains(&z.len()), "{}", z.len());
        let zy = drawn(of(&|a| a.shear.zy));
        assert!((4_700..5_300).contains(&zy.len()), "{}", zy.len());
        // Above 1.95 once in a thousand.
        for (values, [lo, hi]) in [
            (z, [-180.0, 180.0]),
            (drawn(of(&|a| a.rotate_degrees.x)), [10.0, 20.0]),
            (of(&|a| a.scale.y), [0.8, 1.2]),
            (zy, [-0.1, 0.1]),
            (drawn(of(&|a| a.shear.yx)), [0.0, 0.3]),
        ] {
            let ks = ks_from_uniform(values, lo, hi);
            assert!(ks < 1.95, "{lo} to {hi}: {ks}");
        }
        assert!(warps.iter().all(|w| w.affine.rotate_degrees.y == 0.0 && w.affine.shear.zx == 0.0));
        assert!(warps.iter().all(|w| w.affine.scale.z == w.affine.scale.x));
        let mut seeds: Vec<_> = warps.iter().filter_map(|w| w.elastic.map(|elastic| elastic.seed)).collect();
        assert!((5_730..6_270).contains(&seeds.len()), "{}", seeds.len());
        let drawn = seeds.len();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), drawn, "each sample has its own field");
    }

    #[test]
    fn one_kind_does_not_disturb_another() {
        let full = warps(&augment(), 50);
        let without = warps(&Augment { shear: None, scale: None, ..augment() }, 50);
        assert!(full.iter().zip(&without).all(|(a, b)| a.affine.rotate_degrees == b.affine.rotate_degrees));
        let mut narrow = augment();
        narrow.rotate = narrow.rotate.map(|rotate| Rotate { z: [0.0; 2], ..rotate });
        let narrow = warps(&narrow, 50);
        assert!(full.iter().zip(&narrow).all(|(a, b)| a.affine.rotate_degrees.x == b.affine.rotate_degrees.x));
    }

    #[test]
    fn nothing_configured_bends_nothing() {
        assert!(warps(&Augment::default(), 20).iter().all(Warp::is_none));
        let never =
            Augment { rotate: augment().rotate.map(|r| Rotate { probability: 0.0, ..r }), ..Augment::default() };
        assert!(warps(&never, 20).iter().all(Warp::is_none));
        let mut still = Augment { elastic: augment().elastic, ..Augment::default() };
        still.elastic = still.elastic.map(|e| ElasticKeys { sigma_nm: Zyx::splat(0.0), probability: 1.0, ..e });
        assert!(warps(&still, 20).iter().all(Warp::is_none));
    }

    #[test]
    fn the_draws_are_those_that_users_have_seen() {
        // Recorded when this was first written; a change here changes every sample of every user.
        let mut always = augment();
        always.rotate = always.rotate.map(|rotate| Rotate { probability: 1.0, ..rotate });
        always.shear = always.shear.map(|shear| ShearRange { probability: 1.0, ..shear });
        let affine = warps(&always, 8)[7].affine;
        let found = [affine.rotate_degrees.z, affine.scale.z, affine.shear.zy].map(|v| (v * 1e6).round());
        assert_eq!(found, [71_788_297.0, 1_133_354.0, 23_090.0]);
    }
}
