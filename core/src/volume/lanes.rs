//! Moving elements without looking at them: rows reversed, tiles transposed. By element size, not by type.

use bytemuck::{AnyBitPattern, NoUninit};

/// Rows and columns of the tiles that [`Lane::transpose`] turns.
pub(super) const TILE: usize = 16;

/// Rows that are turned at a time: whole cache lines of what comes out, which may lie far apart from each other.
const BLOCK: usize = 4 * TILE;

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
impl Lane for u32 {
    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn transpose(rows: &[[Self; TILE]; TILE]) -> [[Self; TILE]; TILE] {
        sse2::transpose_words(rows)
    }
}
impl Lane for u64 {}

/// Where rows become columns: memory that is used again for every part of a box.
pub(super) struct Turner<T> {
    /// Some rows as they are, in the tiles they belong to.
    rows: [[[T; TILE]; BLOCK / TILE]; TILE],
    /// Columns of them.
    turned: [[T; BLOCK]; BLOCK],
}

impl<T: Lane> Turner<T> {
    pub(super) fn new() -> Self {
        Self { rows: [[[T::default(); TILE]; BLOCK / TILE]; TILE], turned: [[T::default(); BLOCK]; BLOCK] }
    }

    /// Copies rows of `from` as columns of `out`: element `column` of row `row` lies at `row_start(row) + column`, and goes
    /// to `column_start(column) + row`.
    ///
    /// A part of each row is read at once, as its cache line may be gone before it is wanted again: rows are often as far
    /// from each other as lines of which a cache keeps few. `meanwhile` is called with how many rows are turned next, again
    /// and again.
    pub(super) fn turn(
        &mut self,
        (rows, columns): (usize, usize),
        row_start: impl Fn(usize) -> usize,
        from: &[T],
        column_start: impl Fn(usize) -> usize,
        out: &mut [T],
        mut meanwhile: impl FnMut(usize),
    ) {
        for first_column in (0..columns).step_by(BLOCK) {
            let wide = (columns - first_column).min(BLOCK);
            for first_row in (0..rows).step_by(BLOCK) {
                let len = (rows - first_row).min(BLOCK);
                for tile in (0..len).step_by(TILE) {
                    // Beyond the block the last row again; beyond the columns anything: neither is copied.
                    let row = |r: usize| row_start(first_row + (tile + r).min(len - 1)) + first_column;
                    meanwhile(TILE.min(len - tile));
                    self.turn_rows((tile, wide), row, from);
                }
                for (column, turned) in (first_column..first_column + wide).zip(&self.turned) {
                    let to = column_start(column) + first_row;
                    copy_row(&turned[..len], &mut out[to..to + len]);
                }
            }
        }
    }

    /// Turns as many rows as a tile has, from these places on, to columns from `to_row` on.
    #[inline]
    fn turn_rows(&mut self, (to_row, columns): (usize, usize), row: impl Fn(usize) -> usize, from: &[T]) {
        let tiles = columns.div_ceil(TILE);
        for (r, tiles) in self.rows.iter_mut().map(|row| &mut row[..tiles]).enumerate() {
            read_tiles(from, row(r), tiles);
        }
        for (tile, turned) in self.turned.as_chunks_mut::<TILE>().0.iter_mut().enumerate().take(tiles) {
            let columns = T::transpose(&std::array::from_fn(|r| self.rows[r][tile]));
            for (turned, column) in turned.iter_mut().zip(&columns) {
                turned[to_row..to_row + TILE].copy_from_slice(column);
            }
        }
    }
}

/// Copies a row. One of a whole block, the most frequent of all, without a call.
#[inline]
pub(super) fn copy_row<T: Lane>(from: &[T], to: &mut [T]) {
    match (from.as_array::<BLOCK>(), to.as_mut_array::<BLOCK>()) {
        (Some(from), Some(to)) => *to = *from,
        _ => to.copy_from_slice(from),
    }
}

/// The elements from `start` on; beyond the end of them anything.
#[inline]
fn read_tiles<T: Lane>(from: &[T], start: usize, tiles: &mut [[T; TILE]]) {
    match from.get(start..start + tiles.len() * TILE) {
        Some(row) => tiles.iter_mut().zip(row.as_chunks().0).for_each(|(tile, row)| *tile = *row),
        None => read_last_tiles(from, start, tiles),
    }
}

/// As [`read_tiles`], at the end of what there is: apart, so that the usual row stays some loads and no call.
#[cold]
#[inline(never)]
fn read_last_tiles<T: Lane>(from: &[T], start: usize, tiles: &mut [[T; TILE]]) {
    let rest = &from[start..];
    let len = rest.len().min(tiles.len() * TILE);
    tiles.as_flattened_mut()[..len].copy_from_slice(&rest[..len]);
}

/// Copies a box of `dims` elements in C order to where it belongs: `strides` of `out` for each of its axes, one of which
/// is 1.
pub(super) fn permute<T: Lane>(
    from: &[T],
    [a, b, c]: [usize; 3],
    (first, strides): (usize, [usize; 3]),
    out: &mut [T],
) {
    let [along_a, along_b, along_c] = strides;
    let mut turner = Turner::new();
    if along_c == 1 {
        for (row, from) in from.chunks_exact(c.max(1)).enumerate() {
            let to = first + row / b * along_a + row % b * along_b;
            out[to..to + c].copy_from_slice(from);
        }
    } else if along_b == 1 {
        for (i, from) in from.chunks_exact((b * c).max(1)).enumerate() {
            turner.turn((b, c), |row| row * c, from, |column| first + i * along_a + column * along_c, out, |_| ());
        }
    } else {
        for j in 0..b {
            let row = |row: usize| row * b * c + j * c;
            turner.turn((a, c), row, from, |column| first + j * along_b + column * along_c, out, |_| ());
        }
    }
}

/// SSE2 belongs to every x86-64.
#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{
        __m128i, _mm_unpackhi_epi8, _mm_unpackhi_epi32, _mm_unpackhi_epi64, _mm_unpacklo_epi8, _mm_unpacklo_epi32,
        _mm_unpacklo_epi64,
    };

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

    /// Four rows of four words at a time.
    #[inline]
    pub(super) fn transpose_words(rows: &[[u32; TILE]; TILE]) -> [[u32; TILE]; TILE] {
        let rows: [[__m128i; TILE / 4]; TILE] = bytemuck::cast(*rows);
        let mut columns = rows;
        for (i, rows) in rows.as_chunks::<4>().0.iter().enumerate() {
            for j in 0..TILE / 4 {
                let turned = turn_words(rows.map(|row| row[j]));
                for (k, turned) in turned.into_iter().enumerate() {
                    columns[4 * j + k][i] = turned;
                }
            }
        }
        bytemuck::cast(columns)
    }

    #[inline]
    fn turn_words([a, b, c, d]: [__m128i; 4]) -> [__m128i; 4] {
        // SAFETY: SSE2 is there on every x86-64, for which alone this module is compiled.
        #[allow(unsafe_code, reason = "the instructions are only unsafe where SSE2 is not known to be there")]
        unsafe {
            let (ab, ab_high) = (_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
            let (cd, cd_high) = (_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
            [
                _mm_unpacklo_epi64(ab, cd),
                _mm_unpackhi_epi64(ab, cd),
                _mm_unpacklo_epi64(ab_high, cd_high),
                _mm_unpackhi_epi64(ab_high, cd_high),
            ]
        }
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
    fn boxes_of_any_size_are_permuted() {
        for dims in [[1, 1, 1], [3, 5, 7], [16, 16, 16], [17, 70, 33], [2, 130, 1]] {
            let from: Vec<u16> = (0..dims.iter().product::<usize>() as u32).map(|i| i as u16).collect();
            for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
                // Axis `order[i]` of the box is axis i of what comes out.
                let shape = order.map(|axis: usize| dims[axis]);
                let mut strides = [0; 3];
                order.iter().zip([shape[1] * shape[2], shape[2], 1]).for_each(|(axis, stride)| strides[*axis] = stride);
                let mut out = vec![u16::MAX; from.len()];
                permute(&from, dims, (0, strides), &mut out);
                for (index, value) in from.iter().enumerate() {
                    let at = [index / (dims[1] * dims[2]), index / dims[2] % dims[1], index % dims[2]];
                    let to = (0..3).map(|axis| at[axis] * strides[axis]).sum::<usize>();
                    assert_eq!(out[to], *value, "{dims:?} as {order:?}: {at:?}");
                }
            }
        }
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
