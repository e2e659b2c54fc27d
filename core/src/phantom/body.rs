//! The large surfaces: the cell, its neighbour across a narrow gap, and the nucleus with envelope, pores and chromatin.

use super::classes::Structure;
use super::noise::{Dice, Noise};
use super::paint::{MEMBRANE_NM, Paint, membrane, stain};
use super::vector::{Vec3, cross, dot, norm, ramp, scaled, smooth_max, unit};

/// Thickness of the nuclear envelope, outer face to inner face.
const ENVELOPE_NM: f32 = 44.0;
/// Radius of the hole that a pore makes in the envelope.
const PORE_NM: f32 = 46.0;

/// An ellipsoid whose surface swells and ripples.
#[derive(Debug, Clone)]
pub(super) struct Surface {
    center: Vec3,
    radii: Vec3,
    swell: Noise,
    swell_nm: f32,
    ripple: Noise,
    ripple_nm: f32,
}

impl Surface {
    fn new(dice: &mut Dice, center: Vec3, radii: Vec3, swell_nm: f32, ripple_nm: f32) -> Self {
        Self { center, radii, swell: dice.noise(620.0), swell_nm, ripple: dice.noise(150.0), ripple_nm }
    }

    /// About the distance to the surface (positive outside); without its relief deeper inside or further outside than
    /// the reaches.
    fn distance(&self, p: Vec3, inside_nm: f32, outside_nm: f32) -> f32 {
        let q = (p - self.center) / self.radii;
        let (k, slope) = (norm(q), norm(q / self.radii));
        // First-order distance to an ellipsoid: k (k - 1) / |∇k|k (Quilez, "ellipsoid distance").
        let smooth = if slope > 1e-9 { k * (k - 1.0) / slope } else { -self.radii.z };
        let relief = self.swell_nm + self.ripple_nm;
        if smooth < -inside_nm - relief || smooth > outside_nm + relief {
            return smooth;
        }
        smooth + self.swell_nm * self.swell.at(p) + self.ripple_nm * self.ripple.at(p)
    }
}

/// On which side of which plasma membrane a point lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    /// 1 the cell, 2 its neighbour, 0 between them.
    pub(super) cell: u8,
    /// How far inside that cell, or (between them) how far from the nearer one; nm, positive.
    pub(super) depth_nm: f32,
}

/// The cell and its neighbour.
#[derive(Debug, Clone)]
pub(super) struct Body {
    surface: Surface,
    gap: Noise,
    gap_ripple: Noise,
}

impl Body {
    pub(super) fn new(dice: &mut Dice, extent_nm: Vec3) -> Self {
        let span = extent_nm.z.max(extent_nm.y).max(extent_nm.x);
        let center = extent_nm * Vec3::new(0.46, 0.36, 0.38);
        let radius = (0.66 * span).min(9_000.0);
        let radii = scaled(Vec3::new(1.04, 1.0, 0.97), radius);
        let relief = (0.1 * radius).min(95.0);
        Self {
            surface: Surface::new(dice, center, radii, relief, relief * 0.22),
            gap: dice.noise(520.0),
            gap_ripple: dice.noise(130.0),
        }
    }

    /// The side of `p`; with the relief of the membranes up to `reach_nm` inside the cell and 420 nm outside.
    pub(super) fn side(&self, p: Vec3, reach_nm: f32) -> Side {
        let distance = self.surface.distance(p, reach_nm, 420.0);
        if distance < 0.0 {
            return Side { cell: 1, depth_nm: -distance };
        }
        if distance > 380.0 {
            return Side { cell: 2, depth_nm: distance - 300.0 };
        }
        // Between 22 nm (a tight cleft) and some 250 nm (a pocket of resin).
        let gap = (105.0 + 150.0 * self.gap.at(p) + 14.0 * self.gap_ripple.at(p)).max(22.0);
        if distance < gap {
            Side { cell: 0, depth_nm: distance.min(gap - distance) }
        } else {
            Side { cell: 2, depth_nm: distance - gap }
        }
    }

    /// Resin or plasma membrane at `p`; `None` deeper inside a cell. Darkens `paint` near a membrane.
    pub(super) fn paint(side: Side, paint: &mut Paint) {
        paint.cell = side.cell;
        let depth = if side.cell == 0 { -side.depth_nm } else { side.depth_nm };
        paint.darken(membrane(depth), stain::PLASMA_MEMBRANE);
        if side.cell == 0 {
            paint.set(Structure::Ecs, 0, stain::RESIN);
        } else if depth < MEMBRANE_NM {
            paint.set(Structure::Pm, 0, stain::CYTOSOL);
        }
    }
}

/// The axis of a nuclear pore, from the middle of the nucleus outwards.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pore {
    axis: Vec3,
}

/// The nucleus.
#[derive(Debug, Clone)]
pub(super) struct Nucleus {
    surface: Surface,
    nucleolus: Surface,
    pub(super) pores: Vec<Pore>,
    clump: Noise,
    grain: Noise,
    fine: Noise,
}

impl Nucleus {
    pub(super) fn new(dice: &mut Dice, extent_nm: Vec3) -> Self {
        let span = extent_nm.z.max(extent_nm.y).max(extent_nm.x);
        let center = extent_nm * Vec3::new(0.42, 0.17, 0.20);
        let radius = (0.40 * span).min(3_600.0);
        let radii = scaled(Vec3::new(0.96, 1.0, 1.05), radius);
        let relief = (0.08 * radius).min(60.0);
        let inner = center + scaled(Vec3::new(0.12, 0.20, 0.14), radius);
        Self {
            surface: Surface::new(dice, center, radii, relief, relief * 0.15),
            nucleolus: Surface::new(
                dice,
                inner,
                scaled(Vec3::new(1.0, 0.85, 1.1), 0.26 * radius),
                relief,
                relief * 0.5,
            ),
            pores: pores(dice, radius),
            clump: dice.noise(190.0),
            grain: dice.noise(62.0),
            fine: dice.noise(28.0),
        }
    }

    /// Distance to the outer face of the envelope (positive in the cytoplasm), with its relief up to 560 nm outside and 150 nm inside.
    pub(super) fn distance(&self, p: Vec3) -> f32 {
        self.surface.distance(p, 150.0, 560.0)
    }

    /// True if a pore comes within `reach_nm` of `p`.
    pub(super) fn pore_near(&self, pore: &Pore, p: Vec3, reach_nm: f32) -> bool {
        self.beside(pore, p) < reach_nm
    }

    /// Distance from the axis of a pore, which begins in the middle of the nucleus.
    fn beside(&self, pore: &Pore, p: Vec3) -> f32 {
        let q = p - self.surface.center;
        if dot(q, pore.axis) > 0.0 { norm(cross(q, pore.axis)) } else { norm(q) }
    }

    /// The nucleus at `p`, `distance` from its outer face; only darkens where `p` is outside.
    pub(super) fn paint<'a>(&self, p: Vec3, distance: f32, pores: impl Iterator<Item = &'a Pore>, paint: &mut Paint) {
        if distance > MEMBRANE_NM {
            return;
        }
        let beside = pores.map(|pore| self.beside(pore, p)).fold(f32::INFINITY, f32::min);
        let middle = 0.5 * ENVELOPE_NM;
        let slab = (distance + middle).abs() - middle;
        // The pore is a hole in the envelope around which the two membranes join.
        let envelope = smooth_max(slab, PORE_NM - beside, 14.0);
        paint.darken(membrane(-envelope), stain::MEMBRANE);
        if distance >= 0.0 {
            return;
        }
        if envelope < 0.0 {
            let lumen = envelope < -MEMBRANE_NM;
            paint.set(if lumen { Structure::NeLum } else { Structure::NeMem }, 0, stain::ENVELOPE_LUMEN);
        } else if distance > -ENVELOPE_NM {
            paint.set(Structure::Pore, 0, stain::PORE);
        } else {
            self.chromatin(p, -distance - ENVELOPE_NM, beside, paint);
        }
    }

    /// Chromatin `depth` below the envelope: dense under it except at pores, clumped within, around a nucleolus.
    fn chromatin(&self, p: Vec3, depth: f32, beside_pore: f32, paint: &mut Paint) {
        let (clump, grain) = (self.clump.at(p), self.grain.at(p));
        let lining = (1.0 - ramp(0.0, 75.0, depth)) * ramp(PORE_NM, PORE_NM + 45.0, beside_pore);
        let density = 0.75 * clump + 0.38 * grain + 0.72 * lining;
        let dense = ramp(0.24, 0.42, density);
        let nucleolus = ramp(12.0, -12.0, self.nucleolus.distance(p, 40.0, 40.0));
        let fine = self.fine.at(p);
        let loose = stain::NUCLEOPLASM + 11.0 * grain + 11.0 * fine;
        let base = loose + (stain::DENSE_CHROMATIN + 9.0 * grain + 8.0 * fine - loose) * dense;
        let base = base + (stain::NUCLEOLUS + 13.0 * grain + 12.0 * fine - base) * nucleolus;
        let structure = if dense > 0.5 && nucleolus < 0.5 { Structure::Hchrom } else { Structure::Nucleoplasm };
        paint.set(structure, 0, base);
    }
}

/// Pores spread evenly over the sphere (a Fibonacci lattice, jittered), about 9 per µm².
fn pores(dice: &mut Dice, radius_nm: f32) -> Vec<Pore> {
    let area_um2 = 4.0 * std::f32::consts::PI * radius_nm * radius_nm * 1e-6;
    let count = (9.0 * area_um2) as u32;
    // Cosine and sine of the golden angle, π (3 - √5).
    let (cos, sin) = (-0.737_368_9_f32, 0.675_490_3_f32);
    let (mut y, mut x) = (0.0_f32, 1.0_f32);
    let jitter = if count == 0 { 0.0 } else { 1.1 / (count as f32).sqrt() };
    (0..count)
        .map(|i| {
            let z = 1.0 - 2.0 * (i as f32 + 0.5) / count as f32;
            let ring = (1.0 - z * z).max(0.0).sqrt();
            let spot = Vec3::new(z, y * ring, x * ring) + scaled(dice.direction(), jitter);
            (y, x) = (y * cos + x * sin, x * cos - y * sin);
            let length = (y * y + x * x).sqrt();
            (y, x) = (y / length, x / length);
            Pore { axis: unit(spot) }
        })
        .collect()
}
