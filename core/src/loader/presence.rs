//! Targets that say where classes are: all classes that can be are read at once, and put apart as late as possible.

use super::array_layout::ArrayLayout;
use super::bundles::PresenceSource;
use super::class_labels::{ClassPatch, ClassSource};
use super::engine::Engine;
use super::read::{ReadFrom, Slot, SlotData};
use super::{Encoding, ReadSource, stream};
use crate::Result;
use crate::geometry::Zyx;
use crate::sample::Request;
use crate::volume::{
    ClassBundle, ClassSlab, IdBits, LabelCodes, PatchReport, Volume, VolumeId, read_bundle, read_id_bits,
};

/// Classes that are put apart at a time: the bits of a byte.
const AT_A_TIME: usize = 8;

/// Fills the slots of classes that share a source, or one slot with all classes as bits.
///
/// # Errors
/// A chunk that cannot be read or decoded.
pub(super) fn fill(
    slots: &mut [(usize, Slot<'_>)],
    layout: &ArrayLayout,
    (engine, request): (&Engine, &Request),
    from: &ReadFrom<'_>,
) -> Result<Vec<ReadSource>> {
    if let (Encoding::Bits, [(_, slot)]) = (layout.spec.encoding, &mut *slots) {
        return fill_bits(slot, layout, (engine, request), from);
    }
    let class_of = |channel: usize| layout.classes[channel].as_deref().unwrap_or_default();
    let sources: Vec<_> = slots.iter().map(|(channel, _)| engine.presence_of(request, class_of(*channel))).collect();
    let said = |channel: usize| ReadSource::nothing(&layout.name, layout.classes[channel].as_deref());
    let mut all_said: Vec<_> = slots.iter().map(|(channel, _)| said(*channel)).collect();
    let report = match &sources[0] {
        PresenceSource::Bundle(bundle, _) => {
            let bits: Vec<_> = sources.iter().map(PresenceSource::bit).collect();
            read_bundle(bundle, from.grid, from.caches, |slab| {
                slots.iter_mut().zip(&bits).for_each(|((_, slot), bit)| slot.put(slab, *bit));
            })?
        }
        PresenceSource::ClassIds(_) => {
            let volumes: Vec<_> = sources.iter().filter_map(PresenceSource::class_ids).collect();
            read_classes(&volumes, from, |index, slab, bit| slots[index].1.put(slab, bit))?
        }
        PresenceSource::Alone(ClassSource::Nowhere) => {
            slots.iter_mut().for_each(|(_, slot)| slot.fill_unknown());
            return Ok(all_said);
        }
        PresenceSource::Alone(source) => {
            for ((_, slot), said) in slots.iter_mut().zip(&mut all_said) {
                let patch = ClassPatch::of(source, (from.grid, Zyx::splat(0)), from.caches, said)?;
                slot.put_known(patch.labels().known);
            }
            return Ok(all_said);
        }
    };
    count(&report, &mut all_said);
    Ok(all_said)
}

/// What was read for all of these; the first carries the numbers.
fn count(report: &PatchReport, all_said: &mut [ReadSource]) {
    all_said.iter_mut().for_each(|said| said.level = Some(report.level));
    if let Some(first) = all_said.first_mut() {
        first.add(report);
    }
}

/// Reads an array of class ids once, and hands each part over for each class.
fn read_classes(
    volumes: &[&Volume],
    from: &ReadFrom<'_>,
    mut put: impl FnMut(usize, &ClassSlab<'_, u8>, usize),
) -> Result<PatchReport> {
    let codes = |volumes: &[&Volume]| volumes.iter().map(|volume| volume.codes().clone()).enumerate().collect();
    let tables: Vec<IdBits<u8>> = volumes.chunks(AT_A_TIME).map(|volumes| IdBits::new(codes(volumes))).collect();
    let Some(first) = volumes.first() else { return Ok(PatchReport::default()) };
    read_id_bits(first, &tables, from.grid, from.caches, |table, slab| {
        let classes = table * AT_A_TIME..volumes.len().min((table + 1) * AT_A_TIME);
        classes.enumerate().for_each(|(bit, class)| put(class, slab, bit));
    })
}

impl Slot<'_> {
    /// Puts in place what some voxels say of the class of bit `bit`.
    fn put(&mut self, slab: &ClassSlab<'_, u8>, bit: usize) {
        let voxels = slab.voxels.clone();
        match &mut self.data {
            SlotData::U8(data) => {
                let is_large = data.len() >= stream::LEAST;
                put_bytes(&mut data[voxels.clone()], slab.present, bit, is_large);
            }
            SlotData::F32(data) => {
                let is_large = data.len() >= stream::LEAST;
                put_floats(&mut data[voxels.clone()], slab, bit, is_large);
            }
            // Presence is never encoded in these: `ArrayLayout::new`.
            SlotData::U16(_) | SlotData::U32(_) | SlotData::U64(_) | SlotData::F16(_) => {}
        }
        if let Some(known) = self.known.as_deref_mut() {
            let is_large = known.len() >= stream::LEAST;
            match slab.known {
                Some(bits) => put_bytes(&mut known[voxels], bits, bit, is_large),
                None => known[voxels].fill(1),
            }
        }
    }

    /// A class of which is only known where it is not.
    fn put_known(&mut self, known_absent: &[u8]) {
        match &mut self.data {
            SlotData::U8(data) => data.fill(0),
            SlotData::F32(data) => {
                for (value, known) in data.iter_mut().zip(known_absent) {
                    *value = if *known == 0 { f32::NAN } else { 0.0 };
                }
            }
            SlotData::U16(_) | SlotData::U32(_) | SlotData::U64(_) | SlotData::F16(_) => {}
        }
        if let Some(known) = self.known.as_deref_mut() {
            known.copy_from_slice(known_absent);
        }
    }
}

/// `is_large`: of an array that no cache holds until it is used.
fn put_bytes(out: &mut [u8], bits: &[u8], bit: usize, is_large: bool) {
    if is_large { stream::put_bits(out, bits, bit) } else { stream::bits_as_usual(out, bits, bit) }
}

fn put_floats(out: &mut [f32], slab: &ClassSlab<'_, u8>, bit: usize, is_large: bool) {
    match slab.known {
        None if is_large => stream::put_floats(out, slab.present, bit),
        None => stream::floats_as_usual(out, slab.present, bit),
        Some(known) => {
            for ((out, present), known) in out.iter_mut().zip(slab.present).zip(known) {
                *out = if (known >> bit) & 1 == 0 { f32::NAN } else { f32::from((present >> bit) & 1) };
            }
        }
    }
}

/// The two words of every voxel of one sample.
struct Bits<'a> {
    present: &'a mut [u64],
    known: &'a mut [u64],
    /// Whether something was put in: what comes later is added.
    begun: bool,
}

/// All classes as bits of one slot.
fn fill_bits(
    slot: &mut Slot<'_>,
    layout: &ArrayLayout,
    (engine, request): (&Engine, &Request),
    from: &ReadFrom<'_>,
) -> Result<Vec<ReadSource>> {
    let (SlotData::U64(present), Some(known)) = (&mut slot.data, slot.known_bits.as_deref_mut()) else {
        return Ok(Vec::new());
    };
    let mut bits = Bits { present, known, begun: false };
    let classes: Vec<&String> = layout.classes.iter().flatten().collect();
    let sources: Vec<_> = classes.iter().map(|class| engine.presence_of(request, class)).collect();
    let mut all_said: Vec<_> =
        classes.iter().map(|class| ReadSource::nothing(&layout.name, Some(class.as_str()))).collect();
    let mut done: Vec<VolumeId> = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let shares = |other: &usize| sources[*other].shared() == source.shared();
        let members = || (0..sources.len()).filter(shares);
        let report = match source {
            PresenceSource::Alone(ClassSource::Nowhere) => continue,
            PresenceSource::Alone(source) => {
                let patch = ClassPatch::of(source, (from.grid, Zyx::splat(0)), from.caches, &mut all_said[index])?;
                bits.add_known(patch.labels().known, index);
                continue;
            }
            _ if source.shared().is_some_and(|id| done.contains(&id)) => continue,
            PresenceSource::Bundle(bundle, _) => {
                let members: Vec<_> = members().map(|member| (sources[member].bit(), member)).collect();
                bits.add_bundle(bundle, &members, from)?
            }
            PresenceSource::ClassIds(volume) => {
                let codes = |member: usize| sources[member].class_ids().map(|v| (member, v.codes().clone()));
                bits.add_class_ids(volume, members().filter_map(codes).collect(), from)?
            }
        };
        done.extend(source.shared());
        members().for_each(|member| all_said[member].level = Some(report.level));
        all_said[index].add(&report);
    }
    if !bits.begun {
        bits.present.fill(0);
        bits.known.fill(0);
    }
    Ok(all_said)
}

impl Bits<'_> {
    /// Classes of a bundle, by their bit in there and their bit here.
    fn add_bundle(
        &mut self,
        bundle: &ClassBundle,
        members: &[(usize, usize)],
        from: &ReadFrom<'_>,
    ) -> Result<PatchReport> {
        let word = |byte: usize| {
            let set = members.iter().filter(|(bit, _)| byte >> bit & 1 == 1);
            set.fold(0_u64, |word, (_, class)| word | 1 << class)
        };
        let words: [u64; 256] = std::array::from_fn(word);
        let report = read_bundle(bundle, from.grid, from.caches, |slab| {
            let all = [u8::MAX];
            let present = slab.present.iter().map(|byte| words[usize::from(*byte)]);
            let known = slab.known.unwrap_or_default().iter().chain(all.iter().cycle());
            let known = known.map(|byte| words[usize::from(*byte)]);
            self.add(slab.voxels.start, present.zip(known));
        })?;
        self.begun = true;
        Ok(report)
    }

    /// Classes of an array of class ids, by their bit.
    fn add_class_ids(
        &mut self,
        volume: &Volume,
        codes: Vec<(usize, LabelCodes)>,
        from: &ReadFrom<'_>,
    ) -> Result<PatchReport> {
        let tables = [IdBits::<u64>::new(codes)];
        let report = read_id_bits(volume, &tables, from.grid, from.caches, |_, slab| {
            let known = slab.known.unwrap_or_default();
            self.add(slab.voxels.start, slab.present.iter().copied().zip(known.iter().copied()));
        })?;
        self.begun = true;
        Ok(report)
    }

    /// A class that is known to be absent where `known` is not 0.
    fn add_known(&mut self, known: &[u8], bit: usize) {
        self.add(0, known.iter().map(|known| (0, u64::from(*known) << bit)));
        self.begun = true;
    }

    /// Adds words of consecutive voxels.
    fn add(&mut self, first: usize, words: impl Iterator<Item = (u64, u64)>) {
        let here = self.present[first..].iter_mut().zip(&mut self.known[first..]);
        if self.begun {
            here.zip(words).for_each(|((p, k), (present, known))| (*p, *k) = (*p | present, *k | known));
        } else {
            here.zip(words).for_each(|((p, k), words)| (*p, *k) = words);
        }
    }
}
