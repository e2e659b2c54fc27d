//! Opens data and configurations away from the UI thread. Only the last request counts.

use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use microtome_core::catalog::Catalog;
use microtome_core::loader::LoaderConfig;
use microtome_core::sample::Leakage;

use super::{Waker, spawn};
use crate::options::Start;
use crate::python;

/// What came of a request.
#[derive(Debug)]
pub struct Opened {
    /// What was asked for.
    pub source: Start,
    /// Its path.
    pub path: PathBuf,
    /// The data and what the loader would run with, or what went wrong.
    pub result: Result<Opening, String>,
}

/// What was opened.
#[derive(Debug)]
pub struct Opening {
    /// Datasets, crops, classes and warnings.
    pub catalog: Arc<Catalog>,
    /// What the loader would run with.
    pub config: LoaderConfig,
    /// What is validated on, and what of it is too near to what is trained on; or why that is not known.
    pub leakage: Result<Leakage, String>,
    /// What is not the same as in the script that it was taken over from.
    pub notes: Vec<String>,
}

/// Opens data on threads named `opener`.
pub struct Opener {
    waker: Waker,
    latest: Option<Receiver<Opened>>,
}

impl Opener {
    /// Nothing asked for yet.
    #[must_use]
    pub fn new(waker: Waker) -> Self {
        Self { waker, latest: None }
    }

    /// Starts to open something; what was asked for before is forgotten.
    ///
    /// # Errors
    /// The system refuses another thread.
    pub fn open(&mut self, source: Start) -> anyhow::Result<()> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        self.latest = Some(receiver);
        let waker = Arc::clone(&self.waker);
        spawn("opener", move || work(source, &sender, &waker))?;
        Ok(())
    }

    /// Forgets what was asked for.
    pub fn cancel(&mut self) {
        self.latest = None;
    }

    /// The answer to the last request, once.
    pub fn poll(&mut self) -> Option<Opened> {
        let opened = self.latest.as_ref()?.try_recv().ok()?;
        self.latest = None;
        Some(opened)
    }
}

fn work(source: Start, sender: &Sender<Opened>, waker: &Waker) {
    let Some(path) = source.path().cloned() else { return };
    let result = opening(&source).map_err(|error| format!("{error:#}"));
    // A newer request may have dropped the receiver.
    if sender.send(Opened { source, path, result }).is_ok() {
        waker();
    }
}

fn opening(source: &Start) -> anyhow::Result<Opening> {
    let (config, notes) = match source {
        Start::Config(file) => (LoaderConfig::from_file(file)?, Vec::new()),
        Start::Script(file) => {
            let taken = python::config(file)?;
            (taken.config, taken.notes)
        }
        Start::Path(path) => {
            let catalog = Arc::new(Catalog::open(path)?);
            let config = LoaderConfig::for_catalog(&catalog);
            return Ok(Opening { catalog, config, leakage: Ok(Leakage::default()), notes: Vec::new() });
        }
        Start::Empty | Start::Recording(_) | Start::Loader { .. } => anyhow::bail!("there is nothing to open"),
    };
    let catalog = config.open_catalog()?;
    let leakage = config.leakage(&catalog).map_err(|error| error.to_string());
    Ok(Opening { catalog: Arc::new(catalog), config, leakage, notes })
}
