//! One read of one sample: a volume's patch in the array's encoding, straight into the batch's memory.

use super::array_layout::ArrayLayout;
use super::known::KnownPart;
use super::{BatchArray, ReadSource, Role};
use crate::Result;
use crate::geometry::PatchGrid;
use crate::sample::intensity::IntensityRecipe;
use crate::telemetry::Stage;
use crate::volume::{Buffer, Caches, PatchOut, PatchReport, Resample, Volume, lies_inside, read_patch};

/// What is made at once in the batch's memory: the channels of one class of one sample, or one channel of an input.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    pub data: SlotData<'a>,
    pub known: Option<KnownPart<'a, u8>>,
    pub known_bits: Option<KnownPart<'a, u64>>,
}

/// Elements of one channel, of the types that batches have.
#[derive(Debug)]
pub(super) enum SlotData<'a> {
    U8(&'a mut [u8]),
    U16(&'a mut [u16]),
    U32(&'a mut [u32]),
    U64(&'a mut [u64]),
    F16(&'a mut [half::f16]),
    F32(&'a mut [f32]),
}

/// What a slot is filled from.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadFrom<'a> {
    /// `None` where the class is not annotated.
    pub volume: Option<&'a Volume>,
    pub grid: &'a PatchGrid,
    /// What is done to inputs.
    pub intensity: &'a IntensityRecipe,
    pub caches: &'a Caches,
}

impl ReadFrom<'_> {
    /// Changes intensities as the sample's recipe says.
    fn change(&self, voxels: &mut [f32]) {
        let mut stage = self.caches.meter.start(Stage::Augment, || "intensity".to_owned());
        stage.add_bytes(size_of_val(voxels) as u64);
        self.intensity.apply(voxels, self.grid, &mut Vec::new());
    }
}

/// 0–1 to 0–255, to the nearest, halves to the even one.
fn byte_of(unit: f32) -> u8 {
    // `as` saturates.
    (unit * 255.0).round_ties_even() as u8
}

/// To the nearest in half precision, halves to the even one; what is beyond it becomes its largest number.
fn half_of(value: f32) -> half::f16 {
    half::f16::from_f32(value.clamp(half::f16::MIN.to_f32(), half::f16::MAX.to_f32()))
}

/// Of an element of which its class is known.
pub(super) const ALL_KNOWN: u8 = 1;

/// A word that says that all classes of an array are known.
pub(super) fn bits_of_all(array: &BatchArray) -> u64 {
    (0..array.classes.len().min(u64::BITS as usize)).fold(0, |word, class| word | 1 << class)
}

/// An array in slots of `len` elements, sample by sample.
pub(super) fn slots(array: &mut BatchArray, len: usize) -> Vec<Slot<'_>> {
    let (len, all_bits) = (len.max(1), bits_of_all(array));
    let data: Vec<_> = match &mut array.data {
        Buffer::U8(data) => data.chunks_exact_mut(len).map(SlotData::U8).collect(),
        Buffer::U16(data) => data.chunks_exact_mut(len).map(SlotData::U16).collect(),
        Buffer::U32(data) => data.chunks_exact_mut(len).map(SlotData::U32).collect(),
        Buffer::U64(data) => data.chunks_exact_mut(len).map(SlotData::U64).collect(),
        Buffer::F16(data) => data.chunks_exact_mut(len).map(SlotData::F16).collect(),
        Buffer::F32(data) => data.chunks_exact_mut(len).map(SlotData::F32).collect(),
        // The layout makes no arrays of signed or 64-bit float elements.
        Buffer::I8(_) | Buffer::I16(_) | Buffer::I32(_) | Buffer::I64(_) | Buffer::F64(_) => Vec::new(),
    };
    let mut masks = array.known.as_mut().map(|known| known.parts(len, ALL_KNOWN));
    let mut bits = array.known_bits.as_mut().map(|known| known.parts(len, all_bits));
    let slot = |data| Slot {
        data,
        known: masks.as_mut().and_then(Iterator::next),
        known_bits: bits.as_mut().and_then(Iterator::next),
    };
    data.into_iter().map(slot).collect()
}

impl Slot<'_> {
    /// Fills the slot from the volume, or as unknown where there is none.
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded.
    pub(super) fn fill(&mut self, array: &ArrayLayout, class: Option<&str>, from: &ReadFrom<'_>) -> Result<ReadSource> {
        let report = match from.volume {
            None => {
                self.fill_unknown();
                None
            }
            Some(volume) => Some(match array.role {
                Role::Input if from.intensity.is_empty() => self.read_raw(volume, from)?,
                Role::Input => self.read_changed(volume, from)?,
                Role::Target => self.read_labels(volume, from)?,
            }),
        };
        let mut said = ReadSource::nothing(&array.name, class);
        if let Some(report) = report {
            said.add(&report);
            said.level = Some(report.level);
        }
        Ok(said)
    }

    /// What nobody annotated: NaN where the element type has it, else 0 and a mask of 0.
    pub(super) fn fill_unknown(&mut self) {
        match &mut self.data {
            SlotData::U8(data) => data.fill(0),
            SlotData::U16(data) => data.fill(0),
            SlotData::U32(data) => data.fill(0),
            SlotData::U64(data) => data.fill(0),
            SlotData::F16(data) => data.fill(half::f16::NAN),
            SlotData::F32(data) => data.fill(f32::NAN),
        }
        if let Some(known) = &mut self.known {
            known.whole().fill(0);
        }
        if let Some(known) = &mut self.known_bits {
            known.whole().fill(0);
        }
    }

    /// Before it is filled: everything is known, until something says otherwise.
    pub(super) fn begin(&mut self) {
        self.known.iter_mut().for_each(KnownPart::begin);
        self.known_bits.iter_mut().for_each(KnownPart::begin);
    }

    /// Once it is filled.
    pub(super) fn finish(&mut self) {
        self.known.iter_mut().for_each(KnownPart::finish);
        self.known_bits.iter_mut().for_each(KnownPart::finish);
    }

    fn read_raw(&mut self, volume: &Volume, from: &ReadFrom<'_>) -> Result<PatchReport> {
        let out = match &mut self.data {
            SlotData::U8(data) => PatchOut::U8(data),
            SlotData::F16(data) => PatchOut::F16(data),
            SlotData::F32(data) => PatchOut::F32(data),
            // Inputs are never encoded as ids: `Encoding::of_role`.
            SlotData::U16(_) | SlotData::U32(_) | SlotData::U64(_) => return Ok(PatchReport::default()),
        };
        read_patch(volume, from.grid, Resample::Area, from.caches, out, None)
    }

    /// Raw as f32 in 0–1, changed as the sample's recipe says, then in the array's element type.
    fn read_changed(&mut self, volume: &Volume, from: &ReadFrom<'_>) -> Result<PatchReport> {
        let read = |out: &mut [f32]| {
            let report = read_patch(volume, from.grid, Resample::Area, from.caches, PatchOut::F32(out), None)?;
            from.change(out);
            Ok(report)
        };
        match &mut self.data {
            SlotData::F32(data) => read(data),
            SlotData::U8(data) => {
                let mut units = vec![0.0; data.len()];
                let report = read(&mut units)?;
                data.iter_mut().zip(&units).for_each(|(byte, unit)| *byte = byte_of(*unit));
                Ok(report)
            }
            SlotData::F16(data) => {
                let mut units = vec![0.0; data.len()];
                let report = read(&mut units)?;
                data.iter_mut().zip(&units).for_each(|(half, unit)| *half = half_of(*unit));
                Ok(report)
            }
            // Inputs are never encoded as ids: `Encoding::of_role`.
            SlotData::U16(_) | SlotData::U32(_) | SlotData::U64(_) => Ok(PatchReport::default()),
        }
    }

    /// Ids of one class; presence alone is read for several classes at once.
    fn read_labels(&mut self, volume: &Volume, from: &ReadFrom<'_>) -> Result<PatchReport> {
        let read = |out: PatchOut<'_>, known| read_patch(volume, from.grid, Resample::Nearest, from.caches, out, known);
        // Nothing has to be asked of each voxel where no value says unknown and the patch lies in the volume.
        let is_all = !volume.codes().can_be_unknown() && lies_inside(volume, from.grid, from.caches)?;
        let known = self.known.as_mut().filter(|_| !is_all).map(KnownPart::whole);
        match &mut self.data {
            SlotData::U8(data) => read(PatchOut::Ids8(data), known),
            SlotData::U16(data) => read(PatchOut::Ids16(data), known),
            SlotData::U32(data) => read(PatchOut::Ids32(data), known),
            SlotData::U64(data) => read(PatchOut::Ids64(data), known),
            // Ids are no floats: `ArrayLayout::new`.
            SlotData::F16(_) | SlotData::F32(_) => Ok(PatchReport::default()),
        }
    }
}
