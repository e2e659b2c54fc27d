//! Object ids as colours: 64-bit ids folded to 32 bits, and a hash that spreads neighbouring ids over a palette.

use crate::colormap::{LUT_WIDTH, label_palette};

/// Multipliers of the hash, handed to the shader as pipeline constants.
pub(crate) const HASH_FACTORS: [u32; 2] = [0x7feb_352d, 0x846c_a68b];

/// Spreads the bits of an id: Chris Wellons' `lowbias32` (hash prospector, public domain).
#[must_use]
pub const fn hash_id(id: u32) -> u32 {
    let mut h = id;
    h = (h ^ (h >> 16)).wrapping_mul(HASH_FACTORS[0]);
    h = (h ^ (h >> 15)).wrapping_mul(HASH_FACTORS[1]);
    h ^ (h >> 16)
}

/// The 32-bit id that stands for a 64-bit one on the device.
///
/// Ids below 2³² are kept, 0 stays 0 and no other id becomes 0; larger ids are hashed, so that two of them may share
/// a colour, never a voxel's identity: what is under the pointer is read from the data, not from the texture.
#[must_use]
pub const fn fold_id(id: u64) -> u32 {
    let (low, high) = (id as u32, (id >> 32) as u32);
    if high == 0 {
        return low;
    }
    let folded = hash_id(low ^ hash_id(high));
    if folded == 0 { 1 } else { folded }
}

/// sRGB colour of an object id (already folded); the overlay, swatches and thumbnails all use this one.
#[must_use]
pub fn label_color(id: u32) -> [u8; 3] {
    label_palette()[hash_id(id) as usize % LUT_WIDTH]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_ids_stay_and_none_becomes_background() {
        assert_eq!(fold_id(0), 0);
        assert_eq!(fold_id(7), 7);
        assert_eq!(fold_id(u64::from(u32::MAX)), u32::MAX);
        for k in 1..10_000_u64 {
            assert_ne!(fold_id(k << 32), 0);
            assert_ne!(fold_id(u64::MAX - k), 0);
        }
    }

    #[test]
    fn neighbouring_ids_rarely_share_a_colour() {
        let same = (1..10_000_u32).filter(|id| label_color(*id) == label_color(id + 1)).count();
        assert!(same < 100, "{same} of 10 000 neighbours");
    }
}
