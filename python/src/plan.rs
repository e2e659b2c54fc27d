//! What a loader would be: configuration, data and share, checked, and from where it can be started.

use std::sync::Arc;

use microtome_core::catalog::{self, Split};
use microtome_core::loader::{self, LoaderConfig, LoaderOptions, LoaderState, Outline, Share, Turn, Uneven};
use pyo3::prelude::*;

use crate::catalog::Catalog;
use crate::config::Config;
use crate::errors::{Raise, wrong_argument};
use crate::loader::Loader;
use crate::reader::Reader;
use crate::values::plain;

/// A loader that has not been started. It has no threads, so that a forked child may use it, too.
#[pyclass(frozen, module = "microtome._microtome")]
pub(crate) struct Plan {
    catalog: Arc<catalog::Catalog>,
    config: LoaderConfig,
    share: Share,
    outline: Outline,
}

#[pymethods]
impl Plan {
    /// Opens the data of `split` (`train` or `validate`) and checks everything, for process `rank` of `world_size`;
    /// `uneven` (`repeat` or `drop`) is what becomes of an epoch's last samples.
    #[new]
    fn new(py: Python<'_>, config: &Config, split: &str, rank: u64, world_size: u64, uneven: &str) -> PyResult<Self> {
        let split = match split {
            "train" => Split::Train,
            "validate" => Split::Validate,
            _ => return Err(wrong_argument("split", format!("expected \"train\" or \"validate\", not {split:?}"))),
        };
        let uneven = match uneven {
            "repeat" => Uneven::Repeat,
            "drop" => Uneven::Drop,
            _ => return Err(wrong_argument("uneven", format!("expected \"repeat\" or \"drop\", not {uneven:?}"))),
        };
        let config = config.config.clone();
        let share = Share { rank, world_size, uneven };
        py.detach(|| {
            let catalog = config.open_catalog_of(split)?;
            let outline = config.outline(&catalog, share)?;
            Ok(Self { catalog: Arc::new(catalog), config, share, outline })
        })
        .raise()
    }

    /// The same for another share of the epochs.
    fn with_share(&self, py: Python<'_>, rank: u64, world_size: u64) -> PyResult<Self> {
        let share = Share { rank, world_size, ..self.share };
        let outline = py.detach(|| self.config.outline(&self.catalog, share)).raise()?;
        Ok(Self { catalog: Arc::clone(&self.catalog), config: self.config.clone(), share, outline })
    }

    /// Batches that this process gets in one epoch.
    #[getter]
    const fn batches_per_epoch(&self) -> u64 {
        self.outline.batches_per_epoch
    }

    /// Samples in one epoch, of all processes together.
    #[getter]
    const fn samples_per_epoch(&self) -> u64 {
        self.outline.samples_per_epoch
    }

    /// This process and how many there are.
    #[getter]
    const fn share(&self) -> (u64, u64) {
        (self.share.rank, self.share.world_size)
    }

    /// The state before a batch, counted from the start of training.
    fn state_at<'py>(&self, py: Python<'py>, next_batch: u64) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.at(next_batch))
    }

    /// Starts it before a batch, counted from the start of training, as `worker` of `workers` processes that take batches
    /// in turn; with one of `parts` of the memory and of the threads.
    #[pyo3(signature = (next_batch, *, worker=0, workers=1, parts=1))]
    fn start_at(&self, py: Python<'_>, next_batch: u64, worker: u64, workers: u64, parts: u64) -> PyResult<Loader> {
        let state = Some(self.at(next_batch));
        let turn = Turn { worker, workers };
        let options = LoaderOptions { share: self.share, turn, state, ..LoaderOptions::default() };
        let (catalog, config) = (Arc::clone(&self.catalog), part_of(&self.config, parts));
        Ok(Loader::new(py.detach(|| loader::Loader::with_options(catalog, config, options)).raise()?))
    }

    /// The number of the next batch of a saved state, if it is one of this loader.
    fn next_batch_of(&self, state: &Bound<'_, PyAny>) -> PyResult<u64> {
        let state: LoaderState = pythonize::depythonize(state)
            .map_err(|error| wrong_argument("state", format!("expected what state_dict() gave ({error})")))?;
        self.outline.check(&state).raise()?;
        Ok(state.next_batch)
    }

    /// The datasets that are drawn from, read through `reader`.
    fn catalog(&self, reader: Py<Reader>) -> Catalog {
        Catalog::new(Arc::clone(&self.catalog), reader)
    }
}

/// The configuration for one of several processes on a machine. What it says of memory and threads changes no batch.
fn part_of(config: &LoaderConfig, parts: u64) -> LoaderConfig {
    let mut config = config.clone();
    if parts > 1 {
        let threads = match config.loader.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let share = usize::try_from(parts).unwrap_or(usize::MAX);
        config.loader.threads = (threads / share).max(1);
        config.loader.memory /= parts;
    }
    config
}

impl Plan {
    fn at(&self, next_batch: u64) -> LoaderState {
        let epoch = next_batch / self.outline.batches_per_epoch.max(1);
        LoaderState { next_batch, epoch, ..self.outline.start.clone() }
    }
}
