//! The desktop's file dialogs, away from the UI thread.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
#[cfg(feature = "window")]
use std::time::Instant;

use crossbeam_channel::Receiver;

use super::Waker;
use crate::options::Start;

/// What came of a dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Open this.
    Open(Start),
    /// The user went away without choosing.
    Cancelled,
    /// No dialog appeared: this desktop has no file chooser.
    Unavailable,
}

/// At most one dialog at a time, on a thread named `dialog`.
pub struct Dialogs {
    waker: Waker,
    open: Option<Receiver<Choice>>,
}

/// A dialog that "was cancelled" sooner than a hand can move never appeared.
const SOONEST_CANCEL: Duration = Duration::from_millis(400);

impl Dialogs {
    /// No dialog yet.
    #[must_use]
    pub fn new(waker: Waker) -> Self {
        Self { waker, open: None }
    }

    /// Shows a dialog for a folder, or for a configuration file, unless one is up already.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn show(&mut self, for_config: bool) -> anyhow::Result<()> {
        if self.open.is_none() {
            let (sender, receiver) = crossbeam_channel::bounded(1);
            self.open = Some(receiver);
            let waker = Arc::clone(&self.waker);
            super::spawn("dialog", move || {
                // The app may be gone by now.
                if sender.send(ask(for_config)).is_ok() {
                    waker();
                }
            })?;
        }
        Ok(())
    }

    /// What came of the dialog, once.
    pub fn poll(&mut self) -> Option<Choice> {
        let choice = self.open.as_ref()?.try_recv().ok()?;
        self.open = None;
        Some(choice)
    }
}

#[cfg(feature = "window")]
fn ask(for_config: bool) -> Choice {
    let shown = Instant::now();
    let dialog = rfd::FileDialog::new();
    let chosen: Option<PathBuf> = if for_config {
        dialog
            .set_title("Open a configuration")
            .add_filter("Configuration, or script for cellmap-data", &["toml", "py"])
            .pick_file()
    } else {
        dialog.set_title("Open an OME-Zarr image group or a CellMap dataset").pick_folder()
    };
    match chosen {
        Some(path) => Choice::Open(Start::from_path(path)),
        None if shown.elapsed() < SOONEST_CANCEL => Choice::Unavailable,
        None => Choice::Cancelled,
    }
}

#[cfg(not(feature = "window"))]
fn ask(_for_config: bool) -> Choice {
    let _: (Duration, Option<PathBuf>) = (SOONEST_CANCEL, None);
    Choice::Unavailable
}
