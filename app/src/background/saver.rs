//! Writes an edited configuration into its file, away from the UI thread.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use crossbeam_channel::Receiver;
use microtome_core::loader::params::Values;

use super::{Waker, spawn, writer};
use crate::state::draft::{Saving, rewritten};

/// What came of it.
#[derive(Debug)]
pub struct Saved {
    /// The file.
    pub file: PathBuf,
    /// What it says now, or why it could not be written.
    pub result: Result<Values, String>,
}

/// Saves on threads named `saver`; only the last one's answer counts.
pub struct Saver {
    waker: Waker,
    latest: Option<Receiver<Saved>>,
}

impl Saver {
    /// Nothing to save yet.
    #[must_use]
    pub fn new(waker: Waker) -> Self {
        Self { waker, latest: None }
    }

    /// Starts to write.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn save(&mut self, file: PathBuf, saving: Saving) -> anyhow::Result<()> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        self.latest = Some(receiver);
        let waker = Arc::clone(&self.waker);
        spawn("saver", move || {
            let result = write(&file, &saving).map(|()| saving.after).map_err(|error| format!("{error:#}"));
            // The app may be gone by now.
            if sender.send(Saved { file, result }).is_ok() {
                waker();
            }
        })?;
        Ok(())
    }

    /// What came of the last one, once.
    pub fn poll(&mut self) -> Option<Saved> {
        let saved = self.latest.as_ref()?.try_recv().ok()?;
        self.latest = None;
        Some(saved)
    }
}

/// Over the file as it is now, so that what others changed in it stays.
fn write(file: &Path, saving: &Saving) -> anyhow::Result<()> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) if saving.is_own => Some(text),
        Ok(_) => anyhow::bail!("{} is there already; choose another name", file.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let new = rewritten(text.as_deref(), saving).with_context(|| format!("{} is left as it is", file.display()))?;
    writer::write_atomically(file, &new).with_context(|| format!("cannot write {}", file.display()))
}
