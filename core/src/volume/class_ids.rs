//! Arrays of class ids, read once for all of their classes: what is stored, and what each id says of every class.

use std::ops::Range;

use super::class_bits::{ClassSlab, Cut, forget_outside};
use super::scratch::Scratch;
use super::{Caches, LabelCodes, PatchReport, Presence, Volume, Voxel};
use crate::geometry::PatchGrid;
use crate::telemetry::{Meter, Stage};
use crate::{Result, with_dtype};

/// As many classes as a word has bits: bit c is class c.
pub trait Word: Voxel + std::ops::BitAnd<Output = Self> + std::ops::BitOr<Output = Self> {
    /// Bit `bit` alone.
    fn bit(bit: usize) -> Self;
}

impl Word for u8 {
    fn bit(bit: usize) -> Self {
        1 << bit
    }
}

impl Word for u64 {
    fn bit(bit: usize) -> Self {
        1 << bit
    }
}

/// For each id of an array of ids which classes are there, and of which that is known.
#[derive(Debug, Clone)]
pub struct IdBits<W> {
    /// By id of 8 bits: present, known.
    table: Box<[[W; 2]; 256]>,
    /// Of larger ids it is asked.
    codes: Vec<(usize, LabelCodes)>,
}

impl<W: Word> IdBits<W> {
    /// Of classes by their bit and the codes by which the array speaks of them.
    #[must_use]
    pub fn new(codes: Vec<(usize, LabelCodes)>) -> Self {
        Self { table: Box::new(std::array::from_fn(|id| bits_of(&codes, id as u64))), codes }
    }

    /// What `id` says: which classes are there, and of which that is known.
    #[must_use]
    #[inline]
    pub fn of(&self, id: impl Into<u64>) -> [W; 2] {
        let id = id.into();
        match u8::try_from(id) {
            Ok(id) => self.table[usize::from(id)],
            Err(_) => bits_of(&self.codes, id),
        }
    }
}

fn bits_of<W: Word>(codes: &[(usize, LabelCodes)], id: u64) -> [W; 2] {
    let mut bits = [W::default(); 2];
    for (bit, codes) in codes {
        let (present, known) = match codes.presence(id) {
            Presence::Present => (true, true),
            Presence::Absent => (false, true),
            Presence::Unknown => (false, false),
        };
        for (bits, is_set) in bits.iter_mut().zip([present, known]) {
            *bits = if is_set { *bits | W::bit(*bit) } else { *bits };
        }
    }
    bits
}

/// Ids of some voxels: of unsigned integers as they are stored, of other types as [`Voxel::to_id`] says.
#[derive(Debug, Clone, Copy)]
pub enum IdSlice<'a> {
    /// Of 8 bits.
    U8(&'a [u8]),
    /// Of 16 bits.
    U16(&'a [u16]),
    /// Of 32 bits.
    U32(&'a [u32]),
    /// Of 64 bits.
    U64(&'a [u64]),
}

/// Does the same for ids of any size: in `$body`, `$ids` is a slice of integers that become a `u64` without loss.
#[macro_export]
macro_rules! with_ids {
    ($slice:expr, $ids:ident => $body:expr) => {
        match $slice {
            $crate::volume::IdSlice::U8($ids) => $body,
            $crate::volume::IdSlice::U16($ids) => $body,
            $crate::volume::IdSlice::U32($ids) => $body,
            $crate::volume::IdSlice::U64($ids) => $body,
        }
    };
}

/// What is stored of some voxels of a patch.
#[derive(Debug, Clone)]
pub struct IdSlab<'a> {
    /// Which voxels of the patch, in its C order.
    pub voxels: Range<usize>,
    /// Their ids; outside of the volume anything.
    pub ids: IdSlice<'a>,
    /// 1 inside of the volume, else 0; `None` if all are inside.
    pub inside: Option<&'a [u8]>,
}

/// Reads an array of ids, and hands each part of the patch over as it is stored.
///
/// # Errors
/// As [`super::read_patch`].
pub fn read_ids(
    volume: &Volume,
    grid: &PatchGrid,
    caches: &Caches,
    mut each: impl FnMut(&IdSlab<'_>),
) -> Result<PatchReport> {
    let _here = caches.meter.enter();
    let voxel_bytes = volume.dtype().size_bytes() as u64;
    let cut =
        Cut::fetch((volume, voxel_bytes), grid, caches, |level, chunk| volume.chunk(level, chunk, &caches.chunks))?;
    let mut gathering = Meter::nested(Stage::Gather, || volume.name().to_owned());
    gathering.add_bytes((grid.shape.product() * volume.dtype().size_bytes()) as u64);
    let plane = grid.shape.y * grid.shape.x;
    let mut wide = Scratch::of(0);
    let outside = with_dtype!(volume.dtype(), T => {
        let fill = T::elements_of(volume.fill(cut.level())).and_then(|fill| fill.first()).copied().unwrap_or_default();
        // A byte of bits and one of what is known is made of each id.
        cut.slabs::<T>((grid.shape, 2), fill, |planes, stored, inside| {
            let ids = ids_of(stored, &mut wide);
            each(&IdSlab { voxels: planes.start * plane..planes.end * plane, ids, inside });
        })
    });
    Ok(cut.report(outside))
}

fn ids_of<'a, T: Voxel>(stored: &'a [T], wide: &'a mut Scratch<u64>) -> IdSlice<'a> {
    use super::DType::{U8, U16, U32, U64};
    match T::DTYPE {
        U8 => IdSlice::U8(bytemuck::cast_slice(stored)),
        U16 => IdSlice::U16(bytemuck::cast_slice(stored)),
        U32 => IdSlice::U32(bytemuck::cast_slice(stored)),
        U64 => IdSlice::U64(bytemuck::cast_slice(stored)),
        _ => {
            wide.set_len(stored.len());
            wide.iter_mut().zip(stored).for_each(|(id, stored)| *id = stored.to_id());
            IdSlice::U64(wide)
        }
    }
}

/// Reads an array of ids once, and hands each part of the patch over for each of `tables`: the table's index, what the ids
/// say there of its classes, and the ids.
///
/// # Errors
/// As [`super::read_patch`].
pub fn read_id_bits(
    volume: &Volume,
    tables: &[IdBits<u8>],
    grid: &PatchGrid,
    caches: &Caches,
    mut each: impl FnMut(usize, &ClassSlab<'_>, IdSlice<'_>),
) -> Result<PatchReport> {
    let (mut present, mut known) = (Scratch::of(0), Scratch::of(0));
    read_ids(volume, grid, caches, |slab| {
        for (index, table) in tables.iter().enumerate() {
            present.set_len(slab.voxels.len());
            known.set_len(slab.voxels.len());
            with_ids!(slab.ids, ids => split(ids, table, (&mut present, &mut known)));
            forget_outside(slab.inside, &mut present, &mut known);
            let said = ClassSlab { voxels: slab.voxels.clone(), present: &present, known: Some(&known) };
            each(index, &said, slab.ids);
        }
    })
}

/// Voxels that are looked at together: mostly all are alike.
const RUN: usize = 32;

/// What all of some ids are, if they are the same.
#[inline]
pub(crate) fn alike<T: Copy + PartialEq>(ids: &[T]) -> Option<T> {
    let first = *ids.first()?;
    // Without a way out in between, many are compared at once.
    let differ = ids.iter().fold(false, |differ, id| differ | (*id != first));
    (!differ).then_some(first)
}

/// The two halves of what a table says of each voxel.
fn split<T: Copy + PartialEq + Into<u64>>(
    ids: &[T],
    table: &IdBits<u8>,
    (all_present, all_known): (&mut [u8], &mut [u8]),
) {
    let parts = ids.chunks(RUN).zip(all_present.chunks_mut(RUN)).zip(all_known.chunks_mut(RUN));
    for ((ids, present), known) in parts {
        if let Some(id) = alike(ids) {
            let [is_present, is_known] = table.of(id);
            present.fill(is_present);
            known.fill(is_known);
            continue;
        }
        for ((id, present), known) in ids.iter().zip(present).zip(known) {
            [*present, *known] = table.of(*id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::IdMeanings;
    use super::*;

    #[test]
    fn runs_of_ids_say_what_each_of_them_says() {
        let (present, absent) = (Presence::Present, Presence::Absent);
        let class = |listed: Vec<(u64, Presence)>| {
            LabelCodes::of_class(IdMeanings::new(listed), None, super::super::DType::U16)
        };
        let codes = vec![
            (0, class(vec![(0, absent), (3, present), (300, absent)])),
            (3, class(vec![(0, absent), (3, absent), (300, present)])),
        ];
        let table = IdBits::<u8>::new(codes.clone());
        // Runs longer and shorter than those looked at together, and an id beyond the table.
        let ids: Vec<u16> = (0..500_u16).map(|i| [0, 3, 300, 7][usize::from(i / 45 + i / 470 * i) % 4]).collect();
        let (mut present, mut known) = (vec![9; ids.len()], vec![9; ids.len()]);
        split(&ids, &table, (&mut present, &mut known));
        for (at, id) in ids.iter().enumerate() {
            let bits = |wanted: &dyn Fn(Presence) -> bool| {
                codes.iter().filter(|(_, codes)| wanted(codes.presence(u64::from(*id)))).map(|(bit, _)| 1 << bit).sum()
            };
            let expected: [u8; 2] = [bits(&|p| p == Presence::Present), bits(&|p| p != Presence::Unknown)];
            assert_eq!([present[at], known[at]], expected, "id {id} at {at}");
        }
        assert!(present.contains(&1) && present.contains(&8) && known.contains(&0) && known.contains(&9));
    }
}
