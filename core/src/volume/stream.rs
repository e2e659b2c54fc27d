//! Writing what nobody reads soon past the caches: memory is then written once, not read first to be written.

use std::ops::Range;

use bytemuck::{AnyBitPattern, NoUninit};

/// Arrays of fewer elements may be in a cache when their batch is used; they are written as usual.
const LEAST: usize = 1 << 20;

/// Words that are made at a time before they are written: some cache lines.
const BLOCK_WORDS: usize = 32;

/// Whether an array of so many elements is written past the caches.
pub(crate) const fn is_large(elements: usize) -> bool {
    elements >= LEAST
}

/// Fills `out`, part after part: `make` gets which elements to make, and where. With `past_caches`, what it makes is not
/// kept in the caches.
#[inline]
#[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables, reason = "no such stores are known here"))]
pub(crate) fn write<T: AnyBitPattern + NoUninit>(
    out: &mut [T],
    past_caches: bool,
    make: impl Fn(Range<usize>, &mut [T]),
) {
    #[cfg(target_arch = "x86_64")]
    if past_caches {
        return sse2::write(out, make);
    }
    make(0..out.len(), out);
}

/// Makes all of `out` the same.
pub(crate) fn fill<T: AnyBitPattern + NoUninit>(out: &mut [T], past_caches: bool, value: T) {
    write(out, past_caches, |_, out| out.fill(value));
}

/// SSE2 belongs to every x86-64.
#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{__m128i, _mm_sfence, _mm_stream_si128};
    use std::ops::Range;

    use bytemuck::{AnyBitPattern, NoUninit};

    use super::BLOCK_WORDS;

    #[inline]
    pub(super) fn write<T: AnyBitPattern + NoUninit>(out: &mut [T], make: impl Fn(Range<usize>, &mut [T])) {
        let (head, middle, tail) = bytemuck::pod_align_to_mut::<T, __m128i>(out);
        let per_block = BLOCK_WORDS * size_of::<u64>() / size_of::<T>();
        let mut at = head.len();
        make(0..at, head);
        let (blocks, rest) = middle.as_chunks_mut::<{ BLOCK_WORDS / 2 }>();
        let mut block = [0_u64; BLOCK_WORDS];
        for out in blocks {
            make(at..at + per_block, bytemuck::cast_slice_mut(&mut block));
            at += per_block;
            let made: [__m128i; BLOCK_WORDS / 2] = bytemuck::cast(block);
            for (out, made) in out.iter_mut().zip(made) {
                // SAFETY: SSE2 is there on every x86-64; `out` is a place of 16 bytes, aligned as its type demands.
                #[allow(unsafe_code, reason = "a store past the caches is an instruction of its own")]
                unsafe {
                    _mm_stream_si128(out, made);
                }
            }
        }
        let rest: &mut [T] = bytemuck::cast_slice_mut(rest);
        make(at..at + rest.len(), rest);
        at += rest.len();
        make(at..at + tail.len(), tail);
        // What was written is there for whoever is told so from now on.
        // SAFETY: SSE is there on every x86-64.
        #[allow(unsafe_code, reason = "an instruction of its own")]
        unsafe {
            _mm_sfence();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_of_an_array_is_written_alike_either_way() {
        fn check<T: AnyBitPattern + NoUninit + PartialEq + std::fmt::Debug>(of: impl Fn(usize) -> T) {
            let from: Vec<T> = (0..900).map(&of).collect();
            for lo in 0..20 {
                for len in [0, 1, 15, 16, 17, 255, 256, 257, 300, 700] {
                    let hi = lo + len;
                    let untouched = of(7777);
                    let (mut past, mut usual) = (vec![untouched; 900], vec![untouched; 900]);
                    let copied = |part: Range<usize>, out: &mut [T]| out.copy_from_slice(&from[lo..hi][part]);
                    write(&mut past[lo..hi], true, copied);
                    write(&mut usual[lo..hi], false, copied);
                    assert_eq!(past[lo..hi], from[lo..hi], "{lo}..{hi}");
                    assert_eq!(past, usual, "{lo}..{hi}");
                    fill(&mut past[lo..hi], true, of(3));
                    assert!(past[lo..hi].iter().all(|value| *value == of(3)), "{lo}..{hi}");
                    assert!(past[..lo].iter().chain(&past[hi..]).all(|value| *value == untouched), "{lo}..{hi}");
                }
            }
        }
        check(|i| (i * 37 % 251) as u8);
        check(|i| i as u16);
        check(|i| i as f32);
        check(|i| i as u64 * 0x0101_0101_0101);
    }
}
