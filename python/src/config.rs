//! The configuration: from a file, TOML text or nested dicts; checked, and never changed.

use std::path::{Path, PathBuf};

use microtome_core::loader::LoaderConfig;
use pyo3::prelude::*;

use crate::errors::{Raise, wrong_argument};

/// A checked configuration.
#[pyclass(frozen, module = "microtome._microtome")]
pub(crate) struct Config {
    pub(crate) config: LoaderConfig,
}

#[pymethods]
impl Config {
    /// Reads and checks a TOML file; its paths are relative to its folder.
    #[staticmethod]
    fn from_file(path: PathBuf) -> PyResult<Self> {
        Ok(Self { config: LoaderConfig::from_file(&path).raise()? })
    }

    /// Reads and checks TOML text; errors name `file`, if it once came from one.
    #[staticmethod]
    #[pyo3(signature = (text, file=None))]
    fn from_toml(text: &str, file: Option<PathBuf>) -> PyResult<Self> {
        let config = LoaderConfig::from_toml(text).raise()?;
        Ok(Self { config: LoaderConfig { file, ..config } })
    }

    /// Checks nested dicts of the same keys.
    #[staticmethod]
    fn from_dict(tables: &Bound<'_, PyAny>) -> PyResult<Self> {
        let table: toml::Table =
            pythonize::depythonize(tables).map_err(|error| wrong_argument("configuration", error.to_string()))?;
        let text = toml::to_string(&table).map_err(|error| wrong_argument("configuration", error.to_string()))?;
        let config = LoaderConfig::from_toml(&text).map_err(without_line).raise()?;
        Ok(Self { config })
    }

    /// TOML text with every key that is set.
    fn to_toml(&self) -> PyResult<String> {
        toml::to_string(&self.config).map_err(|error| wrong_argument("configuration", error.to_string()))
    }

    /// Nested dicts of the same keys, in the order of the file.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        crate::values::plain(py, &self.config)
    }

    /// The file it was read from, if it was.
    #[getter]
    fn file(&self) -> Option<&Path> {
        self.config.file.as_deref()
    }

    /// The documented example: every key and its meaning.
    #[staticmethod]
    fn example() -> &'static str {
        LoaderConfig::example()
    }
}

/// Dicts have no lines.
fn without_line(error: microtome_core::Error) -> microtome_core::Error {
    match error {
        microtome_core::Error::Config { key, problem, .. } => {
            microtome_core::Error::Config { file: None, line: None, key, problem }
        }
        other => other,
    }
}
