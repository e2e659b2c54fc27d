//! `[input.NAME]` and `[target.NAME]`: shape, voxel size and meaning of one array of the batch.

use serde::{Deserialize, Serialize};

use super::Role;
use crate::geometry::Zyx;

/// Element type and meaning of an array of the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Inputs: 0–255. Targets: 0/1 with a mask of what is known.
    U8,
    /// Inputs: 0–1 in half precision.
    F16,
    /// Inputs: 0–1. Targets: 0/1, NaN where unknown.
    F32,
    /// Targets: ids as stored, in the smallest unsigned type that holds every class array, with a mask. Negative ids count
    /// down from the top of that type (-1 is its largest number), so that none is lost and no two fall together. Of floats
    /// the fraction is cut off, and NaN and -1 are unknown.
    Ids,
    /// Targets: one `u64` per voxel for all classes (64 at most), bit c for class c; the mask has bits, too.
    Bits,
    /// Targets: f32, nm to the border of the class, positive inside, negative outside, NaN where unknown.
    ///
    /// Exact Euclidean distance from the voxel's centre to the nearest voxel face between the class and what is not the
    /// class (Felzenszwalb and Huttenlocher 2012, on half voxels), along the patch's own axes, cut off at `clip_nm`.
    Distance,
    /// Targets: u8 with a mask; per class one channel for each of `offsets`: 1 where a voxel and the one at that offset
    /// carry the same id other than 0 (Turaga et al. 2010; `seg_to_affgraph` of malis, `AddAffinities` of gunpowder).
    Affinity,
    /// Targets: u8 with a mask; 1 where one of the six face neighbours carries another id, 0 counting as an id
    /// (`find_boundaries` of scikit-image with `mode="thick", connectivity=1`).
    Boundary,
}

impl Encoding {
    /// Every encoding that suits a role.
    #[must_use]
    pub const fn of_role(role: Role) -> &'static [Self] {
        match role {
            Role::Input => &[Self::U8, Self::F16, Self::F32],
            Role::Target => {
                &[Self::Ids, Self::Bits, Self::U8, Self::F32, Self::Distance, Self::Affinity, Self::Boundary]
            }
        }
    }

    /// Whether a target of it says of each class only whether it is there, and whether that is known.
    #[must_use]
    pub const fn says_presence(self) -> bool {
        matches!(self, Self::U8 | Self::F32 | Self::Bits)
    }

    /// Whether a voxel of it follows from what is stored there, whatever is around.
    #[must_use]
    pub const fn is_local(self) -> bool {
        matches!(self, Self::U8 | Self::F16 | Self::F32 | Self::Bits | Self::Ids)
    }

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::F16 => "f16",
            Self::F32 => "f32",
            Self::Ids => "ids",
            Self::Bits => "bits",
            Self::Distance => "distance",
            Self::Affinity => "affinity",
            Self::Boundary => "boundary",
        }
    }
}

/// `[input.NAME]` or `[target.NAME]`
///
/// What a patch of one voxel along an axis shows is a plane: distances and boundaries are then measured in that plane.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArraySpec {
    /// Voxels along the patch's own axes; in TOML `[y, x]` is a plane of one voxel along z.
    #[serde(deserialize_with = "planes::shape")]
    pub shape: Zyx<usize>,
    /// Voxel size along the patch's own axes, nm; in TOML `[y, x]` gets the z of its y.
    #[serde(deserialize_with = "planes::size")]
    pub voxel_size_nm: Zyx<f64>,
    /// Element type and meaning.
    pub encoding: Encoding,
    /// Inputs: which image of a dataset, by its path from the dataset, such as `em/fibsem-uint16`, wildcards allowed; left
    /// out: the one that the dataset is opened with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// Inputs: the channels to read, in this order; empty: all that there are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<u64>,
    /// Targets: the classes of this array, in this order; empty: those of `data.classes`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// `distance`: distances beyond this are cut off, nm. So far around the patch labels are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_nm: Option<f64>,
    /// `distance`: the values are tanh(distance / `tanh_nm`), between -1 and 1, instead of nm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tanh_nm: Option<f64>,
    /// `affinity`: offsets from a voxel to the other of the pair, voxels along the patch's own axes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offsets: Vec<Zyx<i64>>,
}

impl ArraySpec {
    /// An array without any key that may be left out.
    #[must_use]
    pub const fn new(shape: Zyx<usize>, voxel_size_nm: Zyx<f64>, encoding: Encoding) -> Self {
        Self {
            shape,
            voxel_size_nm,
            encoding,
            volume: None,
            channels: Vec::new(),
            classes: Vec::new(),
            clip_nm: None,
            tanh_nm: None,
            offsets: Vec::new(),
        }
    }

    /// Edge to edge, nm.
    #[must_use]
    pub fn extent_nm(&self) -> Zyx<f64> {
        self.shape.map(|n| n as f64) * self.voxel_size_nm
    }

    /// Voxels on either side of the patch that its values depend on.
    #[must_use]
    pub fn margin(&self) -> Zyx<usize> {
        let wide = |of: usize| self.shape.map(|n| if n > 1 { of } else { 0 });
        match self.encoding {
            Encoding::Distance => {
                let clip_nm = self.clip_nm.unwrap_or(0.0);
                wide(1).zip_map(self.voxel_size_nm, |wide, size_nm| wide * (clip_nm / size_nm).ceil() as usize)
            }
            Encoding::Affinity => self.offsets.iter().fold(Zyx::splat(0), |most, offset| {
                most.zip_map(*offset, |most: usize, offset| most.max(offset.unsigned_abs() as usize))
            }),
            Encoding::Boundary => wide(1),
            Encoding::U8 | Encoding::F16 | Encoding::F32 | Encoding::Ids | Encoding::Bits => Zyx::splat(0),
        }
    }
}

/// `#[serde(deserialize_with)]`: `[z, y, x]`, or `[y, x]` for a plane.
mod planes {
    use serde::{Deserialize, Deserializer, de};

    use crate::geometry::Zyx;

    pub(super) fn shape<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zyx<usize>, D::Error> {
        deserializer.deserialize_seq(Values(|_| 1, std::marker::PhantomData))
    }

    pub(super) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zyx<f64>, D::Error> {
        deserializer.deserialize_seq(Values(|y| y, std::marker::PhantomData))
    }

    /// Two or three values; how z follows from y where it is left out.
    struct Values<T>(fn(T) -> T, std::marker::PhantomData<T>);

    impl<'de, T: Deserialize<'de> + Copy> de::Visitor<'de> for Values<T> {
        type Value = Zyx<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("three values: [z, y, x], or two for a plane: [y, x]")
        }

        fn visit_seq<A: de::SeqAccess<'de>>(self, mut sequence: A) -> Result<Zyx<T>, A::Error> {
            let mut values = Vec::with_capacity(3);
            while let Some(value) = sequence.next_element::<T>()? {
                values.push(value);
            }
            match values[..] {
                [z, y, x] => Ok(Zyx::new(z, y, x)),
                [y, x] => Ok(Zyx::new((self.0)(y), y, x)),
                _ => Err(de::Error::invalid_length(values.len(), &self)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(keys: &str) -> Result<ArraySpec, toml::de::Error> {
        toml::from_str(&format!("encoding = \"ids\"\n{keys}"))
    }

    #[test]
    fn two_values_are_a_plane() {
        let plane = parse("shape = [64, 32]\nvoxel_size_nm = [4, 8]").unwrap();
        assert_eq!((plane.shape, plane.voxel_size_nm), (Zyx::new(1, 64, 32), Zyx::new(4.0, 4.0, 8.0)));
        let same = parse("shape = [1, 64, 32]\nvoxel_size_nm = [4, 4, 8]").unwrap();
        assert_eq!(plane, same);
        for wrong in ["[64]", "[1, 1, 64, 32]", "[]"] {
            let error = parse(&format!("shape = {wrong}\nvoxel_size_nm = [8, 8, 8]")).unwrap_err();
            assert!(error.message().contains("two for a plane"), "{error}");
        }
    }

    #[test]
    fn margins_reach_as_far_as_values_depend() {
        let spec = |encoding| ArraySpec::new(Zyx::new(1, 8, 8), Zyx::new(40.0, 4.0, 3.0), encoding);
        let distance = ArraySpec { clip_nm: Some(10.0), ..spec(Encoding::Distance) };
        assert_eq!(distance.margin(), Zyx::new(0, 3, 4));
        assert_eq!(ArraySpec { shape: Zyx::splat(8), ..distance }.margin(), Zyx::new(1, 3, 4));
        let offsets = vec![Zyx::new(-1, 0, 0), Zyx::new(0, 9, -2)];
        assert_eq!(ArraySpec { offsets, ..spec(Encoding::Affinity) }.margin(), Zyx::new(1, 9, 2));
        assert_eq!(spec(Encoding::Boundary).margin(), Zyx::new(0, 1, 1));
        assert_eq!(spec(Encoding::Ids).margin(), Zyx::splat(0));
    }
}
