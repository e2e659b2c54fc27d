//! Moving elements without looking at them: rows reversed, tiles transposed. By element size, not by type.

use bytemuck::{AnyBitPattern, NoUninit};

/// Rows and columns of the tiles that [`Lane::transpose`] turns.
pub(super) const TILE: usize = 16;

/// An element of 1, 2, 4 or 8 bytes.
pub(super) trait Lane: Copy + Default + AnyBitPattern + NoUninit {
    /// Copies `from` into `to`, last element first.
    fn reverse(from: &[Self], to: &mut [Self]) {
        for (to, from) in to.iter_mut().zip(from.iter().rev()) {
            *to = *from;
        }
    }

    /// The columns of a tile as rows.
    #[inline]
    fn transpose(rows: &[[Self; TILE]; TILE]) -> [[Self; TILE]; TILE] {
        let mut columns = [[Self::default(); TILE]; TILE];
        for (y, row) in rows.iter().enumerate() {
            for (x, value) in row.iter().enumerate() {
                columns[x][y] = *value;
            }
        }
        columns
    }
}

impl Lane for u8 {
    /// Eight at a time: the bytes of a word, swapped.
    fn reverse(from: &[Self], to: &mut [Self]) {
        let words = from.len().min(to.len()) / 8;
        let (head, rest) = to.split_at_mut(words * 8);
        let tail = from.len() - words * 8;
        let (to_words, _) = head.as_chunks_mut::<8>();
        let (from_words, _) = from[tail..].as_chunks::<8>();
        for (to, from) in to_words.iter_mut().zip(from_words.iter().rev()) {
            *to = u64::from_ne_bytes(*from).swap_bytes().to_ne_bytes();
        }
        for (to, from) in rest.iter_mut().zip(from[..tail].iter().rev()) {
            *to = *from;
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn transpose(rows: &[[Self; TILE]; TILE]) -> [[Self; TILE]; TILE] {
        sse2::transpose(rows)
    }
}

impl Lane for u16 {}
impl Lane for u32 {}
impl Lane for u64 {}

/// SSE2 belongs to every x86-64.
#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{__m128i, _mm_unpackhi_epi8, _mm_unpacklo_epi8};

    use super::TILE;

    /// Four rounds in which row i meets row i + 8: each doubles the run of elements that belong together.
    #[inline]
    pub(super) fn transpose(rows: &[[u8; TILE]; TILE]) -> [[u8; TILE]; TILE] {
        let mut rows: [__m128i; TILE] = bytemuck::cast(*rows);
        for _ in 0..4 {
            rows = interleave(rows);
        }
        bytemuck::cast(rows)
    }

    #[inline]
    fn interleave(rows: [__m128i; TILE]) -> [__m128i; TILE] {
        let mut mixed = rows;
        for i in 0..TILE / 2 {
            let (a, b) = (rows[i], rows[i + TILE / 2]);
            // SAFETY: SSE2 is there on every x86-64, for which alone this module is compiled.
            #[allow(unsafe_code, reason = "the two instructions are only unsafe where SSE2 is not known to be there")]
            let (lo, hi) = unsafe { (_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b)) };
            (mixed[2 * i], mixed[2 * i + 1]) = (lo, hi);
        }
        mixed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_transposed_in_any_size_of_element() {
        fn check<T: Lane + PartialEq + std::fmt::Debug>(of: impl Fn(usize) -> T) {
            let rows = std::array::from_fn(|y| std::array::from_fn(|x| of(y * TILE + x)));
            let columns = T::transpose(&rows);
            for (y, row) in rows.iter().enumerate() {
                for (x, value) in row.iter().enumerate() {
                    assert_eq!(columns[x][y], *value, "({y}, {x})");
                }
            }
        }
        check(|i| i as u8);
        check(|i| i as u16 * 257);
        check(|i| i as u32 * 65_537);
        check(|i| i as u64 * 0x0101_0101_0101);
    }

    #[test]
    fn rows_of_any_length_are_reversed() {
        for len in [0, 1, 7, 8, 9, 16, 43, 64] {
            let from: Vec<u8> = (0..len).collect();
            let mut to = vec![255; from.len()];
            u8::reverse(&from, &mut to);
            assert!(to.iter().eq(from.iter().rev()), "{len}: {to:?}");
            let from: Vec<u32> = from.into_iter().map(u32::from).collect();
            let mut to = vec![u32::MAX; from.len()];
            u32::reverse(&from, &mut to);
            assert!(to.iter().eq(from.iter().rev()), "{len}: {to:?}");
        }
    }
}
