//! Writing beside the final name, so that what stands there is either complete or absent.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Error, Result};

/// A file or folder under another name beside its final one, for one process at a time. It and its lock are removed when
/// dropped; what a killed process left is swept up by the next.
#[derive(Debug)]
pub(crate) struct Beside {
    partial: PathBuf,
    target: PathBuf,
    lock: PathBuf,
    _held: File,
}

impl Beside {
    /// A name beside `target`, at which there is nothing yet; makes the folder that it lies in.
    ///
    /// # Errors
    /// [`Error::Io`] if another process is writing there, or the disk refuses.
    pub(crate) fn claim(target: &Path) -> Result<Self> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let named = |ending: &str| target.with_file_name(format!(".{name}.{ending}"));
        let (partial, lock) = (named("partial"), named("lock"));
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(|error| io("create", parent, error))?;
        }
        let held = File::create(&lock).map_err(|error| io("create", &lock, error))?;
        match held.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let busy = std::io::Error::new(ErrorKind::ResourceBusy, "another process is writing it");
                return Err(io("create", target, busy));
            }
            Err(TryLockError::Error(error)) => return Err(io("lock", &lock, error)),
        }
        remove(&partial).map_err(|error| io("remove", &partial, error))?;
        Ok(Self { partial, target: target.to_owned(), lock, _held: held })
    }

    /// Where to write.
    pub(crate) fn path(&self) -> &Path {
        &self.partial
    }

    /// Gives what was written its final name.
    ///
    /// # Errors
    /// [`Error::Io`] if the disk refuses.
    pub(crate) fn finish(self) -> Result<()> {
        fs::rename(&self.partial, &self.target).map_err(|error| io("rename", &self.target, error))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Absent after the rename; what cannot be removed is swept up by the next run.
        let _ = remove(&self.partial);
        let _ = fs::remove_file(&self.lock);
    }
}

/// Removes a file or folder, if it is there.
fn remove(path: &Path) -> std::io::Result<()> {
    match path.symlink_metadata() {
        Ok(known) if known.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

/// An [`Error::Io`].
pub(crate) fn io(action: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Io { action, path: path.display().to_string(), reason: Arc::new(source) }
}
