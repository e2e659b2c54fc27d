//! The one table from errors of the core to Python exceptions, which `microtome/errors.py` defines.

use microtome_core::Error;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// What a core call gives back to Python: its value, or the exception of its error.
pub(crate) trait Raise<T> {
    /// The value, or an exception.
    fn raise(self) -> PyResult<T>;
}

impl<T> Raise<T> for microtome_core::Result<T> {
    fn raise(self) -> PyResult<T> {
        self.map_err(|error| Python::attach(|py| exception(py, &error).unwrap_or_else(|python_error| python_error)))
    }
}

/// The table: each error's class in `microtome.errors`.
fn class_of(error: &Error) -> &'static str {
    match error {
        Error::Config { .. } => "ConfigError",
        Error::Budget { .. } => "MemoryBudgetError",
        Error::Share { .. } => "ShareError",
        Error::State { .. } => "StateError",
        Error::PatchSize { .. } | Error::TooLarge { .. } => "PatchError",
        Error::NotFound { .. } => "MissingError",
        Error::Io { .. } | Error::Target { .. } => "IoError",
        Error::Remote { .. } => "RemoteError",
        Error::NotZarr { .. } | Error::NoImage { .. } | Error::NoClass { .. } => "DatasetError",
        Error::Json { .. } | Error::Metadata { .. } | Error::DataType { .. } | Error::Codec { .. } => "FormatError",
        Error::ChunkDamaged { .. } => "ChunkError",
        Error::AbsentChunks { .. } => "AbsentChunksError",
        Error::Wire { .. } | Error::Refused { .. } => "TelemetryError",
        Error::Stopped => "StoppedError",
        _ => "MicrotomeError",
    }
}

/// What the exception says beside its message, as attributes.
fn fields(error: &Error, fields: &Bound<'_, PyDict>) -> PyResult<()> {
    match error {
        Error::Config { file, line, key, problem } => {
            fields.set_item("file", file.as_ref().map(|file| file.display().to_string()))?;
            fields.set_item("line", line)?;
            fields.set_item("key", key)?;
            fields.set_item("problem", problem)
        }
        Error::Budget { needed_bytes, budget_bytes, .. } => {
            fields.set_item("key", "loader.memory")?;
            fields.set_item("needed_bytes", needed_bytes)?;
            fields.set_item("budget_bytes", budget_bytes)
        }
        Error::ChunkDamaged { path, chunk, reason } => {
            fields.set_item("path", path)?;
            fields.set_item("chunk", chunk)?;
            fields.set_item("reason", reason)
        }
        Error::AbsentChunks { path, absent_chunks, chunks } => {
            fields.set_item("path", path)?;
            fields.set_item("absent_chunks", absent_chunks)?;
            fields.set_item("chunks", chunks)
        }
        Error::Io { path, reason, .. } => {
            fields.set_item("path", path)?;
            fields.set_item("errno", reason.raw_os_error())
        }
        Error::NoClass { path, class, .. } => {
            fields.set_item("path", path)?;
            fields.set_item("class_name", class)
        }
        Error::NotFound { path }
        | Error::NotZarr { path, .. }
        | Error::NoImage { path, .. }
        | Error::Json { path, .. }
        | Error::Metadata { path, .. }
        | Error::DataType { path, .. }
        | Error::Codec { path, .. }
        | Error::TooLarge { path, .. }
        | Error::PatchSize { path, .. }
        | Error::Target { path, .. } => fields.set_item("path", path),
        _ => Ok(()),
    }
}

/// The exception of an error: its class called with the message and its fields.
fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let class = py.import("microtome.errors")?.getattr(class_of(error))?;
    let keywords = PyDict::new(py);
    fields(error, &keywords)?;
    Ok(PyErr::from_value(class.call((error.to_string(),), Some(&keywords))?))
}

/// A `ConfigError` about an argument that is no key of the configuration.
pub(crate) fn wrong_argument(argument: &str, problem: impl Into<String>) -> PyErr {
    let error = Error::Config { file: None, line: None, key: argument.to_owned(), problem: problem.into() };
    Python::attach(|py| exception(py, &error).unwrap_or_else(|python_error| python_error))
}
