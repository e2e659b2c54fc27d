//! Counts files and classes for the Data and Classes panes, one thing after the other on a thread named `counter`.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::{Receiver, Sender};
use microtome_core::Error;
use microtome_core::catalog::{Catalog, stored_levels};
use microtome_core::volume::Volume;
use parking_lot::Mutex;

use super::{Waker, spawn};
use crate::state::{CountJob, Counted, ImageRef};

/// Files of one level that are counted at most; above, the figure is a lower bound and says so.
const MOST_FILES: u64 = 200_000;

/// Counts that may wait.
const MOST_WAITING: usize = 1024;

/// What is to be counted.
#[derive(Debug, Clone)]
pub enum Work {
    /// The files of a volume.
    Disk(ImageRef, Arc<Volume>),
    /// Every class of every crop.
    Classes(Arc<Catalog>),
}

impl Work {
    const fn job(&self) -> CountJob {
        match self {
            Self::Disk(image, _) => CountJob::Disk(*image),
            Self::Classes(_) => CountJob::Classes,
        }
    }
}

struct Task {
    work: Work,
    stop: Arc<AtomicBool>,
}

struct Shared {
    counted: Mutex<Vec<Counted>>,
    waker: Waker,
}

/// Counts on a thread of its own, which ends when this is dropped.
pub struct Counter {
    tasks: Sender<Task>,
    shared: Arc<Shared>,
    stops: HashMap<CountJob, Arc<AtomicBool>>,
}

impl Counter {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn start(waker: Waker) -> anyhow::Result<Self> {
        let (tasks, receiver) = crossbeam_channel::bounded(MOST_WAITING);
        let shared = Arc::new(Shared { counted: Mutex::default(), waker });
        let for_thread = Arc::clone(&shared);
        spawn("counter", move || work(&receiver, &for_thread))?;
        Ok(Self { tasks, shared, stops: HashMap::new() })
    }

    /// Counts something, after what was asked for before.
    pub fn count(&mut self, work: Work) {
        let job = work.job();
        self.stop(job);
        let stop = Arc::new(AtomicBool::new(false));
        match self.tasks.try_send(Task { work, stop: Arc::clone(&stop) }) {
            Ok(()) => {
                self.stops.insert(job, stop);
            }
            Err(_) => {
                self.shared.tell(&stop, Counted::Failed(job, "too much waits to be counted; try again".to_owned()));
            }
        }
    }

    /// Stops a count; nothing more comes of it.
    pub fn stop(&mut self, job: CountJob) {
        if let Some(stop) = self.stops.remove(&job) {
            stop.store(true, Ordering::Relaxed);
        }
    }

    /// Stops every count and forgets what came of it.
    pub fn forget(&mut self) {
        self.stops.drain().for_each(|(_, stop)| stop.store(true, Ordering::Relaxed));
        // Whoever held the lock before has said its last.
        self.shared.counted.lock().clear();
    }

    /// What is new.
    #[must_use]
    pub fn take(&self) -> Vec<Counted> {
        std::mem::take(&mut *self.shared.counted.lock())
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.forget();
    }
}

fn work(tasks: &Receiver<Task>, shared: &Shared) {
    for task in tasks {
        let job = task.work.job();
        let is_stopped = || task.stop.load(Ordering::Relaxed);
        let tell = |counted| shared.tell(&task.stop, counted);
        let done = match &task.work {
            Work::Disk(image, volume) => stored_levels(volume, MOST_FILES, &is_stopped, &mut |_, stored| {
                tell(Counted::Level(*image, stored));
            })
            .map(|()| Vec::new()),
            Work::Classes(catalog) => {
                catalog.estimate_counts(&is_stopped, &mut |estimate| tell(Counted::Class(estimate)))
            }
        };
        match done {
            Ok(failures) => tell(Counted::Done(job, failures)),
            Err(Error::Stopped) => {}
            Err(error) => tell(Counted::Failed(job, error.to_string())),
        }
    }
}

impl Shared {
    /// Hands something over, unless it is no longer wanted.
    fn tell(&self, stop: &AtomicBool, counted: Counted) {
        let mut list = self.counted.lock();
        if !stop.load(Ordering::Relaxed) {
            list.push(counted);
            drop(list);
            (self.waker)();
        }
    }
}
