//! Every so many elements of a row: what a patch coarser than its volume copies.

use super::Voxel;
use super::lanes::Lane;

/// Elements that are picked before they are reversed.
const BLOCK: usize = 64;

/// An element that can be picked out of rows.
pub(super) trait Strided: Lane + Voxel {
    /// The first of a pair, in the way that the compiler makes one instruction of for many pairs.
    fn first_of(pair: [Self; 2]) -> Self {
        pair[0]
    }
}

macro_rules! strided {
    ($($lane:ty, $pair:ty;)*) => { $(impl Strided for $lane {
        #[inline]
        fn first_of(pair: [Self; 2]) -> Self {
            // The half of a word that comes first in memory: a loop that asked for the element alone would have to leave
            // the last pairs to another one, lest it read beyond them.
            Self::from_le(bytemuck::cast::<_, $pair>(pair).to_le() as Self)
        }
    })* };
}

strided! {
    u8, u16;
    u16, u32;
    u32, u64;
}

impl Strided for u64 {}

/// Fills `to` with element 0 of `from`, element `step`, and so on.
#[inline]
pub(super) fn pick<T: Strided>(from: &[T], step: usize, to: &mut [T]) {
    match step {
        2 => {
            let Some((last, to)) = to.split_last_mut() else { return };
            // What follows the last one may not be there.
            *last = from[2 * to.len()];
            for (to, pair) in to.iter_mut().zip(from.as_chunks::<2>().0) {
                *to = T::first_of(*pair);
            }
        }
        3 => pick_by::<T, 3>(from, to),
        4 => pick_by::<T, 4>(from, to),
        _ => to.iter_mut().zip(from.iter().step_by(step)).for_each(|(to, from)| *to = *from),
    }
}

fn pick_by<T: Strided, const STEP: usize>(from: &[T], to: &mut [T]) {
    let Some((last, to)) = to.split_last_mut() else { return };
    *last = from[STEP * to.len()];
    for (to, from) in to.iter_mut().zip(from.as_chunks::<STEP>().0) {
        *to = from[0];
    }
}

/// As [`pick`], the last element first.
pub(super) fn pick_reversed<T: Strided>(from: &[T], step: usize, to: &mut [T]) {
    let mut picked = [T::default(); BLOCK];
    for (block, to) in to.rchunks_mut(BLOCK).enumerate() {
        let picked = &mut picked[..to.len()];
        pick(&from[block * BLOCK * step..], step, picked);
        T::reverse(picked, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Strided>(of: impl Fn(usize) -> T) {
        for step in 2_usize..7 {
            for len in [0_usize, 1, 2, 15, 16, 17, 33, 64, 65, 200] {
                // Nothing follows the last element.
                let from: Vec<T> = (0..(len * step).saturating_sub(step - 1)).map(&of).collect();
                let mut to = vec![of(usize::MAX); len];
                pick(&from, step, &mut to);
                let expected: Vec<T> = (0..len).map(|i| of(i * step)).collect();
                assert_eq!(to, expected, "each {step}. of {}", from.len());
                pick_reversed(&from, step, &mut to);
                assert!(to.iter().eq(expected.iter().rev()), "each {step}. of {}, reversed: {to:?}", from.len());
            }
        }
    }

    #[test]
    fn elements_of_any_size_are_picked_at_any_step() {
        check(|i| i as u8);
        check(|i| (i as u16).wrapping_mul(257));
        check(|i| (i as u32).wrapping_mul(65_537));
        check(|i| (i as u64).wrapping_mul(0x0101_0101_0101));
    }
}
