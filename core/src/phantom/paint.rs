//! How dark heavy metal makes each structure (0 black, 255 white), and the paint that collects it at one point.

use super::Probe;
use super::classes::Structure;
use super::vector::band;

/// Thickness at which a membrane is labelled: it lies this far into what it encloses.
pub(super) const MEMBRANE_NM: f32 = 13.0;
/// Half the width over which the stain of a membrane fades.
const FADE_NM: f32 = 14.5;

/// Grey values of the structures before the microscope's noise.
pub(super) mod stain {
    pub(in super::super) const RESIN: f32 = 196.0;
    pub(in super::super) const CYTOSOL: f32 = 157.0;
    pub(in super::super) const ER_LUMEN: f32 = 178.0;
    pub(in super::super) const ENVELOPE_LUMEN: f32 = 180.0;
    pub(in super::super) const PORE: f32 = 120.0;
    pub(in super::super) const NUCLEOPLASM: f32 = 163.0;
    pub(in super::super) const DENSE_CHROMATIN: f32 = 121.0;
    pub(in super::super) const NUCLEOLUS: f32 = 104.0;
    pub(in super::super) const MATRIX: f32 = 126.0;
    pub(in super::super) const INTERMEMBRANE: f32 = 150.0;
    pub(in super::super) const GOLGI_LUMEN: f32 = 174.0;
    pub(in super::super) const VESICLE_LUMEN: f32 = 180.0;
    pub(in super::super) const VESICLE_CORE: f32 = 98.0;
    pub(in super::super) const LYSOSOME: f32 = 88.0;
    pub(in super::super) const LYSOSOME_HALO: f32 = 150.0;
    pub(in super::super) const RIBOSOME: f32 = 96.0;
    pub(in super::super) const MEMBRANE: f32 = 68.0;
    pub(in super::super) const PLASMA_MEMBRANE: f32 = 58.0;
}

/// Darkness (0 to 1) of the membrane under a surface, `depth_nm` below it (negative: outside).
pub(super) fn membrane(depth_nm: f32) -> f32 {
    band(depth_nm - 0.5 * MEMBRANE_NM, FADE_NM)
}

/// What has been found at one point so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    pub(super) structure: Structure,
    pub(super) instance: u32,
    pub(super) cell: u8,
    base: f32,
    dark: f32,
    level: f32,
}

impl Paint {
    /// Cytosol of the cell.
    pub(super) const fn new() -> Self {
        Self {
            structure: Structure::Cyto,
            instance: 0,
            cell: 1,
            base: stain::CYTOSOL,
            dark: 0.0,
            level: stain::MEMBRANE,
        }
    }

    /// The point belongs to this structure, of this grey value.
    pub(super) const fn set(&mut self, structure: Structure, instance: u32, base: f32) {
        self.structure = structure;
        self.instance = instance;
        self.base = base;
    }

    /// A membrane passes; the darkest one counts.
    pub(super) fn darken(&mut self, dark: f32, level: f32) {
        if dark > self.dark {
            self.dark = dark;
            self.level = level;
        }
    }

    /// The finished point.
    pub(super) fn probe(&self) -> Probe {
        Probe {
            structure: self.structure,
            instance: self.instance,
            cell: self.cell,
            intensity: self.base + (self.level - self.base) * self.dark,
        }
    }
}
