//! What the levels of a volume take on disk, counted level by level so that it can be told as it goes on, and stopped.

use std::path::Path;

use crate::Result;
use crate::store::{Stored, open_local};
use crate::volume::Volume;

/// Tells for each level of a volume, by its index, what its files take; at most `most_files` of each are counted.
///
/// # Errors
/// [`crate::Error::NotFound`] for a volume that is not on a local disk; a folder that cannot be listed;
/// [`crate::Error::Stopped`] soon after `is_stopped` says so.
pub fn stored_levels(
    volume: &Volume,
    most_files: u64,
    is_stopped: &dyn Fn() -> bool,
    tell: &mut dyn FnMut(usize, Stored),
) -> Result<()> {
    let store = open_local(Path::new(volume.path()))?;
    for (index, level) in volume.levels().iter().enumerate() {
        tell(index, store.stored_until(&level.path, most_files, is_stopped)?);
    }
    Ok(())
}
