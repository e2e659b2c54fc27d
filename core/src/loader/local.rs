//! Targets of which each voxel follows from what is stored there: all classes that can be are read at once, and put apart
//! as late as possible.

use super::array_layout::ArrayLayout;
use super::bundles::LocalSource;
use super::class_labels::{ClassPatch, ClassSource};
use super::engine::Engine;
use super::local_put::Value;
use super::read::{ReadFrom, Slot};
use super::{Encoding, ReadSource, local_bits};
use crate::Result;
use crate::geometry::Zyx;
use crate::sample::Request;
use crate::volume::{ClassSlab, IdBits, IdSlice, PatchReport, Volume, read_bundle, read_id_bits};

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
        return local_bits::fill(slot, layout, (engine, request), from);
    }
    let class_of = |channel: usize| layout.classes[channel].as_deref();
    let source =
        |channel: usize| engine.local_source(request, class_of(channel).unwrap_or_default(), layout.spec.encoding);
    let sources: Vec<_> = slots.iter().map(|(channel, _)| source(*channel)).collect();
    let said = |channel: usize| ReadSource::nothing(&layout.name, class_of(channel));
    let mut all_said: Vec<_> = slots.iter().map(|(channel, _)| said(*channel)).collect();
    let wants_ids = layout.spec.encoding == Encoding::Ids;
    let report = match &sources[0] {
        LocalSource::Bundle { bundle, .. } => {
            let puts: Vec<_> = sources.iter().map(|source| bit_and_value(source, wants_ids)).collect();
            read_bundle(bundle, from.grid, from.caches, |slab| {
                slots.iter_mut().zip(&puts).for_each(|((_, slot), (bit, value))| slot.put(slab, *bit, value));
            })?
        }
        LocalSource::ClassIds(_) => {
            let volumes: Vec<_> = sources.iter().filter_map(LocalSource::class_ids).collect();
            read_classes(&volumes, from, |index, slab, bit, ids| {
                let value = if wants_ids { Value::Stored(ids) } else { Value::One(1) };
                slots[index].1.put(slab, bit, &value);
            })?
        }
        LocalSource::Alone(source) => return fill_alone(slots, layout, source, from),
    };
    count(&report, &mut all_said);
    Ok(all_said)
}

/// Which bit of its bundle says that a class is there, and what the batch holds then.
const fn bit_and_value(source: &LocalSource<'_>, wants_ids: bool) -> (usize, Value<'static>) {
    let id = match source {
        LocalSource::Bundle { id: Some(id), .. } if wants_ids => *id,
        _ => 1,
    };
    (source.bit(), Value::One(id))
}

/// A class that shares its source with no other.
fn fill_alone(
    slots: &mut [(usize, Slot<'_>)],
    layout: &ArrayLayout,
    source: &ClassSource<'_>,
    from: &ReadFrom<'_>,
) -> Result<Vec<ReadSource>> {
    let fill = |(channel, slot): &mut (usize, Slot<'_>)| {
        let class = layout.classes[*channel].as_deref();
        let mut said = ReadSource::nothing(&layout.name, class);
        match source {
            ClassSource::Nowhere => slot.fill_unknown(),
            ClassSource::Labels(labels) => {
                return slot.fill(layout, class, &ReadFrom { volume: Some(&labels.volume), ..*from });
            }
            ClassSource::Excluded(_) => {
                let patch = ClassPatch::of(source, (from.grid, Zyx::splat(0)), from.caches, &mut said)?;
                slot.put_absent(patch.labels().known);
            }
        }
        Ok(said)
    };
    slots.iter_mut().map(fill).collect()
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
    mut put: impl FnMut(usize, &ClassSlab<'_>, usize, IdSlice<'_>),
) -> Result<PatchReport> {
    let codes = |volumes: &[&Volume]| volumes.iter().map(|volume| volume.codes().clone()).enumerate().collect();
    let tables: Vec<IdBits<u8>> = volumes.chunks(AT_A_TIME).map(|volumes| IdBits::new(codes(volumes))).collect();
    let Some(first) = volumes.first() else { return Ok(PatchReport::default()) };
    read_id_bits(first, &tables, from.grid, from.caches, |table, slab, ids| {
        let classes = table * AT_A_TIME..volumes.len().min((table + 1) * AT_A_TIME);
        classes.enumerate().for_each(|(bit, class)| put(class, slab, bit, ids));
    })
}
