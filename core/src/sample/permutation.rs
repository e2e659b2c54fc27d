//! A random order of `0..len` with random access: no list is made, whatever the length.
//!
//! A Feistel network (Luby and Rackoff, SIAM J. Comput. 17, 1988) permutes the smallest power of four that holds `len`;
//! numbers beyond `len` are sent through again until they fall inside (cycle walking: Black and Rogaway, CT-RSA 2002),
//! which takes less than four turns on average.

use super::draw::{Draw, mixed};

/// Four make a permutation that nobody can tell from a random one; eight leave no trace in short orders either.
const ROUNDS: usize = 8;

/// A permutation of `0..len`.
#[derive(Debug, Clone)]
pub(super) struct Permutation {
    len: u128,
    half_bits: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// Of `0..len`, drawn.
    pub(super) fn new(len: u128, draw: &mut Draw) -> Self {
        let bits = u128::BITS - len.saturating_sub(1).leading_zeros();
        let mut keys = [0; ROUNDS];
        keys.iter_mut().for_each(|key| *key = draw.word());
        Self { len, half_bits: bits.div_ceil(2).max(1), keys }
    }

    /// Which number stands at `index`; `index` itself if it is not below the length.
    pub(super) fn at(&self, index: u128) -> u128 {
        if index >= self.len {
            return index;
        }
        let mut number = self.network(index);
        while number >= self.len {
            number = self.network(number);
        }
        number
    }

    fn network(&self, number: u128) -> u128 {
        let mask = u64::MAX >> (u64::BITS - self.half_bits);
        let mut left = (number >> self.half_bits) as u64 & mask;
        let mut right = number as u64 & mask;
        for key in self.keys {
            (left, right) = (right, left ^ (mixed(right ^ key) & mask));
        }
        u128::from(left) << self.half_bits | u128::from(right)
    }
}

#[cfg(test)]
mod tests {
    use super::super::draw::Purpose;
    use super::*;

    fn permutation(len: u128, seed: u64) -> Permutation {
        Permutation::new(len, &mut Draw::new(seed, 0, 0, 0, Purpose::Members))
    }

    #[test]
    fn every_number_comes_once() {
        for len in [1, 2, 3, 4, 5, 16, 17, 100, 1000, 4097] {
            let permutation = permutation(len, 3);
            let mut seen: Vec<_> = (0..len).map(|index| permutation.at(index)).collect();
            assert!(len < 100 || seen.iter().enumerate().any(|(index, number)| index as u128 != *number));
            seen.sort_unstable();
            assert_eq!(seen, (0..len).collect::<Vec<_>>());
        }
    }

    #[test]
    fn lengths_beyond_64_bits_work_too() {
        let len = (1_u128 << 90) + 12_345;
        let permutation = permutation(len, 1);
        let numbers: std::collections::HashSet<_> = (0..1000).map(|index| permutation.at(index)).collect();
        assert_eq!(numbers.len(), 1000);
        assert!(numbers.iter().all(|&n| n < len) && numbers.iter().any(|&n| n > len / 2));
    }

    #[test]
    fn every_place_holds_every_number_equally_often() {
        // 10 places × 10 numbers over 4000 permutations.
        let mut counts = [[0_u32; 10]; 10];
        for seed in 0..4000 {
            let permutation = permutation(10, seed);
            for index in 0..10 {
                counts[index][permutation.at(index as u128) as usize] += 1;
            }
        }
        let chi2: f64 = counts.iter().flatten().map(|&n| (f64::from(n) - 400.0).powi(2) / 400.0).sum();
        // (10 - 1)² = 81 degrees of freedom: above 124.8 once in a thousand.
        assert!(chi2 < 124.8, "{chi2}");
    }
}
