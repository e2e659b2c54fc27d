//! Other images of a dataset than the one that it is trained on: found by a path relative to the dataset.

use std::path::Path;
use std::sync::Arc;

use super::{Dataset, wildcard};
use crate::volume::Volume;
use crate::{Error, Result};

impl Dataset {
    /// The image at `path`, such as `em/fibsem-uint16` or `em/fibsem-*`, from the nearest folder around the EM in which
    /// there is one; of several matches the first in natural order.
    ///
    /// # Errors
    /// [`Error::NoImage`] if there is none; metadata that cannot be read.
    pub fn image(&self, path: &str) -> Result<Arc<Volume>> {
        let raw = Path::new(self.raw.path());
        for folder in raw.ancestors().skip(1) {
            let found = match wildcard::matches(&folder.join(path)) {
                Ok(found) => found.into_iter().find(|found| found.is_dir()),
                Err(Error::NotFound { .. }) => None,
                Err(error) => return Err(error),
            };
            match found {
                Some(found) if found == raw => return Ok(Arc::clone(&self.raw)),
                Some(found) => return Volume::open(&found).map(Arc::new),
                None => {}
            }
        }
        let hint = format!("no folder around this EM holds {path}; name an image such as em/fibsem-uint16");
        Err(Error::NoImage { path: self.raw.path().to_owned(), hint })
    }
}
