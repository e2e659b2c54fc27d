//! What one worker makes at a time: one class of one sample, or all its classes that come from the same memory.

use super::array_layout::ArrayLayout;
use super::class_labels::{ClassPatch, ClassSource};
use super::encode::{DistanceScale, affinity, boundary, distance};
use super::engine::Engine;
use super::known::KnownPart;
use super::read::{ReadFrom, Slot, SlotData};
use super::{ArraySpec, Encoding, ReadSource, Role, local};
use crate::catalog::LabelCrop;
use crate::sample::Request;
use crate::telemetry::{Meter, Stage, Task, roster};
use crate::volume::{Volume, VolumeId};
use crate::{Error, Result};

/// Slots of one sample to fill, and what came of it.
pub(super) struct Job<'a> {
    pub sample: usize,
    pub array: usize,
    /// The class, or channel of an input, of each slot. With `bits` one slot holds all classes.
    pub slots: Vec<(usize, Slot<'a>)>,
    pub made: Option<Result<Vec<ReadSource>>>,
}

/// Divides the slots of one array of one sample into jobs: classes that are read at once share one.
pub(super) fn jobs<'a>(
    engine: &Engine,
    (sample, array): (usize, usize),
    slots: Vec<Slot<'a>>,
    request: &Request,
) -> Vec<Job<'a>> {
    let layout = &engine.layout.arrays[array];
    let mut jobs: Vec<(Option<VolumeId>, Job<'a>)> = Vec::new();
    for (channel, slot) in slots.into_iter().enumerate() {
        let class = layout.classes[channel].as_deref().filter(|_| layout.spec.encoding != Encoding::Bits);
        let shared = class.and_then(|class| {
            if layout.spec.encoding.is_local() {
                return engine.local_source(request, class, layout.spec.encoding).shared();
            }
            let (_, crop) = engine.place_of(request);
            ClassSource::find(&engine.relations, crop, class).class_ids().map(Volume::id)
        });
        match jobs.iter_mut().find(|(volume, _)| shared.is_some() && *volume == shared) {
            Some((_, job)) => job.slots.push((channel, slot)),
            None => jobs.push((shared, Job { sample, array, slots: vec![(channel, slot)], made: None })),
        }
    }
    jobs.into_iter().map(|(_, job)| job).collect()
}

impl Job<'_> {
    /// Fills the slots, on a worker thread.
    pub(super) fn run(&mut self, engine: &Engine, request: &Request) {
        let _at_work = engine.crew.begin();
        let _lane = Meter::lane(self.array);
        let (epoch, index, array) = (request.epoch, request.index, self.array);
        let _task = roster::begin(Task::Sample { epoch, index, array });
        self.made = Some(engine.retrying(|| self.make(engine, request)));
    }

    fn make(&mut self, engine: &Engine, request: &Request) -> Result<Vec<ReadSource>> {
        if engine.handover.is_stopped() {
            return Err(Error::Stopped);
        }
        let layout = &engine.layout.arrays[self.array];
        self.slots.iter_mut().for_each(|(_, slot)| slot.begin());
        let (dataset, crop) = engine.place_of(request);
        puffin::profile_scope!("sample", {
            let crop = crop.map_or("", |crop| crop.name.as_str());
            let class = self.slots.first().and_then(|(channel, _)| layout.classes[*channel].as_deref());
            format!("sample {} {} {crop} {}", request.index, dataset.name, class.unwrap_or(&layout.name))
        });
        let grid = request.grid_of(layout.spec.shape, layout.spec.voxel_size_nm);
        let from = ReadFrom { volume: None, grid: &grid, intensity: &request.intensity, caches: &engine.caches };
        let said = match &mut self.slots[..] {
            [(channel, slot)] if layout.role == Role::Input => {
                let volume = engine.inputs.volume(self.array, request.dataset_index, *channel);
                vec![slot.fill(layout, None, &ReadFrom { volume, ..from })?]
            }
            slots if layout.spec.encoding.is_local() => local::fill(slots, layout, (engine, request), &from)?,
            [(channel, slot)] => vec![fill_class(slot, layout, *channel, engine, crop, &from)?],
            slots => fill_shared(slots, layout, engine, crop, &from)?,
        };
        if let (Some(tile), Role::Target) = (&request.tile, layout.role) {
            self.slots.iter_mut().for_each(|(_, slot)| slot.forget_outside(&grid, tile));
        }
        self.slots.iter_mut().for_each(|(_, slot)| slot.finish());
        Ok(said)
    }
}

/// One class alone.
fn fill_class(
    slot: &mut Slot<'_>,
    layout: &ArrayLayout,
    channel: usize,
    engine: &Engine,
    crop: Option<&LabelCrop>,
    from: &ReadFrom<'_>,
) -> Result<ReadSource> {
    let class = layout.classes[channel].as_deref();
    let source = class.map_or(ClassSource::Nowhere, |class| ClassSource::find(&engine.relations, crop, class));
    match (&source, layout.spec.encoding) {
        (ClassSource::Nowhere, _) => slot.fill(layout, class, from),
        (_, _) => {
            let mut said = ReadSource::nothing(&layout.name, class);
            let patch = ClassPatch::of(&source, (from.grid, layout.spec.margin()), from.caches, &mut said)?;
            encode(&patch, &layout.spec, slot, from);
            Ok(said)
        }
    }
}

/// Several classes of one array of class ids: it is read once, as far as any of them needs it.
fn fill_shared(
    slots: &mut [(usize, Slot<'_>)],
    layout: &ArrayLayout,
    engine: &Engine,
    crop: Option<&LabelCrop>,
    from: &ReadFrom<'_>,
) -> Result<Vec<ReadSource>> {
    let mut stored: Option<(ClassPatch, usize)> = None;
    let mut all_said = Vec::with_capacity(slots.len());
    for (channel, slot) in slots {
        let class = layout.classes[*channel].as_deref();
        let mut said = ReadSource::nothing(&layout.name, class);
        let source = class.map_or(ClassSource::Nowhere, |class| ClassSource::find(&engine.relations, crop, class));
        let Some(volume) = source.class_ids() else { continue };
        let (patch, level) = match stored.take() {
            Some(read) => read,
            None => {
                let (patch, report) = ClassPatch::stored(volume, (from.grid, layout.spec.margin()), from.caches)?;
                said.add(&report);
                (patch, report.level)
            }
        };
        said.level = Some(level);
        encode(&patch.settled(volume.codes()), &layout.spec, slot, from);
        stored = Some((patch, level));
        all_said.push(said);
    }
    Ok(all_said)
}

/// From ids and a mask to what the array holds.
fn encode(patch: &ClassPatch, spec: &ArraySpec, slot: &mut Slot<'_>, from: &ReadFrom<'_>) {
    let mut stage = from.caches.meter.start(Stage::Gather, || format!("encode {}", spec.encoding.name()));
    let labels = patch.labels();
    stage.add_bytes(size_of_val(labels.ids) as u64);
    let known = slot.known.as_mut().map(KnownPart::whole).unwrap_or_default();
    match (&mut slot.data, spec.encoding) {
        (SlotData::F32(out), Encoding::Distance) => {
            let scale = DistanceScale { clip_nm: spec.clip_nm.unwrap_or(f64::INFINITY), tanh_nm: spec.tanh_nm };
            distance(&labels, spec.voxel_size_nm, scale, out);
        }
        (SlotData::U8(out), Encoding::Affinity) => affinity(&labels, &spec.offsets, out, known),
        (SlotData::U8(out), Encoding::Boundary) => boundary(&labels, out, known),
        // No other target is computed: `Encoding::is_local`.
        _ => {}
    }
}
