//! Writes the settings file away from the UI thread; only the latest text counts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::{Condvar, Mutex};

use super::{Waker, spawn};

#[derive(Default)]
struct Slot {
    text: Option<String>,
    stop: bool,
    failed: Option<String>,
}

/// Writes one file on a thread named `settings`, last text wins. What was handed over is written before it is dropped.
pub struct Writer {
    shared: Arc<(Mutex<Slot>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn start(path: PathBuf, waker: Waker) -> anyhow::Result<Self> {
        let shared = Arc::new((Mutex::new(Slot::default()), Condvar::new()));
        let for_thread = Arc::clone(&shared);
        let thread = spawn("settings", move || work(&path, &for_thread, &waker))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Hands over a text; one that is not written yet is replaced.
    pub fn write(&self, text: String) {
        self.shared.0.lock().text = Some(text);
        self.shared.1.notify_one();
    }

    /// Why the last write failed, once.
    #[must_use]
    pub fn take_failure(&self) -> Option<String> {
        self.shared.0.lock().failed.take()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.0.lock().stop = true;
        self.shared.1.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread has been printed already; there is nothing left to do.
            let _panicked = thread.join();
        }
    }
}

fn work(path: &Path, shared: &(Mutex<Slot>, Condvar), waker: &Waker) {
    loop {
        let text = {
            let mut slot = shared.0.lock();
            while slot.text.is_none() && !slot.stop {
                shared.1.wait(&mut slot);
            }
            slot.text.take()
        };
        let Some(text) = text else { return };
        if let Err(error) = write_atomically(path, &text) {
            shared.0.lock().failed = Some(format!("cannot write the settings ({error}): {}", path.display()));
            waker();
        }
    }
}

/// Readers see the old file or the new one, never half of one.
pub(super) fn write_atomically(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let beside = path.with_extension("tmp");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}
