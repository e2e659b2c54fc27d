//! Decoded elements of any type as the few kinds of texels that the device keeps.

use std::borrow::Cow;

use microtome_core::volume::{Buffer, Voxel};
use microtome_core::with_buffer;

use crate::fold_id;

/// The voxels of one chunk, z, y, x in C order, as the device keeps them.
#[derive(Debug, Clone, PartialEq)]
pub enum Texels<'a> {
    /// Intensities 0 to 255, one byte each.
    U8(Cow<'a, [u8]>),
    /// Intensities of every other element type, in the data's own units, four bytes each; all finite.
    F32(Cow<'a, [f32]>),
    /// Object ids, folded to 32 bits by [`fold_id`]; 0 is background.
    Ids(Cow<'a, [u32]>),
}

impl<'a> Texels<'a> {
    /// Intensities from a decoded chunk: `u8` as it is, everything else as `f32`.
    ///
    /// Integers beyond 2²⁴ lose their last digits; NaN is drawn as the lowest value, ±∞ as the largest ones. Run it
    /// where chunks are decoded, not on the thread that paints.
    #[must_use]
    pub fn intensities(buffer: &'a Buffer) -> Self {
        match buffer {
            Buffer::U8(bytes) => Self::U8(Cow::Borrowed(bytes)),
            Buffer::F32(values) if values.iter().all(|v| v.is_finite()) => Self::F32(Cow::Borrowed(values)),
            other => {
                with_buffer!(other, values => Self::F32(values.iter().map(|v| finite(v.to_f64() as f32)).collect()))
            }
        }
    }

    /// Object ids from a decoded chunk.
    #[must_use]
    pub fn ids(buffer: &'a Buffer) -> Self {
        match buffer {
            Buffer::U32(ids) => Self::Ids(Cow::Borrowed(ids)),
            other => with_buffer!(other, values => Self::Ids(values.iter().map(|v| fold_id(v.to_id())).collect())),
        }
    }

    /// The same texels, owning their memory.
    #[must_use]
    pub fn into_owned(self) -> Texels<'static> {
        match self {
            Self::U8(v) => Texels::U8(Cow::Owned(v.into_owned())),
            Self::F32(v) => Texels::F32(Cow::Owned(v.into_owned())),
            Self::Ids(v) => Texels::Ids(Cow::Owned(v.into_owned())),
        }
    }

    /// Number of texels.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(v) => v.len(),
            Self::F32(v) => v.len(),
            Self::Ids(v) => v.len(),
        }
    }

    /// True if there is no texel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Intensities or ids.
    #[must_use]
    pub const fn kind(&self) -> TexelKind {
        match self {
            Self::U8(_) | Self::F32(_) => TexelKind::Intensity,
            Self::Ids(_) => TexelKind::Id,
        }
    }

    /// Bytes of one texel on the device.
    #[must_use]
    pub const fn texel_bytes(&self) -> u32 {
        match self {
            Self::U8(_) => 1,
            Self::F32(_) | Self::Ids(_) => 4,
        }
    }

    /// The texels as bytes, native endian.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::U8(v) => v,
            Self::F32(v) => bytemuck::cast_slice(v),
            Self::Ids(v) => bytemuck::cast_slice(v),
        }
    }

    /// What a texel as the shader loads it is multiplied with to get the data's own units.
    pub(crate) const fn value_scale(&self) -> f32 {
        match self {
            Self::U8(_) => 255.0,
            Self::F32(_) | Self::Ids(_) => 1.0,
        }
    }
}

/// What the texels of a chunk mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TexelKind {
    /// Drawn through a contrast window and a colour map.
    Intensity,
    /// Drawn as one colour per object.
    Id,
}

/// The value of a chunk that is absent from the store.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fill {
    /// Intensity, in the data's own units.
    Intensity(f32),
    /// Object id, folded.
    Id(u32),
}

impl Fill {
    /// Intensity or id.
    #[must_use]
    pub const fn kind(self) -> TexelKind {
        match self {
            Self::Intensity(_) => TexelKind::Intensity,
            Self::Id(_) => TexelKind::Id,
        }
    }

    /// The 32 bits that the shader reads as `f32` or `u32`.
    pub(crate) fn bits(self) -> u32 {
        match self {
            Self::Intensity(value) => finite(value).to_bits(),
            Self::Id(id) => id,
        }
    }
}

/// Shaders may assume that there is no NaN or infinity, so none gets there.
fn finite(value: f32) -> f32 {
    if value.is_nan() { f32::MIN } else { value.clamp(f32::MIN, f32::MAX) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_keep_their_range() {
        let buffer = Buffer::U16(vec![0, 257, 65_535]);
        assert_eq!(Texels::intensities(&buffer), Texels::F32(vec![0.0, 257.0, 65_535.0].into()));
    }

    #[test]
    fn nothing_that_is_not_finite_reaches_the_device() {
        let buffer = Buffer::F64(vec![f64::NAN, f64::INFINITY, -1e300, 2.0]);
        assert_eq!(Texels::intensities(&buffer), Texels::F32(vec![f32::MIN, f32::MAX, f32::MIN, 2.0].into()));
        let buffer = Buffer::F32(vec![f32::NAN]);
        assert_eq!(Texels::intensities(&buffer), Texels::F32(vec![f32::MIN].into()));
        assert_eq!(Fill::Intensity(f32::NAN).bits(), f32::MIN.to_bits());
    }

    #[test]
    fn bytes_are_not_copied() {
        let buffer = Buffer::U8(vec![1, 2]);
        assert!(matches!(Texels::intensities(&buffer), Texels::U8(Cow::Borrowed([1, 2]))));
    }

    #[test]
    fn large_ids_are_folded_and_signed_ones_stay_objects() {
        let buffer = Buffer::I64(vec![0, 5, -1]);
        assert_eq!(Texels::ids(&buffer), Texels::Ids(vec![0, 5, fold_id(u64::MAX)].into()));
    }
}
