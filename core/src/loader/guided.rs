//! What strategies need to know about the data is found out once, by the first builder that needs it, on the workers.
//!
//! Not before the loader starts: it may take long, is told as it goes on, and ends when the loader does.

use std::path::Path;

use rayon::ThreadPool;

use super::engine::Engine;
use super::{OnError, Role};
use crate::catalog::{Dataset, Intensities, SurveyBox, SurveyPlan};
use crate::sample::{Needs, Sampler};
use crate::{Error, Result};

impl Engine {
    /// The sampler, knowing what its strategy needs; whoever asks first finds it out, the others wait.
    ///
    /// # Errors
    /// Labels that cannot be read when `on_error = "fail"`; [`Error::Config`] if no class is anywhere;
    /// [`Error::Stopped`]. Everyone gets the same error.
    pub(super) fn sampler(&self, pool: &ThreadPool) -> Result<&Sampler> {
        let guided = self.guided_sampler.get_or_init(|| {
            let sampler = self.plain_sampler.clone();
            let guided = match sampler.needs() {
                Needs::Nothing => Ok(sampler),
                Needs::Counts => pool.install(|| self.counted(sampler)),
                Needs::Survey(boxes) => pool.install(|| self.surveyed(sampler, &boxes)),
            };
            let guided = guided.and_then(|sampler| {
                if sampler.needs_intensities() { pool.install(|| self.measured(sampler)) } else { Ok(sampler) }
            });
            guided.map_err(|error| self.config.locate(error))
        });
        guided.as_ref().map_err(Clone::clone)
    }

    fn counted(&self, sampler: Sampler) -> Result<Sampler> {
        let classes = self.target_classes();
        let is_stopped = || self.handover.is_stopped();
        let counts = self.catalog.count_until(Some(&classes), self.counts_cache(), &is_stopped);
        let counts = counts.map_err(|error| self.of_cache(error))?;
        let present = |class: &String| counts.totals().get(class).map_or(0.0, |total| total.present_nm3) > 0.0;
        warn_of_absent(classes.iter().filter(|class| !present(class)));
        sampler.with_counts(&counts, &classes)
    }

    fn surveyed(&self, sampler: Sampler, boxes: &[SurveyBox]) -> Result<Sampler> {
        let classes = self.target_classes();
        let plan = SurveyPlan {
            boxes,
            classes: &classes,
            caches: &self.caches,
            cache_folder: self.counts_cache(),
            skip_unreadable: self.config.loader.on_error == OnError::Skip,
            is_stopped: &|| self.handover.is_stopped(),
        };
        let rows = self.catalog.survey(&plan).map_err(|error| self.of_cache(error))?;
        let present = |class: &&String| rows.iter().any(|row| row.class == **class && row.occupancy.present() > 0);
        warn_of_absent(classes.iter().filter(|class| !present(class)));
        sampler.with_survey(rows, &classes)
    }

    /// Measures the raw of every dataset that is drawn from.
    fn measured(&self, sampler: Sampler) -> Result<Sampler> {
        let input = self.layout.arrays.iter().find(|array| array.role == Role::Input);
        let Some(voxel_size_nm) = input.map(|array| array.spec.voxel_size_nm) else { return Ok(sampler) };
        let skip_unreadable = self.config.loader.on_error == OnError::Skip;
        let is_stopped = || self.handover.is_stopped();
        let measure = |(index, dataset): (usize, &Dataset)| {
            if sampler.sources().iter().all(|source| source.dataset_index != index) {
                return Ok(None);
            }
            let intensities = dataset.intensities(voxel_size_nm, skip_unreadable, &is_stopped)?;
            match &intensities {
                Some(Intensities { mean, std, voxels }) => {
                    tracing::info!(dataset = dataset.name, mean, std, voxels, "z-scores are made with these");
                }
                None => tracing::warn!(dataset = dataset.name, "no z-scores: its raw is absent, or all of one value"),
            }
            Ok(intensities)
        };
        let measured = self.catalog.datasets.iter().enumerate().map(measure).collect::<Result<Vec<_>>>()?;
        Ok(sampler.with_intensities(measured))
    }

    fn counts_cache(&self) -> Option<&Path> {
        self.config.data.counts_cache.as_deref()
    }

    /// An error about the folder of counts, by its key.
    fn of_cache(&self, error: Error) -> Error {
        let folder = self.counts_cache().map(|folder| folder.display().to_string());
        match error {
            Error::Io { ref path, .. } if Some(path) == folder.as_ref() => Error::Config {
                file: None,
                line: None,
                key: "data.counts_cache".to_owned(),
                problem: error.to_string(),
            },
            error => error,
        }
    }

    fn target_classes(&self) -> Vec<String> {
        let target = self.layout.arrays.iter().find(|array| array.role == Role::Target);
        target.into_iter().flat_map(|array| array.classes.iter().flatten().cloned()).collect()
    }
}

fn warn_of_absent<'a>(classes: impl Iterator<Item = &'a String>) {
    let absent: Vec<_> = classes.map(String::as_str).collect();
    if !absent.is_empty() {
        let classes = absent.join(", ");
        tracing::warn!(classes, "nothing is drawn for these classes: no crop that samples come from holds any");
    }
}
