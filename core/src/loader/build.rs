//! Building one batch: draw its samples, read every channel in parallel, draw again what could not be read.

use std::sync::atomic::Ordering;

use rayon::ThreadPool;

use super::engine::Engine;
use super::epoch::Ticket;
use super::job::jobs;
use super::read::{ALL_KNOWN, bits_of_all, slots};
use super::skipped::SkippedSample;
use super::{AbsentChunks, Batch, BatchArray, BatchArrays, OnError, Provenance, ReadSource};
use crate::catalog::{Dataset, LabelCrop};
use crate::sample::{Request, Sampler};
use crate::telemetry::{FaultReason, Milestone, Stage};
use crate::{Error, Result};

/// How often a sample is drawn again before its error ends the loader.
const MAX_ATTEMPTS: u32 = 16;

/// A sample of the batch: where it is drawn from, and what its channels were read from once that is done.
pub(super) struct Sample {
    pub request: Request,
    /// It comes for the second time in its epoch.
    repeated: bool,
    pub sources: Vec<ReadSource>,
    pub done: bool,
    /// What absent raw hides is unknown.
    pub masked: bool,
    /// Why it holds nothing.
    lacking: Option<String>,
    /// Nobody trains on it: it is not counted.
    pub is_looked_at: bool,
}

impl Sample {
    const fn new(request: Request) -> Self {
        Self {
            request,
            repeated: false,
            sources: Vec::new(),
            done: false,
            masked: false,
            lacking: None,
            is_looked_at: false,
        }
    }
}

impl Engine {
    /// The batch of `ticket`: the same bytes whichever threads make it.
    ///
    /// # Errors
    /// A sample that cannot be read: at once for `on_error = "fail"`, else after as many draws as are allowed;
    /// [`Error::Stopped`].
    pub(super) fn build(&self, ticket: Ticket, pool: &ThreadPool) -> Result<Batch> {
        let meter = &self.caches.meter;
        self.log.reached(ticket.number, Milestone::Started);
        self.note_memory(ticket.number);
        let mut arrays = {
            let mut stage = meter.start(Stage::Collate, || format!("batch {}", ticket.number));
            stage.add_bytes(self.layout.batch_bytes(ticket.samples));
            self.recycler.take(&self.layout, ticket.samples)
        };
        let sampler = self.sampler(pool)?;
        let _announced = self.announce_after(&ticket, sampler);
        let mut samples: Vec<_> = meter.time(Stage::Plan, 0, || {
            let places = ticket.first..ticket.first + ticket.samples as u64;
            places.map(|place| self.draw(sampler, ticket.epoch, place)).collect()
        });
        let mut skipped = Vec::new();
        while samples.iter().any(|sample| !sample.done) {
            self.log.reached(ticket.number, Milestone::Reading);
            let mut failures = self.read_round(&mut samples, &mut arrays, pool);
            failures.extend(self.mask_round(&mut samples, &mut arrays, pool));
            self.log.reached(ticket.number, Milestone::Read);
            if self.handover.is_stopped() {
                return Err(Error::Stopped);
            }
            for (index, error) in failures {
                skipped.push(self.replace(&mut samples[index], sampler, error)?);
                if samples[index].lacking.is_some() {
                    self.layout.clear_sample(&mut arrays, index);
                }
            }
        }
        self.finish_known(&mut arrays);
        let provenance = samples.into_iter().map(|sample| self.provenance(sample)).collect();
        self.log.reached(ticket.number, Milestone::Ready);
        self.note_memory(ticket.number);
        Ok(Batch { epoch: ticket.epoch, number: ticket.number, arrays, provenance, skipped })
    }

    fn draw(&self, sampler: &Sampler, epoch: u64, place: u64) -> Sample {
        let (index, repeated) = self.epochs.index_at(place);
        Sample { repeated, ..Sample::new(sampler.draw(epoch, index, 0)) }
    }

    /// A batch of the sample of `request` alone, as it stands in a batch of several. It is not counted, and if it cannot be
    /// read nothing takes its place.
    ///
    /// # Errors
    /// A sample that cannot be read; [`Error::Stopped`].
    pub(super) fn look(&self, request: &Request, pool: &ThreadPool) -> Result<Batch> {
        // What batches leave behind is for batches.
        let mut arrays = BatchArrays::from(self.layout.zeros(1));
        let mut samples = [Sample { is_looked_at: true, ..Sample::new(request.clone()) }];
        let mut failures = self.read_round(&mut samples, &mut arrays, pool);
        failures.extend(self.mask_round(&mut samples, &mut arrays, pool));
        if let Some((_, error)) = failures.into_iter().next() {
            return Err(error);
        }
        self.finish_known(&mut arrays);
        let provenance = samples.into_iter().map(|sample| self.provenance(sample)).collect();
        Ok(Batch { epoch: request.epoch, number: 0, arrays, provenance, skipped: Vec::new() })
    }

    /// Every sample is made: what is known of all of them is there, or shared.
    fn finish_known(&self, arrays: &mut [BatchArray]) {
        for (array, (bytes, words)) in arrays.iter_mut().zip(&self.everywhere) {
            let all_bits = bits_of_all(array);
            array.known.iter_mut().for_each(|known| known.finish(ALL_KNOWN, bytes));
            array.known_bits.iter_mut().for_each(|known| known.finish(all_bits, words));
        }
    }

    /// Reads every channel of the samples that are not done. Answers the first error of each that failed.
    fn read_round(&self, samples: &mut [Sample], arrays: &mut [BatchArray], pool: &ThreadPool) -> Vec<(usize, Error)> {
        let mut all_jobs = Vec::new();
        for (index, (array, layout)) in arrays.iter_mut().zip(&self.layout.arrays).enumerate() {
            let mut slots = slots(array, layout.slot_len()).into_iter();
            for (sample, made) in samples.iter().enumerate() {
                let slots = slots.by_ref().take(layout.slots()).collect();
                if !made.done {
                    all_jobs.extend(jobs(self, (sample, index), slots, &made.request));
                }
            }
        }
        // All jobs of a sample together: they lie in the same place.
        all_jobs.sort_by_key(|job| job.sample);
        let requests: Vec<_> = samples.iter().map(|sample| sample.request.clone()).collect();
        self.crew.given(all_jobs.len());
        pool.in_place_scope(|scope| {
            for job in &mut all_jobs {
                let request = &requests[job.sample];
                scope.spawn(move |_| job.run(self, request));
            }
        });
        let mut failures: Vec<(usize, Error)> = Vec::new();
        let new: Vec<_> = (0..samples.len()).filter(|index| !samples[*index].done).collect();
        for index in &new {
            (samples[*index].done, samples[*index].masked) = (true, false);
            samples[*index].sources.clear();
        }
        for job in all_jobs {
            let sample = &mut samples[job.sample];
            match job.made.unwrap_or(Err(Error::Stopped)) {
                Ok(sources) => sample.sources.extend(sources),
                Err(error) if sample.done => {
                    sample.done = false;
                    failures.push((job.sample, error));
                }
                Err(_) => {}
            }
        }
        for index in new {
            samples[index].sources.sort_by_cached_key(|source| self.layout.place_of(source));
            if samples[index].done
                && let Err(error) = self.judge_absence(&samples[index])
            {
                samples[index].done = false;
                failures.push((index, error));
            }
        }
        failures
    }

    /// Puts another draw in the place of a sample that could not be read, or gives up. A tile of a grid stays, without
    /// its data: another in its place would show voxels twice.
    fn replace(&self, sample: &mut Sample, sampler: &Sampler, error: Error) -> Result<SkippedSample> {
        let request = &sample.request;
        let ends = match error {
            Error::AbsentChunks { .. } => self.config.sampling.absent_chunks == AbsentChunks::Fail,
            _ => self.config.loader.on_error == OnError::Fail,
        };
        if ends || request.attempt + 1 >= MAX_ATTEMPTS {
            return Err(error);
        }
        let skipped = self.skip(request, &error);
        if sampler.tiles().is_some() {
            (sample.done, sample.lacking) = (true, Some(skipped.reason.clone()));
        } else {
            sample.request = sampler.draw(request.epoch, request.index, request.attempt + 1);
        }
        Ok(skipped)
    }

    /// Counts a sample that could not be read, and says so if its reason is new.
    fn skip(&self, request: &Request, error: &Error) -> SkippedSample {
        let (dataset, crop) = self.place_of(request);
        let skipped = SkippedSample {
            epoch: request.epoch,
            index: request.index,
            dataset: dataset.name.clone(),
            crop: crop.map(|crop| crop.name.clone()),
            reason: error.to_string(),
        };
        self.counts.skipped_samples.fetch_add(1, Ordering::Relaxed);
        self.faults.count_skip(FaultReason::of(error));
        if self.skipped.push(&skipped) {
            tracing::warn!(
                dataset = skipped.dataset,
                crop = skipped.crop.as_deref().unwrap_or(""),
                epoch = skipped.epoch,
                index = skipped.index,
                "samples are skipped where this cannot be read: {}",
                skipped.reason
            );
        }
        skipped
    }

    /// The dataset and label crop that a sample is drawn from.
    pub(super) fn place_of(&self, request: &Request) -> (&Dataset, Option<&LabelCrop>) {
        let dataset = &self.catalog.datasets[request.dataset_index];
        (dataset, request.crop_index.and_then(|index| dataset.crops.get(index)))
    }

    fn provenance(&self, sample: Sample) -> Provenance {
        let request = &sample.request;
        let (dataset, crop) = self.place_of(request);
        Provenance {
            epoch: request.epoch,
            index: request.index,
            repeated: sample.repeated,
            seed: request.seed,
            attempt: request.attempt,
            dataset_index: request.dataset_index,
            dataset: dataset.name.clone(),
            crop: crop.map(|crop| crop.name.clone()),
            grid: request.grid,
            world_box: request.grid.footprint(),
            tile: request.tile,
            lacking: sample.lacking,
            intensity: sample.request.intensity,
            reason: sample.request.reason,
            sources: sample.sources,
        }
    }
}
