//! The 48 axis-aligned orientations of a cube: which axis goes where, and which are mirrored.

use serde::{Deserialize, Serialize};

use super::{Axis, LinearZyx, Zyx};

/// An axis permutation with mirrors, as drawn by `mirror` and `transpose`.
///
/// World axis `source[a]` runs along patch axis `a`, backwards if `mirror[a]`: a step of one along patch axis `a` is a
/// step of `±1` along world axis `source[a]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Orientation {
    /// For each patch axis the world axis it shows; a permutation.
    pub source: Zyx<Axis>,
    /// For each patch axis whether it runs against its world axis.
    pub mirror: Zyx<bool>,
}

impl Default for Orientation {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl Orientation {
    /// As in the volume.
    pub const IDENTITY: Self =
        Self { source: Zyx::new(Axis::Z, Axis::Y, Axis::X), mirror: Zyx::new(false, false, false) };

    /// True if patch axes are world axes, unmirrored.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        *self == Self::IDENTITY
    }

    /// The linear map from patch directions to world directions.
    #[must_use]
    pub fn world_from_patch(&self) -> LinearZyx {
        let mut rows = [[0.0; 3]; 3];
        for axis in Axis::ALL {
            rows[self.source[axis].index()][axis.index()] = if self.mirror[axis] { -1.0 } else { 1.0 };
        }
        LinearZyx { rows }
    }

    /// Values along patch axes (such as a patch's extent) seen along world axes; signs are ignored.
    #[must_use]
    pub fn along_world<T: Copy>(&self, along_patch: Zyx<T>) -> Zyx<T> {
        let mut out = along_patch;
        for axis in Axis::ALL {
            out[self.source[axis]] = along_patch[axis];
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposed_mirror_moves_unit_steps_where_it_says() {
        let o = Orientation { source: Zyx::new(Axis::X, Axis::Y, Axis::Z), mirror: Zyx::new(true, false, false) };
        assert_eq!(o.world_from_patch().apply(Zyx::new(1.0, 0.0, 0.0)), Zyx::new(0.0, 0.0, -1.0));
        assert_eq!(o.world_from_patch().apply(Zyx::new(0.0, 0.0, 1.0)), Zyx::new(1.0, 0.0, 0.0));
        assert_eq!(o.along_world(Zyx::new(7, 8, 9)), Zyx::new(9, 8, 7));
    }
}
