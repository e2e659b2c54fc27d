//! Checks of a configuration that its types cannot make; no data is looked at.

use super::validate_array::{check_array, voxels};
use super::{Encoding, LoaderConfig};
use crate::sample::intensity;
use crate::{Error, Result};

impl LoaderConfig {
    /// Checks values that the types cannot.
    ///
    /// # Errors
    /// [`Error::Config`] that names the key and what would be right.
    pub fn validate(&self) -> Result<()> {
        if self.primary().is_none() {
            return wrong(
                "input",
                "there is no array to fill; add a table such as [input.raw] with shape, voxel_size_nm and encoding",
            );
        }
        for (role, name, spec) in self.arrays() {
            check_array(role, name, spec)?;
        }
        self.check_names()?;
        self.check_relations()?;
        self.data.search.iter().try_for_each(crate::catalog::Search::validate)?;
        self.augment.check_spatial()?;
        self.check_intensity()?;
        for (_, _, spec) in self.arrays() {
            self.augment.check_control_points(spec.voxel_size_nm)?;
        }
        super::validate_sampling::check_sampling(self)?;
        super::validate_telemetry::check_telemetry(&self.telemetry)?;
        self.check_loader()
    }

    fn check_names(&self) -> Result<()> {
        if let Some(name) = self.input.keys().find(|name| self.target.contains_key(*name)) {
            return wrong(
                format!("target.{name}"),
                format!("there is an input of that name, too; rename one, such as [target.{name}_labels]"),
            );
        }
        for (index, class) in self.data.classes.iter().enumerate() {
            if self.data.classes[..index].contains(class) {
                return wrong("data.classes", format!("\"{class}\" is listed twice; each class is one channel"));
            }
        }
        Ok(())
    }

    fn check_relations(&self) -> Result<()> {
        if self.data.relations_from_class_table && self.data.class_table.is_none() {
            let problem = "there is no class table; set data.class_table, or remove this";
            return wrong("data.relations_from_class_table", problem);
        }
        for (class, others) in &self.data.relations {
            let key = format!("data.relations.{class}");
            if others.contains(class) {
                return wrong(key, format!("\"{class}\" excludes itself; name other classes"));
            }
            for (index, other) in others.iter().enumerate() {
                if others[..index].contains(other) {
                    return wrong(key, format!("\"{other}\" is listed twice; once is enough"));
                }
            }
        }
        Ok(())
    }

    fn check_intensity(&self) -> Result<()> {
        intensity::check(&self.augment.intensity)?;
        let bytes = self.input.iter().find(|(_, spec)| spec.encoding == Encoding::U8);
        match bytes {
            Some((name, _)) if intensity::ends_in_z_scores(&self.augment.intensity) => wrong(
                "augment.normalise",
                format!("z-scores do not fit the bytes of input.{name}; set its encoding to \"f32\" or \"f16\""),
            ),
            _ => Ok(()),
        }
    }

    fn check_loader(&self) -> Result<()> {
        const MAX_THREADS: usize = 4096;
        // They wait up to half a minute together; what lasts longer does not pass.
        const MAX_RETRIES: u32 = 20;
        if self.loader.batch_size == 0 {
            return wrong("loader.batch_size", "a batch of 0 samples is none; at least 1");
        }
        if self.loader.threads > MAX_THREADS {
            return wrong(
                "loader.threads",
                format!("{} threads are too many; at most {MAX_THREADS}, or 0 for all cores", self.loader.threads),
            );
        }
        if self.loader.retries > MAX_RETRIES {
            return wrong("loader.retries", format!("{} are too many; at most {MAX_RETRIES}", self.loader.retries));
        }
        // One byte per voxel and channel is the least that a batch can take; the loader checks the exact figure.
        let voxels: u128 = self.arrays().map(|(_, _, spec)| voxels(spec)).sum();
        let needed = voxels.saturating_mul(self.loader.batch_size as u128).saturating_mul(2);
        if needed > u128::from(self.loader.memory) {
            return Err(Error::Budget {
                what: "one batch in flight and one in use",
                needed_bytes: u64::try_from(needed).unwrap_or(u64::MAX),
                budget_bytes: self.loader.memory,
            });
        }
        Ok(())
    }
}

pub(super) fn wrong(key: impl Into<String>, problem: impl Into<String>) -> Result<()> {
    Err(Error::Config { file: None, line: None, key: key.into(), problem: problem.into() })
}
