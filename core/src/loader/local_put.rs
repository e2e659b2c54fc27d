//! From bits of classes to what a batch holds of one of them.

use super::read::{Slot, SlotData};
use crate::volume::stream::{self, is_large};
use crate::volume::{ClassSlab, IdSlice};
use crate::with_ids;

/// What the batch holds where a class is there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// The same everywhere.
    One(u64),
    /// The id that is stored there.
    Stored(IdSlice<'a>),
}

/// An integer of any size.
trait Element: bytemuck::AnyBitPattern + bytemuck::NoUninit {
    /// Itself if `bit` is 1, 0 if it is 0. Without a branch, so that many are made at a time.
    fn if_set(self, bit: u8) -> Self;
}

macro_rules! element {
    ($($type:ty),*) => {$(
        impl Element for $type {
            #[inline]
            fn if_set(self, bit: u8) -> Self {
                self & (0 as $type).wrapping_sub(<$type>::from(bit))
            }
        }
    )*};
}
element!(u8, u16, u32, u64);

impl Slot<'_> {
    /// Puts in place what some voxels say of the class of bit `bit`: `value` where it is there, else 0.
    pub(super) fn put(&mut self, slab: &ClassSlab<'_>, bit: usize, value: &Value<'_>) {
        let (voxels, present) = (slab.voxels.clone(), (slab.present, bit));
        let is_large = match &mut self.data {
            SlotData::U8(data) => put_ids(data, voxels.clone(), present, value, |id| id as u8),
            SlotData::U16(data) => put_ids(data, voxels.clone(), present, value, |id| id as u16),
            SlotData::U32(data) => put_ids(data, voxels.clone(), present, value, |id| id as u32),
            SlotData::U64(data) => put_ids(data, voxels.clone(), present, value, |id| id),
            SlotData::F32(data) => {
                let is_large = is_large(data.len());
                put_floats(&mut data[voxels.clone()], is_large, slab, bit);
                is_large
            }
            // Targets are never of half precision: `ArrayLayout::new`.
            SlotData::F16(_) => false,
        };
        if let Some(known) = &mut self.known {
            match slab.known {
                Some(bits) => put_bits(known.range(voxels), is_large, (bits, bit)),
                None => known.put_all(voxels),
            }
        }
    }

    /// A class of which is only known where it is not.
    pub(super) fn put_absent(&mut self, known_absent: &[u8]) {
        match &mut self.data {
            SlotData::U8(data) => data.fill(0),
            SlotData::U16(data) => data.fill(0),
            SlotData::U32(data) => data.fill(0),
            SlotData::U64(data) => data.fill(0),
            SlotData::F32(data) => {
                for (value, known) in data.iter_mut().zip(known_absent) {
                    *value = if *known == 0 { f32::NAN } else { 0.0 };
                }
            }
            SlotData::F16(_) => {}
        }
        if let Some(known) = &mut self.known {
            known.whole().copy_from_slice(known_absent);
        }
    }
}

/// 1 where the bit is set, else 0.
fn put_bits(out: &mut [u8], is_large: bool, (bits, bit): (&[u8], usize)) {
    stream::write(out, is_large, |part, out| {
        out.iter_mut().zip(&bits[part]).for_each(|(out, bits)| *out = (bits >> bit) & 1);
    });
}

/// Puts ids into those `voxels` of all of `data`. Answers whether it is written past the caches.
fn put_ids<D: Element>(
    data: &mut [D],
    voxels: std::ops::Range<usize>,
    (bits, bit): (&[u8], usize),
    value: &Value<'_>,
    narrow: impl Fn(u64) -> D,
) -> bool {
    let is_large = is_large(data.len());
    let out = &mut data[voxels];
    match value {
        Value::One(id) => {
            let id = narrow(*id);
            stream::write(out, is_large, |part, out| {
                out.iter_mut().zip(&bits[part]).for_each(|(out, bits)| *out = id.if_set((bits >> bit) & 1));
            });
        }
        Value::Stored(ids) => with_ids!(ids, ids => put_stored(out, is_large, (bits, bit), ids, narrow)),
    }
    is_large
}

/// The ids where the bit is set, else 0.
fn put_stored<S: Element + Into<u64>, D: Element>(
    out: &mut [D],
    is_large: bool,
    (bits, bit): (&[u8], usize),
    ids: &[S],
    narrow: impl Fn(u64) -> D,
) {
    if let Ok(ids) = bytemuck::try_cast_slice::<S, D>(ids)
        && size_of::<S>() == size_of::<D>()
    {
        // Elements as they are: many at a time.
        return put_chosen(out, is_large, (bits, bit), ids, |id| id);
    }
    put_chosen(out, is_large, (bits, bit), ids, |id| narrow(id.into()));
}

fn put_chosen<S: Copy, D: Element>(
    out: &mut [D],
    is_large: bool,
    (bits, bit): (&[u8], usize),
    ids: &[S],
    element: impl Fn(S) -> D,
) {
    stream::write(out, is_large, |part, out| {
        let voxels = bits[part.clone()].iter().zip(&ids[part]);
        for (out, (bits, id)) in out.iter_mut().zip(voxels) {
            *out = element(*id).if_set((bits >> bit) & 1);
        }
    });
}

/// 1.0 where the bit is set, else 0.0, and NaN where nothing is known.
fn put_floats(out: &mut [f32], is_large: bool, slab: &ClassSlab<'_>, bit: usize) {
    let Some(known) = slab.known else {
        return stream::write(out, is_large, |part, out| {
            out.iter_mut().zip(&slab.present[part]).for_each(|(out, bits)| *out = f32::from((bits >> bit) & 1));
        });
    };
    stream::write(out, is_large, |part, out| {
        let (present, last_present) = slab.present[part.clone()].as_chunks::<FLOATS>();
        let (known, last_known) = known[part].as_chunks::<FLOATS>();
        let (out, last) = out.as_chunks_mut::<FLOATS>();
        for (out, (present, known)) in out.iter_mut().zip(present.iter().zip(known)) {
            *out = floats_of(present, known, bit);
        }
        let (mut present, mut known) = ([0; FLOATS], [0; FLOATS]);
        present[..last.len()].copy_from_slice(last_present);
        known[..last.len()].copy_from_slice(last_known);
        last.copy_from_slice(&floats_of(&present, &known, bit)[..last.len()]);
    });
}

/// Floats that are made at a time.
const FLOATS: usize = 64;

/// All three floats are 0 in their lower halves: the upper ones are chosen byte by byte, many at a time, and widened at last.
#[inline(always)]
fn floats_of(present: &[u8; FLOATS], known: &[u8; FLOATS], bit: usize) -> [f32; FLOATS] {
    const ONE: [u8; 4] = 1_f32.to_be_bytes();
    const NAN: [u8; 4] = f32::NAN.to_be_bytes();
    let (mut high, mut low) = ([0_u8; FLOATS], [0_u8; FLOATS]);
    for (((high, low), present), known) in high.iter_mut().zip(&mut low).zip(present).zip(known) {
        let is_known = (known >> bit) & 1;
        let (one, nan) = (((present & known) >> bit) & 1, 1 - is_known);
        *high = ONE[0].if_set(one) | NAN[0].if_set(nan);
        *low = ONE[1].if_set(one) | NAN[1].if_set(nan);
    }
    std::array::from_fn(|i| f32::from_bits(u32::from(u16::from_be_bytes([high[i], low[i]])) << 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_say_what_is_there_and_what_is_known() {
        for len in [0, 1, 63, 64, 65, 300] {
            let present: Vec<u8> = (0..len).map(|i| (i * 37 % 251) as u8).collect();
            let known: Vec<u8> = (0..len).map(|i| (i * 91 % 241) as u8).collect();
            for (known, bit) in [(None, 0), (None, 7), (Some(&known[..]), 0), (Some(&known[..]), 3)] {
                let slab = ClassSlab { voxels: 0..len, present: &present, known };
                let mut out = vec![7.0; len];
                put_floats(&mut out, len == 300, &slab, bit);
                for (at, value) in out.iter().enumerate() {
                    let is_known = known.is_none_or(|known| known[at] >> bit & 1 == 1);
                    let expected = if is_known { f32::from(present[at] >> bit & 1) } else { f32::NAN };
                    assert_eq!(value.to_bits(), expected.to_bits(), "{at} of {len}, bit {bit}");
                }
            }
        }
    }
}
