//! Class arrays of equal geometry, decoded together into one: a bit for each class, so that one gather serves them all.

use std::sync::Arc;

use super::codes::{LabelCodes, Presence};
use super::{Chunk, ChunkCache, ChunkKey, Level, Volume, VolumeId, Voxel};
use crate::geometry::Zyx;
use crate::{Result, with_buffer};

/// Classes that one bundle holds at most: the bits of a byte.
const MOST_CLASSES: usize = 8;

/// Some classes of one crop whose arrays have the same levels, chunks and place. Their chunks are decoded together, and
/// kept as one chunk of a byte per voxel (bit c: class c is there), or of two where labels can be unknown (bit 8 + c: it
/// is known whether it is).
#[derive(Debug, Clone)]
pub struct ClassBundle {
    id: VolumeId,
    volumes: Vec<Volume>,
    masked: bool,
}

impl ClassBundle {
    /// Puts volumes into as few bundles as possible; answers for each bundle which of `volumes` it holds, in the order of
    /// its bits. Volumes of class ids are left out: their voxels hold all classes already.
    #[must_use]
    pub fn group(volumes: &[&Volume]) -> Vec<(Self, Vec<usize>)> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (index, volume) in volumes.iter().enumerate().filter(|(_, volume)| volume.codes().meanings().is_none()) {
            let suits = |group: &Vec<usize>| {
                let first = volumes[group[0]];
                group.len() < MOST_CLASSES
                    && is_masked(first) == is_masked(volume)
                    && have_equal_geometry(first.levels(), volume.levels())
            };
            match groups.iter_mut().find(|group| suits(group)) {
                Some(group) => group.push(index),
                None => groups.push(vec![index]),
            }
        }
        let bundle = |group: &Vec<usize>| Self {
            id: VolumeId::next(),
            volumes: group.iter().map(|index| volumes[*index].clone()).collect(),
            masked: is_masked(volumes[group[0]]),
        };
        groups.into_iter().map(|group| (bundle(&group), group)).collect()
    }

    /// The volume of the lowest bit: level, geometry and planning are the same for all.
    #[must_use]
    pub fn volume(&self) -> &Volume {
        &self.volumes[0]
    }

    /// All of them, in the order of their bits.
    pub(super) fn volumes(&self) -> &[Volume] {
        &self.volumes
    }

    /// Whether labels can be unknown inside of the arrays.
    pub(super) const fn is_masked(&self) -> bool {
        self.masked
    }

    /// The name of its chunks in the cache.
    #[must_use]
    pub const fn id(&self) -> VolumeId {
        self.id
    }

    /// The bits of absent chunks.
    pub(super) fn fill(&self, level: usize) -> u16 {
        let bits = |(bit, volume): (usize, &Volume)| self.fill_of(volume, level) << bit;
        self.volumes.iter().enumerate().map(bits).fold(0, |all, bits| all | bits)
    }

    /// One chunk, through the cache; `None` if the chunks of all classes are absent from the store.
    ///
    /// # Errors
    /// A chunk of one of them that cannot be read or decoded.
    pub(super) fn chunk(&self, level: usize, chunk: Zyx<u64>, cache: &ChunkCache) -> Result<Option<Arc<Chunk>>> {
        let key = ChunkKey { volume: self.id, level: level as u32, chunk };
        cache.get_or_decode(key, self.decoding_bytes(level), || {
            if self.masked { self.pack::<u16>(level, chunk, cache) } else { self.pack::<u8>(level, chunk, cache) }
        })
    }

    /// Most that decoding takes at a time: the bits, and the chunk of one class.
    fn decoding_bytes(&self, level: usize) -> u64 {
        let bits = self.volume().levels()[level].chunk_shape.product().saturating_mul(1 + u64::from(self.masked));
        let largest = self.volumes.iter().map(|volume| volume.levels()[level].chunk_bytes()).max().unwrap_or_default();
        bits.saturating_add(largest)
    }

    /// Decodes the chunks of all classes one after the other into the bits of one.
    fn pack<W: Bits>(&self, level: usize, chunk: Zyx<u64>, cache: &ChunkCache) -> Result<Option<Chunk>> {
        let shape = self.volume().levels()[level].chunk_shape.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let mut packed: Option<Vec<W>> = None;
        let mut absent = W::default();
        for (bit, volume) in self.volumes.iter().enumerate() {
            match volume.decode_chunk(level, chunk, cache)? {
                None => absent = absent | W::of(self.fill_of(volume, level) << bit),
                Some(unit) => {
                    let packed = packed.get_or_insert_with(|| vec![W::default(); shape.product()]);
                    let lookup = |id: u64| W::of(bits_of(volume.codes(), id) << bit);
                    with_buffer!(&unit.data, voxels => pack_class(voxels, volume.codes(), bit, lookup, packed));
                }
            }
        }
        let Some(mut packed) = packed else { return Ok(None) };
        if absent != W::default() {
            packed.iter_mut().for_each(|bits| *bits = *bits | absent);
        }
        Ok(Some(Chunk::new(shape, W::into_buffer(packed))))
    }

    fn fill_of(&self, volume: &Volume, level: usize) -> u16 {
        with_buffer!(volume.fill(level), fill => fill.first().map_or(0, |fill| bits_of(volume.codes(), fill.to_id())))
    }
}

/// One or two bytes of bits: of presence, and above them of knowledge.
trait Bits: Voxel + std::ops::BitOr<Output = Self> {
    /// As many as fit.
    fn of(bits: u16) -> Self;
}

impl Bits for u8 {
    fn of(bits: u16) -> Self {
        bits as Self
    }
}

impl Bits for u16 {
    fn of(bits: u16) -> Self {
        bits
    }
}

/// Bit 0: the class is there. Bit 8: it is known whether it is.
fn bits_of(codes: &LabelCodes, id: u64) -> u16 {
    match codes.presence(id) {
        Presence::Present => 0x101,
        Presence::Absent => 0x100,
        Presence::Unknown => 0,
    }
}

/// Adds the bits of one class.
fn pack_class<T: Voxel, W: Bits>(
    voxels: &[T],
    codes: &LabelCodes,
    bit: usize,
    lookup: impl Fn(u64) -> W,
    packed: &mut [W],
) {
    let both = packed.iter_mut().zip(voxels);
    if codes.is_plain() && size_of::<W>() == 1 {
        let zero = T::default();
        both.for_each(|(bits, voxel)| *bits = *bits | W::of(u16::from(*voxel != zero) << bit));
    } else if size_of::<T>() == 1 {
        let table: Vec<W> =
            (0..=u8::MAX).map(|byte| lookup(bytemuck::cast_slice::<u8, T>(&[byte])[0].to_id())).collect();
        both.for_each(|(bits, voxel)| *bits = *bits | table[usize::from(bytemuck::bytes_of(voxel)[0])]);
    } else {
        both.for_each(|(bits, voxel)| *bits = *bits | lookup(voxel.to_id()));
    }
}

/// Whether its labels can be unknown.
fn is_masked(volume: &Volume) -> bool {
    volume.codes().can_be_unknown()
}

/// Whether a patch is planned and cut the same in both.
fn have_equal_geometry(a: &[Level], b: &[Level]) -> bool {
    let equal = |(a, b): (&Level, &Level)| {
        a.shape == b.shape && a.chunk_shape == b.chunk_shape && a.world_from_voxel == b.world_from_voxel
    };
    a.len() == b.len() && a.iter().zip(b).all(equal)
}
