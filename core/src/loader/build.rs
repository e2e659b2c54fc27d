//! Building one batch: draw its samples, read every channel in parallel, draw again what could not be read.

use std::sync::atomic::Ordering;

use rayon::ThreadPool;

use super::engine::Engine;
use super::layout::Ticket;
use super::read::{ReadFrom, Slot, slots};
use super::skipped::SkippedSample;
use super::{Batch, BatchArray, OnError, Provenance, ReadSource};
use crate::catalog::{Dataset, LabelCrop};
use crate::sample::Request;
use crate::telemetry::Stage;
use crate::volume::Volume;
use crate::{Error, Result};

/// How often a sample is drawn again before its error ends the loader.
const MAX_ATTEMPTS: u32 = 16;

/// One channel of one sample to read, and what came of it.
struct Job<'a> {
    sample: usize,
    array: usize,
    channel: usize,
    slot: Slot<'a>,
    made: Option<Result<ReadSource>>,
}

/// A sample of the batch: where it is drawn from, and what its channels were read from once that is done.
struct Sample {
    request: Request,
    sources: Vec<ReadSource>,
    done: bool,
}

impl Engine {
    /// The batch of `ticket`: the same bytes whichever threads make it.
    ///
    /// # Errors
    /// A sample that cannot be read: at once for `on_error = "fail"`, else after as many draws as are allowed;
    /// [`Error::Stopped`].
    pub(super) fn build(&self, ticket: Ticket, pool: &ThreadPool) -> Result<Batch> {
        let meter = &self.caches.meter;
        let mut arrays = {
            let mut stage = meter.start(Stage::Collate, || format!("batch {}", ticket.number));
            stage.add_bytes(self.layout.batch_bytes(ticket.samples));
            self.layout.zeros(ticket.samples)
        };
        let mut samples: Vec<_> = meter.time(Stage::Plan, 0, || {
            let indices = ticket.first..ticket.first + ticket.samples as u64;
            let draw = |index| self.sampler.draw(ticket.epoch, index, 0);
            indices.map(|index| Sample { request: draw(index), sources: Vec::new(), done: false }).collect()
        });
        while samples.iter().any(|sample| !sample.done) {
            let failures = self.read_round(&mut samples, &mut arrays, pool);
            if self.handover.is_stopped() {
                return Err(Error::Stopped);
            }
            for (index, error) in failures {
                self.draw_again(&mut samples[index].request, error)?;
            }
        }
        let provenance = samples.into_iter().map(|sample| self.provenance(sample)).collect();
        Ok(Batch { epoch: ticket.epoch, number: ticket.number, arrays, provenance })
    }

    /// Reads every channel of the samples that are not done. Answers the first error of each that failed.
    fn read_round(&self, samples: &mut [Sample], arrays: &mut [BatchArray], pool: &ThreadPool) -> Vec<(usize, Error)> {
        let mut jobs = Vec::new();
        for (index, (array, layout)) in arrays.iter_mut().zip(&self.layout.arrays).enumerate() {
            let channels = layout.classes.len().max(1);
            for (position, slot) in slots(array, layout.voxels()).into_iter().enumerate() {
                let (sample, channel) = (position / channels, position % channels);
                if !samples[sample].done {
                    jobs.push(Job { sample, array: index, channel, slot, made: None });
                }
            }
        }
        // All channels of a sample together: they lie in the same place.
        jobs.sort_by_key(|job| job.sample);
        let requests: Vec<_> = samples.iter().map(|sample| sample.request.clone()).collect();
        pool.in_place_scope(|scope| {
            for job in &mut jobs {
                let request = &requests[job.sample];
                scope.spawn(move |_| job.made = Some(self.read(job.array, job.channel, request, &mut job.slot)));
            }
        });
        let mut failures: Vec<(usize, Error)> = Vec::new();
        for sample in samples.iter_mut().filter(|sample| !sample.done) {
            sample.done = true;
            sample.sources.clear();
        }
        for job in jobs {
            let sample = &mut samples[job.sample];
            match job.made.unwrap_or(Err(Error::Stopped)) {
                Ok(source) => sample.sources.push(source),
                Err(error) if sample.done => {
                    sample.done = false;
                    failures.push((job.sample, error));
                }
                Err(_) => {}
            }
        }
        failures
    }

    /// One channel of one sample, on a worker thread.
    fn read(&self, array: usize, channel: usize, request: &Request, slot: &mut Slot<'_>) -> Result<ReadSource> {
        if self.handover.is_stopped() {
            return Err(Error::Stopped);
        }
        let layout = &self.layout.arrays[array];
        let class = layout.classes[channel].as_deref();
        let (dataset, crop) = self.place_of(request);
        puffin::profile_scope!("sample", {
            let crop = crop.map_or("", |crop| crop.name.as_str());
            format!("sample {} {} {crop} {}", request.index, dataset.name, class.unwrap_or(&layout.name))
        });
        let volume: Option<&Volume> = match class {
            None => Some(&dataset.raw),
            Some(class) => crop.and_then(|crop| crop.labels(class)).map(|labels| labels.volume.as_ref()),
        };
        let grid = request.grid_of(layout.spec.shape, layout.spec.voxel_size_nm);
        if let (Some(class), Some(crop)) = (class, crop) {
            let evidence = self.relations.evidence(crop, class);
            if !evidence.is_empty() {
                return slot.fill_excluded(layout, class, &evidence, &grid, &self.caches);
            }
        }
        let from = ReadFrom { volume, grid: &grid, intensity: &request.intensity, caches: &self.caches };
        slot.fill(layout, class, &from)
    }

    /// Puts another draw in the place of one that could not be read, or gives up.
    fn draw_again(&self, request: &mut Request, error: Error) -> Result<()> {
        if self.config.loader.on_error == OnError::Fail || request.attempt + 1 >= MAX_ATTEMPTS {
            return Err(error);
        }
        let (dataset, crop) = self.place_of(request);
        let skipped = SkippedSample {
            epoch: request.epoch,
            index: request.index,
            dataset: dataset.name.clone(),
            crop: crop.map(|crop| crop.name.clone()),
            reason: error.to_string(),
        };
        self.counts.skipped_samples.fetch_add(1, Ordering::Relaxed);
        if self.skipped.push(&skipped) {
            tracing::warn!(
                dataset = skipped.dataset,
                crop = skipped.crop.as_deref().unwrap_or(""),
                epoch = skipped.epoch,
                index = skipped.index,
                "samples are drawn again where this cannot be read: {}",
                skipped.reason
            );
        }
        *request = self.sampler.draw(request.epoch, request.index, request.attempt + 1);
        Ok(())
    }

    fn place_of(&self, request: &Request) -> (&Dataset, Option<&LabelCrop>) {
        let dataset = &self.catalog.datasets[request.dataset_index];
        (dataset, request.crop_index.and_then(|index| dataset.crops.get(index)))
    }

    fn provenance(&self, sample: Sample) -> Provenance {
        let request = &sample.request;
        let (dataset, crop) = self.place_of(request);
        Provenance {
            epoch: request.epoch,
            index: request.index,
            seed: request.seed,
            attempt: request.attempt,
            dataset_index: request.dataset_index,
            dataset: dataset.name.clone(),
            crop: crop.map(|crop| crop.name.clone()),
            grid: request.grid,
            world_box: request.grid.footprint(),
            intensity: sample.request.intensity,
            sources: sample.sources,
        }
    }
}
