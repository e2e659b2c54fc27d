//! All classes of a sample in one word per voxel: bit c says whether class c is there, another word which are known.

use super::ReadSource;
use super::class_labels::{ClassPatch, ClassSource};
use crate::Result;
use crate::geometry::{PatchGrid, Zyx};
use crate::volume::{Caches, PatchOut, Resample, VolumeId, read_patch};

/// The two words of every voxel of one sample, and the memory that one class is read into.
#[derive(Debug)]
pub(super) struct BitWriter<'a> {
    data: &'a mut [u64],
    known: &'a mut [u64],
    class_present: Vec<u8>,
    class_known: Vec<u8>,
    /// The array of class ids that was read last, as it is stored.
    class_ids: Option<(VolumeId, ClassPatch, usize)>,
}

impl<'a> BitWriter<'a> {
    /// Starts with nothing known.
    pub(super) fn new(data: &'a mut [u64], known: &'a mut [u64]) -> Self {
        data.fill(0);
        known.fill(0);
        let len = data.len();
        Self { data, known, class_present: vec![0; len], class_known: vec![0; len], class_ids: None }
    }

    /// Reads a class into bit `bit`. `said` gets what that took; an array of class ids is read once for all its classes.
    ///
    /// # Errors
    /// A chunk that cannot be read or decoded.
    pub(super) fn add(
        &mut self,
        bit: usize,
        source: &ClassSource<'_>,
        grid: &PatchGrid,
        caches: &Caches,
        said: &mut ReadSource,
    ) -> Result<()> {
        match source {
            ClassSource::Nowhere => return Ok(()),
            ClassSource::Labels(labels) => match source.class_ids() {
                Some(_) => self.expand(labels, grid, caches, said)?,
                None => {
                    let (out, known) = (PatchOut::Present8(&mut self.class_present), Some(&mut self.class_known[..]));
                    let report = read_patch(&labels.volume, grid, Resample::Nearest, caches, out, known)?;
                    said.add(&report);
                    said.level = Some(report.level);
                }
            },
            ClassSource::Excluded(_) => {
                let patch = ClassPatch::of(source, (grid, Zyx::splat(0)), caches, said)?;
                self.class_present.fill(0);
                self.class_known.copy_from_slice(patch.labels().known);
            }
        }
        set_bit(self.data, &self.class_present, bit);
        set_bit(self.known, &self.class_known, bit);
        Ok(())
    }

    fn expand(
        &mut self,
        labels: &crate::catalog::ClassLabels,
        grid: &PatchGrid,
        caches: &Caches,
        said: &mut ReadSource,
    ) -> Result<()> {
        let volume = &labels.volume;
        let read = self.class_ids.take().filter(|(id, _, _)| *id == volume.id());
        let (id, patch, level) = match read {
            Some(read) => read,
            None => {
                let (patch, report) = ClassPatch::stored(volume, (grid, Zyx::splat(0)), caches)?;
                said.add(&report);
                (volume.id(), patch, report.level)
            }
        };
        said.level = Some(level);
        let stored = patch.labels();
        let voxels = stored.ids.iter().zip(stored.known);
        for ((id, inside), out) in voxels.zip(self.class_present.iter_mut().zip(&mut self.class_known)) {
            let (id, known) = if *inside == 0 { (0, false) } else { volume.codes().settled(*id) };
            (*out.0, *out.1) = (u8::from(id != 0), u8::from(known));
        }
        self.class_ids = Some((id, patch, level));
        Ok(())
    }
}

fn set_bit(words: &mut [u64], values: &[u8], bit: usize) {
    words.iter_mut().zip(values).for_each(|(word, value)| *word |= u64::from(*value) << bit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_other_classes_stay() {
        let mut words = [0b100, 0, u64::MAX >> 1, 0];
        set_bit(&mut words, &[1, 0, 1, 1], 63);
        set_bit(&mut words, &[0, 1, 0, 0], 0);
        assert_eq!(words, [1 << 63 | 0b100, 1, u64::MAX, 1 << 63]);
    }
}
