//! Writing what nobody reads soon past the caches: memory is then written once, not read first to be written.

/// Arrays of fewer elements may be in a cache when their batch is used; they are written as usual.
pub(super) const LEAST: usize = 1 << 20;

/// 1 in `out` where bit `bit` is set in `bits`, else 0.
pub(super) fn put_bits(out: &mut [u8], bits: &[u8], bit: usize) {
    #[cfg(target_arch = "x86_64")]
    sse2::put_bits(out, bits, bit);
    #[cfg(not(target_arch = "x86_64"))]
    bits_as_usual(out, bits, bit);
}

/// 1.0 in `out` where bit `bit` is set in `bits`, else 0.0.
pub(super) fn put_floats(out: &mut [f32], bits: &[u8], bit: usize) {
    #[cfg(target_arch = "x86_64")]
    sse2::put_floats(out, bits, bit);
    #[cfg(not(target_arch = "x86_64"))]
    floats_as_usual(out, bits, bit);
}

/// As [`put_bits`], through the caches.
pub(super) fn bits_as_usual(out: &mut [u8], bits: &[u8], bit: usize) {
    for (out, bits) in out.iter_mut().zip(bits) {
        *out = (bits >> bit) & 1;
    }
}

/// As [`put_floats`], through the caches.
pub(super) fn floats_as_usual(out: &mut [f32], bits: &[u8], bit: usize) {
    for (out, bits) in out.iter_mut().zip(bits) {
        *out = f32::from((bits >> bit) & 1);
    }
}

/// SSE2 belongs to every x86-64.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "stores past the caches are instructions of their own")]
mod sse2 {
    use std::arch::x86_64::{
        __m128, __m128i, _mm_and_si128, _mm_cvtepi32_ps, _mm_cvtsi32_si128, _mm_set1_epi8, _mm_setzero_si128,
        _mm_sfence, _mm_srl_epi16, _mm_stream_ps, _mm_stream_si128, _mm_unpackhi_epi8, _mm_unpackhi_epi16,
        _mm_unpacklo_epi8, _mm_unpacklo_epi16,
    };

    use super::{bits_as_usual, floats_as_usual};

    pub(super) fn put_bits(out: &mut [u8], bits: &[u8], bit: usize) {
        let (head, middle, tail) = bytemuck::pod_align_to_mut::<u8, __m128i>(out);
        let (of_head, rest) = bits.split_at(head.len());
        let (of_middle, of_tail) = rest.split_at(middle.len() * 16);
        bits_as_usual(head, of_head, bit);
        for (out, bits) in middle.iter_mut().zip(of_middle.as_chunks::<16>().0) {
            let ones = ones(*bits, bit);
            // SAFETY: SSE2 is there on every x86-64; `out` is a place of 16 bytes, aligned as its type demands.
            unsafe { _mm_stream_si128(out, ones) };
        }
        bits_as_usual(tail, of_tail, bit);
        fence();
    }

    pub(super) fn put_floats(out: &mut [f32], bits: &[u8], bit: usize) {
        let (head, middle, tail) = bytemuck::pod_align_to_mut::<f32, __m128>(out);
        let (four, odd) = middle.as_chunks_mut::<4>();
        let (of_head, rest) = bits.split_at(head.len());
        let (of_four, rest) = rest.split_at(four.len() * 16);
        let (of_odd, of_tail) = rest.split_at(odd.len() * 4);
        floats_as_usual(head, of_head, bit);
        for (out, bits) in four.iter_mut().zip(of_four.as_chunks::<16>().0) {
            for (out, floats) in out.iter_mut().zip(floats(ones(*bits, bit))) {
                // SAFETY: SSE2 is there on every x86-64; `out` is a place of 16 bytes, aligned as its type demands.
                unsafe { _mm_stream_ps(std::ptr::from_mut(out).cast::<f32>(), floats) };
            }
        }
        floats_as_usual(bytemuck::cast_slice_mut(odd), of_odd, bit);
        floats_as_usual(tail, of_tail, bit);
        fence();
    }

    /// 1 in each byte whose bit is set. (Shifted by pairs: what comes in from the neighbour is masked.)
    #[inline]
    fn ones(bits: [u8; 16], bit: usize) -> __m128i {
        // SAFETY: SSE2 is there on every x86-64.
        unsafe {
            let shifted = _mm_srl_epi16(bytemuck::cast(bits), _mm_cvtsi32_si128(bit as i32));
            _mm_and_si128(shifted, _mm_set1_epi8(1))
        }
    }

    #[inline]
    fn floats(bytes: __m128i) -> [__m128; 4] {
        // SAFETY: SSE2 is there on every x86-64.
        unsafe {
            let zero = _mm_setzero_si128();
            let (lo, hi) = (_mm_unpacklo_epi8(bytes, zero), _mm_unpackhi_epi8(bytes, zero));
            let words = [
                _mm_unpacklo_epi16(lo, zero),
                _mm_unpackhi_epi16(lo, zero),
                _mm_unpacklo_epi16(hi, zero),
                _mm_unpackhi_epi16(hi, zero),
            ];
            words.map(|words| _mm_cvtepi32_ps(words))
        }
    }

    /// What was written is there for whoever is told so from now on.
    fn fence() {
        // SAFETY: SSE is there on every x86-64.
        unsafe { _mm_sfence() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_of_an_array_is_written_alike_either_way() {
        let bits: Vec<u8> = (0..200_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for bit in 0..8 {
            for lo in 0..20 {
                for hi in [lo, lo + 1, lo + 15, lo + 16, lo + 17, lo + 63, lo + 64, 180] {
                    let (mut bytes, mut expected) = ([9_u8; 200], [9_u8; 200]);
                    put_bits(&mut bytes[lo..hi], &bits[lo..hi], bit);
                    bits_as_usual(&mut expected[lo..hi], &bits[lo..hi], bit);
                    assert_eq!(bytes, expected, "bit {bit} of {lo}..{hi}");
                    let (mut floats, mut expected) = ([9.0_f32; 200], [9.0_f32; 200]);
                    put_floats(&mut floats[lo..hi], &bits[lo..hi], bit);
                    floats_as_usual(&mut expected[lo..hi], &bits[lo..hi], bit);
                    assert_eq!(floats, expected, "bit {bit} of {lo}..{hi}");
                }
            }
        }
    }
}
