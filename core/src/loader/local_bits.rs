//! All classes of a target as the bits of one word for each voxel, and of another that says what is known.

use std::ops::Range;

use super::ReadSource;
use super::array_layout::ArrayLayout;
use super::bundles::LocalSource;
use super::class_labels::{ClassPatch, ClassSource};
use super::engine::Engine;
use super::read::{ReadFrom, Slot, SlotData};
use crate::geometry::Zyx;
use crate::sample::Request;
use crate::volume::stream::{self, is_large};
use crate::volume::{ClassBundle, IdBits, LabelCodes, PatchReport, Volume, VolumeId, alike, read_bundle, read_ids};
use crate::{Result, with_ids};

/// Voxels that are looked at together: mostly all are alike.
const RUN: usize = 32;

/// The two words of every voxel of one sample.
struct Bits<'a> {
    present: &'a mut [u64],
    known: &'a mut [u64],
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
    let (SlotData::U64(present), Some(known)) = (&mut slot.data, slot.known_bits.as_deref_mut()) else {
        return Ok(Vec::new());
    };
    let mut bits = Bits { present, known, begun: false };
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
        let of = |byte: u8| words[usize::from(byte)];
        let report = read_bundle(bundle, from.grid, from.caches, |slab| {
            let (present, known) = self.words(slab.voxels.clone());
            present.put(slab.present, None, of);
            match slab.known {
                Some(bits) => known.put(bits, None, of),
                None => known.put_all(of(u8::MAX)),
            }
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
        let table = IdBits::<u64>::new(codes);
        let report = read_ids(volume, from.grid, from.caches, |slab| {
            let (present, known) = self.words(slab.voxels.clone());
            with_ids!(slab.ids, ids => {
                present.put(ids, slab.inside, |id| table.of(id)[0]);
                known.put(ids, slab.inside, |id| table.of(id)[1]);
            });
        })?;
        self.begun = true;
        Ok(report)
    }

    /// A class that is known to be absent where `known_absent` is not 0.
    fn add_known(&mut self, known_absent: &[u8], bit: usize) {
        let (present, known) = self.words(0..known_absent.len());
        present.put_all(0);
        known.put(known_absent, None, |known| u64::from(known) << bit);
        self.begun = true;
    }

    /// Where the words of some voxels go.
    fn words(&mut self, voxels: Range<usize>) -> (Words<'_>, Words<'_>) {
        let (adds, is_large) = (self.begun, is_large(self.present.len()));
        let present = Words { out: &mut self.present[voxels.clone()], adds, is_large };
        (present, Words { out: &mut self.known[voxels], adds, is_large })
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
