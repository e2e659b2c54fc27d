//! Bytes by key and range: local files and memory, read only, and the meter that counts what is fetched.
//!
//! A key is a path inside the store with `/` between its parts and none at either end, such as `s0/c/0/0/0`; the empty
//! key is the root. Stores are zarrs' own traits, so that further kinds (HTTP, S3, limits, retries) stack the same way.

mod file;
mod inside;
mod metered;

use std::path::Path;
use std::sync::Arc;

use zarrs::storage::StorageError;
use zarrs::storage::store::MemoryStore;

use crate::{Error, Result};

pub use file::FileStore;
pub use inside::data_around;
pub use metered::{FetchTotals, Metered, Stored};

/// Opens the folder at a local path for reading. Nothing in it is created, locked or written.
///
/// # Errors
/// [`Error::NotFound`] if there is nothing, [`Error::NotZarr`] if it is a file, [`Error::Io`] if it may not be read.
pub fn open_local(path: &Path) -> Result<Arc<Metered>> {
    let location = path.display().to_string();
    let io = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Error::NotFound { path: location.clone() },
        _ => Error::Io { action: "read", path: location.clone(), reason: Arc::new(source) },
    };
    let metadata = std::fs::metadata(path).map_err(io)?;
    if !metadata.is_dir() {
        let hint = "this is a file; open the folder of the Zarr hierarchy that it belongs to".to_owned();
        return Err(Error::NotZarr { path: location, hint });
    }
    Ok(Arc::new(Metered::new(Arc::new(FileStore::new(path)), location)))
}

/// A store in memory, for tests and for volumes that are never written to disk. `name` stands in messages.
///
/// Keep a clone of `memory` to fill it.
#[must_use]
pub fn open_memory(memory: Arc<MemoryStore>, name: &str) -> Arc<Metered> {
    Arc::new(Metered::new(memory, name))
}

/// The key of `child` inside the group `parent`; either may be empty.
#[must_use]
pub fn join(parent: &str, child: &str) -> String {
    match (parent.is_empty(), child.is_empty()) {
        (true, _) => child.to_owned(),
        (_, true) => parent.to_owned(),
        _ => format!("{parent}/{child}"),
    }
}

/// The core's error for a failed access to `path`; `action` is `read` or `list`.
#[must_use]
pub fn storage_error(action: &'static str, path: String, error: StorageError) -> Error {
    let source = match error {
        StorageError::IOError(source) => source,
        other => Arc::new(std::io::Error::other(other.to_string())),
    };
    Error::Io { action, path, reason: source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_join_without_stray_slashes() {
        assert_eq!(join("", "s0"), "s0");
        assert_eq!(join("em", ""), "em");
        assert_eq!(join("recon-1/em", "s0"), "recon-1/em/s0");
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let missing = Path::new("no/such/folder.zarr");
        assert!(matches!(open_local(missing), Err(Error::NotFound { .. })));
        assert!(!missing.exists(), "opening creates nothing");
        // A path that runs through a file.
        let through = Path::new(file!()).join("x.zarr");
        assert!(matches!(open_local(&through), Err(Error::NotFound { .. })));
    }
}
