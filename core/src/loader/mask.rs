//! Targets are unknown where raw is not in the store: no network learns labels of what it cannot see.

use rayon::ThreadPool;

use super::array_layout::ArrayLayout;
use super::build::Sample;
use super::engine::Engine;
use super::read::{Slot, slots};
use super::{AbsentChunks, BatchArray, Role};
use crate::volume::read_absence;
use crate::{Error, Result};

/// All channels of one target of one sample.
struct Job<'a> {
    sample: usize,
    layout: &'a ArrayLayout,
    slots: Vec<Slot<'a>>,
    made: Result<()>,
}

impl Engine {
    /// Counts what was read and what of its raw is not there, and refuses it if absent chunks are not to be masked.
    ///
    /// # Errors
    /// [`Error::AbsentChunks`].
    pub(super) fn judge_absence(&self, sample: &Sample) -> Result<()> {
        let inputs = || sample.sources.iter().filter(|source| source.class.is_none());
        let absent_chunks = inputs().map(|source| source.absent_chunks).sum::<usize>();
        let (dataset, crop) = self.place_of(&sample.request);
        if !sample.is_looked_at && self.sources.count(&sample.request, absent_chunks as u64) {
            tracing::warn!(
                dataset = dataset.name,
                crop = crop.map_or("", |crop| crop.name.as_str()),
                "chunks of raw are not in the store (a partial download?); sampling.absent_chunks says what is done"
            );
        }
        if absent_chunks == 0 || self.config.sampling.absent_chunks == AbsentChunks::Mask {
            return Ok(());
        }
        let chunks = inputs().map(|source| source.chunks).sum();
        Err(Error::AbsentChunks { path: dataset.raw.path().to_owned(), absent_chunks, chunks })
    }

    /// Makes targets of new samples unknown where an input of theirs has no raw. Answers the error of each that failed.
    pub(super) fn mask_round(
        &self,
        samples: &mut [Sample],
        arrays: &mut [BatchArray],
        pool: &ThreadPool,
    ) -> Vec<(usize, Error)> {
        let wants_mask = |sample: &Sample| {
            sample.done && !sample.masked && sample.sources.iter().any(|s| s.class.is_none() && s.absent_chunks > 0)
        };
        let mut jobs = Vec::new();
        for (array, layout) in
            arrays.iter_mut().zip(&self.layout.arrays).filter(|(_, layout)| layout.role == Role::Target)
        {
            let mut slots = slots(array, layout.slot_len()).into_iter();
            for (index, sample) in samples.iter().enumerate() {
                let slots: Vec<_> = slots.by_ref().take(layout.slots()).collect();
                if wants_mask(sample) {
                    jobs.push(Job { sample: index, layout, slots, made: Err(Error::Stopped) });
                }
            }
        }
        let read: &[Sample] = samples;
        self.crew.given(jobs.len());
        pool.in_place_scope(|scope| {
            for job in &mut jobs {
                scope.spawn(move |_| {
                    let _at_work = self.crew.begin();
                    job.made = self.retrying(|| self.mask(&read[job.sample], job.layout, &mut job.slots));
                });
            }
        });
        let failures: Vec<_> =
            jobs.into_iter().filter_map(|job| job.made.err().map(|error| (job.sample, error))).collect();
        samples.iter_mut().for_each(|sample| sample.masked = sample.done);
        for (sample, _) in &failures {
            samples[*sample].done = false;
        }
        failures
    }

    /// One target of one sample, on a worker thread.
    fn mask(&self, sample: &Sample, layout: &ArrayLayout, slots: &mut [Slot<'_>]) -> Result<()> {
        if self.handover.is_stopped() {
            return Err(Error::Stopped);
        }
        let grid = sample.request.grid_of(layout.spec.shape, layout.spec.voxel_size_nm);
        let mut absent = vec![0; layout.voxels()];
        for (input, read) in self.layout.arrays.iter().enumerate().filter(|(_, array)| array.role == Role::Input) {
            // One for each channel, in their order.
            let sources = sample.sources.iter().filter(|source| source.class.is_none() && source.array == read.name);
            for (channel, source) in sources.enumerate().filter(|(_, source)| source.absent_chunks > 0) {
                let volume = self.inputs.volume(input, sample.request.dataset_index, channel);
                let (Some(level), Some(volume)) = (source.level, volume) else { continue };
                read_absence(volume, level, &grid, &self.caches, &mut absent)?;
                slots.iter_mut().for_each(|slot| slot.forget_where(&absent));
            }
        }
        Ok(())
    }
}
