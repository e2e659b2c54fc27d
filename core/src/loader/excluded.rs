//! True negatives: where a class that excludes another is present, the other is known to be absent.

use super::ReadSource;
use super::layout::ArrayLayout;
use super::read::{Slot, SlotData};
use crate::Result;
use crate::catalog::ClassLabels;
use crate::geometry::PatchGrid;
use crate::volume::{Caches, PatchOut, Resample, read_patch};

impl Slot<'_> {
    /// Fills the channel of a class that nobody annotated here: 0 and known where one of the classes that exclude it is
    /// present, unknown elsewhere. The labels are read as they are stored, before any encoding.
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded.
    pub(super) fn fill_excluded(
        &mut self,
        array: &ArrayLayout,
        class: &str,
        evidence: &[&ClassLabels],
        grid: &PatchGrid,
        caches: &Caches,
    ) -> Result<ReadSource> {
        self.fill_unknown();
        let mut present = vec![0; array.voxels()];
        let mut source = ReadSource {
            array: array.name.clone(),
            class: Some(class.to_owned()),
            level: None,
            chunks: 0,
            absent_chunks: 0,
            inferred_from: Vec::new(),
        };
        for labels in evidence {
            let out = PatchOut::Present8(&mut present);
            let report = read_patch(&labels.volume, grid, Resample::Nearest, caches, out, None)?;
            self.mark_absent(&present);
            source.chunks += report.chunks;
            source.absent_chunks += report.absent_chunks;
            source.inferred_from.push(labels.class.clone());
        }
        Ok(source)
    }

    /// Where another class is present, this one is not.
    fn mark_absent(&mut self, present: &[u8]) {
        let there = |present: &u8| *present != 0;
        if let SlotData::F32(data) = &mut self.data {
            data.iter_mut().zip(present).filter(|(_, present)| there(present)).for_each(|(value, _)| *value = 0.0);
        }
        // Elements of other types are 0 already: what is unknown says its mask.
        if let Some(known) = &mut self.known {
            known.iter_mut().zip(present).for_each(|(known, present)| *known |= u8::from(there(present)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presence_of_another_class_makes_known_zeros() {
        let mut values = [f32::NAN; 4];
        let mut slot = Slot { data: SlotData::F32(&mut values), known: None };
        slot.mark_absent(&[0, 1, 0, 0]);
        slot.mark_absent(&[0, 0, 0, 1]);
        assert_eq!(values.map(f32::is_nan), [true, false, true, false]);
        assert_eq!((values[1], values[3]), (0.0, 0.0));
        let (mut ids, mut known) = ([0_u16; 3], [0; 3]);
        Slot { data: SlotData::U16(&mut ids), known: Some(&mut known) }.mark_absent(&[1, 0, 1]);
        assert_eq!((ids, known), ([0; 3], [1, 0, 1]));
    }
}
