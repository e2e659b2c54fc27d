//! The random numbers of one sample: a stream named by (seed, epoch, index, attempt), the same for ever.
//!
//! ChaCha8 is counter-based: any sample's stream starts at once, without those before it. The words it gives and the
//! functions below are fixed; changing either changes every crop that users have seen.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// What a stream is for. Each has its own, so that a new kind of draw leaves the others as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Orientation = 0,
    Position = 1,
    Members = 8,
    Order = 9,
    Rotate = 16,
    Scale = 17,
    Shear = 18,
    Elastic = 19,
    Misalign = 20,
    Plane = 24,
    Contrast = 32,
    Brightness = 33,
    Gamma = 34,
    Noise = 35,
    Poisson = 36,
    Blur = 37,
    Normalise = 38,
    SectionShift = 39,
    MissingSections = 40,
    LowContrast = 41,
    Sharpen = 42,
    Charging = 43,
    Cutout = 44,
    Balance = 48,
    Foreground = 49,
    Neighbourhood = 50,
    Split = 64,
}

/// Marks the key of a stream that belongs to a recipe's own seed, in bytes that a sample's key leaves 0.
const OF_RECIPE: [u8; 4] = *b"seed";

/// The random numbers of one sample for one purpose.
#[derive(Debug)]
pub(super) struct Draw {
    rng: ChaCha8Rng,
}

impl Draw {
    pub(super) fn new(seed: u64, epoch: u64, index: u64, attempt: u32, purpose: Purpose) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&epoch.to_le_bytes());
        key[16..24].copy_from_slice(&index.to_le_bytes());
        key[24..28].copy_from_slice(&attempt.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(purpose as u64);
        Self { rng }
    }

    /// Stream `number` (of a row or a section) of a recipe's own seed; `variant` tells fields of one seed apart.
    pub(super) fn of_recipe(seed: u64, variant: u64, number: u64) -> Self {
        let words = Self::key_of_recipe(seed, variant).map(u32::to_le_bytes);
        let mut key = [0; 32];
        key.iter_mut().zip(words.as_flattened()).for_each(|(byte, word)| *byte = *word);
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(number);
        Self { rng }
    }

    /// The key of all streams of a recipe's own seed, as the eight words that ChaCha takes.
    pub(super) const fn key_of_recipe(seed: u64, variant: u64) -> [u32; 8] {
        let (low, high) = (seed as u32, (seed >> 32) as u32);
        [low, high, variant as u32, (variant >> 32) as u32, 0, 0, 0, u32::from_le_bytes(OF_RECIPE)]
    }

    /// Any of the 2⁶⁴ words: the seed of a recipe.
    pub(super) fn word(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Fills `words` with the stream's next 32-bit words, the same on machines of either byte order.
    pub(super) fn words(&mut self, words: &mut [u32]) {
        self.rng.fill_bytes(bytemuck::cast_slice_mut(words));
        for word in words {
            *word = u32::from_le(*word);
        }
    }

    /// Uniform from `lo` to below `hi`; `lo` if they are equal.
    pub(super) fn between(&mut self, lo: f64, hi: f64) -> f64 {
        lo + self.unit() * (hi - lo)
    }

    /// Uniform in 0 to below 1.
    fn unit(&mut self) -> f64 {
        // 53 bits fill the mantissa: every value below 1 that a step of 2⁻⁵³ reaches.
        (self.rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `0..bound` without bias, by rejection; 0 if `bound` is 0.
    pub(super) fn below(&mut self, bound: u128) -> u128 {
        let Some(largest) = bound.checked_sub(1) else { return 0 };
        let mask = u128::MAX.checked_shr(largest.leading_zeros()).unwrap_or(0);
        loop {
            let low = u128::from(self.rng.next_u64());
            let high = if mask >> 64 == 0 { 0 } else { u128::from(self.rng.next_u64()) << 64 };
            let value = (high | low) & mask;
            if value <= largest {
                return value;
            }
        }
    }

    /// True with `probability`; never at 0, always at 1.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Puts `items` into a uniformly random order (Fisher–Yates).
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u128 + 1) as usize;
            items.swap(last, other);
        }
    }
}

/// Every bit of the result depends on every bit of the word (splitmix64, <https://prng.di.unimi.it/splitmix64.c>).
pub(super) const fn mixed(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(index: u64) -> Draw {
        Draw::new(7, 0, index, 0, Purpose::Position)
    }

    #[test]
    fn every_part_of_the_name_changes_the_stream() {
        let first = |seed, epoch, index, attempt, purpose| {
            Draw::new(seed, epoch, index, attempt, purpose).below(u128::from(u64::MAX))
        };
        let mut seen = vec![
            first(1, 0, 0, 0, Purpose::Position),
            first(0, 1, 0, 0, Purpose::Position),
            first(0, 0, 1, 0, Purpose::Position),
            first(0, 0, 0, 1, Purpose::Position),
            first(0, 0, 0, 0, Purpose::Position),
            first(0, 0, 0, 0, Purpose::Orientation),
        ];
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 6);
    }

    #[test]
    fn the_stream_is_the_one_that_users_have_seen() {
        // Recorded when this was first written; a change here changes every sample of every user.
        let mut draw = Draw::new(1, 2, 3, 4, Purpose::Position);
        let words: Vec<_> = (0..3).map(|_| draw.below(1_000_000)).collect();
        assert_eq!(words, [364_502, 650_686, 403_624]);
    }

    #[test]
    fn below_reaches_every_value_evenly() {
        let mut counts = [0_u32; 7];
        for index in 0..7000 {
            counts[draw(index).below(7) as usize] += 1;
        }
        let chi2: f64 = counts.iter().map(|&n| (f64::from(n) - 1000.0).powi(2) / 1000.0).sum();
        // 6 degrees of freedom: above 22.46 once in a thousand.
        assert!(chi2 < 22.46, "{counts:?}: {chi2}");
    }

    #[test]
    fn below_takes_bounds_from_none_to_beyond_64_bits() {
        assert_eq!(draw(0).below(0), 0);
        assert_eq!(draw(0).below(1), 0);
        let bound = 3_u128 << 90;
        let values: Vec<_> = (0..64).map(|index| draw(index).below(bound)).collect();
        assert!(values.iter().all(|&v| v < bound));
        assert!(values.iter().any(|&v| v > bound / 2) && values.iter().any(|&v| v < bound / 2));
    }

    #[test]
    fn chance_is_exact_at_both_ends() {
        assert!((0..1000).all(|index| !draw(index).chance(0.0) && draw(index).chance(1.0)));
        let hits = (0..10_000).filter(|&index| draw(index).chance(0.3)).count();
        assert!((2850..3150).contains(&hits), "{hits}");
    }
}
