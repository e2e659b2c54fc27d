//! The two loops of warped patches in AVX2, with the bits of the portable ones: no operation is fused or reordered.

use std::arch::x86_64::{
    __m256, __m256d, __m256i, _mm256_add_epi32, _mm256_add_pd, _mm256_add_ps, _mm256_and_si256, _mm256_castps_si256,
    _mm256_cmpeq_epi32, _mm256_cvtepi32_pd, _mm256_cvtepi32_ps, _mm256_cvtpd_ps, _mm256_cvttpd_epi32, _mm256_min_epu32,
    _mm256_movemask_epi8, _mm256_mul_ps, _mm256_mullo_epi32, _mm256_set_m128, _mm256_set_m128i, _mm256_set1_epi32,
    _mm256_set1_pd, _mm256_setzero_si256, _mm256_slli_epi32, _mm256_srai_epi32, _mm256_srli_epi32, _mm256_sub_pd,
    _mm256_sub_ps, _mm256_testz_si256,
};

use super::DType;
use super::convert::Intensity;
use super::warp_places::{BLOCK, Frame, LANES, Places, Work};
use super::warp_tile::Grain;

/// Proof that the machine has AVX2.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    /// `None` where the machine lacks it.
    pub(super) fn detect() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx2").then_some(Self(()))
    }

    /// Runs `body`: what of it the compiler inlines, it makes for AVX2.
    #[allow(unsafe_code, reason = "calls what only some machines have")]
    pub(super) fn run<R>(self, body: impl FnOnce() -> R) -> R {
        // SAFETY: `self` exists only where AVX2 was detected.
        unsafe { run(body) }
    }

    /// Does `work`, made for AVX2.
    #[allow(unsafe_code, reason = "calls what only some machines have")]
    pub(super) fn work(self, done: impl Work) {
        // SAFETY: `self` exists only where AVX2 was detected.
        unsafe { work(done) }
    }

    /// As [`Places::find`], for slices as long as each other, at most [`BLOCK`].
    #[allow(unsafe_code, reason = "calls what only some machines have")]
    pub(super) fn find<const PARTS: bool>(self, places: &mut Places, positions: [&[f64]; 3], frame: &Frame) {
        // SAFETY: `self` exists only where AVX2 was detected.
        unsafe { find::<PARTS>(places, positions, frame) }
    }

    /// As [`Grain::add_means`], for the types that [`Avx2::has`]; `len` is rounded up to whole [`LANES`].
    #[allow(unsafe_code, reason = "calls what only some machines have")]
    pub(super) fn add_means<S: Intensity>(self, grain: &Grain<'_, S>, places: &Places, len: usize, sums: &mut Sums) {
        // SAFETY: `self` exists only where AVX2 was detected.
        unsafe { add_means(grain, places, len, sums) }
    }

    /// Whether [`Avx2::add_means`] can take a type's elements: those of which two fit in 32 bits.
    pub(super) const fn has<S: Intensity>() -> bool {
        matches!(S::DTYPE, DType::U8 | DType::U16 | DType::I16)
    }
}

/// One sum for each place of a block.
type Sums = [f32; BLOCK];

#[target_feature(enable = "avx2")]
fn run<R>(body: impl FnOnce() -> R) -> R {
    body()
}

#[target_feature(enable = "avx2")]
fn work(work: impl Work) {
    work.work();
}

#[target_feature(enable = "avx2")]
fn find<const PARTS: bool>(places: &mut Places, positions: [&[f64]; 3], frame: &Frame) {
    let [z, y, x] = positions.map(|positions| positions.as_chunks::<LANES>().0);
    let (indices, _) = places.index.as_chunks_mut::<LANES>();
    let [part_z, part_y, part_x] = &mut places.part;
    let parts = part_z.as_chunks_mut::<LANES>().0.iter_mut();
    let parts = parts.zip(part_y.as_chunks_mut::<LANES>().0).zip(part_x.as_chunks_mut::<LANES>().0);
    for (((index, ((part_z, part_y), part_x)), z), (y, x)) in indices.iter_mut().zip(parts).zip(z).zip(y.iter().zip(x))
    {
        let mut sum = _mm256_setzero_si256();
        for (axis, (positions, part)) in [(z, part_z), (y, part_y), (x, part_x)].into_iter().enumerate() {
            let (whole, beyond) = split(*positions, frame.lo[axis], frame.offset[axis]);
            let stride = _mm256_set1_epi32(frame.strides[axis].cast_signed());
            sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(whole, stride));
            if PARTS {
                *part = bytemuck::cast(beyond);
            }
        }
        *index = bytemuck::cast(sum);
    }
}

/// The whole numbers below eight positions, less `lo`, plus `offset`; and what is left of them.
#[inline]
#[target_feature(enable = "avx2")]
fn split(positions: [f64; LANES], lo: f64, offset: f64) -> (__m256i, __m256) {
    let half = |positions: __m256d| {
        let position = _mm256_sub_pd(positions, _mm256_set1_pd(lo));
        let position = _mm256_add_pd(position, _mm256_set1_pd(offset));
        let whole = _mm256_cvttpd_epi32(position);
        (whole, _mm256_cvtpd_ps(_mm256_sub_pd(position, _mm256_cvtepi32_pd(whole))))
    };
    let [low, high]: [__m256d; 2] = bytemuck::cast(positions);
    let ((low, low_part), (high, high_part)) = (half(low), half(high));
    (_mm256_set_m128i(high, low), _mm256_set_m128(high_part, low_part))
}

#[target_feature(enable = "avx2")]
fn add_means<S: Intensity>(grain: &Grain<'_, S>, places: &Places, len: usize, sums: &mut Sums) {
    let Grain { elements, row, plane } = *grain;
    // The last element of which all eight voxels, each row's read as 32 bits, are in the tile.
    let last = elements.len().checked_sub(plane + row + 4 / size_of::<S>());
    let last = last.map(|last| u32::try_from(last).unwrap_or(u32::MAX));
    let (indices, _) = places.index.as_chunks::<LANES>();
    let [part_z, part_y, part_x] = places.part.each_ref().map(|part| part.as_chunks::<LANES>().0);
    for (group, sums) in sums.as_chunks_mut::<LANES>().0.iter_mut().enumerate().take(len.div_ceil(LANES)) {
        let index: __m256i = bytemuck::cast(indices[group]);
        let Some(_) = last.filter(|last| all_at_most(index, *last)) else {
            grain.add_means(places, group * LANES, sums);
            continue;
        };
        let [z, y, x]: [__m256; 3] = [part_z, part_y, part_x].map(|part| bytemuck::cast(part[group]));
        let along_x = |offset: usize| {
            // SAFETY: every index is at most `last`, and `offset` at most `plane + row`, so that four bytes from there
            // on are in `elements`.
            #[allow(unsafe_code, reason = "reads through a pointer")]
            let words = indices[group].map(|index| unsafe { word(&raw const elements[offset], index) });
            let (a, b) = pair::<S>(bytemuck::cast(words));
            between(a, b, x)
        };
        let near = between(along_x(0), along_x(row), y);
        // Without a part in z, the plane beyond adds 0 times a difference of integers: no bit changes.
        let is_flat = _mm256_testz_si256(_mm256_castps_si256(z), _mm256_castps_si256(z)) == 1;
        let mean = if is_flat { near } else { between(near, between(along_x(plane), along_x(plane + row), y), z) };
        *sums = bytemuck::cast(_mm256_add_ps(bytemuck::cast(*sums), mean));
    }
}

/// Whether eight indices, taken as unsigned, are at most `last`.
#[inline]
#[target_feature(enable = "avx2")]
fn all_at_most(index: __m256i, last: u32) -> bool {
    let least = _mm256_min_epu32(index, _mm256_set1_epi32(last.cast_signed()));
    _mm256_movemask_epi8(_mm256_cmpeq_epi32(least, index)) == -1
}

/// Four bytes from element `index` on.
///
/// Eight such loads take no longer than a gather instruction, and much less where that is slowed down for security.
///
/// # Safety
/// They must be in the object that `first` points into.
#[inline]
#[allow(unsafe_code, reason = "reads through a pointer")]
unsafe fn word<S>(first: *const S, index: u32) -> i32 {
    // SAFETY: by this function's own.
    unsafe { first.add(index as usize).cast::<i32>().read_unaligned() }
}

/// The values of the two elements in each 32 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn pair<S: Intensity>(words: __m256i) -> (__m256, __m256) {
    let (a, b) = match S::DTYPE {
        DType::U8 => {
            let byte = _mm256_set1_epi32(0xff);
            (_mm256_and_si256(words, byte), _mm256_and_si256(_mm256_srli_epi32::<8>(words), byte))
        }
        DType::U16 => (_mm256_and_si256(words, _mm256_set1_epi32(0xffff)), _mm256_srli_epi32::<16>(words)),
        _ => (_mm256_srai_epi32::<16>(_mm256_slli_epi32::<16>(words)), _mm256_srai_epi32::<16>(words)),
    };
    (_mm256_cvtepi32_ps(a), _mm256_cvtepi32_ps(b))
}

/// What lies between `a` and `b` at `part`, 0 to 1.
#[inline]
#[target_feature(enable = "avx2")]
fn between(a: __m256, b: __m256, part: __m256) -> __m256 {
    _mm256_add_ps(a, _mm256_mul_ps(_mm256_sub_ps(b, a), part))
}
