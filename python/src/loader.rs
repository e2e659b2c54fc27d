//! The running loader: batches in order, waited for without the GIL.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use microtome_core::diagnose::{Diagnosis, Window};
use microtome_core::telemetry::Stats;
use microtome_core::{Error, loader};
use pyo3::prelude::*;

use crate::batch::Batch;
use crate::errors::{Raise, wrong_argument};
use crate::process::OfProcess;
use crate::values::plain;

/// Longest wait before signals are looked at, such as Ctrl-C.
const WAIT_SLICE: Duration = Duration::from_millis(50);

/// A loader with its threads, of the process that started it.
#[pyclass(frozen, module = "microtome._microtome")]
pub(crate) struct Loader {
    /// Locked only by threads that hold the GIL, which whoever forks does, too.
    running: Mutex<Option<OfProcess<Arc<loader::Loader>>>>,
    /// When it had come into its stride: what a diagnosis counts from.
    steady: Mutex<Option<Stats>>,
}

impl Loader {
    /// Of one that has just been started.
    pub(crate) fn new(loader: loader::Loader) -> Self {
        Self { running: Mutex::new(Some(OfProcess::new(Arc::new(loader)))), steady: Mutex::new(None) }
    }

    /// The loader, unless it was closed or is another process's.
    fn running(&self) -> PyResult<Arc<loader::Loader>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().and_then(OfProcess::get).map(Arc::clone).ok_or(Error::Stopped).raise()
    }

    fn note_stride(&self, loader: &loader::Loader) {
        let mut steady = self.steady.lock().unwrap_or_else(PoisonError::into_inner);
        if steady.is_none() {
            let stats = loader.stats();
            *steady = (stats.batches >= Window::first_steady_batch(&stats.setup)).then_some(stats);
        }
    }
}

#[pymethods]
impl Loader {
    /// The next batch; `None` if there is none within `timeout_s` seconds (`None`: waits for ever).
    #[pyo3(signature = (timeout_s=None))]
    fn next_batch(&self, py: Python<'_>, timeout_s: Option<f64>) -> PyResult<Option<Batch>> {
        let loader = self.running()?;
        let timeout = timeout_s.map(Duration::try_from_secs_f64).transpose();
        let timeout = timeout.map_err(|error| wrong_argument("timeout_s", error.to_string()))?;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = deadline.map_or(WAIT_SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
            let made = py.detach(|| loader.next_batch_timeout(left.min(WAIT_SLICE))).raise()?;
            if let Some(batch) = made {
                self.note_stride(&loader);
                return Batch::new(py, batch).map(Some);
            }
            py.check_signals()?;
            if left.is_zero() {
                return Ok(None);
            }
        }
    }

    /// Sample `index` of an epoch (of all processes together) as a batch of its own; counts as none.
    fn sample(&self, py: Python<'_>, epoch: u64, index: u64) -> PyResult<Batch> {
        let loader = self.running()?;
        let batch = py.detach(|| loader.look(&loader.draw(epoch, index)?)).raise()?;
        Batch::new(py, batch)
    }

    /// The state at the next batch that nobody has taken.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.running()?.state())
    }

    /// Everything the loader measures about itself.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.running()?.stats())
    }

    /// What limits it since it came into its stride; `None` if it has not yet.
    fn diagnose<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let now = self.running()?.stats();
        let steady = self.steady.lock().unwrap_or_else(PoisonError::into_inner);
        let window = steady.as_ref().and_then(|before| Window::between(before, &now));
        window.map(|window| plain(py, &Diagnosis::of(&window))).transpose()
    }

    /// Every crop: drawn from or left out and why, and what was found in it so far.
    fn sources<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.running()?.sources_report())
    }

    /// Begins no more batches until it is resumed.
    fn pause(&self) -> PyResult<()> {
        self.running()?.pause();
        Ok(())
    }

    /// Goes on after a pause.
    fn resume(&self) -> PyResult<()> {
        self.running()?.resume();
        Ok(())
    }

    /// Whether it is paused.
    #[getter]
    fn is_paused(&self) -> PyResult<bool> {
        Ok(self.running()?.is_paused())
    }

    /// Serves the next `batches` again and again; 0 ends that.
    fn replay(&self, batches: usize) -> PyResult<()> {
        let loader = self.running()?;
        if batches == 0 {
            loader.end_replay();
        } else {
            loader.replay(batches);
        }
        Ok(())
    }

    /// Where viewers can connect, if the configuration says that they can.
    #[getter]
    fn served_at(&self) -> PyResult<Option<String>> {
        Ok(self.running()?.served_at().map(|address| address.to_string()))
    }

    /// Ends it, and waits for its threads. Whoever waits for a batch gets `StoppedError`.
    fn close(&self, py: Python<'_>) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(loader) = running.as_ref().and_then(OfProcess::get) {
            loader.stop();
        }
        py.detach(|| drop(running));
    }
}
