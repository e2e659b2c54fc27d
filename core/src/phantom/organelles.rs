//! Mitochondria with cristae, lysosomes, vesicles and Golgi stacks: one distance and one paint each.

use super::classes::Structure;
use super::noise::{Noise, floor, fraction, hash3};
use super::paint::{MEMBRANE_NM, Paint, membrane, stain};
use super::spine::{Foot, Segment, foot};
use super::vector::{Vec3, across, band, dot, norm, ramp, scaled, smooth_max, unit};

/// How far beyond its surface an organelle still matters: stain of the membrane, room kept free of ER.
pub(super) const REACH_NM: f32 = 26.0;

/// A mitochondrion: a bent tube with two membranes, and lamellar cristae across it.
#[derive(Debug, Clone)]
pub(super) struct Mito {
    pub(super) id: u32,
    pub(super) spine: Vec<Segment>,
    pub(super) radius: f32,
    pub(super) relief: Noise,
    pub(super) warp: Noise,
    pub(super) grain: Noise,
    /// Distance from crista to crista.
    pub(super) pitch: f32,
    /// How far cristae lean, nm along the axis per nm across it.
    pub(super) lean: Vec3,
}

/// Depth of the middle of the inner membrane below the surface.
const INNER_MEMBRANE_NM: f32 = 25.0;

impl Mito {
    /// A bound on the distance of the surface from the spine.
    pub(super) fn reach(&self) -> f32 {
        self.radius + 16.0 + REACH_NM
    }

    /// Distance from the surface (negative inside) with the foot on the spine, given the segments near `p`.
    pub(super) fn distance<'a>(&self, near: impl Iterator<Item = &'a Segment>, p: Vec3) -> (f32, Option<Foot>) {
        match foot(near, p) {
            Some(foot) => (foot.distance - self.radius - 16.0 * self.relief.at(p), Some(foot)),
            None => (f32::INFINITY, None),
        }
    }

    pub(super) fn paint(&self, p: Vec3, distance: f32, foot: &Foot, paint: &mut Paint) {
        let depth = -distance;
        paint.darken(membrane(depth), stain::MEMBRANE);
        if depth <= 0.0 {
            return;
        }
        let inner = (depth - INNER_MEMBRANE_NM).abs();
        let crista = self.crista(p, depth, foot);
        let walls = band(inner, 12.5).max(band(crista + 6.0, 12.5) * ramp(14.0, 24.0, depth));
        paint.darken(walls, stain::MEMBRANE + 6.0);
        let matrix = depth > INNER_MEMBRANE_NM && crista > 0.0;
        let base = if matrix { stain::MATRIX + 12.0 * self.grain.at(p) } else { stain::INTERMEMBRANE };
        let in_wall = depth < MEMBRANE_NM
            || inner < 0.5 * MEMBRANE_NM
            || (depth > INNER_MEMBRANE_NM && (-MEMBRANE_NM..0.0).contains(&crista));
        paint.set(if in_wall { Structure::MitoMem } else { Structure::MitoLum }, self.id, base);
    }

    /// Distance from the nearest crista (negative inside it): a lamella across the tube, joined to one side of it.
    fn crista(&self, p: Vec3, depth: f32, foot: &Foot) -> f32 {
        let arc = (foot.arc + dot(foot.offset, self.lean) + 26.0 * self.warp.at(p)) / self.pitch;
        let nearest = (floor(arc) - 1)..=(floor(arc) + 1);
        nearest.fold(f32::INFINITY, |least, k| {
            let draw = |salt: i32| fraction(hash3(self.warp.seed, k, salt, 0));
            if draw(0) < 0.06 {
                return least;
            }
            let position = k as f32 + 0.5 + 0.42 * (draw(1) - 0.5);
            let lamella = (arc - position).abs() * self.pitch - 10.0;
            // Each lamella grows from its own side of the inner membrane and ends before the other.
            let side = Vec3::new(draw(2) - 0.5, draw(3) - 0.5, draw(4) - 0.5);
            let side = unit(across(side, foot.axis));
            let edge = (draw(5) * 1.4 - 0.95) * self.radius - dot(foot.offset, side);
            least.min(smooth_max(smooth_max(lamella, edge, 12.0), INNER_MEMBRANE_NM - 4.0 - depth, 4.0))
        })
    }
}

/// A body with one membrane: a lysosome (dark, uneven) or a vesicle (light, or with a dense core).
#[derive(Debug, Clone)]
pub(super) struct Globe {
    pub(super) id: u32,
    pub(super) center: Vec3,
    pub(super) radius: f32,
    pub(super) relief: Noise,
    pub(super) relief_nm: f32,
    pub(super) content: Content,
}

/// What fills a [`Globe`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Content {
    Lysosome,
    Clear,
    DenseCore,
}

impl Globe {
    /// A bound on the distance from the centre at which it matters.
    pub(super) fn reach(&self) -> f32 {
        self.radius + self.relief_nm + REACH_NM
    }

    /// Distance from the surface, negative inside.
    pub(super) fn distance(&self, p: Vec3) -> f32 {
        let smooth = norm(p - self.center) - self.radius;
        if self.relief_nm == 0.0 || smooth > self.relief_nm + REACH_NM {
            return smooth;
        }
        smooth + self.relief_nm * self.relief.at(p)
    }

    pub(super) fn paint(&self, p: Vec3, distance: f32, paint: &mut Paint) {
        let depth = -distance;
        paint.darken(membrane(depth), stain::MEMBRANE);
        if depth <= 0.0 {
            return;
        }
        let wall = depth < MEMBRANE_NM;
        let (structure, base) = match self.content {
            Content::Lysosome => {
                let grain = self.relief.at(scaled(p, 2.1));
                let fill = stain::LYSOSOME + 34.0 * grain + 55.0 * ramp(0.45, 0.7, self.relief.at(scaled(p, 1.2)));
                let fill = stain::LYSOSOME_HALO + (fill - stain::LYSOSOME_HALO) * ramp(14.0, 30.0, depth);
                (if wall { Structure::LysoMem } else { Structure::LysoLum }, fill)
            }
            Content::Clear => (if wall { Structure::VesMem } else { Structure::VesLum }, stain::VESICLE_LUMEN),
            Content::DenseCore => {
                let core = ramp(20.0, 30.0, depth);
                let fill = stain::VESICLE_LUMEN + (stain::VESICLE_CORE - stain::VESICLE_LUMEN) * core;
                (if wall { Structure::VesMem } else { Structure::VesLum }, fill)
            }
        };
        paint.set(structure, self.id, base);
    }
}

/// A Golgi stack: flat cisternae one above the other, all bent about the same point.
#[derive(Debug, Clone)]
pub(super) struct Golgi {
    pub(super) center: Vec3,
    pub(super) axis: Vec3,
    pub(super) radius: f32,
    pub(super) cisternae: u16,
    pub(super) relief: Noise,
}

/// Distance from cisterna to cisterna.
const CISTERNA_PITCH_NM: f32 = 54.0;
/// Radius of the sphere that the stack is bent about.
const STACK_BEND_NM: f32 = 640.0;

impl Golgi {
    pub(super) fn reach(&self) -> f32 {
        self.radius + f32::from(self.cisternae) * CISTERNA_PITCH_NM * 0.5 + 60.0 + REACH_NM
    }

    /// Distance from the nearest cisterna, negative inside.
    pub(super) fn distance(&self, p: Vec3) -> f32 {
        let q = p - self.center;
        let wave = self.relief.at(p);
        let height = norm(q + scaled(self.axis, STACK_BEND_NM)) - STACK_BEND_NM + 16.0 * wave;
        let beside = norm(across(q, self.axis));
        let top = 0.5 * f32::from(self.cisternae.saturating_sub(1));
        let k = (height / CISTERNA_PITCH_NM + top).round().clamp(0.0, 2.0 * top) - top;
        let rim = self.radius * (1.0 - 0.05 * k * k) + 55.0 * self.relief.at(scaled(p, 0.7) + Vec3::splat(97.0 * k));
        // Cisternae swell at the rim.
        let half = 15.0 + 9.0 * ramp(rim - 90.0, rim - 20.0, beside);
        smooth_max((height - k * CISTERNA_PITCH_NM).abs() - half, beside - rim, 30.0)
    }

    pub(super) fn paint(distance: f32, paint: &mut Paint) {
        paint.darken(membrane(-distance), stain::MEMBRANE);
        if distance < 0.0 {
            let wall = distance > -MEMBRANE_NM;
            paint.set(if wall { Structure::GolgiMem } else { Structure::GolgiLum }, 0, stain::GOLGI_LUMEN);
        }
    }
}
