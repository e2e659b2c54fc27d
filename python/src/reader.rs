//! What volumes are read with outside of a loader: a cache of decoded chunks and threads, made when they are first needed.

use std::sync::{Arc, Mutex, PoisonError};

use microtome_core::volume::Caches;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::process::OfProcess;
use crate::values::plain;

/// Share of the bytes that goes to lookup tables.
const TABLES: u64 = 8;

/// Cache and threads that volumes share. A forked child makes its own.
#[pyclass(frozen, module = "microtome._microtome")]
pub(crate) struct Reader {
    cache_bytes: u64,
    /// Locked only by threads that hold the GIL, which whoever forks does, too.
    tools: Mutex<Option<OfProcess<Arc<Tools>>>>,
}

/// Cache and threads of one process.
pub(crate) struct Tools {
    pub(crate) caches: Caches,
    pool: ThreadPool,
}

impl Tools {
    /// Runs `work` on the threads, of which it may use all.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }
}

/// Threads for work beside a loader, as many as there are processors.
pub(crate) fn threads() -> PyResult<ThreadPool> {
    let named = ThreadPoolBuilder::new().thread_name(|index| format!("read-{index}"));
    named.build().map_err(|error| PyRuntimeError::new_err(format!("the system refuses threads: {error}")))
}

impl Reader {
    /// Those of this process.
    pub(crate) fn tools(&self) -> PyResult<Arc<Tools>> {
        let mut kept = self.tools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tools) = kept.as_ref().and_then(OfProcess::get) {
            return Ok(Arc::clone(tools));
        }
        let for_tables = self.cache_bytes / TABLES;
        let caches = Caches::new(self.cache_bytes - for_tables, for_tables);
        let tools = Arc::new(Tools { caches, pool: threads()? });
        *kept = Some(OfProcess::new(Arc::clone(&tools)));
        Ok(tools)
    }
}

#[pymethods]
impl Reader {
    /// With a cache of so many bytes.
    #[new]
    fn new(cache_bytes: u64) -> Self {
        Self { cache_bytes, tools: Mutex::new(None) }
    }

    /// Bytes that decoded chunks and lookup tables may take.
    #[getter]
    const fn cache_bytes(&self) -> u64 {
        self.cache_bytes
    }

    /// Counts and sizes of the cache of decoded chunks.
    fn cache_stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        plain(py, &self.tools()?.caches.chunks.stats())
    }
}
