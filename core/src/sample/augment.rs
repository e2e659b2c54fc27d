//! `[augment]` of the configuration, and the draw of an orientation from it.

use serde::{Deserialize, Serialize};

use super::draw::{Draw, Purpose};
use super::intensity::Operation;
use super::spatial::{ElasticKeys, MisalignKeys, Rotate, Scale, ShearRange};
use crate::geometry::{Axis, Orientation, Zyx};

/// `mirror = { z = 0.5, y = 0.5, x = 0.5 }`: probability per axis of the volume.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs, reason = "axes")]
pub struct Mirror {
    pub z: f64,
    pub y: f64,
    pub x: f64,
}

/// `transpose = { axes = ["z", "y", "x"], probability = 1.0 }`: permutes the listed axes only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transpose {
    /// Axes that may change places.
    pub axes: Vec<Axis>,
    /// Probability that a random permutation (each equally likely, the identity among them) is drawn at all.
    pub probability: f64,
}

/// A plane of the volume, shown along a patch's own y (rows) and x (columns).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Plane {
    /// Rows along y, columns along x: the patch lies as the volume does.
    Xy,
    /// Rows along z, columns along x.
    Xz,
    /// Rows along z, columns along y.
    Yz,
}

impl Plane {
    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xy => "xy",
            Self::Xz => "xz",
            Self::Yz => "yz",
        }
    }

    /// For each patch axis the volume's axis it shows.
    const fn axes(self) -> Zyx<Axis> {
        match self {
            Self::Xy => Zyx::new(Axis::Z, Axis::Y, Axis::X),
            Self::Xz => Zyx::new(Axis::Y, Axis::Z, Axis::X),
            Self::Yz => Zyx::new(Axis::X, Axis::Z, Axis::Y),
        }
    }
}

/// `[augment]`: mirror first, then transpose, scale, shear, rotation, elastic displacement and misaligned sections, all in one
/// gather; then
/// operations on intensities in the order of the file.
///
/// Every key is read and written in `augment_keys.rs`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Augment {
    /// Mirror probabilities.
    pub mirror: Option<Mirror>,
    /// Axis permutation.
    pub transpose: Option<Transpose>,
    /// Planes of which each sample shows one, each equally likely, with its y and x; without them the plane is xy.
    pub planes: Option<Vec<Plane>>,
    /// Turns about the volume's axes.
    pub rotate: Option<Rotate>,
    /// Enlarges or shrinks.
    pub scale: Option<Scale>,
    /// Slants.
    pub shear: Option<ShearRange>,
    /// Bends smoothly.
    pub elastic: Option<ElasticKeys>,
    /// Shifts sections against each other.
    pub misalign: Option<MisalignKeys>,
    /// Operations on the intensities of inputs, in this order.
    pub intensity: Vec<Operation>,
}

const UNMOVED: Zyx<Axis> = Orientation::IDENTITY.source;

impl Augment {
    /// Whether patches can lie otherwise than along the volume's axes.
    #[must_use]
    pub const fn warps(&self) -> bool {
        self.rotate.is_some()
            || self.scale.is_some()
            || self.shear.is_some()
            || self.elastic.is_some()
            || self.misalign.is_some()
    }

    fn planes(&self) -> &[Plane] {
        self.planes.as_deref().filter(|planes| !planes.is_empty()).unwrap_or(&[Plane::Xy])
    }

    /// Every axis permutation that can be drawn, that of the first plane first: for each patch axis the volume's axis it
    /// shows.
    pub(super) fn permutations(&self) -> Vec<Zyx<Axis>> {
        let mut all = Vec::new();
        for plane in self.planes() {
            for transposed in self.transpositions() {
                let source = transposed.map(|axis| plane.axes()[axis]);
                if !all.contains(&source) {
                    all.push(source);
                }
            }
        }
        all
    }

    /// Every permutation of a patch's own axes that can be drawn, the identity first.
    fn transpositions(&self) -> Vec<Zyx<Axis>> {
        let mut all = vec![UNMOVED];
        let Some(transpose) = self.transpose.as_ref().filter(|t| t.probability > 0.0) else { return all };
        let listed = |axis: Axis| transpose.axes.contains(&axis);
        for z in Axis::ALL {
            for y in Axis::ALL {
                for x in Axis::ALL {
                    let source = Zyx::new(z, y, x);
                    let is_permutation = z != y && y != x && x != z;
                    let keeps_the_rest = Axis::ALL.into_iter().all(|axis| source[axis] == axis || listed(axis));
                    if is_permutation && keeps_the_rest && source != UNMOVED {
                        all.push(source);
                    }
                }
            }
        }
        all
    }

    /// Draws how a sample lies in the volume. `draw` opens the sample's stream of a purpose.
    pub(super) fn orientation(&self, draw: impl Fn(Purpose) -> Draw) -> Orientation {
        let mut turns = draw(Purpose::Orientation);
        let mirror = self.mirror.unwrap_or_default();
        let along_world = Zyx::new(mirror.z, mirror.y, mirror.x).map(|probability| turns.chance(probability));
        let mut source = UNMOVED;
        if let Some(transpose) = &self.transpose
            && turns.chance(transpose.probability)
        {
            let mut moved = transpose.axes.clone();
            turns.shuffle(&mut moved);
            for (&axis, &shown) in transpose.axes.iter().zip(&moved) {
                source[axis] = shown;
            }
        }
        let planes = self.planes();
        let plane = match planes {
            [plane] => *plane,
            _ => planes[draw(Purpose::Plane).below(planes.len() as u128) as usize],
        };
        let source = source.map(|axis| plane.axes()[axis]);
        Orientation { source, mirror: source.map(|axis| along_world[axis]) }
    }

    /// Draws how a sample lies whose neighbours are drawn from the same positions: plane and transposition are those that
    /// `group` draws, and axes are mirrored as `own` does. Each is as likely as in [`Augment::orientation`].
    pub(super) fn orientation_in_group(
        &self,
        own: impl Fn(Purpose) -> Draw,
        group: impl Fn(Purpose) -> Draw,
    ) -> Orientation {
        let (own, group) = (self.orientation(own), self.orientation(group));
        let along_world = own.along_world(own.mirror);
        Orientation { source: group.source, mirror: group.source.map(|axis| along_world[axis]) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn frequencies(augment: &Augment, draws: u64) -> HashMap<Orientation, u64> {
        let mut counts = HashMap::new();
        for index in 0..draws {
            let orientation = augment.orientation(|purpose| Draw::new(3, 0, index, 0, purpose));
            *counts.entry(orientation).or_default() += 1;
        }
        counts
    }

    #[test]
    fn all_48_orientations_are_equally_likely() {
        let augment = Augment {
            mirror: Some(Mirror { z: 0.5, y: 0.5, x: 0.5 }),
            transpose: Some(Transpose { axes: Axis::ALL.to_vec(), probability: 1.0 }),
            ..Augment::default()
        };
        let counts = frequencies(&augment, 48_000);
        assert_eq!(counts.len(), 48);
        let chi2: f64 = counts.values().map(|&n| (n as f64 - 1000.0).powi(2) / 1000.0).sum();
        // 47 degrees of freedom: above 82.72 once in a thousand.
        assert!(chi2 < 82.72, "{chi2}");
    }

    #[test]
    fn axes_that_are_not_listed_stay() {
        let transpose = Some(Transpose { axes: vec![Axis::Y, Axis::X], probability: 0.5 });
        let augment = Augment { transpose, ..Augment::default() };
        assert_eq!(augment.permutations().len(), 2);
        let counts = frequencies(&augment, 10_000);
        assert_eq!(counts.len(), 2);
        assert!(counts.keys().all(|o| o.source.z == Axis::Z && !o.mirror.any(|m| m)));
        // Half of the draws permute, half of those permutations are the identity.
        let swapped: u64 = counts.iter().filter(|(o, _)| o.source.y == Axis::X).map(|(_, n)| n).sum();
        assert!((2350..2650).contains(&swapped), "{swapped}");
    }

    #[test]
    fn nothing_configured_changes_nothing() {
        let counts = frequencies(&Augment::default(), 100);
        assert_eq!(counts.keys().collect::<Vec<_>>(), [&Orientation::IDENTITY]);
        assert_eq!(Augment::default().permutations(), [UNMOVED]);
    }

    #[test]
    fn mirroring_follows_the_axis_of_the_volume() {
        let augment = Augment {
            mirror: Some(Mirror { z: 1.0, y: 0.0, x: 0.0 }),
            transpose: Some(Transpose { axes: Axis::ALL.to_vec(), probability: 1.0 }),
            ..Augment::default()
        };
        let counts = frequencies(&augment, 1000);
        assert_eq!(counts.len(), 6);
        for orientation in counts.keys() {
            let shows_z = |axis: Axis| orientation.source[axis] == Axis::Z;
            assert!(Axis::ALL.into_iter().all(|axis| orientation.mirror[axis] == shows_z(axis)), "{orientation:?}");
        }
        assert_eq!(augment.permutations().len(), 6);
    }

    #[test]
    fn every_plane_is_equally_likely_and_shown_by_rows_and_columns() {
        let planes = Some(vec![Plane::Yz, Plane::Xy, Plane::Xz]);
        let augment = Augment { planes: planes.clone(), ..Augment::default() };
        let (z, y, x) = (Axis::Z, Axis::Y, Axis::X);
        assert_eq!(augment.permutations(), [Zyx::new(x, z, y), Zyx::new(z, y, x), Zyx::new(y, z, x)]);
        let counts = frequencies(&augment, 3000);
        let chi2: f64 = counts.values().map(|&n| (n as f64 - 1000.0).powi(2) / 1000.0).sum();
        // 2 degrees of freedom: above 13.82 once in a thousand.
        assert!(counts.len() == 3 && chi2 < 13.82, "{counts:?}");
        // A transposition is one of the patch's own axes: it swaps rows and columns of whatever plane there is.
        let transpose = Some(Transpose { axes: vec![y, x], probability: 1.0 });
        let both = Augment { planes, transpose, ..Augment::default() };
        assert_eq!(both.permutations().len(), 6);
        assert_eq!(frequencies(&both, 600).len(), 6);
        assert!(both.permutations().iter().all(|source| augment.permutations().iter().any(|p| p.z == source.z)));
        let one = Augment { planes: Some(vec![Plane::Xz]), ..Augment::default() };
        assert_eq!((one.permutations(), frequencies(&one, 50).len()), (vec![Zyx::new(y, z, x)], 1));
    }
}
