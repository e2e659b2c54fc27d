//! All classes of a target as the bits of one word for each voxel, and of another that says what is known.

use std::ops::Range;

use super::ReadSource;
use super::array_layout::ArrayLayout;
use super::bundles::LocalSource;
use super::class_labels::{ClassPatch, ClassSource};
use super::engine::Engine;
use super::known::KnownPart;
use super::read::{ReadFrom, Slot, SlotData};
use crate::geometry::Zyx;
use crate::sample::Request;
use crate::volume::stream::{self, is_large};
use crate::volume::{ClassBundle, IdBits, LabelCodes, PatchReport, Volume, VolumeId, alike, read_bundle, read_ids};
use crate::{Result, with_ids};

/// Voxels that are looked at together: mostly all are alike.
const RUN: usize = 32;

/// The two words of every voxel of one sample.
struct Bits<'a, 'p> {
    present: &'a mut [u64],
    known: &'a mut KnownPart<'p, u64>,
    /// The word that says what is known of every voxel, as long as nothing else was said.
    known_alike: Option<u64>,
    /// Whether something was put in: what comes later is added.
    begun: bool,
}

/// All classes as bits of one slot.
///
/// # Errors
/// A chunk that cannot be read or decoded.
pub(super) fn fill(
    slot: &mut Slot<'_>,
    layout: &ArrayLayout,
    (engine, request): (&Engine, &Request),
    from: &ReadFrom<'_>,
) -> Result<Vec<ReadSource>> {
    let (SlotData::U64(present), Some(known)) = (&mut slot.data, slot.known_bits.as_mut()) else {
        return Ok(Vec::new());
    };
    let mut bits = Bits { present, known, known_alike: Some(0), begun: false };
    let classes: Vec<&String> = layout.classes.iter().flatten().collect();
    let source = |class: &&String| engine.local_source(request, class, layout.spec.encoding);
    let sources: Vec<_> = classes.iter().map(source).collect();
    let said = |class: &&String| ReadSource::nothing(&layout.name, Some(class.as_str()));
    let mut all_said: Vec<_> = classes.iter().map(said).collect();
    let mut done: Vec<VolumeId> = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        let shares = |other: &usize| sources[*other].shared() == source.shared();
        let members = || (0..sources.len()).filter(shares);
        let report = match source {
            LocalSource::Alone(ClassSource::Nowhere) => continue,
            LocalSource::Alone(source) => {
                let patch = ClassPatch::of(source, (from.grid, Zyx::splat(0)), from.caches, &mut all_said[index])?;
                bits.add_known(patch.labels().known, index);
                continue;
            }
            _ if source.shared().is_some_and(|id| done.contains(&id)) => continue,
            LocalSource::Bundle { bundle, .. } => {
                let members: Vec<_> = members().map(|member| (sources[member].bit(), member)).collect();
                bits.add_bundle(bundle, &members, from)?
            }
            LocalSource::ClassIds(volume) => {
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
    }
    bits.finish();
    Ok(all_said)
}

impl Bits<'_, '_> {
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
        let of = |byte: u8| words[usize::from(byte)];
        let all = of(u8::MAX);
        let report = read_bundle(bundle, from.grid, from.caches, |slab| {
            self.present_words(slab.voxels.clone()).put(slab.present, None, of);
            match slab.known {
                Some(bits) => self.known_words(slab.voxels.clone(), all).put(bits, None, of),
                None if self.known_alike.is_some() => {}
                None => self.known_words(slab.voxels.clone(), all).put_all(all),
            }
        })?;
        self.end_source(all);
        Ok(report)
    }

    /// Classes of an array of class ids, by their bit.
    fn add_class_ids(
        &mut self,
        volume: &Volume,
        codes: Vec<(usize, LabelCodes)>,
        from: &ReadFrom<'_>,
    ) -> Result<PatchReport> {
        let table = IdBits::<u64>::new(codes);
        let report = read_ids(volume, from.grid, from.caches, |slab| {
            with_ids!(slab.ids, ids => {
                self.present_words(slab.voxels.clone()).put(ids, slab.inside, |id| table.of(id)[0]);
                self.known_words(slab.voxels.clone(), 0).put(ids, slab.inside, |id| table.of(id)[1]);
            });
        })?;
        self.end_source(0);
        Ok(report)
    }

    /// A class that is known to be absent where `known_absent` is not 0.
    fn add_known(&mut self, known_absent: &[u8], bit: usize) {
        let all = 0..known_absent.len();
        self.present_words(all.clone()).put_all(0);
        self.known_words(all, 0).put(known_absent, None, |known| u64::from(known) << bit);
        self.end_source(0);
    }

    /// Where the words of some voxels go.
    fn present_words(&mut self, voxels: Range<usize>) -> Words<'_> {
        let is_large = is_large(self.present.len());
        Words { out: &mut self.present[voxels], adds: self.begun, is_large }
    }

    /// Where what is known of some voxels goes, after those before them. `all` is what the source says where it says that
    /// all of its classes are known, as it did so far.
    fn known_words(&mut self, voxels: Range<usize>, all: u64) -> Words<'_> {
        let is_large = is_large(self.present.len());
        let words = self.known.whole();
        if let Some(alike) = self.known_alike.take() {
            let (before, after) = words.split_at_mut(voxels.start);
            stream::fill(before, is_large, alike | all);
            if self.begun {
                stream::fill(after, is_large, alike);
            }
        }
        Words { out: &mut words[voxels], adds: self.begun, is_large }
    }

    /// A source said what it knows: of every voxel `all`, unless it was put in.
    fn end_source(&mut self, all: u64) {
        self.known_alike = self.known_alike.map(|alike| alike | all);
        self.begun = true;
    }

    /// Every source said what it knows.
    fn finish(self) {
        if let Some(alike) = self.known_alike {
            self.known.say(alike);
        }
    }
}

/// One word of each of some voxels.
struct Words<'a> {
    out: &'a mut [u64],
    /// Whether bits are added to those that are there.
    adds: bool,
    is_large: bool,
}

impl Words<'_> {
    /// The word of each key; 0 where `inside` is 0.
    fn put<K: Copy + PartialEq>(self, keys: &[K], inside: Option<&[u8]>, word: impl Fn(K) -> u64) {
        if let Some(inside) = inside {
            for ((out, key), inside) in self.out.iter_mut().zip(keys).zip(inside) {
                let kept = if self.adds { *out } else { 0 };
                *out = if *inside == 0 { kept } else { kept | word(*key) };
            }
        } else if self.adds {
            self.out.iter_mut().zip(keys).for_each(|(out, key)| *out |= word(*key));
        } else {
            stream::write(self.out, self.is_large, |part, out| {
                let (keys, rest) = keys[part].as_chunks::<RUN>();
                let (out, out_rest) = out.as_chunks_mut::<RUN>();
                for (out, keys) in out.iter_mut().zip(keys) {
                    match alike(keys) {
                        Some(key) => *out = [word(key); RUN],
                        None => out.iter_mut().zip(keys).for_each(|(out, key)| *out = word(*key)),
                    }
                }
                out_rest.iter_mut().zip(rest).for_each(|(out, key)| *out = word(*key));
            });
        }
    }

    /// The same word everywhere.
    fn put_all(self, word: u64) {
        if self.adds {
            self.out.iter_mut().for_each(|out| *out |= word);
        } else {
            stream::fill(self.out, self.is_large, word);
        }
    }
}
