//! Writes a box of a volume into a file, away from the UI thread.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, TryRecvError};
use microtome_core::volume::ChunkCache;
use microtome_core::write::{Progress, export};
use parking_lot::Mutex;

use super::{Waker, spawn};
use crate::state::{ExportPlan, ExportRun};

/// Decoded chunks that are kept beside those of loader and slices: those that two parts share.
const CACHE_BYTES: u64 = 64 << 20;

/// What came of an export.
#[derive(Debug)]
pub struct Exported {
    /// Where.
    pub path: PathBuf,
    /// Whether it is there: not if it was broken off. Or why it could not be written.
    pub result: Result<bool, String>,
}

struct Running {
    path: PathBuf,
    progress: Arc<Mutex<Option<Progress>>>,
    answer: Receiver<Exported>,
}

/// At most one export at a time, on a thread named `export`.
pub struct Exporter {
    waker: Waker,
    running: Option<Running>,
}

impl Exporter {
    /// Nothing to write yet.
    #[must_use]
    pub fn new(waker: Waker) -> Self {
        Self { waker, running: None }
    }

    /// Starts to write, unless something is being written.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn start(&mut self, path: PathBuf, plan: ExportPlan) -> anyhow::Result<()> {
        if self.running.is_some() {
            return Ok(());
        }
        let (sender, answer) = crossbeam_channel::bounded(1);
        let first = Progress { done: 0, total: plan.what.voxels.shape().product() };
        let progress = Arc::new(Mutex::new(Some(first)));
        let waker = Arc::clone(&self.waker);
        let (told, target) = (Arc::clone(&progress), path.clone());
        spawn("export", move || {
            let tell = |progress: Progress| {
                // Empty once nobody wants it any more.
                let mut told = told.lock();
                if told.is_none() {
                    return ControlFlow::Break(());
                }
                *told = Some(progress);
                waker();
                ControlFlow::Continue(())
            };
            let result = export(&plan.volume, &plan.what, &target, &ChunkCache::new(CACHE_BYTES), tell);
            // The app may be gone by now.
            if sender.send(Exported { path: target, result: result.map_err(|error| error.to_string()) }).is_ok() {
                waker();
            }
        })?;
        self.running = Some(Running { path, progress, answer });
        Ok(())
    }

    /// Breaks off; what was written so far is removed.
    pub fn cancel(&self) {
        if let Some(running) = &self.running {
            *running.progress.lock() = None;
        }
    }

    /// What is being written.
    #[must_use]
    pub fn running(&self) -> Option<ExportRun> {
        let running = self.running.as_ref()?;
        let progress = (*running.progress.lock())?;
        Some(ExportRun { path: running.path.clone(), progress })
    }

    /// What came of it, once.
    pub fn poll(&mut self) -> Option<Exported> {
        let running = self.running.as_ref()?;
        let answer = match running.answer.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => {
                let result = Err("the thread that wrote it ended without an answer".to_owned());
                Exported { path: running.path.clone(), result }
            }
        };
        self.running = None;
        Some(answer)
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.cancel();
    }
}
