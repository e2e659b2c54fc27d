//! Class arrays of equal geometry, decoded together into one: a bit for each class, so that one gather serves them all.

use std::sync::Arc;

use super::codes::{LabelCodes, Presence};
use super::{Buffer, Chunk, ChunkCache, ChunkKey, DType, Level, Volume, VolumeId, Voxel};
use crate::geometry::Zyx;
use crate::{Result, with_buffer};

/// Classes that one bundle holds at most: the bits of a byte.
const MOST_CLASSES: usize = 8;

/// Some classes of one crop whose arrays have the same levels, chunks and place. Their chunks are decoded together, and
/// kept as one of a byte per voxel (bit c: class c is there). Where one holds voxels of which something is unknown, as many
/// bytes follow that say what is known.
#[derive(Debug, Clone)]
pub struct ClassBundle {
    id: VolumeId,
    volumes: Vec<Volume>,
}

impl ClassBundle {
    /// Puts volumes into as few bundles as possible; answers for each bundle which of `volumes` it holds, in the order of
    /// its bits. Volumes of class ids are left out: their voxels hold all classes already.
    ///
    /// The same volumes are the same bundle to whoever shares the cache.
    #[must_use]
    pub fn group(volumes: &[&Volume], cache: &ChunkCache) -> Vec<(Self, Vec<usize>)> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (index, volume) in volumes.iter().enumerate().filter(|(_, volume)| volume.codes().meanings().is_none()) {
            let suits = |group: &Vec<usize>| {
                let first = volumes[group[0]];
                group.len() < MOST_CLASSES && have_equal_geometry(first.levels(), volume.levels())
            };
            match groups.iter_mut().find(|group| suits(group)) {
                Some(group) => group.push(index),
                None => groups.push(vec![index]),
            }
        }
        let bundle = |group: &Vec<usize>| {
            let volumes: Vec<_> = group.iter().map(|index| volumes[*index].clone()).collect();
            let members = volumes.iter().map(|volume| (volume.id(), volume.codes().clone())).collect();
            Self { id: cache.bundle_id(members), volumes }
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

    /// The name of its chunks in the cache.
    #[must_use]
    pub const fn id(&self) -> VolumeId {
        self.id
    }

    /// The classes that are there in absent chunks; everything is known of those.
    pub(super) fn fill(&self, level: usize) -> u8 {
        let bit = |(bit, volume)| fill_of(volume, level)[0] << bit;
        self.volumes.iter().enumerate().map(bit).fold(0, |all, bits| all | bits)
    }

    /// One chunk, through the cache; `None` if the chunks of all classes are absent from the store.
    ///
    /// # Errors
    /// A chunk of one of them that cannot be read or decoded.
    pub(super) fn chunk(&self, level: usize, chunk: Zyx<u64>, cache: &ChunkCache) -> Result<Option<Arc<Chunk>>> {
        let key = ChunkKey { volume: self.id, level: level as u32, chunk };
        cache.get_or_decode(key, self.decoding_bytes(level), || self.pack(level, chunk, cache))
    }

    /// Most that decoding takes at a time: the bits, and the chunk of one class.
    fn decoding_bytes(&self, level: usize) -> u64 {
        let may_be_unknown = self.volumes.iter().any(|volume| volume.codes().can_be_unknown());
        let bytes_per_voxel = if may_be_unknown { 2 } else { 1 };
        let bits = self.volume().levels()[level].chunk_shape.product().saturating_mul(bytes_per_voxel);
        let largest = self.volumes.iter().map(|volume| volume.levels()[level].chunk_bytes()).max().unwrap_or_default();
        bits.saturating_add(largest)
    }

    /// Decodes the chunks of all classes one after the other into the bits of one.
    fn pack(&self, level: usize, chunk: Zyx<u64>, cache: &ChunkCache) -> Result<Option<Chunk>> {
        let shape = self.volume().levels()[level].chunk_shape.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let mut packed = Packed { len: shape.product(), present: Vec::new(), unknown: Vec::new() };
        let mut absent = [0_u8; 2];
        for (bit, volume) in self.volumes.iter().enumerate() {
            match volume.decode_chunk(level, chunk, cache)? {
                Some(unit) => with_buffer!(&unit.data, voxels => packed.add(voxels, volume.codes(), bit)),
                None => {
                    let fill = fill_of(volume, level);
                    absent = [absent[0] | fill[0] << bit, absent[1] | fill[1] << bit];
                }
            }
        }
        if packed.present.is_empty() && absent[1] == 0 {
            return Ok(None);
        }
        packed.add_all(absent);
        Ok(Some(Chunk::new(shape, Buffer::U8(packed.bytes()))))
    }
}

/// What is known of each voxel of chunks of a bundle: of those that say so, one bit for each class; of others everything.
/// `None` if it is everything of all.
pub(super) fn known_of(chunks: &[Option<Arc<Chunk>>]) -> Option<Vec<Option<Arc<Chunk>>>> {
    let known = |chunk: &Option<Arc<Chunk>>| {
        let chunk = chunk.as_ref()?;
        let said = u8::elements_of(&chunk.data)?.get(chunk.shape.product()..).filter(|known| !known.is_empty())?;
        Some(Arc::new(Chunk::new(chunk.shape, Buffer::U8(said.to_vec()))))
    };
    let all: Vec<_> = chunks.iter().map(known).collect();
    all.iter().any(Option::is_some).then_some(all)
}

/// The bits of a chunk in the making; empty as long as there are none.
struct Packed {
    len: usize,
    present: Vec<u8>,
    unknown: Vec<u8>,
}

impl Packed {
    /// Adds the bits of one class.
    fn add<T: Voxel>(&mut self, voxels: &[T], codes: &LabelCodes, bit: usize) {
        self.present.resize(self.len, 0);
        let all = self.present.iter_mut().zip(voxels);
        if codes.is_plain() {
            let zero = T::default();
            return all.for_each(|(bits, voxel)| *bits |= u8::from(*voxel != zero) << bit);
        }
        if T::DTYPE == DType::U8
            && let Some([present, absent]) = codes.two_bytes()
        {
            let bytes: &[u8] = bytemuck::cast_slice(voxels);
            let mut others = 0;
            for (bits, byte) in self.present.iter_mut().zip(bytes) {
                *bits |= u8::from(*byte == present) << bit;
                others |= u8::from(*byte != present) & u8::from(*byte != absent);
            }
            if others == 0 {
                return;
            }
        } else {
            all.for_each(|(bits, voxel)| *bits |= u8::from(codes.presence(voxel.to_id()) == Presence::Present) << bit);
        }
        self.add_unknown(voxels, codes, bit);
    }

    fn add_unknown<T: Voxel>(&mut self, voxels: &[T], codes: &LabelCodes, bit: usize) {
        let is_unknown = |voxel: &T| codes.presence(voxel.to_id()) == Presence::Unknown;
        if !codes.can_be_unknown() || !voxels.iter().any(is_unknown) {
            return;
        }
        self.unknown.resize(self.len, 0);
        let all = self.unknown.iter_mut().zip(voxels);
        all.for_each(|(bits, voxel)| *bits |= u8::from(is_unknown(voxel)) << bit);
    }

    /// Adds the same bits to all voxels: which classes are there, and of which it is unknown.
    fn add_all(&mut self, [present, unknown]: [u8; 2]) {
        self.present.resize(self.len, 0);
        if present != 0 {
            self.present.iter_mut().for_each(|bits| *bits |= present);
        }
        if unknown != 0 {
            self.unknown.resize(self.len, 0);
            self.unknown.iter_mut().for_each(|bits| *bits |= unknown);
        }
    }

    /// What is there, and, unless it is everything, what is known.
    fn bytes(mut self) -> Vec<u8> {
        self.present.extend(self.unknown.iter().map(|unknown| !unknown));
        self.present
    }
}

/// Whether a volume's class is in its absent chunks, and whether that is unknown: 0 or 1.
fn fill_of(volume: &Volume, level: usize) -> [u8; 2] {
    let id = with_buffer!(volume.fill(level), fill => fill.first().map_or(0, |fill| fill.to_id()));
    let presence = volume.codes().presence(id);
    [Presence::Present, Presence::Unknown].map(|of| u8::from(presence == of))
}

/// Whether a patch is planned and cut the same in both.
fn have_equal_geometry(a: &[Level], b: &[Level]) -> bool {
    let equal = |(a, b): (&Level, &Level)| {
        a.shape == b.shape && a.chunk_shape == b.chunk_shape && a.world_from_voxel == b.world_from_voxel
    };
    a.len() == b.len() && a.iter().zip(b).all(equal)
}

#[cfg(test)]
mod tests {
    use super::super::LabelCodes;
    use super::*;
    use crate::ome::annotation::{AnnotationType, Possibilities};

    #[test]
    fn a_code_beyond_a_signed_byte_is_in_no_voxel() {
        let encoding = Possibilities { unknown: None, absent: Some(0), present: Some(200) };
        let codes = LabelCodes::annotated(&AnnotationType::SemanticSegmentation { encoding }, DType::I8);
        let mut packed = Packed { len: 3, present: Vec::new(), unknown: Vec::new() };
        // The byte 200 as a signed one.
        packed.add::<i8>(&[0, -56, 5], &codes, 2);
        assert_eq!(packed.bytes(), [0, 0, 0, u8::MAX, !4, !4]);
        let mut unsigned = Packed { len: 3, present: Vec::new(), unknown: Vec::new() };
        unsigned.add::<u8>(&[0, 200, 5], &codes, 2);
        assert_eq!(unsigned.bytes(), [0, 4, 0, u8::MAX, u8::MAX, !4]);
    }
}
