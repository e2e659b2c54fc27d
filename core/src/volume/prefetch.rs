//! Asking for memory before it is needed.

/// Bytes that a processor moves at a time.
#[cfg(target_arch = "x86_64")]
const LINE_BYTES: usize = 64;

/// Asks that `elements` be brought into the second level of a core's caches. A hint: nothing waits for it, and nothing
/// depends on it.
#[inline]
#[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables, reason = "no such hint is known here"))]
pub(super) fn prefetch<T>(elements: &[T]) {
    #[cfg(target_arch = "x86_64")]
    for element in elements.iter().step_by((LINE_BYTES / size_of::<T>().max(1)).max(1)) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: SSE is there on every x86-64, and the hint may name any address; this one is an element's.
        #[allow(unsafe_code, reason = "a hint is an instruction of its own")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(element).cast());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_slice_may_be_asked_for() {
        prefetch::<u8>(&[]);
        prefetch(&[0_u8; 200]);
        prefetch(&[0_u64; 200]);
        prefetch(&[[0_u64; 20]; 3]);
        prefetch(&[(); 3]);
    }
}
