//! The endoplasmic reticulum: sheets about the nucleus, tubules through the cytoplasm, and the ribosomes around both.

use super::classes::Structure;
use super::noise::{Dice, Noise, floor, fraction, hash3};
use super::paint::{MEMBRANE_NM, Paint, membrane, stain};
use super::spine::Segment;
use super::vector::{Vec3, band, norm, ramp, scaled, smooth_max};

/// Distance of the first sheet from the nucleus, and from sheet to sheet.
const FIRST_SHEET_NM: f32 = 105.0;
const SHEET_PITCH_NM: f32 = 118.0;
/// Number of sheets.
const SHEETS: f32 = 4.0;
/// Side of the cells that hold one ribosome each, at most.
const RIBOSOME_CELL_NM: f32 = 38.0;

/// An ER tubule's piece.
#[derive(Debug, Clone)]
pub(super) struct Tubule {
    pub(super) segment: Segment,
    pub(super) radius: f32,
}

impl Tubule {
    /// A bound on the distance from its middle at which it matters.
    pub(super) fn reach(&self) -> f32 {
        0.5 * self.segment.length + self.radius + 30.0
    }
}

/// What the reticulum and the cytosol around it are made of.
#[derive(Debug, Clone)]
pub(super) struct Reticulum {
    wave: Noise,
    patch: Noise,
    broad: Noise,
    coarse: Noise,
    fine: Noise,
    ribosomes: u32,
}

impl Reticulum {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            wave: dice.noise(330.0),
            patch: dice.noise(460.0),
            broad: dice.noise(380.0),
            coarse: dice.noise(70.0),
            fine: dice.noise(26.0),
            ribosomes: dice.bits(),
        }
    }

    /// Distance from the nearest sheet (negative inside) where the nucleus is `from_nucleus` away.
    fn sheet(&self, p: Vec3, from_nucleus: f32) -> f32 {
        if !(30.0..540.0).contains(&from_nucleus) {
            return f32::INFINITY;
        }
        let height = from_nucleus - FIRST_SHEET_NM + 52.0 * self.wave.at(p);
        let k = (height / SHEET_PITCH_NM).round().clamp(0.0, SHEETS - 1.0);
        let flat = (height - k * SHEET_PITCH_NM).abs() - 22.0;
        if flat > 60.0 {
            return flat;
        }
        // Sheets are patches; those further out are smaller.
        let cover = self.patch.at(p + Vec3::splat(211.0 * k)) + 0.12 - 0.10 * k;
        smooth_max(flat, -cover * 260.0, 22.0)
    }

    /// The ER and the cytosol at a point of the cytoplasm.
    ///
    /// `from_nucleus` and `from_organelle` are distances to their surfaces; the ER keeps clear of organelles.
    pub(super) fn paint<'a>(
        &self,
        p: Vec3,
        from_nucleus: f32,
        from_organelle: f32,
        tubules: impl Iterator<Item = &'a Tubule>,
        paint: &mut Paint,
    ) {
        let tube = tubules.map(|t| t.segment.distance(p) - t.radius).fold(f32::INFINITY, f32::min);
        let sheet = self.sheet(p, from_nucleus);
        let clear = (17.0 - from_organelle).max(26.0 - from_nucleus);
        let distance = sheet.min(tube).max(clear);
        let rough = if sheet < tube { 1.0 } else { 0.0 };
        paint.darken(membrane(-distance), stain::MEMBRANE);
        if distance < 0.0 {
            let wall = distance > -MEMBRANE_NM;
            paint.set(if wall { Structure::ErMem } else { Structure::ErLum }, 0, stain::ER_LUMEN);
        } else {
            let coat = rough * band(distance - 14.0, 20.0);
            paint.set(Structure::Cyto, 0, self.cytosol(p, coat));
        }
    }

    /// Grey value of cytosol: uneven, with ribosomes, which crowd on the outside of rough ER (`coat` 0 to 1).
    pub(super) fn cytosol(&self, p: Vec3, coat: f32) -> f32 {
        let coarse = self.coarse.at(p);
        let ground = stain::CYTOSOL + 11.0 * coarse + 13.0 * self.fine.at(p) + 6.0 * self.broad.at(p);
        // A lattice turned against the axes, so that ribosomes do not line up in slices along them.
        let q = Vec3::new(
            0.80 * p.z + 0.36 * p.y - 0.48 * p.x,
            -0.60 * p.z + 0.48 * p.y - 0.64 * p.x,
            0.80 * p.y + 0.60 * p.x,
        );
        let cell = scaled(q, 1.0 / RIBOSOME_CELL_NM).map(floor);
        let draw = |salt: u32| hash3(self.ribosomes.wrapping_add(salt), cell.z, cell.y, cell.x);
        if fraction(draw(0)) > 0.34 + 0.5 * coarse + 0.6 * coat {
            return ground;
        }
        let bits = draw(1);
        let at = |shift: u32| RIBOSOME_CELL_NM * (0.25 + 0.5 * (((bits >> shift) & 255) as f32 / 255.0));
        let spot = scaled(cell.map(|i| i as f32), RIBOSOME_CELL_NM) + Vec3::new(at(0), at(8), at(16));
        ground + (stain::RIBOSOME - ground) * ramp(14.0, 5.0, norm(q - spot)) * 0.7
    }
}
