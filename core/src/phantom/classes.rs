//! What a voxel of the phantom is, and the label classes made from it, by CellMap's names.

use super::Probe;

/// The structure at a point; exactly one everywhere. Membranes count to what they enclose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Structure {
    /// Between the cells: resin.
    Ecs,
    /// Plasma membrane, of the cell or of its neighbour.
    Pm,
    /// Cytosol with ribosomes.
    Cyto,
    /// Membrane of the endoplasmic reticulum.
    ErMem,
    /// Its lumen.
    ErLum,
    /// Outer or inner membrane of the nuclear envelope.
    NeMem,
    /// The space between the two.
    NeLum,
    /// Nuclear pore.
    Pore,
    /// Nucleoplasm with loose chromatin, and the nucleolus.
    Nucleoplasm,
    /// Dense chromatin.
    Hchrom,
    /// Outer and inner membrane and cristae of a mitochondrion.
    MitoMem,
    /// Its matrix and the spaces between its membranes.
    MitoLum,
    /// Membrane of a Golgi cisterna.
    GolgiMem,
    /// Its lumen.
    GolgiLum,
    /// Membrane of a vesicle.
    VesMem,
    /// Its lumen.
    VesLum,
    /// Membrane of a lysosome.
    LysoMem,
    /// Its content.
    LysoLum,
}

/// A label class of the phantom.
#[derive(Debug, Clone, Copy)]
pub struct Class {
    /// CellMap's name, such as `mito_mem`.
    pub name: &'static str,
    /// True if its values are ids of single objects; else 1 means present.
    pub instances: bool,
    value: fn(&Probe) -> u32,
}

impl Class {
    /// The label of a point: 0 absent, else 1 or the object's id.
    #[must_use]
    pub fn value(&self, probe: &Probe) -> u32 {
        (self.value)(probe)
    }
}

const fn semantic(name: &'static str, value: fn(&Probe) -> u32) -> Class {
    Class { name, instances: false, value }
}

const fn instances(name: &'static str, value: fn(&Probe) -> u32) -> Class {
    Class { name, instances: true, value }
}

macro_rules! present {
    ($($structure:ident)|+) => {
        |probe| u32::from(matches!(probe.structure, $(Structure::$structure)|+))
    };
}
macro_rules! id {
    ($($structure:ident)|+) => {
        |probe| if matches!(probe.structure, $(Structure::$structure)|+) { probe.instance } else { 0 }
    };
}

/// Every label class, sorted by name.
///
/// `cyto`, `ecs`, `er`, `golgi`, `lyso`, `mito`, `nuc`, `pm`, `ves` are disjoint and leave no voxel out; the others are
/// parts of one of them (`er_mem` of `er`; `mito_lum` and `mito_mem` make up `mito`; `hchrom`, `ne`, `np` of `nuc`),
/// and `cell` is everything but `ecs`.
pub const CLASSES: &[Class] = &[
    instances("cell", |probe| u32::from(probe.cell)),
    semantic("cyto", present!(Cyto)),
    semantic("ecs", present!(Ecs)),
    semantic("er", present!(ErMem | ErLum)),
    semantic("er_mem", present!(ErMem)),
    semantic("golgi", present!(GolgiMem | GolgiLum)),
    semantic("hchrom", present!(Hchrom)),
    instances("lyso", id!(LysoMem | LysoLum)),
    instances("mito", id!(MitoMem | MitoLum)),
    semantic("mito_lum", present!(MitoLum)),
    semantic("mito_mem", present!(MitoMem)),
    semantic("ne", present!(NeMem | NeLum | Pore)),
    semantic("np", present!(Pore)),
    semantic("nuc", present!(NeMem | NeLum | Pore | Nucleoplasm | Hchrom)),
    semantic("pm", present!(Pm)),
    instances("ves", id!(VesMem | VesLum)),
];

/// The class of that name.
#[must_use]
pub fn class(name: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(CLASSES.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(class("mito").is_some_and(|class| class.instances));
        assert!(class("unicorn").is_none());
    }
}
